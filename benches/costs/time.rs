//! The processor time that a server spends on what a peer sends: the best of many rounds.

use crate::wire::{
    BINARY, KIB, LIMIT, MORE, TEXT, bomb, compressing, final_blocks, plain, read, request, sent,
    stored_blocks, table_blocks, windowed,
};
use sockless::deflate::{Compress, Pool};
use sockless::server::{Config as Terms, Handshake, Incoming};
use sockless::{Config, Connection, Event, Input, Payload};
use sockless_benches::client_frame;
use std::time::{Duration, Instant};

const GREETING: &str =
    r#"{"type":"greeting","from":"the server","text":"hello to you, and to who is here"}"#;
/// What one read brings.
const READ: usize = 64 * KIB;

pub(crate) fn print(rounds: Duration) {
    println!(
        "| processor time | bytes sent | of what | ns a byte | µs each |\n|---|---:|---|---:|---:|"
    );
    plain_frames(rounds);
    compressed(rounds);
    answers(rounds);
}

/// One row: `count` things in `wire`, which are read by what `open` makes. Making it is not
/// measured.
fn row<T>(
    rounds: Duration,
    (name, count, thing): (&str, usize, &str),
    wire: &[u8],
    open: impl Fn() -> T,
    run: impl Fn(&mut T, &mut [u8]),
) {
    let (end, mut best) = (Instant::now() + rounds, Duration::MAX);
    let mut copy = wire.to_vec();
    while best == Duration::MAX || Instant::now() < end {
        copy.copy_from_slice(wire);
        let mut side = open();
        let from = Instant::now();
        run(&mut side, &mut copy);
        best = best.min(from.elapsed());
    }
    let ns = best.as_nanos() as f64;
    let (a_byte, each) = (ns / wire.len() as f64, ns / count as f64 / 1000.0);
    println!("| {name} | {} | {count} {thing} | {a_byte:.2} | {each:.3} |", wire.len());
}

fn receives(connection: &mut Connection, wire: &mut [u8]) {
    for part in wire.chunks_mut(READ) {
        read(connection, part, READ);
        sent(connection);
    }
}

fn plain_frames(rounds: Duration) {
    let frames = |first, len: usize, count| client_frame(first, &vec![b'x'; len]).repeat(count);
    let begun = |rest: Vec<u8>| [client_frame(BINARY ^ MORE, b"x"), rest].concat();
    for (name, wire, count, thing) in [
        ("binary", frames(BINARY, 16 * KIB, 100), 100, "messages of 16 KiB"),
        ("text", frames(TEXT, 16 * KIB, 100), 100, "messages of 16 KiB"),
        ("short messages", frames(TEXT, 1, 10_000), 10_000, "messages of 1 byte"),
        ("fragments", begun(frames(0, 1, 10_000)), 10_000, "fragments of 1 byte"),
        ("empty fragments", begun(frames(0, 0, 10_000)), 10_000, "fragments"),
        ("pings, and their pongs", frames(0x89, 0, 10_000), 10_000, "pings"),
    ] {
        row(rounds, (name, count, thing), &wire, plain, receives);
    }
}

fn compressed(rounds: Duration) {
    let alone = || compressing(false, None, Config::default());
    let pool = Pool::new(1);
    let pooled = || compressing(false, Some(&pool), Config::default());
    let short = bomb(TEXT, b'x', 1).repeat(1000);
    row(rounds, ("short messages", 1000, "messages of 1 byte"), &short, alone, receives);
    row(rounds, ("… with a pool", 1000, "messages of 1 byte"), &short, pooled, receives);
    for (name, wire, count, thing) in [
        ("a bomb", bomb(BINARY, 0, LIMIT), 1, "message of 16 MiB"),
        ("a bomb of text", bomb(TEXT, b'x', LIMIT), 1, "message of 16 MiB"),
        ("final blocks in series", final_blocks(0, 100_000), 100_000, "blocks"),
        ("… behind 32 KiB to refer to", final_blocks(32 << 10, 100_000), 100_000, "blocks"),
        ("stored blocks in series", stored_blocks(100_000), 100_000, "blocks"),
        ("tables in series", table_blocks(10_000), 10_000, "blocks"),
    ] {
        row(rounds, (name, count, thing), &wire, pooled, receives);
    }
}

fn answers(rounds: Duration) {
    for (name, origin) in
        [("a request, accepted", "a.example"), ("a request, refused", "b.example")]
    {
        let shake = |handshake: &mut Handshake, wire: &mut [u8]| match handshake
            .poll(&mut Input::new(wire))
        {
            Some(Incoming::Upgrade(request)) => {
                drop(sent(&mut request.accept().open(Config::default())))
            }
            Some(Incoming::Failed(mut replying)) => drop(sent(&mut replying)),
            other => panic!("{other:?}"),
        };
        row(
            rounds,
            (name, 1, "request"),
            &request(origin, 100),
            || Handshake::new(Terms::default()),
            shake,
        );
    }
    let pool = Pool::new(1);
    let pooled = || compressing(false, Some(&pool), Config::default());
    let lines =
        (0..2000).map(|i| format!("{{\"id\":{i},\"at\":{},\"by\":\"ada\"}},", i * 7919 % 65_521));
    let answer = lines.collect::<String>().into_bytes()[..64 * KIB].to_vec();
    let asked = client_frame(TEXT, b"x");
    let answers = |connection: &mut Connection, wire: &mut [u8], compress| {
        read(connection, wire, READ);
        connection.send_binary(Payload::from(&answer[..]).compress(compress)).expect("it is open");
        sent(connection);
    };
    let thing = (1, "answer of 64 KiB");
    row(rounds, ("an answer", thing.0, thing.1), &asked, pooled, |c, wire| {
        answers(c, wire, Compress::No)
    });
    row(rounds, ("… compressed", thing.0, thing.1), &asked, pooled, |c, wire| {
        answers(c, wire, Compress::Yes)
    });
    let greet = |connections: &mut Vec<Connection>, _: &mut [u8]| {
        for connection in connections {
            connection.send_text(GREETING).expect("it is open");
            sent(connection);
        }
    };
    for (name, windows) in [
        ("short answers, compressed", [15; 7]),
        ("… in windows that the peers chose", [9, 10, 11, 12, 13, 14, 15]),
    ] {
        let open = || windows.map(|bits| windowed(bits, &pool)).into();
        row(
            rounds,
            (name, windows.len(), "answers of 80 bytes, a pool for 1"),
            &asked.repeat(windows.len()),
            open,
            greet,
        );
    }
    let relay = |connection: &mut Connection, wire: &mut [u8]| {
        let mut input = Input::new(wire);
        let Some(Event::Binary(data)) = connection.poll(&mut input) else { panic!("a message") };
        connection.send_binary(data.into_owned()).expect("it is open");
        sent(connection);
    };
    row(
        rounds,
        ("a bomb, relayed to one who compresses", 1, "message of 16 MiB"),
        &bomb(BINARY, 0, LIMIT),
        pooled,
        relay,
    );
}
