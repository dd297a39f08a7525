//! An echo server for a machine that has nothing: what its interrupt handler would do with received
//! bytes, over the frame layer alone.
//!
//! It is linked, not run. That it links is the test: there is no allocator, no `alloc` and no
//! system.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;
use sockless::decoder::{Control, Decoder, Piece};
use sockless::frame::{Header, OpCode};
use sockless::utf8::Validator;
use sockless::{CloseFrame, Input, Limits, MessageKind, ProtocolError, Role};

/// Where the linker lets the machine begin. What goes in and comes out is kept from the optimizer,
/// as a network card's memory would be.
#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let mut echo = Echo {
        decoder: Decoder::new(Role::Server, Limits::default()),
        text: Validator::default(),
        control: [0; 125],
        control_len: 0,
    };
    let mut sent = [0; 256];
    loop {
        let mut received = black_box(*b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
        let end = match echo.feed(&mut Input::new(&mut received), &mut sent) {
            Ok(end) => end,
            Err(violation) => frame(
                &mut sent,
                0,
                OpCode::Close,
                true,
                &violation.close_code().get().to_be_bytes(),
            ),
        };
        black_box(sent.get(..end));
    }
}

struct Echo {
    decoder: Decoder,
    text: Validator,
    /// What came so far of a control frame; a longer one is a violation.
    control: [u8; 125],
    control_len: usize,
}

impl Echo {
    /// Answers what came, piece by piece; gives the length of the answers.
    fn feed(&mut self, input: &mut Input<'_>, out: &mut [u8]) -> Result<usize, ProtocolError> {
        let mut at = 0;
        while let Some(piece) = self.decoder.next(input) {
            match piece? {
                Piece::Message { kind, first, last, data, .. } => {
                    if kind == MessageKind::Text {
                        self.text.push(data).map_err(|_| ProtocolError::InvalidUtf8)?;
                    }
                    if kind == MessageKind::Text && last {
                        self.text.finish().map_err(|_| ProtocolError::InvalidUtf8)?;
                    }
                    let opcode = if first { kind.into() } else { OpCode::Continuation };
                    at = frame(out, at, opcode, last, data);
                }
                Piece::Control { kind, last, data } => {
                    self.control_len = append(&mut self.control, self.control_len, data);
                    if last {
                        let body = self.control.get(..self.control_len).unwrap_or_default();
                        self.control_len = 0;
                        at = match kind {
                            Control::Ping => frame(out, at, OpCode::Pong, true, body),
                            Control::Pong => at,
                            Control::Close => {
                                CloseFrame::decode(body)?;
                                frame(out, at, OpCode::Close, true, body)
                            }
                        };
                    }
                }
                // Nothing else comes without an extension.
                _ => {}
            }
        }
        Ok(at)
    }
}

/// Writes a frame at `at` and gives where it ends.
fn frame(out: &mut [u8], at: usize, opcode: OpCode, fin: bool, payload: &[u8]) -> usize {
    let header =
        Header { fin, rsv: 0, opcode, mask: None, payload_len: payload.len() as u64 }.encode();
    let at = append(out, at, header.as_ref());
    append(out, at, payload)
}

/// Puts bytes at `at` and gives where they end; what does not fit is dropped.
fn append(to: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    let end = at + bytes.len();
    let Some(room) = to.get_mut(at..end) else { return at };
    room.copy_from_slice(bytes);
    end
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
