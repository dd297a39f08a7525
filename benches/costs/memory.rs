//! The heap that a server holds for one peer, counted.

use crate::alloc::{Count, counted};
use crate::wire::{
    BINARY, KIB, LIMIT, MIB, MORE, RSV1, TEXT, bomb, compressing, plain, read, request,
};
use sockless::deflate::Pool;
use sockless::server::{Handshake, Incoming};
use sockless::{Config, Connection, Delivery, Input};
use sockless_benches::client_frame;
use std::mem::size_of;

/// What one read brings.
const READ: usize = 64 * KIB;
/// What a packet brings.
const PACKET: usize = 1460;

pub(crate) fn print() {
    println!("| heap of one peer, in bytes | sent | held | at most |\n|---|---:|---:|---:|");
    handshakes();
    messages();
    compressed();
    println!(
        "\nA handshake is {} bytes itself, a connection {}.",
        size_of::<Handshake>(),
        size_of::<Connection>()
    );
}

/// One row: what `run` makes is held until it was counted.
fn row<T>(name: &str, sent: usize, run: impl FnOnce() -> T) {
    let (held, Count { live, peak, .. }) = counted(run);
    println!("| {name} | {sent} | {live} | {peak} |");
    drop(held);
}

fn handshakes() {
    row("a handshake, and no byte", 0, || Handshake::new(Default::default()));
    let typical = request("a.example", 100);
    let largest = request("a.example", 16 * KIB - request("a.example", 0).len());
    for (what, head, first, step) in [
        ("a usual request, but its last byte", &typical, READ, 1),
        ("the longest request, but its last byte: in one read", &largest, READ, 1),
        ("… in packets", &largest, PACKET, PACKET),
        ("… byte by byte", &largest, 1, 1),
        ("… in one read but for a byte", &largest, 16 * KIB - 2, 1),
    ] {
        let mut head = head[..head.len() - 1].to_vec();
        row(what, head.len(), || {
            let mut handshake = Handshake::new(Default::default());
            let first = first.min(head.len());
            let (begin, rest) = head.split_at_mut(first);
            for part in [begin].into_iter().chain(rest.chunks_mut(step)) {
                assert!(handshake.poll(&mut Input::new(part)).is_none(), "it is not whole");
            }
            handshake
        });
    }
    for (what, origin) in [("not yet accepted", "a.example"), ("refused", "b.example")] {
        let mut head = request(origin, 16 * KIB - request(origin, 0).len());
        row(&format!("the longest request, whole, {what}"), head.len(), || {
            let incoming = Handshake::new(Default::default()).poll(&mut Input::new(&mut head));
            let refused = matches!(incoming, Some(Incoming::Failed(_)));
            assert_eq!(refused, what == "refused");
            incoming
        });
    }
}

fn messages() {
    for (what, first, declared, come, step) in [
        ("16 MiB declared, and no byte of them", BINARY, LIMIT, 0, READ),
        ("16 MiB declared, a byte of them", BINARY, LIMIT, 1, READ),
        ("… 1 KiB", BINARY, LIMIT, KIB, READ),
        ("… 64 KiB, in one read", BINARY, LIMIT, 64 * KIB, MIB),
        ("… 64 KiB, byte by byte", BINARY, LIMIT, 64 * KIB, 1),
        ("… 1 MiB", BINARY, LIMIT, MIB, READ),
        ("… all but one byte", BINARY, LIMIT, LIMIT - 1, READ),
        ("a text, all but one byte", TEXT, LIMIT, LIMIT - 1, READ),
    ] {
        let mut wire = client_frame(first, &vec![b'x'; declared]);
        wire.truncate(wire.len() - declared + come);
        held(what, plain, wire, step);
    }
    let fragment = client_frame(0, b"x");
    let wire = [client_frame(BINARY ^ MORE, b"x"), fragment.repeat(100_000)].concat();
    held("100,000 fragments of one byte, and more to come", plain, wire, READ);
    held(
        "100,000 pings of 125 bytes, and no pong is read",
        plain,
        client_frame(0x89, &[7; 125]).repeat(100_000),
        READ,
    );
}

fn compressed() {
    let open = |takeover| move || compressing(takeover, None, Config::default());
    let cut = |len: usize, wire: &[u8]| wire[..wire.len() - len].to_vec();
    let whole = bomb(BINARY, 0, LIMIT - 1);
    let small = bomb(BINARY, b'x', 100);
    held(
        "a compressed message, cut in its first bytes",
        open(false),
        cut(small.len() - 7, &small),
        READ,
    );
    held("16 KiB that inflate to 16 MiB, but their last byte", open(false), cut(1, &whole), READ);
    let chunks = || {
        let mut config = Config::default();
        config.delivery = Delivery::Chunks;
        compressing(false, None, config)
    };
    held("… delivered in chunks", chunks, cut(1, &whole), READ);
    held("idle, no context taken over", open(false), small.clone(), READ);
    let long = bomb(BINARY, b'x', 100 * KIB);
    held("idle, a context taken over", open(true), long.clone(), READ);
    let pool = Pool::new(1);
    let mut warm = compressing(true, Some(&pool), Config::default());
    read(&mut warm, &mut long.clone(), READ);
    held(
        "idle, a context taken over, and a pool",
        || compressing(true, Some(&pool), Config::default()),
        long,
        READ,
    );
    assert_eq!(whole[0], BINARY | RSV1);
}

/// A connection that has read this.
fn held(what: &str, open: impl FnOnce() -> Connection, mut wire: Vec<u8>, step: usize) {
    row(what, wire.len(), || {
        let mut connection = open();
        read(&mut connection, &mut wire, step);
        connection
    });
}
