//! nexus-web over a socket that does not block: its reader, its writer, and a buffer of what could
//! not be written yet.

use super::mio;
use crate::server::Load;
use ::mio::net::TcpStream;
use nexus_web::ws::{FrameReader, FrameWriter, Message, Role};
use std::io::{self, ErrorKind, Write};

pub(crate) struct Talk {
    socket: TcpStream,
    reader: FrameReader,
    writer: FrameWriter,
    out: Vec<u8>,
    /// What of it has been written, and how far it is filled.
    written: usize,
    filled: usize,
    batched: bool,
}

impl Talk {
    pub(crate) fn new(socket: TcpStream, load: Load, batched: bool) -> Self {
        // Messages are borrowed from its buffer: two of them fit, or what is read at once.
        let buffer = (2 * (load.len + 16)).max(64 << 10);
        let reader = FrameReader::builder().role(Role::Server).buffer_capacity(buffer).build();
        Self {
            socket,
            reader,
            writer: FrameWriter::new(Role::Server),
            out: Vec::new(),
            written: 0,
            filled: 0,
            batched,
        }
    }
}

/// Whether all is written.
fn write(
    mut socket: &TcpStream,
    out: &[u8],
    written: &mut usize,
    filled: &mut usize,
) -> io::Result<bool> {
    while written < filled {
        match socket.write(&out[*written..*filled]) {
            Ok(n) => *written += n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    (*written, *filled) = (0, 0);
    Ok(true)
}

impl mio::Talk for Talk {
    fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    fn turn(&mut self) -> io::Result<()> {
        loop {
            let Self { socket, reader, writer, out, written, filled, batched } = self;
            while let Some(message) = reader.next().map_err(io::Error::other)? {
                let Message::Binary(data) = message else {
                    return Err(ErrorKind::InvalidData.into());
                };
                let len = writer.max_encoded_len(data.len());
                if *filled + len > out.len() {
                    out.resize(*filled + len, 0);
                }
                *filled += writer.encode_binary(data, &mut out[*filled..]);
                if !*batched {
                    write(socket, out, written, filled)?;
                }
            }
            // Who takes too little is not read from; the event of a writable socket comes back
            // here.
            if !write(socket, out, written, filled)? && *filled - *written > super::BATCH {
                return Ok(());
            }
            if reader.should_compact() {
                reader.compact();
            }
            let room = reader.spare().len();
            match reader.read_from(socket) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                // A short read has emptied the socket.
                Ok(n) if n < room && !reader.poll().map_err(io::Error::other)? => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
