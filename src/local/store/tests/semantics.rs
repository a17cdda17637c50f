//! What each step does, and what it answers.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::*;
use crate::errno::Errno;
use crate::model::{ChecksumKind, CmpOp, CmpValue, OpFlags, Out, Step};

const ENOENT: i32 = -libc::ENOENT;

#[test]
fn data_is_written_read_and_removed() {
    let b = Bench::new();
    assert_eq!(b.write("a", [write(0, b"hello")]), 0);
    assert_eq!(b.read("a").unwrap(), "hello");
    let mut reply = b.run(ObjectOp::read(target("a")).then(read(3, 10)).then(Op::Stat));
    assert_eq!(reply.take_data(0), "lo");
    assert!(matches!(reply.take(1), Out::Stat { size: 5, .. }));
    assert_eq!(b.run(ObjectOp::read(target("a")).then(read(10, 5))).take_data(0), "");
    assert_eq!(b.write("a", [Op::Append(Bytes::from_static(b"xyz").into())]), 0);
    assert_eq!(b.read("a").unwrap(), "helloxyz");
    assert_eq!(b.write("a", [write(12, b"end")]), 0);
    assert_eq!(&b.read("a").unwrap()[..], b"helloxyz\0\0\0\0end");
    assert_eq!(b.write("a", [Op::WriteFull(Bytes::from_static(b"short").into())]), 0);
    assert_eq!(b.read("a").unwrap(), "short");
    assert_eq!(b.write("a", [Op::Remove]), 0);
    assert_eq!((b.read("a"), b.write("a", [Op::Remove])), (Err(ENOENT), ENOENT));
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn sizes() {
    let b = Bench::new();
    assert_eq!(b.write("a", [Op::Truncate(10)]), 0);
    assert_eq!(b.read("a"), Err(ENOENT));
    assert_eq!(b.write("a", [write(10, b"")]), 0);
    assert_eq!(b.read("a").unwrap().len(), 10);
    assert_eq!(b.write("a", [write(0, b"abcdef"), Op::Truncate(3)]), 0);
    assert_eq!(b.write("a", [Op::Truncate(6)]), 0);
    assert_eq!(&b.read("a").unwrap()[..], b"abc\0\0\0");
    assert_eq!(b.write("a", [Op::Zero { off: 1, len: 1 }]), 0);
    assert_eq!(&b.read("a").unwrap()[..], b"a\0c\0\0\0");
    assert_eq!(b.write("a", [Op::Zero { off: 4, len: 100 }]), 0);
    assert_eq!(&b.read("a").unwrap()[..], b"a\0c\0");
    assert_eq!(b.write("a", [Op::Zero { off: 40, len: 100 }]), 0);
    assert_eq!(b.write("none", [Op::Zero { off: 0, len: 5 }]), 0);
    assert_eq!(b.read("none"), Err(ENOENT));
    let max = 128 << 20;
    assert_eq!(b.write("a", [Op::Truncate(max)]), -libc::EFBIG);
    assert_eq!(b.write("a", [write(max, b"")]), -libc::EFBIG);
    assert_eq!(b.write("a", [write(max - 1, b"x")]), 0);
    assert_eq!(b.write("a", [Op::Append(Bytes::from_static(b"x").into())]), -libc::EFBIG);
    assert_eq!(b.read("a").unwrap().len() as u64, max);
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn an_operation_happens_wholly_or_not_at_all() {
    let b = Bench::new();
    b.write("a", [write(0, b"old")]);
    let steps = [
        write(0, b"new"),
        Op::SetXattr { name: "k".into(), value: "v".into() },
        Op::Create { exclusive: true },
    ];
    assert_eq!(b.write("a", steps), -libc::EEXIST);
    assert_eq!(b.read("a").unwrap(), "old");
    let get = ObjectOp::read(target("a")).then(Op::GetXattr("k".into()));
    assert_eq!(b.run(get).result, -libc::ENODATA);
    let failok = |op| Step { op, flags: OpFlags::FAILOK };
    let op = ObjectOp::write(target("a"))
        .then(failok(Op::Create { exclusive: true }))
        .then(write(0, b"q"));
    let reply = b.run(op);
    assert_eq!((reply.result, reply.steps[0].result), (0, -libc::EEXIST));
    assert_eq!(b.read("a").unwrap(), "qld");
    assert_eq!(b.write("a", [Op::Remove, write(2, b"abc")]), 0);
    assert_eq!(&b.read("a").unwrap()[..], b"\0\0abc");
    assert_eq!(b.write("a", [write(0, b"x"), Op::Remove]), 0);
    assert_eq!(b.read("a"), Err(ENOENT));
    assert_eq!(b.write("a", [Op::RmXattr("x".into()), write(0, b"1")]), ENOENT);
}

#[test]
fn comparisons() {
    let b = Bench::new();
    let cmpext = |off, data: &'static [u8]| Op::CmpExt { off, data: data.into() };
    assert_eq!(b.write("m", [cmpext(0, b"\0\0")]), ENOENT);
    assert_eq!(b.write("m", [cmpext(0, b"\0a"), write(0, b"x")]), -4096);
    assert_eq!(b.write("m", [cmpext(0, b"\0\0"), write(0, b"xyz")]), 0);
    assert_eq!(b.write("m", [cmpext(1, b"yz\0\0\x01"), write(0, b"q")]), -4099);
    assert_eq!(b.read("m").unwrap(), "xyz");

    b.write("m", [Op::SetXattr { name: "k".into(), value: "b".into() }]);
    let cmp = |op, value: &'static str| {
        let value = CmpValue::Bytes(value.into());
        b.write("m", [Op::CmpXattr { name: "k".into(), op, value }])
    };
    let no = -libc::ECANCELED;
    assert_eq!(["a", "b", "c"].map(|v| cmp(CmpOp::Eq, v)), [no, 1, no]);
    assert_eq!(["a", "b", "c"].map(|v| cmp(CmpOp::Gt, v)), [no, no, 1]);
    assert_eq!(["a", "b", "c"].map(|v| cmp(CmpOp::Lte, v)), [1, 1, no]);

    b.write("m", [Op::OmapSet(vec![("k".into(), "b".into())])]);
    let cmp = |key: &'static str, op, value: &'static str| {
        let wanted = BTreeMap::from([(key.into(), (Bytes::from(value), op))]);
        b.write("m", [Op::OmapCmp(wanted)])
    };
    assert_eq!(["a", "b", "c"].map(|v| cmp("k", CmpOp::Gt, v)), [0, no, no]);
    assert_eq!(["a", "b", "c"].map(|v| cmp("k", CmpOp::Lt, v)), [no, no, 0]);
    assert_eq!(cmp("none", CmpOp::Eq, ""), 0);
    assert_eq!(cmp("k", CmpOp::Ne, "x"), -libc::EINVAL);
}

#[test]
fn versions_go_up_also_over_removal() {
    let b = Bench::new();
    let version = |name: &str| b.run(ObjectOp::read(target(name)).then(Op::Stat)).version;
    let op = ObjectOp::write(target("a")).then(write(0, b"1"));
    let first = b.run(op).version;
    assert_eq!((version("a"), first > 0), (first, true));
    let assert_version = |v| b.write("a", [Op::AssertVersion(v), write(0, b"x")]);
    // No object has version 0 (measured on 16.2.15).
    assert_eq!(assert_version(0), -libc::EINVAL);
    if first > 1 {
        assert_eq!(assert_version(first - 1), -libc::ERANGE);
    }
    assert_eq!(assert_version(first + 1), -libc::EOVERFLOW);
    assert_eq!(assert_version(first), 0);
    assert!(version("a") > first);
    assert_eq!(assert_version(first), -libc::ERANGE);
    let last = b.run(ObjectOp::write(target("a")).then(Op::Remove)).version;
    assert!(last > first + 1);
    b.write("a", [write(0, b"1")]);
    assert!(version("a") > last);
}

#[test]
fn xattrs() {
    let b = Bench::new();
    let set = |name: &[u8], value: &'static [u8]| {
        b.write("x", [Op::SetXattr { name: name.to_vec().into(), value: value.into() }])
    };
    assert_eq!(set(b"k2", b"v2"), 0);
    assert_eq!(set(b"k1", b""), 0);
    assert_eq!(set(b"", b"empty"), 0);
    assert_eq!(set(&[b'n'; 100], b"x"), 0);
    assert_eq!(set(&[b'n'; 101], b"x"), -libc::ENAMETOOLONG);
    assert_eq!(b.write("x", [Op::RmXattr(vec![b'n'; 100].into())]), 0);
    assert_eq!(b.write("x", [Op::RmXattr("none".into())]), 0);
    assert_eq!(b.write("none", [Op::RmXattr("none".into())]), ENOENT);
    let Out::Xattrs(all) = b.run(ObjectOp::read(target("x")).then(Op::GetXattrs)).take(0) else {
        panic!("no xattrs")
    };
    let pair = |k: &'static str, v: &'static str| (Bytes::from(k), Bytes::from(v));
    assert_eq!(all, [pair("", "empty"), pair("k1", ""), pair("k2", "v2")]);
}

