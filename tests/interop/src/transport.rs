//! What carries the bytes: a blocking socket, or TLS over one.

use crate::Failure;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[derive(Debug)]
pub(crate) enum Transport {
    Plain(TcpStream),
    Secure(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// What TLS trusts: the one certificate that this run made.
static TRUSTED: OnceLock<Arc<ClientConfig>> = OnceLock::new();

/// Trusts a certificate from now on. Only the first counts: a run makes but one.
pub(crate) fn trust(certificate: &[u8]) -> Result<(), Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate)?)?;
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let _ = TRUSTED.set(Arc::new(config));
    Ok(())
}

impl Transport {
    /// To a host and port, with TLS if it has to be secure.
    pub(crate) fn connect(host: &str, port: u16, secure: bool) -> Result<Self, Failure> {
        let socket = TcpStream::connect((host, port))?;
        if !secure {
            return Ok(Self::Plain(socket));
        }
        let config = TRUSTED.get().ok_or("TLS, and no certificate to trust")?;
        let client = ClientConnection::new(config.clone(), ServerName::try_from(host.to_owned())?)?;
        Ok(Self::Secure(Box::new(StreamOwned::new(client, socket))))
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Secure(stream) => &stream.sock,
        }
    }

    /// Says that nothing more is sent: with TLS by close_notify, and TCP stays as it is, for what
    /// the peer still sends.
    pub(crate) fn shut_down(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.shutdown(Shutdown::Write),
            Self::Secure(stream) => {
                stream.conn.send_close_notify();
                stream.flush()
            }
        }
    }

    pub(crate) fn patience(&self, left: Duration) -> io::Result<()> {
        self.socket().set_read_timeout(Some(left))?;
        self.socket().set_write_timeout(Some(left))
    }
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Secure(stream) => stream.read(buffer),
        }
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Secure(stream) => stream.write(bytes),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write_vectored(slices),
            Self::Secure(stream) => stream.write_vectored(slices),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Secure(stream) => stream.flush(),
        }
    }
}
