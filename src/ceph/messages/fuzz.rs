//! Entries for fuzzing: what daemons send.

use bytes::{Bytes, BytesMut};

use super::hobject::HObject;
use super::osd_backoff::Backoff;
use super::osd_map::OsdMaps;
use super::osd_op_reply::OsdOpReply;
use super::osd_out::{Expect, PgList};
use super::watch_notify::WatchNotify;
use super::*;
use crate::ceph::map::{PgId, SpgId};
use crate::ceph::message::Message;
use crate::ceph::types::{EntityAddr, EntityAddrs, EntityName, UTime};
use crate::codec::Reader;
use crate::codec::fuzz::{Entry, read, round};

/// See [`crate::fuzz`].
pub const ENTRIES: &[Entry] = &[
    ("messages.mon", mon),
    ("messages.mgr", mgr),
    ("messages.log", |input| with(input, |message| drop(log::decode(message)))),
    ("messages.pool_stats", |input| with(input, |message| drop(pool_stats::reply(message)))),
    ("messages.osd_op_reply", |input| with(input, |message| drop(OsdOpReply::decode(message)))),
    ("messages.osd_map", |input| with(input, |message| drop(OsdMaps::decode(message)))),
    ("messages.watch_notify", |input| with(input, |message| drop(WatchNotify::decode(message)))),
    ("messages.backoff", |input| with(input, |message| drop(Backoff::decode(message)))),
    ("messages.osd_out", osd_out),
    ("messages.types", types),
];

/// A message of the input: its version in a byte, the length of its data in another, the fields.
fn with(input: &[u8], decode: impl FnOnce(&Message)) {
    let [version, data, front @ ..] = input else { return };
    let data = usize::from(*data).min(front.len());
    let (front, data) = front.split_at(front.len() - data);
    let front = Bytes::copy_from_slice(front);
    let mut message = Message::new(0, (*version).into(), 1, front);
    message.data = Bytes::copy_from_slice(data).into();
    decode(&message);
}

fn mon(input: &[u8]) {
    with(input, |message| {
        let _ = mon_map::decode(message);
        let _ = mon_command::reply(message);
        let _ = mon_version::reply(message);
        let _ = auth::reply(message);
        let _ = config::decode(message);
        let _ = pool_op::reply(message).and_then(|reply| reply.snap());
        let _ = statfs::reply(message);
    });
}

fn mgr(input: &[u8]) {
    with(input, |message| {
        let _ = command::decode_reply(message);
        let _ = crate::ceph::mgr::messages::report_period(message);
    });
    read::<crate::ceph::mgr::MgrMap>(input);
}

/// The output of each kind of step.
fn osd_out(input: &[u8]) {
    let expected = [
        Expect::Data,
        Expect::Fill(Box::new(BytesMut::zeroed(64))),
        Expect::Extents,
        Expect::Stat,
        Expect::Xattrs,
        Expect::OmapKeys { max: 2 },
        Expect::Omap { max: 2 },
        Expect::Watchers,
        Expect::Snaps,
    ];
    for expect in expected {
        let _ = expect.read(Bytes::copy_from_slice(input).into());
    }
    let _ = PgList::decode(input);
}

fn types(input: &[u8]) {
    round::<HObject>(input);
    round::<EntityAddr>(input);
    round::<EntityAddrs>(input);
    round::<EntityName>(input);
    round::<PgId>(input);
    read::<SpgId>(input);
    round::<UTime>(input);
    if let Ok(addrs) = Reader::new(input).list::<EntityAddrs>("addrs") {
        let _: Vec<String> = addrs.iter().map(EntityAddrs::to_string).collect();
    }
}
