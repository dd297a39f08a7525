//! An allocator that counts, for each thread apart, and can be told to refuse.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

pub struct Counting;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Allocations, and growth of what was allocated.
    pub calls: u64,
    /// The bytes that are allocated now …
    pub live: i64,
    /// … and were at most.
    pub peak: i64,
}

thread_local! {
    static COUNT: Cell<Count> = const { Cell::new(Count { calls: 0, live: 0, peak: 0 }) };
    static ASKED: Cell<u64> = const { Cell::new(0) };
    static REFUSE_ABOVE: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// What `run` allocates, beside what was before.
pub fn counted<T>(run: impl FnOnce() -> T) -> (T, Count) {
    COUNT.set(Count::default());
    ASKED.set(0);
    let result = run();
    (result, COUNT.get())
}

/// The bytes that are allocated now, beside what was before the innermost `counted`.
pub fn live() -> i64 {
    COUNT.get().live
}

/// The bytes of all allocations since the innermost `counted` began, freed or not; what has grown
/// counts with all of its new length, for that may have been moved.
pub fn asked() -> u64 {
    ASKED.get()
}

/// Lets every allocation of more than `bytes` fail while `run` runs.
pub fn refusing_above<T>(bytes: usize, run: impl FnOnce() -> T) -> T {
    REFUSE_ABOVE.set(bytes);
    let result = run();
    REFUSE_ABOVE.set(usize::MAX);
    result
}

fn count(calls: u64, bytes: i64) {
    let mut count = COUNT.get();
    count.calls += calls;
    count.live += bytes;
    count.peak = count.peak.max(count.live);
    COUNT.set(count);
}

// SAFETY: all calls go on to the system's allocator as they are; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > REFUSE_ABOVE.get() {
            return std::ptr::null_mut();
        }
        count(1, layout.size() as i64);
        ASKED.set(ASKED.get() + layout.size() as u64);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size > REFUSE_ABOVE.get() {
            return std::ptr::null_mut();
        }
        count(1, size as i64 - layout.size() as i64);
        ASKED.set(ASKED.get() + size as u64);
        unsafe { System.realloc(ptr, layout, size) }
    }
}
