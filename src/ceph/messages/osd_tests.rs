//! Encodings against what 16.2.15 sent and answered, recorded from its own client and OSDs.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::command;
use super::hobject::HObject;
use super::op_code::{OsdFlags, STEP_FAILOK, WatchOp};
use super::osd_backoff::{Backoff, BackoffOp};
use super::osd_map::OsdMaps;
use super::osd_op::{self, Locator, OsdOp, Routing};
use super::osd_op_reply::OsdOpReply;
use super::osd_out::{Expect, PgList};
use super::osd_step::{STEP_SIZE, StepWriter};
use super::watch_notify::{WatchEvent, WatchNotify};
use crate::ceph::map::{NO_SHARD, PgId, SpgId};
use crate::ceph::message::Message;
use crate::ceph::types::UTime;
use crate::codec::{Reader, Writer};
use crate::errno::Errno;
use crate::model::*;

/// A recorded message.
fn recorded(name: &str) -> Message {
    let mut lines = include_str!("osd_vectors.txt").lines();
    let header = lines.find(|line| line.split(' ').next() == Some(name)).expect(name);
    let numbers: Vec<u16> = header.split(' ').skip(1).map(|n| n.parse().unwrap()).collect();
    let mut part = || {
        let text: String = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        let text = text.trim_matches('-');
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        Bytes::from((0..text.len()).step_by(2).map(byte).collect::<Vec<_>>())
    };
    let front = part();
    let data = Payload::from(part());
    Message { data, ..Message::new(numbers[0], numbers[1], 0, front) }
}

/// What our client says besides: it knows pools that fail, as clients since Quincy do.
fn without_news(front: &Bytes) -> Vec<u8> {
    let mut front = front.to_vec();
    let flags = u32::from_le_bytes(front[32..36].try_into().unwrap());
    front[32..36].copy_from_slice(&(flags & !OsdFlags::SUPPORTS_POOL_EIO.bits()).to_le_bytes());
    front
}

/// The routing of a recorded operation, and its time: they depend on when it was recorded.
fn routing_of(message: &Message) -> (Routing, UTime) {
    use crate::codec::Decode;
    let mut front = Reader::new(&message.front);
    let group = SpgId::decode(&mut front, "group").unwrap();
    let (hash, epoch) = (front.u32("hash").unwrap(), front.u32("epoch").unwrap());
    let flags = OsdFlags::from_bits_retain(front.u32("flags").unwrap());
    front.take(27 + 24 + 4, "ids").unwrap();
    let mtime = UTime::decode(&mut front, "mtime").unwrap();
    (Routing { group, hash, epoch, flags, attempt: 0 }, mtime)
}

struct Expected {
    name: &'static str,
    target: Target,
    hash: Option<u32>,
    context: SnapContext,
    snap: SnapId,
    flags: OsdFlags,
    attempt: i32,
}

fn expected(name: &'static str, object: &str, flags: OsdFlags) -> Expected {
    let target = Target::new(PoolId(2), object);
    let (hash, context, snap) = (None, SnapContext::none(), SnapId::HEAD);
    Expected { name, target, hash, context, snap, flags, attempt: 0 }
}

