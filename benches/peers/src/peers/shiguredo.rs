//! shiguredo_websocket: a state machine as ours is, with a DEFLATE of its own.

use crate::corpus::Message;
use crate::peer::{Batch, Connection, End, Peer, Refused, Setting, Tally};
use crate::transport::Sink;
use shiguredo_websocket::{
    ClientConnectionOptions, ConnectionEvent, ConnectionOutput, Error, PerMessageDeflateConfig,
    RandomSource, ServerConnectionOptions, Timestamp, WebSocketClientConnection,
    WebSocketServerConnection,
};

/// shiguredo_websocket 2026.3.
#[derive(Debug)]
pub(crate) struct Shiguredo;

impl Peer for Shiguredo {
    fn name(&self) -> &'static str {
        "shiguredo"
    }

    fn about(&self) -> &'static str {
        "shiguredo_websocket: noflate, its own DEFLATE; neither the level nor the window can be set"
    }

    fn connect(&self, end: End, setting: Setting) -> Result<Box<dyn Connection>, &'static str> {
        if setting.bits < 15 {
            return Err("its window is always 15");
        }
        let mut config = PerMessageDeflateConfig::new();
        if !setting.takeover {
            config = config.server_no_context_takeover().client_no_context_takeover();
        }
        let (server, client) = pair(config).map_err(|_| "the handshake failed")?;
        Ok(match end {
            End::Server => Box::new(Driven(server)),
            End::Client => Box::new(Driven(client)),
        })
    }
}

/// A pair that shook hands.
fn pair(
    config: PerMessageDeflateConfig,
) -> Result<(WebSocketServerConnection, WebSocketClientConnection<Keys>), Error> {
    let mut client = WebSocketClientConnection::new(
        ClientConnectionOptions::new("localhost", "/").deflate(config.clone()),
        Keys(7),
    );
    let mut server = WebSocketServerConnection::new(ServerConnectionOptions::new().deflate(config));
    client.connect()?;
    while let Some(output) = client.poll_output() {
        if let ConnectionOutput::SendData(data) = output {
            server.feed_recv_buf(&data)?;
        }
    }
    server.accept_handshake_auto()?;
    while let Some(output) = server.poll_output() {
        if let ConnectionOutput::SendData(data) = output {
            client.feed_recv_buf(&data, Timestamp::default())?;
        }
    }
    while server.poll_event().is_some()
        || client.poll_event().is_some()
        || client.poll_output().is_some()
    {}
    Ok((server, client))
}

#[derive(Debug)]
struct Keys(u32);

impl RandomSource for Keys {
    fn masking_key(&mut self) -> [u8; 4] {
        self.0 = self.0.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
        self.0.to_le_bytes()
    }

    fn nonce(&mut self) -> [u8; 16] {
        [7; 16]
    }
}

/// What both ends can do.
trait Calls {
    fn send_text(&mut self, text: &str) -> Result<(), Error>;
    fn feed(&mut self, bytes: &[u8]) -> Result<(), Error>;
    fn event(&mut self) -> Option<ConnectionEvent>;
    fn output(&mut self) -> Option<ConnectionOutput>;
}

impl Calls for WebSocketServerConnection {
    fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.send_text(text)
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.feed_recv_buf(bytes)
    }

    fn event(&mut self) -> Option<ConnectionEvent> {
        self.poll_event()
    }

    fn output(&mut self) -> Option<ConnectionOutput> {
        self.poll_output()
    }
}

impl Calls for WebSocketClientConnection<Keys> {
    fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.send_text(text)
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.feed_recv_buf(bytes, Timestamp::default())
    }

    fn event(&mut self) -> Option<ConnectionEvent> {
        self.poll_event()
    }

    fn output(&mut self) -> Option<ConnectionOutput> {
        self.poll_output()
    }
}

struct Driven<C>(C);

impl<C: Calls> Connection for Driven<C> {
    fn send(&mut self, messages: &[Message], sink: &mut Sink) {
        for message in messages {
            self.0.send_text(&message.text).expect("it is open");
        }
        while let Some(output) = self.0.output() {
            if let ConnectionOutput::SendData(data) = output {
                sink.write(&data);
            }
        }
    }

    fn receive(&mut self, batch: &Batch, tally: &mut Tally<'_>) -> Result<(), Refused> {
        tally.reads += 1;
        self.0.feed(&batch.bytes).map_err(|_| Refused)?;
        while let Some(event) = self.0.event() {
            match event {
                ConnectionEvent::TextMessage(text) => tally.text(text.as_bytes()),
                ConnectionEvent::Error(_) | ConnectionEvent::Close { .. } => return Err(Refused),
                _ => {}
            }
        }
        Ok(())
    }
}
