//! Receiving: pieces to events, RFC 6455 §6.2; the peer's Close frame and its violations, §7.1.5 to
//! §7.1.7.
//!
//! `whole` and the decoder's `take_whole_message` are inlined into `poll`: a message that lies
//! whole in the input is borrowed, without a copy or an allocation, and without branches for other
//! cases. Everything else goes through `poll_pieces`, which has a fast path of its own for
//! fragments that lie whole in the input.

use super::assembly::{Assembly, ControlAssembly};
use super::{Connection, Phase, Reception};
use crate::close::{CloseCode, CloseFrame};
use crate::decoder::{Control, Fragments, MessageKind, Piece};
use crate::error::ProtocolError;
use crate::event::{Cause, CloseEvent, Event};
use crate::frame::{Header, OpCode};
use crate::input::Input;
use crate::mask;
use crate::utf8::{self, Validator};
use alloc::borrow::Cow;
use alloc::string::String;

#[cfg(feature = "deflate")]
const COMPRESSED_CHUNK: usize = super::compression::MOST_COMPRESSED_CHUNK;
#[cfg(not(feature = "deflate"))]
const COMPRESSED_CHUNK: usize = usize::MAX;

/// How many bytes at the front of the queue still leave when the peer has closed: the answers to
/// what it said before, as many as one write takes along with our Close.
const ANSWERS: u64 = 128 << 10;

/// How many bytes of a cut text, at most, are checked before its frame is whole.
const EARLY: usize = 1024;

