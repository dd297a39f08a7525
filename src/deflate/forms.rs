//! The compressed forms of a message that many connections send: each is made once, by the first
//! connection that needs it.
//!
//! A form refers to nothing outside its message, so it can follow any messages.

use super::compressor::Compressor;
use super::sending_side::SendingSide;
use super::settings::Chosen;
use super::tail::TAIL;
use alloc::vec::Vec;
use bytes::Bytes;
use core::mem;
use std::sync::OnceLock;

/// A message's forms for windows of 9 to 15 bits; the last one is also for each window into which
/// the message fits.
#[derive(Debug, Default)]
pub(crate) struct Forms([OnceLock<Bytes>; 7]);

impl Forms {
    /// The form for a connection.
    pub(crate) fn get(
        &self,
        data: &[u8],
        sending: &SendingSide,
        settings: &Chosen,
    ) -> Option<&Bytes> {
        let kind = sending.alone(data.len(), settings);
        let form = self.0.get(usize::from(kind.bits.checked_sub(9)?))?;
        Some(form.get_or_init(|| {
            let pooled = settings.pool.as_ref().and_then(|pool| pool.take_compressor(kind, None));
            let mut compressor = pooled.unwrap_or_else(|| Compressor::new(kind));
            compressor.begin(None);
            compressor.add_and_forget(data);
            let mut form: Vec<u8> = mem::take(&mut compressor.out);
            form.truncate(form.len() - TAIL.len());
            form.shrink_to_fit();
            if let Some(pool) = &settings.pool {
                pool.put_compressor(compressor);
            }
            form.into()
        }))
    }
}
