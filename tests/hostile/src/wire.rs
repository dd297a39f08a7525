//! What hostile peers say and understand of the protocol, written by hand: nothing here holds to a
//! rule that it could break.

use flate2::{Compress, Compression, FlushCompress};

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
/// For the first byte of a frame: not the last fragment.
pub(crate) const MORE: u8 = 0x7f;
pub(crate) const CONTINUATION: u8 = 0x80;
/// For the first byte of a frame: compressed.
pub(crate) const COMPRESSED: u8 = 0x40;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A request for the chat, with these lines in it, each with its end.
pub(crate) fn head(lines: &str) -> Vec<u8> {
    request(&format!(
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}"
    ))
}

/// Any request, with a host.
pub(crate) fn request(lines: &str) -> Vec<u8> {
    format!("GET /chat HTTP/1.1\r\nHost: chat.example\r\n{lines}\r\n").into_bytes()
}

/// A client's frame.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut wire = declared(first, payload.len() as u64);
    wire.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    wire
}

/// The header of a client's frame that says that it will be so long.
pub(crate) fn declared(first: u8, len: u64) -> Vec<u8> {
    let mut wire = vec![first];
    match len {
        0..=125 => wire.push(0x80 | len as u8),
        126..=0xffff => {
            wire.push(0x80 | 126);
            wire.extend((len as u16).to_be_bytes());
        }
        _ => {
            wire.push(0x80 | 127);
            wire.extend(len.to_be_bytes());
        }
    }
    wire.extend(MASK);
    wire
}

/// As a compressed message says it: without the tail.
pub(crate) fn deflated(data: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(data.len() / 500 + 1024);
    // It always succeeds, and the room suffices for what is all the same byte.
    let _ = Compress::new(Compression::best(), false).compress_vec(
        data,
        &mut wire,
        FlushCompress::Sync,
    );
    wire.truncate(wire.len().saturating_sub(4));
    wire
}

/// What a server said, as it comes: the status, and of the frames behind a 101 what matters here.
/// It keeps at most a head and the beginning of a frame.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// 0 until the head is whole.
    pub(crate) status: u16,
    /// The code of the Close frame; 1005 if it says none.
    pub(crate) close: Option<u16>,
    pub(crate) pongs: u64,
    /// How often the room said `here`: it is joined.
    pub(crate) here: u64,
    /// How often the room said `refused`.
    pub(crate) refused: u64,
    /// The head, then the header and the first bytes of the frame under way.
    kept: Vec<u8>,
    /// What is left of the payload under way, of which nothing more is kept.
    skip: u64,
}

/// Of a payload, as much is looked at: any control frame's is shorter.
const LOOK: usize = 125;
/// More than the server's longest head.
const HEAD: usize = 4096;

impl Heard {
    pub(crate) fn hear(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.skip > 0 {
                let skipped = self.skip.min(bytes.len() as u64);
                self.skip -= skipped;
                bytes = &bytes[skipped as usize..];
                continue;
            }
            // What follows a refusal is its body.
            if self.status != 0 && self.status != 101 {
                return;
            }
            bytes = rest;
            self.kept.push(byte);
            if self.status == 0 {
                if self.kept.ends_with(b"\r\n\r\n") || self.kept.len() == HEAD {
                    let digits =
                        self.kept.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
                    self.status = digits.and_then(|digits| digits.parse().ok()).unwrap_or(999);
                    self.kept.clear();
                }
            } else if let Some((header, len)) = header(&self.kept) {
                let looked = usize::try_from(len).unwrap_or(LOOK).min(LOOK);
                if self.kept.len() == header + looked {
                    self.skip = len - looked as u64;
                    self.frame(header);
                    self.kept.clear();
                }
            }
        }
    }

    fn frame(&mut self, header: usize) {
        let payload = &self.kept[header..];
        match self.kept[0] {
            TEXT if payload.starts_with(b"here ") => self.here += 1,
            TEXT if payload.starts_with(b"refused ") => self.refused += 1,
            CLOSE => {
                self.close =
                    Some(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code)))
            }
            PONG => self.pongs += 1,
            _ => {}
        }
    }
}

/// The length of a server's header and what it declares, once it is whole.
fn header(bytes: &[u8]) -> Option<(usize, u64)> {
    let second = *bytes.get(1)?;
    match second & 0x7f {
        126 => Some((4, u64::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)))),
        127 => Some((10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        len => Some((2, u64::from(len))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_heard_however_it_is_cut() {
        let mut wire = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n".to_vec();
        wire.extend(b"\x81\x06here A\x81\x0crefused fast\x8a\x02hi\x8a\x00");
        wire.extend(b"\x81\x7e\x01\x00");
        wire.extend([b'x'; 256]);
        wire.extend(b"\x88\x04\x03\xf0no");
        for step in [1, 2, 7, 100, wire.len()] {
            let mut heard = Heard::default();
            wire.chunks(step).for_each(|bytes| heard.hear(bytes));
            assert_eq!((heard.status, heard.close), (101, Some(1008)), "in steps of {step}");
            assert_eq!((heard.pongs, heard.here, heard.refused), (2, 1, 1), "in steps of {step}");
            assert!(heard.kept.is_empty());
        }
    }

    #[test]
    fn behind_a_refusal_there_are_no_frames() {
        let mut heard = Heard::default();
        heard.hear(b"HTTP/1.1 400 Bad Request\r\n\r\n\x88\x02\x03\xe8");
        assert_eq!((heard.status, heard.close), (400, None));
    }

    #[test]
    fn a_close_frame_may_say_nothing() {
        let mut heard = Heard::default();
        heard.hear(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x88\x00");
        assert_eq!(heard.close, Some(1005));
    }
}
