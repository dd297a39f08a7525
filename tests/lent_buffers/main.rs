//! Buffers that a loop lends: in steady state nothing is allocated, between its turns a connection
//! holds nothing, and what is sent and received is the same.
//!
//! Each of the three has a file: [`steady`] counts allocations, [`held`] bytes, [`same`] compares.

mod held;
mod same;
mod steady;
#[path = "../support/mod.rs"]
mod support;

use bytes::Buf;
use sockless::{Connection, Endpoint, Input, Lent};
use support::alloc::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Writes at most `most` bytes.
fn write(connection: &mut Connection, most: usize) {
    let mut out = connection.transmit();
    let mut left = most;
    while out.has_remaining() && left > 0 {
        let n = out.chunk().len().min(left);
        out.advance(n);
        left -= n;
    }
}

fn echo_nothing(connection: &mut Lent<'_>, read: &mut [u8]) {
    let mut input = Input::new(read);
    while let Some(event) = connection.poll(&mut input) {
        connection.reclaim(event);
    }
}
