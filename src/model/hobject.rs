//! Objects as OSDs order them (`hobject_t`): places in listings, ends of what a backoff blocks.

use std::cmp::Ordering;

use super::ids::{Name, PoolId, SnapId};
use super::list::ListEntry;

/// One version of an object, or a place between objects.
///
/// The order is that of a pool's listing: by the bit-reversed hash, then namespace, locator or else
/// name, name, and snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HObject {
    /// The locator key; empty when there is none or when it is the name.
    pub key: Name,
    /// Its name.
    pub name: Name,
    /// Which version.
    pub snap: SnapId,
    /// Its placement hash.
    pub hash: u32,
    /// Behind every object of every pool; all other fields are as in [`HObject::min`].
    pub max: bool,
    /// Its namespace.
    pub namespace: Name,
    /// Its pool.
    pub pool: i64,
}

impl HObject {
    /// Before every object.
    #[must_use]
    pub fn min() -> Self {
        HObject {
            key: Name::empty(),
            name: Name::empty(),
            snap: SnapId(0),
            hash: 0,
            max: false,
            namespace: Name::empty(),
            pool: i64::MIN,
        }
    }

    /// Behind every object.
    #[must_use]
    pub fn max() -> Self {
        HObject { max: true, ..HObject::min() }
    }

    /// Before the objects of a pool with this placement hash; behind [`HObject::min`] also for 0.
    #[must_use]
    pub fn at_hash(pool: PoolId, hash: u32) -> Self {
        HObject { snap: SnapId::HEAD, hash, pool: pool.0, ..HObject::min() }
    }

    /// A version of a listed object.
    #[must_use]
    pub fn of(pool: PoolId, entry: &ListEntry, snap: SnapId) -> Self {
        let ListEntry { namespace, locator, name, hash } = entry.clone();
        // A locator that is the name says nothing.
        let key = if locator == name { Name::empty() } else { locator };
        HObject { key, name, snap, hash, max: false, namespace, pool: pool.0 }
    }

    /// What takes part in placement.
    #[must_use]
    pub fn effective_key(&self) -> &Name {
        if self.key.is_empty() { &self.name } else { &self.key }
    }

    /// Whether it lies in the range, from its beginning up to its end; a range without extent is
    /// the one object it begins and ends with.
    #[must_use]
    pub fn is_within(&self, begin: &HObject, end: &HObject) -> bool {
        self == begin || (self > begin && self < end)
    }
}

impl Ord for HObject {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_key = || {
            if self.key.is_empty() && other.key.is_empty() {
                return Ordering::Equal;
            }
            self.effective_key().cmp(other.effective_key())
        };
        self.max
            .cmp(&other.max)
            .then_with(|| self.pool.cmp(&other.pool))
            .then_with(|| self.hash.reverse_bits().cmp(&other.hash.reverse_bits()))
            .then_with(|| self.namespace.cmp(&other.namespace))
            .then_with(by_key)
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.snap.cmp(&other.snap))
    }
}

impl PartialOrd for HObject {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(hash: u32, name: &str) -> HObject {
        HObject { name: name.into(), hash, pool: 2, snap: SnapId::HEAD, ..HObject::min() }
    }

    #[test]
    fn objects_come_in_the_order_of_their_reversed_hash() {
        let keyed = HObject { key: "b".into(), ..object(1, "z") };
        let ordered = [
            HObject::min(),
            object(0, "z"),
            object(2, "a"),
            object(1, "a"),
            keyed.clone(),
            object(1, "c"),
            HObject { namespace: "n".into(), ..object(1, "a") },
            HObject { pool: 3, ..object(0, "") },
            HObject::max(),
        ];
        assert!(ordered.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(keyed.is_within(&object(1, "a"), &object(1, "c")));
        assert!(!keyed.is_within(&object(1, "a"), &keyed));
        assert!(keyed.is_within(&keyed, &keyed));
    }
}
