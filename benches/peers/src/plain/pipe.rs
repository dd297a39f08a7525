//! The transport, in memory: what would be a system call on a socket is counted.
//!
//! A read gives what there is room for, but no more than a socket would give at once. A write is
//! taken whole; what is written is kept only where it is checked, for a socket's own copy is the
//! kernel's work, the same for all.

use crate::alloc;
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most that a read brings: Linux' receive buffer, as long as nobody has changed it
/// (`net.ipv4.tcp_rmem`).
const AT_ONCE: usize = 128 << 10;

/// Both directions; its clones are the same transport.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pipe(Rc<Ends>);

#[derive(Debug, Default)]
struct Ends {
    incoming: RefCell<Bytes>,
    at: Cell<usize>,
    calls: Cell<u64>,
    written: Cell<u64>,
    kept: RefCell<Vec<u8>>,
    keeps: Cell<bool>,
    answer: Cell<Option<Answer>>,
    aside: Cell<Aside>,
}

/// What the other end cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Aside {
    pub(crate) nanoseconds: u64,
    pub(crate) allocations: u64,
}

/// What the other end says to a request.
pub(crate) type Answer = fn(request: &[u8]) -> Option<Bytes>;

impl Pipe {
    /// These bytes are there to be read, behind nothing else.
    pub(crate) fn feed(&self, bytes: &Bytes) {
        *self.0.incoming.borrow_mut() = bytes.clone();
        self.0.at.set(0);
    }

    /// Whether all was read.
    pub(crate) fn is_dry(&self) -> bool {
        self.0.at.get() == self.0.incoming.borrow().len()
    }

    /// The other end answers what is written from now on. The time for that is set aside.
    pub(crate) fn answer_with(&self, answer: Answer) {
        self.0.answer.set(Some(answer));
        self.keep();
    }

    /// What is written from now on is kept.
    pub(crate) fn keep(&self) {
        self.0.kept.borrow_mut().clear();
        self.0.keeps.set(true);
    }

    /// What was kept; from now on nothing is.
    pub(crate) fn take_kept(&self) -> Vec<u8> {
        self.0.keeps.set(false);
        self.0.kept.take()
    }

    /// Reads and writes since the last call of this.
    pub(crate) fn take_calls(&self) -> u64 {
        self.0.calls.take()
    }

    /// Bytes written since the last call of this.
    pub(crate) fn take_written(&self) -> u64 {
        self.0.written.take()
    }

    /// What the other end cost since the last call of this.
    pub(crate) fn take_aside(&self) -> Aside {
        self.0.aside.take()
    }

    /// One read. `None`: nothing is there.
    pub(crate) fn read_with<T>(&self, room: usize, take: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let ends = &*self.0;
        let incoming = ends.incoming.borrow();
        let (at, left) = (ends.at.get(), incoming.len() - ends.at.get());
        let len = left.min(room).min(AT_ONCE);
        if len == 0 {
            return None;
        }
        ends.calls.set(ends.calls.get() + 1);
        ends.at.set(at + len);
        Some(take(&incoming[at..at + len]))
    }

    /// One read into a slice.
    pub(crate) fn read_slice(&self, room: &mut [u8]) -> Option<usize> {
        self.read_with(room.len(), |bytes| {
            room[..bytes.len()].copy_from_slice(bytes);
            bytes.len()
        })
    }

    /// One write, of all parts.
    pub(crate) fn write_parts<'a>(&self, parts: impl Iterator<Item = &'a [u8]>) -> usize {
        let ends = &*self.0;
        ends.calls.set(ends.calls.get() + 1);
        let mut len = 0;
        for part in parts {
            len += part.len();
            std::hint::black_box(part);
            if ends.keeps.get() {
                ends.kept.borrow_mut().extend_from_slice(part);
            }
        }
        ends.written.set(ends.written.get() + len as u64);
        if let Some(answer) = ends.answer.get() {
            self.answer(answer);
        }
        len
    }

    #[cold]
    fn answer(&self, answer: Answer) {
        let ends = &*self.0;
        let (from, before) = (Instant::now(), alloc::calls());
        if let Some(bytes) = answer(&ends.kept.borrow()) {
            self.feed(&bytes);
            ends.answer.set(None);
        }
        let mut aside = ends.aside.get();
        aside.nanoseconds += from.elapsed().as_nanos() as u64;
        aside.allocations += alloc::calls() - before;
        ends.aside.set(aside);
    }
}

impl Read for Pipe {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.read_slice(room).ok_or(ErrorKind::WouldBlock.into())
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.write_parts([bytes].into_iter()))
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(self.write_parts(parts.iter().map(|part| &**part)))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Nobody waits for it: it is polled when there is more.
        self.read_with(room.remaining(), |bytes| room.put_slice(bytes))
            .map_or(Poll::Pending, |()| Poll::Ready(Ok(())))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.write_parts([bytes].into_iter())))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.write_parts(parts.iter().map(|part| &**part))))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
