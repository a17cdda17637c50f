//! One step of an operation on the wire: 38 bytes in the message's front (`ceph_osd_op`), and its
//! names and bytes in the message's data.
//!
//! ```text
//!   u16 code, u32 flags, 28 bytes whose meaning depends on the code, u32 bytes of data
//! ```

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::hobject::HObject;
use super::op_code::{self as code, STEP_EXCL, STEP_FAILOK, STEP_MASK, WatchOp};
use crate::codec::Writer;
use crate::model::{ChecksumKind, CmpValue, Op, Payload, Step};

/// Bytes of what depends on the code.
const FIELDS_SIZE: usize = 28;
/// Bytes of an encoded step.
pub const STEP_SIZE: usize = 2 + 4 + FIELDS_SIZE + 4;

/// `CEPH_OSD_CMPXATTR_MODE_STRING`, `CEPH_OSD_CMPXATTR_MODE_U64`.
const COMPARE_BYTES: u8 = 1;
const COMPARE_U64: u8 = 2;
/// The only version of what a notification carries.
const NOTIFY_VERSION: u32 = 1;

/// Writes steps: their fixed part to `front`, their names and bytes to a payload.
///
/// Small pieces gather in `inline`; what the caller gave as bytes becomes a piece of its own, so
/// that nothing is copied.
pub struct StepWriter<'a> {
    front: &'a mut Writer,
    inline: &'a mut Writer,
    data: Payload,
    /// Length of the data when the step began.
    begin: usize,
    /// Bytes in `inline` that no piece has yet.
    loose: usize,
}

impl<'a> StepWriter<'a> {
    /// Steps go behind what `front` holds. `inline` must hold nothing that was not split off.
    pub fn new(front: &'a mut Writer, inline: &'a mut Writer) -> Self {
        StepWriter { front, inline, data: Payload::new(), begin: 0, loose: 0 }
    }

    /// The data of all steps.
    #[must_use]
    pub fn finish(mut self) -> Payload {
        self.flush();
        self.data
    }

    fn flush(&mut self) {
        if self.loose > 0 {
            self.data.push(self.inline.split());
            self.loose = 0;
        }
    }

    fn inline(&mut self, write: impl FnOnce(&mut Writer) -> &mut Writer) -> &mut Self {
        let before = self.inline.len();
        write(self.inline);
        self.loose += self.inline.len() - before;
        self
    }

    fn bytes(&mut self, bytes: &Bytes) -> &mut Self {
        self.flush();
        self.data.push(bytes.clone());
        self
    }

    fn payload(&mut self, payload: &Payload) -> &mut Self {
        for piece in payload.pieces() {
            self.bytes(piece);
        }
        self
    }

    /// Bytes of data the step has so far.
    fn carried(&self) -> usize {
        self.data.len() + self.loose - self.begin
    }

    /// Ends the step whose data was written before.
    fn step(&mut self, code: u16, flags: u32, fields: impl FnOnce(&mut Writer) -> &mut Writer) {
        let carried = self.carried();
        self.front.u16(code).u32(flags);
        let start = self.front.len();
        fields(self.front);
        self.front.zeros(FIELDS_SIZE.saturating_sub(self.front.len() - start));
        self.front.count(carried);
        self.begin += carried;
    }

    fn extent(&mut self, code: u16, flags: u32, off: u64, len: u64) {
        self.step(code, flags, |fields| fields.u64(off).u64(len));
    }

    /// A step whose data is encoded arguments: its extent is the data's length.
    fn arguments(&mut self, code: u16, flags: u32, write: impl FnOnce(&mut Writer) -> &mut Writer) {
        self.inline(write);
        let len = self.carried() as u64;
        self.extent(code, flags, 0, len);
    }

    fn xattr(&mut self, code: u16, flags: u32, name: &Bytes, value: &[u8], compare: [u8; 2]) {
        self.inline(|data| data.raw(name).raw(value));
        self.step(code, flags, |fields| fields.count(name.len()).count(value.len()).raw(&compare));
    }

    fn call(&mut self, flags: u32, class: &str, method: &str, input: &Bytes) {
        self.inline(|data| data.raw(class.as_bytes()).raw(method.as_bytes()));
        self.bytes(input);
        // Names are cut at 255 bytes by their length fields, as librados does it; the OSD then
        // finds no such class.
        self.step(code::CALL, flags, |fields| {
            fields.u8(class.len() as u8).u8(method.len() as u8).u8(0).count(input.len())
        });
    }

