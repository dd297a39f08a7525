//! One thread over epoll, edge-triggered, for whoever talks over a socket that does not block.

use crate::shake;
use mio::net::TcpStream;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::AsRawFd;

/// One connection.
pub(crate) trait Talk {
    fn socket(&mut self) -> &mut TcpStream;

    /// Reads and answers until the socket blocks.
    ///
    /// # Errors
    /// The connection is over.
    fn turn(&mut self) -> io::Result<()>;
}

const LISTENER: Token = Token(usize::MAX);

pub(crate) fn run<T: Talk>(listener: TcpListener, make: impl Fn(TcpStream) -> T) -> io::Result<()> {
    let mut poll = Poll::new()?;
    listener.set_nonblocking(true)?;
    poll.registry().register(&mut SourceFd(&listener.as_raw_fd()), LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    let mut talks: Vec<Option<T>> = Vec::new();
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((socket, _)) = listener.accept() {
                    shake::server(&socket)?;
                    socket.set_nonblocking(true)?;
                    let mut talk = make(TcpStream::from_std(socket));
                    poll.registry().register(
                        talk.socket(),
                        Token(talks.len()),
                        Interest::READABLE | Interest::WRITABLE,
                    )?;
                    talks.push(Some(talk));
                }
            } else if let Some(talk) = talks.get_mut(event.token().0)
                && talk.as_mut().is_some_and(|talk| talk.turn().is_err())
            {
                *talk = None;
            }
        }
    }
}
