//! wtx: over a stream in memory, by its own stream traits.

use super::{MOST, READ};
use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use futures::FutureExt;
use wtx::collection::Vector;
use wtx::misc::UriRef;
use wtx::rng::Xorshift64;
use wtx::stream::{StreamReader, StreamWriter};
use wtx::web_socket::{
    Frame, OpCode, WebSocketAcceptor, WebSocketBuffer, WebSocketConnector, WebSocketOwned,
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
        "a network buffer of 64 KiB, payloads borrowed from it (`Adaptive`); it writes each message by itself; as a client it masks the payload where it is, \
         so a copy is made for it; its keys are those of xorshift"
    }

    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str> {
        if setup.batched {
            return Err("it writes each message by itself");
        }
        Ok(match setup.end {
            End::Server => Box::new(Driven::<false>::new(pipe)?),
            End::Client => Box::new(Driven::<true>::new(pipe)?),
        })
    }

    fn accept(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let accepted = WebSocketAcceptor::default().accept(Ours(pipe.clone())).now_or_never();
        accepted.ok_or("it reads on")?.map(drop).map_err(|_| "it refuses the request")
    }

    fn request(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let uri = UriRef::new("ws://127.0.0.1:9001/chat?room=7");
        let connected =
            WebSocketConnector::default().connect(Ours(pipe.clone()), &uri).now_or_never();
        connected.ok_or("it reads on")?.map(drop).map_err(|_| "it refuses the answer")
    }
}

struct Driven<const IS_CLIENT: bool> {
    socket: WebSocketOwned<(), Xorshift64, Ours, IS_CLIENT>,
    payload: Vec<u8>,
    text: Vector<u8>,
}

impl<const IS_CLIENT: bool> Driven<IS_CLIENT> {
    fn new(pipe: &Pipe) -> Result<Self, &'static str> {
        let buffer = WebSocketBuffer::with_capacity(READ, 0, 0).map_err(|_| "no room")?;
        let mut socket =
            WebSocketOwned::new((), false, Xorshift64::new(7), Ours(pipe.clone()), buffer);
        socket.set_max_payload_len(MOST);
        Ok(Self { socket, payload: Vec::new(), text: Vector::new() })
    }
}

impl<const IS_CLIENT: bool> Connection for Driven<IS_CLIENT> {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let all = async {
            for _ in 0..messages {
                self.text.clear();
                let frame = self
                    .socket
                    .read_frame(&mut self.text, WebSocketPayloadOrigin::Adaptive)
                    .await
                    .map_err(|_| Refused)?;
                if !matches!(frame.op_code(), OpCode::Text | OpCode::Binary) {
                    return Err(Refused);
                }
                tally.deliver(matches!(frame.op_code(), OpCode::Text), frame.payload());
            }
            Ok(())
        };
        all.now_or_never().ok_or(Refused)?
    }

    fn send(&mut self, messages: &[Message]) {
        for message in messages {
            let written = if IS_CLIENT {
                self.payload.clear();
                self.payload.extend_from_slice(&message.bytes);
                let mut frame = Frame::new_fin(OpCode::Binary, &mut self.payload[..]);
                self.socket.write_frame(&mut frame).now_or_never()
            } else {
                let mut payload = message.same.borrow_mut();
                let mut frame = Frame::new_fin(OpCode::Binary, &mut payload[..]);
                self.socket.write_frame(&mut frame).now_or_never()
            };
            written.expect("the pipe takes all").expect("it is open");
        }
    }
}

/// The transport as wtx asks for one.
#[derive(Debug)]
struct Ours(Pipe);

impl StreamReader for Ours {
    async fn read(&mut self, bytes: &mut [u8]) -> wtx::Result<usize> {
        match self.0.read_slice(bytes) {
            Some(read) => Ok(read),
            None => std::future::pending().await,
        }
    }
}

impl StreamWriter for Ours {
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        self.0.write_parts([bytes].into_iter());
        Ok(())
    }

    async fn write_all_vectored(&mut self, parts: &[&[u8]]) -> wtx::Result<()> {
        self.0.write_parts(parts.iter().copied());
        Ok(())
    }
}
