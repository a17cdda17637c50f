//! Ceph's own program for encodings, `ceph-dencoder`, as the oracle, both ways: what it makes is
//! read here and written again, and it must find the same in that; what we send, it must read.
//!
//! Where the program is, `CEPH_DENCODER` says; without one that knows any types these tests only
//! say so. See `ctests/dencoder.sh`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use uuid::Uuid;

use crate::ceph::map::{Incremental, NO_SHARD, OsdMap, PgId, Pool, SpgId, crush::CrushMap};
use crate::ceph::message::Message;
use crate::ceph::messages::{
    auth, command, hobject::HObject, log, mon_command, mon_subscribe, mon_version, osd_op, pool_op,
    pool_stats, statfs,
};
use crate::ceph::messages::{op_code::OsdFlags, osd_out};
use crate::ceph::mgr::{MgrMap, ServiceName};
use crate::ceph::mon::MonMap;
use crate::ceph::types::{EntityAddr, EntityAddrs, EntityName, UTime};
use crate::cls;
use crate::codec::{Decode, Encode, Reader, Writer};
use crate::errno::Result;
use crate::model::{Payload, SnapId};

/// Reads a value; writes it again where it has an encoding here.
type Again = fn(&[u8]) -> Result<Option<Bytes>>;

fn both<T: Decode + Encode>(bytes: &[u8]) -> Result<Option<Bytes>> {
    let mut reader = Reader::new(bytes);
    let value = T::decode(&mut reader, "value")?;
    reader.finish("value")?;
    Ok(Some(Writer::of(&value)))
}

fn only_read<T: Decode>(bytes: &[u8]) -> Result<Option<Bytes>> {
    let mut reader = Reader::new(bytes);
    T::decode(&mut reader, "value")?;
    reader.finish("value").map(|()| None)
}

/// What an OSD's step answers.
fn answered(expect: osd_out::Expect, bytes: &[u8]) -> Result<Option<Bytes>> {
    expect.read(Payload::from(Bytes::copy_from_slice(bytes))).map(|_| None)
}

/// Ceph's name of a type, and ours.
const TYPES: &[(&str, Again)] = &[
    ("MonMap", both::<MonMap>),
    ("MgrMap", only_read::<MgrMap>),
    ("OSDMap", |bytes| OsdMap::decode(bytes).map(|_| None)),
    ("OSDMap::Incremental", |bytes| Incremental::decode(bytes).map(|_| None)),
    ("CrushWrapper", |bytes| CrushMap::decode(bytes).map(|_| None)),
    ("pg_pool_t", only_read::<Pool>),
    ("pg_t", both::<PgId>),
    ("hobject_t", both::<HObject>),
    ("entity_addr_t", both::<EntityAddr>),
    ("entity_addrvec_t", both::<EntityAddrs>),
    ("entity_name_t", only_read::<EntityName>),
    ("LogEntry", only_read::<log::Entry>),
    ("obj_list_watch_response_t", |bytes| answered(osd_out::Expect::Watchers, bytes)),
    ("obj_list_snap_response_t", |bytes| answered(osd_out::Expect::Snaps, bytes)),
    ("pg_nls_response_t", |bytes| osd_out::PgList::decode(bytes).map(|_| None)),
    ("cls_lock_lock_op", both::<cls::lock::Lock>),
    ("cls_lock_unlock_op", both::<cls::lock::Unlock>),
    ("cls_lock_break_op", both::<cls::lock::BreakLock>),
    ("cls_lock_get_info_op", both::<cls::lock::GetInfo>),
    ("cls_lock_get_info_reply", both::<cls::lock::LockInfo>),
    ("cls_lock_list_locks_reply", both::<cls::lock::Locks>),
    ("cls_lock_assert_op", both::<cls::lock::AssertLocked>),
    ("cls_lock_set_cookie_op", both::<cls::lock::SetCookie>),
    ("rados::cls::lock::lock_info_t", both::<cls::lock::LockInfo>),
    ("rados::cls::lock::locker_id_t", both::<cls::lock::LockerId>),
    ("rados::cls::lock::locker_info_t", both::<cls::lock::LockerInfo>),
    ("cls_refcount_get_op", both::<cls::small::RefGet>),
    ("cls_refcount_put_op", both::<cls::small::RefPut>),
    ("cls_refcount_set_op", both::<cls::small::RefSet>),
    ("cls_refcount_read_op", both::<cls::small::RefRead>),
    ("cls_refcount_read_ret", both::<cls::small::Refs>),
    ("obj_refcount", both::<cls::small::StoredRefs>),
    ("cls_rbd_parent", both::<cls::rbd::StoredParent>),
    ("cls_rbd_snap", both::<cls::rbd::StoredSnap>),
    ("cls::rbd::ChildImageSpec", both::<cls::rbd::ChildImageSpec>),
    ("cls::rbd::GroupImageSpec", both::<cls::rbd::GroupImageSpec>),
    ("cls::rbd::GroupImageStatus", both::<cls::rbd::GroupImageStatus>),
    ("cls::rbd::GroupSnapshot", both::<cls::rbd::GroupSnap>),
    ("cls::rbd::GroupSpec", both::<cls::rbd::GroupSpec>),
    ("cls::rbd::ImageSnapshotSpec", both::<cls::rbd::ImageSnapSpec>),
    ("cls::rbd::MigrationSpec", both::<cls::rbd::MigrationSpec>),
    ("cls::rbd::MirrorImage", both::<cls::rbd::MirrorImage>),
    ("cls::rbd::MirrorPeer", both::<cls::rbd::MirrorPeer>),
    ("cls::rbd::ParentImageSpec", both::<cls::rbd::ParentImageSpec>),
    ("cls::rbd::SnapshotInfo", both::<cls::rbd::SnapshotInfo>),
    ("cls::rbd::SnapshotNamespace", both::<cls::rbd::SnapNamespace>),
    ("BitVector<2>", both::<cls::rbd::ObjectMap>),
    ("librbd::watch_notify::NotifyMessage", crate::rbd::fuzz::again::message),
    ("librbd::watch_notify::ResponseMessage", crate::rbd::fuzz::again::response),
];

