//! Gives libFuzzer's inputs to the entry named by `OXIRADOS_FUZZ`, and watches what it allocates.
#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use libfuzzer_sys::fuzz_target;
use oxirados::fuzz;

/// Bytes allocated at this moment, and the most they may be.
static NOW: AtomicUsize = AtomicUsize::new(0);
static MAX: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Counts, and ends the process where an entry takes too much: an abort, not a panic, as nothing
/// may unwind here.
struct Counting;

impl Counting {
    fn more(size: usize) {
        let now = NOW.fetch_add(size, Ordering::Relaxed) + size;
        let max = MAX.load(Ordering::Relaxed);
        if now > max {
            // What is printed allocates too.
            MAX.store(usize::MAX, Ordering::Relaxed);
            eprintln!("{size} bytes more, {now} in all, are more than this entry may take");
            std::process::abort();
        }
    }
}

// SAFETY: every call is the system allocator's with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counting::more(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counting::more(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn entry() -> fuzz::Entry {
    static ENTRY: OnceLock<fuzz::Entry> = OnceLock::new();
    *ENTRY.get_or_init(|| {
        let name = std::env::var("OXIRADOS_FUZZ").unwrap_or_default();
        if name == "list" {
            fuzz::entries().for_each(|(name, _)| println!("{name}"));
            std::process::exit(0);
        }
        fuzz::find(&name).unwrap_or_else(|| panic!("OXIRADOS_FUZZ={name}: no such entry"))
    })
}

fuzz_target!(init: { entry(); }, |bytes: &[u8]| {
    let (name, run) = entry();
    MAX.store(NOW.load(Ordering::Relaxed) + fuzz::memory_max(name, bytes.len()), Ordering::Relaxed);
    run(bytes);
    MAX.store(usize::MAX, Ordering::Relaxed);
});
