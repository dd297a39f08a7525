//! The grammar of `Sec-WebSocket-Extensions`, RFC 6455 §9.1.
//!
//! ```text
//!   list      = #extension                        empty elements ignored (RFC 9110 §5.6.1)
//!   extension = token *( ";" [ token [ "=" value ] ] )    empty ones ignored (RFC 9110 §5.6.6)
//!   value     = token / quoted-string                  the string, unescaped, is a token too
//! ```
//!
//! RFC 6455 wants at least one element in each list, and a name behind each semicolon. Here an
//! empty line, and a comma or semicolon too many, are ignored.
//!
//! A list outside the grammar fails the handshake, in either role, even if no extension is wanted.
//! The extensions of a valid one are passed on, one at a time: see `deflate_negotiation.rs`. No
//! byte is looked at more than twice, whatever the list is.

use super::class::Class;
use super::error::HandshakeError;
use super::fields::Known;
use httparse::Header;

/// The lines of the header, if there are any.
pub(super) fn lines<'b>(headers: &[Header<'b>]) -> impl Iterator<Item = &'b [u8]> {
    headers
        .iter()
        .filter(|header| Known::from_name(header.name) == Some(Known::Extensions))
        .map(|header| header.value)
}

/// Hands out each extension that the lines list together, its name and its parameters. §9.1:
/// several lines are one list.
///
/// # Errors
/// A line is outside the grammar; or else the first error that `each` gave.
pub(super) fn for_each<'a>(
    lines: impl IntoIterator<Item = &'a [u8]>,
    mut each: impl FnMut(&'a [u8], Params<'a>) -> Result<(), HandshakeError>,
) -> Result<(), HandshakeError> {
    let mut found = Ok(());
    for line in lines {
        let mut rest = Cursor::new(line);
        while let Some((name, params)) =
            rest.extension().ok_or(HandshakeError::InvalidExtensions)?
        {
            if found.is_ok() {
                found = each(name, params);
            }
        }
    }
    found
}

/// The parameters of an extension, already seen to be inside the grammar: names and perhaps values,
/// a quoted one as it lies between its quotes.
pub(super) struct Params<'a>(Cursor<'a>);

impl<'a> Iterator for Params<'a> {
    type Item = (&'a [u8], Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.param().flatten()
    }
}

