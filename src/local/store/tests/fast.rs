//! Reads and writes without the database.

use std::collections::{HashMap, VecDeque};

use super::*;
use crate::local::classes;
use crate::local::store::KnownObject;
use crate::local::store::execute::Job;
use crate::local::store::fast::Fast;
use crate::local::store::shared::Shared;
use crate::model::{Durability, Out, placement};

/// Whether the fast path does an operation.
fn is_fast(b: &Bench, op: ObjectOp) -> bool {
    let position = placement::position(&op.target);
    let stripe = Shared::stripe(position);
    let writes = op.is_write();
    let caller: Arc<classes::Caller> = Arc::clone(&b.caller);
    let mut job = Job { caller, op, done: Box::new(drop), position, stripe, writes };
    matches!(b.store.try_fast(&mut job, true), Fast::Done(reply) if reply.result == 0)
}

fn lazy(name: &str, snaps: &[u64], step: Op) -> ObjectOp {
    let seq = snaps.first().copied().unwrap_or(0);
    let context = SnapContext { seq, snaps: snaps.iter().copied().collect() };
    let mut op = ObjectOp::write_under(target(name), Arc::new(context)).then(step);
    op.durability = Durability::OnFlush;
    op
}

#[test]
fn only_the_first_write_of_a_slot_needs_the_database() {
    let b = Bench::new();
    assert!(!is_fast(&b, lazy("a", &[], write(0, b"x"))));
    b.write_lazily("a", &[], vec![write(0, b"x")]);
    assert!(is_fast(&b, lazy("a", &[], write(8000, &[7; 5000]))));
    assert!(is_fast(&b, ObjectOp::read(target("a")).then(read(0, 0))));
    let data = b.read("a").unwrap();
    assert_eq!((data.len(), data[0], &data[1..8000]), (13000, b'x', &[0; 7999][..]));
    assert_eq!(data[8000..], [7; 5000]);
    // After a snapshot the first write lays a new slot on top.
    assert!(!is_fast(&b, lazy("a", &[3], write(0, b"y"))));
    b.write_lazily("a", &[3], vec![write(0, b"y")]);
    assert!(is_fast(&b, lazy("a", &[3], write(9000, &[8; 10]))));
    assert!(is_fast(&b, ObjectOp::read_at(target("a"), SnapId(3)).then(read(0, 0))));
    assert_eq!(b.read_at("a", SnapId(3)).unwrap(), data);
    let head = b.read("a").unwrap();
    assert!(head[8000..9000] == [7; 1000] && head[9000..9010] == [8; 10] && head[9010] == 7);
    let list = ObjectOp::read_at(target("a"), SnapId::DIR).then(Op::ListSnaps);
    let Out::Snaps(set) = b.run(list).take(0) else { panic!("no snapshots") };
    assert_eq!(set.clones[0].overlap, [(1, 8191), (12288, 712)]);
    b.store.flush().unwrap();
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn a_slot_is_zeroed_and_compared_without_the_database() {
    let b = Bench::new();
    let mut expected = vec![1; 10 * 4096];
    let seen = |expected: &[u8]| assert!(b.read("a").unwrap()[..] == *expected);
    let zero = |off, len| Op::Zero { off, len };
    b.write_lazily("a", &[], vec![write(0, &expected)]);
    assert!(is_fast(&b, lazy("a", &[], zero(5000, 10_000))));
    expected[5000..15_000].fill(0);
    seen(&expected);
    // One up to the end changes the size.
    assert!(!is_fast(&b, lazy("a", &[], zero(5000, 40_000))));
    let same = |len| Op::WriteSame { off: 4097, len, data: vec![7, 8].into() };
    assert!(is_fast(&b, lazy("a", &[], same(4000))));
    expected[4097..8097].as_chunks_mut().0.fill([7, 8]);
    seen(&expected);
    let swap = |wanted: &[u8]| {
        lazy("a", &[], Op::CmpExt { off: 4095, data: wanted.to_vec().into() }).then(write(0, b"x"))
    };
    assert!(!is_fast(&b, swap(&[1, 1, 7, 7])));
    assert_eq!(b.run(swap(&[1, 1, 7, 7])).result, -4095 - 3);
    seen(&expected);
    assert!(is_fast(&b, swap(&[1, 1, 7, 8])));
    expected[0] = b'x';
    seen(&expected);
    // What lies below does not come back, and stays what it is.
    b.write_lazily("a", &[3], vec![write(0, b"y")]);
    let below = std::mem::replace(&mut expected[0], b'y');
    assert!(is_fast(&b, lazy("a", &[3], zero(16_384, 8192))));
    let at_snap = expected.clone();
    expected[16_384..24_576].fill(0);
    seen(&expected);
    b.store.flush().unwrap();
    seen(&expected);
    let found = b.read_at("a", SnapId(3)).unwrap();
    assert!(found[0] == below && found[1..] == at_snap[1..]);
    // A slot without data goes back.
    b.write_lazily("b", &[], vec![write(0, &[1; 4096]), Op::Truncate(9000)]);
    assert!(!is_fast(&b, lazy("b", &[], zero(0, 4096))));
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn versions_and_sizes_go_on_over_both_paths() {
    let b = Bench::new();
    let mut last = 0;
    for round in 0..20_u64 {
        let step = vec![write(round * 1000, &[round as u8 + 1; 1000])];
        let reply = match round % 4 {
            3 => b.run(step.into_iter().fold(ObjectOp::write(target("a")), ObjectOp::then)),
            _ => b.write_lazily("a", &[], step),
        };
        assert!(reply.result == 0 && reply.version == last + 1, "{round} {}", reply.version);
        last = reply.version;
        let seen = b.run(ObjectOp::read(target("a")).then(Op::Stat));
        assert_eq!(seen.version, last);
        assert_eq!(b.read("a").unwrap().len() as u64, (round + 1) * 1000);
        if round % 5 == 0 {
            b.store.flush().unwrap();
        }
    }
    for (at, byte) in b.read("a").unwrap().iter().enumerate() {
        assert_eq!(*byte as usize, at / 1000 + 1);
    }
    assert_eq!(b.store.check(), Vec::<String>::new());
}

/// A random mixture of everything that touches data, against a model in memory.
#[test]
fn any_mixture_reads_as_a_plain_array() {
    let b = Bench::new();
    let mut state = 1_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    let mut head: Vec<u8> = Vec::new();
    let mut kept: HashMap<u64, Vec<u8>> = HashMap::new();
    let mut snaps: Vec<u64> = Vec::new();
    let mut newest = 0;
    // Remembered now and then; each tells what is there now, or nothing.
    let mut known: VecDeque<(SnapId, KnownObject)> = VecDeque::new();
    let mut told = 0;
    b.write("o", [Op::Create { exclusive: true }]);
    for round in 0..600_u64 {
        let off = random(5 << 20);
        let len = if random(10) == 0 { random(300_000) } else { random(9000) } + 1;
        let byte = (round % 255) as u8 + 1;
        let end = (off + len) as usize;
        let durable = random(3) == 0;
        let step = match random(12) {
            0 if !snaps.is_empty() && random(3) == 0 => {
                let gone = snaps.remove(random(snaps.len() as u64) as usize);
                kept.remove(&gone);
                let insert = "INSERT INTO removed_snap (pool, snap) VALUES (1, ?1)";
                b.store.db().write(|tx| Ok(tx.execute(insert, [gone as i64])?)).unwrap();
                b.store.trim_snap(POOL, SnapId(gone)).unwrap();
                continue;
            }
            0 => {
                newest = round + 1;
                snaps.insert(0, newest);
                kept.insert(newest, head.clone());
                continue;
            }
            1 => {
                head.resize(off as usize, 0);
                Op::Truncate(off)
            }
            2 => {
                let (from, to) = ((off as usize).min(head.len()), end.min(head.len()));
                head[from..to].fill(0);
                // A zero up to the end cuts off.
                if end >= head.len() {
                    head.truncate(from);
                }
                Op::Zero { off, len }
            }
            3 if random(4) == 0 => {
                head = vec![byte; len as usize];
                Op::WriteFull(head.clone().into())
            }
            4 if random(8) == 0 && !snaps.is_empty() => {
                let back = snaps[random(snaps.len() as u64) as usize];
                head = kept[&back].clone();
                Op::Rollback(SnapId(back))
            }
            5 => {
                b.store.flush().unwrap();
                continue;
            }
            _ => {
                if head.len() < end {
                    head.resize(end, 0);
                }
                head[off as usize..end].fill(byte);
                write(off, &vec![byte; len as usize])
            }
        };
        let context = SnapContext { seq: newest, snaps: snaps.iter().copied().collect() };
        let mut op = ObjectOp::write_under(target("o"), Arc::new(context)).then(step);
        op.durability = if durable { Durability::OnAck } else { Durability::OnFlush };
        assert_eq!(b.run(op).result, 0, "round {round}");
        let mut read = vec![0xff; (6 << 20) - off as usize];
        for (snap, object) in &known {
            let Some(now) = kept.get(&snap.0).or((*snap == SnapId::HEAD).then_some(&head)) else {
                continue;
            };
            if let Some(len) = b.store.read_known(object, off, &mut read) {
                assert!(read[..len] == now[now.len().min(off as usize)..], "round {round}, {snap}");
                told += 1;
            }
        }
        if round % 3 == 0 {
            let of = |snap| b.store.known(&target("o"), snap).map(|object| (snap, object));
            let seen = snaps.iter().map(|snap| SnapId(*snap)).chain([SnapId::HEAD]);
            known.extend(seen.filter_map(of));
            known.drain(..known.len().saturating_sub(12));
        }
        if round % 10 == 0 {
            assert!(b.read("o").unwrap()[..] == head[..], "round {round}");
            for (snap, data) in &kept {
                let read = b.read_at("o", SnapId(*snap));
                assert!(read.unwrap()[..] == data[..], "round {round}, snapshot {snap}");
            }
        }
    }
    assert!(told > 50, "{told} reads of what was remembered");
    b.store.flush().unwrap();
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn discarded_blocks_give_their_space_back() {
    use std::os::unix::fs::MetadataExt;
    let b = Bench::new();
    let allocated = || std::fs::metadata(b.dir.path().join("data/0000")).unwrap().blocks() * 512;
    b.write_lazily("a", &[], vec![write(0, &[1; 1 << 20])]);
    b.store.flush().unwrap();
    assert!(allocated() >= 1 << 20);
    b.write_lazily("a", &[], vec![Op::Zero { off: 4096, len: 900 << 10 }]);
    // Written again before it is punched: stays.
    b.write_lazily("a", &[], vec![write(40960, &[2; 4096])]);
    b.store.flush().unwrap();
    assert!(allocated() <= 200 << 10, "{}", allocated());
    let data = b.read("a").unwrap();
    assert!(data[..4096] == [1; 4096] && data[4096..40960] == [0; 36864]);
    assert!(data[40960..45056] == [2; 4096] && data[(900 << 10) + 4096..] == [1; 122_880]);
}

/// The slot of an object's first 4 MiB.
fn slot_of(store: &Store, name: &str) -> u64 {
    let find = "SELECT l.slot FROM object o JOIN layer l ON l.body = o.head WHERE o.name = ?1";
    let find = |db: &rusqlite::Connection| Ok(db.query_row(find, [name.as_bytes()], |r| r.get(0))?);
    store.db().read::<i64>(find).unwrap().cast_unsigned()
}

/// What one object's discard left to be punched was punched even when the slot had become another
/// object's, under the lock of the first: blocks that were just being written were lost.
#[test]
fn discarded_blocks_of_a_slot_that_changed_hands_are_left_alone() {
    let b = Bench::new();
    let other = Store::open(b.dir.path()).unwrap();
    b.write("a", [write(0, &[1; 5 * 4096])]);
    let slot = slot_of(&b.store, "a");
    b.write("a", [Op::Zero { off: 4096, len: 4096 }]);
    b.write("a", [Op::Remove]);
    // Another process flushes, so the slot is free for it.
    other.flush().unwrap();
    run(&other, &caller(), ObjectOp::write(target("b")).then(write(0, &[2; 4096])));
    assert_eq!(slot_of(&other, "b"), slot);
    // It is in the middle of a write: the bytes are there, nothing says so yet.
    other.slots.write(slot, 4096, &[3; 4096]).unwrap();
    b.store.flush().unwrap();
    let mut found = [0; 4096];
    other.slots.read(slot, 4096, &mut found, false).unwrap();
    assert!(found == [3; 4096]);
}
