//! Ids and names.

use std::borrow::Borrow;
use std::fmt;

use smallvec::SmallVec;

/// A pool's number, as `ceph osd pool ls detail` shows it. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PoolId(pub i64);

/// A snapshot's number within its pool.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SnapId(pub u64);

impl SnapId {
    /// The live object (`CEPH_NOSNAP`, in the C API `LIBRADOS_SNAP_HEAD`).
    pub const HEAD: SnapId = SnapId(u64::MAX - 1);
    /// All versions of an object at once (`CEPH_SNAPDIR`), for listing its snapshots.
    pub const DIR: SnapId = SnapId(u64::MAX);
}

impl Default for SnapId {
    /// [`SnapId::HEAD`].
    fn default() -> Self {
        SnapId::HEAD
    }
}

impl fmt::Display for PoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for SnapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            SnapId::HEAD => f.write_str("head"),
            SnapId(id) => write!(f, "{id:x}"),
        }
    }
}

/// The name of an object, a namespace or a locator: any bytes but NUL when it came from C.
///
/// Names as short as RBD's data objects (up to 56 bytes) live inside the value, without an
/// allocation.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Name(SmallVec<[u8; 56]>);

impl Name {
    /// The empty name: the default namespace, no locator.
    #[must_use]
    pub const fn empty() -> Self {
        Name(SmallVec::new_const())
    }

    /// The bytes of the name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Appends bytes.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Whether the name has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name as text, with U+FFFD for what is not UTF-8. For messages.
    #[must_use]
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl From<&[u8]> for Name {
    fn from(bytes: &[u8]) -> Self {
        Name(SmallVec::from_slice(bytes))
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Name::from(text.as_bytes())
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Name::from(text.as_bytes())
    }
}

impl AsRef<[u8]> for Name {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for Name {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Write for Name {
    /// Appends: `write!(name, "rbd_data.{id}.{no:016x}")` builds a name in place.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_text(), f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_text(), f)
    }
}

/// Which object: where it is and what it is called.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Target {
    /// The pool.
    pub pool: PoolId,
    /// The namespace; empty is the default one.
    pub namespace: Name,
    /// The locator key, which takes the name's part in placement and is part of the object's
    /// identity; empty for none.
    pub locator: Name,
    /// The object's name.
    pub name: Name,
}

impl Target {
    /// An object in a pool's default namespace, without a locator.
    pub fn new(pool: PoolId, name: impl Into<Name>) -> Self {
        Target { pool, namespace: Name::empty(), locator: Name::empty(), name: name.into() }
    }

    /// The same in a namespace.
    #[must_use]
    pub fn in_namespace(mut self, namespace: impl Into<Name>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// The same with a locator key.
    #[must_use]
    pub fn at_locator(mut self, locator: impl Into<Name>) -> Self {
        self.locator = locator.into();
        self
    }
}

impl fmt::Display for Target {
    /// `pool/namespace/name`, with `@locator` when there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.pool, self.namespace, self.name)?;
        if !self.locator.is_empty() {
            write!(f, "@{}", self.locator)?;
        }
        Ok(())
    }
}
