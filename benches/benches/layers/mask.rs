//! Masking in place: short and long, from an odd address on as behind a header.

use criterion::{BenchmarkId, Criterion, Throughput};
use sockless::mask::apply;
use std::hint::black_box;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) fn mask(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mask");
    for len in [8, 125, 1024, 16 << 10, 256 << 10] {
        let plain: Vec<u8> = (0..len + 6).map(|index| (index * 7) as u8).collect();
        let mut bytes = plain.clone();
        apply(&mut bytes[6..], KEY);
        let masked: Vec<u8> =
            plain[6..].iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        assert_eq!(bytes[6..], masked);
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::from_parameter(len), |bencher| {
            bencher.iter(|| apply(black_box(&mut bytes[6..]), black_box(KEY)));
        });
        // However often that was.
        assert!(bytes[6..] == masked || bytes[6..] == plain[6..]);
    }
    group.finish();
}
