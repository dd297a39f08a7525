//! Messages for many connections.

use crate::decoder::Kind;
use crate::payload::{Payload, Text};
use bytes::Bytes;

/// A message that any number of connections send: its payload is in memory once, shared by reference count.
///
/// ```
/// use sockless::{Agreement, Config, Connection, LifeCycle, Prepared, Role};
///
/// let message = Prepared::text("the same for everyone");
/// for _ in 0..3 {
///     let mut connection = Connection::new(Role::Server, Agreement::default(), Config::default());
///     connection.send_prepared(&message)?;
///     assert_eq!(connection.transmit().pop().as_deref(), Some(&b"\x81\x15the same for everyone"[..]));
/// }
/// # Ok::<(), sockless::SendError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prepared {
    kind: Kind,
    payload: Bytes,
}

impl Prepared {
    /// A text message.
    pub fn text<'a>(text: impl Into<Text<'a>>) -> Self {
        Self { kind: Kind::Text, payload: text.into().into_payload().into_bytes() }
    }

    /// A binary message.
    ///
    /// ```
    /// use sockless::Prepared;
    ///
    /// assert_eq!(Prepared::binary(vec![1, 2, 3]).as_bytes(), [1, 2, 3]);
    /// ```
    pub fn binary<'a>(data: impl Into<Payload<'a>>) -> Self {
        Self { kind: Kind::Binary, payload: data.into().into_bytes() }
    }

    /// The kind of the message.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The payload, of text too.
    pub fn as_bytes(&self) -> &[u8] {
        &self.payload
    }

    pub(crate) fn payload(&self) -> Payload<'static> {
        Payload::from(&self.payload)
    }
}
