//! Snapshots of objects.

use super::*;
use crate::model::{Out, SnapSet};

const ENOENT: i32 = -libc::ENOENT;

fn snaps(b: &Bench, name: &str) -> SnapSet {
    match b.run(ObjectOp::read_at(target(name), SnapId::DIR).then(Op::ListSnaps)).take(0) {
        Out::Snaps(set) => set,
        _ => panic!("no snapshots"),
    }
}

#[test]
fn a_snapshot_keeps_what_was() {
    let b = Bench::new();
    b.write("a", [write(0, &[1; 10000]), Op::SetXattr { name: "k".into(), value: "1".into() }]);
    assert_eq!(b.write_under("a", 5, &[5], [write(5000, &[2; 10])]), 0);
    assert_eq!(b.read_at("a", SnapId(5)).unwrap()[..], [1; 10000]);
    let head = b.read("a").unwrap();
    assert!(head[5000..5010] == [2; 10] && head[..5000] == [1; 5000] && head[5010..] == [1; 4990]);
    b.write_under("a", 5, &[5], [Op::Truncate(4000)]);
    b.write_under("a", 5, &[5], [Op::Truncate(9000)]);
    assert_eq!(b.read("a").unwrap()[4000..], [0; 5000]);
    assert_eq!(b.read_at("a", SnapId(5)).unwrap()[..], [1; 10000]);
    b.write_under("a", 5, &[5], [Op::SetXattr { name: "k".into(), value: "2".into() }]);
    let get = |snap| {
        b.run(ObjectOp::read_at(target("a"), snap).then(Op::GetXattr("k".into()))).take_data(0)
    };
    assert_eq!((get(SnapId(5)), get(SnapId::HEAD)), ("1".into(), "2".into()));
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn clones_serve_the_snapshots_between_writes() {
    let b = Bench::new();
    b.write("a", [write(0, b"zero")]);
    b.write_under("a", 4, &[4, 3], [write(0, b"four")]);
    b.write_under("a", 8, &[8, 6, 4, 3], [write(0, b"eight")]);
    let at = |snap| b.read_at("a", SnapId(snap));
    assert_eq!(at(3).unwrap(), "zero");
    assert_eq!(at(4).unwrap(), "zero");
    // Snapshot 2 is older than what the clone serves.
    assert_eq!(at(2), Err(ENOENT));
    assert_eq!(at(6).unwrap(), "four");
    assert_eq!(at(8).unwrap(), "four");
    assert_eq!(at(9).unwrap(), "eight");
    let set = snaps(&b, "a");
    let clones: Vec<_> = set.clones.iter().map(|c| (c.id.0, c.snaps.len(), c.size)).collect();
    assert_eq!((set.seq, clones), (8, vec![(4, 2, 4), (8, 2, 4), (SnapId::HEAD.0, 0, 5)]));
    // A stale context clones nothing, and with ORDERSNAP is refused.
    assert_eq!(b.write_under("a", 6, &[6, 4, 3], [write(0, b"later")]), 0);
    assert_eq!(snaps(&b, "a").clones.len(), 3);
    let context = SnapContext { seq: 6, snaps: [6].into_iter().collect() };
    let mut op = ObjectOp::write_under(target("a"), Arc::new(context)).then(write(0, b"no"));
    op.flags = crate::model::ReqFlags::ORDERSNAP;
    assert_eq!(b.run(op).result, -85);
}

#[test]
fn a_removed_head_leaves_its_clones() {
    let b = Bench::new();
    b.write("a", [write(0, b"old")]);
    assert_eq!(b.write_under("a", 2, &[2], [Op::Remove]), 0);
    assert_eq!((b.read("a"), b.read_at("a", SnapId(2)).unwrap()), (Err(ENOENT), "old".into()));
    assert_eq!(b.read_at("a", SnapId(3)), Err(ENOENT));
    assert_eq!(snaps(&b, "a").clones.len(), 1);
    assert_eq!(b.write_under("a", 2, &[2], [write(0, b"new")]), 0);
    assert_eq!(snaps(&b, "a").clones.len(), 2);
    assert_eq!(b.read_at("a", SnapId(2)).unwrap(), "old");
    // Made after snapshot 3 was taken: not there at it.
    b.write_under("late", 3, &[3], [write(0, b"x")]);
    b.write_under("late", 4, &[4, 3], [write(0, b"y")]);
    assert_eq!(b.read_at("late", SnapId(3)), Err(ENOENT));
    assert_eq!(b.read_at("late", SnapId(4)).unwrap(), "x");
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn overlap_says_what_the_head_still_shares() {
    let b = Bench::new();
    b.write("a", [write(0, &[1; 8192])]);
    b.write_under("a", 2, &[2], [write(100, &[2; 50])]);
    assert_eq!(snaps(&b, "a").clones[0].overlap, [(0, 100), (150, 8042)]);
    b.write_under("a", 2, &[2], [Op::Truncate(4096)]);
    assert_eq!(snaps(&b, "a").clones[0].overlap, [(0, 100), (150, 3946)]);
    b.write_under("a", 2, &[2], [Op::Zero { off: 0, len: 10 }]);
    assert_eq!(snaps(&b, "a").clones[0].overlap, [(10, 90), (150, 3946)]);
    b.write_under("a", 2, &[2], [Op::Remove]);
    assert_eq!(snaps(&b, "a").clones[0].overlap, []);
}

#[test]
fn rolling_back() {
    let b = Bench::new();
    b.write("a", [write(0, &[1; 9000]), Op::OmapSet(vec![("k".into(), "1".into())])]);
    b.write_under("a", 1, &[1], [write(0, &[2; 20000]), Op::OmapClear]);
    b.write_under("a", 2, &[2, 1], [write(100, &[3; 100])]);
    assert_eq!(b.write_under("a", 2, &[2, 1], [Op::Rollback(SnapId(1))]), 0);
    assert_eq!(b.read("a").unwrap()[..], [1; 9000]);
    b.write_under("a", 2, &[2, 1], [write(1, &[9])]);
    assert_eq!(b.read_at("a", SnapId(1)).unwrap()[..], [1; 9000]);
    assert_eq!(b.read_at("a", SnapId(2)).unwrap()[..], [2; 20000]);
    let get = Op::OmapGetValsByKeys(vec!["k".into()]);
    let Out::Omap(values) = b.run(ObjectOp::read(target("a")).then(get)).take(0) else { panic!() };
    assert_eq!(values.entries.len(), 1);
    // Not there at the snapshot: rolling back removes it, and is content if it is gone already.
    b.write_under("n", 3, &[3, 2, 1], [write(0, b"x")]);
    assert_eq!(b.write_under("n", 3, &[3, 2, 1], [Op::Rollback(SnapId(2))]), 0);
    assert_eq!(b.read("n"), Err(ENOENT));
    assert_eq!(b.write_under("n", 3, &[3, 2, 1], [Op::Rollback(SnapId(2))]), 0);
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn long_chains_are_merged() {
    let b = Bench::new();
    b.write("a", [write(0, &[1; 100 * 4096])]);
    for snap in 1..=30_u64 {
        let snaps: Vec<u64> = (1..=snap).rev().collect();
        assert_eq!(
            b.write_under("a", snap, &snaps, [write(snap * 4096 + 10, &[snap as u8; 9])]),
            0
        );
    }
    let deepest = "SELECT max(depth) FROM layer";
    let depth: i64 =
        b.store.db().read(|db| Ok(db.query_row(deepest, [], |row| row.get(0))?)).unwrap();
    assert!(depth < 9, "{depth}");
    for snap in 1..=30_u64 {
        let data = b.read_at("a", SnapId(snap)).unwrap();
        for written in 1..=30_u64 {
            let expected = if written < snap { written as u8 } else { 1 };
            assert_eq!(data[written as usize * 4096 + 12], expected, "snap {snap} write {written}");
        }
    }
    assert_eq!(b.store.check(), Vec::<String>::new());
}

#[test]
fn trimming_gives_space_back_and_keeps_the_rest() {
    let b = Bench::new();
    b.write("a", [write(0, &[1; 8192])]);
    b.write_under("a", 2, &[2], [write(0, &[2; 100])]);
    b.write_under("a", 3, &[3, 2], [write(4096, &[3; 50])]);
    b.write_under("a", 4, &[4, 3, 2], [Op::Remove]);
    let trim = |snap: u64| {
        let insert = "INSERT INTO removed_snap (pool, snap) VALUES (1, ?1)";
        b.store.db().write(|tx| Ok(tx.execute(insert, [snap as i64])?)).unwrap();
        b.store.trim_snap(POOL, SnapId(snap)).unwrap();
        assert_eq!(b.store.check(), Vec::<String>::new());
    };
    trim(3);
    assert_eq!(b.read_at("a", SnapId(3)), Err(ENOENT));
    assert_eq!(b.read_at("a", SnapId(2)).unwrap()[..], [1; 8192]);
    let set = snaps(&b, "a");
    assert_eq!(set.clones[0].overlap, [(100, 3996), (4146, 4046)]);
    trim(2);
    assert_eq!(b.read_at("a", SnapId(4)).unwrap()[4096..4146], [3; 50]);
    trim(4);
    let count = |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        b.store.db().read(|db| Ok(db.query_row(&sql, [], |row| row.get(0))?)).unwrap()
    };
    assert_eq!((count("object"), count("body"), count("slot"), count("layer")), (0, 0, 0, 0));
    assert!(count("slot_free WHERE punched = 1") > 0);
    b.write("b", [write(0, &[1; 8192])]);
    b.write_under("b", 9, &[9], [write(0, &[2; 100])]);
    let delete = "DELETE FROM pool";
    b.store.db().write(|tx| Ok(tx.execute(delete, [])?)).unwrap();
    b.store.purge_pool(POOL).unwrap();
    assert_eq!((count("object"), count("body"), count("slot"), count("layer")), (0, 0, 0, 0));
    assert_eq!(b.store.check(), Vec::<String>::new());
}
