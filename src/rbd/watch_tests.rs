//! Watches of headers from many threads at once, on the engine in memory (`make race`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::conf::{Config, EntityName};
use crate::errno::Errno;
use crate::model::Engine;
use crate::runtime::block_on;
use crate::tests::memory::MemoryEngine;

/// Longer than anything takes.
const LONG: Duration = Duration::from_secs(100);
const ROUNDS: u64 = 25;

fn world() -> (Arc<MemoryEngine>, Pool) {
    let engine = MemoryEngine::new();
    let id = block_on(engine.pool_create("rbd", None)).unwrap();
    let shared: Arc<dyn Engine> = engine.clone();
    let pool = Pool::new(shared, id, Config::new("ceph", EntityName::client("admin")));
    block_on(create::create(&pool, "a", 1 << 22, &mut ImageOptions::new())).unwrap();
    (engine, pool)
}

fn open(pool: &Pool) -> Arc<Image> {
    let which = ImageRef::Name("a".into());
    block_on(Image::open(pool.clone(), which, OpenOptions::default())).unwrap()
}

/// Programs ask to be told of changes, are told, and are not told any more.
fn come_and_go(image: &Image) {
    for _ in 0..ROUNDS {
        let (told, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, over) = (Arc::clone(&told), Arc::clone(&is_over));
        let number = image.watch_updates(Arc::new(move || {
            assert!(!over.load(Ordering::SeqCst), "called after the end");
            count.fetch_add(1, Ordering::SeqCst);
        }));
        block_on(image.notify_update()).unwrap();
        image.unwatch_updates(number).unwrap();
        is_over.store(true, Ordering::SeqCst);
        assert!(told.load(Ordering::SeqCst) > 0);
    }
}

#[test]
fn programs_hear_of_changes_while_the_lock_goes_to_and_fro() {
    let (engine, pool) = world();
    let images = [open(&pool), open(&pool)];
    let working = AtomicUsize::new(4);
    thread::scope(|scope| {
        for image in images.iter().chain(&images) {
            let working = &working;
            scope.spawn(move || {
                let rounds = std::panic::AssertUnwindSafe(|| come_and_go(image));
                let outcome = std::panic::catch_unwind(rounds);
                working.fetch_sub(1, Ordering::SeqCst);
                outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            });
        }
        for (n, image) in images.iter().enumerate() {
            let working = &working;
            scope.spawn(move || {
                // Once at least: on a busy machine the others may be done when this begins.
                loop {
                    block_on(image.write_at(n as u64 * 4096, vec![n as u8 + 1; 4096])).unwrap();
                    if working.load(Ordering::SeqCst) == 0 {
                        break;
                    }
                }
            });
        }
    });
    for (n, image) in images.iter().enumerate() {
        let written = block_on(image.read_at(n as u64 * 4096, 4096)).unwrap();
        assert!(written.iter().all(|byte| *byte == n as u8 + 1));
        block_on(image.close()).unwrap();
    }
    assert_eq!(engine.watches(), 0);
}

#[test]
fn an_image_closed_while_its_watch_is_made_again_leaves_none() {
    let (engine, pool) = world();
    for _ in 0..8 * ROUNDS {
        let image = open(&pool);
        thread::scope(|scope| {
            scope.spawn(|| engine.lose_watches());
            scope.spawn(|| block_on(image.close()).unwrap());
        });
        // Tasks that make the watch again hold the image.
        let held = Arc::downgrade(&image);
        drop(image);
        while held.strong_count() > 0 {
            thread::yield_now();
        }
        assert_eq!(engine.watches(), 0);
    }
}

#[test]
fn a_watch_lost_while_the_image_is_opened_is_made_again() {
    let (engine, pool) = world();
    engine.hold("rbd_header.");
    let image = thread::scope(|scope| {
        let opening = scope.spawn(|| open(&pool));
        // The watch comes before the header is read.
        while engine.watches() == 0 {
            if engine.held() > 0 {
                engine.let_one_go();
            }
            thread::yield_now();
        }
        engine.lose_watches();
        engine.let_all_go();
        opening.join().unwrap()
    });
    let begun = Instant::now();
    while engine.watches() == 0 {
        assert!(begun.elapsed() < LONG, "no watch");
        thread::yield_now();
    }
    block_on(image.close()).unwrap();
    assert_eq!(engine.watches(), 0);
}

#[test]
fn a_write_waits_for_the_watch_that_its_lock_bears_and_not_in_vain() {
    for gone in [false, true] {
        let (engine, pool) = world();
        let image = open(&pool);
        engine.refuse_watches(Some(Errno::ETIMEDOUT));
        engine.lose_watches();
        let written = thread::scope(|scope| {
            let writing = scope.spawn(|| block_on(image.write_at(0, &b"x"[..])));
            while engine.refused_watches() == 0 {
                thread::yield_now();
            }
            engine.refuse_watches(gone.then_some(Errno::ENOENT));
            let begun = Instant::now();
            let written = writing.join().unwrap();
            // One more attempt is made after a second; then nothing is left to wait for.
            assert!(begun.elapsed() < LONG / 5, "{:?}", begun.elapsed());
            written
        });
        match gone {
            false => assert_eq!(written.unwrap(), 1),
            true => assert_eq!(written.unwrap_err(), Errno::EROFS),
        }
        let _ = block_on(image.close());
    }
}
