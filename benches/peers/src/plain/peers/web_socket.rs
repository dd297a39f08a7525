//! web-socket: frames over a stream; it gives fragments as they come, and does not check UTF-8.

use super::{BATCH, MOST, READ};
use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use futures::FutureExt;
use tokio::io::{AsyncRead, AsyncWrite, BufReader, BufWriter};
use web_socket::{DataType, Event, MessageType, Stream};

/// web-socket 0.7.
#[derive(Debug)]
pub(crate) struct WebSocket;

impl Peer for WebSocket {
    fn name(&self) -> &'static str {
        "web-socket"
    }

    fn about(&self) -> &'static str {
        "over a `BufReader` of 64 KiB, as in its examples; over a `BufWriter` of 256 KiB and with one flush where batched; \
         fragments are put together beside it"
    }

    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str> {
        let reader = BufReader::with_capacity(READ, pipe.clone());
        Ok(if setup.batched {
            Box::new(Driven::new(setup.end, BufWriter::with_capacity(BATCH, reader)))
        } else {
            Box::new(Driven::new(setup.end, reader))
        })
    }

    fn accept(&self, _: &Pipe) -> Result<(), &'static str> {
        Err("it has none")
    }

    fn request(&self, _: &Pipe) -> Result<(), &'static str> {
        Err("it has none")
    }
}

struct Driven<S> {
    socket: web_socket::WebSocket<S>,
    whole: Vec<u8>,
}

impl<S> Driven<S> {
    fn new(end: End, stream: S) -> Self {
        let mut socket = match end {
            End::Server => web_socket::WebSocket::server(stream),
            End::Client => web_socket::WebSocket::client(stream),
        };
        socket.max_payload_len = MOST;
        Self { socket, whole: Vec::new() }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection for Driven<S> {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let until = tally.messages + messages as u64;
        let all = async {
            while tally.messages < until {
                let Event::Data { ty, data } = self.socket.recv().await.map_err(|_| Refused)?
                else {
                    return Err(Refused);
                };
                match ty {
                    DataType::Complete(kind) => tally.deliver(kind == MessageType::Text, &data),
                    DataType::Stream(Stream::End(kind)) => {
                        self.whole.extend_from_slice(&data);
                        tally.deliver(kind == MessageType::Text, &self.whole);
                        self.whole.clear();
                    }
                    DataType::Stream(_) => self.whole.extend_from_slice(&data),
                }
            }
            Ok(())
        };
        all.now_or_never().ok_or(Refused)?
    }

    fn send(&mut self, messages: &[Message]) {
        let all = async {
            for message in messages {
                self.socket.send(&message.bytes[..]).await?;
            }
            self.socket.flash().await
        };
        all.now_or_never().expect("the pipe takes all").expect("it is open");
    }
}
