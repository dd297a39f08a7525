//! sockudo-ws: its protocol without a stream around it, which leaves reads and writes to the
//! caller.

use super::{BATCH, MOST, READ};
use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use bytes::BytesMut;
use futures::FutureExt;
use sockudo_ws::handshake::{client_handshake, server_handshake};
use sockudo_ws::protocol::Protocol;
use tokio::io::AsyncReadExt;

/// sockudo-ws 3.
#[derive(Debug)]
pub(crate) struct Sockudo;

impl Peer for Sockudo {
    fn name(&self) -> &'static str {
        "sockudo-ws"
    }

    fn about(&self) -> &'static str {
        "its `Protocol`, with a message buffer that is used again, and reads of 64 KiB or more; one write for all that was encoded; keys by fastrand, its default"
    }

    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str> {
        let role = match setup.end {
            End::Server => sockudo_ws::Role::Server,
            End::Client => sockudo_ws::Role::Client,
        };
        let protocol = Protocol::new(role, MOST, MOST);
        let (out, read) = (BytesMut::new(), BytesMut::new());
        Ok(Box::new(Driven {
            protocol,
            pipe: pipe.clone(),
            out,
            read,
            messages: Vec::new(),
            batched: setup.batched,
        }))
    }

    fn accept(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let mut pipe = pipe.clone();
        let accepted = server_handshake(&mut pipe).now_or_never();
        accepted.ok_or("it reads on")?.map(drop).map_err(|_| "it refuses the request")
    }

    fn request(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let mut pipe = pipe.clone();
        let opened =
            client_handshake(&mut pipe, "127.0.0.1:9001", "/chat?room=7", None).now_or_never();
        opened.ok_or("it reads on")?.map(drop).map_err(|_| "it refuses the answer")
    }
}

struct Driven {
    protocol: Protocol,
    pipe: Pipe,
    out: BytesMut,
    read: BytesMut,
    messages: Vec<sockudo_ws::Message>,
    batched: bool,
}

impl Driven {
    fn write(&mut self) {
        self.pipe.write_parts([&*self.out].into_iter());
        self.out.clear();
    }
}

impl Connection for Driven {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let until = tally.messages + messages as u64;
        while tally.messages < until {
            self.read.reserve(READ);
            let read = self.pipe.read_buf(&mut self.read).now_or_never();
            read.ok_or(Refused)?.map_err(|_| Refused)?;
            self.protocol.process_into(&mut self.read, &mut self.messages).map_err(|_| Refused)?;
            for message in self.messages.drain(..) {
                tally.deliver(message.is_text(), message.as_bytes());
            }
        }
        Ok(())
    }

    fn send(&mut self, messages: &[Message]) {
        for message in messages {
            let message = sockudo_ws::Message::Binary(message.bytes.clone());
            self.protocol.encode_message(&message, &mut self.out).expect("it is open");
            if !self.batched || self.out.len() >= BATCH {
                self.write();
            }
        }
        if !self.out.is_empty() {
            self.write();
        }
    }
}
