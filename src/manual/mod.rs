//! The manual: what belongs to no single item, in the order in which one writes the code.
//!
//! | page | it answers |
//! |---|---|
//! | [`a_loop`] | What must my I/O loop do, in which order, and why? |
//! | [`loops`] | How does the whole loop look: blocking, mio, async, completion-based? |
//! | [`memory`] | Where do bytes wait, and what does a connection hold? |
//! | [`time`] | How are dead peers found, and when does each time-out fire? |
//! | [`back_pressure`] | What if a peer takes less than it is sent? |
//! | [`compression`] | How is permessage-deflate used, what does it cost, what does it reveal? |
//! | [`your_own_http`] | How does it go with hyper, axum, or any other HTTP stack? |
//! | [`proxies`] | How are messages passed on from one connection to another? |
//! | [`testing`] | How is an application tested without sockets and without waiting? |
//! | [`ten_mistakes`] | What goes wrong, and who says so? |
//! | [`limits`] | What are the defaults, the limits and the errors? |
//!
//! There is no code in these modules. All that they show is compiled and run as tests, and the
//! loops of [`loops`] serve real sockets in `tests/manual`.

#![cfg_attr(
    not(all(feature = "deflate", feature = "http", feature = "std")),
    allow(rustdoc::broken_intra_doc_links)
)]

pub mod a_loop;
pub mod back_pressure;
pub mod compression;
pub mod limits;
pub mod loops;
pub mod memory;
pub mod proxies;
pub mod ten_mistakes;
pub mod testing;
pub mod time;
pub mod your_own_http;