    /// A step as the model has it.
    pub fn push(&mut self, Step { op, flags }: &Step) {
        let flags = flags.bits() & STEP_MASK;
        match op {
            Op::Read { .. } | Op::SparseRead { .. } | Op::Zero { .. } | Op::Truncate(_) => {
                self.push_extent(op, flags);
            }
            Op::CmpExt { off, data } => self.push_data(code::CMPEXT, flags, *off, data),
            Op::Write { off, data } => self.push_data(code::OP_WRITE, flags, *off, data),
            Op::WriteFull(data) => self.push_data(code::WRITEFULL, flags, 0, data),
            Op::Append(data) => self.push_data(code::APPEND, flags, 0, data),
            Op::WriteSame { off, len, data } => {
                let each = data.len() as u64;
                self.payload(data);
                self.step(code::WRITESAME, flags, |f| f.u64(*off).u64(*len).u64(each));
            }
            Op::Stat | Op::AssertExists => self.step(code::STAT, flags, |fields| fields),
            Op::AssertVersion(version) => {
                self.step(code::ASSERT_VER, flags, |f| f.u64(0).u64(*version));
            }
            Op::Checksum { kind, init, off, len, chunk } => {
                let chunk = u32::try_from(*chunk).unwrap_or(u32::MAX);
                self.bytes(init).step(code::CHECKSUM, flags, |fields| {
                    fields.u64(*off).u64(*len).u32(chunk).u8(checksum_number(*kind))
                });
            }
            Op::Call { class, method, input } => self.call(flags, class, method, input),
            Op::CallNamed { class, method, input } => self.call(flags, class, method, input),
            Op::ListWatchers => self.step(code::LIST_WATCHERS, flags, |fields| fields),
            Op::ListSnaps => self.step(code::LIST_SNAPS, flags, |fields| fields),
            Op::Create { exclusive } => {
                let exclusive = if *exclusive { STEP_EXCL } else { 0 };
                self.step(code::CREATE, flags | exclusive, |fields| fields);
            }
            Op::Remove => self.extent(code::DELETE, flags, 0, 0),
            Op::SetAllocHint { object_size, write_size, flags: hints } => {
                // It is advice: an OSD that does not know it must not fail the rest.
                self.step(code::SETALLOCHINT, flags | STEP_FAILOK, |fields| {
                    fields.u64(*object_size).u64(*write_size).u32(*hints)
                });
            }
            Op::Rollback(snap) => self.step(code::ROLLBACK, flags, |f| f.u64(snap.0)),
            Op::CachePin => self.step(code::CACHE_PIN, flags, |fields| fields),
            Op::CacheUnpin => self.step(code::CACHE_UNPIN, flags, |fields| fields),
            _ => self.push_attribute(op, flags),
        }
    }

    fn push_extent(&mut self, op: &Op, flags: u32) {
        match op {
            Op::Read { off, len, .. } => self.extent(code::OP_READ, flags, *off, *len),
            Op::SparseRead { off, len } => self.extent(code::SPARSE_READ, flags, *off, *len),
            Op::Zero { off, len } => self.extent(code::ZERO, flags, *off, *len),
            Op::Truncate(size) => self.extent(code::TRUNCATE, flags, *size, 0),
            _ => {}
        }
    }

    fn push_data(&mut self, code: u16, flags: u32, off: u64, data: &Payload) {
        self.payload(data);
        self.extent(code, flags, off, data.len() as u64);
    }

