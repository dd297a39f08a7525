//! Memory: where bytes wait, and how much an idle connection holds.
//!
//! # The workspace
//!
//! A [`Workspace`] is what a loop needs in memory, however many endpoints it serves: the buffer
//! that is read into, and the spare buffers for output. Have one for each thread. An endpoint has
//! the use of it for a [`Turn`].
//!
//! - `read` (default: 64 KiB) is how many bytes are asked for at a time. For small messages 16 KiB
//!   do as well. From messages of 16 KiB on, 64 or 128 KiB cost fewer system calls.
//! - `max_frame` (default: 1 MiB) is the largest frame that waits in the buffer until it is whole.
//!   Such a frame is unmasked in place, its text is checked once, and the event borrows it.
//!
//! ```
//! use sockless::Workspace;
//!
//! // For messages of up to 8 MiB without a copy.
//! let mut workspace = Workspace::new(128 << 10, 8 << 20);
//! // After a quiet while: give back what large messages made it grow by.
//! workspace.shrink();
//! ```
//!
//! A frame that is larger than `read` makes the buffer grow, twofold at a time, as its bytes come
//! and never because a header declares them. The most is `max_frame` and half of `read`.
//!
//! # What is borrowed, and what is copied
//!
//! | a message | is |
//! |---|---|
//! | in one frame of at most `max_frame` | borrowed from the buffer |
//! | in one frame above it | copied, as it comes |
//! | in several frames | copied into one, as it comes |
//! | compressed | inflated, as it comes |
//! | delivered in [chunks](crate::Delivery::Chunks) | borrowed, part by part |
//! | cut, in an input by [`Input::new`](crate::Input::new) | copied, as it comes |
//!
//! What is not taken in a turn goes to the endpoint at the turn's end: a part of a frame, or
//! messages that were not polled. That is one copy of what is left, and the only memory that
//! waiting costs.
//!
//! # Large messages
//!
//! A message that is delivered whole is in memory as a whole. [`Limits`](crate::Limits) say how
//! much that may be: 16 MiB by default, beyond it the connection closes with 1009. To pass on or
//! store what is larger, take it in chunks. Then nothing of a message is kept but at most three
//! bytes of a character that a read has cut.
//!
//! ```
//! use sockless::{ChunkData, Config, Connection, Delivery, Event, Extensions, Input, Seed};
//!
//! let mut config = Config::default();
//! config.delivery = Delivery::Chunks;
//! config.limits.max_frame = u64::MAX;
//! config.limits.max_message = u64::MAX; // The limits hold for chunks too.
//! let mut client = Connection::client(Seed::new([7; 32]), Extensions::default(), config);
//!
//! // The beginning of a message of 4 GiB.
//! let mut read = *b"\x82\x7f\0\0\0\x01\0\0\0\0begin";
//! let Some(Event::Chunk(chunk)) = client.poll(&mut Input::new(&mut read)) else { panic!() };
//! assert_eq!(chunk.data, ChunkData::Binary(b"begin".into()));
//! assert!(chunk.first && !chunk.last);
//! ```
//!
//! To send what is not in memory as a whole, use
//! [`begin_message`](crate::Connection::begin_message),
//! [`write_fragment`](crate::Connection::write_fragment) and
//! [`finish_message`](crate::Connection::finish_message). What is in memory once for many
//! connections is a [`PreparedMessage`](crate::PreparedMessage).
//!
//! # Output
//!
//! Borrowed payloads are copied into the queue. Owned ones are queued as they are, from 4 KiB on (a
//! `Vec`) or from 2 KiB on (`Bytes`); a client's from 64 KiB on, and they are masked piece by piece
//! on their way out. The queue is bounded: see [`back_pressure`](super::back_pressure).
//!
//! # An idle connection
//!
//! A [`Connection`](crate::Connection) has less than 500 bytes. It holds no heap while nothing waits to
//! be sent and no message is under way. There is one exception: with
//! [`compression`](super::compression) and context takeover it holds its windows, and without a
//! pool its compressors too.
//!
//! # What a peer can make you hold
//!
//! Memory grows with what has come, and never with what a peer declares. For each connection:
//!
//! - input: one message under way, up to `max_message`, and what a turn left untaken;
//! - output: `high_water_mark`, and one message above it;
//! - pongs: 4 KiB, then the newest replaces the last (RFC 6455 §5.5.3);
//! - before the handshake is done: `max_head`, 16 KiB.
//!
//! How many connections there are is yours to bound. So is how long a transport may stay without a
//! request: give each handshake a [`Deadline`](crate::Deadline).
//!
//! [`Turn`]: crate::Turn
//! [`Workspace`]: crate::Workspace
