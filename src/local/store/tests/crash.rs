//! Processes that are killed: this test binary starts itself as children that write at random,
//! kills them at a random moment, and looks at what they left.
//!
//! Each child has objects of its own, of which it logs every operation before it runs it and again
//! when it is acknowledged; so what the objects hold is known but for the one operation that was
//! under way. All children also write one object together.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;
use crate::model::Out;

const CHILDREN: u64 = 3;
const OBJECTS: u64 = 3;
/// Bytes of an object.
const SIZE: u64 = 96 << 10;
const CHILD_VAR: &str = "OXIRADOS_TEST_CRASH_CHILD";
/// How many stores are tried, with 20 rounds each; some seconds per store.
const SETS_VAR: &str = "OXIRADOS_TEST_CRASH_SETS";
const SETS: u64 = 10;

/// One operation, as logged: kind, object, offset, length, byte, durable.
type Record = [u64; 6];

const WRITE: u64 = 0;
const REMOVE: u64 = 1;
const SNAPSHOT: u64 = 2;
const UNSNAP: u64 = 3;
const FULL: u64 = 4;
const ZERO: u64 = 5;
const FLUSH: u64 = 6;
const ACK: u64 = 99;

/// What a child's objects are.
#[derive(Clone, Default)]
struct Model {
    heads: BTreeMap<u64, Vec<u8>>,
    /// Snapshots, with what the objects were.
    snaps: BTreeMap<u64, BTreeMap<u64, Vec<u8>>>,
    newest: u64,
}

impl Model {
    fn apply(&mut self, [kind, object, off, len, byte, _]: Record) {
        let (off, len, byte) = (off as usize, len as usize, byte as u8);
        match kind {
            WRITE => {
                let data = self.heads.entry(object).or_default();
                data.resize(data.len().max(off + len), 0);
                data[off..off + len].fill(byte);
            }
            FULL => drop(self.heads.insert(object, vec![byte; len])),
            ZERO => {
                if let Some(data) = self.heads.get_mut(&object) {
                    let end = (off + len).min(data.len());
                    if end == data.len() {
                        data.truncate(off);
                    } else if off < end {
                        data[off..end].fill(0);
                    }
                }
            }
            REMOVE => drop(self.heads.remove(&object)),
            SNAPSHOT => {
                self.newest = off as u64;
                self.snaps.insert(self.newest, self.heads.clone());
            }
            UNSNAP => drop(self.snaps.remove(&(off as u64))),
            _ => {}
        }
    }

    fn context(&self) -> Arc<SnapContext> {
        let snaps = self.snaps.keys().rev().copied().collect();
        Arc::new(SnapContext { seq: self.newest, snaps })
    }
}

fn name(child: u64, object: u64) -> String {
    format!("child{child}.{object}")
}

/// Runs one logged operation.
fn perform(store: &Store, child: u64, model: &Model, record: Record) -> i32 {
    let [kind, object, off, len, byte, durable] = record;
    let step = match kind {
        WRITE => write(off, &vec![byte as u8; len as usize]),
        FULL => Op::WriteFull(vec![byte as u8; len as usize].into()),
        ZERO => Op::Zero { off, len },
        REMOVE => Op::Remove,
        UNSNAP => {
            let insert = "INSERT OR IGNORE INTO removed_snap (pool, snap) VALUES (1, ?1)";
            store.db().write(|tx| Ok(tx.execute(insert, [off as i64])?)).unwrap();
            return store.trim_snap(POOL, SnapId(off)).map_or_else(|e| e.to_c(), |()| 0);
        }
        FLUSH => return store.flush().map_or_else(|e| e.to_c(), |()| 0),
        _ => return 0,
    };
    let mut op = ObjectOp::write_under(target(&name(child, object)), model.context()).then(step);
    if durable == 0 {
        op.durability = Durability::OnFlush;
    }
    run(store, &caller(), op).result
}

/// An operation at random. Snapshot numbers of the children are disjoint.
fn invent(random: &mut Random, child: u64, model: &Model) -> Record {
    let object = random.below(OBJECTS);
    let (mut off, mut len) = (random.below(SIZE - 1), 1 + random.below(20000));
    if random.below(2) == 0 {
        (off, len) = (off / 4096 * 4096, 4096);
    }
    len = len.min(SIZE - off);
    let (byte, durable) = (1 + random.below(255), random.below(3));
    match random.below(20) {
        0 => [REMOVE, object, 0, 0, 0, durable],
        1 | 2 => [SNAPSHOT, 0, (model.newest / CHILDREN + 1) * CHILDREN + child, 0, 0, 0],
        3 if !model.snaps.is_empty() => {
            let at = random.below(model.snaps.len() as u64) as usize;
            [UNSNAP, 0, *model.snaps.keys().nth(at).unwrap(), 0, 0, 0]
        }
        4 if model.snaps.len() > 4 => [UNSNAP, 0, *model.snaps.keys().next().unwrap(), 0, 0, 0],
        5 => [FULL, object, 0, len * 4, byte, durable],
        6 => [ZERO, object, off, len, 0, durable],
        7 => [FLUSH, 0, 0, 0, 0, 0],
        _ => [WRITE, object, off, len, byte, durable],
    }
}

