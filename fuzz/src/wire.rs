//! What several targets share: frames written naively, connections of either end, and what they
//! make of bytes.

use sockless::{
    Chunk, CloseEvent, Config, Connection, Delivery, Endpoint, Event, Extensions, Input, Seed,
    Transmit,
};

/// A frame, encoded naively: its first byte, its payload, and the key that it is masked with.
pub fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let bit = if mask.is_some() { 0x80 } else { 0 };
    let mut wire = match payload.len() {
        len @ 0..=125 => vec![first, bit | len as u8],
        len @ 126..=0xffff => [&[first, bit | 126][..], &(len as u16).to_be_bytes()].concat(),
        len => [&[first, bit | 127][..], &(len as u64).to_be_bytes()].concat(),
    };
    wire.extend(mask.iter().flatten());
    wire.extend(masked(payload, mask.unwrap_or_default()));
    wire
}

/// Bytes masked one by one.
pub fn masked(bytes: &[u8], key: [u8; 4]) -> Vec<u8> {
    bytes.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect()
}

pub fn server(delivery: Delivery) -> Connection {
    Connection::server(Extensions::default(), config(delivery))
}

pub fn client(delivery: Delivery) -> Connection {
    Connection::client(Seed::new([3; 32]), Extensions::default(), config(delivery))
}

fn config(delivery: Delivery) -> Config {
    let mut config = Config::default();
    config.delivery = delivery;
    config
}

/// What a connection made of bytes.
#[derive(Debug, Default, PartialEq)]
pub struct Fed {
    /// Messages, pings and pongs, in order.
    pub events: Vec<Event<'static>>,
    /// All chunks put together.
    pub chunks: Vec<u8>,
    pub close_event: Option<CloseEvent>,
}

impl Fed {
    /// The next event. Nothing comes behind `Closed`.
    pub fn take(&mut self, event: Event<'_>) {
        assert!(self.close_event.is_none(), "{event:?} behind Closed");
        match event {
            Event::Chunk(Chunk { data, .. }) => self.chunks.extend_from_slice(data.as_bytes()),
            Event::Closed(close_event) => self.close_event = Some(close_event),
            event => self.events.push(event.into_owned()),
        }
    }

    /// All that a connection makes of a read, and of what it held before. All is consumed.
    pub fn read(&mut self, connection: &mut Connection, read: &[u8]) {
        let mut read = read.to_vec();
        let mut input = Input::new(&mut read);
        while let Some(event) = connection.poll(&mut input) {
            self.take(event);
        }
        assert!(input.is_empty(), "None means that all was consumed");
        assert!(!connection.wants_poll());
    }
}

/// Feeds bytes in these reads.
pub fn feed(connection: &mut Connection, reads: &[&[u8]]) -> Fed {
    let mut fed = Fed::default();
    for read in reads {
        fed.read(connection, read);
    }
    fed
}

/// A write of at most so many bytes, in one of the ways that there are: tells of how many it was.
/// What pops is all written. Some writes fail first, which takes nothing.
pub fn write(mut out: Transmit<'_>, most: usize, how: u8, wire: &mut Vec<u8>) -> usize {
    let before = wire.len();
    if how >= 0x80 {
        assert_eq!(out.write_with(|_| Err("full")).unwrap_or(0), 0);
        assert_eq!(out.write_slice_with(|_| Err("full")).unwrap_or(0), 0);
    }
    let taken = match how % 3 {
        0 => out.write_slice_with(|slice| Ok::<_, ()>(take(&[slice], most, wire))),
        1 => out.write_with(|slices| {
            assert!(!slices.is_empty());
            let slices: Vec<&[u8]> = slices.iter().map(|slice| &slice[..]).collect();
            Ok::<_, ()>(take(&slices, most, wire))
        }),
        _ => {
            wire.extend(out.pop().into_iter().flatten());
            Ok(wire.len() - before)
        }
    };
    assert_eq!(taken, Ok(wire.len() - before));
    wire.len() - before
}

/// Takes at most so many bytes of some slices, of which none is empty.
pub fn take(slices: &[&[u8]], most: usize, wire: &mut Vec<u8>) -> usize {
    let before = wire.len();
    for slice in slices {
        assert!(!slice.is_empty(), "an empty slice");
        let left = most - (wire.len() - before);
        wire.extend_from_slice(&slice[..slice.len().min(left)]);
    }
    wire.len() - before
}

/// All that is to be sent.
pub fn output(side: &mut dyn Endpoint) -> Vec<u8> {
    let mut wire = Vec::new();
    while let Some(bytes) = side.transmit().pop() {
        assert!(!bytes.is_empty());
        wire.extend_from_slice(&bytes);
    }
    assert!(!side.wants_write());
    wire
}
