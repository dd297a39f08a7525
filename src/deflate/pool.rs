//! Compressors and decompressors that wait for the next message, of any connection.

use super::deflater::{Deflater, DeflaterKind};
use super::inflater::Inflater;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A handle to compressors and decompressors that connections share: put a clone of it into each [`Config`](crate::Config).
///
/// A compressor takes 250 to 380 KiB, a decompressor 56 KiB. Without a pool, a connection makes one for each message and drops it; or, where it takes
/// its context over, keeps its compressor. With one, they wait here between two messages, and an idle connection holds
/// at most its two windows: what was last said in either direction, at most 32 KiB each and less where less was agreed on or said; none where no context is
/// taken over.
///
/// A compressor that comes back to the connection that used it last goes on where it was. Another one has to be primed with the window first,
/// which takes about as long as compressing a message of some KiB. So the size of the pool says what is to be spent: the number of connections that
/// send compressed messages all the time is fast; 1 is the least memory.
///
/// One pool for each thread is never waited for; a lock is held while one is taken out or put back, and never while it works.
///
/// ```
/// use sockless::deflate::Pool;
///
/// let pool = Pool::new(16);
/// let mut config = sockless::Config::default();
/// config.deflate.pool = Some(pool.clone());
/// ```
#[derive(Clone)]
pub struct Pool(Arc<Mutex<Shelves>>);

#[allow(clippy::vec_box)] // They come and go as they are, between a box here and a box in a connection.
struct Shelves {
    most: usize,
    /// Those used last stand last.
    deflaters: Vec<Box<Deflater>>,
    inflaters: Vec<Box<Inflater>>,
    senders: u64,
}

impl Pool {
    /// A pool that keeps at most `most` compressors and as many decompressors while nobody uses them. How many are in use is not its
    /// matter.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Shelves { most, deflaters: Vec::new(), inflaters: Vec::new(), senders: 0 })))
    }

    /// Drops what waits in it.
    ///
    /// ```
    /// sockless::deflate::Pool::new(1).clear();
    /// ```
    pub fn clear(&self) {
        let mut shelves = self.shelves();
        (shelves.deflaters, shelves.inflaters) = (Vec::new(), Vec::new());
    }

    /// A number that no other sender has whose compressors wait here.
    pub(super) fn next_sender(&self) -> u64 {
        let mut shelves = self.shelves();
        shelves.senders += 1;
        shelves.senders
    }

    /// A compressor: the one that this sender used last, if it is still here; else one that nobody will miss; else, if there can be no more of them, the one that
    /// was not used for longest.
    pub(super) fn take_deflater(&self, kind: DeflaterKind, sender: u64) -> Option<Box<Deflater>> {
        let mut shelves = self.shelves();
        let own = shelves
            .deflaters
            .iter()
            .rposition(|deflater| deflater.kind() == kind && deflater.synced().is_some_and(|synced| synced.sender == sender));
        let free = || shelves.deflaters.iter().position(|deflater| deflater.kind() == kind && deflater.synced().is_none());
        let is_full = shelves.deflaters.len() >= shelves.most;
        let any = || shelves.deflaters.iter().position(|deflater| deflater.kind() == kind).filter(|_| is_full);
        let place = own.or_else(free).or_else(any)?;
        Some(shelves.deflaters.remove(place))
    }

    pub(super) fn put_deflater(&self, mut deflater: Box<Deflater>) {
        deflater.rest();
        let mut shelves = self.shelves();
        let oldest = match shelves.most {
            0 => Some(deflater),
            most => {
                let oldest = (shelves.deflaters.len() >= most).then(|| shelves.deflaters.remove(0));
                shelves.deflaters.push(deflater);
                oldest
            }
        };
        // Freed when nobody waits for the lock.
        drop(shelves);
        drop(oldest);
    }

    pub(super) fn take_inflater(&self) -> Option<Box<Inflater>> {
        self.shelves().inflaters.pop()
    }

    pub(super) fn put_inflater(&self, inflater: Box<Inflater>) {
        let mut shelves = self.shelves();
        if shelves.inflaters.len() < shelves.most {
            shelves.inflaters.push(inflater);
        }
    }

    /// Nothing that is done under the lock can leave the shelves in disorder.
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shelves = self.shelves();
        f.debug_struct("Pool")
            .field("most", &shelves.most)
            .field("compressors", &shelves.deflaters.len())
            .field("decompressors", &shelves.inflaters.len())
            .finish_non_exhaustive()
    }
}
