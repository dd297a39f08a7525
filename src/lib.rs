//! WebSocket without the socket: the complete protocol of RFC 6455 as a pure state machine, for
//! clients and servers.
//!
//! Bytes that were read go in as an [`Input`]. [`Event`]s come out, which borrow from these bytes,
//! and so do the bytes to send. There is no I/O, no clock, no thread and no random device in this
//! crate: any event loop can drive it. A [`Workspace`] has the buffers of a loop; [`Turn`] shows a
//! whole loop.
//!
//! ```
//! use sockless::{Extensions, CloseCode, Config, Connection, Event, Input, Endpoint, Seed};
//!
//! // Two open connections; the transport between them is a vector.
//! let mut client = Connection::client(Seed::new([7; 32]), Extensions::default(), Config::default());
//! let mut server = Connection::server(Extensions::default(), Config::default());
//!
//! client.send_text("Hello")?;
//! client.close(Some(CloseCode::NORMAL.into()))?;
//! let mut wire = Vec::new();
//! while let Some(bytes) = client.transmit().pop() {
//!     wire.extend_from_slice(&bytes);
//! }
//!
//! let mut input = Input::new(&mut wire);
//! assert_eq!(server.poll(&mut input), Some(Event::Text("Hello".into())));
//! let Some(Event::Closed(close_event)) = server.poll(&mut input) else { panic!() };
//! assert_eq!((close_event.code, close_event.clean), (1000, true));
//!
//! // The answer to the Close waits to be written; then the server shuts down first.
//! assert!(server.wants_write() && !server.is_done());
//! # Ok::<(), sockless::SendError>(())
//! ```
//!
//! # The parts
//!
//! | | |
//! |---|---|
//! | [`server::Handshake`], [`client::Handshake`] | the opening handshake over HTTP/1.1, RFC 6455 §4 |
//! | [`Connection`] | messages, pings and the closing handshake, §5 to §7 |
//! | [`Workspace`], [`Turn`], [`Step`] | the buffers of a loop, and a loop of 30 lines |
//! | [`manual`] | whole loops, and what belongs to no single item; begin with [`manual::a_loop`] |
//! | [`Endpoint`] | the methods that all of them share, and **the contract of a loop: read it before you write one** |
//! | [`Heartbeat`] | pings, time-outs and back-pressure, and when a connection counts as alive |
//! | [`decoder`], [`frame`], [`mask`], [`utf8`], [`CloseFrame`] | the frame layer, which can be used alone and without an allocator |
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | none | the frame layer, on `core` alone |
//! | `alloc` | connections and handshakes |
//! | `std` (default) | `alloc`, methods with types of `std::io`, and UTF-8 checks that use the processor's SIMD instructions |
//! | `deflate` | permessage-deflate (RFC 7692), for connections whose ends both ask for it |
//! | `getrandom` | `Seed::random` |
//! | `http` | conversions from and to the types of the crate `http`, for hyper, axum or h2: see `handshake::http` |
//! | `simd` | masking by AVX2 where the processor has it; needs Rust 1.89 |
//! | `extra-platforms` | targets without compare-and-swap |
//!
//! No feature changes what another one does.
//!
//! Targets without compare-and-swap, such as thumbv6m (RP2040), need `extra-platforms` in place of
//! `alloc`. Atomics then come from the crate `portable-atomic`; the program enables a feature of
//! that crate that says how they work: `critical-section` or `unsafe-assume-single-core`.
//!
//! wasm32-unknown-unknown has no random source of its own. With `getrandom`, the program has to
//! choose one: the feature `wasm_js` of the crate `getrandom` for a browser's, or a custom backend.
//! Without `getrandom`, pass 32 random bytes to `Seed::new`.
#![no_std]
#![forbid(unsafe_code)]
// A panic is a bug here, never an answer.
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]
#![cfg_attr(not(feature = "std"), allow(rustdoc::broken_intra_doc_links))]
// docs.rs shows which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "alloc", test))]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod close;
mod close_code;
pub mod decoder;
mod error;
pub mod frame;
mod input;
pub mod mask;
pub mod utf8;

#[doc(inline)]
pub use {
    close::{CloseFrame, ReasonTooLong},
    close_code::CloseCode,
    decoder::{limits::Limits, piece::MessageKind, role::Role},
    error::ProtocolError,
    input::Input,
};

#[cfg(feature = "alloc")]
pub mod client;
#[cfg(feature = "alloc")]
mod connection;
#[cfg(feature = "alloc")]
mod copy;
#[cfg(feature = "deflate")]
pub mod deflate;
#[cfg(feature = "alloc")]
mod endpoint;
#[cfg(feature = "alloc")]
mod event;
#[cfg(feature = "alloc")]
mod extensions;
#[cfg(feature = "alloc")]
pub mod handshake;
#[cfg(feature = "alloc")]
mod heartbeat;
#[cfg(feature = "alloc")]
mod held;
#[cfg(feature = "alloc")]
pub mod manual;
#[cfg(feature = "alloc")]
mod outbox;
#[cfg(feature = "alloc")]
mod payload;
#[cfg(feature = "alloc")]
mod prepared_message;
#[cfg(feature = "alloc")]
mod seed;
#[cfg(feature = "alloc")]
pub mod server;
#[cfg(feature = "alloc")]
mod utf8_bytes;
#[cfg(feature = "alloc")]
mod workspace;

#[cfg(feature = "alloc")]
#[doc(inline)]
pub use {
    connection::{Config, Connection, Delivery, SendError},
    endpoint::{Endpoint, Step},
    event::{Cause, Chunk, ChunkData, CloseEvent, Event, Timeout},
    extensions::Extensions,
    handshake::error::HandshakeError,
    heartbeat::{Deadline, Heartbeat, Timeouts},
    outbox::Transmit,
    payload::{Payload, Text},
    prepared_message::PreparedMessage,
    seed::Seed,
    utf8_bytes::Utf8Bytes,
    workspace::{Turn, Workspace},
};

#[cfg(feature = "getrandom")]
#[doc(inline)]
pub use seed::RandomError;

/// The README's code.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
