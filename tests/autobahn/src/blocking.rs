//! The loop of `examples/echo.rs`, over a blocking socket, with reads and writes as small as one
//! asks for.

use crate::talk::{Pace, Talk};
use bytes::Buf;
use sockless::{Endpoint, Input};
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};

pub(crate) fn run(mut stream: TcpStream, talk: &mut dyn Talk, pace: &Pace) {
    let _ = stream.set_nodelay(pace.write == usize::MAX); // Where this fails, it is only slower.
    let mut scratch = vec![0; pace.read];
    // What was read and waits for the peer to take what was answered so far.
    let mut unheard = 0..0;
    while !talk.side().is_done() {
        if write(talk.side(), &mut stream, pace.write) && pace.write < usize::MAX {
            send_off(&stream);
        }
        if unheard.is_empty() {
            unheard = 0..shut_and_read(talk.side(), &mut stream, &mut scratch);
        }
        let rest = talk.hear(Input::new(&mut scratch[unheard.clone()])).len();
        unheard.start = unheard.end - rest;
    }
}

/// Whether there was anything to write.
fn write(side: &mut dyn Endpoint, stream: &mut TcpStream, most: usize) -> bool {
    let wanted = side.wants_write();
    while side.wants_write() {
        let mut out = side.transmit();
        let written = if most == usize::MAX {
            let mut slices = [IoSlice::new(&[]); 16];
            let count = out.chunks_vectored(&mut slices);
            stream.write_vectored(&slices[..count])
        } else {
            let chunk = out.chunk();
            stream.write(&chunk[..chunk.len().min(most)])
        };
        match written {
            Ok(n @ 1..) => out.advance(n),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => side.handle_write_error(),
        }
    }
    wanted
}

/// The kernel holds the last of many small writes back until the others are acknowledged, 40 ms
/// later. This lets it go; where it fails, it is only slower.
fn send_off(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = stream.set_nodelay(false);
}

fn shut_and_read(side: &mut dyn Endpoint, stream: &mut TcpStream, scratch: &mut [u8]) -> usize {
    if side.wants_shutdown() {
        let _ = stream.shutdown(Shutdown::Write); // If it fails, reading tells why.
        side.shutdown_done();
    }
    if side.wants_read() {
        match stream.read(scratch) {
            Ok(0) => side.handle_eof(),
            Ok(n) => return n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => side.handle_error(),
        }
    }
    0
}
