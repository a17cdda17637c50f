//! Images over an engine that answers when it is told to.

use bytes::Bytes;

use super::*;
use crate::cls::rbd::SnapNamespace;
use crate::conf::{Config, EntityName};
use crate::errno::Errno;
use crate::model::{Engine, Payload};
use crate::rbd::{
    Image, ImageOptions, ImageRef, OpenOptions, Operation, Pool, create, no_progress,
};
use crate::runtime::block_on;
use crate::tests::memory::MemoryEngine;

const OBJECT: u64 = 1 << 16;
const BLOCK: u64 = 4096;

/// A cluster whose data objects answer only when told to, from the first flush on.
struct World {
    engine: Arc<MemoryEngine>,
    pool: Pool,
}

/// What a request was answered, if it was.
type Answer = Arc<Mutex<Option<Answered>>>;

type Answered = std::result::Result<u64, Errno>;

fn asked(submit: impl FnOnce(IoDone)) -> Answer {
    let answer = Answer::default();
    let told = Arc::clone(&answer);
    submit(Box::new(move |result| {
        let result = result.map_err(|error| error.errno());
        assert!(told.lock().replace(result).is_none(), "answered twice");
    }));
    answer
}

fn is_done(answer: &Answer) -> bool {
    answer.lock().is_some()
}

fn result(answer: &Answer) -> Answered {
    (*answer.lock()).expect("no answer yet")
}

impl World {
    fn new(settings: &[(&str, &str)]) -> Self {
        let engine = MemoryEngine::new();
        let id = block_on(engine.pool_create("rbd", None)).unwrap();
        let config = Config::new("ceph", EntityName::client("admin"));
        config.set("rbd_default_order", "16").unwrap();
        for (name, value) in settings {
            config.set(name, value).unwrap();
        }
        let shared: Arc<dyn Engine> = engine.clone();
        World { engine, pool: Pool::new(shared, id, config) }
    }

    fn open(&self) -> Arc<Image> {
        let which = ImageRef::Name("a".into());
        block_on(Image::open(self.pool.clone(), which, OpenOptions::default())).unwrap()
    }

    /// A new image, with the lock, whose objects exist.
    fn image(&self) -> Arc<Image> {
        block_on(async {
            let mut options = ImageOptions::new();
            create::create(&self.pool, "a", 8 * OBJECT, &mut options).await.unwrap();
            let image = self.open();
            image.write_at(0, vec![b'.'; 8 * OBJECT as usize]).await.unwrap();
            // The lock was taken on another thread, which may be at the write's end still.
            image.settle().await;
            image
        })
    }

    /// The same after its first flush. Writes and reads of its data are held from now on.
    fn flushed(&self) -> Arc<Image> {
        let image = self.image();
        block_on(image.flush()).unwrap();
        self.engine.hold("rbd_data");
        image
    }
}

fn write(image: &Arc<Image>, off: u64, byte: u8) -> Answer {
    flagged(image, off, byte, OpFlags::empty())
}

fn flagged(image: &Arc<Image>, off: u64, byte: u8, flags: OpFlags) -> Answer {
    let data = Payload::from(vec![byte; BLOCK as usize]);
    asked(|done| image.write(off, data, flags, done))
}

fn flush(image: &Arc<Image>) -> Answer {
    asked(|done| image.flush_then(done))
}

/// Reads a block; its first byte, and whether it was answered.
fn read(image: &Arc<Image>, off: u64) -> (Answer, super::super::Lent) {
    let lent = super::super::Lent::new(BLOCK as usize);
    (asked(|done| image.read(off, lent.memory(), OpFlags::empty(), done)), lent)
}

#[test]
fn writes_are_acknowledged_at_their_end_until_the_first_flush() {
    let world = World::new(&[]);
    let image = world.image();
    world.engine.hold("rbd_data");
    let early = write(&image, 0, b'a');
    assert!(!is_done(&early));
    world.engine.let_one_go();
    assert_eq!(result(&early), Ok(BLOCK));
    // Dropping the cache is no flush.
    block_on(image.invalidate_cache()).unwrap();
    // One that is under way is not acknowledged by the flush.
    let before = write(&image, 0, b'b');
    let first = flush(&image);
    let behind = write(&image, BLOCK, b'c');
    assert_eq!((is_done(&before), is_done(&first), is_done(&behind)), (false, false, true));
    world.engine.let_one_go();
    assert_eq!((is_done(&before), is_done(&first)), (true, true), "not behind what came later");
    world.engine.let_all_go();
}

