//! The frame layer's public types, in any order of calls.

use crate::choices::Choices;
use sockless::decoder::{Control, Decoder, Piece};
use sockless::frame::{Header, OpCode};
use sockless::utf8::Validator;
use sockless::{CloseCode, CloseFrame, Input, Limits, MessageKind, ProtocolError, Role, mask};
use std::str;

/// Arbitrary operations on a decoder, a validator, masks, headers and the bodies of Close frames,
/// whatever was called before and whatever it said: no call panics, and
///
/// - a decoder gives no more than came and keeps its limits; behind an error, a Close frame and
///   `stop` it gives nothing; what is left of an input is its end, as it came;
///   `take_whole_message` gives nothing in the middle of anything;
/// - a validator accepts what the standard library does, and what it has refused stays refused
///   until `finish`;
/// - masking in parts, with a rotated key, is masking; what is read of a header or a Close frame's
///   body is written as the same bytes, and a code is one that may be sent.
///
/// Of `data`, the first bytes choose the decoder; then come operations, each with what it needs.
pub fn frame_layer(data: &[u8]) {
    let mut choices = Choices::new(data);
    let mut frames = Frames::new(&mut choices);
    let mut text = Text::default();
    while !choices.is_empty() {
        match choices.byte() % 8 {
            0 | 1 => frames.feed(&mut choices),
            2 => frames.stop(),
            3 => text.push(choices.counted()),
            4 => text.finish(),
            5 => masks(&mut choices),
            6 => headers(&mut choices),
            _ => closes(&mut choices),
        }
    }
    assert!(!format!("{frames:?} {text:?}").is_empty());
}

/// A decoder, and what has to be true of it.
#[derive(Debug)]
struct Frames {
    decoder: Decoder,
    role: Role,
    limits: Limits,
    extended: bool,
    /// Nothing more may come.
    over: bool,
    /// Whether a message is under way, how long it is, and how many frames it has.
    message: Option<(MessageKind, u64, u32)>,
    /// What is left of the frame under way, if its payload is: of a control frame at most.
    frame: Option<u64>,
    /// How much came that was not given out.
    come: usize,
    /// What was left of an input, to be given again.
    left: Vec<u8>,
}

impl Frames {
    fn new(choices: &mut Choices<'_>) -> Self {
        let role = choices.pick(&[Role::Server, Role::Client]);
        let mut limits = Limits::default();
        limits.max_frame = choices.pick(&[1 << 16, 0, 10, u64::MAX]);
        limits.max_message = choices.pick(&[1 << 17, 0, 12, u64::MAX]);
        limits.max_fragments = choices.pick(&[8, 0, 2, u32::MAX]);
        let rsv = choices.pick(&[0, 4, 7, 0xff]);
        let decoder = Decoder::new(role, limits).with_extension(rsv);
        let (over, message, frame, left) = (false, None, None, Vec::new());
        Self { decoder, role, limits, extended: rsv > 0, over, message, frame, come: 0, left }
    }

    /// Gives some bytes to the decoder, behind those that it left, and calls it a few times.
    fn feed(&mut self, choices: &mut Choices<'_>) {
        let flags = choices.byte();
        let calls = choices.counted();
        let wire = [&std::mem::take(&mut self.left)[..], choices.counted()].concat();
        let mut scratch = wire.clone();
        let mut input = Input::new(&mut scratch);
        for call in calls {
            let before = input.len();
            if call & 1 == 0 {
                let Some((kind, data)) = self.decoder.take_whole_message(&mut input) else {
                    assert_eq!(input.len(), before, "what is not taken is left");
                    continue;
                };
                assert!(
                    !self.over && self.message.is_none() && self.frame.is_none(),
                    "in the middle"
                );
                assert_eq!(self.come, 0, "in a header");
                let len = data.len();
                self.piece(
                    Piece::Message { kind, first: true, last: true, rsv: 0, rest: 0, data },
                    len,
                );
                continue;
            }
            match self.decoder.next(&mut input) {
                None => {
                    assert!(input.is_empty(), "None means that all was consumed");
                    self.come += before;
                }
                Some(Err(error)) => {
                    assert!(!self.over && input.is_empty());
                    self.over = true;
                    assert!(!error.rule().is_empty() && !error.section().is_empty());
                    let _ = error.close_code();
                }
                Some(Ok(piece)) => self.piece(piece, before - input.len() + self.come),
            }
        }
        let rest = input.into_rest();
        assert!(wire.ends_with(rest), "it is as it came");
        if flags & 2 == 0 {
            self.left = rest.to_vec();
        }
    }

