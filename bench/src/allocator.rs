//! An allocator that counts only while a row asks for it: counting costs the timed rows some.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, Ordering},
};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats};

static COUNTS: AtomicBool = AtomicBool::new(false);

pub struct Allocator;

/// Runs something; returns what it allocated and freed, and what came of it.
///
/// What was allocated before must not be freed meanwhile: it would count.
pub fn counted<T>(work: impl FnOnce() -> T) -> (Stats, T) {
    COUNTS.store(true, Ordering::SeqCst);
    let region = Region::new(&INSTRUMENTED_SYSTEM);
    let result = work();
    let stats = region.change();
    COUNTS.store(false, Ordering::SeqCst);
    (stats, result)
}

// SAFETY: each call goes to the system's allocator, with what the caller promised, whether or not
// it is counted on the way.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Ordering::Relaxed) {
            unsafe { INSTRUMENTED_SYSTEM.alloc(layout) }
        } else {
            unsafe { System.alloc(layout) }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Ordering::Relaxed) {
            unsafe { INSTRUMENTED_SYSTEM.alloc_zeroed(layout) }
        } else {
            unsafe { System.alloc_zeroed(layout) }
        }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        if COUNTS.load(Ordering::Relaxed) {
            unsafe { INSTRUMENTED_SYSTEM.dealloc(ptr, layout) }
        } else {
            unsafe { System.dealloc(ptr, layout) }
        }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if COUNTS.load(Ordering::Relaxed) {
            unsafe { INSTRUMENTED_SYSTEM.realloc(ptr, layout, new_size) }
        } else {
            unsafe { System.realloc(ptr, layout, new_size) }
        }
    }
}
