//! The loop of `examples/echo.rs`, over a blocking socket, with reads and writes as small as one
//! asks for.

use crate::talk::{Line, Pace, Pumped, Talk};
use sockless::{Endpoint, Step, Turn, Workspace};
use std::io::{Read, Write};
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
                    wrote = true;
                    // If it fails, the endpoint knows.
                    let _ = turn.write(|slices| match *write {
                        usize::MAX => stream.write_vectored(slices),
                        most => stream.write(&slices[0][..slices[0].len().min(most)]),
                    });
                }
                Step::Poll => return Pumped::Poll,
                // If it fails, reading tells why.
                Step::Shutdown => drop(turn.shutdown(|| stream.shutdown(Shutdown::Write))),
                Step::Read => {
                    let _ = turn.read(|to| {
                        let most = to.len().min(*read);
                        stream.read(&mut to[..most])
                    });
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
