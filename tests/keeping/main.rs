//! Frames that a read has cut stay where they were read to, for a loop that asks for it: they are
//! borrowed when they are whole, and cost nothing until then. That the events are the same is held
//! in `splits`, `violations` and `deflate`.
//!
//! [`cost`] counts what keeping takes, [`frames`] says what is told of a frame that is kept and
//! when, [`room`] how much a `Scratch` gives a read.

mod cost;
mod frames;
mod room;
#[path = "../support/mod.rs"]
mod support;

use sockless::{Connection, Event, Scratch};
use support::alloc::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// One read of a loop, and its polls.
fn read(
    connection: &mut Connection,
    scratch: &mut Scratch,
    unread: &mut &[u8],
    mut each: impl FnMut(Event<'_>),
) -> usize {
    let room = scratch.room();
    let n = room.len().min(unread.len());
    room[..n].copy_from_slice(&unread[..n]);
    *unread = &unread[n..];
    let mut input = scratch.input(n);
    while let Some(event) = connection.poll(&mut input) {
        each(event);
    }
    let rest = input.len();
    scratch.keep(rest);
    rest
}
