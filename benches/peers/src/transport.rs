//! The transport, in memory: what would be a system call on a socket is counted.

use bytes::Bytes;
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Where an end writes to.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    pub(crate) bytes: Vec<u8>,
    pub(crate) calls: u64,
}

impl Sink {
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.calls += 1;
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn write_vectored<'a>(&mut self, parts: impl Iterator<Item = &'a [u8]>) -> usize {
        self.calls += 1;
        let before = self.bytes.len();
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.bytes.len() - before
    }
}

/// Both directions of a transport, for those that own theirs: a handle stays with us.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pipe(Rc<RefCell<Ends>>);

#[derive(Debug, Default)]
struct Ends {
    incoming: Bytes,
    reads: u64,
    sink: Sink,
}

impl Pipe {
    /// Lends it the sink for as long as `run` takes.
    pub(crate) fn write_to<T>(&self, sink: &mut Sink, run: impl FnOnce() -> T) -> T {
        std::mem::swap(&mut self.0.borrow_mut().sink, sink);
        let result = run();
        std::mem::swap(&mut self.0.borrow_mut().sink, sink);
        result
    }

    /// Lets it read these bytes, and then nothing for now. How many reads were made.
    pub(crate) fn read_from<T>(&self, bytes: &Bytes, run: impl FnOnce() -> T) -> (T, u64) {
        {
            let mut ends = self.0.borrow_mut();
            (ends.incoming, ends.reads) = (bytes.clone(), 0);
        }
        let result = run();
        (result, self.0.borrow().reads)
    }

    /// One read, as far as there is room. `None`: nothing is there.
    pub(crate) fn read(&self, room: usize) -> Option<Bytes> {
        let mut ends = self.0.borrow_mut();
        ends.reads += 1;
        let len = ends.incoming.len().min(room);
        (len > 0).then(|| ends.incoming.split_to(len))
    }

    pub(crate) fn write<'a>(&self, parts: impl Iterator<Item = &'a [u8]>) -> usize {
        self.0.borrow_mut().sink.write_vectored(parts)
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.read(buf.remaining()) {
            Some(bytes) => {
                buf.put_slice(&bytes);
                Poll::Ready(Ok(()))
            }
            // Nobody waits for it: it is polled when there is more.
            None => Poll::Pending,
        }
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.write([bytes].into_iter())))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.write(parts.iter().map(|part| &**part))))
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
