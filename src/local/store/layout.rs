//! Sizes and places: objects, slots, blocks, files.

/// Bytes of a slot.
pub(super) const SLOT: u64 = 4 << 20;
/// Bytes of a block: what a layer has or has not.
pub(super) const BLOCK: u64 = 4 << 10;
/// Blocks of a slot.
pub(super) const BLOCKS: usize = (SLOT / BLOCK) as usize;
/// Slots of a data file.
pub(super) const FILE_SLOTS: u64 = 4096;

/// Slot numbers stay below this: as many slots have 4 EiB.
pub(super) const SLOTS_MAX: u64 = 1 << 40;

/// Largest object (`osd_max_object_size`), `-EFBIG` beyond.
pub(super) const OBJECT_MAX: u64 = 128 << 20;
/// Longest name, namespace or locator (`osd_max_object_name_len` and its siblings), `-ENAMETOOLONG`
/// beyond.
pub(super) const NAME_MAX: usize = 2048;
/// Longest namespace (`osd_max_object_namespace_len`).
pub(super) const NAMESPACE_MAX: usize = 256;
/// Longest xattr name (`osd_max_attr_name_len`, measured on 16.2.15).
pub(super) const XATTR_NAME_MAX: usize = 100;
/// Most bytes in one operation (`osd_max_write_size`, 90 MiB), `-EMSGSIZE` beyond.
pub(super) const WRITE_MAX: u64 = 90 << 20;

/// The data file of a slot and the slot's first byte in it.
pub(super) fn place(slot: u64) -> (u64, u64) {
    (slot / FILE_SLOTS, slot % FILE_SLOTS * SLOT)
}

/// Splits a range of an object at slot borders: (slot index, offset in the slot, length),
/// ascending.
pub(super) fn split(off: u64, len: u64) -> impl Iterator<Item = (u32, u64, u64)> {
    let end = off + len;
    let mut at = off;
    std::iter::from_fn(move || {
        (at < end).then(|| {
            let start = at % SLOT;
            let n = (SLOT - start).min(end - at);
            let piece = ((at / SLOT) as u32, start, n);
            at += n;
            piece
        })
    })
}