impl Expected {
    fn check(self, count: u16, steps: impl FnOnce(&mut StepWriter<'_>)) {
        let message = recorded(self.name);
        let (mut routing, mtime) = routing_of(&message);
        routing.attempt = self.attempt;
        let always = OsdFlags::ONDISK | OsdFlags::KNOWN_REDIR;
        let retry = if self.attempt > 0 { OsdFlags::RETRY } else { OsdFlags::empty() };
        assert_eq!(routing.flags, self.flags | always | retry, "{}", self.name);
        let op = OsdOp {
            routing,
            mtime,
            locator: Locator {
                pool: self.target.pool.0,
                key: self.target.locator.as_bytes(),
                namespace: self.target.namespace.as_bytes(),
                hash: self.hash,
            },
            name: self.target.name.as_bytes(),
            snap: self.snap,
            snap_seq: self.context.seq,
            snaps: &self.context.snaps,
        };
        let (mut front, mut inline) = (Writer::new(), Writer::new());
        let mut data = Payload::new();
        op.encode(&mut front, count, |front| {
            let mut writer = StepWriter::new(front, &mut inline);
            steps(&mut writer);
            data = writer.finish();
        });
        let front = front.split();
        assert_eq!(without_news(&front), message.front, "{}", self.name);
        assert_eq!(data.to_bytes(), message.data.to_bytes(), "{}", self.name);
    }

    fn check_ops(self, steps: Vec<Step>) {
        let count = steps.len() as u16;
        self.check(count, |writer| steps.iter().for_each(|step| writer.push(step)));
    }
}

/// The context of what was recorded last.
fn under_a_snapshot() -> SnapContext {
    SnapContext { seq: 2, snaps: [2].into_iter().collect() }
}

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn flagged(op: Op, flags: OpFlags) -> Step {
    Step { op, flags }
}

fn payload(text: &'static str) -> Payload {
    bytes(text).into()
}

#[test]
fn writes_are_librados_to_the_byte() {
    expected("write_all", "obj", OsdFlags::WRITE).check_ops(vec![
        Op::Create { exclusive: true }.into(),
        Op::WriteFull(payload("abcdefgh")).into(),
        flagged(Op::Write { off: 2, data: payload("XYZ") }, OpFlags::FADVISE_DONTNEED),
        Op::Append(payload("tail")).into(),
        Op::WriteSame { off: 100, len: 8, data: payload("ab") }.into(),
        Op::Zero { off: 1, len: 1 }.into(),
        Op::Truncate(50).into(),
    ]);
    let set = |name, value| Op::SetXattr { name: bytes(name), value: bytes(value) };
    let value = CmpValue::Bytes(bytes("val"));
    let hint = Op::SetAllocHint { object_size: 4 << 20, write_size: 4096, flags: 5 };
    expected("xattrs_and_hint", "obj", OsdFlags::WRITE).check_ops(vec![
        Op::AssertExists.into(),
        set("xa", "val").into(),
        set("xb", "v2").into(),
        Op::RmXattr(bytes("xb")).into(),
        flagged(Op::CmpXattr { name: bytes("xa"), op: CmpOp::Eq, value }, OpFlags::FAILOK),
        flagged(hint, OpFlags::from_bits_retain(STEP_FAILOK)),
    ]);
    let entries = [("k2", "v2"), ("k1", "v1"), ("k3", ""), ("k4", "v4")];
    let entries = entries.map(|(key, value)| (bytes(key), bytes(value))).to_vec();
    let compared = [(bytes("k1"), (bytes("v1"), CmpOp::Eq))].into();
    expected("omap", "obj", OsdFlags::WRITE).check_ops(vec![
        Op::OmapSet(entries).into(),
        Op::OmapRmKeys(vec![bytes("k4"), bytes("k0")]).into(),
        Op::OmapRmRange { first: bytes("y"), last: bytes("z") }.into(),
        flagged(Op::OmapCmp(compared), OpFlags::FAILOK),
    ]);
    let context = under_a_snapshot();
    Expected { context, ..expected("clear_and_remove", "obj", OsdFlags::WRITE) }
        .check_ops(vec![Op::OmapClear.into(), Op::Remove.into()]);
}

#[test]
fn calls_snapshots_and_places_are_librados_to_the_byte() {
    let call = |class, method: &'static str, input| {
        Step::from(Op::Call { class, method: method.into(), input: bytes(input) })
    };
    expected("call", "obj", OsdFlags::WRITE).check_ops(vec![call("lock", "lock", "bad")]);
    let returnvec = OsdFlags::WRITE | OsdFlags::RETURNVEC;
    let hello = vec![call("hello", "record_hello", "bob")];
    expected("call_returnvec", "hi", returnvec).check_ops(hello);
    expected("call_read", "hi", OsdFlags::READ).check_ops(vec![call("hello", "say_hello", "bob")]);
    let context = under_a_snapshot();
    Expected { context: context.clone(), ..expected("write_under_snaps", "obj", OsdFlags::WRITE) }
        .check_ops(vec![Op::Write { off: 0, data: payload("new") }.into()]);
    Expected { context: context.clone(), ..expected("rollback", "obj", OsdFlags::WRITE) }
        .check_ops(vec![Op::Rollback(SnapId(2)).into()]);
    Expected { snap: SnapId(2), ..expected("read_at_snap", "obj", OsdFlags::READ) }
        .check_ops(vec![Op::Read { off: 0, len: 10, into: None }.into()]);
    let mut elsewhere = expected("locator_and_namespace", "nsobj", OsdFlags::WRITE);
    elsewhere.target = elsewhere.target.in_namespace("ns1").at_locator("lkey");
    elsewhere.check_ops(vec![Op::Write { off: 10, data: payload("hello") }.into()]);
}