#[test]
fn omap() {
    let b = Bench::new();
    assert_eq!(b.write("o", [Op::OmapRmKeys(vec!["q".into()])]), ENOENT);
    let entries = ["a", "b", "ba", "c"].map(|k| (Bytes::from(k), Bytes::from(k.repeat(2))));
    assert_eq!(b.write("o", [Op::OmapSet(entries.to_vec())]), 0);
    let list = |after: &'static str, prefix: &'static str, max| {
        let op = Op::OmapGetVals { start_after: after.into(), prefix: prefix.into(), max };
        let Out::Omap(values) = b.run(ObjectOp::read(target("o")).then(op)).take(0) else {
            panic!("no omap")
        };
        let keys: Vec<_> = values.entries.iter().map(|(k, _)| String::from_utf8_lossy(k)).collect();
        (keys.join(" "), values.more)
    };
    assert_eq!(list("", "", 10), ("a b ba c".into(), false));
    assert_eq!(list("", "", 2), ("a b".into(), true));
    assert_eq!(list("", "", 0), ("".into(), true));
    assert_eq!(list("a", "", 10), ("b ba c".into(), false));
    assert_eq!(list("", "b", 10), ("b ba".into(), false));
    assert_eq!(list("b", "b", 10), ("ba".into(), false));
    assert_eq!(list("a", "b", 1), ("b".into(), true));
    b.write("o", [Op::OmapRmRange { first: "b".into(), last: "c".into() }]);
    assert_eq!(list("", "", 10), ("a c".into(), false));
    b.write("o", [Op::OmapSetHeader("head".into()), Op::OmapRmKeys(vec!["a".into()])]);
    let get = || b.run(ObjectOp::read(target("o")).then(Op::OmapGetHeader)).take_data(0);
    assert_eq!((get(), list("", "", 9).0), ("head".into(), "c".into()));
    b.write("o", [Op::OmapClear]);
    assert_eq!((get(), list("", "", 9).0), (Bytes::new(), String::new()));
}

