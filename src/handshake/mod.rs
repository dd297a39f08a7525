//! The opening handshake.
pub mod client {}
pub mod server {}
