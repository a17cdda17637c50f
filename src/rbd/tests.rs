//! Open images on the engine in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::*;
use crate::cls::Method;
use crate::cls::rbd::{
    Create, DirAddImage, ObjectMapResize, ObjectState, ParentAttach, ParentImageSpec, SetFeatures,
    SetId, SnapNamespace,
};
use crate::conf::{Config, EntityName};
use crate::errno::{Errno, Result};
use crate::model::{EngineExt, ObjectOp, Op, OpFlags, Out, Payload};
use crate::runtime::block_on;
use crate::tests::memory;

const ORDER: u8 = 14;
const OBJECT: u64 = 1 << ORDER;

fn pool() -> Pool {
    let (engine, id) = memory::engine_with_pool();
    Pool::new(engine, id, Config::new("ceph", EntityName::client("admin")))
}

async fn call(pool: &Pool, target: crate::model::Target, step: Op) {
    pool.engine.run(ObjectOp::write(target).then(step)).await.unwrap();
}

/// Makes an image as `rbd create` does.
async fn make(pool: &Pool, name: &str, size: u64, features: Features) {
    let id = format!("{name}id");
    call(pool, pool.id_object(name), Op::Create { exclusive: true }).await;
    call(pool, pool.id_object(name), SetId { id: id.clone() }.call()).await;
    let add = DirAddImage { name: name.into(), id: id.clone() };
    call(pool, pool.directory(), add.call()).await;
    let create = Create {
        size,
        order: ORDER,
        features: features.bits(),
        object_prefix: format!("rbd_data.{id}"),
        data_pool: -1,
    };
    call(pool, pool.header(&id), create.call()).await;
    if features.contains(Features::OBJECT_MAP) {
        let step =
            ObjectMapResize { objects: size.div_ceil(OBJECT), state: ObjectState::Nonexistent };
        call(pool, pool.object_map(&id, SnapId::HEAD), step.call()).await;
    }
}

async fn open(pool: &Pool, name: &str) -> Arc<Image> {
    let options = OpenOptions::default();
    Image::open(pool.clone(), ImageRef::Name(name.into()), options).await.unwrap()
}

async fn make_snapshot(image: &Arc<Image>, name: &str) -> SnapId {
    let (namespace, name) = (SnapNamespace::User, name.to_owned());
    let create = Operation::SnapCreate { namespace, name: name.clone(), flags: 0 };
    image.run(create, no_progress()).await.unwrap();
    image.refresh_if_required().await.unwrap();
    image.header().user_snapshot(&name).unwrap().id
}

async fn make_clone(pool: &Pool, parent: &Image, snap_id: SnapId, name: &str, features: Features) {
    let size = parent.header().size_at(snap_id).unwrap();
    make(pool, name, size, features).await;
    let parent = ParentImageSpec {
        pool_id: pool.id.0,
        pool_namespace: String::new(),
        image_id: parent.id().into(),
        snap_id,
    };
    let attach = ParentAttach { parent, overlap: size, reattach: false };
    call(pool, pool.header(&format!("{name}id")), attach.call()).await;
}

/// The size of a data object, `None` if it does not exist.
async fn object_size(image: &Image, object: u64) -> Option<u64> {
    let target = image.header().data_object(&image.pool().namespace, object);
    match image.pool().engine.run(ObjectOp::read(target).then(Op::Stat)).await {
        Ok(mut reply) => match reply.take(0) {
            Out::Stat { size, .. } => Some(size),
            _ => None,
        },
        Err(_) => None,
    }
}

fn states(image: &Image) -> Vec<ObjectState> {
    let map = image.object_map_states().unwrap();
    (0..map.len()).map(|object| map.get(object)).collect()
}

fn locked() -> Features {
    Features::LAYERING
        | Features::EXCLUSIVE_LOCK
        | Features::OBJECT_MAP
        | Features::FAST_DIFF
        | Features::DEEP_FLATTEN
}

async fn ended(submit: impl FnOnce(IoDone)) -> Result<u64> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    submit(Box::new(move |result| drop(sender.send(result))));
    receiver.await.unwrap()
}