/// Samples of 14.2.21 that nobody sends, or that we only pass over.
const ODD: &[(&str, u32)] = &[
    // A pool of no kind.
    ("pg_pool_t", 1),
    // Of migration, which is not there yet: known as unknown.
    ("librbd::watch_notify::NotifyMessage", 16),
];

/// The program, run in a directory of its own.
struct Dencoder {
    program: String,
    dir: tempfile::TempDir,
}

impl Dencoder {
    fn find() -> Option<Dencoder> {
        let program = std::env::var("CEPH_DENCODER").unwrap_or_else(|_| "ceph-dencoder".into());
        let dencoder = Dencoder { program, dir: tempfile::tempdir().unwrap() };
        let types = dencoder.run(&["list_types"]).ok().filter(|types| !types.is_empty());
        if types.is_none() {
            eprintln!("skipped: no ceph-dencoder that knows types (see ctests/dencoder.sh)");
        }
        types.map(|_| dencoder)
    }

    fn run(&self, arguments: &[&str]) -> std::result::Result<String, String> {
        let mut command = Command::new(&self.program);
        let output = command.args(arguments).current_dir(self.dir.path()).output();
        let output = output.map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        Path::new(self.dir.path()).join(name)
    }

    /// Its own bytes and what it shows of them.
    fn made(&self, kind: &str, number: u32) -> (Vec<u8>, String) {
        let number = number.to_string();
        let made = ["type", kind, "select_test", &number, "encode", "export", "made"];
        self.run(&made).unwrap();
        let shown = self.run(&["type", kind, "import", "made", "decode", "dump_json"]).unwrap();
        (std::fs::read(self.file("made")).unwrap(), shown)
    }

    /// What it shows of our bytes.
    fn shows(&self, kind: &str, bytes: &[u8]) -> std::result::Result<String, String> {
        std::fs::write(self.file("ours"), bytes).unwrap();
        self.run(&["type", kind, "import", "ours", "decode", "dump_json"])
    }
}

