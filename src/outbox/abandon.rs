//! Cuts the queue when the peer has closed, RFC 6455 §5.5.1.
//!
//! A peer that has sent its Close frame wants ours as soon as practical, and throws away what comes
//! before it. So the queue is cut:
//!
//! ```text
//!   ┌ begun ──┬─ frame ─┬─ frame ─┬─ frame ───────────┬─ frame ─┐
//!   │▒▒▒▒     │         │         │                   │         │
//!   └─────────┴─────────┴─────────┴───────────────────┴─────────┘
//!   ◄─── leaves ──────────────────►◄───── is dropped ──────────►
//!   at least what has begun   ▲ the frames that end within `most` bytes
//! ```
//!
//! - The frame that has begun leaves whole: a Close frame inside it would be taken for its payload.
//!   So does the head of a handshake.
//! - Frames at the front that are few bytes together leave too. They are the answers to what the
//!   peer said just before its Close, and one write takes them along with ours.
//! - Pings and pongs that wait beside the queue stay: they are few.

use super::Outbox;
use crate::frame::Header;

impl Outbox {
    /// Drops what is behind the frame that has begun to leave and behind the frames that end within
    /// `most` bytes. Tells how many bytes were dropped.
    pub(crate) fn abandon(&mut self, most: u64) -> u64 {
        let before = self.queued();
        let (at, payloads) = self.cut(most);
        if at < self.tail.end() {
            self.tail.truncate(at);
            self.beside.truncate(payloads, self.lent);
        }
        self.marks.fall(before, self.queued());
        before - self.queued()
    }

    /// Where to cut: a place in the tail, and a number of payloads by reference.
    fn cut(&self, most: u64) -> (usize, usize) {
        let large = self.beside.large();
        let (mut at, mut payloads, mut kept) = (self.tail.front(), 0, 0_u64);
        let mut begun = Some(self.front.rest()).filter(|rest| *rest > 0);
        loop {
            let (mut rest, in_any_case) = match begun.take() {
                Some(rest) => (rest, true),
                None => match Header::decode(self.tail.behind(at)) {
                    Ok(Some((header, len))) => {
                        (header.payload_len.saturating_add(len as u64), false)
                    }
                    _ => return (at, payloads),
                },
            };
            kept = kept.saturating_add(rest);
            if kept > most && !in_any_case {
                return (at, payloads);
            }
            while rest > 0 {
                let place = large.place(payloads);
                let step = match large.rest(payloads) {
                    Some(len) if place == Some(at) => {
                        payloads += 1;
                        len
                    }
                    _ => {
                        let end = place.unwrap_or(self.tail.end());
                        let step = rest.min(end.saturating_sub(at) as u64);
                        at += step as usize;
                        step
                    }
                };
                if step == 0 {
                    // Never: a frame is as long as its header says.
                    return (at, payloads);
                }
                rest = rest.saturating_sub(step);
            }
        }
    }
}
