//! permessage-deflate: messages compressed with DEFLATE, RFC 7692. Feature `deflate`.
//!
//! Both ends have to ask for it. A client makes an [`Offer`], with
//! [`client::Request::deflate`](crate::client::Request::deflate). A server accepts it by its
//! [`Policy`], in [`server::Config::deflate`](crate::server::Config::deflate), with an [`Answer`].
//! The result is the [`Parameters`] in the [`Extensions`](crate::Extensions) of both connections.
//!
//! ```text
//!     client                                                 server
//!     Offer, Offer … ── Sec-WebSocket-Extensions ──────────► Policy: the first offer that it can accept
//!     its offers     ◄───────── Sec-WebSocket-Extensions ─── Answer
//!     Parameters                                             Parameters
//! ```
//!
//! If you have an HTTP stack of your own, use [`Policy::negotiate`] and [`Offer::check_answer`].
//!
//! After that, a message is compressed if that makes it shorter; [`Settings`] and [`Compress`]
//! change this. Received messages are delivered as any other, so nothing else changes for an
//! application.

mod answer;
mod codec;
mod compressor;
mod decompressor;
mod forms;
mod level;
mod offer;
mod output;
mod parameters;
mod policy;
mod pool;
mod receiving_side;
mod sending_side;
mod settings;
mod tail;
mod window;

pub use answer::Answer;
pub use level::Level;
pub use offer::{ClientWindow, Offer};
pub use parameters::{Parameters, WindowBits};
pub use policy::Policy;
pub use pool::Pool;
pub use settings::{Compress, Settings};

pub(crate) use forms::Forms;
pub(crate) use receiving_side::ReceivingSide;
pub(crate) use sending_side::{Packed, SendingSide};
pub(crate) use settings::Chosen;
