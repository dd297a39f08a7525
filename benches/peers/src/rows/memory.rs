//! What an idle connection holds on the heap, when 48 KiB have gone either way and nothing waits in
//! a queue.
//!
//! What is left when the connections are dropped belongs to the pool that they share.

use super::Absent;
use super::one::takeover;
use crate::alloc;
use crate::corpus::Corpus;
use crate::peer::{End, Peer, Setting, Tally};
use crate::transport::Sink;
use crate::wire::Encoder;
use serde::Serialize;

const CONNECTIONS: i64 = 8;

/// As many records of 1 KiB each way.
const MESSAGES: usize = 48;

#[derive(Debug, Serialize)]
pub(crate) struct Held {
    pub(crate) name: &'static str,
    pub(crate) setting: Setting,
    /// Bytes on the heap …
    pub(crate) each: i64,
    /// … and in the pool, for 8 connections that were never busy at the same time.
    pub(crate) shared: i64,
}

pub(crate) fn name(setting: Setting) -> String {
    format!("memory/{}/window-{}", takeover(setting), setting.bits)
}

pub(crate) fn held(peer: &dyn Peer, setting: Setting) -> Result<Held, Absent> {
    let messages = &Corpus::Json1.messages()[..MESSAGES];
    let mut encoders: Vec<_> =
        (0..CONNECTIONS).map(|_| Encoder::new(End::Server, setting)).collect();
    let wires: Vec<_> = encoders.iter_mut().map(|encoder| encoder.batches(messages, 4)).collect();
    let mut sink = Sink { bytes: Vec::with_capacity(1 << 20), calls: 0 };
    let mut connections = Vec::with_capacity(CONNECTIONS as usize);
    let before = alloc::live();
    for wire in &wires {
        let mut connection =
            peer.connect(End::Server, setting).map_err(|why| Absent { name: peer.name(), why })?;
        for (batch, sent) in wire.iter().zip(messages.chunks(4)) {
            connection.receive(batch, &mut Tally::default()).expect("it is what a sender may send");
            connection.send(sent, &mut sink);
            sink.bytes.clear();
        }
        connections.push(connection);
    }
    let with = alloc::live();
    drop(connections.drain(..));
    let left = alloc::live();
    Ok(Held {
        name: peer.name(),
        setting,
        each: (with - left) / CONNECTIONS,
        shared: left - before,
    })
}
