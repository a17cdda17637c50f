//! Running steps and class calls on one object.

use std::time::Duration;

use bytes::Bytes;

use super::Pool;
use super::message::Message;
use crate::cls::Method;
use crate::codec::Writer;
use crate::errno::{Errno, Result};
use crate::model::{Engine, EngineExt, ObjectOp, Op, Out, Target};

/// How long clients may take to answer.
const NOTIFY_TIMEOUT: Duration = Duration::from_secs(5);

/// Calls a method that reads.
pub(super) async fn read<M: Method>(
    engine: &dyn Engine,
    target: Target,
    method: &M,
) -> Result<M::Reply> {
    let mut reply = engine.run(ObjectOp::read(target).then(method.call())).await?;
    M::reply(&reply.take_data(0))
}

/// Calls a method that writes.
pub(super) async fn update<M: Method>(
    engine: &dyn Engine,
    target: Target,
    method: &M,
) -> Result<()> {
    write(engine, target, [method.call()]).await
}

/// Runs steps that write, all or none.
pub(super) async fn write(
    engine: &dyn Engine,
    target: Target,
    steps: impl IntoIterator<Item = Op>,
) -> Result<()> {
    let op = steps.into_iter().fold(ObjectOp::write(target), ObjectOp::then);
    engine.run(op).await.map(drop)
}

/// Removes an object; `-ENOENT`.
pub(super) async fn remove(engine: &dyn Engine, target: Target) -> Result<()> {
    write(engine, target, [Op::Remove]).await
}

/// Removes an object that need not exist.
pub(super) async fn remove_if_there(engine: &dyn Engine, target: Target) -> Result<()> {
    unless(Errno::ENOENT, remove(engine, target).await)
}

/// All data of an object; `-ENOENT`.
pub(super) async fn read_all(engine: &dyn Engine, target: Target) -> Result<Bytes> {
    let op = ObjectOp::read(target).then(Op::Read { off: 0, len: 0, into: None });
    Ok(engine.run(op).await?.take_data(0))
}

/// Whether an object exists.
pub(super) async fn exists(engine: &dyn Engine, target: Target) -> Result<bool> {
    let mut reply = match engine.run(ObjectOp::read(target).then(Op::Stat)).await {
        Err(error) if error == Errno::ENOENT => return Ok(false),
        reply => reply?,
    };
    Ok(matches!(reply.take(0), Out::Stat { .. }))
}

/// Tells the clients of an image that is not open here that its header changed. Nobody having it
/// open is no failure.
pub(super) async fn header_changed(pool: &Pool, image_id: &str) {
    let payload = Writer::of(&Message::HeaderUpdate);
    let told = pool.engine.notify(pool.header(image_id), payload, Some(NOTIFY_TIMEOUT)).await;
    if let Err(error) = told {
        log::debug!(target: "rbd", "telling of a change of image {image_id}: {error}");
    }
}

/// Takes an error of this kind for success.
pub(super) fn unless(errno: Errno, result: Result<()>) -> Result<()> {
    match result {
        Err(error) if error == errno => Ok(()),
        result => result,
    }
}
