//! Frame headers, read and written: of each form that a length has, with and without a key.

use criterion::{BenchmarkId, Criterion, Throughput};
use sockless::frame::{Header, OpCode};
use std::hint::black_box;

/// Lengths of 7, 16 and 64 bits.
const LENGTHS: [u64; 3] = [100, 1000, 100_000];

fn header(len: u64, mask: Option<[u8; 4]>) -> Header {
    Header { fin: true, rsv: 0, opcode: OpCode::Binary, mask, payload_len: len }
}

pub(crate) fn frame(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    group.throughput(Throughput::Elements(1));
    for (name, mask) in [("plain", None), ("masked", Some([0x37, 0xfa, 0x21, 0x3d]))] {
        for len in LENGTHS {
            let header = header(len, mask);
            let encoded = header.encode();
            let bytes = encoded.as_ref();
            assert_eq!(Header::decode(bytes), Ok(Some((header, bytes.len()))));
            group.bench_function(BenchmarkId::new(format!("decode/{name}"), len), |bencher| {
                bencher.iter(|| {
                    let decoded = Header::decode(black_box(bytes));
                    assert_eq!(
                        decoded.map(|found| found.map(|(header, _)| header.payload_len)),
                        Ok(Some(len))
                    );
                });
            });
            group.bench_function(BenchmarkId::new(format!("encode/{name}"), len), |bencher| {
                bencher.iter(|| {
                    assert_eq!(black_box(black_box(header).encode()).as_ref().len(), bytes.len())
                });
            });
        }
    }
    group.finish();
}
