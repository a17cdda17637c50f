//! Operations of several steps: what a step sees of those before it, what it is told, and what of
//! it all makes a version. Found and checked on 16.2.15 by `src/tests/differential`.

use bytes::Bytes;

use super::*;
use crate::model::{
    ChecksumKind, CmpOp, CmpValue, OmapValues, OpFlags, Out, ReqFlags, SnapSet, Step,
};

const ENOENT: i32 = -libc::ENOENT;
const ENODATA: i32 = -libc::ENODATA;
const EINVAL: i32 = -libc::EINVAL;

impl Bench {
    /// Runs writing steps under the snapshots given, newest first; outputs come back as for
    /// `LIBRADOS_OPERATION_RETURNVEC`.
    fn play(&self, name: &str, snaps: &[u64], steps: impl IntoIterator<Item = Op>) -> Reply {
        self.play_flagged(name, snaps, ReqFlags::RETURNVEC, OpFlags::empty(), steps)
    }

    fn play_flagged(
        &self,
        name: &str,
        snaps: &[u64],
        flags: ReqFlags,
        each: OpFlags,
        steps: impl IntoIterator<Item = Op>,
    ) -> Reply {
        let seq = snaps.first().copied().unwrap_or(0);
        let context = SnapContext { seq, snaps: snaps.iter().copied().collect() };
        let mut op = ObjectOp::write_under(target(name), Arc::new(context));
        op.flags = flags;
        self.run(steps.into_iter().fold(op, |op, step| op.then(Step { op: step, flags: each })))
    }

    fn version(&self, name: &str) -> u64 {
        self.run(ObjectOp::read(target(name)).then(Op::Stat)).version
    }
}

fn results(reply: &Reply) -> Vec<i32> {
    reply.steps.iter().map(|step| step.result).collect()
}

fn set(name: &'static str, value: &'static str) -> Op {
    Op::SetXattr { name: name.into(), value: value.into() }
}

