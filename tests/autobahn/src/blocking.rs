//! The loop of `examples/echo.rs`, over a blocking socket, with reads and writes as small as one
//! asks for.

use crate::talk::{Line, Pace, Pumped, Talk};
use sockless::{Endpoint, Step, Turn, Workspace};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

pub(crate) fn run(stream: TcpStream, talk: &mut impl Talk, pace: &Pace) {
    let _ = stream.set_nodelay(pace.write == usize::MAX); // Where this fails, it is only slower.
    let mut line = Blocking { stream, read: pace.read, write: pace.write };
    talk.go_on(&mut line, &mut Workspace::default());
}

struct Blocking {
    stream: TcpStream,
    /// The most bytes of one read …
    read: usize,
    /// … and of one write.
    write: usize,
}

impl Line for Blocking {
    fn pump<E: Endpoint + ?Sized>(&mut self, turn: &mut Turn<'_, E>) -> Pumped {
        let Self { stream, read, write } = self;
        let mut wrote = false;
        loop {
            let step = turn.step(true);
            if wrote && step != Step::Write && *write < usize::MAX {
                send_off(stream);
                wrote = false;
            }
            match step {
                Step::Write => {
                    let written = match *write {
                        usize::MAX => turn.write_with(|slices| stream.write_vectored(slices)),
                        most => turn.write_slice_with(|slice| {
                            stream.write(&slice[..slice.len().min(most)])
                        }),
                    };
                    wrote = true;
                    match written {
                        Ok(1..) => {}
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        _ => turn.endpoint().handle_write_error(),
                    }
                }
                Step::Poll => return Pumped::Poll(0),
                Step::Shutdown => {
                    let _ = stream.shutdown(Shutdown::Write); // If it fails, reading tells why.
                    turn.endpoint().shutdown_done();
                }
                Step::Read => {
                    let room = turn.read_buf();
                    let most = room.len().min(*read);
                    match stream.read(&mut room[..most]) {
                        Ok(n @ 1..) => return Pumped::Poll(n),
                        Ok(_) => turn.endpoint().handle_eof(),
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(_) => turn.endpoint().handle_error(),
                    }
                }
                Step::Wait | Step::Done => return Pumped::Done,
            }
        }
    }
}

/// The kernel holds the last of many small writes back until the others are acknowledged, 40 ms
/// later. This lets it go; where it fails, it is only slower.
fn send_off(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = stream.set_nodelay(false);
}