#[test]
fn what_is_written_is_read_and_the_rest_is_zeros() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", 5 * OBJECT + 7, Features::LAYERING).await;
        let image = open(&pool, "a").await;
        assert_eq!(image.write_at(OBJECT - 2, &b"abcd"[..]).await.unwrap(), 4);
        let read = image.read_at(OBJECT - 4, 10).await.unwrap();
        assert_eq!(read, &b"\0\0abcd\0\0\0\0"[..]);
        assert_eq!(image.read_at(3 * OBJECT, 3).await.unwrap(), &[0, 0, 0][..]);
        // The last object ends where the image does.
        assert_eq!(image.write_at(5 * OBJECT + 5, &b"xyz"[..]).await.unwrap(), 2);
        assert_eq!(image.read_at(5 * OBJECT + 5, 9).await.unwrap(), &b"xy"[..]);
        for behind in [5 * OBJECT + 7, u64::MAX] {
            assert_eq!(image.read_at(behind, 1).await.unwrap_err(), Errno::EINVAL);
            assert_eq!(image.write_at(behind, &b"x"[..]).await.unwrap_err(), Errno::EINVAL);
        }
        assert!(image.read_at(u64::MAX, 0).await.unwrap().is_empty());
        image.flush().await.unwrap();
        image.close().await.unwrap();
        assert_eq!(image.read_at(0, 1).await.unwrap_err(), Errno::ESHUTDOWN);
    });
}

#[test]
fn opening_says_what_is_wrong() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", OBJECT, Features::LAYERING).await;
        let named = |name: &str| ImageRef::Name(name.into());
        let plain = OpenOptions::default;
        let missing = Image::open(pool.clone(), named("b"), plain()).await;
        assert_eq!(missing.err().unwrap(), Errno::ENOENT);
        let options = OpenOptions { at: OpenAt::SnapName("s".into()), ..plain() };
        let missing = Image::open(pool.clone(), named("a"), options).await;
        assert_eq!(missing.err().unwrap(), Errno::ENOENT);
        let by_id = Image::open(pool.clone(), ImageRef::Id("aid".into()), plain()).await.unwrap();
        assert_eq!(by_id.name(), "a");
        call(&pool, pool.target("old.rbd"), Op::Create { exclusive: true }).await;
        let old = Image::open(pool.clone(), named("old"), plain()).await;
        assert_eq!(old.err().unwrap(), Errno::EOPNOTSUPP);
        let options = OpenOptions { read_only: true, ..plain() };
        let image = Image::open(pool.clone(), named("a"), options).await.unwrap();
        assert_eq!(image.write_at(0, &b"x"[..]).await.unwrap_err(), Errno::EROFS);
        assert_eq!(image.write_at(OBJECT, &b"x"[..]).await.unwrap_err(), Errno::EINVAL);
    });
}

#[test]
fn discards_free_whole_blocks_and_objects() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", 4 * OBJECT, Features::LAYERING).await;
        let image = open(&pool, "a").await;
        image.write_at(0, vec![1; 4 * OBJECT as usize]).await.unwrap();
        // Blocks are larger than objects here, so only what reaches an object's end goes.
        image.discard_at(OBJECT / 2, OBJECT).await.unwrap();
        assert_eq!(object_size(&image, 0).await, Some(OBJECT / 2));
        assert_eq!(object_size(&image, 1).await, Some(OBJECT));
        image.discard_at(2 * OBJECT, OBJECT).await.unwrap();
        assert_eq!(object_size(&image, 2).await, None);
        ended(|done| image.discard(3 * OBJECT + 1, 2, Some(0), done)).await.unwrap();
        assert_eq!(image.read_at(3 * OBJECT, 4).await.unwrap(), &[1, 0, 0, 1][..]);
        assert_eq!(object_size(&image, 3).await, Some(OBJECT));
        let flags = OpFlags::empty();
        ended(|done| image.write_zeroes(100, 2000, true, flags, done)).await.unwrap();
        let read = image.read_at(99, 2002).await.unwrap();
        assert_eq!((read[0], read[2001]), (1, 1));
        assert!(read[1..2001].iter().all(|byte| *byte == 0));
    });
}

