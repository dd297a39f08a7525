//! Limits, defaults and errors, a table each. A test compares them with the code.
//!
//! # What is accepted of a peer
//!
//! | limit | default | beyond it |
//! |---|---:|---|
//! | `Limits::max_frame` | 16 MiB | Close 1009 |
//! | `Limits::max_message` | 16 MiB | Close 1009 |
//! | `Limits::max_fragments` | 131,072 | Close 1008 |
//! | `Config::max_discard` | 64 MiB | the transport is dropped |
//! | `server::Config::max_head` | 16 KiB | 431 |
//! | `server::Config::max_headers` | 100 | 431 |
//! | `server::Config::max_discard` | 1 MiB | the transport is dropped |
//! | `client::Config::max_head` | 16 KiB | `Failed` |
//! | `client::Config::max_headers` | 100 | `Failed` |
//! | `client::Config::max_body` | 64 KiB | the body is cut, and says so |
//!
//! Not to be set: 100 subprotocols in a request (431), and 4 KiB of pongs that wait to be sent (the
//! newest replaces the last, RFC 6455 §5.5.3). `max_discard` is what is read and thrown away behind
//! the end, so that the Close frame, or the answer, reaches the peer.
//!
//! # How a connection delivers and sends
//!
//! | setting | default | beyond it |
//! |---|---:|---|
//! | `Config::delivery` | whole | |
//! | `Config::fragment_above` | never | a message leaves in fragments |
//! | `Config::high_water_mark` | 1 MiB | sends are refused: `QueueFull` |
//! | `Config::low_water_mark` | 256 KiB | at or below it they are accepted again |
//! | `Settings::compress` | auto | |
//! | `Settings::threshold` | 64 | below it, auto leaves a message as it is |
//! | `Settings::level` | 6 | |
//! | `Settings::pool` | none | |
//!
//! `Settings` is `Config::deflate`, with the feature `deflate`. Of what waits when the peer closes
//! first, the frame that has begun leaves, and what fits into 128 KiB. The rest is dropped, and
//! counted in [`CloseEvent::unsent`](crate::CloseEvent::unsent).
//!
//! # Who is let in
//!
//! | setting | default | else |
//! |---|---|---|
//! | `server::Config::origin` | same host | 403 |
//! | `server::Config::deflate` | none | compression is declined |
//!
//! "Same host" lets in pages that came by `http` too. A server behind TLS takes
//! `OriginPolicy::SameOrigin(Scheme::Https)`.
//!
//! # Time
//!
//! | time-out | default | then |
//! |---|---:|---|
//! | `Timeouts::ping_interval` | 20 s | a ping |
//! | `Timeouts::pong_timeout` | 20 s | Close 1011 |
//! | `Timeouts::idle_timeout` | never | Close 1001 |
//! | `Timeouts::write_timeout` | 60 s | Close 1011 |
//! | `Timeouts::close_timeout` | 10 s | the transport is dropped |
//! | `Timeouts::drain_timeout` | never | Close 1011, or the transport is dropped |
//!
//! # Violations by a peer: `ProtocolError`
//!
//! In [`Cause::Violation`](crate::Cause::Violation) of a `Closed`. The Close frame is queued
//! already.
//!
//! | error | code | section |
//! |---|---:|---|
//! | `ReservedBits` | 1002 | RFC 6455 §5.2 |
//! | `ReservedOpcode` | 1002 | RFC 6455 §5.2 |
//! | `FragmentedControl` | 1002 | RFC 6455 §5.5 |
//! | `UnexpectedContinuation` | 1002 | RFC 6455 §5.4 |
//! | `InterleavedMessage` | 1002 | RFC 6455 §5.4 |
//! | `UnmaskedFrame` | 1002 | RFC 6455 §5.1 |
//! | `MaskedFrame` | 1002 | RFC 6455 §5.1 |
//! | `ControlTooLong` | 1002 | RFC 6455 §5.5 |
//! | `LengthNotMinimal` | 1002 | RFC 6455 §5.2 |
//! | `LengthTopBit` | 1002 | RFC 6455 §5.2 |
//! | `FrameTooBig` | 1009 | RFC 6455 §10.4 |
//! | `MessageTooBig` | 1009 | RFC 6455 §10.4 |
//! | `TooManyFragments` | 1008 | RFC 6455 §10.4 |
//! | `InvalidDeflate` | 1007 | RFC 7692 §7.2.2 |
//! | `InvalidUtf8` | 1007 | RFC 6455 §8.1 |
//! | `CloseBodyTooShort` | 1002 | RFC 6455 §5.5.1 |
//! | `InvalidCloseCode` | 1002 | RFC 6455 §7.4 |
//! | `InvalidCloseReason` | 1007 | RFC 6455 §5.5.1 |
//!
//! # Handshakes that fail: `HandshakeError`
//!
//! The status is what a server answers. Where only a server can be wrong it is 502, as a gateway
//! would answer.
//!
//! | error | status | section |
//! |---|---:|---|
//! | `IllegalByte` | 400 | RFC 9112 §2.2 |
//! | `MalformedStartLine` | 400 | RFC 9112 §2.1 |
//! | `MalformedHeader` | 400 | RFC 9112 §5 |
//! | `HeadTooLarge` | 431 | RFC 6585 §5 |
//! | `TooManyHeaders` | 431 | RFC 6585 §5 |
//! | `UnsupportedHttp` | 505 | RFC 9110 §15.6.6 |
//! | `HttpTooOld` | 400 | RFC 6455 §4.1 |
//! | `Method` | 405 | RFC 6455 §4.2.1 |
//! | `InvalidTarget` | 400 | RFC 6455 §4.2.1 |
//! | `MissingHost` | 400 | RFC 6455 §4.2.1 |
//! | `RepeatedHost` | 400 | RFC 9112 §3.2 |
//! | `InvalidHost` | 400 | RFC 9112 §3.2 |
//! | `MissingUpgrade` | 426 | RFC 6455 §4.1 |
//! | `InvalidUpgrade` | 502 | RFC 6455 §4.1 |
//! | `MissingConnection` | 400 | RFC 6455 §4.1 |
//! | `MissingVersion` | 426 | RFC 6455 §4.2.1 |
//! | `RepeatedVersion` | 400 | RFC 6455 §11.3.5 |
//! | `UnsupportedVersion` | 426 | RFC 6455 §4.4 |
//! | `MissingKey` | 400 | RFC 6455 §4.2.1 |
//! | `RepeatedKey` | 400 | RFC 6455 §11.3.1 |
//! | `InvalidKey` | 400 | RFC 6455 §4.2.1 |
//! | `RequestBody` | 400 | RFC 9110 §7.8 |
//! | `InvalidProtocols` | 400 | RFC 6455 §4.1 |
//! | `TooManyProtocols` | 431 | RFC 6585 §5 |
//! | `InvalidExtensions` | 400 | RFC 6455 §9.1 |
//! | `RepeatedOrigin` | 403 | RFC 6454 §7.3 |
//! | `InvalidOrigin` | 400 | RFC 6454 §7.1 |
//! | `ForbiddenOrigin` | 403 | RFC 6455 §4.2.2 |
//! | `MissingAccept` | 502 | RFC 6455 §4.1 |
//! | `RepeatedAccept` | 502 | RFC 6455 §11.3.3 |
//! | `WrongAccept` | 502 | RFC 6455 §4.1 |
//! | `ProtocolNotOffered` | 502 | RFC 6455 §4.1 |
//! | `SeveralProtocols` | 502 | RFC 6455 §11.3.4 |
//! | `ExtensionNotOffered` | 502 | RFC 6455 §4.1 |
//! | `RepeatedExtension` | 502 | RFC 7692 §5 |
//! | `InvalidParameters` | 502 | RFC 7692 §7 |
//! | `ParametersNotOffered` | 502 | RFC 7692 §7.1 |
//! | `UnexpectedEnd` | 502 | RFC 9112 §8 |
//! | `TimedOut` | 408 | RFC 9110 §15.5.9 |
//!
//! # Sends that are refused: `SendError`
//!
//! Nothing of what was to be sent is queued.
//!
//! | error | then |
//! |---|---|
//! | `Closed` | it is closing or over: stop sending |
//! | `InMessage` | finish the message that was begun |
//! | `NoMessage` | begin one first |
//! | `InvalidUtf8` | the part does not continue the text |
//! | `PingTooLong` | 125 bytes are the most |
//! | `QueueFull` | wait until the queue is below its mark |
//!
//! # How a connection ended: `Cause`
//!
//! | cause | who | code |
//! |---|---|---|
//! | `Peer` | the peer closed | the peer's, or 1005 |
//! | `Local` | this side closed, and the peer answered | the peer's, or 1005 |
//! | `Violation` | the peer broke a rule or a limit | 1006 |
//! | `OutOfMemory` | no memory for the message | 1006 |
//! | `Timeout` | a time-out fired | 1006 |
//! | `Eof` | the transport ended or failed | 1006 |
//!
//! The code is what [`CloseEvent::code`](crate::CloseEvent::code) reports.
