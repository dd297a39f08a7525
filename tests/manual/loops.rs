//! Each kind of loop serves over real sockets: an echo, both directions of closing, large messages,
//! a client that reads nothing for a while, one that leaves, and plain requests.

use crate::asynchronous::Io;
use crate::client::{Seen, open, talk};
use crate::completion::{Completion, Ring};
use crate::{asynchronous, blocking, completion, nonblocking};
use bytes::Bytes;
use sockless::{Cause, CloseCode, Connection, Event, SendError, Workspace};
use std::future::Future;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::pin::pin;
use std::sync::mpsc::{self, Receiver, Sender};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Serves one transport.
type Server = fn(TcpListener) -> Seen;

const LOOPS: [(&str, Server); 4] = [
    ("blocking", |listener| serve(|on_event| blocking::serve(&accept(&listener), on_event))),
    ("nonblocking", |listener| serve(|on_event| run_nonblocking(listener, on_event))),
    ("asynchronous", |listener| {
        let io = Polled::new(accept(&listener));
        serve(|on_event| block_on(asynchronous::serve(io, on_event)))
    }),
    ("completion", |listener| {
        let mut ring = Threads::new(accept(&listener));
        serve(|on_event| completion::serve(&mut ring, on_event))
    }),
];

fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().unwrap().0
}

type OnEvent<'a> = &'a mut dyn FnMut(&mut Connection, Event<'_>);

/// An echo, which closes when it is told "bye".
fn serve(run: impl FnOnce(OnEvent<'_>)) -> Seen {
    let mut seen = Seen::default();
    run(&mut |connection, event| {
        seen.take(&event);
        let answered = match event {
            Event::Text(text) if text == "bye" => connection.close(Some(CloseCode::AWAY.into())),
            Event::Text(text) => connection.send_text(text),
            Event::Binary(data) => connection.send_binary(data),
            _ => Ok(()),
        };
        // Who has left hears no answer.
        assert!(matches!(answered, Ok(()) | Err(SendError::Closed)), "{answered:?}");
    });
    seen
}

/// Both ends over TCP: what the client made of it, and what the server has seen.
fn both<T>(server: Server, client: impl FnOnce(&TcpStream) -> T) -> (T, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_nodelay(true).unwrap();
    let served = thread::spawn(move || server(listener));
    let result = client(&stream);
    drop(stream);
    (result, served.join().unwrap())
}

#[test]
fn the_client_closes() {
    for (name, server) in LOOPS {
        let (client, server) = both(server, |stream| talk(stream, &["hello", "again"], true));
        assert_eq!(client.texts, ["hello", "again"], "{name}");
        assert_eq!((client.closed.len(), server.closed.len()), (1, 1), "{name}");
        assert!(client.closed[0].clean && server.closed[0].clean, "{name}: {client:?} {server:?}");
        assert_eq!(
            (client.closed[0].cause, server.closed[0].cause),
            (Cause::Local, Cause::Peer),
            "{name}"
        );
        assert_eq!(client.closed[0].code, 1005, "{name}");
    }
}

#[test]
fn the_server_closes() {
    for (name, server) in LOOPS {
        let (client, server) = both(server, |stream| talk(stream, &["hello", "bye"], false));
        assert_eq!(client.texts, ["hello"], "{name}");
        assert_eq!((client.closed.len(), server.closed.len()), (1, 1), "{name}");
        assert!(client.closed[0].clean && server.closed[0].clean, "{name}: {client:?} {server:?}");
        assert_eq!(
            (client.closed[0].cause, server.closed[0].cause),
            (Cause::Peer, Cause::Local),
            "{name}"
        );
        assert_eq!(client.closed[0].code, 1001, "{name}");
    }
}

#[test]
fn a_message_of_many_reads_and_writes_comes_back() {
    let long = "x".repeat(5 << 20);
    for (name, server) in LOOPS {
        let (client, server) = both(server, |stream| talk(stream, &["first", &long], true));
        assert!(client.texts == ["first", &long], "{name}");
        assert!(client.closed[0].clean && server.closed[0].clean, "{name}");
    }
}

/// The client sends 24 MiB and reads nothing before all of it has left. A server that takes what it
/// cannot pass on would hold them; one that spins while it waits would never end here.
#[test]
fn a_client_that_reads_late_is_pushed_back_and_loses_nothing() {
    for (name, server) in LOOPS {
        let (echoed, server) = both(server, |stream| {
            let mut workspace = Workspace::default();
            let mut connection = open(stream, &mut workspace);
            let (mut writer, count) = (stream.try_clone().unwrap(), 6000);
            let writes = thread::spawn(move || {
                for _ in 0..count {
                    connection.send_binary(vec![7; 4096]).unwrap();
                    while let Some(bytes) = connection.transmit().pop() {
                        writer.write_all(&bytes).unwrap();
                    }
                }
                connection
            });
            thread::sleep(Duration::from_millis(300));
            // 4 bytes of header and the payload come back for each.
            let mut echoed = 0;
            let (mut stream, mut to) = (stream, vec![0; 64 << 10]);
            while echoed < count * (4 + 4096) {
                echoed += stream.read(&mut to).unwrap();
            }
            let mut connection = writes.join().unwrap();
            connection.close(None).unwrap();
            crate::blocking::run(stream, &mut workspace, connection, |_, _| {});
            echoed
        });
        assert_eq!(echoed, 6000 * (4 + 4096), "{name}");
        assert!(server.closed[0].clean, "{name}: {server:?}");
    }
}

/// Its last messages are behind a queue that it does not read, and then it leaves.
#[test]
fn a_client_that_never_reads_and_leaves_ends_the_connection() {
    for (name, server) in LOOPS {
        let ((), server) = both(server, |stream| {
            let mut connection = open(stream, &mut Workspace::default());
            stream.set_nonblocking(true).unwrap();
            let mut writer = stream;
            // As much as all the buffers on the way take.
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_millis(500) {
                let _ = connection.send_binary(vec![7; 4096]);
                let written = connection.transmit().write_with(|out| writer.write_vectored(out));
                if written.is_err() {
                    thread::sleep(Duration::from_millis(5));
                }
            }
        });
        assert_eq!(server.closed.len(), 1, "{name}: {server:?}");
        assert_eq!((server.closed[0].code, server.closed[0].cause), (1006, Cause::Eof), "{name}");
    }
}

#[test]
fn a_client_that_says_no_goodbye_is_told_once() {
    for (name, server) in LOOPS {
        let ((), server) = both(server, |stream| drop(open(stream, &mut Workspace::default())));
        assert_eq!(server.closed.len(), 1, "{name}");
        assert_eq!((server.closed[0].code, server.closed[0].clean), (1006, false), "{name}");
    }
}

#[test]
fn a_plain_request_is_answered_and_the_answer_arrives_whole() {
    let requests =
        [("GET / HTTP/1.1\r\nHost: a\r\n\r\nand a body", "404"), ("no HTTP\r\n\r\n", "400")];
    for (name, server) in LOOPS {
        for (request, status) in requests {
            let (answer, _) = both(server, |mut stream| {
                stream.write_all(request.as_bytes()).unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                answer
            });
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
        }
    }
}

/// Frames that come with the request, in one segment.
#[test]
fn what_comes_behind_a_request_is_not_lost() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let frames = b"\x81\x82\0\0\0\0hi\x88\x80\0\0\0\0";
    for (name, server) in LOOPS {
        let (answer, server) = both(server, |mut stream| {
            stream.write_all(&[request.as_bytes(), frames].concat()).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            answer
        });
        assert!(answer.ends_with(b"\x81\x02hi\x88\x00"), "{name}");
        assert_eq!(server.texts, ["hi"], "{name}");
        assert!(server.closed[0].clean, "{name}");
    }
}

/// Until the one client is gone.
fn run_nonblocking(listener: TcpListener, on_event: OnEvent<'_>) {
    listener.set_nonblocking(true).unwrap();
    let listener = mio::net::TcpListener::from_std(listener);
    let mut server = nonblocking::Server::new(listener).unwrap();
    let (mut came, mut rounds) = (false, 0);
    while !came || !server.is_empty() {
        server.round(&mut *on_event).unwrap();
        came |= !server.is_empty();
        rounds += 1;
        assert!(rounds < 1_000_000, "it spins");
    }
}

/// A socket that does not block, and a runtime that looks again after a while.
struct Polled {
    stream: TcpStream,
    polls: u32,
}

impl Polled {
    fn new(stream: TcpStream) -> Self {
        stream.set_nonblocking(true).unwrap();
        Self { stream, polls: 0 }
    }

    fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        act: impl FnOnce(&mut TcpStream) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        match act(&mut self.stream) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            result => Poll::Ready(result),
        }
    }
}

