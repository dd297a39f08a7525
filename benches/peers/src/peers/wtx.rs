//! wtx: over a stream in memory, by its own stream traits.

use crate::corpus::Message;
use crate::peer::{Batch, Connection, End, Peer, Refused, Setting, Tally};
use crate::transport::{Pipe, Sink};
use futures::FutureExt;
use wtx::collection::Vector;
use wtx::rng::Xorshift64;
use wtx::stream::{StreamReader, StreamWriter};
use wtx::web_socket::compression::{Flate2, NegotiatedFlate2, WindowBits};
use wtx::web_socket::{
    Compression, CompressionLevel, DeflateConfig, Frame, OpCode, WebSocketBuffer, WebSocketOwned,
    WebSocketPayloadOrigin,
};

/// wtx 0.46: later ones need a newer Rust.
#[derive(Debug)]
pub(crate) struct Wtx;

impl Peer for Wtx {
    fn name(&self) -> &'static str {
        "wtx"
    }

    fn about(&self) -> &'static str {
        "flate2 with zlib-rs; it always resets both contexts, whatever was agreed on: no takeover; it writes each message by itself; \
         it takes the payload as `&mut [u8]`, copied here for it"
    }

    fn connect(&self, end: End, setting: Setting) -> Result<Box<dyn Connection>, &'static str> {
        if setting.takeover {
            return Err("it takes no context over");
        }
        Ok(match end {
            End::Server => Box::new(Driven::<false>::new(setting)?),
            End::Client => Box::new(Driven::<true>::new(setting)?),
        })
    }
}

struct Driven<const IS_CLIENT: bool> {
    socket: WebSocketOwned<Option<NegotiatedFlate2>, Xorshift64, Ours, IS_CLIENT>,
    pipe: Pipe,
    payload: Vec<u8>,
    text: Vector<u8>,
}

impl<const IS_CLIENT: bool> Driven<IS_CLIENT> {
    fn new(setting: Setting) -> Result<Self, &'static str> {
        let bits = WindowBits::try_from(setting.bits).map_err(|_| "no such window")?;
        let compression_level =
            CompressionLevel::try_from(setting.level).map_err(|_| "no such level")?;
        let config = DeflateConfig {
            client_max_window_bits: bits,
            compression_level,
            server_max_window_bits: bits,
        };
        let agreed = [[&b"sec-websocket-extensions"[..], b"permessage-deflate"]];
        let negotiated = Compression::<IS_CLIENT>::negotiate(Flate2::from(config), agreed.iter())
            .map_err(|_| "it refuses this")?;
        if negotiated.is_none() {
            return Err("it refuses this");
        }
        let pipe = Pipe::default();
        let socket = WebSocketOwned::new(
            negotiated,
            false,
            Xorshift64::new(7),
            Ours(pipe.clone()),
            WebSocketBuffer::new(),
        );
        Ok(Self { socket, pipe, payload: Vec::new(), text: Vector::new() })
    }
}

impl<const IS_CLIENT: bool> Connection for Driven<IS_CLIENT> {
    fn send(&mut self, messages: &[Message], sink: &mut Sink) {
        for message in messages {
            self.payload.clear();
            self.payload.extend_from_slice(&message.bytes);
            let mut frame = Frame::new_fin(OpCode::Text, &mut self.payload[..]);
            let written =
                self.pipe.write_to(sink, || self.socket.write_frame(&mut frame).now_or_never());
            written.expect("the sink takes all").expect("it is open");
        }
    }

    fn receive(&mut self, batch: &Batch, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let (outcome, reads) = self.pipe.read_from(&batch.bytes, || {
            // A read that was begun cannot be left: only as many as there are messages.
            for _ in 0..batch.messages {
                let frame = self
                    .socket
                    .read_frame(&mut self.text, WebSocketPayloadOrigin::Adaptive)
                    .now_or_never();
                tally.text(frame.ok_or(Refused)?.map_err(|_| Refused)?.payload());
            }
            Ok(())
        });
        tally.reads += reads;
        outcome
    }
}

/// The transport as wtx asks for one.
#[derive(Debug)]
struct Ours(Pipe);

impl StreamReader for Ours {
    async fn read(&mut self, bytes: &mut [u8]) -> wtx::Result<usize> {
        let Some(read) = self.0.read(bytes.len()) else { return std::future::pending().await };
        bytes[..read.len()].copy_from_slice(&read);
        Ok(read.len())
    }
}

impl StreamWriter for Ours {
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        self.0.write([bytes].into_iter());
        Ok(())
    }

    async fn write_all_vectored(&mut self, parts: &[&[u8]]) -> wtx::Result<()> {
        self.0.write(parts.iter().copied());
        Ok(())
    }
}
