//! Listing the objects of a pool, from group to group in the order of their bit-reversed hashes.

use std::sync::Arc;

use smallvec::smallvec;

use super::Objecter;
use super::request::{Again, Draft};
use super::target::Aim;
use crate::ceph::messages::hobject::HObject;
use crate::ceph::messages::op_code::OsdFlags;
use crate::ceph::messages::osd_out::{Expect, PgEntry, PgList};
use crate::ceph::types::UTime;
use crate::errno::{Errno, Result};
use crate::model::{
    ListCursor, ListEntry, ListPage, ListScope, Name, PoolId, Reply, SnapId, Target,
};

/// The namespace that stands for all of them (`LIBRADOS_ALL_NSPACES`).
const ALL_NAMESPACES: &str = "\u{1}";

/// Receives a part of a listing.
pub type ListDone = Box<dyn FnOnce(Result<ListPage>) + Send>;

/// A listing under way.
struct Listing {
    objecter: Arc<Objecter>,
    pool: PoolId,
    namespace: Name,
    /// Where the next answer begins.
    next: HObject,
    until: HObject,
    max: usize,
    /// The epoch of the map it began with.
    epoch: u32,
    entries: Vec<ListEntry>,
    done: ListDone,
}

impl Objecter {
    /// Lists objects that exist from `from` up to `until`, at most `max` of them; fewer, but at
    /// least one, unless the range is at its end. `-ENOENT` without the pool.
    pub fn list(
        &self,
        pool: PoolId,
        scope: &ListScope,
        from: &ListCursor,
        until: &ListCursor,
        max: usize,
        done: ListDone,
    ) {
        let Some(objecter) = self.me.upgrade() else { return done(Err(Errno::ESHUTDOWN.into())) };
        let namespace = match scope {
            ListScope::Namespace(namespace) => namespace.clone(),
            ListScope::All => Name::from(ALL_NAMESPACES),
        };
        let (next, until) = (object_at(pool, from), object_at(pool, until));
        let epoch = self.state.read().view.epoch();
        let (max, entries) = (max.max(1), Vec::new());
        Listing { objecter, pool, namespace, next, until, max, epoch, entries, done }.advance();
    }

    /// The place of an object in the listing of its pool; `-ENOENT` without the pool.
    pub fn list_position(&self, target: &Target) -> Result<ListCursor> {
        let map = self.map().ok_or(Errno::ENOTCONN)?;
        let pool = map.pool(target.pool).ok_or(Errno::ENOENT)?;
        let Target { namespace, locator, name, .. } = target;
        let key = if locator.is_empty() { name } else { locator };
        let object = (namespace.clone(), key.clone(), name.clone());
        Ok(ListCursor { hash: pool.hash(target).reverse_bits().into(), object: Some(object) })
    }
}

impl Listing {
    /// Asks for the next part, or ends.
    fn advance(self) {
        if self.next >= self.until || self.entries.len() >= self.max {
            return self.finish();
        }
        let objecter = Arc::clone(&self.objecter);
        let (next, epoch) = (self.next.clone(), self.epoch);
        let wanted = (self.max - self.entries.len()) as u64;
        let draft = Draft {
            aim: Aim::of_group(self.pool, self.namespace.clone(), next.hash, OsdFlags::READ),
            snap: SnapId::HEAD,
            context: None,
            mtime: UTime::default(),
            expects: smallvec![Expect::Data],
            again: Again::Sent,
            charge: None,
            done: Box::new(move |reply| self.answered(reply)),
        };
        objecter.launch(objecter.next_tid(), draft, 1, |steps| {
            steps.pg_list(&next, wanted, epoch);
        });
    }

    fn answered(mut self, mut reply: Reply) {
        match Errno::from_c(reply.result) {
            None => match PgList::decode(&reply.take_data(0)).and_then(|list| self.take(list)) {
                Ok(()) => self.advance(),
                Err(error) => (self.done)(Err(error)),
            },
            Some(errno) => (self.done)(Err(errno.into())),
        }
    }

    /// Takes an answer's objects in: those that are within the range and the page.
    fn take(&mut self, list: PgList) -> Result<()> {
        let map = self.objecter.map().ok_or(Errno::ENOTCONN)?;
        // A pool that is gone has no objects either.
        let pool = map.pool(self.pool).ok_or(Errno::ENOENT)?;
        if list.next <= self.next {
            return Err(Errno::EBADMSG.because("pg_list: does not advance"));
        }
        self.next = list.next;
        for PgEntry { namespace, name, locator } in list.entries {
            let target = Target { pool: self.pool, namespace, locator, name };
            let hash = pool.hash(&target);
            let Target { namespace, locator, name, .. } = target;
            let entry = ListEntry { namespace, locator, name, hash };
            let object = object_of(self.pool, &entry);
            if object >= self.until {
                break;
            }
            if self.entries.len() >= self.max {
                self.next = object;
                break;
            }
            self.entries.push(entry);
        }
        Ok(())
    }

    fn finish(self) {
        let next =
            if self.next >= self.until { cursor_at(&self.until) } else { cursor_at(&self.next) };
        (self.done)(Ok(ListPage { entries: self.entries, next }));
    }
}

/// The place of a cursor among a pool's objects.
fn object_at(pool: PoolId, cursor: &ListCursor) -> HObject {
    let Ok(hash) = u32::try_from(cursor.hash) else { return HObject::max() };
    let hash = hash.reverse_bits();
    match &cursor.object {
        // As librados begins a listing.
        None if hash == 0 => HObject::min(),
        None => HObject { hash, snap: SnapId::HEAD, pool: pool.0, ..HObject::min() },
        Some((namespace, key, name)) => HObject {
            key: if key == name { Name::empty() } else { key.clone() },
            name: name.clone(),
            hash,
            namespace: namespace.clone(),
            pool: pool.0,
            ..HObject::min()
        },
    }
}

/// The place of a listed object, before all of its versions.
fn object_of(pool: PoolId, entry: &ListEntry) -> HObject {
    HObject {
        key: entry.locator.clone(),
        name: entry.name.clone(),
        hash: entry.hash,
        namespace: entry.namespace.clone(),
        pool: pool.0,
        ..HObject::min()
    }
}

fn cursor_at(object: &HObject) -> ListCursor {
    if object.max {
        return ListCursor::end();
    }
    let place = (object.namespace.clone(), object.effective_key().clone(), object.name.clone());
    let is_object = !object.name.is_empty();
    ListCursor { hash: object.hash.reverse_bits().into(), object: is_object.then_some(place) }
}