    /// A piece of so many bytes, its header included.
    fn piece(&mut self, piece: Piece<'_>, come: usize) {
        assert!(!self.over, "nothing comes behind the end");
        match piece {
            Piece::Message { kind, first, last, rsv, rest, data } => {
                assert!(self.extended || rsv == 0);
                assert!(data.len() <= come);
                let (of, mut len, mut fragments) = self.message.unwrap_or((kind, 0, 0));
                assert!(of == kind && first == self.message.is_none());
                match self.frame {
                    Some(left) => assert_eq!(left, data.len() as u64 + rest),
                    None => {
                        let declared = data.len() as u64 + rest;
                        len = len.saturating_add(declared);
                        fragments += 1;
                        assert!(fragments <= self.limits.max_fragments);
                        assert!(
                            rsv > 0
                                || declared <= self.limits.max_frame
                                    && len <= self.limits.max_message
                        );
                    }
                }
                assert!(!last || rest == 0);
                self.message = (!last).then_some((kind, len, fragments));
                self.frame = Some(rest).filter(|rest| *rest > 0);
            }
            Piece::Control { kind, last, data } => {
                let left = self.frame.unwrap_or(125);
                assert!(data.len() <= come && data.len() as u64 <= left);
                self.frame = (!last).then_some(left - data.len() as u64);
                self.over = last && kind == Control::Close;
            }
            other => panic!("{other:?}"),
        }
        self.come = 0;
    }

    fn stop(&mut self) {
        self.decoder.stop();
        self.over = true;
        assert!(matches!(self.role, Role::Server | Role::Client));
    }
}

/// A validator, and what it was given.
#[derive(Debug, Default)]
struct Text {
    validator: Validator,
    come: Vec<u8>,
}

impl Text {
    fn push(&mut self, part: &[u8]) {
        self.come.extend_from_slice(part);
        let expected = str::from_utf8(&self.come);
        let refused = expected.is_err_and(|error| error.error_len().is_some());
        let pushed = self.validator.push(part);
        assert_eq!(pushed.is_err(), refused, "{:02x?} behind {:02x?}", part, self.come);
        if let Ok(valid) = pushed {
            let end = expected.map_or_else(|error| error.valid_up_to(), str::len);
            assert!(self.come[..end].ends_with(valid.text.as_bytes()));
        }
        assert_eq!(self.validator.missing() > 0, expected.is_err() && !refused);
        assert!(self.validator.missing() < 4);
        assert_eq!(self.validator.clone().finish().is_err(), expected.is_err());
    }

    fn finish(&mut self) {
        assert_eq!(self.validator.finish().is_err(), str::from_utf8(&self.come).is_err());
        assert_eq!(self.validator.missing(), 0);
        self.come.clear();
    }
}

fn masks(choices: &mut Choices<'_>) {
    let key: [u8; 4] = std::array::from_fn(|_| choices.byte());
    let (at, bytes) = (usize::from(choices.byte()), choices.counted());
    let naive: Vec<u8> =
        bytes.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    let mut masked = bytes.to_vec();
    let (front, back) = masked.split_at_mut(at.min(bytes.len()));
    mask::apply(front, key);
    mask::apply(back, mask::rotate(key, front.len()));
    assert_eq!(masked, naive);
    // However much is done, the key turns by what is left of four.
    assert_eq!(mask::rotate(key, usize::MAX - at), mask::rotate(key, (usize::MAX - at) % 4));
}

fn headers(choices: &mut Choices<'_>) {
    let bytes = choices.counted();
    if let Ok(Some((header, len))) = Header::decode(bytes) {
        assert_eq!(header.encode().as_ref(), &bytes[..len]);
    }
    let opcode = OpCode::from_bits(choices.byte()).unwrap_or(OpCode::Continuation);
    let payload_len = u64::from_be_bytes(std::array::from_fn(|_| choices.byte()));
    let (fin, rsv) = (choices.byte() & 1 == 0, choices.byte());
    let header =
        Header { fin, rsv, opcode, mask: (rsv & 8 == 0).then_some([1, 2, 3, 4]), payload_len };
    let encoded = header.encode();
    assert!(
        (2..=Header::MAX_LEN).contains(&encoded.as_ref().len())
            && !format!("{encoded:?}").is_empty()
    );
    assert!(!matches!(Header::decode(encoded.as_ref()), Ok(None)));
}

fn closes(choices: &mut Choices<'_>) {
    let body = choices.counted();
    match CloseFrame::decode(body) {
        Ok(None) => assert!(body.is_empty()),
        Ok(Some(frame)) => {
            assert_eq!(
                [&frame.code().get().to_be_bytes()[..], frame.reason().as_bytes()].concat(),
                body
            );
            assert_eq!(CloseFrame::new(frame.code(), frame.reason()), Ok(frame));
        }
        Err(error) => assert!(matches!(
            error,
            ProtocolError::CloseBodyTooShort
                | ProtocolError::InvalidCloseCode
                | ProtocolError::InvalidCloseReason
                | ProtocolError::ControlTooLong
        )),
    }
    let number = choices.number() as u16;
    let Some(code) = CloseCode::new(number) else { return };
    assert!(u16::from(code) == number && code.to_string().starts_with(&number.to_string()));
    let reason = String::from_utf8_lossy(body).into_owned();
    let cut = CloseFrame::truncated(code, &reason);
    assert!(
        reason.starts_with(cut.reason())
            && reason.len() - cut.reason().len() < 4 + reason.len().saturating_sub(123)
    );
    assert_eq!(CloseFrame::new(code, &reason).is_ok(), reason.len() <= CloseFrame::MAX_REASON);
}
