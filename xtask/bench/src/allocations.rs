//! Counts allocations, for each thread by itself.
//!
//! `unsafe` because the trait is: there is no other way to watch an allocator. Each method hands its arguments on to the
//! system's allocator unchanged, so whatever the caller promised still holds there, and counts beside it. The count is a
//! thread's own constant-initialised cell with nothing to drop: it never allocates, and it is no write that two threads share,
//! which would slow down exactly those who allocate.
#![expect(unsafe_code, reason = "see above")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

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
}

/// How many allocations this thread makes in `work`.
pub(crate) fn during(work: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    work();
    COUNT.get() - before
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
}
