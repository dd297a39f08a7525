//! The validator: texts of several scripts, whole and in parts that cut characters.

use criterion::{BenchmarkId, Criterion, Throughput};
use sockless::utf8::Validator;
use std::hint::black_box;

pub(crate) fn utf8(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("utf8");
    for (name, character) in [("ascii", "a"), ("cjk", "語"), ("emoji", "🦀")] {
        for len in [125, 1024, 16 << 10] {
            let text = character.repeat(len / character.len());
            group.throughput(Throughput::Bytes(text.len() as u64));
            for part in [text.len(), 61] {
                let id = BenchmarkId::new(name, format!("{len} in parts of {part}"));
                group.bench_function(id, |bencher| {
                    bencher.iter(|| check(black_box(text.as_bytes()), part))
                });
            }
        }
    }
    group.finish();
}

fn check(text: &[u8], part: usize) {
    let mut validator = Validator::default();
    for part in text.chunks(part) {
        let valid = validator.push(part);
        assert!(black_box(valid).is_ok());
    }
    assert!(validator.finish().is_ok());
}
