//! Which images of the trash to remove so that a pool gets below a part of its space.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::{self, DiffFrom, DiffRange};
use super::trash::{self, TrashImage};
use super::{Image, ImageRef, OpenOptions, Pool, calls};
use crate::cls::rbd::GetDataPool;
use crate::errno::{Errno, Result};
use crate::model::{CommandTarget, PoolId};

/// The oldest images whose data brings each pool below `threshold` of its space.
pub(super) async fn until_below(
    pool: &Pool,
    entries: &[TrashImage],
    threshold: f64,
) -> Result<BTreeSet<String>> {
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by_key(|entry| entry.spec.deferment_end_time);
    let mut by_pool: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for entry in entries {
        let data_pool = data_pool(pool, &entry.id).await?;
        if let Ok(info) = pool.engine.pool(data_pool) {
            by_pool.entry(info.name).or_default().push(&entry.id);
        }
    }
    let mut chosen = BTreeSet::new();
    for (name, usage) in usage(pool).await? {
        let Some(ids) = by_pool.get(&name) else { continue };
        if usage.used <= threshold {
            continue;
        }
        let wanted = usage.bytes as f64 * (usage.used - threshold);
        let mut freed = 0;
        for id in ids {
            if let Some(bytes) = data_of(pool, id).await? {
                freed += bytes;
                chosen.insert((*id).to_owned());
            }
            if freed as f64 >= wanted {
                break;
            }
        }
    }
    Ok(chosen)
}

async fn data_pool(pool: &Pool, id: &str) -> Result<PoolId> {
    match calls::read(&*pool.engine, pool.header(id), &GetDataPool {}).await {
        Ok(-1) => Ok(pool.id),
        Ok(id) => Ok(PoolId(id)),
        Err(error) if error == Errno::ENOENT || error == Errno::EOPNOTSUPP => Ok(pool.id),
        Err(error) => Err(error),
    }
}

struct Usage {
    /// From 0 to 1.
    used: f64,
    /// Bytes that there are or could be.
    bytes: u64,
}

/// How full each pool is, as the monitors see it.
async fn usage(pool: &Pool) -> Result<Vec<(String, Usage)>> {
    let command = vec![r#"{"prefix":"df","format":"json"}"#.to_owned()];
    let reply = pool.engine.command(CommandTarget::Mon, command, bytes::Bytes::new()).await?;
    let bad = || Errno::EBADMSG.because("the answer to df");
    let answer: serde_json::Value = serde_json::from_slice(&reply.out).map_err(|_| bad())?;
    let pools = answer["pools"].as_array().ok_or_else(bad)?;
    let each = pools.iter().map(|pool| {
        let (name, stats) = (pool["name"].as_str().ok_or_else(bad)?, &pool["stats"]);
        let number = |key: &str| stats[key].as_u64().unwrap_or(0);
        let bytes = number("max_avail").saturating_add(number("bytes_used"));
        let used = stats["percent_used"].as_f64().ok_or_else(bad)?;
        Ok((name.to_owned(), Usage { used, bytes }))
    });
    each.collect()
}

/// Bytes of data an image has; `None` if it is gone.
async fn data_of(pool: &Pool, id: &str) -> Result<Option<u64>> {
    let options = OpenOptions { skip_parent: true, read_only: true, ..OpenOptions::default() };
    let image = match Image::open(pool.clone(), ImageRef::Id(id.to_owned()), options).await {
        Err(error) if error == Errno::ENOENT => return Ok(None),
        image => image?,
    };
    let mut bytes = 0;
    let mut count = |_, len: u64, exists| {
        if exists {
            bytes += len;
        }
        0
    };
    let len = image.header().size;
    let range = DiffRange { offset: 0, len, include_parent: false, whole_object: true };
    let counted = diff::iterate(&image, &DiffFrom::Nothing, range, &mut count).await;
    trash::close(&image).await;
    counted.map(|()| Some(bytes))
}
