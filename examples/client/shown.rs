//! What others wrote, made harmless: no character of theirs drives the terminal or moves what is
//! printed around it.

use crate::invisible::is_invisible;
use std::fmt::{self, Write};

/// A text in one line. Control characters, and those that change the direction of writing or cannot
/// be seen, are escaped.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

/// The beginning of some bytes.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if is_invisible(c) {
                write!(f, "{}", c.escape_default())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())?;
        for (i, byte) in self.0.iter().take(32).enumerate() {
            write!(f, "{}{byte:02x}", if i == 0 { ": " } else { " " })?;
        }
        if self.0.len() > 32 { f.write_str(" …") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_stays() {
        for text in ["", "naïve 日本語 👋🏽 👩‍🚀", r#"{"a": "b\n"}"#] {
            assert_eq!(Shown(text).to_string(), text);
        }
    }

    #[test]
    fn nothing_drives_the_terminal() {
        for (text, shown) in [
            ("two\nlines\r\n\ttab", r"two\nlines\r\n\ttab"),
            ("\u{1b}[2J\u{1b}]0;title\u{7}", r"\u{1b}[2J\u{1b}]0;title\u{7}"),
            ("\u{9b}31m\u{7f}\0", r"\u{9b}31m\u{7f}\u{0}"),
            ("abc\u{202e}fed\u{2066}\u{61c}", r"abc\u{202e}fed\u{2066}\u{61c}"),
            ("soft\u{ad}ly", r"soft\u{ad}ly"),
        ] {
            assert_eq!(Shown(text).to_string(), shown);
        }
    }

    #[test]
    fn bytes_have_an_end() {
        assert_eq!(Hex(&[]).to_string(), "0 bytes");
        assert_eq!(Hex(&[0, 255]).to_string(), "2 bytes: 00 ff");
        assert_eq!(Hex(&[1; 33]).to_string(), format!("33 bytes:{} …", " 01".repeat(32)));
    }
}
