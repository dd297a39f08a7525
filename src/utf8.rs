//! Checks of UTF-8 as it arrives, RFC 6455 §8.1: each byte once, in parts, and failing at the first
//! byte that cannot become valid.
//!
//! A part may end in the middle of a code point. The one to three bytes of that code point are set
//! aside until the next part completes them. The rest of the part is a `&str` at once.
//!
//! ```text
//!   part n               part n + 1
//!  ┌──────────────┬───┐ ┌───┬─────────────┬──┐
//!  │ text         │ ▒ │ │ ▒ │ text        │▒ │ set aside
//!  └──────────────┴───┘ └───┴─────────────┴──┘
//!                  carried: one char
//! ```

use core::{fmt, str};

/// Checks a text that comes in parts.
///
/// ```
/// use sockless::utf8::{InvalidUtf8, Validator};
///
/// let mut validator = Validator::default();
/// let valid = validator.push(b"caf\xc3")?;
/// assert_eq!((valid.carried, valid.text), (None, "caf"));
/// let valid = validator.push(b"\xa9!")?;
/// assert_eq!((valid.carried, valid.text), (Some('é'), "!"));
/// validator.finish()?;
///
/// // A byte that cannot become valid is refused at once, whatever may follow: here the first half of a surrogate.
/// assert_eq!(validator.push(b"\xed\xa0"), Err(InvalidUtf8));
/// # Ok::<(), InvalidUtf8>(())
/// ```
#[derive(Clone, Default)]
pub struct Validator {
    /// The cut code point's bytes.
    cut: [u8; 4],
    /// How many they are; or `FAILED`.
    len: u8,
}

/// Instead of the length of a cut code point: the text is not UTF-8.
const FAILED: u8 = u8::MAX;

/// The text of one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valid<'a> {
    /// The code point that the last part left cut, now complete.
    pub carried: Option<char>,
    /// The text behind it, up to a code point that this part leaves cut.
    pub text: &'a str,
}

/// The text is not UTF-8. RFC 6455 §8.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("text that is not UTF-8 (RFC 6455 §8.1)")]
pub struct InvalidUtf8;

impl Validator {
    /// Takes the next part of the text.
    ///
    /// # Errors
    /// The text is not UTF-8. All later parts are refused too, until [`finish`](Self::finish).
    pub fn push<'a>(&mut self, part: &'a [u8]) -> Result<Valid<'a>, InvalidUtf8> {
        let (carried, part) = if self.len == 0 { (None, part) } else { self.complete(part)? };
        let (whole, cut) = part.split_at(part.len() - incomplete_suffix(part));
        // With a code point still cut, `complete` has left nothing of the part.
        if !cut.is_empty() {
            // Incomplete, but is it the beginning of anything?
            if !matches!(str::from_utf8(cut), Err(error) if error.error_len().is_none()) {
                return Err(self.fail());
            }
            for byte in cut {
                self.set_aside(*byte);
            }
        }
        match check(whole) {
            Some(text) => Ok(Valid { carried, text }),
            None => Err(self.fail()),
        }
    }

    /// How many bytes are missing of the code point that was cut; 0 if none was, or if the text was
    /// refused.
    ///
    /// ```
    /// use sockless::utf8::Validator;
    ///
    /// let mut validator = Validator::default();
    /// validator.push(b"\xf0\x9f")?;
    /// assert_eq!(validator.missing(), 2);
    /// # Ok::<(), sockless::utf8::InvalidUtf8>(())
    /// ```
    #[must_use]
    pub fn missing(&self) -> usize {
        match self.cut.first() {
            Some(lead) if (1..4).contains(&self.len) => {
                width(*lead).saturating_sub(usize::from(self.len))
            }
            _ => 0,
        }
    }

    /// Ends the text. The validator can then be used for another one.
    ///
    /// # Errors
    /// The text ends in the middle of a code point, or a part of it was refused.
    pub fn finish(&mut self) -> Result<(), InvalidUtf8> {
        match core::mem::take(self).len {
            0 => Ok(()),
            _ => Err(InvalidUtf8),
        }
    }

    /// Adds to the cut code point until it is whole or the part is used up.
    fn complete<'a>(
        &mut self,
        mut part: &'a [u8],
    ) -> Result<(Option<char>, &'a [u8]), InvalidUtf8> {
        if self.len == FAILED {
            return Err(InvalidUtf8);
        }
        while let Some((&byte, rest)) = part.split_first() {
            part = rest;
            self.set_aside(byte);
            match str::from_utf8(self.cut.get(..usize::from(self.len)).unwrap_or_default()) {
                Ok(text) => {
                    let carried = text.chars().next();
                    *self = Self::default();
                    return Ok((carried, part));
                }
                Err(error) if error.error_len().is_some() => return Err(self.fail()),
                Err(_) => {}
            }
        }
        Ok((None, part))
    }

    #[cold]
    fn fail(&mut self) -> InvalidUtf8 {
        self.len = FAILED;
        InvalidUtf8
    }

    fn set_aside(&mut self, byte: u8) {
        if let Some(slot) = self.cut.get_mut(usize::from(self.len)) {
            *slot = byte;
            self.len += 1;
        }
    }
}