fn reads() -> Vec<Step> {
    let value = CmpValue::Bytes(bytes("val"));
    let init = Bytes::from_static(&[0xff; 4]);
    let kind = ChecksumKind::Crc32c;
    vec![
        Op::AssertExists.into(),
        Op::Stat.into(),
        flagged(Op::Read { off: 1, len: 20, into: None }, OpFlags::FADVISE_SEQUENTIAL),
        Op::GetXattrs.into(),
        Op::OmapGetKeys { start_after: bytes(""), max: 2 }.into(),
        Op::OmapGetVals { start_after: bytes("k0"), prefix: bytes("k"), max: 10 }.into(),
        Op::OmapGetValsByKeys(vec![bytes("k3"), bytes("k1"), bytes("nope")]).into(),
        flagged(Op::CmpExt { off: 0, data: payload("abX") }, OpFlags::FAILOK),
        Op::Checksum { kind, init, off: 0, len: 32, chunk: 16 }.into(),
        Op::CmpXattr { name: bytes("xa"), op: CmpOp::Eq, value }.into(),
    ]
}

#[test]
fn reads_are_librados_to_the_byte() {
    expected("read_balanced", "obj", OsdFlags::READ | OsdFlags::BALANCE_READS).check_ops(reads());
    // The replica could not serve it, so that it came again.
    Expected { attempt: 1, ..expected("read_all", "obj", OsdFlags::READ) }.check_ops(reads());
    let read = Op::Read { off: 0, len: 100, into: None };
    expected("read_missing", "nonexist", OsdFlags::READ).check_ops(vec![read.into()]);
    let getxattr = vec![Op::GetXattr(bytes("xa")).into()];
    expected("getxattr", "obj", OsdFlags::READ).check_ops(getxattr);
    let watchers = vec![Op::ListWatchers.into()];
    expected("list_watchers", "o2", OsdFlags::READ).check_ops(watchers);
    let snaps = vec![Op::ListSnaps.into()];
    Expected { snap: SnapId::DIR, ..expected("list_snaps", "o2", OsdFlags::READ) }.check_ops(snaps);
}

fn cookie_of(message: &Message) -> u64 {
    let at = message.front.windows(2).position(|pair| pair == [0x0f, 0x22]).unwrap();
    u64::from_le_bytes(message.front[at + 6..at + 14].try_into().unwrap())
}

