//! The opening handshake: a server that answers Chromium's head, a client that asks and reads the
//! answer.

use criterion::Criterion;
use sockless::server::{Incoming, OriginPolicy};
use sockless::{Config, Endpoint, Input, Seed, client, server};
use std::convert::Infallible;
use std::hint::black_box;

const CHROMIUM: &[u8] = include_bytes!("../../../tests/data/heads/requests/chromium-156.http");

pub(crate) fn handshake(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("handshake");
    let mut scratch = CHROMIUM.to_vec();
    let mut config = server::Config::default();
    config.origin = OriginPolicy::Any;
    group.bench_function("server/chromium", |bencher| {
        bencher.iter(|| {
            scratch.copy_from_slice(CHROMIUM);
            let mut handshake = server::Handshake::new(config.clone());
            let Some(Incoming::Upgrade(request)) =
                handshake.poll(&mut Input::new(black_box(&mut scratch)))
            else {
                panic!("it upgrades")
            };
            assert!(
                drain(&mut request.accept().open(Config::default())).starts_with(b"HTTP/1.1 101 ")
            );
        });
    });
    // The same seed makes the same key.
    let request = drain(&mut ask());
    let mut read = request.clone();
    let Some(Incoming::Upgrade(request)) =
        server::Handshake::new(config).poll(&mut Input::new(&mut read))
    else {
        panic!("it upgrades")
    };
    let answer = drain(&mut request.accept().open(Config::default()));
    let mut scratch = answer.clone();
    group.bench_function("client", |bencher| {
        bencher.iter(|| {
            scratch.copy_from_slice(&answer);
            let mut handshake = ask();
            assert!(black_box(drain(&mut handshake)).ends_with(b"\r\n\r\n"));
            let outcome = handshake.poll(&mut Input::new(black_box(&mut scratch)));
            let Some(client::Outcome::Open(accepted)) = outcome else { panic!("{outcome:?}") };
            assert!(accepted.open(Config::default()).is_open());
        });
    });
    group.finish();
}

fn ask() -> client::Handshake {
    let request = client::Request::new(black_box("ws://127.0.0.1:9001/chat?room=7"))
        .expect("it is an address");
    client::Handshake::new(request, Seed::new([7; 32]))
}

fn drain(side: &mut impl Endpoint) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    while side.wants_write() {
        let taken = side.transmit().write_slice_with(|slice| {
            bytes.extend_from_slice(slice);
            Ok::<_, Infallible>(slice.len())
        });
        assert!(taken.is_ok());
    }
    bytes
}