#[test]
fn a_flush_waits_for_what_was_acknowledged_before_it() {
    let world = World::new(&[]);
    let image = world.flushed();
    let answers: Vec<_> = (0..4).map(|at| write(&image, at * OBJECT, b'a')).collect();
    assert!(answers.iter().all(|answer| result(answer) == Ok(BLOCK)));
    // Over two objects, and a discard.
    let across = asked(|done| {
        let data = Payload::from(vec![b'b'; 2 * BLOCK as usize]);
        image.write(5 * OBJECT - BLOCK, data, OpFlags::empty(), done);
    });
    let discard = asked(|done| image.discard(6 * OBJECT, 64 << 10, None, done));
    assert_eq!((result(&across), result(&discard)), (Ok(2 * BLOCK), Ok(64 << 10)));
    let flushed = flush(&image);
    for _ in 0..7 {
        assert!(!is_done(&flushed));
        world.engine.let_one_go();
    }
    assert_eq!(result(&flushed), Ok(0));
    assert_eq!(world.engine.held(), 0);
}

#[test]
fn what_overlaps_waits_for_what_was_acknowledged() {
    let world = World::new(&[]);
    let image = world.flushed();
    assert!(is_done(&write(&image, 0, b'a')));
    assert!(is_done(&write(&image, BLOCK, b'b')), "its neighbour does not overlap");
    let over = write(&image, BLOCK / 2, b'c');
    let (of_it, lent) = read(&image, 0);
    let (elsewhere, _memory) = read(&image, 3 * BLOCK);
    assert_eq!((is_done(&over), is_done(&of_it)), (false, false));
    assert_eq!(world.engine.held(), 2, "a write and the read elsewhere");
    world.engine.let_one_go();
    assert_eq!(world.engine.held(), 2, "the other write is sent, and is in the way still");
    world.engine.let_one_go();
    world.engine.let_one_go();
    assert!(is_done(&elsewhere));
    // The write, then the read that waited behind it.
    assert_eq!(world.engine.held(), 2);
    assert!(!is_done(&over), "what had to wait is acknowledged at its end");
    world.engine.let_all_go();
    assert_eq!((result(&over), result(&of_it)), (Ok(BLOCK), Ok(BLOCK)));
    assert_eq!(lent.take()[BLOCK as usize / 2 - 1..][..2], *b"ac");
}

#[test]
fn forced_and_comparing_writes_are_acknowledged_at_their_end() {
    let world = World::new(&[]);
    let image = world.flushed();
    let forced = flagged(&image, 0, b'a', OpFlags::FADVISE_FUA);
    assert!(!is_done(&forced));
    world.engine.let_one_go();
    assert!(is_done(&forced));
    assert!(is_done(&write(&image, 0, b'b')));
    let forced = flagged(&image, 0, b'c', OpFlags::FADVISE_FUA);
    let compared = asked(|done| {
        let [compare, data] = [b'c', b'd'].map(|byte| Payload::from(vec![byte; 512]));
        let done = Box::new(move |result: Result<u64>, _| done(result));
        image.compare_and_write(0, compare, data, OpFlags::empty(), done);
    });
    assert_eq!(world.engine.held(), 1);
    world.engine.let_all_go();
    assert_eq!((result(&forced), result(&compared)), (Ok(BLOCK), Ok(512)));
}

#[test]
fn no_more_is_acknowledged_than_may_be_dirty() {
    let limit = (2 * BLOCK).to_string();
    let world = World::new(&[("rbd_cache_max_dirty", limit.as_str())]);
    let image = world.flushed();
    let answers: Vec<_> = (0..4).map(|at| write(&image, at * BLOCK, b'a')).collect();
    let done = || answers.iter().map(is_done).collect::<Vec<_>>();
    assert_eq!(done(), [true, true, false, false]);
    assert_eq!(world.engine.held(), 1, "the others are gathered");
    world.engine.let_one_go();
    assert_eq!(done(), [true, true, true, false]);
    world.engine.let_all_go();
    assert_eq!(done(), [true; 4]);
    world.engine.hold("rbd_data");
    let large = asked(|done| {
        let data = Payload::from(vec![b'b'; 3 * BLOCK as usize]);
        image.write(0, data, OpFlags::empty(), done);
    });
    assert!(!is_done(&large), "more than may be dirty at all");
    world.engine.let_all_go();
}

