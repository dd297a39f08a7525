//! On which terms everyone is served: what a handshake and a connection allow and, with the feature
//! `deflate`, how messages are compressed.

#[cfg(feature = "deflate")]
use sockless::deflate::{Policy, Pool};
use sockless::server::OriginPolicy;
use sockless::{Config, server};

/// For all alike: each connection takes a copy.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) handshake: server::Config,
    pub(crate) connection: Config,
}

/// A peer for which more than this is queued, in bytes, is slow.
const SLOW: u64 = 1 << 20;
/// The longest message, in bytes: well above the room's longest text, so that the room can say what
/// is wrong with a longer one.
const MESSAGE: u64 = 64 << 10;
/// One thread needs one compressor for each size of window: the full one, and now and then another
/// that a client asks for.
#[cfg(feature = "deflate")]
const COMPRESSORS: usize = 2;

impl Terms {
    /// For pages of these sites.
    pub(crate) fn new(origin: OriginPolicy) -> Self {
        let mut terms =
            Self { handshake: server::Config::default(), connection: Config::default() };
        terms.handshake.origin = origin;
        terms.connection.limits.max_message = MESSAGE;
        terms.connection.high_water_mark = SLOW;
        #[cfg(feature = "deflate")]
        terms.compress();
        terms
    }

    /// What the room says is compressed once for all who hear it, and so refers to nothing that was
    /// said before; what people say is short and seldom. To refer back would save little, and cost
    /// up to 32 KiB a person in either direction: without that, who is silent costs nothing. It
    /// also keeps what one says out of the length of what another one says.
    #[cfg(feature = "deflate")]
    fn compress(&mut self) {
        let mut policy = Policy::default();
        policy.server_no_context_takeover = true;
        policy.client_no_context_takeover = true;
        self.handshake.deflate = Some(policy);
        self.connection.deflate.pool = Some(Pool::new(COMPRESSORS));
    }
}
