//! permessage-deflate: messages compressed with DEFLATE, RFC 7692.
//!
//! Both ends have to ask for it. A client [offers](Offer) it, with
//! [`client::Request::deflate`](crate::client::Request::deflate); a server accepts by its
//! [`Policy`], in [`server::Config::deflate`](crate::server::Config::deflate), and says so in its
//! [`Answer`]. What both keep to from then on are the [`Parameters`] in the connection's
//! [`Extensions`](crate::Extensions).
//!
//! ```text
//!     client                                                 server
//!     Offer, Offer … ── Sec-WebSocket-Extensions ──────────► Policy: the first offer that it can accept
//!     its offers     ◄───────── Sec-WebSocket-Extensions ─── Answer
//!     Parameters                                             Parameters
//! ```
//!
//! Those who have an HTTP stack of their own find the same at [`Policy::negotiate`] and
//! [`Offer::check_answer`].
//!
//! From then on messages are compressed when that makes them shorter, unless they say otherwise,
//! and are delivered as any other: nothing else changes for an application.

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
