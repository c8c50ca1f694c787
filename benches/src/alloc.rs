//! A global allocator that counts allocations while asked to.
#![expect(unsafe_code, reason = "`GlobalAlloc` is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The system's allocator, counting. Off, it costs one load of a shared flag that nobody writes.
pub struct Counting;

static IS_ON: AtomicBool = AtomicBool::new(false);
static ALL_THREADS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static THIS_THREAD: Cell<u64> = const { Cell::new(0) };
}

/// Allocations (and reallocations) made while some work ran.
#[derive(Debug, Clone, Copy)]
pub struct Allocations {
    pub this_thread: u64,
    pub all_threads: u64,
}

/// Counts since the last [`start`], and goes on counting.
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

// SAFETY: every call is passed on to the system's allocator unchanged.
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
