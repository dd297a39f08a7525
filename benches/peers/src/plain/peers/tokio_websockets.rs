//! tokio-websockets: by the `Sink` and the `Stream` that it is.

use super::{BATCH, MOST};
use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use futures::{FutureExt, SinkExt, StreamExt};
use tokio_websockets::{ClientBuilder, Config, Limits, ServerBuilder, WebSocketStream};

/// tokio-websockets 0.13.
#[derive(Debug)]
pub(crate) struct TokioWebsockets;

impl Peer for TokioWebsockets {
    fn name(&self) -> &'static str {
        "tokio-websockets"
    }

    fn about(&self) -> &'static str {
        "flush_threshold 256 KiB, frame_size 64 MiB; `send`, or `feed` for each and one `flush`; keys by fastrand"
    }

    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str> {
        let config = Config::default().flush_threshold(BATCH).frame_size(MOST);
        let limits = Limits::default().max_payload_len(Some(MOST));
        let socket = match setup.end {
            End::Server => ServerBuilder::new().config(config).limits(limits).serve(pipe.clone()),
            End::Client => {
                ClientBuilder::new().config(config).limits(limits).take_over(pipe.clone())
            }
        };
        Ok(Box::new(Driven { socket, batched: setup.batched }))
    }

    fn accept(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let accepted = ServerBuilder::new().accept(pipe.clone()).now_or_never();
        accepted.ok_or("it reads on")?.map(drop).map_err(|_| "it refuses the request")
    }

    fn request(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let builder = ClientBuilder::new()
            .uri("ws://127.0.0.1:9001/chat?room=7")
            .map_err(|_| "it refuses the address")?;
        let connected = builder.connect_on(pipe.clone()).now_or_never();
        connected.ok_or("it reads on")?.map(drop).map_err(|_| "it refuses the answer")
    }
}

struct Driven {
    socket: WebSocketStream<Pipe>,
    batched: bool,
}

impl Connection for Driven {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let all = async {
            for _ in 0..messages {
                let message = self.socket.next().await.ok_or(Refused)?.map_err(|_| Refused)?;
                if !message.is_text() && !message.is_binary() {
                    return Err(Refused);
                }
                tally.deliver(message.is_text(), message.as_payload());
            }
            Ok(())
        };
        all.now_or_never().ok_or(Refused)?
    }

    fn send(&mut self, messages: &[Message]) {
        let all = async {
            for message in messages {
                let message = tokio_websockets::Message::binary(message.bytes.clone());
                if self.batched {
                    self.socket.feed(message).await?;
                } else {
                    self.socket.send(message).await?;
                }
            }
            self.socket.flush().await
        };
        all.now_or_never().expect("the pipe takes all").expect("it is open");
    }
}
