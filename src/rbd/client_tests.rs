//! Several clients of one embedded store, each with a connection of its own, as programs have.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

use super::message::{ClientId, Message, Response};
use super::*;
use crate::cls::rbd::{ObjectState, SnapNamespace};
use crate::codec::Writer;
use crate::conf::{Config, EntityName};
use crate::errno::Errno;
use crate::runtime::block_on;

const OBJECT: u64 = 1 << 20;

/// A store that goes with the test, and clients of it.
struct World {
    dir: TempDir,
}

impl World {
    fn new() -> Self {
        World { dir: tempfile::tempdir().unwrap() }
    }

    async fn client(&self, settings: &[(&str, &str)]) -> Pool {
        let config = Config::new("ceph", EntityName::client("admin"));
        config.set("mon_host", &format!("local:{}", self.dir.path().display())).unwrap();
        config.set("rbd_default_order", "20").unwrap();
        for (name, value) in settings {
            config.set(name, value).unwrap();
        }
        let engine = crate::connect::connect(&config).await.unwrap();
        let id = match engine.pool_by_name("rbd") {
            Ok(id) => id,
            Err(_) => engine.pool_create("rbd", None).await.unwrap(),
        };
        Pool::new(engine, id, config)
    }
}

async fn open(pool: &Pool) -> Arc<Image> {
    let which = ImageRef::Name("a".into());
    Image::open(pool.clone(), which, OpenOptions::default()).await.unwrap()
}

async fn make(pool: &Pool, size: u64) {
    create::create(pool, "a", size, &mut ImageOptions::new()).await.unwrap();
}

#[test]
fn clients_write_in_turns_and_see_each_other() {
    block_on(async {
        let world = World::new();
        let (one, two) = (world.client(&[]).await, world.client(&[]).await);
        make(&one, 4 * OBJECT).await;
        let images = [open(&one).await, open(&two).await];
        for round in 0..6u8 {
            let at = usize::from(round % 2);
            images[at].write_at(u64::from(round) * OBJECT / 2, vec![round + 1; 100]).await.unwrap();
            assert!(images[at].is_lock_owner().await.unwrap());
            for image in &images {
                let read = image.read_at(u64::from(round) * OBJECT / 2, 100).await.unwrap();
                assert_eq!(read, vec![round + 1; 100]);
            }
        }
        for image in images {
            image.close().await.unwrap();
        }
    });
}

#[test]
fn clients_that_write_at_once_both_get_on() {
    block_on(async {
        let world = World::new();
        let (one, two) = (world.client(&[]).await, world.client(&[]).await);
        make(&one, 4 * OBJECT).await;
        let write = |pool: Pool, slot: u64| async move {
            let image = open(&pool).await;
            for round in 0..20u64 {
                let off = (round % 4) * OBJECT + slot * 4096;
                image.write_at(off, vec![round as u8 + 1; 4096]).await.unwrap();
            }
            image.close().await.unwrap();
        };
        let (tasks, ended) = (AtomicU64::new(0), Arc::new(tokio::sync::Notify::new()));
        let tasks = Arc::new(tasks);
        for (slot, pool) in [one.clone(), two].into_iter().enumerate() {
            let (tasks, ended, work) =
                (Arc::clone(&tasks), Arc::clone(&ended), write(pool, slot as u64));
            crate::runtime::spawn(async move {
                work.await;
                tasks.fetch_add(1, Ordering::Release);
                ended.notify_one();
            });
        }
        while tasks.load(Ordering::Acquire) < 2 {
            ended.notified().await;
        }
        let image = open(&one).await;
        for object in 0..4u64 {
            let read = image.read_at(object * OBJECT, 8192).await.unwrap();
            assert_eq!(read, vec![17 + object as u8; 8192]);
        }
    });
}

#[test]
fn a_peer_that_does_not_hear_of_the_lock_finds_it_free() {
    block_on(async {
        let world = World::new();
        let (one, two) = (world.client(&[]).await, world.client(&[]).await);
        make(&one, OBJECT).await;
        let image = open(&one).await;
        let client = ClientId { gid: two.engine.instance_id(), handle: 99 };
        let tell = |message: Message| {
            let (engine, header) = (Arc::clone(&two.engine), two.header(image.id()));
            async move {
                let answers = engine.notify(header, Writer::of(&message), None).await.unwrap();
                let [(_, _, answer)] = &answers.acks[..] else { panic!("{answers:?}") };
                answer.clone()
            }
        };
        let yes = Writer::of(&Response(0));
        for _ in 0..2 {
            image.write_at(0, &b"x"[..]).await.unwrap();
            assert_eq!(tell(Message::RequestLock { client, force: false }).await, yes);
            while image.lock_owner().await.is_ok() {
                std::thread::yield_now();
            }
            // It is not taken, and so goes back.
            image.write_at(0, &b"y"[..]).await.unwrap();
            assert!(image.is_lock_owner().await.unwrap());
            // Asked again, it is there to be taken when the answer comes, which is nobody's.
            assert_eq!(tell(Message::RequestLock { client, force: false }).await, b""[..]);
            assert_eq!(image.lock_owner().await.unwrap_err(), Errno::ENOENT);
            tell(Message::AcquiredLock(client)).await;
        }
        image.close().await.unwrap();
    });
}

