//! What a method sees of its object and its caller.

use std::time::SystemTime;

use bytes::Bytes;

use crate::errno::Result;
use crate::model::{OmapValues, Payload, WatcherInfo};

/// Who calls a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The client's number, `N` of the entity `client.N` (`rados_get_instance_id`).
    pub client: u64,
    /// Its address as blocklists take it, such as `127.0.0.1:0/3141592653`.
    pub addr: String,
}

/// One object within the running operation: reads see what the method itself wrote, and of earlier
/// steps whether the object is there and how long it is, as on an OSD.
///
/// On an object that does not exist (which only a method that writes gets to see) data is empty,
/// every other read and every removal (of the object, an xattr, an omap entry) fails with
/// `-ENOENT`, truncating and zeroing do nothing, and every other change creates it, as on an OSD.
pub trait ClassContext {
    /// Size in bytes and modification time; `-ENOENT`.
    fn stat(&mut self) -> Result<(u64, SystemTime)>;
    /// The bytes from `off` on, at most `len` of them (`u64::MAX` for all); fewer at the end.
    fn read(&mut self, off: u64, len: u64) -> Result<Bytes>;
    /// The allocated ranges (offset, length) within a range, ascending.
    fn extents(&mut self, off: u64, len: u64) -> Result<Vec<(u64, u64)>>;
    /// Creates the object; with `exclusive`, `-EEXIST` if it is there.
    fn create(&mut self, exclusive: bool) -> Result<()>;
    /// Writes.
    fn write(&mut self, off: u64, data: Payload) -> Result<()>;
    /// Replaces all data.
    fn write_full(&mut self, data: Payload) -> Result<()>;
    /// Makes a range read as zeros; does not extend the object.
    fn zero(&mut self, off: u64, len: u64) -> Result<()>;
    /// Sets the size.
    fn truncate(&mut self, size: u64) -> Result<()>;
    /// Removes the object; `-ENOENT`.
    fn remove(&mut self) -> Result<()>;

    /// One xattr; `-ENODATA` if it is not there.
    fn xattr(&mut self, name: &[u8]) -> Result<Bytes>;
    /// All xattrs, by name ascending.
    fn xattrs(&mut self) -> Result<Vec<(Bytes, Bytes)>>;
    /// Sets an xattr.
    fn set_xattr(&mut self, name: &[u8], value: Bytes) -> Result<()>;
    /// Removes an xattr; no error if it is not there, `-ENOENT` without the object.
    fn rm_xattr(&mut self, name: &[u8]) -> Result<()>;

    /// One omap value; `-ENOENT` if it or the object is not there.
    fn omap_get(&mut self, key: &[u8]) -> Result<Bytes>;
    /// At most `max` entries behind `start_after` whose keys begin with `prefix`, in key order;
    /// `-ENOENT` without the object.
    fn omap_list(&mut self, start_after: &[u8], prefix: &[u8], max: u64) -> Result<OmapValues>;
    /// Sets entries.
    fn omap_set(&mut self, entries: Vec<(Bytes, Bytes)>) -> Result<()>;
    /// Removes an entry; no error if it is not there, `-ENOENT` without the object.
    fn omap_rm(&mut self, key: &[u8]) -> Result<()>;
    /// Removes all entries and the header; `-ENOENT` without the object.
    fn omap_clear(&mut self) -> Result<()>;
    /// The omap header, empty if none was set; `-ENOENT` without the object.
    fn omap_header(&mut self) -> Result<Bytes>;
    /// Sets the omap header.
    fn omap_set_header(&mut self, header: Bytes) -> Result<()>;

    /// Who calls.
    fn caller(&self) -> &Caller;
    /// Now, the same for the whole operation.
    fn now(&self) -> SystemTime;
    /// Who watches the object.
    fn watchers(&mut self) -> Result<Vec<WatcherInfo>>;
    /// The newest snapshot the object was written under (the `seq` of its snapshot set), 0 for
    /// none; `-ENOENT`.
    fn snap_seq(&mut self) -> Result<u64>;
    /// The version the object had before this operation, 0 if it did not exist.
    fn version(&mut self) -> u64;
}