#[test]
fn what_dencoder_makes_is_read_and_written_again() {
    let Some(dencoder) = Dencoder::find() else { return };
    let mut wrong = Vec::new();
    let (mut read, mut written, mut same) = (0, 0, 0);
    for (kind, again) in TYPES {
        let count: u32 = match dencoder.run(&["type", kind, "count_tests"]) {
            Ok(count) => count.trim().parse().unwrap(),
            Err(_) => continue,
        };
        for number in (1..=count).filter(|number| !ODD.contains(&(*kind, *number))) {
            let (bytes, shown) = dencoder.made(kind, number);
            match again(&bytes) {
                Err(error) => wrong.push(format!("{kind} {number}: {error}: {bytes:02x?}")),
                Ok(None) => read += 1,
                Ok(Some(ours)) => match dencoder.shows(kind, &ours) {
                    Ok(ours_shown) if ours_shown == shown => {
                        written += 1;
                        same += u32::from(ours == bytes);
                    }
                    Ok(other) => wrong.push(format!("{kind} {number}: {shown} became {other}")),
                    Err(error) => wrong.push(format!("{kind} {number}: {error}: {ours:02x?}")),
                },
            }
        }
    }
    println!("{read} read, {written} written again, {same} of them with the same bytes");
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(read > 10 && written > 60, "{read}, {written}");
}

/// A message as the program takes it (`encode_message` in Message.cc): header, the old footer, and
/// the three parts behind their lengths.
fn whole(message: &Message) -> Vec<u8> {
    let mut writer = Writer::new();
    let data = message.data.to_bytes();
    writer.u64(1).u64(message.tid).u16(message.kind).u16(message.priority).u16(message.version);
    for part in [&message.front, &message.middle, &data] {
        writer.u32(u32::try_from(part.len()).unwrap());
    }
    // data_off, src, compat_version, reserved, crc; three checksums that nobody looks at, complete.
    writer.u16(0).u8(8).u64(4123).u16(message.compat_version).u16(0).u32(0).raw(&[0; 12]).u8(1);
    writer.bytes(&message.front).bytes(&message.middle).bytes(&data);
    writer.into_bytes().to_vec()
}

fn operation() -> Message {
    let group = SpgId { pg: PgId { pool: 3, seed: 7 }, shard: NO_SHARD };
    let routing = osd_op::Routing {
        group,
        hash: 0x1234_5678,
        epoch: 77,
        flags: OsdFlags::empty(),
        attempt: 1,
    };
    let locator = osd_op::Locator { pool: 3, key: b"k", namespace: b"n", hash: None };
    let op = osd_op::OsdOp {
        routing,
        mtime: UTime { sec: 1, nsec: 2 },
        locator,
        name: b"object",
        snap: SnapId::HEAD,
        snap_seq: 5,
        snaps: &[5, 3],
    };
    let mut front = Writer::new();
    op.encode(&mut front, 0, |_| ());
    osd_op::message(9, 63, front.into_bytes(), Payload::default())
}

#[test]
fn what_we_send_dencoder_can_read() {
    let Some(dencoder) = Dencoder::find() else { return };
    let fsid = Uuid::from_u128(7);
    let item = mon_subscribe::Item { start: 3, once: true };
    let items = BTreeMap::from([("osdmap".to_owned(), item)]);
    let words = ["{\"prefix\": \"df\"}".to_owned()];
    let service = ServiceName { service: "rgw".into(), daemon: "a".into() };
    let change = pool_op::Change::Create { name: "p".into(), crush_rule: Some(1) };
    let tags = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    let messages = [
        ("MAuth", auth::message(2, b"payload", 3)),
        ("MCommand", command::message(fsid, 5, &words, Bytes::from_static(b"in"))),
        ("MMonCommand", mon_command::message(fsid, 5, &words, Bytes::from_static(b"in"))),
        ("MMonSubscribe", mon_subscribe::message(&items, "host")),
        ("MMonGetVersion", mon_version::message(5, "osdmap")),
        ("MPoolOp", pool_op::request(fsid, 3, &change)),
        ("MPoolOp", pool_op::request(fsid, 3, &pool_op::Change::DeleteUnmanagedSnap(4))),
        ("MStatfs", statfs::request(fsid)),
        ("MGetPoolStats", pool_stats::request(fsid, &["p".into()])),
        ("MOSDOp", operation()),
        ("MMgrOpen", crate::ceph::mgr::messages::open(&service, &tags)),
        ("MMgrReport", crate::ceph::mgr::messages::report(&service, Some(&tags))),
        ("MMgrClose", crate::ceph::mgr::messages::close(&service)),
    ];
    let mut wrong = Vec::new();
    for (kind, message) in &messages {
        match dencoder.shows(kind, &whole(message)) {
            Ok(shown) => println!("{kind}: {}", shown.split_whitespace().collect::<String>()),
            Err(error) => wrong.push(format!("{kind}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
