//! WebSocket without the socket.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(feature = "alloc", test))]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod close;
pub mod decoder;
mod error;
pub mod frame;
mod input;
pub mod mask;
pub mod utf8;

pub use close::{CloseCode, CloseFrame, ReasonTooLong};
pub use error::ProtocolError;
pub use input::Input;

#[cfg(feature = "alloc")]
mod agreement;
#[cfg(feature = "alloc")]
mod connection;
#[cfg(feature = "alloc")]
mod event;
#[cfg(feature = "alloc")]
pub mod handshake;
#[cfg(feature = "alloc")]
mod life_cycle;
#[cfg(feature = "alloc")]
mod outbox;
#[cfg(feature = "alloc")]
mod payload;
#[cfg(feature = "alloc")]
mod seed;

#[cfg(feature = "alloc")]
pub use {
    agreement::Agreement,
    connection::{Config, Connection, Role, SendError},
    event::{Cause, Closure, Event},
    handshake::{HandshakeError, client, server},
    life_cycle::LifeCycle,
    outbox::Transmit,
    payload::{Payload, Text},
    seed::Seed,
};
