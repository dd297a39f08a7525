//! The decoder alone: pieces out of a server's input, without assembly, UTF-8 or events. A read is
//! modelled as in `receive`.

use criterion::{BenchmarkId, Criterion, Throughput};
use sockless::decoder::{Decoder, Piece};
use sockless::{Input, Limits, MessageKind, Role};
use sockless_benches::client_frame;

const READ: usize = 64 << 10;

pub(crate) fn decoder(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decoder");
    for len in [8, 125, 1024, 16 << 10] {
        let frame = client_frame(0x82, &vec![7; len]);
        let count = (READ / frame.len()).max(1);
        let wire = frame.repeat(count);
        let mut scratch = vec![0; wire.len()];
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("binary", len), |bencher| {
            let mut decoder = Decoder::new(Role::Server, Limits::default());
            bencher.iter(|| {
                scratch.copy_from_slice(&wire);
                assert_eq!(pieces(&mut decoder, &mut scratch), (count, count * len));
            });
        });
    }
    group.finish();
}

/// How many messages, and their bytes.
fn pieces(decoder: &mut Decoder, read: &mut [u8]) -> (usize, usize) {
    let (mut messages, mut bytes) = (0, 0);
    let mut input = Input::new(read);
    while let Some(piece) = decoder.next(&mut input) {
        match piece {
            Ok(Piece::Message {
                kind: MessageKind::Binary, first: true, last: true, data, ..
            }) => {
                messages += 1;
                bytes += data.len();
            }
            other => panic!("{other:?}"),
        }
    }
    (messages, bytes)
}
