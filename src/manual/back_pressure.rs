//! Back-pressure: what to do when a peer takes less than it is sent.
//!
//! # The marks
//!
//! What you send is queued until the transport takes it. Above
//! [`high_water_mark`](crate::Config::high_water_mark) (default: 1 MiB) the queue is full, until no
//! more than [`low_water_mark`](crate::Config::low_water_mark) (default: 256 KiB) is left.
//! [`above_high_water`](crate::Connection::above_high_water) says so. In between, sends are refused
//! with [`SendError::QueueFull`](crate::SendError::QueueFull), and nothing of the message is
//! queued.
//!
//! A message of any size fits into a queue that is not above the mark. So the most that waits is
//! the mark and one message. Pongs and the Close frame are never refused.
//!
//! ```
//! use sockless::{Config, Connection, Extensions, SendError};
//!
//! let mut config = Config::default();
//! (config.low_water_mark, config.high_water_mark) = (1_000, 10_000);
//! let mut connection = Connection::server(Extensions::default(), config);
//! connection.send_binary(vec![7; 50_000])?;
//! assert!(connection.above_high_water());
//! assert_eq!(connection.send_text("one more"), Err(SendError::QueueFull));
//!
//! while connection.above_high_water() {
//!     assert!(connection.transmit().pop().is_some()); // The peer reads.
//! }
//! connection.send_text("one more")?;
//! # Ok::<(), SendError>(())
//! ```
//!
//! A queue without a bound would hold, for each peer that does not read, all that was ever sent to
//! it. That is why sends are refused, and not only counted.
//!
//! # If you answer what you read
//!
//! Stop polling while the queue is above its mark. Nothing is lost: what is left of the input comes
//! again. Then nothing more is read, the kernel's buffers fill, and the peer has to wait: it is
//! slowed down to the speed at which it takes your answers.
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use sockless::{Config, Connection, Event, Extensions, Step, Workspace};
//!
//! let mut config = Config::default();
//! (config.low_water_mark, config.high_water_mark) = (1, 4);
//! let mut connection = Connection::server(Extensions::default(), config);
//! let mut workspace = Workspace::default();
//! let mut turn = workspace.turn(&mut connection);
//!
//! // Three messages in one read.
//! let sent = b"\x81\x81\0\0\0\0a\x81\x81\0\0\0\0b\x81\x81\0\0\0\0c";
//! turn.read_buf()[..sent.len()].copy_from_slice(sent);
//! let mut read = sent.len();
//! let mut echo = |turn: &mut sockless::Turn<'_, Connection>, read| {
//!     let (connection, mut input) = turn.received(read);
//!     while !connection.above_high_water() {
//!         let Some(event) = connection.poll(&mut input) else { break };
//!         if let Event::Text(text) = event {
//!             connection.send_text(text).expect("it is open, and not above its mark");
//!         }
//!     }
//! };
//! echo(&mut turn, read);
//! assert!(turn.endpoint().above_high_water(), "two answers of three bytes");
//!
//! // As long as the transport takes nothing, there is nothing to do but to wait.
//! assert_eq!(turn.step(false), Step::Wait);
//! // It takes all: the third message is polled, without a read.
//! turn.write_with(|slices| Ok::<_, ()>(slices.iter().map(|slice| slice.len()).sum())).ok();
//! assert_eq!(turn.step(true), Step::Poll);
//! echo(&mut turn, 0);
//! assert_eq!(turn.endpoint().queued(), 3);
//! # }
//! ```
//!
//! # If the peer closes first
//!
//! The Close frame of the peer ends what you may send. Of what is queued then, the frame that has
//! begun leaves, and what fits into 128 KiB; the rest is dropped, for the peer need not read it (RFC
//! 6455 §1.4). [`clean`](crate::CloseEvent::clean) stays true, and
//! [`unsent`](crate::CloseEvent::unsent) counts what was dropped. Where each answer has to arrive,
//! let the client wait for the last one before it closes.
//!
//! # What `step` says
//!
//! `step` knows the rule too. While the queue is above its mark and the transport full, it says
//! [`Wait`](crate::Step::Wait), and neither `Poll` nor, with bytes left, `Read`. A connection that
//! has ended, or is closing, is not above its mark, whatever still waits: its last events are to be
//! polled.
//!
//! # If you produce by yourself
//!
//! Ask `above_high_water` before you make the next message, or take `QueueFull` for the answer.
//! What to do with a slow reader is the application's choice:
//!
//! | choice | for |
//! |---|---|
//! | wait until it is below the mark | a file, a stream of records |
//! | leave messages out for this peer | prices, positions, anything that is soon out of date |
//! | close it with 1008 or 1013 | a chat, where nothing may be missing and nobody may wait |
//!
//! Before you call a peer slow, give it a turn to write: it may just not have had one.
//!
//! # If you pass on to something else
//!
//! A database, a file or another connection may be the one that is full. Stop reading and polling
//! for as long, go on writing, and tell the heartbeat by [`paused`](crate::Heartbeat::paused): else
//! it would take the silence for the peer's. [`proxies`](super::proxies) shows it.
//!
//! What is not read is not seen, and a Close frame is not either. A pause has its price: keep it
//! short, or bound it.
//!
//! # Small marks
//!
//! For many connections, or for live data, choose marks of some messages: what waits in the queue
//! is already late. The kernel has a buffer of its own behind the queue, often of megabytes.
