//! How much memory it takes to decode something.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Does something, and panics if it asks for more than so many bytes, all requests added up.
///
/// # Panics
///
/// If it does.
pub fn bounded<T>(most: usize, something: impl FnOnce() -> T) -> T {
    let region = Region::new(MEMORY);
    let outcome = something();
    let asked = region.change().bytes_allocated;
    assert!(asked <= most, "{asked} bytes of memory were asked for, and {most} would be many");
    outcome
}
