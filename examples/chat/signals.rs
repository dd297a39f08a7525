//! Ctrl-C and SIGTERM as an event of the loop: the handler writes a byte into a pipe, and the loop watches the pipe's other end.

#[cfg(unix)]
pub(crate) use unix::Signals;
#[cfg(not(unix))]
pub(crate) use without::Signals;

#[cfg(unix)]
mod unix {
    use mio::net::UnixStream;
    use mio::{Interest, Registry, Token};
    use signal_hook::consts::{SIGINT, SIGTERM};
    use std::io::{self, Read};

    #[derive(Debug)]
    pub(crate) struct Signals {
        pipe: UnixStream,
    }

    impl Signals {
        pub(crate) fn register(registry: &Registry, token: Token) -> io::Result<Self> {
            let (reader, writer) = std::os::unix::net::UnixStream::pair()?;
            for signal in [SIGINT, SIGTERM] {
                signal_hook::low_level::pipe::register(signal, writer.try_clone()?)?;
            }
            reader.set_nonblocking(true)?;
            let mut pipe = UnixStream::from_std(reader);
            registry.register(&mut pipe, token, Interest::READABLE)?;
            Ok(Self { pipe })
        }

        /// How many signals came since the last call.
        pub(crate) fn caught(&mut self) -> usize {
            self.pipe.read(&mut [0; 64]).unwrap_or(0)
        }
    }
}

#[cfg(not(unix))]
mod without {
    use mio::{Registry, Token};
    use std::io;

    /// Elsewhere Ctrl-C ends the process as the system does it.
    #[derive(Debug)]
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn register(_: &Registry, _: Token) -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn caught(&mut self) -> usize {
            0
        }
    }
}
