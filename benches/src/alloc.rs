//! A global allocator that can count allocations.
#![expect(unsafe_code, reason = "`GlobalAlloc` is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The system's allocator with a counter. While counting is off, it costs one load of a shared
/// flag.
pub struct Counting;

static IS_ON: AtomicBool = AtomicBool::new(false);
static ALL_THREADS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static THIS_THREAD: Cell<u64> = const { Cell::new(0) };
}

/// Allocations (and reallocations) during some work.
#[derive(Debug, Clone, Copy)]
pub struct Allocations {
    pub this_thread: u64,
    pub all_threads: u64,
}

/// The counts since the last [`start`]. Counting continues.
pub fn so_far() -> Allocations {
    Allocations {
        this_thread: THIS_THREAD.get(),
        all_threads: ALL_THREADS.load(Ordering::Relaxed),
    }
}

pub fn start() {
    THIS_THREAD.set(0);
    ALL_THREADS.store(0, Ordering::Relaxed);
    IS_ON.store(true, Ordering::SeqCst);
}

pub fn stop() {
    IS_ON.store(false, Ordering::SeqCst);
}

#[inline]
fn count() {
    if IS_ON.load(Ordering::Relaxed) {
        ALL_THREADS.fetch_add(1, Ordering::Relaxed);
        THIS_THREAD.set(THIS_THREAD.get() + 1);
    }
}

// SAFETY: each call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(block, layout, new_size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}