/// Random requests against a model, and what each client reads at once.
#[test]
fn what_is_read_at_once_is_what_a_request_would_read() {
    block_on(async {
        let world = World::new();
        let (one, two) = (world.client(&[]).await, world.client(&[]).await);
        make(&one, 4 * OBJECT).await;
        let (image, other) = (open(&one).await, open(&two).await);
        let mut state = 1_u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % below
        };
        let mut head = vec![0; 4 * OBJECT as usize];
        let mut old: Option<(SnapId, Vec<u8>)> = None;
        // At the snapshot, and of the head.
        let mut told = [0; 2];
        for round in 0..300_u64 {
            let off = random(head.len() as u64 - 1);
            let len = (random(3 << 16) + 1).min(head.len() as u64 - off);
            let range = off as usize..(off + len) as usize;
            let byte = (round % 255) as u8 + 1;
            match random(40) {
                0..25 => {
                    image.write_at(off, vec![byte; len as usize]).await.unwrap();
                    head[range].fill(byte);
                }
                25..30 => {
                    // Whole objects too, which then are not there.
                    let at = off / OBJECT * OBJECT;
                    let len = OBJECT.min(head.len() as u64 - at);
                    image.discard_at(at, len).await.unwrap();
                    head[at as usize..(at + len) as usize].fill(0);
                }
                30 => {
                    head.resize(((2 + random(3)) * OBJECT - (random(9) << 16)) as usize, 0);
                    image.resize(head.len() as u64, true, no_progress()).await.unwrap();
                }
                31 if old.is_none() => {
                    let (namespace, name) = (SnapNamespace::User, "s".to_owned());
                    let operation = Operation::SnapCreate { namespace, name, flags: 0 };
                    image.run(operation, no_progress()).await.unwrap();
                    let snap = image.header().user_snapshot("s").unwrap().id;
                    old = Some((snap, head.clone()));
                }
                32 => {
                    let snap = old.as_ref().filter(|_| other.snap() == SnapId::HEAD);
                    let snap = snap.map_or(SnapId::HEAD, |(snap, _)| *snap);
                    other.set_snap(snap).await.unwrap();
                }
                // The second time at once, if at all.
                _ => drop(image.read_at(off, len as usize).await.unwrap()),
            }
            for client in [&image, &other] {
                client.refresh_if_required().await.unwrap();
                let now = match &old {
                    Some((snap, data)) if client.snap() == *snap => data,
                    _ => &head,
                };
                let wanted = &now[now.len().min(off as usize)..];
                let mut memory = vec![0xff; 8192];
                for _ in 0..2 {
                    if let Some(read) = client.read_at_once(off, &mut memory) {
                        assert_eq!(read as usize, wanted.len().min(8192), "round {round}");
                        assert!(wanted.starts_with(&memory[..read as usize]), "round {round}");
                        told[usize::from(client.snap() == SnapId::HEAD)] += 1;
                    } else if !wanted.is_empty() {
                        let read = client.read_at(off, 8192).await.unwrap();
                        assert!(!read.is_empty() && wanted.starts_with(&read), "round {round}");
                    }
                }
            }
        }
        assert!(told.iter().all(|told| *told > 30), "{told:?} reads at once");
        image.close().await.unwrap();
        assert_eq!(image.read_at_once(0, &mut [0]), None);
    });
}

