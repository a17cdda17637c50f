mod oracle;
mod random;
mod sketch;

use std::fmt::Write;

use super::*;
use crate::model::PoolId;

/// A set of OSDs as Ceph prints it.
fn set(osds: &[i32], primary: i32) -> String {
    let names: Vec<String> = osds.iter().map(i32::to_string).collect();
    format!("([{}], p{primary})", names.join(","))
}

/// What `osdmaptool --test-map-pgs-dump-all` prints of each group.
fn dump(map: &OsdMap) -> String {
    let mut text = String::new();
    for (PoolId(id), pool) in map.pools() {
        writeln!(text, "pool {id} pg_num {}", pool.pg_num).unwrap();
        for seed in 0..pool.pg_num {
            let pg = PgId { pool: id, seed };
            let raw = map.raw(pool, pg);
            let primary = raw.iter().copied().find(|osd| *osd != ITEM_NONE).unwrap_or(-1);
            let placed = map.placement(pg);
            let (up, acting) = (&placed.up, &placed.acting);
            let (up, acting) = (set(up, placed.up_primary), set(acting, placed.acting_primary));
            writeln!(text, "{pg} raw {} up {up} acting {acting}", set(&raw, primary)).unwrap();
        }
    }
    text
}

/// The lines about pools and groups in the tool's output.
fn groups(output: &str) -> Vec<&str> {
    output
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()) || line.starts_with("pool "))
        .collect()
}

#[test]
fn placements_are_those_of_osdmaptool() {
    let Some(maps) = std::env::var_os("OXIRADOS_OSDMAPS") else { return };
    for entry in std::fs::read_dir(maps).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "osdmap") {
            println!("{}: {}", path.display(), oracle::compare(&path));
        }
    }
}

#[test]
fn updates_lead_from_each_map_to_the_next() {
    let Some(history) = std::env::var_os("OXIRADOS_OSDMAP_HISTORY") else { return };
    let history = std::path::Path::new(&history);
    let mut last: Option<OsdMap> = None;
    for epoch in 1.. {
        let Ok(update) = std::fs::read(history.join(format!("inc.{epoch}"))) else { break };
        let full = std::fs::read(history.join(format!("full.{epoch}"))).unwrap();
        let full = OsdMap::decode(&full).unwrap();
        let update = Incremental::decode(&update).unwrap();
        assert_eq!(update.epoch, epoch);
        if let Some(last) = last {
            let next = last.apply(&update).unwrap();
            if next != full {
                println!("{update:#?}");
            }
            assert_eq!(format!("{next:#?}"), format!("{full:#?}"), "{epoch}");
            assert_eq!(next, full);
        }
        last = Some(full);
    }
}