#[test]
fn the_same_bytes_are_written_across_objects() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", 4 * OBJECT, Features::LAYERING).await;
        let image = open(&pool, "a").await;
        let flags = OpFlags::empty();
        let same = |off, len, data: &'static [u8]| {
            let image = Arc::clone(&image);
            ended(move |done| image.write_same(off, len, data.into(), flags, done))
        };
        assert_eq!(same(OBJECT - 4, 9, b"abc").await.unwrap(), 9);
        assert_eq!(same(0, 10, b"abc").await.unwrap_err(), Errno::EINVAL);
        assert_eq!(image.read_at(OBJECT - 5, 11).await.unwrap(), &b"\0abcabcabc\0"[..]);
    });
}

#[test]
fn a_comparison_decides_whether_to_write() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", 4 * OBJECT, Features::LAYERING).await;
        let image = open(&pool, "a").await;
        image.write_at(OBJECT, &b"abcd"[..]).await.unwrap();
        let mismatch = Arc::new(AtomicU64::new(0));
        let swap = |off: u64, compare: &'static [u8], data: &'static [u8]| {
            let (image, seen) = (Arc::clone(&image), Arc::clone(&mismatch));
            ended(move |done| {
                let done: CompareDone = Box::new(move |result, at| {
                    seen.store(at, Ordering::Relaxed);
                    done(result);
                });
                image.compare_and_write(off, compare.into(), data.into(), OpFlags::empty(), done);
            })
        };
        assert_eq!(swap(OBJECT, b"abcd", b"wxyz").await.unwrap(), 4);
        assert_eq!(swap(OBJECT, b"wxab", b"!!!!").await.unwrap_err(), Errno::EILSEQ);
        assert_eq!(mismatch.load(Ordering::Relaxed), OBJECT + 2);
        assert_eq!(swap(OBJECT - 1, b"\0w", b"!!").await.unwrap_err(), Errno::EINVAL);
        assert_eq!(image.read_at(OBJECT, 4).await.unwrap(), &b"wxyz"[..]);
    });
}

#[test]
fn a_snapshot_stays_as_it_was() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", 2 * OBJECT, locked()).await;
        let image = open(&pool, "a").await;
        image.write_at(0, &b"old"[..]).await.unwrap();
        let snap = make_snapshot(&image, "s").await;
        assert_eq!(states(&image)[0], ObjectState::ExistsClean);
        image.write_at(0, &b"new"[..]).await.unwrap();
        assert_eq!(states(&image)[0], ObjectState::Exists);
        image.write_at(OBJECT, &b"more"[..]).await.unwrap();
        let options = OpenOptions { at: OpenAt::SnapName("s".into()), ..OpenOptions::default() };
        let which = ImageRef::Name("a".into());
        let past = Image::open(pool.clone(), which, options).await.unwrap();
        assert_eq!(past.snap(), snap);
        assert_eq!(past.read_at(0, 3).await.unwrap(), &b"old"[..]);
        assert_eq!(past.read_at(OBJECT, 4).await.unwrap(), &[0; 4][..]);
        assert_eq!(past.write_at(0, &b"x"[..]).await.unwrap_err(), Errno::EROFS);
        past.set_snap(SnapId::HEAD).await.unwrap();
        assert_eq!(past.read_at(0, 3).await.unwrap(), &b"new"[..]);
    });
}

#[test]
fn the_head_set_again_keeps_the_lock() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", OBJECT, locked()).await;
        let image = open(&pool, "a").await;
        image.write_at(0, &b"one"[..]).await.unwrap();
        let snap = make_snapshot(&image, "s").await;
        image.set_snap(snap).await.unwrap();
        assert!(!image.is_lock_owner().await.unwrap());
        image.set_snap(SnapId::HEAD).await.unwrap();
        image.write_at(0, &b"two"[..]).await.unwrap();
        image.set_snap(SnapId::HEAD).await.unwrap();
        assert!(image.is_lock_owner().await.unwrap());
        image.write_at(0, &b"three"[..]).await.unwrap();
        assert_eq!(image.read_at(0, 5).await.unwrap(), &b"three"[..]);
    });
}

