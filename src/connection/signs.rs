//! The peer's signs of life, and the pong that is waited for, as the heartbeat asks for them.
//!
//! Bytes are a sign when they are new: when the connection takes them, or sees them for the first
//! time in an input that keeps a cut frame. The same bytes of a cut frame, polled again, say nothing.
//!
//! A pong that answers a ping behind the heartbeat's answers that one too (§5.5.3): a peer may answer
//! only the last of several.

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signs {
    /// Bit 0: new bytes came since the heartbeat looked. The other bits: how many bytes of a cut
    /// frame, left in the input, were seen already.
    seen: u32,
    /// The digest of the heartbeat's last ping,
    last: u16,
    /// and of the ping that the application sent last behind it.
    later: u16,
    pong: Pong,
    /// Whether any pong came behind it.
    answered: bool,
}

/// What is known of the pong to the heartbeat's last ping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pong {
    /// None is waited for.
    #[default]
    None,
    /// It has not come.
    Awaited,
    /// The same, and the application has sent a ping behind the heartbeat's.
    AwaitedOrLater,
}

const NEW: u32 = 1;

impl Signs {
    /// Bytes were taken.
    #[inline(always)]
    pub(super) fn hear(&mut self) {
        self.seen = NEW;
    }

    /// An input of `len` bytes is polled, of which an earlier poll may have left some.
    #[inline]
    pub(super) fn given(&mut self, len: usize) {
        if self.seen <= NEW {
            self.seen = NEW;
        } else {
            self.given_again(len);
        }
    }

    #[cold]
    #[inline(never)]
    fn given_again(&mut self, len: usize) {
        self.seen = self.seen & NEW | u32::from(shifted(len) > self.seen & !NEW);
    }

    /// A poll left `len` bytes of a cut frame in its input.
    #[cold]
    pub(super) fn left(&mut self, len: usize) {
        self.seen = self.seen & NEW | shifted(len);
    }

    /// Whether new bytes came since the last call.
    pub(super) fn take_heard(&mut self) -> bool {
        let heard = self.seen & NEW != 0;
        self.seen &= !NEW;
        heard
    }

    /// The heartbeat has pinged.
    pub(super) fn pinged(&mut self, payload: &[u8]) {
        (self.last, self.pong, self.answered) = (digest(payload), Pong::Awaited, false);
    }

    /// The application has pinged.
    pub(super) fn pinged_by_application(&mut self, payload: &[u8]) {
        if self.pong != Pong::None {
            (self.later, self.pong) = (digest(payload), Pong::AwaitedOrLater);
        }
    }

    /// A pong came. `left`: the heartbeat's last ping has left.
    pub(super) fn ponged(&mut self, payload: &[u8], left: bool) {
        let digest = digest(payload);
        let later = self.pong == Pong::AwaitedOrLater && digest == self.later;
        let answers = self.pong != Pong::None && digest == self.last || later;
        if answers {
            self.pong = Pong::None;
        }
        self.answered |= answers || left;
    }

    /// Whether a pong came behind the heartbeat's last ping, whatever is in it.
    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }

    /// Whether neither the pong to the heartbeat's last ping came, nor one to a later ping.
    pub(super) fn awaits_pong(&self) -> bool {
        self.pong != Pong::None
    }
}

/// A number of bytes, beside bit 0.
fn shifted(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX).min(u32::MAX >> 1) << 1
}

/// FNV-1a, folded. Two pings with one digest are taken for the same: a round trip may be measured
/// wrongly by it, and nothing else.
fn digest(payload: &[u8]) -> u16 {
    let fnv = |digest: u32, byte: &u8| (digest ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let digest = payload.iter().fold(0x811c_9dc5, fnv);
    (digest ^ digest >> 16) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_bytes_are_heard() {
        let mut signs = Signs::default();
        assert!(!signs.take_heard());
        // What is given, and left of it.
        let polls = [(5, 5, true), (5, 5, false), (5, 5, false), (6, 6, true), (6, 0, false), (3, 3, true), (3, 0, false), (1, 0, true)];
        for (given, left, heard) in polls {
            signs.given(given);
            signs.left(left);
            assert_eq!(signs.take_heard(), heard, "{given} {left}");
            assert!(!signs.take_heard());
        }
        signs.given(9);
        signs.left(9);
        signs.hear();
        assert!(signs.take_heard());
        signs.given(3);
        assert!(signs.take_heard(), "what was left before was taken meanwhile");
        signs.given(usize::MAX);
        signs.left(usize::MAX);
        assert!(signs.take_heard());
        signs.given(usize::MAX);
        assert!(!signs.take_heard());
    }

    #[test]
    fn a_pong_to_a_later_ping_answers_the_earlier() {
        let mut signs = Signs::default();
        signs.pinged_by_application(b"before");
        signs.pinged(b"beat");
        signs.ponged(b"before", false);
        assert!(signs.awaits_pong() && !signs.is_answered());
        signs.pinged_by_application(b"behind");
        signs.ponged(b"other", true);
        assert!(signs.awaits_pong() && signs.is_answered(), "a sign of life, without a round trip");
        signs.ponged(b"behind", true);
        assert!(!signs.awaits_pong());
        signs.pinged(b"next");
        assert!(!signs.is_answered());
        signs.ponged(b"behind", false);
        assert!(signs.awaits_pong() && !signs.is_answered(), "that one was sent before");
        signs.ponged(b"next", false);
        assert!(!signs.awaits_pong() && signs.is_answered());
    }
}