fn log(file: &mut File, record: Record) {
    let bytes: Vec<u8> = record.iter().flat_map(|word| word.to_le_bytes()).collect();
    file.write_all(&bytes).unwrap();
}

fn read_log(path: &Path) -> Vec<Record> {
    let mut bytes = Vec::new();
    let _ = File::open(path).and_then(|mut file| file.read_to_end(&mut bytes));
    let word = |chunk: &[u8]| u64::from_le_bytes(chunk.try_into().unwrap());
    let record = |chunk: &[u8]| {
        let mut words = chunk.chunks_exact(8).map(word);
        std::array::from_fn(|_| words.next().unwrap())
    };
    bytes.chunks_exact(48).map(record).collect()
}

/// Both halves of the object that all write must say the same.
fn write_together(store: &Store, value: u64) {
    let value = format!("{value:020}").repeat(800);
    let op = ObjectOp::write(target("together"))
        .then(Op::SetXattr { name: "v".into(), value: value[..20].to_owned().into() })
        .then(Op::WriteFull(value.into_bytes().into()));
    assert_eq!(run(store, &caller(), op).result, 0);
}

fn check_together(store: &Store, context: &str) {
    let op = ObjectOp::read(target("together")).then(Op::GetXattr("v".into())).then(read(0, 0));
    let mut reply = run(store, &caller(), op);
    if reply.result == -libc::ENOENT {
        return;
    }
    let (attr, data) = (reply.take_data(0), reply.take_data(1));
    let whole = data.len() == 16000 && data.chunks_exact(20).all(|chunk| chunk == attr);
    assert!(whole, "{context}: the object all write");
}

/// What a child does: `dir child seed`, with its log so far in `log.<child>`. Does nothing when run
/// as an ordinary test.
#[test]
fn child() {
    let Ok(arguments) = std::env::var(CHILD_VAR) else { return };
    let words: Vec<&str> = arguments.split(' ').collect();
    let (child, seed): (u64, u64) = (words[1].parse().unwrap(), words[2].parse().unwrap());
    let dir = Path::new(words[0]);
    let store = Store::open(&dir.join("store")).unwrap();
    let path = dir.join(format!("log.{child}"));
    let mut model = replay(&read_log(&path)).0;
    let mut file = File::options().append(true).create(true).open(path).unwrap();
    let mut random = Random(seed);
    loop {
        let record = invent(&mut random, child, &model);
        log(&mut file, record);
        let result = perform(&store, child, &model, record);
        assert!(
            result == 0 || result == -libc::ENOENT && record[0] == REMOVE,
            "{record:?} {result}"
        );
        model.apply(record);
        log(&mut file, [ACK; 6]);
        if random.below(4) == 0 {
            write_together(&store, random.below(1 << 40));
        }
        if random.below(8) == 0 {
            // So that one meets what another left when it was killed.
            let other = name(random.below(CHILDREN), random.below(OBJECTS));
            let reply = run(&store, &caller(), ObjectOp::read(target(&other)).then(read(0, 0)));
            assert!(reply.result == 0 || reply.result == -libc::ENOENT, "{}", reply.result);
        }
    }
}

/// What the log says: the state after the last acknowledged operation, and the one under way.
fn replay(records: &[Record]) -> (Model, Option<Record>) {
    let mut model = Model::default();
    let mut open = None;
    for record in records {
        match record[0] {
            ACK => model.apply(open.take().unwrap()),
            _ => open = Some(*record),
        }
    }
    (model, open)
}

fn start(dir: &Path, child: u64, seed: u64) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "local::store::tests::crash::child", "--nocapture", "-q"]);
    command.env(CHILD_VAR, format!("{} {child} {seed}", dir.display()));
    command.stdout(Stdio::null()).stderr(Stdio::inherit());
    command.spawn().unwrap()
}