#[test]
fn watches_and_listings_are_librados_to_the_byte() {
    let cookie = cookie_of(&recorded("watch"));
    let flags = OsdFlags::WRITE;
    expected("watch", "obj", flags).check(1, |w| w.watch(cookie, WatchOp::Watch, 0, 33));
    expected("watch_ping", "obj", flags).check(1, |w| w.watch(cookie, WatchOp::Ping, 0, 0));
    let context = under_a_snapshot();
    Expected { context, ..expected("unwatch", "obj", OsdFlags::WRITE) }
        .check(1, |w| w.watch(cookie, WatchOp::Unwatch, 0, 0));
    let notified = WatchNotify::decode(&recorded("notify_complete")).unwrap();
    expected("notify", "obj", OsdFlags::READ)
        .check(1, |w| w.notify(notified.cookie, 3, &bytes("payload")));
    let id = notified.notify_id;
    expected("notify_ack", "obj", OsdFlags::READ)
        .check(1, |w| w.notify_ack(id, cookie, &bytes("ackdata")));
    let mut list = expected("list", "", OsdFlags::READ | OsdFlags::IGNORE_OVERLAY);
    (list.hash, list.target.namespace) = (Some(0), "\u{1}".into());
    list.check(1, |w| w.pg_list(&HObject::min(), 1024, 0x14, b""));
}

#[test]
fn an_operation_sent_again_differs_in_its_routing_only() {
    let first = recorded("read_balanced").front;
    let again = recorded("read_all");
    let (mut routing, _) = routing_of(&again);
    routing.attempt = 1;
    let mut room = Writer::new();
    assert_eq!(osd_op::reroute(&first, &routing, &mut room), again.front);
    // And to another place in that besides.
    let locator = Locator { pool: 2, key: b"lkey", namespace: b"ns1", hash: None };
    let moved = osd_op::relocate(&first, &locator, b"nsobj", &mut room);
    let there = recorded("locator_and_namespace").front;
    assert_eq!(moved[99..149], there[99..149]);
    assert!(moved.ends_with(&first[140..]));
}

/// What the steps of a recorded answer say.
fn answers(name: &str, expects: Vec<Expect>) -> (OsdOpReply, Vec<(i32, Out)>) {
    let message = recorded(name);
    let reply = OsdOpReply::decode(&message).unwrap();
    let mut data = message.data;
    assert_eq!(reply.steps.len(), expects.len());
    let steps = reply.steps.iter().zip(expects);
    let outs = steps.map(|(step, expect)| {
        let output = data.split_to(step.len as usize);
        (step.result, expect.read(output).unwrap())
    });
    let outs = outs.collect();
    (reply, outs)
}

#[test]
fn answers_of_reads_are_understood() {
    let expects = reads().into_iter().map(|mut step| Expect::of(&mut step.op)).collect();
    let (reply, outs) = answers("read_all.reply", expects);
    assert_eq!((reply.attempt, reply.group.pool, reply.redirect), (1, 2, None));
    assert!(reply.flags.contains(OsdFlags::ACK | OsdFlags::READ));
    let mut outs = outs.into_iter().skip(1);
    let mut next = || outs.next().unwrap();
    assert!(matches!(next().1, Out::Stat { size: 50, .. }));
    let Out::Data(data) = next().1 else { panic!() };
    assert_eq!(&data[..], b"\0XYZfghtail\0\0\0\0\0\0\0\0\0");
    let Out::Xattrs(xattrs) = next().1 else { panic!() };
    assert_eq!(xattrs, [(bytes("xa"), bytes("val"))]);
    assert!(matches!(next().1, Out::OmapKeys(keys, true) if keys == [bytes("k1"), bytes("k2")]));
    let Out::Omap(OmapValues { entries, more: false }) = next().1 else { panic!() };
    assert_eq!(entries.len(), 3);
    let Out::Omap(values) = next().1 else { panic!() };
    assert_eq!(values.entries, [(bytes("k1"), bytes("v1")), (bytes("k3"), bytes(""))]);
    assert_eq!(next().0, -MAX_ERRNO - 1);
    assert!(matches!(next().1, Out::Data(sums) if sums.len() == 12 && sums[0] == 2));
}

