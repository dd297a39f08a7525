//! What can be sent: borrowed, owned or shared bytes, or text.
//!
//! A borrowed payload is copied into the queue. A large owned one is queued as it is, without a
//! copy.

#[cfg(feature = "deflate")]
use crate::deflate::{Compress, Packed};
use crate::utf8_bytes::Utf8Bytes;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;

/// The payload of a binary message: `&[u8]`, `&[u8; N]`, `&Vec<u8>`, `Vec<u8>`, `Cow<[u8]>`,
/// `&Cow<[u8]>`, `Bytes` or `&Bytes`.
///
/// ```
/// use sockless::Payload;
///
/// let payload = Payload::from(vec![1, 2, 3]);
/// assert_eq!(payload.as_ref(), [1, 2, 3]);
/// ```
#[derive(Clone, Debug)]
pub struct Payload<'a> {
    bits: Bits<'a>,
    #[cfg(feature = "deflate")]
    compress: Option<Compress>,
}

/// The payload of a text message: `&str`, `&String`, `String`, `Cow<str>`, `&Cow<str>`,
/// [`Utf8Bytes`] or `&Utf8Bytes`.
///
/// ```
/// use sockless::Text;
///
/// let text = Text::from(String::from("hi"));
/// assert_eq!(text.as_bytes(), b"hi");
/// ```
#[derive(Clone, Debug)]
pub struct Text<'a>(Payload<'a>);

#[derive(Clone, Debug)]
enum Bits<'a> {
    Borrowed(&'a [u8]),
    Owned(Vec<u8>),
    Shared(Bytes),
}

/// The shortest owned payload, in bytes, that is queued by reference if it is not masked: from here
/// on that is cheaper than a copy.
const OWNED: usize = 4096;
/// The same for a payload that is shared already.
const SHARED: usize = 2048;

impl<'a> Payload<'a> {
    /// Chooses whether to compress this message, which replaces the connection's
    /// [`Settings::compress`](crate::deflate::Settings::compress). It has no effect without
    /// permessage-deflate.
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Payload, deflate::Compress};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_binary(Payload::from(include_bytes!("../Cargo.lock")).compress(Compress::No))?;
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn compress(mut self, compress: Compress) -> Self {
        self.compress = Some(compress);
        self
    }

    /// The choice of the message, if it has one.
    #[cfg(feature = "deflate")]
    pub(crate) fn compression(&self) -> Option<Compress> {
        self.compress
    }

    #[inline]
    fn new(bits: Bits<'a>) -> Self {
        Self {
            bits,
            #[cfg(feature = "deflate")]
            compress: None,
        }
    }

    /// From which length on, in bytes, such a payload is queued by reference.
    pub(crate) fn by_reference_from(&self) -> usize {
        match self.bits {
            Bits::Borrowed(_) => usize::MAX,
            Bits::Owned(_) => OWNED,
            Bits::Shared(_) => SHARED,
        }
    }

    /// The bytes of a payload that is borrowed and has no choice of compression.
    #[inline(always)]
    pub(crate) fn into_borrowed(self) -> Result<&'a [u8], Self> {
        match self {
            #[cfg(not(feature = "deflate"))]
            Self { bits: Bits::Borrowed(bytes) } => Ok(bytes),
            #[cfg(feature = "deflate")]
            Self { bits: Bits::Borrowed(bytes), compress: None } => Ok(bytes),
            other => Err(other),
        }
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        match self.bits {
            Bits::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
            Bits::Owned(bytes) => Bytes::from(bytes),
            Bits::Shared(bytes) => bytes,
        }
    }

    /// Cuts `n` bytes off the front; what is owned becomes shared and is not copied.
    pub(crate) fn split_to(&mut self, n: usize) -> Self {
        let n = n.min(self.as_ref().len());
        match &mut self.bits {
            Bits::Borrowed(bytes) => {
                let (front, rest) = bytes.split_at(n);
                *bytes = rest;
                Self::new(Bits::Borrowed(front))
            }
            Bits::Owned(bytes) => {
                let mut shared = Bytes::from(core::mem::take(bytes));
                let front = shared.split_to(n);
                self.bits = Bits::Shared(shared);
                Self::new(Bits::Shared(front))
            }
            Bits::Shared(bytes) => Self::new(Bits::Shared(bytes.split_to(n))),
        }
    }
}

impl AsRef<[u8]> for Payload<'_> {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        match &self.bits {
            Bits::Borrowed(bytes) => bytes,
            Bits::Owned(bytes) => bytes,
            Bits::Shared(bytes) => bytes,
        }
    }
}

impl<'a> Text<'a> {
    /// Chooses whether to compress this message, which replaces the connection's
    /// [`Settings::compress`](crate::deflate::Settings::compress). It has no effect without
    /// permessage-deflate.
    ///
    /// ```
    /// use sockless::{Extensions, Config, Connection, Text, deflate::Compress};
    ///
    /// let mut connection = Connection::server(Extensions::default(), Config::default());
    /// connection.send_text(Text::from("{\"token\":\"…\"}").compress(Compress::No))?;
    /// # Ok::<(), sockless::SendError>(())
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn compress(self, compress: Compress) -> Self {
        Self(self.0.compress(compress))
    }

    /// The text's bytes, which are UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    pub(crate) fn into_payload(self) -> Payload<'a> {
        self.0
    }
}

impl<'a> From<&'a [u8]> for Payload<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> Self {
        Self::new(Bits::Borrowed(bytes))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Payload<'a> {
    #[inline]
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::new(Bits::Borrowed(bytes))
    }
}

impl<'a> From<&'a Vec<u8>> for Payload<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::new(Bits::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Payload<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(Bits::Owned(bytes))
    }
}

impl<'a> From<Cow<'a, [u8]>> for Payload<'a> {
    #[inline]
    fn from(bytes: Cow<'a, [u8]>) -> Self {
        match bytes {
            Cow::Borrowed(bytes) => bytes.into(),
            Cow::Owned(bytes) => bytes.into(),
        }
    }
}

impl<'a> From<&'a Cow<'_, [u8]>> for Payload<'a> {
    #[inline]
    fn from(bytes: &'a Cow<'_, [u8]>) -> Self {
        Self::new(Bits::Borrowed(bytes))
    }
}

impl From<Bytes> for Payload<'_> {
    fn from(bytes: Bytes) -> Self {
        Self::new(Bits::Shared(bytes))
    }
}

impl From<&Bytes> for Payload<'_> {
    fn from(bytes: &Bytes) -> Self {
        Self::new(Bits::Shared(bytes.clone()))
    }
}

impl<'a> From<&'a str> for Text<'a> {
    #[inline]
    fn from(text: &'a str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl<'a> From<&'a String> for Text<'a> {
    fn from(text: &'a String) -> Self {
        Self(text.as_bytes().into())
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(text.into_bytes().into())
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    #[inline]
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl<'a> From<&'a Cow<'_, str>> for Text<'a> {
    #[inline]
    fn from(text: &'a Cow<'_, str>) -> Self {
        Self(text.as_bytes().into())
    }
}

impl From<Utf8Bytes> for Text<'_> {
    fn from(text: Utf8Bytes) -> Self {
        Self(Bytes::from(text).into())
    }
}

impl From<&Utf8Bytes> for Text<'_> {
    fn from(text: &Utf8Bytes) -> Self {
        text.clone().into()
    }
}

#[cfg(feature = "deflate")]
impl Packed {
    /// What goes into the frame, or frames: once.
    pub(crate) fn payload(&mut self) -> Payload<'_> {
        self.take().into()
    }
}
