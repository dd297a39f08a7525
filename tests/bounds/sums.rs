//! What a connection and its workspace may hold.
//!
//! The buffer of a workspace has its size at least, and above that no more than the largest frame
//! that may wait in it and half of its size, nor more than twice of what has come of one, and of its
//! size, whatever a header declares.

use crate::bounds::MAX_MESSAGE;
use crate::support::alloc::Count;
use sockless::Connection;

/// The control frame that a read had cut.
const CONTROL_FRAME: usize = 126;
/// What a queue keeps beside what waits in it: room for the first frame of the next batch, for
/// pongs, and for what a client masks.
const QUEUE: usize = (16 << 10) + (16 << 10) + (32 << 10);
/// A compressor, a decompressor and what was last said in both directions.
const COMPRESSION: usize = (450 << 10) + (128 << 10) + 2 * (64 << 10);
/// Of the connection's bytes, up to how many are moved into the workspace.
const FEW: usize = 4096;
/// What may lie in front of what waits.
const LINE: usize = 64;
/// What says where bytes of a connection wait between two turns, beside themselves.
const HELD: usize = 64;

pub(crate) struct Sums {
    /// The size of the reads of the workspace, and the longest frame that waits in it.
    pub(crate) size: usize,
    pub(crate) most: usize,
    compresses: bool,
    /// The message that is being sent.
    pub(crate) sends: usize,
    /// The bytes that both have on the heap,
    pub(crate) held: i64,
    /// and of these the buffer of the workspace;
    buffer: i64,
    /// whether a turn reads into that, and not into the connection's own.
    own: bool,
    /// How many bytes have come since the last message ended, of one that is under way or not.
    pub(crate) come: usize,
    /// How many bytes of a frame wait to be polled again,
    pub(crate) left: usize,
    /// and at most since none did,
    left_most: usize,
    /// or since the workspace was made to shrink.
    came: usize,
    /// How many bytes were queued at most since none were,
    queued: usize,
    /// and since the workspace was made to shrink.
    lent: usize,
}

impl Sums {
    pub(crate) fn new(size: usize, most: usize, compresses: bool, held: i64) -> Self {
        let (sends, come, left, left_most, came, queued, lent) = (0, 0, 0, 0, 0, 0, 0);
        let (buffer, own) = (size as i64, true);
        Self {
            size,
            most,
            compresses,
            sends,
            held,
            buffer,
            own,
            come,
            left,
            left_most,
            came,
            queued,
            lent,
        }
    }

    /// So many bytes have come.
    pub(crate) fn come(&mut self, n: usize) {
        self.come += n;
    }

    /// So many bytes lie in the workspace.
    pub(crate) fn waits(&mut self, n: usize) {
        self.left = n;
        (self.left_most, self.came) = (self.left_most.max(n), self.came.max(n));
    }

    pub(crate) fn queued(&mut self, connection: &Connection, in_turn: bool) {
        self.queued = self.queued.max(connection.queued());
        if in_turn {
            self.lent = self.lent.max(self.queued);
        }
    }

    /// A turn begins: few bytes of the connection are moved into the buffer of the workspace.
    pub(crate) fn turn(&mut self, count: Count) {
        self.count(count);
        self.own = self.left <= FEW.min(self.size / 2);
    }

    /// A call has allocated so much that reads into the workspace, or into what was the
    /// connection's until nothing is left of it.
    pub(crate) fn read(&mut self, count: Count) {
        if self.own {
            let (peak, bound) = (self.buffer + count.peak, self.buffer_bound());
            assert!(peak <= bound, "{peak} bytes, of {bound}, of which {} came", self.came);
            self.buffer += count.live;
        }
        self.own |= self.left == 0;
        self.count(count);
    }

    /// A call has allocated so much.
    pub(crate) fn count(&mut self, count: Count) {
        let (peak, bound) = (self.held + count.peak, self.bound());
        assert!(
            peak <= bound,
            "{peak} bytes, of {bound}: {} came, {} are left, {} were queued",
            self.come,
            self.left,
            self.queued
        );
        self.held += count.live;
    }

    /// No turn is under way.
    pub(crate) fn rests(&mut self, connection: &Connection) {
        if connection.queued() == 0 {
            self.queued = 0;
        }
        self.left_most = self.left;
    }

    pub(crate) fn shrinks(&mut self, count: Count) {
        self.count(count);
        self.buffer = self.size as i64;
        (self.came, self.lent) = (0, 0);
        self.count(Count { calls: 0, live: 0, peak: 0 });
    }

    fn buffer_bound(&self) -> i64 {
        let most = (self.most + self.size / 2).min(2 * (self.came + self.size + LINE));
        self.size.max(most) as i64
    }

    /// Of a message under way that is nine times of what came, and no more than its limit, or twice
    /// of it if it comes in fragments; of what waits to be whole, four times of it; of the queue,
    /// whose room doubles and is closed up when half of it has left, four times of what it held, and
    /// as much spare; and what is about to be sent.
    fn bound(&self) -> i64 {
        let message = if self.compresses {
            2 * MAX_MESSAGE + COMPRESSION
        } else {
            (9 * self.come).min(2 * MAX_MESSAGE)
        };
        let waits = if self.left_most > 0 { 4 * self.left_most + self.size / 2 + HELD } else { 0 };
        let queue = |most: usize| if most > 0 { 4 * most + QUEUE } else { 0 };
        let queues = queue(self.queued) + queue(self.lent);
        (message + CONTROL_FRAME + waits + queues + self.sends) as i64 + self.buffer_bound()
    }
}