impl Connection {
    /// A message that lies whole in the input.
    #[inline(always)]
    pub(super) fn whole<'b>(
        &mut self,
        kind: MessageKind,
        data: &'b [u8],
        input: &mut Input<'b>,
    ) -> Option<Event<'b>> {
        match kind {
            MessageKind::Binary => Some(Event::Binary(Cow::Borrowed(data))),
            MessageKind::Text => match utf8::check(data) {
                Some(text) => Some(Event::Text(Cow::Borrowed(text))),
                None => Some(self.fail(
                    Cause::Violation(ProtocolError::InvalidUtf8),
                    &mut Input::new(input.take_all()),
                )),
            },
        }
    }

    /// Everything else: frames cut by a read, fragments, control frames, errors, the end. The event
    /// comes by reference, so that the caller's is not in memory.
    #[cold]
    #[inline(never)]
    pub(super) fn poll_pieces<'b>(&mut self, input: &mut Input<'b>, event: &mut Option<Event<'b>>) {
        *event = self.next_piece(input);
    }

    #[inline]
    fn next_piece<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<'b>> {
        if self.held.is_some() {
            if let Some(event) = self.held_event() {
                return Some(event);
            }
        }
        if let Phase::Over { .. } = self.phase {
            self.linger.discarded(input.take_all().len());
            return None;
        }
        let event = self.next_event(input);
        match self.ended {
            // All that came before is told.
            Some(cause) if event.is_none() => Some(self.over(abnormal(cause), input)),
            _ => event,
        }
    }

    /// The next event out of what is held, which comes before any input.
    #[inline(never)]
    fn held_event(&mut self) -> Option<Event<'static>> {
        let mut held = self.held.take()?;
        let mut input = Input::new(held.bytes_mut());
        let event = match self.phase {
            Phase::Over { .. } => {
                self.linger.discarded(input.take_all().len());
                None
            }
            _ => self.next_event(&mut input).map(Event::into_owned),
        };
        let rest = input.len();
        drop(input);
        if rest > 0 {
            held.leave(rest);
            self.held = Some(held);
        } else {
            self.open_fast_path();
        }
        event
    }

    /// The way for whole messages is open again, unless there is something else to tell first.
    pub(super) fn open_fast_path(&mut self) {
        if self.ended.is_none() {
            if let Reception::Whole(_) = self.message {
                self.decoder.open_fast_path();
            }
        }
    }

    #[inline]
    fn next_event<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<'b>> {
        loop {
            if let Some(event) = self.poll_fragments(input) {
                return Some(event);
            }
            let before = input.len();
            let limits = self.decoder.limits();
            let (most, most_compressed) = match &self.message {
                Reception::Whole(_) => (usize::MAX, usize::MAX),
                Reception::Chunks(chunks) => (chunks.most(), COMPRESSED_CHUNK),
            };
            let Some(piece) = self.decoder.next_up_to(most, most_compressed, input) else {
                self.liveness.cut(before, input.len());
                if input.is_empty() {
                    return None;
                }
                if !self.cut_text_is_valid(input) {
                    let cause = Cause::Violation(ProtocolError::InvalidUtf8);
                    return Some(self.fail(cause, input));
                }
                input.leave_cut_frame();
                return None;
            };
            let outcome = match piece {
                #[cfg(feature = "deflate")]
                Ok(Piece::Message { kind, last, rsv: 1.., data, .. }) => {
                    self.liveness.hear();
                    self.inflated(kind, last, data, limits)
                }
                Ok(Piece::Message { kind, first, last, rest, data, .. }) => {
                    self.liveness.hear();
                    match &mut self.message {
                        Reception::Whole(_) if first && last => {
                            return self.whole(kind, data, input);
                        }
                        Reception::Whole(assembly) => {
                            match assembly.add(kind, last, rest, limits.max_message, data) {
                                Ok(()) if last => return Some(assembly.take()),
                                Ok(()) if input.is_empty() => return None,
                                Ok(()) => continue,
                                Err(cause) => return Some(self.fail(cause, input)),
                            }
                        }
                        Reception::Chunks(chunks) => {
                            let (event, error) = chunks.add(kind, last, data);
                            (event, error.map(Cause::Violation))
                        }
                    }
                }
                Ok(Piece::Control { kind, last, data }) => {
                    self.liveness.hear_control();
                    match self.control.add(last, data) {
                        Some(data) => either(self.control_frame(kind, data, input).map(Some)),
                        None => (None, None),
                    }
                }
                Err(error) => {
                    self.linger.discarded(before);
                    (None, Some(Cause::Violation(error)))
                }
            };
            match outcome {
                (None, None) => {}
                (event, None) => return event,
                (None, Some(cause)) => return Some(self.fail(cause, input)),
                (event, Some(cause)) => {
                    // What was valid comes first, the end of it next.
                    self.answer(cause);
                    // It lies in front of an end that was told already.
                    self.ended = None;
                    self.end(cause);
                    self.stop();
                    return event;
                }
            }
        }
    }

    /// Whether what came of a text can still become UTF-8, for a frame that a turn keeps until it
    /// is whole. A short text is refused at its first invalid byte, as peers expect. Of a long one
    /// only the beginning is checked here, because all of it is checked again when it is whole.
    #[cold]
    fn cut_text_is_valid(&self, input: &Input<'_>) -> bool {
        let Reception::Whole(assembly) = &self.message else { return true };
        let Ok(Some((header, len))) = Header::decode(input.peek()) else { return true };
        let mut text = match header.opcode {
            OpCode::Text => Validator::default(),
            OpCode::Continuation => match assembly.text_so_far() {
                Some(text) => text.clone(),
                None => return true,
            },
            _ => return true,
        };
        let mut plain = [0; EARLY];
        let come = input.peek().get(len..).unwrap_or_default();
        let Some(plain) = plain.get_mut(..come.len()) else { return true };
        mask::copy_masked(plain, come, header.mask.unwrap_or_default());
        text.push(plain).is_ok()
    }

    /// Fragments that lie whole in the input, as many as there are: a message, if it ends with
    /// them, or its end.
    fn poll_fragments<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<'b>> {
        let Reception::Whole(assembly) = &mut self.message else { return None };
        let most = self.decoder.limits().max_message;
        while let Some(Fragments { kind, first, last, data }) = self.decoder.take_fragments(input) {
            self.liveness.hear();
            if first && last {
                return self.whole(kind, data, input);
            }
            match assembly.add(kind, last, 0, most, data) {
                Ok(()) if last => return Some(assembly.take()),
                Ok(()) => {}
                Err(cause) => return Some(self.fail(cause, input)),
            }
        }
        None
    }

    fn control_frame<'b>(
        &mut self,
        kind: Control,
        data: Cow<'b, [u8]>,
        input: &mut Input<'b>,
    ) -> Result<Event<'b>, Cause> {
        match kind {
            Control::Ping => {
                if !self.linger.write_failed {
                    let key = self.next_key();
                    self.outbox.push_pong(&data, key);
                }
                Ok(Event::Ping(data))
            }
            Control::Pong => {
                self.liveness.ponged(&data, !self.outbox.has_waiting());
                Ok(Event::Pong(data))
            }
            Control::Close => {
                let frame = CloseFrame::decode(&data).map_err(Cause::Violation)?;
                let mut unsent = 0;
                let cause = match self.phase {
                    Phase::Open | Phase::Draining => {
                        // §5.5.1: "as soon as practical".
                        unsent = self.outbox.abandon(ANSWERS);
                        // §5.5.1: the answer "typically echos the status code"; with the reason, as
                        // other servers do, a browser's own `close(code, reason)` comes back to it
                        // whole.
                        self.queue_close(frame);
                        Cause::Peer
                    }
                    Phase::ReceiveOnly => Cause::Peer,
                    _ => Cause::Local,
                };
                let (code, reason) = match frame {
                    Some(frame) => (frame.code().get(), String::from(frame.reason())),
                    None => (CloseEvent::NO_STATUS, String::new()),
                };
                // §7.1.4: clean if both Close frames were sent. Of a write that failed, ours was at
                // best a part.
                Ok(self.over(
                    CloseEvent { code, reason, clean: !self.linger.write_failed, cause, unsent },
                    input,
                ))
            }
        }
    }

    /// The peer broke a rule, or there is no memory for its message: §7.1.7, _Fail the WebSocket
    /// Connection_.
    #[cold]
    fn fail<'b>(&mut self, cause: Cause, input: &mut Input<'b>) -> Event<'b> {
        self.answer(cause);
        self.over(abnormal(cause), input)
    }

    /// Queues the Close frame that tells the peer why, unless one was queued before.
    fn answer(&mut self, cause: Cause) {
        let (code, reason) = match cause {
            Cause::Violation(error) => (error.close_code(), error.rule()),
            _ => (CloseCode::INTERNAL, "no memory left for the message"),
        };
        if let Phase::Open | Phase::Draining = self.phase {
            self.queue_close(Some(CloseFrame::truncated(code, reason)));
            self.phase = Phase::Closing;
        }
    }

    /// The last event.
    fn over<'b>(&mut self, close_event: CloseEvent, input: &mut Input<'b>) -> Event<'b> {
        (self.phase, self.ended) = (Phase::Over { clean: close_event.clean }, None);
        self.stop();
        self.linger.discarded(input.take_all().len());
        Event::Closed(close_event)
    }

    /// Nothing more is received: what was cut by a read is dropped.
    pub(super) fn stop(&mut self) {
        self.decoder.stop();
        match &mut self.message {
            Reception::Whole(assembly) => assembly.stop(),
            Reception::Chunks(_) => self.message = Reception::Whole(Assembly::default()),
        }
        self.control = ControlAssembly::default();
        // Nothing is sent any more, either.
        #[cfg(feature = "deflate")]
        {
            self.compression = None;
        }
    }
}

/// An event, or what is wrong.
fn either<'b>(result: Result<Option<Event<'b>>, Cause>) -> (Option<Event<'b>>, Option<Cause>) {
    match result {
        Ok(event) => (event, None),
        Err(cause) => (None, Some(cause)),
    }
}

fn abnormal(cause: Cause) -> CloseEvent {
    CloseEvent { code: CloseEvent::ABNORMAL, reason: String::new(), clean: false, cause, unsent: 0 }
}
