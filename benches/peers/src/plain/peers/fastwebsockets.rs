//! fastwebsockets: frames over a stream; it puts fragments together in a layer of its own.
//!
//! It writes each frame at once. Its `flush` is for "a stream that is buffered": that is its
//! batched loop.

use super::{BATCH, MOST};
use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket};
use futures::FutureExt;
use tokio::io::BufWriter;

/// fastwebsockets 0.10.
#[derive(Debug)]
pub(crate) struct FastWebsockets;

impl Peer for FastWebsockets {
    fn name(&self) -> &'static str {
        "fastwebsockets"
    }

    fn about(&self) -> &'static str {
        "writev and auto_apply_mask on, its defaults; feature `simd`; over a `BufWriter` of 256 KiB and with one `flush` where batched; \
         a `FragmentCollector` where there are fragments"
    }

    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str> {
        let role = match setup.end {
            End::Server => Role::Server,
            End::Client => Role::Client,
        };
        if setup.batched {
            let socket =
                WebSocket::after_handshake(BufWriter::with_capacity(BATCH, pipe.clone()), role);
            return Ok(Box::new(Whole(set(socket))));
        }
        let socket = set(WebSocket::after_handshake(pipe.clone(), role));
        Ok(if setup.fragmented {
            Box::new(Fragmented(FragmentCollector::new(socket)))
        } else {
            Box::new(Whole(socket))
        })
    }

    fn accept(&self, _: &Pipe) -> Result<(), &'static str> {
        Err("hyper's handshake")
    }

    fn request(&self, _: &Pipe) -> Result<(), &'static str> {
        Err("hyper's handshake")
    }
}

fn set<S>(mut socket: WebSocket<S>) -> WebSocket<S> {
    socket.set_writev(true);
    socket.set_auto_apply_mask(true);
    socket.set_max_message_size(MOST);
    socket
}

fn deliver(frame: &Frame<'_>, tally: &mut Tally<'_>) -> Result<(), Refused> {
    if !frame.fin || !matches!(frame.opcode, OpCode::Text | OpCode::Binary) {
        return Err(Refused);
    }
    tally.deliver(frame.opcode == OpCode::Text, &frame.payload);
    Ok(())
}

struct Whole<S>(WebSocket<S>);

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Connection for Whole<S> {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let all = async {
            for _ in 0..messages {
                deliver(&self.0.read_frame().await.map_err(|_| Refused)?, tally)?;
            }
            Ok(())
        };
        all.now_or_never().ok_or(Refused)?
    }

    fn send(&mut self, messages: &[Message]) {
        let all = async {
            for message in messages {
                // It copies what it is lent before it masks.
                self.0.write_frame(Frame::binary(Payload::Borrowed(&message.bytes))).await?;
            }
            self.0.flush().await
        };
        all.now_or_never().expect("the pipe takes all").expect("it is open");
    }
}

struct Fragmented(FragmentCollector<Pipe>);

impl Connection for Fragmented {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let all = async {
            for _ in 0..messages {
                deliver(&self.0.read_frame().await.map_err(|_| Refused)?, tally)?;
            }
            Ok(())
        };
        all.now_or_never().ok_or(Refused)?
    }

    fn send(&mut self, _: &[Message]) {
        unreachable!("it only receives");
    }
}