/// Whether a version is what the model says, or, byte for byte, may be with the operation under
/// way.
fn matches(
    found: Option<&[u8]>,
    before: Option<&Vec<u8>>,
    after: Option<&Vec<u8>>,
    torn: bool,
) -> bool {
    let whole = |wanted: Option<&Vec<u8>>| found == wanted.map(Vec::as_slice);
    if whole(before) || whole(after) {
        return true;
    }
    let (Some(found), true) = (found, torn) else { return false };
    let at =
        |data: Option<&Vec<u8>>, i: usize| data.and_then(|data| data.get(i)).copied().unwrap_or(0);
    let longest = before.map_or(0, Vec::len).max(after.map_or(0, Vec::len));
    found.len() <= longest
        && found.iter().enumerate().all(|(i, byte)| [at(before, i), at(after, i)].contains(byte))
}

/// Compares a child's objects with its log, and settles in the log how the operation under way
/// ended.
fn verify(store: &Store, dir: &Path, child: u64, context: &str) {
    let path = dir.join(format!("log.{child}"));
    let mut records = read_log(&path);
    let (before, open) = replay(&records);
    let mut after = before.clone();
    if let Some(record) = open {
        after.apply(record);
    }
    let fetch = |object: u64, snap: SnapId| {
        let op = ObjectOp::read_at(target(&name(child, object)), snap).then(read(0, 0));
        let mut reply = run(store, &caller(), op);
        assert!(reply.result == 0 || reply.result == -libc::ENOENT, "{context}: {}", reply.result);
        (reply.result == 0).then(|| reply.take_data(0))
    };
    let torn = open.is_some_and(|record| record[5] == 0);
    for object in 0..OBJECTS {
        let found = fetch(object, SnapId::HEAD);
        let (old, new) = (before.heads.get(&object), after.heads.get(&object));
        assert!(
            matches(found.as_deref(), old, new, torn),
            "{context}: object {object} of child {child}, under way {open:?}"
        );
        for (snap, objects) in
            before.snaps.iter().filter(|(snap, _)| after.snaps.contains_key(snap))
        {
            let (found, wanted) = (fetch(object, SnapId(*snap)), objects.get(&object));
            assert!(
                found.as_deref() == wanted.map(Vec::as_slice),
                "{context}: object {object} of child {child} at {snap}, under way {open:?}"
            );
        }
    }
    // The next round starts from what there is.
    let Some(record) = open else { return };
    records.pop();
    let mut file = File::create(&path).unwrap();
    records.iter().for_each(|record| log(&mut file, *record));
    log(&mut file, record);
    let again = perform(store, child, &before, record);
    assert!(again == 0 || again == -libc::ENOENT || record[0] == UNSNAP, "{context}: {again}");
    log(&mut file, [ACK; 6]);
}

#[test]
fn killed_processes_lose_nothing_they_were_told_was_done() {
    let mut random = Random(20);
    let sets = std::env::var(SETS_VAR).map_or(SETS, |sets| sets.parse().unwrap());
    for set in 0..sets {
        let dir = tempfile::tempdir().unwrap();
        add_pool(&Store::open(&dir.path().join("store")).unwrap());
        for round in 0..20 {
            let mut children: Vec<Child> = (0..CHILDREN)
                .map(|child| start(dir.path(), child, random.below(u64::MAX >> 33)))
                .collect();
            std::thread::sleep(Duration::from_millis(60 + random.below(150)));
            for child in &mut children {
                child.kill().unwrap();
                let status = child.wait().unwrap();
                assert_eq!(status.code(), None, "a child failed by itself");
            }
            let context = format!("set {set}, round {round}");
            let store = Store::open(&dir.path().join("store")).unwrap();
            let faults = store.check();
            assert!(faults.is_empty(), "{context}: {faults:?}");
            check_together(&store, &context);
            (0..CHILDREN).for_each(|child| verify(&store, dir.path(), child, &context));
            let faults = store.check();
            assert!(faults.is_empty(), "{context}, verified: {faults:?}");
        }
    }
}

/// Two processes write one object while this one reads it: it is always wholly one or the other.
#[test]
fn processes_that_hammer_one_object_see_whole_operations() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    add_pool(&store);
    let mut children: Vec<Child> =
        (0..2).map(|child| start(dir.path(), child, child + 1)).collect();
    let begin = std::time::Instant::now();
    let mut versions = std::collections::BTreeSet::new();
    while versions.len() < 20 && begin.elapsed() < Duration::from_secs(20) {
        check_together(&store, "hammered");
        let stat = ObjectOp::read(target("together")).then(Op::Stat);
        let mut reply = run(&store, &caller(), stat);
        if let Out::Stat { size, .. } = reply.take(0) {
            assert_eq!(size, 16000);
            versions.insert(reply.version);
        }
    }
    for child in &mut children {
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "a child failed by itself");
    }
    assert!(versions.len() >= 20, "only {} versions", versions.len());
    assert_eq!(store.check(), Vec::<String>::new());
}