#[test]
fn a_clone_reads_its_parent_and_copies_up() {
    for features in [Features::LAYERING, locked()] {
        block_on(clone_of_parent(features));
    }
}

async fn clone_of_parent(features: Features) {
    let pool = pool();
    make(&pool, "p", 4 * OBJECT, Features::LAYERING).await;
    let parent = open(&pool, "p").await;
    parent.write_at(0, vec![b'p'; OBJECT as usize + 10]).await.unwrap();
    let snap = make_snapshot(&parent, "s").await;
    make_clone(&pool, &parent, snap, "c", features).await;
    let child = open(&pool, "c").await;
    assert_eq!(child.read_at(OBJECT + 8, 4).await.unwrap(), &b"pp\0\0"[..]);
    assert_eq!(object_size(&child, 1).await, None);
    child.write_at(OBJECT + 2, &b"c"[..]).await.unwrap();
    assert_eq!(child.read_at(OBJECT, 12).await.unwrap(), &b"ppcppppppp\0\0"[..]);
    assert_eq!(object_size(&child, 1).await, Some(10));
    // Where the parent has nothing, nothing is copied; two writes at once are one copy-up.
    let first = child.write_at(2 * OBJECT, &b"1"[..]);
    let second = child.write_at(2 * OBJECT + 1, &b"2"[..]);
    tokio::try_join!(first, second).unwrap();
    assert_eq!(child.read_at(2 * OBJECT, 3).await.unwrap(), &b"12\0"[..]);
    // A whole object discarded must not show the parent's.
    child.discard_at(0, OBJECT).await.unwrap();
    assert_eq!(child.read_at(0, 2).await.unwrap(), &[0, 0][..]);
    assert_eq!(object_size(&child, 0).await, Some(0));
    let taken = make_snapshot(&child, "t").await;
    child.write_at(3 * OBJECT, &b"z"[..]).await.unwrap();
    child.set_snap(taken).await.unwrap();
    assert_eq!(child.read_at(3 * OBJECT, 1).await.unwrap(), &[0][..]);
    child.close().await.unwrap();
}

#[test]
fn a_comparison_on_a_clone_sees_the_parent() {
    block_on(async {
        let pool = pool();
        make(&pool, "p", OBJECT, Features::LAYERING).await;
        let parent = open(&pool, "p").await;
        parent.write_at(0, &b"abcd"[..]).await.unwrap();
        let snap = make_snapshot(&parent, "s").await;
        make_clone(&pool, &parent, snap, "c", locked()).await;
        let child = open(&pool, "c").await;
        let swapped = ended(|done| {
            let done: CompareDone = Box::new(move |result, _| done(result));
            let (compare, data) = (b"abcd"[..].into(), b"ABCD"[..].into());
            child.compare_and_write(0, compare, data, OpFlags::empty(), done);
        });
        assert_eq!(swapped.await.unwrap(), 4);
        assert_eq!(child.read_at(0, 5).await.unwrap(), &b"ABCD\0"[..]);
    });
}

#[test]
fn a_copy_up_under_snapshots_shows_in_them() {
    block_on(async {
        let pool = pool();
        make(&pool, "p", OBJECT, Features::LAYERING).await;
        let parent = open(&pool, "p").await;
        parent.write_at(0, &b"pppp"[..]).await.unwrap();
        let snap = make_snapshot(&parent, "s").await;
        make_clone(&pool, &parent, snap, "c", locked()).await;
        let child = open(&pool, "c").await;
        child.acquire_lock().await.unwrap();
        let first = make_snapshot(&child, "1").await;
        make_snapshot(&child, "2").await;
        child.write_at(1, &b"c"[..]).await.unwrap();
        assert_eq!(child.read_at(0, 4).await.unwrap(), &b"pcpp"[..]);
        // The snapshot has data of its own now: read the object, not the parent.
        let target = child.header().data_object(&pool.namespace, 0);
        let step = Op::Read { off: 0, len: 0, into: None };
        let op = ObjectOp::read_at(target, first).then(step);
        assert_eq!(pool.engine.run(op).await.unwrap().take_data(0), &b"pppp"[..]);
    });
}

