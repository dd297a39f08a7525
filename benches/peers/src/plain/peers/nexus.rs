//! nexus-web: a reader and a writer without I/O.

use super::{BATCH, MOST};
use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use nexus_net::buf::WriteBuf;
use nexus_web::ws::{ClientBuilder, FrameReader, FrameWriter, Role, pair_with};

/// nexus-web 0.8.
#[derive(Debug)]
pub(crate) struct Nexus;

impl Peer for Nexus {
    fn name(&self) -> &'static str {
        "nexus-web"
    }

    fn about(&self) -> &'static str {
        "`FrameReader` with its buffer of 1 MiB, its default, in which messages are borrowed; `encode_binary_into` and a write for each, \
         or `encode_binary` of many into one buffer and one write"
    }

    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str> {
        let role = match setup.end {
            End::Server => Role::Server,
            End::Client => Role::Client,
        };
        let builder = FrameReader::builder().max_frame_size(MOST as u64).max_message_size(MOST);
        let (reader, writer) = pair_with(role, builder);
        let (one, many) = if setup.batched { (64, BATCH) } else { (8 << 20, 0) };
        let (one, many) = (WriteBuf::new(one, 14), vec![0; many]);
        Ok(Box::new(Driven {
            reader,
            writer,
            pipe: pipe.clone(),
            one,
            many,
            batched: setup.batched,
        }))
    }

    fn accept(&self, pipe: &Pipe) -> Result<(), &'static str> {
        small().accept(pipe.clone()).map(drop).map_err(|_| "it refuses the request")
    }

    fn request(&self, pipe: &Pipe) -> Result<(), &'static str> {
        small()
            .connect_with(pipe.clone(), "ws://127.0.0.1:9001/chat?room=7")
            .map(drop)
            .map_err(|_| "it refuses the answer")
    }
}

/// For a handshake alone: no 1 MiB is allocated that nothing is read into.
fn small() -> ClientBuilder {
    ClientBuilder::new().buffer_capacity(4 << 10).write_buffer_capacity(4 << 10)
}

struct Driven {
    reader: FrameReader,
    writer: FrameWriter,
    pipe: Pipe,
    one: WriteBuf,
    many: Vec<u8>,
    batched: bool,
}

impl Connection for Driven {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let until = tally.messages + messages as u64;
        loop {
            while let Some(message) = self.reader.next().map_err(|_| Refused)? {
                match message {
                    nexus_web::ws::Message::Text(text) => tally.deliver(true, text.as_bytes()),
                    nexus_web::ws::Message::Binary(data) => tally.deliver(false, data),
                    _ => return Err(Refused),
                }
            }
            if tally.messages >= until {
                return Ok(());
            }
            if self.reader.should_compact() {
                self.reader.compact();
            }
            self.reader.read_from(&mut self.pipe).map_err(|_| Refused)?;
        }
    }

    fn send(&mut self, messages: &[Message]) {
        if !self.batched {
            for message in messages {
                self.writer.encode_binary_into(&message.bytes, &mut self.one);
                self.pipe.write_parts([self.one.data()].into_iter());
            }
            return;
        }
        let mut at = 0;
        for message in messages {
            let len = self.writer.max_encoded_len(message.bytes.len());
            if at > 0 && at + len > self.many.len() {
                self.pipe.write_parts([&self.many[..at]].into_iter());
                at = 0;
            }
            if len > self.many.len() {
                self.many.resize(len, 0);
            }
            at += self.writer.encode_binary(&message.bytes, &mut self.many[at..]);
        }
        self.pipe.write_parts([&self.many[..at]].into_iter());
    }
}
