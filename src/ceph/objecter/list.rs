//! Listing the objects of a pool: one answer of one placement group. Groups lie one after the other
//! in the order of their objects, by bit-reversed hashes.

use smallvec::smallvec;

use super::Objecter;
use super::request::{Again, Draft};
use super::target::Aim;
use crate::ceph::map::Pool;
use crate::ceph::messages::op_code::OsdFlags;
use crate::ceph::messages::osd_out::{Expect, PgEntry, PgList};
use crate::ceph::types::UTime;
use crate::errno::{Errno, Result};
use crate::model::{
    HObject, ListEntry, ListPage, ListScope, Listing, Name, PoolId, Reply, SnapId, Target,
};

/// The namespace that stands for all of them (`LIBRADOS_ALL_NSPACES`).
const ALL_NAMESPACES: &str = "\u{1}";

/// Receives a part of a listing.
pub type ListDone = Box<dyn FnOnce(Result<ListPage>) + Send>;

impl Objecter {
    /// See [`crate::model::Engine::list`].
    pub fn list(&self, listing: &Listing, from: HObject, max: usize, done: ListDone) {
        let Some(objecter) = self.me.upgrade() else { return done(Err(Errno::ESHUTDOWN.into())) };
        let namespace = match &listing.scope {
            ListScope::Namespace(namespace) => namespace.clone(),
            ListScope::All => Name::from(ALL_NAMESPACES),
        };
        let epoch = self.state.read().view.epoch();
        let (pool, filter, begin) = (listing.pool, listing.filter.clone(), from.clone());
        let answered = move |reply: Reply| {
            let page = match Errno::from_c(reply.result) {
                None => take(&objecter, pool, &begin, reply),
                Some(errno) => Err(errno.into()),
            };
            done(page);
        };
        let draft = Draft {
            aim: Aim::of_group(pool, namespace, from.hash, OsdFlags::READ),
            snap: SnapId::HEAD,
            context: None,
            mtime: UTime::default(),
            expects: smallvec![Expect::Data],
            again: Again::Sent,
            charge: None,
            done: Box::new(answered),
        };
        self.launch(self.next_tid(), draft, 1, |steps| {
            steps.pg_list(&from, max as u64, epoch, &filter);
        });
    }
}

/// What an OSD answered.
fn take(objecter: &Objecter, pool: PoolId, from: &HObject, mut reply: Reply) -> Result<ListPage> {
    let list = PgList::decode(&reply.take_data(0))?;
    let map = objecter.map().ok_or(Errno::ENOTCONN)?;
    // A pool that is gone has no objects either.
    let info = map.pool(pool).ok_or(Errno::ENOENT)?;
    if list.next <= *from {
        return Err(Errno::EBADMSG.because("pg_list: does not advance"));
    }
    let entries = list.entries.into_iter().map(|entry| listed(info, pool, entry)).collect();
    Ok(ListPage { entries, next: list.next })
}

fn listed(info: &Pool, pool: PoolId, entry: PgEntry) -> ListEntry {
    let PgEntry { namespace, name, locator } = entry;
    let target = Target { pool, namespace, locator, name };
    let hash = info.hash(&target);
    let Target { namespace, locator, name, .. } = target;
    ListEntry { namespace, locator, name, hash }
}