/// What was not read yet. What its functions give is `None` when it is outside the grammar.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        #[cfg(test)]
        tests::LOOKED_AT.set(tests::LOOKED_AT.get() + bytes.len());
        Self(bytes)
    }

    /// The next extension; `Some(None)` at the end of the line.
    fn extension(&mut self) -> Option<Option<(&'a [u8], Params<'a>)>> {
        loop {
            self.skip_space();
            if self.0.is_empty() {
                return Some(None);
            }
            if self.eat(b',').is_some() {
                continue;
            }
            let name = self.token()?;
            let start = self.0;
            while self.param()?.is_some() {}
            let (params, _) = start.split_at_checked(start.len() - self.0.len())?;
            if !self.0.is_empty() {
                self.eat(b',')?;
            }
            return Some(Some((name, Params(Cursor::new(params)))));
        }
    }

    /// The next parameter; `Some(None)` when there is no more.
    fn param(&mut self) -> Option<Option<<Params<'a> as Iterator>::Item>> {
        self.skip_space();
        if self.eat(b';').is_none() {
            return Some(None);
        }
        // RFC 9110 §5.6.6: a parameter may be empty.
        while self.skip_space_and_eat(b';') {}
        if matches!(self.0, [] | [b',', ..]) {
            return Some(None);
        }
        let name = self.token()?;
        self.skip_space();
        if self.eat(b'=').is_none() {
            return Some(Some((name, None)));
        }
        self.skip_space();
        Some(Some((name, Some(self.value()?))))
    }

    fn value(&mut self) -> Option<&'a [u8]> {
        if self.eat(b'"').is_none() {
            return self.token();
        }
        let start = self.0;
        let mut length = 0;
        loop {
            let end = start.len() - self.0.len();
            if self.eat(b'"').is_some() {
                return start.get(..end).filter(|_| length > 0);
            }
            // RFC 9110 §5.6.4: a backslash stands before the byte that is meant.
            let _ = self.eat(b'\\');
            let (byte, rest) = self.0.split_first()?;
            if !Class::TOKEN.has(*byte) {
                return None;
            }
            self.0 = rest;
            length += 1;
        }
    }

    fn token(&mut self) -> Option<&'a [u8]> {
        let (token, rest) = self.0.split_at(Class::TOKEN.prefix(self.0));
        self.0 = rest;
        Some(token).filter(|token| !token.is_empty())
    }

    fn skip_space(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    /// Skips white space and this byte, if it stands behind it.
    fn skip_space_and_eat(&mut self, byte: u8) -> bool {
        self.skip_space();
        self.eat(byte).is_some()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec;
    use alloc::vec::Vec;
    use core::cell::Cell;
    use core::str;

    std::thread_local! {
        /// How many bytes were given to cursors, on this thread.
        pub(in crate::handshake) static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
    }

    /// What lines hand out, as text.
    fn read(lines: &[&str]) -> Result<Vec<String>, HandshakeError> {
        let mut all = Vec::new();
        for_each(lines.iter().map(|line| line.as_bytes()), |name, params| {
            let mut text = String::from_utf8(name.to_vec()).unwrap();
            for (name, value) in params {
                text += ";";
                text += str::from_utf8(name).unwrap();
                if let Some(value) = value {
                    text += "=";
                    text += str::from_utf8(value).unwrap();
                }
            }
            all.push(text);
            Ok(())
        })?;
        Ok(all)
    }

    #[test]
    fn inside_the_grammar() {
        for (line, extensions) in [
            ("permessage-deflate", vec!["permessage-deflate"]),
            (
                "permessage-deflate; client_max_window_bits",
                vec!["permessage-deflate;client_max_window_bits"],
            ),
            (
                "a;client_max_window_bits=15 ; server_no_context_takeover",
                vec!["a;client_max_window_bits=15;server_no_context_takeover"],
            ),
            ("b; a=\"10\", permessage-deflate", vec!["b;a=10", "permessage-deflate"]),
            ("foo; bar = \"b\\a\\z\" ;x", vec!["foo;bar=b\\a\\z;x"]),
            (" , foo ,, bar;x\t,", vec!["foo", "bar;x"]),
            ("", vec![]),
            (" ,\t,", vec![]),
            ("foo;", vec!["foo"]),
            ("foo; ;; ,bar ;\t;x;", vec!["foo", "bar;x"]),
            ("foo;;bar;;", vec!["foo;bar"]),
            ("a,b,a;c;c=c", vec!["a", "b", "a;c;c=c"]),
        ] {
            assert_eq!(read(&[line]).unwrap(), extensions, "{line}");
            assert_eq!(read(&["", line, ","]).unwrap(), extensions, "{line}");
            assert_eq!(
                read(&[line, line]).unwrap(),
                [&extensions[..], &extensions[..]].concat(),
                "{line}"
            );
        }
        assert_eq!(read(&[]).unwrap(), [""; 0]);
    }

    #[test]
    fn outside_the_grammar() {
        for line in [
            "foo bar",
            "foo; bar baz",
            "foo;;=",
            ";",
            "; ;",
            ";a",
            "foo; =1",
            "foo; a=",
            "foo; a=,",
            "foo; a==1",
            "foo; a=\"\"",
            "foo; a=\"1",
            "foo; a=\"1 2\"",
            "foo; a=\"1,2\"",
            "foo; a=\"1\"2",
            "foo; a=\"\\",
            "foo; a=\"\\\"\"",
            "foo=1",
            "\"foo\"",
            "foo/1",
            "foo,;",
            "f\u{e4}",
            "foo; a=\u{e4}",
        ] {
            assert_eq!(read(&[line]), Err(HandshakeError::InvalidExtensions), "{line}");
        }
        for line in ["foo bar", ";", "\"foo\""] {
            assert_eq!(read(&["foo", line]), Err(HandshakeError::InvalidExtensions), "{line}");
            assert_eq!(read(&[line, "foo"]), Err(HandshakeError::InvalidExtensions), "{line}");
        }
    }

    #[test]
    fn the_grammar_comes_before_what_is_said_in_it() {
        let all = [HandshakeError::ExtensionNotOffered, HandshakeError::WrongAccept];
        for (lines, error) in [
            (&[&b"a, b"[..]][..], HandshakeError::ExtensionNotOffered),
            (&[b"a", b"b"], HandshakeError::ExtensionNotOffered),
            (&[b"a", b";"], HandshakeError::InvalidExtensions),
        ] {
            let mut errors = all.iter().copied();
            assert_eq!(
                for_each(lines.iter().copied(), |_, _| Err(errors.next().unwrap())),
                Err(error)
            );
        }
    }
}
