//! Sending, on a server and on a client: queue and drain, a message or 64 of them for each time
//! that the queue is drained.
//!
//! The transport takes all that it is given, in one vectored write. Each run checks that all bytes
//! left.

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use sockless::{Config, Connection, Extensions, Seed};
use std::convert::Infallible;
use std::hint::black_box;

pub(crate) fn send(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("send");
    for (end, header) in [("server", 0), ("client", 4)] {
        for len in [8_usize, 125, 1024, 16 << 10, 256 << 10] {
            let data = Bytes::from(vec![7; len]);
            let frame = header
                + len
                + if len < 126 {
                    2
                } else if len < 1 << 16 {
                    4
                } else {
                    10
                };
            for batch in [1, 64] {
                // A queue that is above its high-water mark refuses.
                if len * batch > 1 << 20 {
                    continue;
                }
                let (extensions, config) = (Extensions::default(), Config::default());
                let mut connection = match end {
                    "server" => Connection::server(extensions, config),
                    _ => Connection::client(Seed::new([7; 32]), extensions, config),
                };
                group.throughput(Throughput::Elements(batch as u64));
                group.bench_function(
                    BenchmarkId::new(format!("{end}/{len}"), format!("{batch} a flush")),
                    |bencher| {
                        bencher.iter(|| {
                            for _ in 0..batch {
                                // Shared where that spares a server the copy.
                                let sent = match len {
                                    ..1024 => connection.send_binary(black_box(&data[..])),
                                    _ => connection.send_binary(black_box(&data)),
                                };
                                sent.expect("it is open");
                            }
                            assert_eq!(drain(&mut connection), batch * frame);
                        });
                    },
                );
            }
        }
    }
    group.finish();
}

/// How many bytes left.
fn drain(connection: &mut Connection) -> usize {
    let mut bytes = 0;
    while connection.wants_write() {
        let Ok(taken) = connection.transmit().write_with(|slices| {
            Ok::<_, Infallible>(black_box(slices).iter().map(|slice| slice.len()).sum())
        });
        bytes += taken;
    }
    bytes
}