impl Io for Polled {
    fn poll_read(&mut self, context: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll(context, |stream| stream.read(to))
    }

    fn poll_write_vectored(
        &mut self,
        context: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.polls += 1;
        // Full now and then though there is room.
        if self.polls % 5 == 0 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.poll(context, |stream| stream.write_vectored(from))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream.shutdown(Shutdown::Write))
    }

    fn poll_sleep_until(&mut self, context: &mut Context<'_>, moment: Instant) -> Poll<()> {
        if moment <= Instant::now() {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
        thread::sleep(Duration::from_micros(200));
    }
}

/// A kernel that completes what it was given: two threads, one for each direction.
struct Threads {
    stream: TcpStream,
    reads: Sender<Vec<u8>>,
    writes: Sender<Bytes>,
    completions: Receiver<Completion>,
}

impl Threads {
    fn new(stream: TcpStream) -> Self {
        let (reads, to_read) = mpsc::channel::<Vec<u8>>();
        let (writes, to_write) = mpsc::channel::<Bytes>();
        let (complete, completions) = mpsc::channel();
        let (mut reader, done) = (stream.try_clone().unwrap(), complete.clone());
        thread::spawn(move || {
            for mut to in to_read {
                let read = reader.read(&mut to);
                let _ = done.send(Completion::Read(to, read));
            }
        });
        let mut writer = stream.try_clone().unwrap();
        thread::spawn(move || {
            for from in to_write {
                let written = writer.write(&from[..from.len().div_ceil(2)]);
                let _ = complete.send(Completion::Written(from, written));
            }
        });
        Self { stream, reads, writes, completions }
    }
}

impl Ring for Threads {
    fn read(&mut self, to: Vec<u8>) {
        self.reads.send(to).unwrap();
    }

    fn write(&mut self, from: Bytes) {
        self.writes.send(from).unwrap();
    }

    fn shutdown(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn wait(&mut self, time: Option<Duration>) -> Option<Completion> {
        match time {
            Some(time) => self.completions.recv_timeout(time).ok(),
            None => self.completions.recv().ok(),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // What is under way is cancelled.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
