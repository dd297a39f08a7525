//! A bench for each layer of the crate, from headers to compressed messages:
//! `cargo bench --manifest-path benches/Cargo.toml -- send/client` runs those whose names hold
//! that.
//!
//! Each asserts that what it measures was done. One program, for it is the linking that takes long.

mod decoder;
mod deflate;
mod frame;
mod handshake;
mod mask;
mod receive;
mod send;
mod utf8;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    frame::frame,
    mask::mask,
    utf8::utf8,
    decoder::decoder,
    receive::receive,
    send::send,
    handshake::handshake,
    deflate::deflate
);
criterion_main!(benches);
