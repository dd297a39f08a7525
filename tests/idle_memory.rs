//! What an idle connection holds on the heap: nothing. Both ends at once, from the handshake on,
//! after small messages and after the largest.

use crate::support::alloc::{counted, live};
use sockless::client::{Outcome, Request};
use sockless::server::Incoming;
use sockless::{Config, Connection, Endpoint, Event, Input, Seed, client, server};
use std::fmt;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// How a connection is opened.
#[derive(Clone, Default)]
struct Terms {
    server: server::Config,
    connection: Config,
    #[cfg(feature = "deflate")]
    offer: Option<sockless::deflate::Offer>,
}

/// Writes all of one side's output, and gives the other what `take` reads of it, at most 64 KiB at
/// a time.
fn write(from: &mut dyn Endpoint, mut take: impl FnMut(&mut Input<'_>)) {
    let mut scratch = Vec::with_capacity(64 * KIB);
    while from.wants_write() {
        scratch.clear();
        let written = from.transmit().write_slice_with(|bytes| {
            scratch.extend_from_slice(&bytes[..bytes.len().min(64 * KIB)]);
            Ok::<_, ()>(scratch.len())
        });
        assert_eq!(written, Ok(scratch.len()));
        let mut input = Input::new(&mut scratch);
        take(&mut input);
        assert!(input.is_empty());
    }
}

/// The real handshake, byte by byte written and read: the server's connection and the client's.
fn shake(terms: &Terms) -> [Connection; 2] {
    let request = Request::new("ws://a.example/chat").unwrap().protocol("chat.v1").unwrap();
    #[cfg(feature = "deflate")]
    let request = terms.offer.into_iter().fold(request, Request::deflate);
    let mut asking = client::Handshake::new(request, Seed::new([7; 32]));
    let mut answering = server::Handshake::new(terms.server.clone());
    let mut server = None;
    write(&mut asking, |input| {
        if let Some(incoming) = answering.poll(input) {
            let Incoming::Upgrade(request) = incoming else { panic!("{incoming:?}") };
            server = Some(request.accept().protocol("chat.v1").open(terms.connection.clone()));
        }
    });
    let (mut server, mut client) = (server.expect("the request came whole"), None);
    write(&mut server, |input| {
        if let Some(outcome) = asking.poll(input) {
            let Outcome::Open(opened) = outcome else { panic!("{outcome:?}") };
            #[cfg(feature = "deflate")]
            assert_eq!(opened.extensions().deflate.is_some(), terms.offer.is_some());
            client = Some(opened.open(terms.connection.clone()));
        }
    });
    [server, client.expect("the answer came whole")]
}

/// Messages of this length of both kinds, borrowed and owned, each written and received before the
/// next.
fn talk(from: &mut Connection, to: &mut Connection, len: usize) {
    for kind in 0..4 {
        match kind {
            0 => from.send_text("tea ".repeat(len / 4).as_str()).unwrap(),
            1 => from.send_text("tea ".repeat(len / 4)).unwrap(),
            2 => from.send_binary(vec![0xff; len].as_slice()).unwrap(),
            _ => from.send_binary(vec![0xff; len]).unwrap(),
        }
        let mut received = 0;
        write(from, |input| {
            while let Some(event) = to.poll(input) {
                received += match event {
                    Event::Text(text) => text.len(),
                    Event::Binary(data) => data.len(),
                    other => panic!("{other:?}"),
                };
            }
        });
        assert_eq!(received, len);
    }
}

/// A life of messages; at each rest `idle` is told what was before it.
fn live_through(terms: &Terms, idle: impl Fn(&[Connection; 2], fmt::Arguments<'_>)) {
    let ((), count) = counted(|| {
        let mut both = shake(terms);
        idle(&both, format_args!("the handshake"));
        for len in [KIB, 16 * MIB, KIB] {
            let [server, client] = &mut both;
            talk(client, server, len);
            idle(&both, format_args!("{len} bytes that the server received"));
            let [server, client] = &mut both;
            talk(server, client, len);
            idle(&both, format_args!("{len} bytes that the client received"));
        }
        let [server, client] = &mut both;
        client.ping(b"?").unwrap();
        write(client, |input| assert_eq!(server.poll(input), Some(Event::Ping(b"?"[..].into()))));
        write(server, |input| assert_eq!(client.poll(input), Some(Event::Pong(b"?"[..].into()))));
        idle(&both, format_args!("a ping and its pong"));
    });
    assert_eq!(count.live, 0);
}

/// Neither end can hold less than nothing: where the sum is 0, each of them is.
fn assert_nothing(both: &[Connection; 2], after: fmt::Arguments<'_>) {
    assert!(both.iter().all(|connection| connection.is_open() && connection.queued() == 0));
    assert_eq!(live(), 0, "after {after}");
}

#[test]
fn an_idle_connection_holds_nothing() {
    live_through(&Terms::default(), assert_nothing);
}

/// Without context takeover, nor does one that compresses; what is in a pool is the pool's.
#[cfg(feature = "deflate")]
#[test]
fn nor_does_one_that_compresses() {
    use sockless::deflate::{Offer, Policy, Pool};
    for pool in [None, Some(Pool::new(2))] {
        let mut terms = Terms { offer: Some(Offer::default()), ..Terms::default() };
        let mut policy = Policy::default();
        (policy.server_no_context_takeover, policy.client_no_context_takeover) = (true, true);
        terms.server.deflate = Some(policy);
        terms.connection.deflate.pool = pool.clone();
        live_through(&terms, |both, after| {
            // It was used, too.
            let used = live();
            pool.iter().for_each(Pool::clear);
            assert_eq!(
                used > 200 * KIB as i64,
                pool.is_some() && after.to_string().contains("bytes"),
                "{used} bytes after {after}"
            );
            assert_nothing(both, after);
        });
    }
}
