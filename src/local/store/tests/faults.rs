//! A failing disk: every call fails once, in turn; the caller gets an error, the store stays sound.

use super::*;
use crate::local::disk::Fault;

/// An operation and what object "a" and its snapshot are when it succeeded.
struct Action {
    op: fn(&Bench) -> i32,
    head: Option<Vec<u8>>,
}

fn filled(parts: &[(usize, u8)]) -> Option<Vec<u8>> {
    Some(parts.iter().flat_map(|(len, byte)| vec![*byte; *len]).collect())
}

fn flush(b: &Bench) -> i32 {
    b.store.flush().map_or_else(|error| error.to_c(), |()| 0)
}

/// Operations one after the other, each of which may fail.
fn script() -> Vec<Action> {
    let action = |op: fn(&Bench) -> i32, head| Action { op, head };
    vec![
        action(|b| b.write("a", [write(0, &[1; 8192])]), filled(&[(8192, 1)])),
        action(|b| b.write("a", [write(0, &[2; 4096])]), filled(&[(4096, 2), (4096, 1)])),
        action(
            |b| b.write_lazily("a", &[], vec![write(8192, &[3; 4096])]).result,
            filled(&[(4096, 2), (4096, 1), (4096, 3)]),
        ),
        action(flush, filled(&[(4096, 2), (4096, 1), (4096, 3)])),
        action(
            |b| b.write_under("a", 1, &[1], [write(4096, &[4; 4096])]),
            filled(&[(4096, 2), (4096, 4), (4096, 3)]),
        ),
        action(
            |b| b.write_under("a", 1, &[1], [Op::Truncate(6144)]),
            filled(&[(4096, 2), (2048, 4)]),
        ),
        action(
            |b| b.write_under("a", 1, &[1], [Op::WriteFull(vec![5; 500_000].into())]),
            filled(&[(500_000, 5)]),
        ),
        action(flush, filled(&[(500_000, 5)])),
        action(|b| b.write_under("a", 1, &[1], [Op::Remove]), None),
    ]
}

/// Whether the object is what one of these say.
fn is_one_of(b: &Bench, allowed: &[&Option<Vec<u8>>]) -> bool {
    let read = b.read("a").ok().map(|data| data.to_vec());
    allowed.contains(&&read)
}

fn run_with(fault: Fault) -> bool {
    let disk = FaultyDisk::default();
    let b = Bench::on(&disk);
    disk.set_fault(Some(fault));
    let script = script();
    let mut before: Option<Vec<u8>> = None;
    for (step, action) in script.iter().enumerate() {
        let result = (action.op)(&b);
        if result < 0 {
            let context = format!("{fault:?}, step {step}: {result}");
            assert!(disk.was_hit(), "{context}");
            assert!(result == -fault.errno || result == -libc::EIO, "{context}");
            disk.set_fault(None);
            assert!(is_one_of(&b, &[&before]), "{context}: not what it was before");
            assert_eq!(b.store.check(), Vec::<String>::new(), "{context}");
            return true;
        }
        before.clone_from(&action.head);
        if !disk.was_hit() {
            assert!(is_one_of(&b, &[&action.head]), "{fault:?}, step {step}");
        }
    }
    let hit = disk.was_hit();
    disk.set_fault(None);
    assert!(is_one_of(&b, &[&None]) && b.store.check().is_empty(), "{fault:?}");
    hit
}

#[test]
fn a_call_that_fails_is_an_error_and_harms_nothing() {
    for errno in [libc::EIO, libc::ENOSPC] {
        for for_ever in [false, true] {
            let mut after = 0;
            while run_with(Fault { after, errno, for_ever }) {
                after += 1;
            }
            assert!(after >= 8, "{after} calls");
        }
    }
}

#[test]
fn short_writes_are_continued() {
    let disk = FaultyDisk::default();
    disk.set_write_max(1000);
    let b = Bench::on(&disk);
    for action in script() {
        assert_eq!((action.op)(&b), 0);
        assert!(is_one_of(&b, &[&action.head]));
    }
}

#[test]
fn after_a_failed_sync_nothing_is_called_durable() {
    let disk = FaultyDisk::default();
    let b = Bench::on(&disk);
    b.write_lazily("a", &[], vec![write(0, &[1; 4096])]);
    disk.set_fault(Some(Fault { after: 0, errno: libc::EIO, for_ever: false }));
    assert_eq!(flush(&b), -libc::EIO);
    assert_eq!(flush(&b), -libc::EIO);
    // A write that is to be durable waits for a flush, whose failure is its own.
    let mut op = ObjectOp::write(target("a")).then(write(0, &[2; 4096]));
    op.durability = Durability::InPlace;
    assert_eq!(b.run(op).result, -libc::EIO);
}
