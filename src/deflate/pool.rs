//! Compressors and decompressors that wait for the next message, of any connection.

use super::codec::Codec;
use super::compressor::{Compressor, CompressorKind};
use super::decompressor::Decompressor;
use super::window::Window;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A handle to compressors and decompressors that connections share. Put a clone of it into each
/// [`Config`](crate::Config).
///
/// A compressor takes 250 to 400 KiB, a decompressor 50 to 110 KiB. Without a pool, a connection
/// makes one for each message and drops it, or keeps it if the context is taken over. With a pool,
/// they are in the pool between two messages. An idle connection then holds at most its two
/// windows, the last bytes of its messages in each direction: at most 32 KiB each, less if less was
/// agreed on or sent, and none if no context is taken over.
///
/// A compressor that comes back to the connection that used it last goes on where it was. Any other
/// has to be primed with the window first: for a decompressor this takes less than a microsecond,
/// for a compressor about as long as to compress some KiB. So a few busy connections are served
/// fastest by a pool with one compressor for each. With many that take turns, fewer may be faster,
/// because they stay in the cache: a single one was measured to take half the time of a hundred,
/// with the priming (`BENCHMARKS.md`). A size of 1 needs the least memory.
///
/// The bytes of a compressed message depend on the compressor that it gets, and so on what the
/// other connections of the pool do. Their meaning does not. With a pool of its own, or with none,
/// a connection sends the same bytes each time that the same calls are made: see
/// [`Seed`](crate::Seed).
///
/// The pool has a lock, held while something is taken out or put back, and never while it works.
/// With one pool per thread, no thread waits for it.
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

struct Shelves {
    most: usize,
    compressors: Shelf<Compressor>,
    decompressors: Shelf<Decompressor>,
    users: u64,
}

/// What waits, those used last at the end.
#[allow(clippy::vec_box)] // They come and go as they are, between a box here and a box in a connection.
struct Shelf<T>(Vec<Box<T>>);

impl Pool {
    /// A pool that keeps at most `most` unused compressors and as many unused decompressors. It
    /// does not limit how many are in use.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Shelves {
            most,
            compressors: Shelf(Vec::new()),
            decompressors: Shelf(Vec::new()),
            users: 0,
        })))
    }

    /// Drops all that are unused.
    ///
    /// ```
    /// sockless::deflate::Pool::new(1).clear();
    /// ```
    pub fn clear(&self) {
        let mut shelves = self.shelves();
        (shelves.compressors, shelves.decompressors) = (Shelf(Vec::new()), Shelf(Vec::new()));
    }

    /// A number by which a connection recognizes its own codecs.
    pub(super) fn next_user(&self) -> u64 {
        let mut shelves = self.shelves();
        shelves.users += 1;
        shelves.users
    }

    pub(super) fn take_compressor(
        &self,
        kind: CompressorKind,
        window: Option<&Window>,
    ) -> Option<Box<Compressor>> {
        let mut shelves = self.shelves();
        let most = shelves.most;
        shelves.compressors.take(kind, window, most)
    }

    pub(super) fn put_compressor(&self, compressor: Box<Compressor>) {
        let mut shelves = self.shelves();
        let most = shelves.most;
        let left_over = shelves.compressors.put(compressor, most);
        // Freed when nobody waits for the lock.
        drop(shelves);
        drop(left_over);
    }

    pub(super) fn take_decompressor(&self, window: Option<&Window>) -> Option<Box<Decompressor>> {
        let mut shelves = self.shelves();
        let most = shelves.most;
        shelves.decompressors.take((), window, most)
    }

    pub(super) fn put_decompressor(&self, decompressor: Box<Decompressor>) {
        let mut shelves = self.shelves();
        let most = shelves.most;
        let left_over = shelves.decompressors.put(decompressor, most);
        drop(shelves);
        drop(left_over);
    }

    /// A panic of another thread cannot leave the shelves in disorder, so a poisoned lock is used
    /// all the same.
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Codec> Shelf<T> {
    /// The one that the window's user used last, if it is still here. Otherwise one that is not
    /// synced with any window. Otherwise, if the pool is full, the one that has waited longest.
    fn take(&mut self, kind: T::Kind, window: Option<&Window>, most: usize) -> Option<Box<T>> {
        let user = window.map(|window| window.synced().user);
        let own = |codec: &T| user.is_some() && codec.synced().map(|synced| synced.user) == user;
        let place = match self.0.iter().rposition(|codec| codec.kind() == kind && own(codec)) {
            Some(place) => place,
            None => {
                let is_full = self.0.len() >= most;
                let free = self
                    .0
                    .iter()
                    .position(|codec| codec.kind() == kind && codec.synced().is_none());
                free.or_else(|| self.0.iter().position(|codec| is_full && codec.kind() == kind))?
            }
        };
        Some(self.0.remove(place))
    }

    /// Adds one, and gives back the one for which there is no room.
    fn put(&mut self, mut codec: Box<T>, most: usize) -> Option<Box<T>> {
        codec.rest();
        if most == 0 {
            return Some(codec);
        }
        let left_over = (self.0.len() >= most).then(|| self.0.remove(0));
        self.0.push(codec);
        left_over
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shelves = self.shelves();
        f.debug_struct("Pool")
            .field("most", &shelves.most)
            .field("compressors", &shelves.compressors.0.len())
            .field("decompressors", &shelves.decompressors.0.len())
            .finish_non_exhaustive()
    }
}
