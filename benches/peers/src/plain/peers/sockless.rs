//! Ours, as the loop in its README drives it.

use super::READ;
use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use bytes::Buf;
use sockless::server::{self, Incoming};
use sockless::{Agreement, Config, Event, Input, LifeCycle, Role, Seed, client};
use std::cell::RefCell;
use std::io::IoSlice;
use std::rc::Rc;

/// sockless.
#[derive(Debug)]
pub(crate) struct Sockless {
    /// Of the loop, for all its connections.
    scratch: Rc<RefCell<Vec<u8>>>,
}

impl Default for Sockless {
    fn default() -> Self {
        Self { scratch: Rc::new(RefCell::new(vec![0; READ])) }
    }
}

impl Peer for Sockless {
    fn name(&self) -> &'static str {
        "sockless"
    }

    fn about(&self) -> &'static str {
        "reads of 64 KiB into the loop's scratch; `send_binary` of a slice, or of `Bytes` where that spares a copy; one write for all that is queued, of up to 128 slices"
    }

    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str> {
        let role = match setup.end {
            End::Server => Role::Server,
            End::Client => Role::Client(Seed::new([7; 32])),
        };
        Ok(Box::new(Driven {
            connection: sockless::Connection::new(role, Agreement::default(), Config::default()),
            pipe: pipe.clone(),
            scratch: self.scratch.clone(),
            batched: setup.batched,
            shared_from: if setup.end == End::Server { 1 << 10 } else { 32 << 10 },
        }))
    }

    fn accept(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let scratch = &mut *self.scratch.borrow_mut();
        let mut handshake = server::Handshake::new(server::Config::default());
        let read = pipe.read_slice(scratch).ok_or("nothing to read")?;
        match handshake.poll(&mut Input::new(&mut scratch[..read])) {
            Some(Incoming::Upgrade(request)) => {
                write(&mut request.accept().open(Config::default()), pipe);
                Ok(())
            }
            _ => Err("it refuses the request"),
        }
    }

    fn request(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let scratch = &mut *self.scratch.borrow_mut();
        let request = client::Request::new("ws://127.0.0.1:9001/chat?room=7").map_err(|_| "it refuses the address")?;
        let mut handshake = client::Handshake::new(request, Seed::new([7; 32]));
        write(&mut handshake, pipe);
        let read = pipe.read_slice(scratch).ok_or("nothing to read")?;
        match handshake.poll(&mut Input::new(&mut scratch[..read])) {
            Some(client::Outcome::Open(opened)) => {
                drop(opened.open(Config::default()));
                Ok(())
            }
            _ => Err("it refuses the answer"),
        }
    }
}

struct Driven {
    connection: sockless::Connection,
    pipe: Pipe,
    scratch: Rc<RefCell<Vec<u8>>>,
    batched: bool,
    shared_from: usize,
}

impl Connection for Driven {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let scratch = &mut *self.scratch.borrow_mut();
        let until = tally.messages + messages as u64;
        while tally.messages < until {
            let read = self.pipe.read_slice(scratch).ok_or(Refused)?;
            let mut input = Input::new(&mut scratch[..read]);
            while let Some(event) = self.connection.poll_event(&mut input) {
                match event {
                    Event::Text(text) => tally.deliver(true, text.as_bytes()),
                    Event::Binary(data) => tally.deliver(false, &data),
                    Event::Closed(_) => return Err(Refused),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, messages: &[Message]) {
        for message in messages {
            // Shared where that spares a copy: a server queues it as it is from 1 KiB on, a client from 32 KiB on.
            let sent = if message.bytes.len() < self.shared_from {
                self.connection.send_binary(&message.bytes[..])
            } else {
                self.connection.send_binary(&message.bytes)
            };
            sent.expect("it is open, and its queue not full");
            if !self.batched || self.connection.above_mark() {
                write(&mut self.connection, &self.pipe);
            }
        }
        write(&mut self.connection, &self.pipe);
    }
}

/// Writes all that is queued.
fn write(side: &mut impl LifeCycle, pipe: &Pipe) {
    while side.wants_write() {
        let mut out = side.transmit();
        // Few slices as a rule, and many where there are more.
        let mut slices = [IoSlice::new(&[]); 4];
        let count = out.chunks_vectored(&mut slices);
        let written = if slices[..count].iter().map(|slice| slice.len()).sum::<usize>() == out.remaining() {
            pipe.write_parts(slices[..count].iter().map(|slice| &**slice))
        } else {
            let mut slices = [IoSlice::new(&[]); 128];
            let count = out.chunks_vectored(&mut slices);
            pipe.write_parts(slices[..count].iter().map(|slice| &**slice))
        };
        out.advance(written);
    }
}