#[test]
fn as_many_as_the_connection_takes_are_acknowledged() {
    let world = World::new(&[("objecter_inflight_ops", "4")]);
    let image = world.flushed();
    let discard = |at: u64| asked(|done| image.discard(at * OBJECT, OBJECT / 2, Some(0), done));
    let answers: Vec<_> = (0..4).map(discard).collect();
    let done = |answers: &[Answer]| answers.iter().map(is_done).collect::<Vec<_>>();
    assert_eq!(done(&answers), [true, true, false, false]);
    world.engine.let_all_go();
    assert!(answers.iter().all(is_done));
    // What is gathered takes no more than one of them.
    world.engine.hold("rbd_data");
    let answers: Vec<_> = (0..4).map(|at| write(&image, at * OBJECT, b'a')).collect();
    assert_eq!((done(&answers), world.engine.held()), (vec![true; 4], 1));
    world.engine.let_all_go();
}

#[test]
fn small_writes_to_an_object_that_is_written_to_go_out_together() {
    let world = World::new(&[]);
    let image = world.flushed();
    let blocks = [(0, b'a'), (5, b'b'), (2, b'c'), (1, b'd'), (3, b'e')];
    for (at, byte) in blocks {
        assert!(is_done(&write(&image, at * BLOCK, byte)));
    }
    // Not what is large, and not what is no plain write.
    let large = asked(|done| {
        let data = Payload::from(vec![b'f'; 9 * BLOCK as usize]);
        image.write(7 * BLOCK, data, OpFlags::empty(), done);
    });
    assert!(is_done(&large));
    let (of_them, lent) = read(&image, 2 * BLOCK + 1);
    let flushed = flush(&image);
    assert_eq!(world.engine.held(), 2, "the first write and the large one");
    world.engine.let_one_go();
    assert_eq!(world.engine.held(), 2, "the others in one operation");
    world.engine.let_one_go();
    assert!(!is_done(&flushed));
    world.engine.let_one_go();
    world.engine.let_all_go();
    assert_eq!((result(&of_them), result(&flushed)), (Ok(BLOCK), Ok(0)));
    assert_eq!(lent.take()[BLOCK as usize - 2..][..2], *b"ce");
    let all = block_on(image.read_at(0, OBJECT as usize)).unwrap();
    let firsts: Vec<u8> = all.iter().step_by(BLOCK as usize).copied().collect();
    assert_eq!(firsts, b"adce.b.fffffffff");
}

#[test]
fn gathered_writes_fail_together_and_the_next_ones_go_on() {
    let world = World::new(&[]);
    let image = world.flushed();
    (0..3).for_each(|at| drop(write(&image, at * BLOCK, b'a')));
    world.engine.let_one_go();
    write(&image, 0, b'b');
    world.engine.fail_one(Errno::ENOSPC);
    assert_eq!(world.engine.held(), 1, "what was gathered meanwhile");
    world.engine.let_one_go();
    assert_eq!(result(&flush(&image)).unwrap_err(), Errno::ENOSPC);
    assert_eq!(result(&flush(&image)), Ok(0));
    world.engine.let_all_go();
    let all = block_on(image.read_at(0, 3 * BLOCK as usize)).unwrap();
    let firsts: Vec<u8> = all.iter().step_by(BLOCK as usize).copied().collect();
    assert_eq!(firsts, b"b..");
}

#[test]
fn what_could_not_be_written_fails_the_next_flush_once() {
    let world = World::new(&[]);
    let image = world.flushed();
    assert_eq!(result(&write(&image, 0, b'a')), Ok(BLOCK));
    assert_eq!(result(&write(&image, BLOCK, b'a')), Ok(BLOCK));
    let flushed = flush(&image);
    world.engine.fail_one(Errno::EFBIG);
    world.engine.fail_one(Errno::EIO);
    assert_eq!(result(&flushed).unwrap_err(), Errno::EFBIG);
    assert_eq!(result(&flush(&image)), Ok(0));
    // Also with nothing under way any more, after what drops the cache, and after work that
    // flushes for itself.
    write(&image, 0, b'a');
    world.engine.fail_one(Errno::EIO);
    world.engine.let_all_go();
    block_on(image.invalidate_cache()).unwrap();
    block_on(image.resize(9 * OBJECT, true, no_progress())).unwrap();
    assert_eq!(result(&flush(&image)).unwrap_err(), Errno::EIO);
    block_on(image.close()).unwrap();
}

