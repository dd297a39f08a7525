//! The loops of the servers: over mio for those without I/O of their own, over tokio for the
//! others, and ours over both.

mod mio;
mod nexus;
mod sockless;
mod tokio;
mod tungstenite;

use crate::server::{Kind, Load};
use std::io;
use std::net::TcpListener;

/// What may wait to be written in those who batch as far as they are told.
const BATCH: usize = 256 << 10;

pub(crate) fn run(kind: Kind, load: Load, listener: TcpListener) -> io::Result<()> {
    match kind {
        Kind::Sockless => mio::run(listener, sockless::Talk::new),
        Kind::TungsteniteEach => {
            mio::run(listener, |socket| tungstenite::Talk::new(socket, load, false))
        }
        Kind::TungsteniteBatch => {
            mio::run(listener, |socket| tungstenite::Talk::new(socket, load, true))
        }
        Kind::NexusEach => mio::run(listener, |socket| nexus::Talk::new(socket, load, false)),
        Kind::NexusBatch => mio::run(listener, |socket| nexus::Talk::new(socket, load, true)),
        Kind::SocklessTokio => tokio::run(listener, sockless::talk),
        Kind::TokioWebsocketsEach => {
            tokio::run(listener, |socket| tokio::tokio_websockets(socket, false))
        }
        Kind::TokioWebsocketsBatch => {
            tokio::run(listener, |socket| tokio::tokio_websockets(socket, true))
        }
        Kind::FastWebsocketsEach => tokio::run(listener, tokio::fastwebsockets_each),
        Kind::FastWebsocketsBatch => tokio::run(listener, tokio::fastwebsockets_batch),
        Kind::SockudoEach => tokio::run(listener, |socket| tokio::sockudo(socket, false)),
        Kind::SockudoBatch => tokio::run(listener, |socket| tokio::sockudo(socket, true)),
        Kind::YawcEach => tokio::run(listener, |socket| tokio::yawc(socket, false)),
        Kind::YawcBatch => tokio::run(listener, |socket| tokio::yawc(socket, true)),
    }
}
