//! Counts allocations, for each thread by itself; and where a client has threads of its own, for all of them.
//!
//! `unsafe` because the trait is: there is no other way to watch an allocator. Each method hands its arguments on to the
//! system's allocator unchanged, so whatever the caller promised still holds there, and counts beside it. The count is a
//! thread's own constant-initialised cell with nothing to drop: it never allocates, and it is no write that two threads share,
//! which would slow down exactly those who allocate. Only while all threads are counted, by [`everywhere`], they share one.
#![expect(unsafe_code, reason = "see above")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

static WATCHED: AtomicBool = AtomicBool::new(false);
static ALL: AtomicU64 = AtomicU64::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every method is the system allocator's own, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises, unchanged.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises, unchanged.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promises, unchanged.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises, unchanged.
        unsafe { System.dealloc(block, layout) }
    }
}

fn count() {
    COUNT.set(COUNT.get() + 1);
    if WATCHED.load(Ordering::Relaxed) {
        ALL.fetch_add(1, Ordering::Relaxed);
    }
}

/// How many allocations this thread makes in `work`.
pub(crate) fn during(work: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

/// How many allocations all threads together make during `work`; not for two callers at a time.
pub(crate) fn everywhere(work: impl FnOnce()) -> u64 {
    let before = ALL.load(Ordering::Relaxed);
    WATCHED.store(true, Ordering::Relaxed);
    work();
    WATCHED.store(false, Ordering::Relaxed);
    ALL.load(Ordering::Relaxed) - before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_counted() {
        assert_eq!(during(|| ()), 0);
        assert_eq!(during(|| drop(std::hint::black_box(Box::new(7)))), 1);
        assert_eq!(during(|| drop(std::hint::black_box(vec![0_u8; 100]))), 1);
    }

    #[test]
    fn another_threads_are_counted_where_all_are() {
        let apart = || {
            drop(
                std::thread::spawn(|| (0..1_000).for_each(|_| drop(std::hint::black_box(Box::new(7)))))
                    .join(),
            )
        };
        assert!(during(apart) < 1_000);
        assert!(everywhere(apart) >= 1_000);
    }
}