#[test]
fn a_write_that_was_not_acknowledged_fails_itself() {
    let world = World::new(&[("rbd_cache_max_dirty", "4096")]);
    let image = world.flushed();
    write(&image, 0, b'a');
    let behind = write(&image, BLOCK, b'b');
    let over = write(&image, 0, b'c');
    world.engine.let_one_go();
    assert!(is_done(&behind), "there is room for it now");
    let other = write(&image, 2 * BLOCK, b'd');
    world.engine.let_one_go();
    for _ in 0..2 {
        world.engine.fail_one(Errno::EIO);
    }
    assert_eq!(result(&over).unwrap_err(), Errno::EIO);
    assert_eq!(result(&other), Ok(BLOCK), "acknowledged when the one before it ended");
    assert_eq!(result(&flush(&image)).unwrap_err(), Errno::EIO);
    let first = write(&image, 0, b'a');
    let behind = write(&image, BLOCK, b'b');
    world.engine.fail_one(Errno::EFBIG);
    assert_eq!((result(&first), result(&behind)), (Ok(BLOCK), Ok(BLOCK)));
    world.engine.let_all_go();
}

/// Runs work that has to wait for what is acknowledged, and shows that it does.
fn waits(world: &World, work: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
    let (sender, mut ended) = tokio::sync::oneshot::channel();
    crate::runtime::spawn(async move { drop(sender.send(work.await)) });
    assert_eq!(world.engine.held(), 1);
    for _ in 0..50 {
        std::thread::yield_now();
    }
    assert!(ended.try_recv().is_err());
    world.engine.let_all_go();
    block_on(ended).unwrap()
}

#[test]
fn closing_waits_and_tells_what_nobody_has_flushed() {
    let world = World::new(&[]);
    let image = world.flushed();
    write(&image, 0, b'a');
    let closing = Arc::clone(&image);
    waits(&world, async move { closing.close().await }).unwrap();
    let image = world.open();
    assert_eq!(block_on(image.read_at(0, 1)).unwrap(), &b"a"[..]);
    // The lock is there before anything is held.
    block_on(image.write_at(0, &b"b"[..])).unwrap();
    block_on(image.settle());
    block_on(image.flush()).unwrap();
    world.engine.hold("rbd_data");
    write(&image, 0, b'c');
    world.engine.fail_one(Errno::EIO);
    world.engine.let_all_go();
    assert_eq!(block_on(image.close()).unwrap_err(), Errno::EIO);
}

#[test]
fn the_lock_is_handed_over_when_all_is_written() {
    let world = World::new(&[]);
    let image = world.flushed();
    let other = world.open();
    write(&image, 0, b'a');
    let writer = Arc::clone(&other);
    waits(&world, async move { writer.write_at(1, &b"b"[..]).await.map(drop) }).unwrap();
    assert_eq!(block_on(other.read_at(0, 3)).unwrap(), &b"aba"[..]);
    block_on(other.close()).unwrap();
    block_on(image.close()).unwrap();
}

#[test]
fn a_snapshot_has_what_was_acknowledged_before_it() {
    let world = World::new(&[]);
    let image = world.flushed();
    write(&image, 0, b'a');
    let taking = Arc::clone(&image);
    waits(&world, async move {
        let namespace = SnapNamespace::User;
        let create = Operation::SnapCreate { namespace, name: "s".into(), flags: 0 };
        taking.run(create, no_progress()).await
    })
    .unwrap();
    block_on(async {
        image.write_at(0, &b"b"[..]).await.unwrap();
        image.refresh_if_required().await.unwrap();
        let snap = image.header().user_snapshot("s").unwrap().id;
        image.set_snap(snap).await.unwrap();
        assert_eq!(image.read_at(0, 1).await.unwrap(), &b"a"[..]);
        image.close().await.unwrap();
    });
}

