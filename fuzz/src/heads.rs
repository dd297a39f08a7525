//! Heads of HTTP/1.1 read naively: what the crate reads of the wire, and what it writes, is held
//! against it.

use sockless::handshake::Header;
use std::borrow::Cow;

/// A head, line by line.
#[derive(Debug)]
pub struct Head<'a> {
    pub first: Cow<'a, str>,
    /// Names in lower case, values without the white space around them.
    pub fields: Vec<(String, &'a [u8])>,
    /// What comes behind it.
    pub rest: &'a [u8],
}

impl<'a> Head<'a> {
    /// Reads one, if it is whole and well-formed: lines that end in CR LF and hold no other control
    /// byte than tabs, a name and a colon at the front of each but the first. RFC 9112 §2.1, §5.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let mut lines = bytes[..end + 2]
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r\n"));
        let first = lines.next()?.filter(|line| is_value(line) && !line.is_empty())?;
        let mut fields = Vec::new();
        for line in lines {
            let line = line?;
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok().filter(|name| is_token(name))?;
            let value = line[colon + 1..].trim_ascii();
            if !is_value(value) {
                return None;
            }
            fields.push((name.to_lowercase(), value));
        }
        Some(Self { first: String::from_utf8_lossy(first), fields, rest: &bytes[end + 4..] })
    }

    /// All values under a name.
    pub fn all(&self, name: &str) -> Vec<&'a [u8]> {
        self.fields.iter().filter(|(other, _)| other == name).map(|(_, value)| *value).collect()
    }

    /// The elements of all lists under a name.
    pub fn list(&self, name: &str) -> Vec<&'a [u8]> {
        let elements =
            self.all(name).into_iter().flat_map(|value| value.split(|byte| *byte == b','));
        elements.map(<[u8]>::trim_ascii).filter(|element| !element.is_empty()).collect()
    }

    /// Whether a list has a word, whatever its case.
    pub fn says(&self, name: &str, word: &str) -> bool {
        self.list(name).iter().any(|element| element.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// It has exactly these fields, in any order.
    pub fn assert_fields(&self, Fields(mut expected): Fields) {
        let mut got: Vec<(String, Vec<u8>)> =
            self.fields.iter().map(|(name, value)| (name.clone(), value.to_vec())).collect();
        expected.sort();
        got.sort();
        assert_eq!(got, expected, "what was asked for, and nothing else");
    }
}

/// The fields that a head is expected to have.
#[derive(Default)]
pub struct Fields(Vec<(String, Vec<u8>)>);

impl Fields {
    pub fn with(self, name: &str, value: impl ToString) -> Self {
        self.with_bytes(name, value.to_string().as_bytes())
    }

    pub fn with_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.0.push((name.to_lowercase(), value.trim_ascii().into()));
        self
    }

    pub fn with_header(self, header: Option<Header<'_>>) -> Self {
        header.into_iter().fold(self, |fields, header| fields.with(header.name(), header.value()))
    }
}

/// RFC 9110 §5.6.2.
pub fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// RFC 9110 §5.5: no control character but a tab.
pub fn is_value(text: &[u8]) -> bool {
    text.iter().all(|byte| !byte.is_ascii_control() || *byte == b'\t')
}

/// Whether a header may not be set by a caller: the handshake writes it itself.
pub fn is_reserved(name: &str) -> bool {
    let name = name.to_lowercase();
    let ours = ["host", "origin", "upgrade", "connection", "content-length", "transfer-encoding"];
    ours.contains(&&name[..]) || name.starts_with("sec-websocket-")
}
