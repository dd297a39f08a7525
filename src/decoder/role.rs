//! The two roles on a connection.

/// The role of this end of a connection, which decides who masks. RFC 6455 §5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// This end is a server: frames that come must be masked, frames that are sent are not.
    Server,
    /// This end is a client: frames that come must not be masked, frames that are sent are.
    Client,
}