#[test]
fn answers_of_all_kinds_are_understood() {
    let (reply, outs) = answers("list_watchers.reply", vec![Expect::Watchers]);
    let Out::Watchers(watchers) = &outs[0].1 else { panic!() };
    assert_eq!((reply.result, watchers.len()), (0, 1));
    assert!(watchers[0].addr.starts_with("127.0.0.1:0/"), "{}", watchers[0].addr);
    assert_eq!(watchers[0].timeout, Duration::from_secs(30));
    let (_, outs) = answers("list_snaps.reply", vec![Expect::Snaps]);
    let Out::Snaps(snaps) = &outs[0].1 else { panic!() };
    assert_eq!((snaps.seq, snaps.clones.len()), (3, 2));
    assert_eq!(snaps.clones[0].overlap, [(0, 4096), (4098, 5902)]);
    assert_eq!(snaps.clones[1].id, SnapId::HEAD);
    let (reply, outs) = answers("call_returnvec.reply", vec![Expect::Data]);
    assert_eq!(reply.result, outs[0].0);
    let (reply, _) = answers("read_missing.reply", vec![Expect::Data]);
    assert_eq!(reply.result, Errno::ENOENT.to_c());
    let (reply, _) = answers("read_balanced.reply", (0..10).map(|_| Expect::Data).collect());
    assert_eq!(reply.result, Errno::EAGAIN.to_c());
    let (reply, _) = answers("write_under_snaps.reply", vec![Expect::Nothing]);
    assert!(reply.flags.contains(OsdFlags::ONDISK) && reply.user_version > 0);

    let list = recorded("list.reply").data.to_bytes();
    let list = PgList::decode(&list).unwrap();
    assert!(list.next > HObject::min() && !list.next.max);

    let event = WatchNotify::decode(&recorded("notification")).unwrap();
    assert_eq!((event.event, &event.payload[..]), (WatchEvent::Notify, &b"payload"[..]));
    let complete = WatchNotify::decode(&recorded("notify_complete")).unwrap();
    assert_eq!(complete.event, WatchEvent::NotifyComplete);
    let answers = complete.answers().unwrap();
    assert_eq!(answers.acks, [(event.notifier, event.cookie, bytes("ackdata"))]);
    assert!(answers.timeouts.is_empty());
}

