//! permessage-deflate: messages compressed with DEFLATE, RFC 7692.

mod parameters;

pub use parameters::{Parameters, WindowBits};