#[test]
fn checksums() {
    let b = Bench::new();
    b.write("c", [write(0, b"0123456789")]);
    let sum = |kind, width, off, len, chunk| {
        let init = Bytes::from(vec![0xff; width]);
        let op = Op::Checksum { kind, init, off, len, chunk };
        let mut reply = b.run(ObjectOp::read(target("c")).then(op));
        let hex = |data: Bytes| data.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        if reply.result < 0 { reply.result.to_string() } else { hex(reply.take_data(0)) }
    };
    assert_eq!(sum(ChecksumKind::Crc32c, 4, 0, 0, 0), "0100000061f9f3d7");
    assert_eq!(sum(ChecksumKind::Crc32c, 4, 0, 20, 5), "0200000067e25a90279a4a7c");
    assert_eq!(sum(ChecksumKind::XxHash32, 4, 0, 0, 0), "010000004e5ea638");
    assert_eq!(sum(ChecksumKind::XxHash64, 8, 5, 10, 0), "01000000bf33ae7a3e5f82e4");
    assert_eq!(sum(ChecksumKind::XxHash32, 4, 20, 10, 0), "");
    assert_eq!(sum(ChecksumKind::XxHash32, 4, 0, 10, 4), "-22");
    assert_eq!(sum(ChecksumKind::XxHash32, 1, 0, 0, 0), "-22");
}

#[test]
fn writesame_and_limits() {
    let b = Bench::new();
    let same = |off, len, data: &'static [u8]| {
        b.write("w", [Op::WriteSame { off, len, data: data.into() }])
    };
    assert_eq!(same(3, 10, b"ab"), 0);
    assert_eq!(&b.read("w").unwrap()[..], b"\0\0\0ababababab");
    assert_eq!((same(3, 11, b"ab"), same(0, 0, b"ab"), same(0, 10, b"")), (-22, 0, -22));
    assert_eq!(b.write(&"n".repeat(2048), [write(0, b"x")]), 0);
    assert_eq!(b.write(&"n".repeat(2049), [write(0, b"x")]), -libc::ENAMETOOLONG);
    assert_eq!(b.write("w", [write(0, &vec![0; (90 << 20) + 1])]), -libc::EMSGSIZE);
    let nowhere = ObjectOp::write(Target::new(PoolId(77), "x")).then(write(0, b"x"));
    assert_eq!(b.run(nowhere).result, ENOENT);
    let call = |class: &'static str, method: &'static str| {
        b.write("w", [Op::Call { class, method: method.into(), input: Bytes::new() }])
    };
    assert_eq!(call("none", "none"), Errno::EPERM.to_c());
    assert_eq!(call("rbd", "none"), Errno::EOPNOTSUPP.to_c());
    assert_eq!(call("version", "none"), Errno::EOPNOTSUPP.to_c());
}

