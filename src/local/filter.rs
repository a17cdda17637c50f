//! Filters of listings: an OSD shows what they take (`PrimaryLogPG::get_pgls_filter`).

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

use crate::codec::Reader;
use crate::errno::{Errno, Result};
use crate::local::classes;

/// What an OSD has before the names of xattrs.
const XATTR_PREFIX: &[u8] = b"_";

/// Takes the objects one of whose xattrs has a value: OSDs' own `plain` and that of the class
/// `hello` are the same.
pub struct Filter {
    /// As OSDs store it; empty for a value that every object has, which is empty.
    xattr: Vec<u8>,
    value: Vec<u8>,
}

impl Filter {
    /// Reads a filter; `None` for none, `-EINVAL` for one that an OSD does not have, `-EPERM` for
    /// that of a class that it does not have.
    pub fn parse(encoded: &Bytes) -> Result<Option<Filter>> {
        if encoded.is_empty() {
            return Ok(None);
        }
        let unknown = || Errno::EINVAL.because("a filter that there is not");
        let mut reader = Reader::new(encoded);
        let mut text = || reader.bytes("filter").map(<[u8]>::to_vec).map_err(|_| unknown());
        let kind = text()?;
        if !matches!(&kind[..], b"plain" | b"hello.hello") {
            let kind = String::from_utf8_lossy(&kind);
            let parts = kind.split_once('.');
            if let Some((class, _)) = parts.filter(|(a, b)| !a.is_empty() && !b.is_empty()) {
                classes::check(class)?;
            }
            return Err(unknown());
        }
        let (xattr, value) = (text()?, text()?);
        // An OSD would take the rest for the place to begin at.
        reader.finish("filter").map_err(|_| unknown())?;
        Ok(Some(Filter { xattr, value }))
    }

    /// Whether it takes an object with this head; one that does not exist has no xattrs.
    pub fn takes(&self, db: &Connection, head: Option<i64>) -> Result<bool> {
        if self.xattr.is_empty() {
            return Ok(self.value.is_empty());
        }
        let (Some(name), Some(head)) = (self.xattr.strip_prefix(XATTR_PREFIX), head) else {
            return Ok(false);
        };
        let mut find =
            db.prepare_cached("SELECT value FROM xattr WHERE body = ?1 AND name = ?2")?;
        let value = find.query_row(params![head, name], |row| row.get::<_, Vec<u8>>(0));
        Ok(value.optional()?.is_some_and(|value| value == self.value))
    }
}