#[test]
fn commands_are_librados_to_the_byte() {
    let sent = recorded("osd_command");
    let fsid = uuid::Uuid::from_slice(&sent.front[..16]).unwrap();
    let words = [r#"{"prefix":"version"}"#.to_owned()];
    assert_eq!(command::message(fsid, 1, &words, Bytes::new()).front, sent.front);
    let reply = command::decode_reply(&recorded("osd_command.reply")).unwrap();
    assert!(reply.code == 0 && reply.out.starts_with(b"{\n    \"version\""));
    let refused = command::decode_reply(&recorded("pg_command.reply")).unwrap();
    assert_eq!((refused.code, &*refused.status), (-22, "no pgid specified"));
}

#[test]
fn old_answers_and_redirections_are_read() {
    // Version 6 has a redirection always, and one to nowhere for none.
    let modern = recorded("read_missing.reply");
    let without_trace = modern.front.len() - 24 - 1;
    let mut front = Writer::new();
    front.raw(&modern.front[..without_trace]);
    let redirect = |front: &mut Writer, pool: i64, name: &str| {
        front.versioned(1, 1, |fields| {
            fields.versioned(6, 3, |locator| {
                locator.i64(pool).i32(-1).bytes("key").bytes("ns").i64(-1);
            });
            fields.bytes(name).u32(0);
        });
    };
    redirect(&mut front, -1, "");
    let bytes = front.into_bytes();
    let old = OsdOpReply::decode(&Message::new(43, 6, 2, bytes.clone())).unwrap();
    assert_eq!(old, OsdOpReply::decode(&modern).unwrap());
    assert!(OsdOpReply::decode(&Message::new(43, 5, 2, bytes)).is_err());
    let mut front = Writer::new();
    front.raw(&modern.front[..without_trace]).bool(true);
    redirect(&mut front, 7, "there");
    let moved = OsdOpReply::decode(&Message::new(43, 7, 2, front.into_bytes())).unwrap();
    let to = moved.redirect.unwrap();
    assert_eq!((to.pool, to.key, to.name), (7, "key".into(), Some("there".into())));
}

#[test]
fn backoffs_come_back() {
    let pg = PgId { pool: 2, seed: 5 };
    let backoff = Backoff {
        group: SpgId { pg, shard: NO_SHARD },
        epoch: 7,
        op: BackoffOp::Block,
        id: 9,
        begin: HObject::min(),
        end: HObject::max(),
    };
    assert_eq!(Backoff::decode(&backoff.message(63)).unwrap(), backoff);
}

/// Every decoder, over any bytes: whatever it says, it says it without panicking.
fn decode_all(message: &Message) {
    let _ = OsdOpReply::decode(message);
    let _ = OsdMaps::decode(message);
    let _ = Backoff::decode(message);
    let _ = WatchNotify::decode(message).map(|event| event.answers());
    let _ = command::decode_reply(message);
    let output = message.data.to_bytes();
    let _ = PgList::decode(&output);
    let all = [
        Expect::Extents,
        Expect::Stat,
        Expect::Xattrs,
        Expect::OmapKeys { max: 3 },
        Expect::Omap { max: 3 },
        Expect::Watchers,
        Expect::Snaps,
        Expect::Data,
        Expect::Fill(Box::new(bytes::BytesMut::zeroed(3))),
    ];
    for expect in all {
        let _ = expect.read(message.data.clone());
    }
}

const RECORDED: &[&str] = &[
    "read_all.reply",
    "read_balanced.reply",
    "list_watchers.reply",
    "list_snaps.reply",
    "list.reply",
    "notification",
    "notify_complete",
    "osd_command.reply",
    "call_read.reply",
];

fn mutate(bytes: &Bytes, changes: &[(u16, u8)], len: u16) -> Bytes {
    let mut bytes = bytes.to_vec();
    for (at, value) in changes {
        let len = bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(usize::from(*at) % len) {
            *byte = *value;
        }
    }
    bytes.truncate(usize::from(len) % (bytes.len() + 1));
    bytes.into()
}

proptest! {
    #[test]
    fn no_answer_makes_a_decoder_panic(
        which in 0..RECORDED.len(),
        version in 0u16..10,
        front: Vec<(u16, u8)>,
        data: Vec<(u16, u8)>,
        lens: (u16, u16),
    ) {
        let recorded = recorded(RECORDED[which]);
        let mutated = Message {
            version,
            front: mutate(&recorded.front, &front, lens.0),
            data: mutate(&recorded.data.to_bytes(), &data, lens.1).into(),
            ..recorded.clone()
        };
        decode_all(&mutated);
        decode_all(&Message { front: recorded.front.clone(), ..mutated.clone() });
        // Outputs as data, since decoders of outputs look at nothing else.
        let front = mutated.front.clone();
        decode_all(&Message { front: mutated.data.to_bytes(), data: front.into(), ..mutated });
    }

    #[test]
    fn steps_have_their_size(off: u64, len: u64, name: Vec<u8>, value: Vec<u8>) {
        let (mut front, mut inline) = (Writer::new(), Writer::new());
        let mut writer = StepWriter::new(&mut front, &mut inline);
        let (name, value) = (Bytes::from(name), Bytes::from(value));
        let carried = 2 * name.len() + 3 * value.len();
        writer.push(&Op::Read { off, len, into: None }.into());
        writer.push(&Op::SetXattr { name: name.clone(), value: value.clone() }.into());
        writer.push(&Op::Write { off, data: value.clone().into() }.into());
        writer.push(&Op::OmapSetHeader(value).into());
        writer.push(&Op::RmXattr(name).into());
        let data = writer.finish();
        prop_assert_eq!(data.len(), carried);
        prop_assert_eq!(front.len(), 5 * STEP_SIZE);
    }
}
