//! What a connection records for its heartbeat: the peer's signs of life, and the pong that is
//! awaited.
//!
//! Bytes are a sign of life if they are new: when the connection takes them, or sees them for the
//! first time in an input that keeps a cut frame. The same bytes of a cut frame do not count when
//! they are polled again.
//!
//! A pong to a ping that was sent after the heartbeat's counts as the answer to the heartbeat's
//! too: of several pings, a peer may answer only the last (§5.5.3).

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Liveness {
    /// Bit 0: new bytes came since the heartbeat looked; bit 1: bytes of a message among them. The
    /// other bits: how many bytes of a cut frame, left in the input, were seen already.
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
const SAID: u32 = 2;
/// Where the number of bytes begins.
const LEFT: u32 = 2;

/// A frame of which more is left than this is no control frame, in bytes.
const CONTROL: usize = 131;

impl Liveness {
    /// Bytes of a message were taken.
    #[inline(always)]
    pub(super) fn hear(&mut self) {
        self.seen = NEW | SAID;
    }

    /// Bytes of a control frame were taken.
    #[inline]
    pub(super) fn hear_control(&mut self) {
        self.seen = self.seen & SAID | NEW;
    }

    /// A poll came to the end of its input, of which there were so many bytes `before`, and `left`
    /// so many of a cut frame in it.
    #[inline]
    pub(super) fn cut(&mut self, before: usize, left: usize) {
        if left > 0 {
            self.leave(left);
        } else if before > 0 {
            self.hear_control();
        }
    }

    #[cold]
    #[inline(never)]
    fn leave(&mut self, len: usize) {
        let new = shifted(len) >> LEFT > self.seen >> LEFT;
        let signs = match new {
            true if len > CONTROL => NEW | SAID,
            new => u32::from(new),
        };
        self.seen = self.seen & (NEW | SAID) | signs | shifted(len);
    }

    /// Whether new bytes came since the last call, and whether bytes of a message were among them.
    pub(super) fn take_heard(&mut self) -> (bool, bool) {
        let heard = (self.seen & NEW != 0, self.seen & SAID != 0);
        self.seen &= !(NEW | SAID);
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

/// A number of bytes, beside the bits.
fn shifted(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX).min(u32::MAX >> LEFT) << LEFT
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
        let mut liveness = Liveness::default();
        assert_eq!(liveness.take_heard(), (false, false));
        // How many bytes there were, and how many were left.
        let polls = [
            (5, 5, true),
            (5, 5, false),
            (0, 0, false), // Behind a time-out.
            (5, 5, false),
            (6, 6, true),
            (6, 0, true),
            (3, 3, true),
            (3, 3, false),
            (usize::MAX, usize::MAX, true),
            (usize::MAX, usize::MAX, false),
        ];
        for (before, left, heard) in polls {
            liveness.cut(before, left);
            assert_eq!(liveness.take_heard().0, heard, "{before} {left}");
            assert_eq!(liveness.take_heard(), (false, false));
        }
        liveness.hear();
        assert_eq!(liveness.take_heard(), (true, true));
        liveness.cut(3, 3);
        assert!(liveness.take_heard().0, "what was left before was taken meanwhile");
    }

    #[test]
    fn bytes_of_messages_are_told_apart() {
        let mut liveness = Liveness::default();
        liveness.hear_control();
        assert_eq!(liveness.take_heard(), (true, false));
        liveness.hear();
        liveness.hear_control();
        assert_eq!(liveness.take_heard(), (true, true));
        // A control frame is short, so what is left of a long frame is a message's.
        for (len, said) in [(CONTROL, false), (CONTROL + 1, true)] {
            liveness.hear_control();
            liveness.take_heard();
            liveness.cut(len, len);
            assert_eq!(liveness.take_heard(), (true, said));
            liveness.cut(len, len);
            assert_eq!(liveness.take_heard(), (false, false));
        }
    }

    #[test]
    fn a_pong_to_a_later_ping_answers_the_earlier() {
        let mut liveness = Liveness::default();
        liveness.pinged_by_application(b"before");
        liveness.pinged(b"beat");
        liveness.ponged(b"before", false);
        assert!(liveness.awaits_pong() && !liveness.is_answered());
        liveness.pinged_by_application(b"behind");
        liveness.ponged(b"other", true);
        assert!(
            liveness.awaits_pong() && liveness.is_answered(),
            "a sign of life, without a round trip"
        );
        liveness.ponged(b"behind", true);
        assert!(!liveness.awaits_pong());
        liveness.pinged(b"next");
        assert!(!liveness.is_answered());
        liveness.ponged(b"behind", false);
        assert!(liveness.awaits_pong() && !liveness.is_answered(), "that one was sent before");
        liveness.ponged(b"next", false);
        assert!(!liveness.awaits_pong() && liveness.is_answered());
    }
}
