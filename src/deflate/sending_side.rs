//! The sending side of a connection: compresses messages, whole or in parts. RFC 7692 §7.2.1.
//!
//! If the context is taken over, the window always holds what the peer's window holds. A message
//! that was compressed, here or elsewhere, is added to both. One that was tried and then sent
//! uncompressed is added to neither.

use super::codec::Codec;
use super::compressor::{Compressor, CompressorKind};
use super::parameters::{Parameters, WindowBits};
use super::pool::Pool;
use super::settings::{Chosen, Compress};
use super::tail::TAIL;
use super::window::Window;
use crate::decoder::Role;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::mem;

/// The sending side of a connection: what it keeps of the messages that were sent.
#[derive(Debug)]
pub(crate) struct SendingSide {
    bits: WindowBits,
    takeover: bool,
    window: Option<Box<Window>>,
    /// There is one while a message is sent in parts; and between messages where there is no pool,
    /// if the context is taken over.
    compressor: Option<Box<Compressor>>,
}

/// A compressed message, or part of one.
#[derive(Debug)]
pub(crate) struct Packed(Box<Compressor>);

impl SendingSide {
    /// For what this end sends.
    pub(crate) fn new(end: Role, agreed: Parameters) -> Self {
        let (bits, no_takeover) = match end {
            Role::Server => (agreed.server_max_window_bits, agreed.server_no_context_takeover),
            Role::Client => (agreed.client_max_window_bits, agreed.client_no_context_takeover),
        };
        Self { bits, takeover: !no_takeover, window: None, compressor: None }
    }

    /// Whether a message of this length is to be compressed; `None`: of unknown length.
    pub(crate) fn wants(&self, len: Option<usize>, compress: Compress, settings: &Chosen) -> bool {
        // zlib has no window of 256 bytes: to compress with a larger one is forbidden, not to
        // compress never is.
        self.bits > WindowBits::MIN
            && match compress {
                Compress::Auto => len.is_none_or(|len| {
                    len >= usize::try_from(settings.threshold).unwrap_or(usize::MAX)
                }),
                Compress::Yes => true,
                Compress::No => false,
            }
    }

    /// Compresses a message. `None`: it is to be sent as it is.
    pub(crate) fn message(
        &mut self,
        data: &[u8],
        compress: Compress,
        settings: &Chosen,
    ) -> Option<Packed> {
        let mut compressor = self.take(settings);
        if self.takeover {
            compressor.add(data);
        } else {
            compressor.add_and_forget(data);
        }
        if compress == Compress::Auto && compressor.out.len() - TAIL.len() >= data.len() {
            self.put(compressor, settings);
            return None;
        }
        self.said(data, settings);
        compressor.sent(self.window.as_deref());
        Some(Packed(compressor))
    }

    /// Compresses a part of a message. Its tail is kept back: it belongs in front of the next part,
    /// if there is one.
    pub(crate) fn part(&mut self, data: &[u8], first: bool, settings: &Chosen) -> Packed {
        let mut compressor = match self.compressor.take() {
            Some(mut compressor) if !first => {
                compressor.out.clear();
                compressor.out.extend_from_slice(&TAIL);
                compressor
            }
            kept => {
                self.compressor = kept;
                self.take(settings)
            }
        };
        compressor.add(data);
        self.said(data, settings);
        Packed(compressor)
    }

    /// The part was queued, and another one or the end will follow.
    pub(crate) fn put_part(&mut self, Packed(compressor): Packed) {
        self.compressor = Some(compressor);
    }

    /// The last part was queued.
    pub(crate) fn end_of_parts(&mut self, settings: &Chosen) {
        if let Some(mut compressor) = self.compressor.take() {
            compressor.sent(self.window.as_deref());
            self.put(compressor, settings);
        }
    }

    /// The message was queued.
    pub(crate) fn put_message(&mut self, Packed(compressor): Packed, settings: &Chosen) {
        self.put(compressor, settings);
    }

    /// A message was sent that was compressed elsewhere, with no look at this window.
    pub(crate) fn said(&mut self, data: &[u8], settings: &Chosen) {
        if self.takeover {
            let user = || settings.pool.as_ref().map_or(1, Pool::next_user);
            self.window
                .get_or_insert_with(|| Box::new(Window::new(user(), self.bits.bytes())))
                .push(data);
        }
    }

    /// Which compressor a message needs that refers to no other: in one that is no longer than the
    /// window nothing is out of reach, and any will do.
    pub(super) fn alone(&self, len: usize, settings: &Chosen) -> CompressorKind {
        let bits = if len <= self.bits.bytes() { WindowBits::MAX } else { self.bits };
        CompressorKind { level: settings.level, bits: bits.get() }
    }

    /// Nothing more is sent.
    pub(crate) fn stop(&mut self) {
        (self.compressor, self.window) = (None, None);
    }

    fn take(&mut self, settings: &Chosen) -> Box<Compressor> {
        let kind = CompressorKind { level: settings.level, bits: self.bits.get() };
        let window = self.window.as_deref();
        let pooled = || settings.pool.as_ref().and_then(|pool| pool.take_compressor(kind, window));
        let mut compressor =
            self.compressor.take().or_else(pooled).unwrap_or_else(|| Compressor::new(kind));
        compressor.begin(window);
        compressor
    }

    fn put(&mut self, mut compressor: Box<Compressor>, settings: &Chosen) {
        match &settings.pool {
            Some(pool) => pool.put_compressor(compressor),
            None if self.takeover => {
                compressor.rest();
                self.compressor = Some(compressor);
            }
            None => {}
        }
    }
}

impl Packed {
    /// What goes into the frame, or frames: once.
    pub(crate) fn take(&mut self) -> Cow<'_, [u8]> {
        let out = &mut self.0.out;
        out.truncate(out.len().saturating_sub(TAIL.len()));
        if out.len() < BY_REFERENCE {
            return Cow::Borrowed(out);
        }
        let mut out = mem::take(out);
        if out.len() < out.capacity() / 2 {
            out.shrink_to_fit();
        }
        Cow::Owned(out)
    }
}

/// From which length on, in bytes, what was compressed is given away and not copied.
const BY_REFERENCE: usize = 4 << 10;
