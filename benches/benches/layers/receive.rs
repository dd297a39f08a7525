//! Receiving on a server: masked messages of one size, one behind the other, in reads of 16 and 64
//! KiB, by turns of a workspace or through ordinary inputs.
//!
//! The figure is the time for a message. A read is modelled by copying the wire's bytes to where it
//! would go, for unmasking happens in place; the copy is in the figure. Each run checks that all
//! messages came, and of what length.

use criterion::{BenchmarkId, Criterion};
use sockless::{Config, Connection, Event, Extensions, Input, Workspace};
use sockless_benches::client_frame;
use std::time::{Duration, Instant};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

pub(crate) fn receive(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("receive");
    group
        .measurement_time(Duration::from_secs(2))
        .warm_up_time(Duration::from_millis(500))
        .sample_size(20);
    for read in [16 << 10, 64 << 10] {
        for len in [8, 125, 1024, 16 << 10, 256 << 10] {
            let payload: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
            row(&mut group, "binary", read, &client_frame(BINARY, &payload), len);
        }
        for len in [8, 125, 1024, 16 << 10] {
            row(&mut group, "ascii", read, &client_frame(TEXT, &vec![b'a'; len]), len);
            let cjk = "語".repeat(len / 3);
            row(&mut group, "cjk", read, &client_frame(TEXT, cjk.as_bytes()), cjk.len());
        }
    }
    group.finish();
}

fn row(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    read: usize,
    frame: &[u8],
    len: usize,
) {
    // As many messages as make a few reads, cut where the reads end.
    let count = (4 * read / frame.len()).max(4);
    let wire = frame.repeat(count);
    let mut scratch = vec![0; read];
    let mut workspace = Workspace::new(read, 1 << 20);
    for turns in [true, false] {
        let how = if turns { "turns" } else { "inputs" };
        let id = BenchmarkId::new(format!("{name}/{len}"), format!("{how} of {}K", read >> 10));
        group.bench_function(id, |bencher| {
            bencher.iter_custom(|iterations| {
                let mut connection = Connection::server(Extensions::default(), Config::default());
                let mut left = iterations as usize;
                let start = Instant::now();
                while left > 0 {
                    let messages = left.min(count);
                    let bytes = &wire[..messages * frame.len()];
                    let received = match turns {
                        true => take_turn(&mut connection, bytes, &mut workspace),
                        false => pass(&mut connection, bytes, &mut scratch),
                    };
                    assert_eq!(received, (messages, messages * len));
                    left -= messages;
                }
                start.elapsed()
            });
        });
    }
}

/// All of `wire`, in one turn: how many messages, and their bytes.
fn take_turn(
    connection: &mut Connection,
    mut wire: &[u8],
    workspace: &mut Workspace,
) -> (usize, usize) {
    let (mut messages, mut bytes) = (0, 0);
    let mut turn = workspace.turn(connection);
    while !wire.is_empty() {
        let room = turn.read_buf();
        let (read, rest) = wire.split_at(room.len().min(wire.len()));
        room[..read.len()].copy_from_slice(read);
        wire = rest;
        let (connection, mut input) = turn.received(read.len());
        poll(connection, &mut input, &mut messages, &mut bytes);
    }
    (messages, bytes)
}

/// The same in reads of the scratch's size.
fn pass(connection: &mut Connection, wire: &[u8], scratch: &mut [u8]) -> (usize, usize) {
    let (mut messages, mut bytes) = (0, 0);
    for read in wire.chunks(scratch.len()) {
        let scratch = &mut scratch[..read.len()];
        scratch.copy_from_slice(read);
        poll(connection, &mut Input::new(scratch), &mut messages, &mut bytes);
    }
    (messages, bytes)
}

fn poll(
    connection: &mut Connection,
    input: &mut Input<'_>,
    messages: &mut usize,
    bytes: &mut usize,
) {
    while let Some(event) = connection.poll(input) {
        *bytes += match &event {
            Event::Text(text) => text.len(),
            Event::Binary(data) => data.len(),
            other => panic!("{other:?}"),
        };
        *messages += 1;
    }
}
