//! Power cuts: what was not synced may be gone, block by block; what was flushed or acknowledged as
//! durable is there, and every other block is one of those it has been.

use std::collections::BTreeMap;
use std::fs;

use super::*;

const BLOCK: usize = 4096;
/// Enough for a replacement of all to go into a new slot.
const BLOCKS: usize = 40;

/// What each block of a version may hold after a power cut; the last is what it holds now.
type Version = Vec<Vec<u8>>;

struct World {
    bench: Bench,
    disk: FaultyDisk,
    /// The database as the last durable commit left it.
    image: tempfile::TempDir,
    head: Version,
    snaps: BTreeMap<u64, Version>,
    newest: u64,
}

fn fresh() -> Version {
    vec![vec![0]; BLOCKS]
}

impl World {
    fn start(disk: FaultyDisk, bench: Bench) -> World {
        let image = tempfile::tempdir().unwrap();
        World { bench, disk, image, head: fresh(), snaps: BTreeMap::new(), newest: 0 }
    }

    /// Everything so far is durable.
    fn settle(&mut self) {
        for file in ["store.db", "store.db-wal"] {
            let from = self.bench.dir.path().join(file);
            fs::copy(from, self.image.path().join(file)).unwrap();
        }
        for version in std::iter::once(&mut self.head).chain(self.snaps.values_mut()) {
            version.iter_mut().for_each(|block| drop(block.drain(..block.len() - 1)));
        }
    }

    fn context(&self) -> Arc<SnapContext> {
        let snaps = self.snaps.keys().rev().copied().collect();
        Arc::new(SnapContext { seq: self.newest, snaps })
    }

    fn act(&mut self, random: &mut Random) {
        let first = random.below(BLOCKS as u64) as usize;
        let count = (1 + random.below(6) as usize).min(BLOCKS - first);
        let byte = 1 + random.below(255) as u8;
        match random.below(10) {
            0 => {
                self.newest += 1;
                self.snaps.insert(self.newest, self.head.clone());
            }
            1 | 2 => {
                self.bench.store.flush().unwrap();
                self.settle();
            }
            kind => self.change(random, kind, (first, count, byte)),
        }
    }

    /// Runs an operation that changes some blocks.
    fn change(&mut self, random: &mut Random, kind: u64, (first, count, byte): (usize, usize, u8)) {
        let put = |first: usize, count: usize, byte: u8| {
            write((first * BLOCK) as u64, &vec![byte; count * BLOCK])
        };
        let clear = |first: usize, count: usize| Op::Zero {
            off: (first * BLOCK) as u64,
            len: (count * BLOCK) as u64,
        };
        let mut values = vec![byte; count];
        let (mut first, mut steps) = (first, vec![put(first, count, byte)]);
        match kind {
            3 => (values, steps) = (vec![0; count], vec![clear(first, count)]),
            4 => {
                // What one step writes the next ones clear and write again.
                let at = random.below(count as u64) as usize;
                steps.extend([put(first, count, 254), clear(first + at, count - at)]);
                steps.push(put(first + at, 1, byte));
                values = vec![254; count];
                values[at..].fill(0);
                values[at] = byte;
            }
            5 if random.below(3) == 0 => {
                (first, values) = (0, vec![0; BLOCKS]);
                steps = vec![Op::Create { exclusive: false }, Op::Remove];
            }
            6 if random.below(3) == 0 => {
                (first, values) = (0, vec![byte; BLOCKS]);
                steps = vec![Op::WriteFull(vec![byte; BLOCKS * BLOCK].into())];
            }
            _ => {}
        }
        let op = ObjectOp::write_under(target("a"), self.context());
        let mut op = steps.into_iter().fold(op, ObjectOp::then);
        op.durability = match random.below(5) {
            0 => Durability::OnAck,
            1 => Durability::InPlace,
            _ => Durability::OnFlush,
        };
        let durable = op.durability != Durability::OnFlush;
        assert_eq!(self.bench.run(op).result, 0);
        for (block, value) in self.head[first..].iter_mut().zip(&values) {
            block.push(*value);
        }
        if durable {
            // This operation is durable; the others may be.
            self.settle_written(first, values.len());
        }
    }

    fn settle_written(&mut self, first: usize, count: usize) {
        for file in ["store.db", "store.db-wal"] {
            let from = self.bench.dir.path().join(file);
            fs::copy(from, self.image.path().join(file)).unwrap();
        }
        for block in &mut self.head[first..first + count] {
            block.drain(..block.len() - 1);
        }
    }

    /// Cuts the power and opens what is left. With `rows`, transactions that were not synced
    /// survive.
    fn cut(self, random: &mut Random, rows: bool) -> World {
        let disk = self.disk.after_power_cut(|| random.below(2) == 0);
        let dir = tempfile::tempdir().unwrap();
        let from = if rows { self.bench.dir.path() } else { self.image.path() };
        for file in ["store.db", "store.db-wal"] {
            fs::copy(from.join(file), dir.path().join(file)).unwrap();
        }
        let store = OpenOptions::default().disk(Arc::new(disk.clone())).open(dir.path()).unwrap();
        let bench = Bench { store, caller: caller(), dir };
        assert_eq!(bench.store.check(), Vec::<String>::new());
        let mut after = World { bench, disk, ..self };
        after.head = after.found(SnapId::HEAD, &after.head);
        let snaps = std::mem::take(&mut after.snaps);
        for (snap, version) in snaps {
            let found = after.found(SnapId(snap), &version);
            after.snaps.insert(snap, found);
        }
        after.bench.store.flush().unwrap();
        after.settle();
        after
    }

    /// What a version holds now, which must be something it was.
    fn found(&self, snap: SnapId, allowed: &Version) -> Version {
        let mut data = self.bench.read_at("a", snap).unwrap_or_default().to_vec();
        data.resize(BLOCKS * BLOCK, 0);
        let blocks = data.chunks_exact(BLOCK).zip(allowed).enumerate();
        blocks
            .map(|(number, (block, allowed))| {
                let whole = block.iter().all(|byte| *byte == block[0]);
                assert!(whole, "block {number} of {snap} is torn");
                assert!(
                    allowed.contains(&block[0]),
                    "block {number} of {snap} is {}, not of {allowed:?}",
                    block[0]
                );
                vec![block[0]]
            })
            .collect()
    }
}

#[test]
fn flushed_data_survives_and_no_block_is_what_it_never_was() {
    for seed in 0..25_u64 {
        let mut random = Random(seed * 977 + 5);
        let disk = FaultyDisk::default();
        let bench = Bench::on(&disk);
        bench.write("a", [Op::Create { exclusive: true }]);
        let mut world = World::start(disk, bench);
        world.bench.store.flush().unwrap();
        world.settle();
        for _ in 0..3 {
            for _ in 0..random.below(30) {
                world.act(&mut random);
            }
            let rows = random.below(2) == 0;
            world = world.cut(&mut random, rows);
        }
    }
}
