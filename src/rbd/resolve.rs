//! Which image a name or an id is, for opening it.

use super::Pool;
use super::image::ImageRef;
use crate::cls::Method;
use crate::cls::rbd::{DirGetName, GetId, TrashGet};
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, Op};

/// Finds an image's id and name.
pub(super) async fn resolve(pool: &Pool, which: ImageRef) -> Result<(String, String)> {
    match which {
        ImageRef::Name(name) => Ok((id_of(pool, &name).await?, name)),
        ImageRef::Id(id) => {
            let name = name_of(pool, &id).await?;
            Ok((id, name))
        }
    }
}

async fn id_of(pool: &Pool, name: &str) -> Result<String> {
    let op = ObjectOp::read(pool.id_object(name)).then(GetId {}.call());
    match pool.engine.run(op).await {
        Ok(mut reply) => GetId::reply(&reply.take_data(0)),
        Err(error) if error == Errno::ENOENT => {
            let old = ObjectOp::read(pool.target(format!("{name}.rbd"))).then(Op::Stat);
            pool.engine.run(old).await?;
            Err(Errno::EOPNOTSUPP.because(format!("{name} is an image of the old format")))
        }
        Err(error) => Err(error),
    }
}

async fn name_of(pool: &Pool, id: &str) -> Result<String> {
    let op = ObjectOp::read(pool.directory()).then(DirGetName { id: id.to_owned() }.call());
    match pool.engine.run(op).await {
        Ok(mut reply) => return DirGetName::reply(&reply.take_data(0)),
        Err(error) if error != Errno::ENOENT => return Err(error),
        Err(_) => {}
    }
    let op = ObjectOp::read(pool.trash()).then(TrashGet { id: id.to_owned() }.call());
    match pool.engine.run(op).await {
        Ok(mut reply) => Ok(TrashGet::reply(&reply.take_data(0))?.name),
        Err(error) if error == Errno::EOPNOTSUPP => Err(Errno::ENOENT.into()),
        Err(error) => Err(error),
    }
}