#[test]
fn the_object_map_follows_writes_and_discards() {
    block_on(async {
        use ObjectState::{Exists, Nonexistent};
        let pool = pool();
        make(&pool, "a", 3 * OBJECT, locked()).await;
        let image = open(&pool, "a").await;
        assert!(image.object_map_states().is_none());
        image.write_at(OBJECT, &b"x"[..]).await.unwrap();
        assert_eq!(states(&image), [Nonexistent, Exists, Nonexistent]);
        image.discard_at(OBJECT, OBJECT).await.unwrap();
        assert_eq!(states(&image), [Nonexistent; 3]);
        image.write_at(0, &b"x"[..]).await.unwrap();
        image.close().await.unwrap();
        let image = open(&pool, "a").await;
        image.acquire_lock().await.unwrap();
        assert_eq!(states(&image), [Exists, Nonexistent, Nonexistent]);
    });
}

#[test]
fn a_missing_object_map_is_made_invalid_and_writes_go_on() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", 2 * OBJECT, locked()).await;
        call(&pool, pool.object_map("aid", SnapId::HEAD), Op::Remove).await;
        let image = open(&pool, "a").await;
        image.write_at(OBJECT, &b"x"[..]).await.unwrap();
        image.refresh().await.unwrap();
        assert!(image.header().flags.contains(ImageFlags::OBJECT_MAP_INVALID));
        assert_eq!(image.read_at(OBJECT, 1).await.unwrap(), &b"x"[..]);
    });
}

#[test]
fn the_size_changes_and_data_goes() {
    for features in [Features::LAYERING, locked()] {
        block_on(async {
            let pool = pool();
            make(&pool, "a", 4 * OBJECT, features).await;
            let image = open(&pool, "a").await;
            image.write_at(0, vec![1; 4 * OBJECT as usize]).await.unwrap();
            let no = image.resize(OBJECT, false, no_progress()).await;
            assert_eq!(no.unwrap_err(), Errno::EINVAL);
            image.resize(OBJECT + 5, true, no_progress()).await.unwrap();
            assert_eq!(image.size().unwrap(), OBJECT + 5);
            assert_eq!(object_size(&image, 1).await, Some(5));
            assert_eq!(object_size(&image, 2).await, None);
            image.resize(3 * OBJECT, true, no_progress()).await.unwrap();
            assert_eq!(image.read_at(OBJECT + 4, 3).await.unwrap(), &[1, 0, 0][..]);
            image.write_at(2 * OBJECT, &b"x"[..]).await.unwrap();
            if features.contains(Features::OBJECT_MAP) {
                assert_eq!(states(&image), [ObjectState::Exists; 3]);
            }
        });
    }
}

#[test]
fn two_writers_hand_the_lock_to_each_other() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", OBJECT, locked()).await;
        let (one, two) = (open(&pool, "a").await, open(&pool, "a").await);
        for round in 0..10u8 {
            one.write_at(0, vec![round]).await.unwrap();
            assert!(one.is_lock_owner().await.unwrap());
            two.write_at(1, vec![round]).await.unwrap();
            assert!(two.is_lock_owner().await.unwrap());
            assert!(!one.is_lock_owner().await.unwrap());
            assert_eq!(one.read_at(0, 2).await.unwrap(), &[round, round][..]);
        }
        let owner = one.lock_owner().await.unwrap();
        assert_eq!(owner.address, pool.engine.addrs());
        two.give_up_lock().await.unwrap();
        assert_eq!(one.lock_owner().await.unwrap_err(), Errno::ENOENT);
    });
}