    /// Steps on xattrs and the omap.
    fn push_attribute(&mut self, op: &Op, flags: u32) {
        match op {
            Op::GetXattr(name) => self.xattr(code::GETXATTR, flags, name, &[], [0, 0]),
            Op::GetXattrs => self.step(code::GETXATTRS, flags, |fields| fields),
            Op::SetXattr { name, value } => {
                self.xattr(code::SETXATTR, flags, name, value, [0, 0]);
            }
            Op::RmXattr(name) => self.xattr(code::RMXATTR, flags, name, &[], [0, 0]),
            Op::CmpXattr { name, op, value } => match value {
                CmpValue::Bytes(value) => {
                    let compare = [*op as u8, COMPARE_BYTES];
                    self.xattr(code::CMPXATTR, flags, name, value, compare);
                }
                CmpValue::U64(value) => {
                    let compare = [*op as u8, COMPARE_U64];
                    self.xattr(code::CMPXATTR, flags, name, &value.to_le_bytes(), compare);
                }
            },
            Op::OmapGetHeader => self.step(code::OMAPGETHEADER, flags, |fields| fields),
            Op::OmapGetKeys { start_after, max } => {
                self.arguments(code::OMAPGETKEYS, flags, |w| w.bytes(start_after).u64(*max));
            }
            Op::OmapGetVals { start_after, prefix, max } => {
                self.arguments(code::OMAPGETVALS, flags, |writer| {
                    writer.bytes(start_after).u64(*max).bytes(prefix)
                });
            }
            Op::OmapGetValsByKeys(keys) => {
                self.arguments(code::OMAPGETVALSBYKEYS, flags, |writer| set(writer, keys));
            }
            Op::OmapCmp(assertions) => self.arguments(code::OMAP_CMP, flags, |writer| {
                writer.count(assertions.len());
                for (key, (value, op)) in assertions {
                    writer.bytes(key).bytes(value).i32(*op as i32);
                }
                writer
            }),
            Op::OmapSet(entries) => self.arguments(code::OMAPSETVALS, flags, |writer| {
                // Of entries with the same key the last wins, as in the map that librados makes.
                let entries: BTreeMap<_, _> = entries.iter().map(|(k, v)| (k, v)).collect();
                writer.count(entries.len());
                for (key, value) in entries {
                    writer.bytes(key).bytes(value);
                }
                writer
            }),
            Op::OmapSetHeader(header) => {
                self.bytes(header).extent(code::OMAPSETHEADER, flags, 0, header.len() as u64);
            }
            Op::OmapClear => self.step(code::OMAPCLEAR, flags, |fields| fields),
            Op::OmapRmKeys(keys) => {
                self.arguments(code::OMAPRMKEYS, flags, |writer| set(writer, keys));
            }
            Op::OmapRmRange { first, last } => {
                self.arguments(code::OMAPRMKEYRANGE, flags, |w| w.bytes(first).bytes(last));
            }
            _ => log::error!("a step that has no encoding was left out"),
        }
    }

    /// Begins, ends or renews a watch. `timeout` in seconds, 0 for the OSD's own.
    pub fn watch(&mut self, cookie: u64, op: WatchOp, generation: u32, timeout: u32) {
        self.step(code::WATCH, 0, |fields| {
            // The second field was an object version.
            fields.u64(cookie).u64(0).u8(op as u8).u32(generation).u32(timeout)
        });
    }

    /// Notifies the watchers; answers an encoded `u64`, the notification's number. `timeout` in
    /// seconds.
    pub fn notify(&mut self, cookie: u64, timeout: u32, payload: &Bytes) {
        self.inline(|data| data.u32(NOTIFY_VERSION).u32(timeout).count(payload.len()));
        self.bytes(payload).step(code::NOTIFY, 0, |fields| fields.u64(cookie));
    }

    /// Acknowledges a notification.
    pub fn notify_ack(&mut self, notify_id: u64, cookie: u64, payload: &Bytes) {
        self.inline(|data| data.u64(notify_id).u64(cookie).count(payload.len()));
        self.bytes(payload).step(code::NOTIFY_ACK, 0, |fields| fields);
    }

    /// Lists a part of a placement group, through an encoded filter unless that is empty; answers
    /// [`super::osd_out::PgList`]. `epoch` is the map's that the listing began with.
    pub fn pg_list(&mut self, from: &HObject, max: u64, epoch: u32, filter: &[u8]) {
        let mut step = code::PGNLS;
        if !filter.is_empty() {
            step = code::PGNLS_FILTER;
            // As librados says it; an OSD reads the two texts and heeds neither.
            self.inline(|data| data.bytes("pg").bytes("filter").raw(filter));
        }
        self.inline(|data| data.value(from));
        self.step(step, 0, |fields| fields.u64(max).u32(epoch));
    }
}

/// Keys in order, each once, as in the set that librados makes.
fn set<'w>(writer: &'w mut Writer, keys: &[Bytes]) -> &'w mut Writer {
    let keys: BTreeSet<_> = keys.iter().collect();
    writer.count(keys.len());
    for key in keys {
        writer.bytes(key);
    }
    writer
}

fn checksum_number(kind: ChecksumKind) -> u8 {
    match kind {
        ChecksumKind::XxHash32 => 0,
        ChecksumKind::XxHash64 => 1,
        ChecksumKind::Crc32c => 2,
    }
}