#[test]
fn a_class_method_works_on_the_object() {
    let b = Bench::new();
    let call = |method: &'static str, write: bool| {
        let op = if write { ObjectOp::write } else { ObjectOp::read };
        let input = Bytes::new();
        b.run(op(target("h")).then(Op::Call { class: "hello", method: method.into(), input }))
    };
    assert_eq!(call("record_hello", true).result, 0);
    let mut reply = call("replay", false);
    assert_eq!((reply.result, reply.take_data(0)), (0, "Hello, world!".into()));
}

#[test]
fn large_objects_cross_slots() {
    let b = Bench::new();
    let data: Vec<u8> = (0..9 << 20).map(|i: u32| (i / 977) as u8).collect();
    assert_eq!(b.write("l", [write(100, &data)]), 0);
    let read = b.read("l").unwrap();
    assert!(read[..100].iter().all(|byte| *byte == 0) && read[100..] == data[..]);
    assert_eq!(b.write("l", [Op::Truncate(5 << 20)]), 0);
    assert_eq!(b.write("l", [Op::Truncate(6 << 20)]), 0);
    let read = b.read("l").unwrap();
    assert!(read[100..5 << 20] == data[..(5 << 20) - 100]);
    assert!(read[5 << 20..].iter().all(|byte| *byte == 0));
    let sparse = Op::SparseRead { off: 0, len: u64::MAX };
    let Out::Extents { extents, .. } = b.run(ObjectOp::read(target("l")).then(sparse)).take(0)
    else {
        panic!("no extents")
    };
    assert_eq!(extents, [(0, 5 << 20)]);
    assert_eq!(b.write("l", [Op::WriteFull(data.clone().into())]), 0);
    assert!(b.read("l").unwrap()[..] == data[..]);
    b.write("l", [Op::Remove]);
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn a_sparse_read_ends_where_the_bytes_do() {
    let b = Bench::new();
    let extents = |len| {
        let sparse = Op::SparseRead { off: 0, len };
        match b.run(ObjectOp::read(target("s")).then(sparse)).take(0) {
            Out::Extents { extents, data } => (extents, data.len()),
            _ => panic!("no extents"),
        }
    };
    b.write("s", [write(0, &[1; 5000]), write(20_480, &[0; 4096]), Op::Truncate(100_000)]);
    assert_eq!(extents(u64::MAX), (vec![(0, 5000), (20_480, 4096)], 9096));
}

/// Operations that are submitted without waiting share transactions; each sees those before it, and
/// one that is refused takes nothing of its neighbours with it.
#[test]
fn operations_in_flight_on_one_object_happen_in_order() {
    let b = Bench::new();
    let (sender, receiver) = mpsc::channel();
    let submit = |number: usize, op: ObjectOp| {
        let sender = sender.clone();
        let done = move |reply: Reply| sender.send((number, reply)).unwrap();
        b.store.execute(&b.caller, op, Box::new(done));
    };
    let mut expected = Vec::new();
    for number in 0..120_usize {
        let text = format!("{number:04}").into_bytes();
        let mut op = ObjectOp::write(target("a"));
        if number % 10 == 3 {
            op = op.then(Op::Create { exclusive: true });
        } else if number % 10 == 7 {
            expected.truncate(expected.len() / 2);
            op = op.then(Op::Truncate(expected.len() as u64));
        } else {
            expected.extend_from_slice(&text);
            op = op.then(Op::Append(text.into()));
        }
        submit(number, op);
    }
    submit(120, ObjectOp::read(target("a")).then(read(0, 0)));
    let mut replies: Vec<(usize, Reply)> = (0..121).map(|_| receiver.recv().unwrap()).collect();
    let order: Vec<usize> = replies.iter().map(|(number, _)| *number).collect();
    assert!(order.is_sorted());
    for (number, reply) in &replies[..120] {
        let wanted = if number % 10 == 3 { -libc::EEXIST } else { 0 };
        assert_eq!(reply.result, wanted, "{number}");
    }
    assert!(replies[120].1.take_data(0) == expected);
    assert!(b.read("a").unwrap() == expected);
    assert_eq!(b.store.check(), Vec::<String>::new());
}