#[test]
fn a_lock_taken_by_hand_is_kept() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", OBJECT, locked()).await;
        let (one, two) = (open(&pool, "a").await, open(&pool, "a").await);
        one.acquire_lock().await.unwrap();
        assert_eq!(two.write_at(0, &b"x"[..]).await.unwrap_err(), Errno::EROFS);
        one.give_up_lock().await.unwrap();
        assert_eq!(one.give_up_lock().await.unwrap_err(), Errno::EINVAL);
        two.write_at(0, &b"x"[..]).await.unwrap();
        // Who manages the lock by hand gets no automatic one any more.
        assert_eq!(one.write_at(0, &b"x"[..]).await.unwrap_err(), Errno::EROFS);
    });
}

#[test]
fn the_owner_runs_what_another_client_asks_for() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", OBJECT, locked()).await;
        let (owner, other) = (open(&pool, "a").await, open(&pool, "a").await);
        owner.acquire_lock().await.unwrap();
        let heard = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&heard);
        owner.watch_updates(Arc::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        }));
        other.resize(3 * OBJECT, true, no_progress()).await.unwrap();
        assert!(owner.is_lock_owner().await.unwrap());
        for image in [&owner, &other] {
            image.refresh_if_required().await.unwrap();
            assert_eq!(image.size().unwrap(), 3 * OBJECT);
        }
        assert!(heard.load(Ordering::Relaxed) > 0);
        let no = other.resize(OBJECT, false, no_progress()).await;
        assert_eq!(no.unwrap_err(), Errno::EINVAL);
    });
}

#[test]
fn the_lock_of_a_dead_client_is_broken() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", OBJECT, Features::LAYERING | Features::EXCLUSIVE_LOCK).await;
        // A lock whose watch does not exist.
        let dead = crate::cls::lock::Lock {
            name: "rbd_lock".into(),
            lock_type: crate::cls::lock::LockType::Exclusive,
            cookie: "auto 4711".into(),
            tag: "internal".into(),
            ..Default::default()
        };
        call(&pool, pool.header("aid"), dead.call()).await;
        let config = pool.config.clone();
        // This engine has one client only, which must not blocklist itself.
        config.set("rbd_blocklist_on_break_lock", "false").unwrap();
        let image = open(&pool, "a").await;
        image.write_at(0, &b"x"[..]).await.unwrap();
        assert!(image.is_lock_owner().await.unwrap());
    });
}

#[test]
fn the_lock_feature_comes_and_goes_while_open() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", OBJECT, Features::LAYERING).await;
        let image = open(&pool, "a").await;
        let lock = Features::EXCLUSIVE_LOCK.bits();
        let set = |features| SetFeatures { features, mask: lock }.call();
        call(&pool, pool.header("aid"), set(lock)).await;
        image.notify_update().await.unwrap();
        image.write_at(0, &b"x"[..]).await.unwrap();
        assert!(image.is_lock_owner().await.unwrap());
        call(&pool, pool.header("aid"), set(0)).await;
        image.notify_update().await.unwrap();
        image.write_at(0, &b"y"[..]).await.unwrap();
        assert_eq!(image.acquire_lock().await.unwrap_err(), Errno::EINVAL);
    });
}

#[test]
fn striped_images_are_written_in_whole_runs() {
    block_on(async {
        let pool = pool();
        make(&pool, "a", 8 * OBJECT, Features::LAYERING | Features::STRIPINGV2).await;
        let striping = crate::cls::rbd::SetStripeUnitCount { unit: OBJECT / 4, count: 2 };
        call(&pool, pool.header("aid"), striping.call()).await;
        let image = open(&pool, "a").await;
        let data: Vec<u8> = (0..3 * OBJECT).map(|at| (at / (OBJECT / 4)) as u8).collect();
        let mut payload = Payload::new();
        data.chunks(1000).for_each(|piece| payload.push(Bytes::copy_from_slice(piece)));
        image.write_at(5, payload).await.unwrap();
        assert_eq!(image.read_at(5, data.len()).await.unwrap(), data);
        assert_eq!(object_size(&image, 0).await, Some(OBJECT));
    });
}
