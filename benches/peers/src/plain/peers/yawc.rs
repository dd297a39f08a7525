//! yawc: by the `Sink` and the `Stream` that it is.

use super::{BATCH, MOST, READ};
use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use futures::{FutureExt, SinkExt};
use yawc::{Frame, OpCode, Options, Role, WebSocket};

/// yawc 0.5.
#[derive(Debug)]
pub(crate) struct Yawc;

impl Peer for Yawc {
    fn name(&self) -> &'static str {
        "yawc"
    }

    fn about(&self) -> &'static str {
        "feature `simd`, UTF-8 checked, buffers of 64 KiB, backpressure boundary 256 KiB; `send`, or `feed` for each and one `flush`"
    }

    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str> {
        let options = Options::default()
            .without_compression()
            .with_limits(MOST, 2 * MOST)
            .with_read_buffer_capacity(READ)
            .with_write_buffer_capacity(READ)
            .with_backpressure_boundary(BATCH)
            .with_utf8();
        let role = match setup.end {
            End::Server => Role::Server,
            End::Client => Role::Client,
        };
        let socket =
            WebSocket::from_stream(pipe.clone(), role, options).map_err(|_| "it refuses this")?;
        Ok(Box::new(Driven { socket, batched: setup.batched }))
    }

    fn accept(&self, _: &Pipe) -> Result<(), &'static str> {
        Err("hyper's handshake")
    }

    fn request(&self, _: &Pipe) -> Result<(), &'static str> {
        Err("hyper's handshake")
    }
}

struct Driven {
    socket: WebSocket<Pipe>,
    batched: bool,
}

impl Connection for Driven {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let all = async {
            for _ in 0..messages {
                let frame = self.socket.next_frame().await.map_err(|_| Refused)?;
                if !matches!(frame.opcode(), OpCode::Text | OpCode::Binary) {
                    return Err(Refused);
                }
                tally.deliver(frame.opcode() == OpCode::Text, frame.payload());
            }
            Ok(())
        };
        all.now_or_never().ok_or(Refused)?
    }

    fn send(&mut self, messages: &[Message]) {
        let all = async {
            for message in messages {
                let frame = Frame::binary(message.bytes.clone());
                if self.batched {
                    self.socket.feed(frame).await?;
                } else {
                    self.socket.send(frame).await?;
                }
            }
            self.socket.flush().await
        };
        all.now_or_never().expect("the pipe takes all").expect("it is open");
    }
}
