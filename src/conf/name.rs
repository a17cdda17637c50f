//! Who a client says it is: `client.admin`.

use std::fmt;

/// The kinds of entity that have a name, as `cephx` and section headings spell them.
const TYPES: [&str; 6] = ["auth", "mon", "osd", "mds", "mgr", "client"];

/// An entity's name: a type and an id, written `type.id`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EntityName {
    full: Box<str>,
    dot: usize,
}

impl EntityName {
    /// The client with this id: `admin` is `client.admin`. The id may hold anything, also dots.
    #[must_use]
    pub fn client(id: &str) -> EntityName {
        EntityName { full: format!("client.{id}").into(), dot: "client".len() }
    }

    /// From `type.id`; `None` when there is no dot or the type is none of Ceph's.
    #[must_use]
    pub fn parse(full: &str) -> Option<EntityName> {
        let dot = full.find('.')?;
        TYPES.contains(&&full[..dot]).then(|| EntityName { full: full.into(), dot })
    }

    /// `client` of `client.admin`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.full[..self.dot]
    }

    /// `admin` of `client.admin`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.full[self.dot + 1..]
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.full
    }
}

impl Default for EntityName {
    fn default() -> EntityName {
        EntityName::client("admin")
    }
}

impl fmt::Display for EntityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

impl fmt::Debug for EntityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}