/// Reads from many threads while the image changes: each byte was there at some time.
#[test]
fn threads_read_at_once_what_was_written_before_or_meanwhile() {
    const ROUNDS: u64 = 60;
    let world = World::new();
    let image = block_on(async {
        let pool = world.client(&[]).await;
        make(&pool, 2 * OBJECT).await;
        let image = open(&pool).await;
        image.write_at(0, vec![1; 2 * OBJECT as usize]).await.unwrap();
        image
    });
    let (image, begun, done) = (&image, &AtomicU64::new(1), &AtomicU64::new(1));
    let (told, ready) = (&AtomicU64::new(0), &std::sync::Barrier::new(4));
    std::thread::scope(|scope| {
        for thread in 0..3_u64 {
            scope.spawn(move || {
                let mut memory = vec![0; 4096];
                let mut at = thread * 7;
                ready.wait();
                while done.load(Ordering::Acquire) < ROUNDS {
                    at = (at + 13) % (2 * OBJECT / 4096);
                    let before = done.load(Ordering::Acquire);
                    let read = image.read_at_once(at * 4096, &mut memory);
                    let behind = begun.load(Ordering::Acquire);
                    match read {
                        Some(read) => {
                            let seen = &memory[..read as usize];
                            let range = before as u8..=behind as u8;
                            assert!(seen.iter().all(|byte| range.contains(byte)));
                            told.fetch_add(1, Ordering::Relaxed);
                        }
                        None => drop(block_on(image.read_at(at * 4096, 4096)).unwrap()),
                    }
                }
            });
        }
        ready.wait();
        block_on(async {
            for round in 2..=ROUNDS {
                begun.store(round, Ordering::Release);
                if round % 8 == 0 {
                    let (namespace, name) = (SnapNamespace::User, format!("s{round}"));
                    let operation = Operation::SnapCreate { namespace, name, flags: 0 };
                    image.run(operation, no_progress()).await.unwrap();
                }
                for object in 0..2 {
                    let data = vec![round as u8; OBJECT as usize];
                    image.write_at(object * OBJECT, data).await.unwrap();
                }
                done.store(round, Ordering::Release);
            }
        });
    });
    assert!(told.load(Ordering::Relaxed) > 0);
    block_on(image.close()).unwrap();
}

#[test]
fn the_owner_runs_what_others_ask_for() {
    block_on(async {
        let world = World::new();
        let (one, two) = (world.client(&[]).await, world.client(&[]).await);
        make(&one, 2 * OBJECT).await;
        let (owner, other) = (open(&one).await, open(&two).await);
        owner.write_at(0, &b"x"[..]).await.unwrap();
        other.resize(3 * OBJECT, true, no_progress()).await.unwrap();
        let operation =
            Operation::SnapCreate { namespace: SnapNamespace::User, name: "s".into(), flags: 0 };
        other.run(operation, no_progress()).await.unwrap();
        owner.write_at(0, &b"y"[..]).await.unwrap();
        assert!(owner.is_lock_owner().await.unwrap());
        assert_eq!(owner.size().unwrap(), 3 * OBJECT);
        other.refresh_if_required().await.unwrap();
        let snap = other.header().user_snapshot("s").unwrap().id;
        other.set_snap(snap).await.unwrap();
        assert_eq!(other.read_at(0, 1).await.unwrap(), &b"x"[..]);
        let map = owner.object_map_states().unwrap();
        assert_eq!((map.len(), map.get(0)), (3, ObjectState::Exists));
    });
}

#[test]
fn a_client_that_lost_its_lock_by_force_writes_no_more() {
    block_on(async {
        let world = World::new();
        let (one, two) = (world.client(&[]).await, world.client(&[]).await);
        make(&one, OBJECT).await;
        let (loser, winner) = (open(&one).await, open(&two).await);
        loser.write_at(0, &b"x"[..]).await.unwrap();
        let owner = winner.lock_owner().await.unwrap();
        assert_eq!(owner.address, one.engine.addrs());
        assert_eq!(winner.break_lock_of("127.0.0.1:0/1").await.unwrap_err(), Errno::EBUSY);
        winner.break_lock_of(&owner.address).await.unwrap();
        winner.write_at(0, &b"y"[..]).await.unwrap();
        assert_eq!(loser.write_at(0, &b"z"[..]).await.unwrap_err(), Errno::ESHUTDOWN);
        assert_eq!(winner.read_at(0, 1).await.unwrap(), &b"y"[..]);
    });
}

#[test]
fn options_of_the_pool_and_the_image_count() {
    block_on(async {
        use crate::conf::Settings as _;
        let world = World::new();
        let pool = world.client(&[("rbd_cache", "false")]).await;
        make(&pool, OBJECT).await;
        let image = open(&pool).await;
        assert!(!image.config().bool("rbd_cache"));
        let set =
            Operation::SetMetadata { key: "conf_rbd_cache".into(), value: Some("true".into()) };
        image.run(set, no_progress()).await.unwrap();
        image.refresh().await.unwrap();
        assert!(image.config().bool("rbd_cache"));
    });
}
