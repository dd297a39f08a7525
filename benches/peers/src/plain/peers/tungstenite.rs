//! tungstenite: over a blocking stream.

use super::MOST;
use crate::peer::{End, Refused};
use crate::plain::{Connection, Message, Peer, Pipe, Setup, Tally};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Bytes, WebSocket};

/// tungstenite 0.30.
#[derive(Debug)]
pub(crate) struct Tungstenite;

impl Peer for Tungstenite {
    fn name(&self) -> &'static str {
        "tungstenite"
    }

    fn about(&self) -> &'static str {
        "buffers of 128 KiB, its defaults, which its documentation advises for throughput, and small ones to read one by one; `send`, or `write` for each and one `flush`"
    }

    fn connect(&self, setup: Setup, pipe: &Pipe) -> Result<Box<dyn Connection>, &'static str> {
        let role = match setup.end {
            End::Server => Role::Server,
            End::Client => Role::Client,
        };
        let config = setup.alone.map_or_else(WebSocketConfig::default, small);
        let config = config.max_frame_size(Some(MOST)).max_message_size(Some(MOST));
        Ok(Box::new(Driven {
            socket: WebSocket::from_raw_socket(pipe.clone(), role, Some(config)),
            batched: setup.batched,
        }))
    }

    fn accept(&self, pipe: &Pipe) -> Result<(), &'static str> {
        tungstenite::accept_with_config(pipe.clone(), Some(small(0)))
            .map(drop)
            .map_err(|_| "it refuses the request")
    }

    fn request(&self, pipe: &Pipe) -> Result<(), &'static str> {
        let client = tungstenite::client::client_with_config(
            "ws://127.0.0.1:9001/chat?room=7",
            pipe.clone(),
            Some(small(0)),
        );
        client.map(drop).map_err(|_| "it refuses the answer")
    }
}

/// Where nothing large is read: it makes its buffer anew, and zeroes it, again and again.
fn small(len: usize) -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size((2 * len).max(4 << 10))
}

struct Driven {
    socket: WebSocket<Pipe>,
    batched: bool,
}

impl Connection for Driven {
    fn receive(&mut self, messages: usize, tally: &mut Tally<'_>) -> Result<(), Refused> {
        for _ in 0..messages {
            match self.socket.read().map_err(|_| Refused)? {
                tungstenite::Message::Text(text) => tally.deliver(true, text.as_bytes()),
                tungstenite::Message::Binary(data) => tally.deliver(false, &data),
                _ => return Err(Refused),
            }
        }
        Ok(())
    }

    fn send(&mut self, messages: &[Message]) {
        for message in messages {
            let message = tungstenite::Message::Binary(Bytes::clone(&message.bytes));
            let sent =
                if self.batched { self.socket.write(message) } else { self.socket.send(message) };
            sent.expect("it is open");
        }
        if self.batched {
            self.socket.flush().expect("the pipe takes all");
        }
    }
}
