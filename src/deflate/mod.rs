//! permessage-deflate: messages compressed with DEFLATE, RFC 7692.
//!
//! Both ends have to ask for it: a client with an offer, a server with a policy. From then on messages are compressed when that makes them
//! shorter, unless they say otherwise, and are delivered as any other: nothing else changes for an application.

mod deflater;
mod deflating;
mod forms;
mod inflater;
mod inflating;
mod parameters;
mod pool;
mod settings;
mod window;

pub use parameters::{Parameters, WindowBits};
pub use pool::Pool;
pub use settings::{Compress, Level, Settings};

pub(crate) use deflating::Deflating;
pub(crate) use forms::Forms;
pub(crate) use inflating::Inflating;
