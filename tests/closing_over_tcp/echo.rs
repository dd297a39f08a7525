//! `examples/echo.rs` itself, as the program that it is.

use crate::example::{lines, program};
use crate::peer::{Peer, code, until};
use crate::support::{CLOSE, Side};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

struct Echo {
    child: Child,
    addr: SocketAddr,
}

impl Echo {
    fn start() -> Self {
        let child = Command::new(program("echo"))
            .arg("127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        // From here on, it ends with this.
        let mut echo = Self { child: child.expect("it starts"), addr: ([127, 0, 0, 1], 0).into() };
        let out = lines(echo.child.stdout.take().expect("it is piped"));
        let url = out.recv_timeout(Duration::from_secs(10)).expect("it tells its address");
        echo.addr = url
            .strip_prefix("ws://")
            .and_then(|addr| addr.parse().ok())
            .unwrap_or_else(|| panic!("it is at {url:?}"));
        echo
    }

    fn connect(&self) -> Peer {
        Peer::new(Side::Client, TcpStream::connect(self.addr).expect("it listens"))
    }

    /// A client that is let in.
    fn enter(&self) -> Peer {
        let mut peer = self.connect();
        peer.send(
            format!(
                "GET / HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                self.addr
            )
            .as_bytes(),
        );
        let head = peer.read_head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        peer
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_echo_example_loses_no_close_and_no_refusal() {
    let echo = Echo::start();
    for round in 0..10 {
        let more = [0, 50 << 10, 1 << 20, 8 << 20, 20 << 20][round % 5] + 317 * round;

        // A violation, and more behind it.
        let mut peer = echo.enter();
        let flood = peer.flood([vec![0x83], vec![0xa5; more]].concat());
        if round % 2 == 0 {
            until("all is sent", || flood.is_finished());
        }
        let frames = peer.read_close();
        assert_eq!((frames.len(), code(&frames[0])), (1, 1002), "{round}");
        flood.join().unwrap().unwrap();
        peer.leave();

        // A Close, and an end of stream behind it; in front of it a message, so that the peer has
        // megabytes to read. Its echo is short enough to leave in front of our Close, or so long
        // that it is written at once.
        let mut peer = echo.enter();
        let len = (1 << 16) + more.min(4 << 20);
        let flood = peer.flood([peer.zeros(len), peer.frame(CLOSE, b"\x03\xe8")].concat());
        if round % 2 == 0 {
            until("all is sent", || flood.is_finished());
            peer.finish();
        }
        let frames = peer.read_close();
        assert_eq!(
            (frames.len(), frames[0].payload.len(), code(&frames[1])),
            (2, len, 1000),
            "{round}"
        );
        flood.join().unwrap().unwrap();
        peer.leave();

        // No request.
        let mut peer = echo.connect();
        let flood =
            peer.flood([b"no request\r\n\r\n".to_vec(), vec![b'x'; more.min(1 << 19)]].concat());
        if round % 2 == 0 {
            until("all is sent", || flood.is_finished());
        }
        let answer = String::from_utf8(peer.read_end()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{round}: {answer}");
        flood.join().unwrap().unwrap();
    }
}
