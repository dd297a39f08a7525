//! A `Workspace` and its turns: where bytes wait between a loop's reads, polls and writes.
//!
//! They change no event and no byte ([`same`], [`apart`], [`queue`]), lose nothing ([`left`],
//! [`ends`], [`outcomes`]), copy and hold little ([`borrowed`], [`moved`], [`cost`], [`steady`],
//! [`room`]), and write what is queued ([`writes`]).

mod apart;
mod borrowed;
mod cost;
mod ends;
mod left;
mod moved;
mod outcomes;
mod queue;
mod room;
mod same;
mod steady;
mod writes;

use sockless::{Connection, Endpoint, Event, Input, Turn, Workspace};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// One read of at most `most` bytes, and its polls.
fn read(
    turn: &mut Turn<'_, Connection>,
    unread: &mut &[u8],
    most: usize,
    mut each: impl FnMut(Event<'_>),
) {
    let n = bring(turn, unread, most);
    let (connection, mut input) = turn.received(n);
    while let Some(event) = connection.poll(&mut input) {
        each(event);
    }
}

/// One read of at most `most` bytes, of which nothing is told yet.
fn bring<E: Endpoint + ?Sized>(turn: &mut Turn<'_, E>, unread: &mut &[u8], most: usize) -> usize {
    let room = turn.read_buf();
    assert!(!room.is_empty(), "a read of no bytes would be taken for the end");
    let n = room.len().min(unread.len()).min(most);
    room[..n].copy_from_slice(&unread[..n]);
    *unread = &unread[n..];
    n
}

/// What there is to poll for without a read.
fn poll(turn: &mut Turn<'_, Connection>) -> Vec<Event<'static>> {
    let (connection, mut input) = turn.received(0);
    let mut events = Vec::new();
    while let Some(event) = connection.poll(&mut input) {
        events.push(event.into_owned());
    }
    events
}

/// What can be awaited with, and moved to another thread.
#[test]
fn all_of_a_turn_can_be_sent_to_another_thread() {
    fn can_be_sent<T: Send + ?Sized>() {}
    can_be_sent::<Workspace>();
    can_be_sent::<Input<'_>>();
    can_be_sent::<Event<'_>>();
    can_be_sent::<Turn<'_, Connection>>();
    can_be_sent::<Turn<'_, sockless::server::Handshake>>();
    can_be_sent::<Turn<'_, sockless::client::Handshake>>();
    can_be_sent::<Turn<'_, sockless::server::Replying>>();
    can_be_sent::<Turn<'_, dyn Endpoint>>();
}
