//! What several targets share: frames written naively, connections of either end, and what they
//! make of bytes.

use bytes::Buf;
use sockless::{
    Chunk, CloseEvent, Config, Connection, Delivery, Endpoint, Event, Extensions, Input, Seed,
};
use std::io::IoSlice;

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

/// Feeds bytes in these reads. Nothing comes behind `Closed`, and all is consumed.
pub fn feed(connection: &mut Connection, reads: &[&[u8]]) -> Fed {
    let mut fed = Fed::default();
    for read in reads {
        let mut scratch = read.to_vec();
        let mut input = Input::new(&mut scratch);
        while let Some(event) = connection.poll(&mut input) {
            assert!(fed.close_event.is_none(), "{event:?} behind Closed");
            match event {
                Event::Chunk(Chunk { data, .. }) => fed.chunks.extend_from_slice(data.as_bytes()),
                Event::Closed(close_event) => fed.close_event = Some(close_event),
                event => fed.events.push(event.into_owned()),
            }
        }
        assert!(input.is_empty(), "None means that all was consumed");
    }
    fed
}

/// A write of at most so many bytes, in one of the ways that there are: tells of how many it was.
/// What pops is all written.
pub fn write(side: &mut dyn Endpoint, most: usize, how: u8, wire: &mut Vec<u8>) -> usize {
    let mut out = side.transmit();
    let queued = out.remaining();
    let before = wire.len();
    match how % 3 {
        0 => {
            let n = out.chunk().len().min(most);
            wire.extend_from_slice(&out.chunk()[..n]);
            out.advance(n);
        }
        1 => {
            let mut slices = [IoSlice::new(&[]); 8];
            let count = out.chunks_vectored(&mut slices);
            for slice in &slices[..count] {
                let left = most - (wire.len() - before);
                wire.extend_from_slice(&slice[..slice.len().min(left)]);
            }
            out.advance(wire.len() - before);
        }
        _ => wire.extend(out.pop().into_iter().flatten()),
    }
    assert_eq!(out.remaining(), queued - (wire.len() - before));
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