#[test]
fn memory_that_was_lent_may_be_used_again_when_the_call_returns() {
    let world = World::new(&[("rbd_cache_max_dirty", "4096")]);
    let image = world.flushed();
    // The last two over more than one object: data, and a pattern that is cut.
    let requests = [(0, BLOCK), (BLOCK, BLOCK), (0, BLOCK), (OBJECT - 8, BLOCK), (2 * OBJECT, 0)];
    let answers = requests.map(|(off, len)| {
        let owner = Arc::new(vec![b'a'; if len == 0 { 6144 } else { len as usize }]);
        let lent = Payload::lent(Bytes::from_owner(Owned(Arc::clone(&owner))));
        let answer = asked(|done| match len {
            0 => image.write_same(off - 6144, 12288, lent, OpFlags::empty(), done),
            _ => image.write(off, lent, OpFlags::empty(), done),
        });
        assert_eq!(Arc::strong_count(&owner), 1, "{off}: nobody holds on to it");
        answer
    });
    assert_eq!(answers.each_ref().map(is_done), [true, false, false, false, false]);
    world.engine.let_all_go();
    assert!(answers.iter().all(is_done));
    assert_eq!(block_on(image.read_at(BLOCK - 1, 2)).unwrap(), &b"aa"[..]);
}

/// A program's own buffer: what was lent of it must not outlive the call.
struct Owned(Arc<Vec<u8>>);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[test]
fn without_a_cache_or_with_write_through_nothing_is_acknowledged_early() {
    for setting in
        [("rbd_cache", "false"), ("rbd_cache_policy", "writethrough"), ("rbd_cache_max_dirty", "0")]
    {
        let world = World::new(&[setting]);
        let image = world.flushed();
        let written = write(&image, 0, b'a');
        assert!(!is_done(&written), "{setting:?}");
        world.engine.let_all_go();
        assert!(is_done(&written));
    }
    for policy in ["writeback", "writearound"] {
        let settings =
            [("rbd_cache_policy", policy), ("rbd_cache_writethrough_until_flush", "false")];
        let world = World::new(&settings);
        let image = world.image();
        world.engine.hold("rbd_data");
        assert!(is_done(&write(&image, 0, b'a')), "{policy}: not even a flush is waited for");
        world.engine.let_all_go();
    }
}

/// One program, one request at a time, an engine that answers late: what is read is always what was
/// acknowledged, whatever is still under way.
#[test]
fn what_is_acknowledged_is_what_is_read() {
    for seed in 1..20u64 {
        let world = World::new(&[("rbd_cache_max_dirty", "20000")]);
        let image = world.flushed();
        let mut model = vec![b'.'; 2 * OBJECT as usize];
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut random = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        for step in 0..400u64 {
            let off = (random(32)) * BLOCK;
            let len = (1 + random(3)) * BLOCK;
            let len = len.min(2 * OBJECT - off);
            let range = off as usize..(off + len) as usize;
            let answer = match random(10) {
                0..=4 => {
                    let byte = b'a' + (step % 26) as u8;
                    model[range].fill(byte);
                    let data = Payload::from(vec![byte; len as usize]);
                    asked(|done| image.write(off, data, OpFlags::empty(), done))
                }
                5 => {
                    model[range].fill(0);
                    asked(|done| image.discard(off, len, Some(0), done))
                }
                6 => flush(&image),
                _ => {
                    let lent = super::super::Lent::new(len as usize);
                    let answer =
                        asked(|done| image.read(off, lent.memory(), OpFlags::empty(), done));
                    settle(&world, &answer);
                    assert_eq!(lent.take()[..], model[range], "seed {seed}, step {step}");
                    answer
                }
            };
            settle(&world, &answer);
            result(&answer).unwrap();
            if random(3) == 0 && world.engine.held() > 0 {
                world.engine.let_one_go();
            }
        }
        world.engine.let_all_go();
        block_on(image.flush()).unwrap();
        let all = block_on(image.read_at(0, model.len())).unwrap();
        assert_eq!(all, model, "seed {seed}");
    }
}

/// Lets things go until a request is answered.
fn settle(world: &World, answer: &Answer) {
    while !is_done(answer) {
        world.engine.let_one_go();
    }
}
