//! The two ends of a connection.

/// Which of the two ends this is, which decides who masks. RFC 6455 §5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// What comes is from a client and must be masked; what is sent is not.
    Server,
    /// What comes is from a server and must not be masked; what is sent is.
    Client,
}
