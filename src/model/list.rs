//! Listings of a pool's objects, in the order of [`HObject`].

use bytes::Bytes;

use super::hobject::HObject;
use super::ids::{Name, PoolId, SnapId};

/// What a listing is of.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The pool.
    pub pool: PoolId,
    /// Its namespaces.
    pub scope: ListScope,
    /// Which objects: the encoded name of a kind of filter and what that takes; empty for all.
    pub filter: Bytes,
}

/// Which namespaces a listing covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListScope {
    /// One; empty is the default one.
    Namespace(Name),
    /// All (`LIBRADOS_ALL_NSPACES`).
    All,
}

/// A listed object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// Its namespace.
    pub namespace: Name,
    /// Its locator, empty for none.
    pub locator: Name,
    /// Its name.
    pub name: Name,
    /// Its placement hash, not reversed.
    pub hash: u32,
}

/// A part of a listing.
#[derive(Clone, Debug)]
pub struct ListPage {
    /// Objects in order.
    pub entries: Vec<ListEntry>,
    /// Where the next part begins; [`HObject::max`] when there is none.
    pub next: HObject,
}

/// Adds at most `max` objects of an answer that lie before `until`. Returns where to go on.
pub(super) fn take_part(
    entries: &mut Vec<ListEntry>,
    pool: PoolId,
    answer: ListPage,
    until: &HObject,
    max: usize,
) -> HObject {
    let place = |entry: &ListEntry| HObject::of(pool, entry, SnapId::HEAD);
    let mut found = answer.entries;
    let mut next = answer.next;
    if next > *until {
        next = until.clone();
        while found.last().is_some_and(|last| place(last) >= *until) {
            found.pop();
        }
    }
    if let Some(left) = found.get(max) {
        next = place(left);
        found.truncate(max);
    }
    entries.append(&mut found);
    next
}
