//! What the server does on a connection, by its path. Blocking, like the loop: a queue that is
//! above its high-water mark is written at once.

use crate::sample;
use crate::wire::Wire;
use serde_json::json;
use sockless::deflate::Settings;
use sockless::server::Request;
use sockless::{
    Chunk, CloseCode, CloseFrame, Config, Connection, Delivery, Event, MessageKind,
    PreparedMessage, SendError,
};
use std::sync::LazyLock;

/// One for all connections, whatever they agreed on.
static PREPARED: LazyLock<PreparedMessage> =
    LazyLock::new(|| PreparedMessage::binary(sample::prepared()));

/// An open connection and what carries it.
#[derive(Debug)]
pub(crate) struct Talk<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) wire: &'a mut Wire,
}

#[derive(Debug)]
pub(crate) enum Service {
    Echo { delivery: Delivery, limit: Option<u64> },
    Counted,
    Prepared { count: usize },
    Close { frame: Option<(CloseCode, String)> },
    Ping { data: String },
    Parts { kind: MessageKind, size: usize, count: usize },
    Slow { received: usize },
    Request { told: String },
    Refuse { status: u16 },
}

impl Service {
    /// What is asked for, and the name of the connection, if it has one. `None`: no such thing.
    pub(crate) fn of(request: &Request) -> Option<(Self, Option<String>)> {
        let (path, query) = split(request.target());
        let number = |name| parameter(query, name).and_then(|value| value.parse().ok());
        let service = match path {
            "/echo" => Self::Echo { delivery: Delivery::Whole, limit: None },
            "/echo-chunks" => Self::Echo { delivery: Delivery::Chunks, limit: None },
            "/counted" => Self::Counted,
            "/prepared" => Self::Prepared { count: number("count")? },
            "/limit" => {
                Self::Echo { delivery: Delivery::Whole, limit: Some(number("bytes")? as u64) }
            }
            "/close" => {
                let code = number("code").and_then(|code| CloseCode::new(code as u16));
                Self::Close {
                    frame: code.map(|code| (code, parameter(query, "reason").unwrap_or_default())),
                }
            }
            "/ping" => Self::Ping { data: parameter(query, "data").unwrap_or_default() },
            "/parts" => {
                let kind = if parameter(query, "kind")? == "text" {
                    MessageKind::Text
                } else {
                    MessageKind::Binary
                };
                Self::Parts { kind, size: number("size")?, count: number("count")? }
            }
            "/slow" => Self::Slow { received: 0 },
            "/request" => Self::Request { told: tell(request) },
            "/refuse" => Self::Refuse { status: number("status")? as u16 },
            _ => return None,
        };
        Some((service, parameter(query, "id")))
    }

    pub(crate) fn config(&self, deflate: Settings) -> Config {
        let mut config = Config::default();
        config.deflate = deflate;
        if let Self::Echo { delivery, limit } = self {
            config.delivery = *delivery;
            config.limits.max_message = limit.unwrap_or(config.limits.max_message);
        }
        config
    }

    /// Whether nothing is read until the connection is released.
    pub(crate) fn waits(&self) -> bool {
        matches!(self, Self::Slow { .. })
    }

    /// What it does without being asked.
    pub(crate) fn opened(&mut self, talk: &mut Talk<'_>) {
        match self {
            Self::Close { frame } => talk.send(|connection| {
                let frame =
                    frame.as_ref().map(|(code, reason)| CloseFrame::truncated(*code, reason));
                connection.close(frame)
            }),
            Self::Ping { data } => talk.send(|connection| connection.ping(data.as_bytes())),
            Self::Parts { kind, size, count } => {
                let text = *kind == MessageKind::Text;
                let whole = if text {
                    sample::text(*size * *count).into_bytes()
                } else {
                    sample::binary(*size * *count)
                };
                talk.send(|connection| connection.begin_message(*kind));
                for part in whole.chunks((*size).max(1)) {
                    talk.send(|connection| connection.write_fragment(part));
                }
                talk.send(Connection::finish_message);
            }
            Self::Prepared { count } => {
                for i in 0..*count {
                    talk.send(|connection| connection.send_binary(sample::own(i)));
                    talk.send(|connection| connection.send_prepared(&PREPARED));
                }
            }
            Self::Request { told } => talk.send(|connection| connection.send_text(told.as_str())),
            Self::Counted | Self::Echo { .. } | Self::Slow { .. } | Self::Refuse { .. } => {}
        }
    }

    /// What it does with what comes.
    pub(crate) fn heard(&mut self, talk: &mut Talk<'_>, event: Event<'_>) {
        match (self, event) {
            (Self::Echo { .. }, Event::Text(text)) => {
                talk.send(|connection| connection.send_text(text))
            }
            (Self::Counted, Event::Text(_)) => {
                let told = json!(talk.wire.carried()).to_string();
                talk.send(|connection| connection.send_text(told));
            }
            (Self::Echo { .. } | Self::Counted, Event::Binary(data)) => {
                talk.send(|connection| connection.send_binary(data))
            }
            (Self::Echo { .. }, Event::Chunk(chunk)) => {
                talk.send(|connection| pass_on(connection, &chunk))
            }
            (Self::Ping { .. }, Event::Pong(data)) => {
                talk.send(|connection| connection.send_text(String::from_utf8_lossy(&data)));
            }
            (Self::Slow { received }, Event::Text(text)) if text == "end" => {
                talk.send(|connection| connection.send_text(received.to_string()));
            }
            (Self::Slow { received }, Event::Text(text)) => *received += text.len(),
            (Self::Slow { received }, Event::Binary(data)) => *received += data.len(),
            _ => {}
        }
    }
}

impl Talk<'_> {
    /// Queues something, and writes once there is much of it. A connection that is closing takes
    /// nothing; it is never full.
    fn send(&mut self, what: impl FnOnce(&mut Connection) -> Result<(), SendError>) {
        match what(self.connection) {
            Ok(()) | Err(SendError::Closed) => {}
            Err(error) => {
                panic!("refused, though the queue was not above its high-water mark: {error}")
            }
        }
        if self.connection.above_high_water() {
            self.wire.write(self.connection);
        }
    }
}

fn pass_on(connection: &mut Connection, chunk: &Chunk<'_>) -> Result<(), SendError> {
    if chunk.first {
        connection.begin_message(chunk.data.kind())?;
    }
    connection.write_fragment(chunk.data.as_bytes())?;
    if chunk.last {
        connection.finish_message()?;
    }
    Ok(())
}

/// The request as JSON.
fn tell(request: &Request) -> String {
    let headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name, String::from_utf8_lossy(value)))
        .collect();
    let protocols: Vec<_> = request.protocols().collect();
    json!({ "target": request.target(), "origin": request.origin(), "protocols": protocols, "headers": headers }).to_string()
}

/// A target's path and its query.
pub(crate) fn split(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}

pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
