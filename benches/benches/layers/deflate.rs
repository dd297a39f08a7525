//! permessage-deflate at level 6, window 15, with a pool: a message that is compressed and sent,
//! and received and inflated.
//!
//! With takeover each message refers to those before it; the texts differ, so that none is a mere
//! reference to the last one.

use criterion::{BenchmarkId, Criterion, Throughput};
use sockless::deflate::{Parameters, Pool};
use sockless::{Config, Connection, Event, Extensions, Input, Role, Seed};
use std::time::{Duration, Instant};

/// Texts that are sent in turn: more than a window holds of the longer ones.
const TEXTS: usize = 64;

pub(crate) fn deflate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("deflate");
    for takeover in [true, false] {
        for len in [165, 1024] {
            let texts: Vec<_> = (0..TEXTS).map(|seed| text(len, seed)).collect();
            let name = if takeover { "takeover" } else { "no-takeover" };
            group.throughput(Throughput::Bytes(len as u64));
            for receives in [false, true] {
                let work = if receives { "receive" } else { "send" };
                group.bench_function(BenchmarkId::new(format!("{work}/{name}"), len), |bencher| {
                    bencher.iter_custom(|iterations| run(&texts, iterations, takeover, receives));
                });
            }
        }
    }
    group.finish();
}

/// Records as they go through chats: letters that repeat, numbers that do not.
fn text(len: usize, seed: usize) -> String {
    let mut state = seed as u64 + 1;
    let mut text = String::new();
    while text.len() < len {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!(
            r#"{{"id":{},"room":"garden","text":"what {} said"}},"#,
            state >> 40,
            state >> 54
        ));
    }
    text.truncate(len);
    text
}

fn open(role: Role, takeover: bool) -> Connection {
    let mut parameters = Parameters::default();
    (parameters.server_no_context_takeover, parameters.client_no_context_takeover) =
        (!takeover, !takeover);
    let mut extensions = Extensions::default();
    extensions.deflate = Some(parameters);
    let mut config = Config::default();
    config.deflate.pool = Some(Pool::new(2));
    match role {
        Role::Server => Connection::server(extensions, config),
        Role::Client => Connection::client(Seed::new([7; 32]), extensions, config),
    }
}

/// The time for so many messages of the one kind of work; the other half is done beside it.
fn run(texts: &[String], iterations: u64, takeover: bool, receives: bool) -> Duration {
    let mut client = open(Role::Client, takeover);
    let mut server = open(Role::Server, takeover);
    let (mut sending, mut receiving) = (Duration::ZERO, Duration::ZERO);
    for text in texts.iter().cycle().take(iterations as usize) {
        let start = Instant::now();
        client.send_text(text).expect("it is open");
        let mut wire = Vec::new();
        while let Some(bytes) = client.transmit().pop() {
            wire.extend_from_slice(&bytes);
        }
        sending += start.elapsed();
        assert!(wire.len() < text.len(), "it is compressed");
        let start = Instant::now();
        let mut input = Input::new(&mut wire);
        let Some(Event::Text(received)) = server.poll(&mut input) else {
            panic!("a text was sent")
        };
        receiving += start.elapsed();
        assert_eq!(*received, **text);
    }
    if receives { receiving } else { sending }
}
