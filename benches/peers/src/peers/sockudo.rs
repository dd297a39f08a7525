//! sockudo-ws: its protocol without a stream around it, which leaves reads and writes to the
//! caller.

use crate::corpus::Message;
use crate::peer::{Batch, Connection, End, Peer, Refused, Setting, Tally};
use crate::transport::Sink;
use bytes::BytesMut;
use sockudo_ws::{CompressedProtocol, DeflateConfig};

/// sockudo-ws 3.
#[derive(Debug)]
pub(crate) struct Sockudo;

const MOST: usize = 16 << 20;

impl Peer for Sockudo {
    fn name(&self) -> &'static str {
        "sockudo-ws"
    }

    fn about(&self) -> &'static str {
        "compresses by flate2 with zlib-rs, inflates by libz-rs-sys; its `CompressedProtocol`, with a message buffer that is used again; threshold 0"
    }

    fn connect(&self, end: End, setting: Setting) -> Result<Box<dyn Connection>, &'static str> {
        let bits = setting.bits.try_into().map_err(|_| "no such window")?;
        let config = DeflateConfig {
            server_max_window_bits: bits,
            client_max_window_bits: bits,
            server_no_context_takeover: !setting.takeover,
            client_no_context_takeover: !setting.takeover,
            compression_level: setting.level.into(),
            compression_threshold: 0,
        };
        let protocol = match end {
            End::Server => CompressedProtocol::server(MOST, MOST, config),
            End::Client => CompressedProtocol::client(MOST, MOST, config),
        };
        Ok(Box::new(Driven {
            protocol,
            out: BytesMut::new(),
            read: BytesMut::new(),
            messages: Vec::new(),
        }))
    }
}

struct Driven {
    protocol: CompressedProtocol,
    out: BytesMut,
    read: BytesMut,
    messages: Vec<sockudo_ws::Message>,
}

impl Connection for Driven {
    fn send(&mut self, messages: &[Message], sink: &mut Sink) {
        for message in messages {
            let message = sockudo_ws::Message::Text(message.bytes.clone());
            self.protocol.encode_message(&message, &mut self.out).expect("it is open");
        }
        sink.write(&self.out);
        self.out.clear();
    }

    fn receive(&mut self, batch: &Batch, tally: &mut Tally<'_>) -> Result<(), Refused> {
        tally.reads += 1;
        self.read.extend_from_slice(&batch.bytes);
        self.protocol.process_into(&mut self.read, &mut self.messages).map_err(|_| Refused)?;
        for message in self.messages.drain(..) {
            tally.text(message.as_bytes());
        }
        Ok(())
    }
}
