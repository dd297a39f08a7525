//! Signals as an event of the loop: the handler writes a byte into a pipe, and the loop watches the
//! pipe's other end.

#[cfg(unix)]
pub(crate) use unix::{REPORT, STOP, Signals};
#[cfg(not(unix))]
pub(crate) use without::{REPORT, STOP, Signals};

#[cfg(unix)]
mod unix {
    use mio::net::UnixStream;
    use mio::{Interest, Registry, Token};
    use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
    use std::io::{self, Read};

    pub(crate) const STOP: &[i32] = &[SIGINT, SIGTERM];
    pub(crate) const REPORT: &[i32] = &[SIGUSR1];

    #[derive(Debug)]
    pub(crate) struct Signals {
        pipe: UnixStream,
    }

    impl Signals {
        pub(crate) fn register(
            registry: &Registry,
            token: Token,
            signals: &[i32],
        ) -> io::Result<Self> {
            let (reader, writer) = std::os::unix::net::UnixStream::pair()?;
            for signal in signals {
                signal_hook::low_level::pipe::register(*signal, writer.try_clone()?)?;
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

    pub(crate) const STOP: &[i32] = &[];
    pub(crate) const REPORT: &[i32] = &[];

    /// Elsewhere Ctrl-C ends the process as the system does it.
    #[derive(Debug)]
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn register(_: &Registry, _: Token, _: &[i32]) -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn caught(&mut self) -> usize {
            0
        }
    }
}
