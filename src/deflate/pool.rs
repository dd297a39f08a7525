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

/// A handle to compressors and decompressors that connections share: put a clone of it into each
/// [`Config`](crate::Config).
///
/// A compressor takes 250 to 400 KiB, a decompressor 50 to 110 KiB. Without a pool, a connection
/// makes one for each message and drops it; or, where the context is taken over, keeps it. With
/// one, they wait here between two messages, and an idle connection holds at most its two windows:
/// what was last said in either direction, at most 32 KiB each and less where less was agreed on or
/// said; none where no context is taken over.
///
/// One that comes back to the connection that used it last goes on where it was. Any other has to
/// be primed with the window first: a decompressor within a microsecond, a compressor in about the
/// time that it takes to compress some KiB. So few connections that say much are served fastest by
/// a pool with one for each of them. With many that take turns it may be otherwise: a single one
/// that stays in the cache was measured to take half the time, priming included, that a hundred
/// take which do not (`BENCHMARKS.md`). 1 is the least memory.
///
/// Which bytes a compressed message becomes depends on the compressor that it gets, and so on what
/// the other connections of a pool do; what the bytes mean does not. With a pool of its own, or
/// with none, a connection sends the same bytes each time that the same calls are made: see
/// [`Seed`](crate::Seed).
///
/// One pool for each thread is never waited for; a lock is held while one is taken out or put back,
/// and never while it works.
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
    /// A pool that keeps at most `most` compressors and as many decompressors while nobody uses
    /// them. How many are in use is not its matter.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Shelves {
            most,
            compressors: Shelf(Vec::new()),
            decompressors: Shelf(Vec::new()),
            users: 0,
        })))
    }

    /// Drops what waits in it.
    ///
    /// ```
    /// sockless::deflate::Pool::new(1).clear();
    /// ```
    pub fn clear(&self) {
        let mut shelves = self.shelves();
        (shelves.compressors, shelves.decompressors) = (Shelf(Vec::new()), Shelf(Vec::new()));
    }

    /// A number by which a user knows its own again.
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

    /// Nothing that is done under the lock can leave the shelves in disorder.
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Codec> Shelf<T> {
    /// The one that the window's user used last, if it is still here; else one that nobody will
    /// miss; else, if there can be no more of them, the one that was not used for longest.
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

    /// Puts one to the others; gives the one for which there is no room.
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