fn omap(keys: &[&'static str]) -> Op {
    Op::OmapSet(keys.iter().map(|key| (Bytes::from(*key), Bytes::from(*key))).collect())
}

fn range(first: &'static str, last: &'static str) -> Op {
    Op::OmapRmRange { first: first.into(), last: last.into() }
}

fn list() -> Op {
    Op::OmapGetVals { start_after: Bytes::new(), prefix: Bytes::new(), max: 100 }
}

fn same_xattr(name: &'static str, value: &'static str) -> Op {
    let value = CmpValue::Bytes(value.into());
    Op::CmpXattr { name: name.into(), op: CmpOp::Eq, value }
}

fn sum(off: u64, len: u64, chunk: u64) -> Op {
    let init = Bytes::from_static(&[0xff; 4]);
    Op::Checksum { kind: ChecksumKind::Crc32c, init, off, len, chunk }
}

fn keys(out: Out) -> String {
    let Out::Omap(OmapValues { entries, .. }) = out else { panic!("no omap") };
    let keys: Vec<_> = entries.iter().map(|(key, _)| String::from_utf8_lossy(key)).collect();
    keys.join(" ")
}

fn omap_of(b: &Bench, name: &str) -> String {
    keys(b.run(ObjectOp::read(target(name)).then(list())).take(0))
}

#[test]
fn a_rollback_goes_by_the_snapshots_from_before_the_operation() {
    let b = Bench::new();
    b.write("a", [write(0, b"old")]);
    // The operation's own clone is not what snapshot 5 has yet: the head is.
    assert_eq!(b.play("a", &[5], [write(0, b"new"), Op::Rollback(SnapId(5))]).result, 0);
    assert_eq!(
        (b.read("a").unwrap(), b.read_at("a", SnapId(5)).unwrap()),
        ("new".into(), "old".into())
    );
    // Now it is the clone.
    assert_eq!(b.play("a", &[5], [write(0, b"x"), Op::Rollback(SnapId(5))]).result, 0);
    assert_eq!(b.read("a").unwrap(), "old");
    // There was no object.
    assert_eq!(b.play("b", &[5], [write(0, b"new"), Op::Rollback(SnapId(5))]).result, 0);
    assert_eq!(b.read("b"), Err(ENOENT));
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn what_is_watched_is_not_rolled_back_to_nothing() {
    let b = Bench::new();
    b.write_under("new", 5, &[5], [write(0, b"new")]);
    let watch = "INSERT INTO watch SELECT id, 4100, 7, 'a', 30 FROM object";
    b.store.db().write(|tx| Ok(tx.execute(watch, [])?)).unwrap();
    let rollback = || b.write_under("new", 5, &[5], [Op::Rollback(SnapId(5))]);
    assert_eq!((rollback(), b.read("new").unwrap()), (-libc::EBUSY, "new".into()));
    b.store.db().write(|tx| Ok(tx.execute("DELETE FROM watch", [])?)).unwrap();
    assert_eq!((rollback(), b.read("new")), (0, Err(ENOENT)));
    assert_eq!(rollback(), 0);
}

#[test]
fn the_result_of_a_comparison_is_carried_on() {
    let b = Bench::new();
    b.write("a", [write(0, b"0123"), set("k", "v")]);
    let after = |step| {
        let op = ObjectOp::read(target("a")).then(same_xattr("k", "v")).then(step).then(Op::Stat);
        let reply = b.run(op);
        (results(&reply), reply.result)
    };
    let carried = (vec![1, 1, 1], 1);
    assert_eq!(after(Op::Stat), carried);
    assert_eq!(after(Op::OmapGetHeader), carried);
    assert_eq!(after(list()), carried);
    assert_eq!(after(Op::OmapGetValsByKeys(vec!["k".into()])), carried);
    let reset = (vec![1, 0, 0], 0);
    assert_eq!(after(read(0, 2)), reset);
    assert_eq!(after(Op::GetXattrs), reset);
    assert_eq!(after(sum(0, 4, 0)), reset);
    let zero = |off| b.play("a", &[], [same_xattr("k", "v"), Op::Zero { off, len: 1 }]);
    // Behind the end there is nothing to do, and so nobody says that it was done.
    assert_eq!((results(&zero(9)), results(&zero(1))), (vec![1, 1], vec![1, 0]));
}

#[test]
fn checksums_of_chunks_want_whole_ones() {
    let b = Bench::new();
    b.write("c", [write(0, b"0123456789")]);
    let sums = |off, len, chunk| {
        let mut reply = b.run(ObjectOp::read(target("c")).then(sum(off, len, chunk)));
        if reply.result < 0 { Err(reply.result) } else { Ok(reply.take_data(0).len()) }
    };
    assert_eq!([sums(0, 0, 0), sums(0, 10, 5), sums(5, 10, 5)], [Ok(8), Ok(12), Ok(8)]);
    // No length, a cut-off chunk, one that the object's end cuts off.
    assert_eq!([sums(0, 0, 5), sums(0, 10, 3), sums(0, 12, 4)], [Err(EINVAL); 3]);
    // Behind the end not even that there are none is said.
    assert_eq!([sums(10, 1, 1), sums(99, 5, 0)], [Ok(0); 2]);

    // Data that the operation added is not there yet.
    let longer = |each| {
        let flags = ReqFlags::RETURNVEC;
        results(&b.play_flagged("c", &[], flags, each, [write(10, b"ab"), sum(0, 12, 0)]))
    };
    assert_eq!(longer(OpFlags::empty()), [0, EINVAL]);
    let new = |each| {
        let flags = ReqFlags::RETURNVEC;
        results(&b.play_flagged("new", &[], flags, each, [write(0, b"abcd"), sum(0, 4, 0)]))
    };
    assert_eq!(new(OpFlags::empty()), [0, ENOENT]);
    assert_eq!(new(OpFlags::FAILOK), [0, EINVAL]);
}

#[test]
fn a_range_does_not_find_omap_of_the_same_operation() {
    let b = Bench::new();
    let after = |steps: Vec<Op>| {
        b.write("m", [Op::Create { exclusive: false }]);
        b.write("m", [Op::Remove]);
        b.write("m", [omap(&["a", "b", "c"])]);
        assert_eq!(b.write("m", steps), 0);
        omap_of(&b, "m")
    };
    assert_eq!(after(vec![omap(&["b", "d"]), range("a", "z")]), "d");
    assert_eq!(after(vec![Op::OmapClear, omap(&["b", "d"]), range("a", "z")]), "d");
    assert_eq!(after(vec![Op::Remove, omap(&["b", "d"]), range("a", "z")]), "b d");
    assert_eq!(b.write("new", [omap(&["b", "d"]), range("a", "z")]), 0);
    assert_eq!(omap_of(&b, "new"), "b d");
}

#[test]
fn what_changes_nothing_makes_no_version() {
    let b = Bench::new();
    b.write("v", [write(0, b"0123")]);
    let changes = |steps: Vec<Op>| {
        let before = b.version("v");
        let reply = b.play("v", &[], steps);
        assert!(reply.result >= 0 && reply.version == b.version("v"));
        b.version("v") != before
    };
    assert!(!changes(vec![Op::OmapClear]));
    assert!(!changes(vec![Op::WriteSame {
        off: 9,
        len: 0,
        data: Bytes::from_static(b"ab").into()
    }]));
    assert!(!changes(vec![Op::Zero { off: 100, len: 5 }]));
    assert!(changes(vec![omap(&["k"])]));
    assert!(changes(vec![Op::OmapClear]));
    assert!(changes(vec![Op::Truncate(4)]));
    assert!(changes(vec![Op::WriteFull(Bytes::new().into())]));
    assert!(!changes(vec![Op::WriteFull(Bytes::new().into())]));
    // Nor does it make an object.
    let same = Op::WriteSame { off: 9, len: 0, data: Bytes::from_static(b"ab").into() };
    assert_eq!((b.write("new", [same]), b.read("new")), (0, Err(ENOENT)));
    // Then outputs and results come back unasked, as of a reading operation.
    let steps = || [same_xattr("none", ""), sum(0, 0, 0), Op::Truncate(9)];
    b.write("gone", [write(0, b"x")]);
    assert_eq!(b.write("none", steps()), ENOENT);
    let none = ReqFlags::empty();
    let mut idle = b.play_flagged("v", &[], none, OpFlags::empty(), [sum(0, 0, 0), Op::OmapClear]);
    assert_eq!(idle.take_data(0), "\0\0\0\0");
    let mut busy = b.play_flagged("v", &[], none, OpFlags::empty(), [sum(0, 0, 0), set("k", "v")]);
    assert_eq!(busy.take_data(0), "");
}

#[test]
fn a_removed_object_that_snapshots_remember_had_omap() {
    let b = Bench::new();
    for (name, had) in [("with", true), ("without", false)] {
        b.write(name, if had { vec![omap(&["k"])] } else { vec![write(0, b"1")] });
        b.write_under(name, 5, &[5], [Op::Remove]);
        let made = b.play(name, &[5], [Op::Create { exclusive: true }]).version;
        assert_eq!(b.play(name, &[5], [Op::OmapClear]).version > made, had);
        let cleared = b.version(name);
        assert_eq!(b.play(name, &[5], [Op::OmapClear]).version, cleared);
    }
}

#[test]
fn refused_writes_answer_a_version() {
    let b = Bench::new();
    b.write("a", [write(0, b"1")]);
    let create = |name| b.play(name, &[], [Op::Create { exclusive: true }]);
    assert_eq!(create("a").version, b.version("a"));
    let removed = b.play("a", &[], [Op::Remove]).version;
    let again = b.play("a", &[], [Op::Remove]);
    assert_eq!((again.result, again.version), (ENOENT, removed));
    // Of which snapshots are left.
    b.write("s", [write(0, b"1")]);
    let removed = b.play("s", &[5], [Op::Remove]).version;
    let compared = b.play("s", &[5], [same_xattr("k", "no"), Op::Remove]);
    assert_eq!((compared.result, compared.version), (-libc::ECANCELED, removed));
}

#[test]
fn reading_steps_see_data_from_before_the_operation() {
    let b = Bench::new();
    b.write("s", [write(0, b"0123")]);
    let sparse = |len| Op::SparseRead { off: 1, len };
    let Out::Extents { extents, data } = b.play("s", &[], [write(4, b"45"), sparse(9)]).take(1)
    else {
        panic!("no extents")
    };
    assert_eq!((extents, data), (vec![(1, 3)], "123".into()));
    // Not even how long it is now counts for it, as it does for one that is not sparse.
    let mut reply = b.play("s", &[], [Op::Truncate(2), sparse(9), read(1, 9)]);
    let Out::Extents { data, .. } = reply.take(1) else { panic!("no extents") };
    assert_eq!((data, reply.take_data(2)), ("12345".into(), "1".into()));
    let steps = [Op::Create { exclusive: false }, sparse(0)];
    assert_eq!(results(&b.play("new", &[], steps)), [0, ENOENT]);
}

#[test]
fn reading_steps_of_an_object_that_is_not_there() {
    let b = Bench::new();
    let failok = |name, snaps: &[u64], steps: Vec<Op>| {
        let none = ReqFlags::empty();
        results(&b.play_flagged(name, snaps, none, OpFlags::FAILOK, steps))
    };
    let omap_reads = || vec![Op::OmapGetHeader, list(), Op::OmapGetValsByKeys(vec!["k".into()])];
    let mut steps = omap_reads();
    steps.extend([Op::GetXattrs, Op::GetXattr("k".into()), Op::Truncate(0)]);
    assert_eq!(failok("new", &[], steps), [0, 0, 0, ENOENT, ENOENT, 0]);
    // Also of one that the operation has just made.
    assert_eq!(failok("new", &[], vec![set("k", "v"), Op::GetXattrs]), [0, ENOENT]);
    assert_eq!(failok("newer", &[], vec![omap(&["k"]), list()]), [0, ENOENT]);
    // What snapshots remember is an object.
    b.write("old", [write(0, b"1")]);
    b.write_under("old", 5, &[5], [Op::Remove]);
    let steps = vec![Op::GetXattrs, Op::GetXattr("k".into()), Op::Stat, Op::Truncate(0)];
    assert_eq!(failok("old", &[5], steps), [0, ENODATA, ENOENT, 0]);
}

#[test]
fn a_removed_objects_omap_is_seen_until_the_operation_ends() {
    let b = Bench::new();
    b.write("m", [omap(&["a", "b"]), Op::OmapSetHeader("head".into())]);
    let mut reply = b.play("m", &[], [Op::Remove, list(), Op::OmapGetHeader]);
    assert_eq!((keys(reply.take(1)), reply.take_data(2)), ("a b".into(), "head".into()));
    assert_eq!(b.read("m"), Err(ENOENT));
}

#[test]
fn versions_are_compared_with_that_from_before_the_operation() {
    let b = Bench::new();
    b.write("a", [write(0, b"1")]);
    let version = b.version("a");
    assert_eq!(b.write("a", [Op::Remove, Op::AssertVersion(version + 1)]), -libc::EOVERFLOW);
    assert_eq!(b.write("a", [Op::Remove, Op::AssertVersion(version)]), 0);
    assert_eq!(b.write("none", [Op::AssertVersion(1), write(0, b"x")]), -libc::EOVERFLOW);
}

#[test]
fn an_object_made_and_removed_at_once() {
    let b = Bench::new();
    let seq = |name: &str| -> Result<u64, i32> {
        let mut reply = b.run(ObjectOp::read_at(target(name), SnapId::DIR).then(Op::ListSnaps));
        match reply.take(0) {
            Out::Snaps(SnapSet { seq, clones }) => Ok(seq).inspect(|_| assert!(clones.is_empty())),
            _ => Err(reply.result),
        }
    };
    let once = |snaps: &[u64]| b.play("a", snaps, [write(0, b"1"), Op::Remove]);
    // Nothing has happened.
    assert_eq!((once(&[]).version, seq("a")), (0, Err(ENOENT)));
    // A snapshot that it was not there for is remembered, until it is removed under no newer one.
    let made = once(&[5]);
    assert!(made.version > 0);
    assert_eq!(
        (seq("a"), b.read("a"), b.read_at("a", SnapId(5))),
        (Ok(5), Err(ENOENT), Err(ENOENT))
    );
    assert_eq!(b.store.check(), Vec::<String>::new());
    assert_eq!((b.write_under("a", 6, &[6, 5], [Op::Remove]), seq("a")), (ENOENT, Ok(5)));
    assert_eq!((b.write_under("a", 5, &[5], [Op::Remove]), seq("a")), (0, Err(ENOENT)));
    assert_eq!(b.write_under("a", 5, &[5], [Op::Remove]), ENOENT);
    b.write("a", [write(0, b"1")]);
    assert!(b.version("a") > made.version);
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn outputs_of_a_write_are_short() {
    let b = Bench::new();
    let hello = |len: usize| {
        let input = Bytes::from(vec![b'y'; len]);
        let call = Op::Call { class: "hello", method: "say_hello".into(), input };
        b.play("a", &[], [Op::Append(Bytes::from_static(b"x").into()), call])
    };
    // "Hello, " and "!".
    assert_eq!((hello(56).result, b.read("a").unwrap()), (0, "x".into()));
    let long = hello(57);
    assert_eq!((long.result, results(&long)), (-libc::EOVERFLOW, vec![0, -libc::EOVERFLOW]));
    assert_eq!(long.version, 0);
    assert_eq!(b.read("a").unwrap(), "x");
}

#[test]
fn zeros_end_where_an_object_may() {
    let b = Bench::new();
    b.write("z", [write(0, b"0123")]);
    let max = 128 << 20;
    let zero = |off, len| b.write("z", [Op::Zero { off, len }]);
    assert_eq!(
        (zero(2, max), zero(max, 1), zero(9, max + 1)),
        (-libc::EFBIG, -libc::EFBIG, -libc::EFBIG)
    );
    assert_eq!((zero(9, max), b.read("z").unwrap()), (0, "0123".into()));
}
