//! Reading and writing the omap entries of the class.

use bytes::Bytes;

use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::{Errno, Result};
use crate::local::classes::ClassContext;
use crate::model::SnapId;

type Context<'a> = &'a mut dyn ClassContext;

pub(super) const SNAP_PREFIX: &str = "snapshot_";
pub(super) const NAME_PREFIX: &str = "name_";
pub(super) const ID_PREFIX: &str = "id_";

/// The key of a snapshot.
pub(super) fn snap_key(snap_id: SnapId) -> String {
    format!("{SNAP_PREFIX}{:016x}", snap_id.0)
}

/// Fails with `-ENOENT` unless the object exists.
pub(super) fn must_exist(ctx: Context<'_>) -> Result<()> {
    ctx.stat().map(drop)
}

/// A stored value; `-EIO` if it does not decode.
pub(super) fn decode<T: Decode>(value: &Bytes, key: &[u8]) -> Result<T> {
    T::decode(&mut Reader::new(value), "omap value")
        .map_err(|error| Errno::EIO.because(format!("{}: {error}", key.escape_ascii())))
}

/// The value of a key; `-ENOENT`, `-EIO` if it does not decode.
pub(super) fn get<T: Decode>(ctx: Context<'_>, key: impl AsRef<[u8]>) -> Result<T> {
    let key = key.as_ref();
    decode(&ctx.omap_get(key)?, key)
}

/// The value of a key if it is there.
pub(super) fn find<T: Decode>(ctx: Context<'_>, key: impl AsRef<[u8]>) -> Result<Option<T>> {
    optional(get(ctx, key))
}

/// Sets the value of a key.
pub(super) fn put(ctx: Context<'_>, key: impl AsRef<[u8]>, value: &impl Encode) -> Result<()> {
    ctx.omap_set(vec![entry(key, value)])
}

/// A key and its encoded value, for setting several at once.
pub(super) fn entry(key: impl AsRef<[u8]>, value: &impl Encode) -> (Bytes, Bytes) {
    (Bytes::copy_from_slice(key.as_ref()), Writer::of(value))
}

/// Removes a key, which need not be there.
pub(super) fn remove(ctx: Context<'_>, key: impl AsRef<[u8]>) -> Result<()> {
    optional(ctx.omap_rm(key.as_ref())).map(drop)
}

/// At most `max` entries whose keys are `prefix` and something greater than `start`: that and the
/// raw value. Empty without the object.
pub(super) fn list(
    ctx: Context<'_>,
    prefix: &str,
    start: &str,
    max: u64,
) -> Result<Vec<(String, Bytes)>> {
    let start = format!("{prefix}{start}");
    let found = optional(ctx.omap_list(start.as_bytes(), prefix.as_bytes(), max))?;
    let name = |key: &[u8]| {
        let name = key.get(prefix.len()..).unwrap_or_default().to_vec();
        String::from_utf8(name).map_err(|_| Errno::EIO.because("a key is not UTF-8"))
    };
    found
        .unwrap_or_default()
        .entries
        .into_iter()
        .map(|(key, value)| Ok((name(&key)?, value)))
        .collect()
}

/// Turns `-ENOENT` into nothing.
pub(super) fn optional<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error == Errno::ENOENT => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether an id is letters and digits only.
pub(super) fn is_valid_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