/// Shows how many bytes of a code point are missing, and none of its bytes.
impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validator").field("missing", &self.missing()).finish_non_exhaustive()
    }
}

/// How much of a part is valid text, for a part that `push` refuses.
#[cfg(feature = "alloc")]
pub(crate) fn valid_prefix(part: &[u8]) -> &str {
    let valid = match str::from_utf8(part) {
        Ok(text) => return text,
        Err(error) => error.valid_up_to(),
    };
    part.get(..valid).and_then(check).unwrap_or_default()
}

/// The whole of a text at once.
#[inline]
pub(crate) fn check(bytes: &[u8]) -> Option<&str> {
    simdutf8::basic::from_utf8(bytes).ok()
}

/// How many bytes at the end belong to a code point that is longer than what is there: 0 to 3.
fn incomplete_suffix(bytes: &[u8]) -> usize {
    for (back, byte) in bytes.iter().rev().take(3).enumerate() {
        if matches!(byte, 0x80..=0xbf) {
            continue;
        }
        return if width(*byte) > back + 1 { back + 1 } else { 0 };
    }
    0
}

/// How many bytes a code point has that begins with this one.
fn width(lead: u8) -> usize {
    match lead {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xff => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;

    /// Runs `bytes` through in the parts that `cuts` makes, and gives the text, or how many parts
    /// were accepted.
    fn run(bytes: &[u8], cuts: &[usize]) -> Result<String, usize> {
        let mut validator = Validator::default();
        let mut text = String::new();
        let mut from = 0;
        let mut accepted = 0_usize;
        for to in cuts.iter().copied().chain([bytes.len()]) {
            let valid = validator.push(&bytes[from..to]).map_err(|_| accepted)?;
            text.extend(valid.carried);
            text.push_str(valid.text);
            from = to;
            accepted += 1;
        }
        validator.finish().map_err(|_| accepted)?;
        Ok(text)
    }

    #[test]
    fn every_cut_of_every_width() {
        let text = "aé€😀\u{0}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}z";
        for a in 0..=text.len() {
            for b in a..=text.len() {
                assert_eq!(run(text.as_bytes(), &[a, b]).as_deref(), Ok(text));
            }
        }
        let single: Vec<usize> = (1..text.len()).collect();
        assert_eq!(run(text.as_bytes(), &single).as_deref(), Ok(text));
    }

    #[test]
    fn agrees_with_std_on_all_short_sequences() {
        // All that distinguishes the cases of the UTF-8 grammar, in every sequence of four.
        let bytes = [
            0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef,
            0xf0, 0xf4, 0xf5, 0xff,
        ];
        let mut sequence = [0; 4];
        for i in 0..bytes.len().pow(4) {
            for (place, byte) in sequence.iter_mut().enumerate() {
                *byte = bytes[i / bytes.len().pow(place as u32) % bytes.len()];
            }
            let expected = str::from_utf8(&sequence);
            for cut in 0..4 {
                assert_eq!(
                    run(&sequence, &[cut]).ok().as_deref(),
                    expected.ok(),
                    "{sequence:02x?} cut at {cut}"
                );
            }
            // Byte by byte it fails exactly at the first byte that std calls impossible.
            let at = match expected {
                Ok(_) => None,
                Err(error) => {
                    Some(error.valid_up_to() + error.error_len().unwrap_or(4 - error.valid_up_to()))
                }
            };
            if let (Err(accepted), Some(at)) = (run(&sequence, &[1, 2, 3]), at) {
                assert!(
                    accepted == at || accepted + 1 == at,
                    "{sequence:02x?}: {accepted}, std {at}"
                );
            }
        }
    }

    /// Every call behind an error gives the same error, until `finish`.
    #[test]
    fn a_text_that_was_refused_stays_refused() {
        let bytes = [0x61, 0x80, 0xa0, 0xbf, 0xc3, 0xe0, 0xed, 0xf0, 0xff];
        for i in 0..bytes.len().pow(5) {
            let sequence: [u8; 5] = core::array::from_fn(|place| {
                bytes[i / bytes.len().pow(place as u32) % bytes.len()]
            });
            let (mut validator, mut refused) = (Validator::default(), false);
            for (come, byte) in sequence.iter().enumerate() {
                let is_bad = str::from_utf8(&sequence[..=come])
                    .is_err_and(|error| error.error_len().is_some());
                assert_eq!(validator.push(&[*byte]).is_err(), is_bad, "{sequence:02x?} at {come}");
                refused |= is_bad;
                assert!(
                    validator.missing() < 4 && !(refused && validator.missing() > 0),
                    "{sequence:02x?} at {come}"
                );
                assert_eq!(validator.push(b"").is_err(), refused);
            }
            assert_eq!(
                validator.finish().is_err(),
                str::from_utf8(&sequence).is_err(),
                "{sequence:02x?}"
            );
            assert_eq!(
                (validator.missing(), validator.push(b"a").is_ok(), validator.finish()),
                (0, true, Ok(()))
            );
        }
    }

    #[test]
    fn an_end_inside_a_code_point_is_invalid() {
        let mut validator = Validator::default();
        assert!(validator.push(b"\xf0\x9f\x98").is_ok());
        assert_eq!(validator.finish(), Err(InvalidUtf8));
        assert_eq!(validator.finish(), Ok(()));
    }
}
