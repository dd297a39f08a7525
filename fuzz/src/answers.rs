//! Answers read naively: where a head ends and what its lines are, how long a body is, and where
//! its chunks end.

use crate::heads::{Head, is_token, is_value};

/// The head of an answer at the front of some bytes, as it would be without folds and with CR LF
/// behind each line.
pub struct Mended {
    pub bytes: Vec<u8>,
    /// How many bytes it has as it came.
    pub len: usize,
    /// LF alone ends one of its lines.
    pub bare_lf: bool,
}

impl Mended {
    /// Reads one, if it is whole: line by line, up to an empty one. LF alone is for refusals. RFC
    /// 9112 §2.2, §5.2.
    pub fn read(wire: &[u8]) -> Option<Self> {
        let (mut lines, mut len, mut bare_lf) = (Vec::<Vec<u8>>::new(), 0, false);
        // As many spaces as there are bytes in the end of the line before.
        let mut fold = "";
        for raw in wire.split_inclusive(|byte| *byte == b'\n') {
            len += raw.len();
            let line = raw.strip_suffix(b"\n")?;
            let whole = line.strip_suffix(b"\r");
            bare_lf |= whole.is_none();
            let line = whole.unwrap_or(line);
            if line.is_empty() {
                let bytes = [lines.join(&b"\r\n"[..]), b"\r\n\r\n".to_vec()].concat();
                return Some(Self { bytes, len, bare_lf })
                    .filter(|mended| !bare_lf || mended.status() >= Some(200));
            }
            // The second line has no header before it that it could go on with.
            match lines.get_mut(1..).and_then(<[_]>::last_mut) {
                Some(last) if line.starts_with(b" ") || line.starts_with(b"\t") => {
                    last.extend([fold.as_bytes(), line].concat())
                }
                _ => lines.push(line.to_vec()),
            }
            fold = if whole.is_some() { "  " } else { " " };
        }
        None
    }

    /// Whether it is not the last word. RFC 9110 §15.2.
    pub fn is_interim(&self) -> bool {
        self.status().is_some_and(|status| status < 200 && status != 101)
    }

    fn status(&self) -> Option<u16> {
        status(&self.bytes)
    }
}

/// The status of an answer of which at least so much came. RFC 9112 §4.
pub fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    let came = line.len() < head.len() || line.len() > 12;
    let line = String::from_utf8_lossy(line);
    let status = Some(&*line).filter(|line| came && is_status_line(line))?.get(9..12)?;
    status.parse().ok()
}

/// All that is said of a length, nothing too.
fn lengths<'a>(head: &Head<'a>) -> Vec<&'a [u8]> {
    let elements =
        head.all("content-length").into_iter().flat_map(|value| value.split(|byte| *byte == b','));
    elements.map(<[u8]>::trim_ascii).collect()
}

/// Digits, not too many, and the same in all lines and elements. RFC 9110 §8.6.
pub fn has_one_length(head: &Head<'_>) -> bool {
    let lengths = lengths(head);
    lengths.first().is_some_and(|first| {
        number(first).is_some() && lengths.iter().all(|len| number(len) == number(first))
    })
}

/// One "chunked" at the end of a list of tokens: no parameters, whose strings could hold commas.
/// RFC 9112 §6.1, §7.
pub fn has_one_chunked(head: &Head<'_>) -> bool {
    let codings = head.list("transfer-encoding");
    let chunked: Vec<bool> =
        codings.iter().map(|coding| coding.eq_ignore_ascii_case(b"chunked")).collect();
    let plain = codings.iter().all(|coding| std::str::from_utf8(coding).is_ok_and(is_token));
    plain
        && chunked.iter().position(|is| *is) == chunked.len().checked_sub(1)
        && !chunked.is_empty()
}

/// The one length that is said.
pub fn length(head: &Head<'_>) -> Option<usize> {
    Some(head)
        .filter(|head| has_one_length(head))
        .and_then(|head| usize::try_from(number(lengths(head)[0])?).ok())
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits)
        .ok()
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?
        .parse()
        .ok()
}

/// RFC 9112 §4, of the versions that there are.
pub fn is_status_line(line: &str) -> bool {
    let status = line
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.strip_prefix(['0', '1'])?.strip_prefix(' '));
    status.is_some_and(|status| match status.as_bytes() {
        [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9', rest @ ..] => rest.is_empty() || rest[0] == b' ',
        _ => false,
    })
}

/// The body in chunks, as far as it goes, whether it is whole, and where its trailers end. RFC 9112
/// §7.1.
pub fn dechunk(all: &[u8]) -> (Vec<u8>, bool, Option<usize>) {
    let (mut body, mut bytes) = (Vec::new(), all);
    loop {
        let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") else {
            return (body, false, None);
        };
        let (line, rest) = (&bytes[..end], &bytes[end + 2..]);
        let (size, extension) = match line.iter().position(|byte| *byte == b';') {
            Some(at) => (&line[..at], &line[at..]),
            None => (line, &b""[..]),
        };
        let digits = std::str::from_utf8(size).unwrap_or_default().trim_end_matches([' ', '\t']);
        let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let Some(size) =
            u64::from_str_radix(digits, 16).ok().filter(|_| plain && is_value(extension))
        else {
            return (body, false, None);
        };
        if size == 0 {
            return (body, true, trailers(rest).map(|len| all.len() - rest.len() + len));
        }
        let come = usize::try_from(size).unwrap_or(usize::MAX).min(rest.len());
        body.extend_from_slice(&rest[..come]);
        bytes = match rest[come..].strip_prefix(b"\r\n") {
            Some(behind) if come as u64 == size => behind,
            _ => return (body, false, None),
        };
    }
}

/// How long the trailers are, with the empty line behind them.
fn trailers(bytes: &[u8]) -> Option<usize> {
    let mut len = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        len += line.len();
        let line = line.strip_suffix(b"\r\n").filter(|line| is_value(line))?;
        if line.is_empty() {
            return Some(len);
        }
    }
    None
}
