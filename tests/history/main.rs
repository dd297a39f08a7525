//! Bugs that other libraries had, a test for each, named by its cause and shaped like the attack.
//!
//! Above each test stands what went wrong elsewhere and in what kind of library, with the number of
//! its CVE if it has one; why it cannot go wrong here; and what is asserted. The rules:
//!
//! - No time is measured. Work is counted: what the heap is asked for, how many bytes were taken
//!   when the answer came, how many events there were.
//! - What cannot be counted from outside, as how often a byte is looked at, is counted inside, by
//!   the unit test that is named here.
//! - An attack meets both roles where both can be attacked, and is cut into single bytes where a
//!   transport could cut it.

#[cfg(feature = "deflate")]
mod compression;
mod first_bytes;
mod floods;
mod frames;
mod heads;
mod keys;
mod lengths;
mod liveness;
mod setters;
mod smuggling;
