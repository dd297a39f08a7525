//! Cores, and the CPU time that a process has had.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io;

/// To one of the cores that this process may use: the first, the second, …; the last if there are
/// fewer.
pub(crate) fn pin(which: usize) -> io::Result<()> {
    let may = sched_getaffinity(None)?;
    let cores: Vec<_> = (0..CpuSet::MAX_CPU).filter(|core| may.is_set(*core)).collect();
    let core = cores.get(which).or(cores.last()).copied().unwrap_or_default();
    let mut only = CpuSet::new();
    only.set(core);
    Ok(sched_setaffinity(None, &only)?)
}

/// All cores again, for a child that pins itself.
pub(crate) fn unpin() -> io::Result<()> {
    let mut all = CpuSet::new();
    (0..CpuSet::MAX_CPU.min(256)).for_each(|core| all.set(core));
    Ok(sched_setaffinity(None, &all)?)
}

/// Nanoseconds that the main thread of a process has had, in the kernel and outside of it. All work
/// of a server is its main thread's.
pub(crate) fn time_of(process: u32) -> io::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/schedstat"))?;
    let first = text.split_ascii_whitespace().next().and_then(|number| number.parse().ok());
    first.ok_or_else(|| io::Error::other("the kernel does not count CPU time (CONFIG_SCHED_INFO)"))
}
