//! Namespaces of a pool: images of the same name can live side by side in them.

use super::directory::PAGE;
use super::{CHILDREN, DIRECTORY, INFO, MIRRORING, NAMESPACES, Pool, TRASH, calls};
use crate::cls::Method;
use crate::cls::rbd::{
    DirStateAssert, DirStateSet, DirectoryState, NamespaceAdd, NamespaceList, NamespaceRemove,
    TrashList, names,
};
use crate::errno::{Errno, Result};
use crate::model::Op;

/// What may be left of an empty namespace.
const LEFTOVERS: [&str; 7] =
    [CHILDREN, names::GROUP_DIRECTORY, INFO, MIRRORING, names::TASK, TRASH, DIRECTORY];

/// Makes a namespace; `-EEXIST`, `-EINVAL` for the empty name.
pub async fn create(pool: &Pool, name: &str) -> Result<()> {
    let (engine, default) = (&*pool.engine, pool.with_namespace(""));
    let all = default.target(NAMESPACES);
    calls::update(engine, all.clone(), &NamespaceAdd { name: named(name)? }).await?;
    let ready = DirStateSet { state: DirectoryState::Ready };
    let made = calls::update(engine, pool.with_namespace(name).directory(), &ready).await;
    if made.is_err() {
        let undo = NamespaceRemove { name: name.to_owned() };
        if let Err(error) = calls::update(engine, all, &undo).await {
            log::error!(target: "rbd", "removing namespace {name}, which was not made: {error}");
        }
    }
    made
}

/// Removes a namespace; `-EBUSY` while it has images, also in its trash, `-ENOENT`.
pub async fn remove(pool: &Pool, name: &str) -> Result<()> {
    let (engine, default) = (&*pool.engine, pool.with_namespace(""));
    let inside = pool.with_namespace(named(name)?.as_str());
    let close = DirStateSet { state: DirectoryState::AddDisabled };
    let steps = [close.call(), Op::Remove];
    match calls::write(engine, inside.directory(), steps).await {
        Err(error) if error == Errno::EBUSY => return reopen(&inside).await,
        closed => calls::unless(Errno::ENOENT, closed)?,
    }
    let first = TrashList { start: String::new(), max: 1 };
    match calls::read(engine, inside.trash(), &first).await {
        Err(error) if error == Errno::ENOENT => (),
        trash if trash.as_ref().is_ok_and(|trash| !trash.is_empty()) => {
            return reopen(&inside).await;
        }
        trash => drop(trash?),
    }
    for leftover in LEFTOVERS {
        calls::remove_if_there(engine, inside.target(leftover)).await?;
    }
    let method = NamespaceRemove { name: name.to_owned() };
    calls::update(engine, default.target(NAMESPACES), &method).await
}

/// Lets images be added again, and says that the namespace is in use.
async fn reopen(inside: &Pool) -> Result<()> {
    let ready = DirStateSet { state: DirectoryState::Ready };
    if let Err(error) = calls::update(&*inside.engine, inside.directory(), &ready).await {
        log::error!(target: "rbd", "keeping a namespace that is in use: {error}");
    }
    Err(Errno::EBUSY.because("the namespace has images"))
}

/// All namespaces but the default one, by name.
pub async fn list(pool: &Pool) -> Result<Vec<String>> {
    let target = pool.with_namespace("").target(NAMESPACES);
    let mut all = Vec::new();
    loop {
        let start = all.last().cloned().unwrap_or_default();
        let method = NamespaceList { start, max: PAGE };
        let page = match calls::read(&*pool.engine, target.clone(), &method).await {
            Err(error) if error == Errno::ENOENT => return Ok(all),
            page => page?,
        };
        let full = page.len() as u64 == PAGE;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

/// Whether a namespace exists; `-EINVAL` for the empty name.
pub async fn exists(pool: &Pool, name: &str) -> Result<bool> {
    let inside = pool.with_namespace(named(name)?.as_str());
    let ready = DirStateAssert { state: DirectoryState::Ready };
    match calls::read(&*pool.engine, inside.directory(), &ready).await {
        Ok(()) => Ok(true),
        Err(error) if error == Errno::ENOENT => Ok(false),
        Err(error) => Err(error),
    }
}

fn named(name: &str) -> Result<String> {
    match name {
        "" => Err(Errno::EINVAL.because("the default namespace")),
        name => Ok(name.to_owned()),
    }
}
