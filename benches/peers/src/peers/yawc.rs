//! yawc: over a stream in memory, by the `Sink` and the `Stream` that it is.

use crate::corpus::Message;
use crate::peer::{Batch, Connection, End, Peer, Refused, Setting, Tally};
use crate::transport::{Pipe, Sink};
use futures::{FutureExt, SinkExt};
use yawc::{CompressionLevel, Frame, Options, Role, WebSocket};

/// yawc 0.5.
#[derive(Debug)]
pub(crate) struct Yawc;

const MOST: usize = 16 << 20;

/// How much is queued before a write is made without a flush.
const BOUNDARY: usize = 256 << 10;

impl Peer for Yawc {
    fn name(&self) -> &'static str {
        "yawc"
    }

    fn about(&self) -> &'static str {
        "flate2 with zlib-rs; features `zlib` and `simd`, UTF-8 checked, a message fed and flushed with its batch; no `DeflatePool`: each connection keeps its own"
    }

    fn connect(&self, end: End, setting: Setting) -> Result<Box<dyn Connection>, &'static str> {
        let mut options = Options::default()
            .with_compression_level(CompressionLevel::new(setting.level.into()))
            .with_compression_threshold(0)
            .with_limits(MOST, 2 * MOST)
            .with_backpressure_boundary(BOUNDARY)
            .with_utf8();
        let mut agreed = format!(
            "permessage-deflate; server_max_window_bits={0}; client_max_window_bits={0}",
            setting.bits
        );
        if !setting.takeover {
            options = options.server_no_context_takeover().client_no_context_takeover();
            agreed.push_str("; server_no_context_takeover; client_no_context_takeover");
        }
        let role = match end {
            End::Server => Role::Server,
            End::Client => Role::Client,
        };
        let pipe = Pipe::default();
        let socket =
            WebSocket::from_stream_with_extensions(pipe.clone(), role, Some(&agreed), options)
                .map_err(|_| "it refuses this")?;
        Ok(Box::new(Driven { socket, pipe }))
    }
}

struct Driven {
    socket: WebSocket<Pipe>,
    pipe: Pipe,
}

impl Connection for Driven {
    fn send(&mut self, messages: &[Message], sink: &mut Sink) {
        let all = async {
            for message in messages {
                self.socket.feed(Frame::text(message.bytes.clone())).await?;
            }
            self.socket.flush().await
        };
        self.pipe
            .write_to(sink, || all.now_or_never())
            .expect("the sink takes all")
            .expect("it is open");
    }

    fn receive(&mut self, batch: &Batch, tally: &mut Tally<'_>) -> Result<(), Refused> {
        let (outcome, reads) = self.pipe.read_from(&batch.bytes, || {
            while let Some(frame) = self.socket.next_frame().now_or_never() {
                tally.text(frame.map_err(|_| Refused)?.payload());
            }
            Ok(())
        });
        tally.reads += reads;
        outcome
    }
}
