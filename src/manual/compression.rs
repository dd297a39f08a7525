//! Compression: permessage-deflate (RFC 7692), with the feature `deflate`.
//!
//! # Use
//!
//! Both ends have to ask for it: a server by a [`Policy`](crate::deflate::Policy), a client by an
//! [`Offer`](crate::deflate::Offer). Nothing else changes, neither the loop nor the events.
//!
//! ```
//! # #[cfg(feature = "deflate")] {
//! use sockless::client::{self, Outcome, Request};
//! use sockless::deflate::{Compress, Offer, Policy, Pool};
//! use sockless::server::{self, Incoming};
//! use sockless::{Config, Event, Input, Seed, Text};
//!
//! let mut serve = server::Config::default();
//! serve.deflate = Some(Policy::default());
//! let request = Request::new("ws://a.example/")?.deflate(Offer::default());
//!
//! // For open(), on either side: one pool for all connections of a thread.
//! let mut config = Config::default();
//! config.deflate.pool = Some(Pool::new(16));
//!
//! let mut asks = client::Handshake::new(request, Seed::new([7; 32]));
//! let mut head = asks.transmit().pop().expect("a request").to_vec();
//! let incoming = server::Handshake::new(serve).poll(&mut Input::new(&mut head));
//! let Some(Incoming::Upgrade(request)) = incoming else { panic!() };
//! assert!(request.deflate().is_some(), "it was offered, and is accepted");
//! let mut server = request.accept().open(config.clone());
//! let mut answer = server.transmit().pop().expect("the 101").to_vec();
//! let Some(Outcome::Open(accepted)) = asks.poll(&mut Input::new(&mut answer)) else { panic!() };
//! let mut client = accepted.open(config);
//!
//! let long = "the same again and again, ".repeat(100);
//! server.send_text(&long)?;
//! assert!(server.queued() < long.len() / 20);
//! let mut sent = server.transmit().pop().expect("a message").to_vec();
//! assert_eq!(client.poll(&mut Input::new(&mut sent)), Some(Event::Text(long.into())));
//!
//! // A message that is compressed already, or holds a secret, says so.
//! server.send_text(Text::from("password: hunter2").compress(Compress::No))?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Messages from 64 bytes on are compressed, if that makes them shorter
//! ([`Settings`](crate::deflate::Settings)). A [`PreparedMessage`](crate::PreparedMessage) is
//! compressed once for all connections. The limit on messages holds for what is inflated, and while
//! it is inflated: a bomb costs its limit, and ends in 1009.
//!
//! # Memory
//!
//! | | compressor | decompressor | window |
//! |---|---:|---:|---:|
//! | takes | 250 to 400 KiB | 50 to 110 KiB | up to 32 KiB |
//!
//! What a connection holds between two messages:
//!
//! | | without a pool | with a pool |
//! |---|---|---|
//! | with context takeover (default) | one of each, two windows | two windows |
//! | without | nothing | nothing |
//!
//! - **A [`Pool`](crate::deflate::Pool) keeps the compressors** for all connections of a thread.
//!   With many connections have one, and one for each thread: then nobody waits for its lock.
//! - **Context takeover** makes small messages that resemble each other much shorter. Leave it out
//!   by `server_no_context_takeover` and `client_no_context_takeover` where memory counts more.
//! - **Smaller windows** (`server_max_window_bits`, `client_max_window_bits`) are in between.
//!
//! With a pool that connections share, which bytes a compressed message becomes depends on the
//! others. What they mean does not. For [replays](super::testing) to the byte, give each a pool of
//! its own, or none.
//!
//! # Secrets
//!
//! The length of what is compressed tells about its content. Someone who sees the lengths, and can
//! have text of their choice put beside a secret, finds out the secret piece by piece (CRIME,
//! BREACH). Beside means: in the same message, or, with context takeover, in another message of the
//! same direction.
//!
//! - Send a secret with [`Compress::No`](crate::deflate::Compress::No): it is neither compressed
//!   nor referred to by a later message.
//! - Do not compress at all where secrets and the text of others cannot be told apart.
//! - TLS does not help: it hides bytes, and not lengths.
//!
//! # When not to use it
//!
//! Images, video and what is encrypted do not get shorter: they only cost time. On a fast network,
//! a compressor costs more time than the bytes that it saves.
