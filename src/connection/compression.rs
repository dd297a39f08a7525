//! Compression of a connection's messages, RFC 7692: between frames and events on one side, and
//! [`crate::deflate`] on the other.
//!
//! RSV1 in the first frame of a message means that the message is compressed (§6); the decoder
//! refuses it in all other frames. Decompressed bytes go where all others go: into the message that
//! is assembled, or into chunks.

use super::stream::Stream;
use super::{Connection, Reception};
use crate::decoder::{Limits, MessageKind, Role};
use crate::deflate::{Chosen, Compress, Parameters, ReceivingSide, SendingSide, Settings};
use crate::event::{Cause, Event};
use crate::frame::OpCode;
use crate::payload::Payload;
use crate::prepared_message::PreparedMessage;
use alloc::vec::Vec;

/// §6: "Per-Message Compressed".
pub(super) const RSV1: u8 = 0b100;

/// The largest piece of compressed data, in bytes, that is decompressed into one chunk. The chunk
/// is at most about a thousand times as large.
pub(super) const MOST_COMPRESSED_CHUNK: usize = 1 << 10;

/// Both directions of a connection that compresses.
#[derive(Debug)]
pub(super) struct Compression {
    receiving: ReceivingSide,
    sending: SendingSide,
    settings: Chosen,
}

impl Compression {
    pub(super) fn new(end: Role, agreed: Parameters, settings: Settings) -> Self {
        Self {
            receiving: ReceivingSide::new(end, agreed),
            sending: SendingSide::new(end, agreed),
            settings: settings.into(),
        }
    }

    /// Nothing more is sent.
    pub(super) fn stop_sending(&mut self) {
        self.sending.stop();
    }
}

impl Connection {
    /// A piece of a compressed message to what can be delivered of it, and what is wrong behind
    /// that.
    pub(super) fn inflated(
        &mut self,
        kind: MessageKind,
        last: bool,
        data: &[u8],
        limits: Limits,
    ) -> (Option<Event<'static>>, Option<Cause>) {
        // RSV1 came through, so it was agreed on.
        let Some(Compression { receiving, settings, .. }) = &mut self.compression else {
            return (None, None);
        };
        let pool = settings.pool.as_ref();
        match &mut self.message {
            Reception::Whole(assembly) => {
                let mut whole = false;
                let outcome = receiving.piece(data, last, limits, pool, &mut |part, last| {
                    whole = last;
                    assembly.add(kind, last, 0, limits.max_message, part)
                });
                ((whole && outcome.is_ok()).then(|| assembly.take()), outcome.err())
            }
            Reception::Chunks(chunks) => {
                let mut inflated = Vec::new();
                let outcome = receiving.piece(data, last, limits, pool, &mut |part, _| {
                    inflated.try_reserve(part.len()).map_err(|_| Cause::OutOfMemory)?;
                    inflated.extend_from_slice(part);
                    Ok(())
                });
                let (event, error) = chunks.add_owned(kind, last && outcome.is_ok(), inflated);
                (event, error.or(outcome.err()))
            }
        }
    }

    /// Compresses and queues a message. `false`: it is to be sent as it is.
    pub(super) fn send_compressed(&mut self, kind: MessageKind, payload: &Payload<'_>) -> bool {
        let Some(Compression { sending, settings, .. }) = &mut self.compression else {
            return false;
        };
        let data = payload.as_ref();
        let compress = payload.compression().unwrap_or(settings.compress);
        if !sending.wants(Some(data.len()), compress, settings) {
            return false;
        }
        let Some(mut packed) = sending.message(data, compress, settings) else { return false };
        self.queue_message(kind.into(), RSV1, MessageKind::Binary, true, packed.payload());
        if let Some(Compression { sending, settings, .. }) = &mut self.compression {
            sending.put_message(packed, settings);
        }
        true
    }

    /// The same for a message that is shared with other connections.
    pub(super) fn send_prepared_compressed(&mut self, message: &PreparedMessage) -> bool {
        let Some(Compression { sending, settings, .. }) = &mut self.compression else {
            return false;
        };
        let data = message.as_bytes();
        let compress = message.compression().unwrap_or(settings.compress);
        if !sending.wants(Some(data.len()), compress, settings) {
            return false;
        }
        let Some(form) = message.forms().get(data, sending, settings) else { return false };
        if compress == Compress::Auto && form.len() >= data.len() {
            return false;
        }
        sending.said(data, settings);
        self.queue_message(
            message.kind().into(),
            RSV1,
            MessageKind::Binary,
            true,
            Payload::from(form),
        );
        true
    }

    /// The reserved bits of a message that is sent in parts.
    pub(super) fn stream_rsv(&self, compress: Option<Compress>) -> u8 {
        match &self.compression {
            Some(Compression { sending, settings, .. })
                if sending.wants(None, compress.unwrap_or(settings.compress), settings) =>
            {
                RSV1
            }
            _ => 0,
        }
    }

    /// Queues a part of a compressed message, flushed: the peer can inflate all of it.
    pub(super) fn queue_compressed_part(&mut self, stream: &Stream, part: &[u8]) {
        let Some(Compression { sending, settings, .. }) = &mut self.compression else { return };
        let first = stream.opcode() != OpCode::Continuation;
        let mut packed = sending.part(part, first, settings);
        self.queue_message(
            stream.opcode(),
            if first { RSV1 } else { 0 },
            MessageKind::Binary,
            false,
            packed.payload(),
        );
        if let Some(Compression { sending, .. }) = &mut self.compression {
            sending.put_part(packed);
        }
    }

    /// The message that was sent in parts is at its end.
    pub(super) fn end_compressed_parts(&mut self) {
        if let Some(Compression { sending, settings, .. }) = &mut self.compression {
            sending.end_of_parts(settings);
        }
    }
}
