//! Keys that somebody could foretell. Which keys a client takes is seen on the wire: a frame shows
//! its mask, and a request its key.

use crate::handshake;
use crate::support::{Side, TEXT, frames, output};
use sockless::{Config, Connection, Extensions, Input, Seed, client};

/// Two seeds that differ in one bit, in each of 256 places, and a few others.
fn seeds() -> Vec<[u8; 32]> {
    let mut all = vec![[0; 32], [1; 32], [0xff; 32]];
    all.extend((0..256).map(|bit| {
        let mut seed = [0; 32];
        seed[bit / 8] = 1 << (bit % 8);
        seed
    }));
    all
}

/// The masks of the first `count` frames of a client.
fn masks(seed: [u8; 32], count: usize) -> Vec<[u8; 4]> {
    let mut connection =
        Connection::client(Seed::new(seed), Extensions::default(), Config::default());
    let mut masks = Vec::with_capacity(count);
    while masks.len() < count {
        for _ in 0..1024.min(count - masks.len()) {
            connection.send_text("").unwrap();
        }
        masks.extend(
            frames(&output(&mut connection)).iter().map(|frame| frame.mask.expect("masked")),
        );
    }
    masks
}

/// The 16 bytes behind the key of a client's request.
fn nonce(seed: [u8; 32]) -> Vec<u8> {
    let request = client::Request::new("ws://a.example").unwrap();
    let mut handshake = client::Handshake::new(request, Seed::new(seed));
    let sent = String::from_utf8(output(&mut handshake)).unwrap();
    let key = sent.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut many, mut nonce) = (0_u32, 0, Vec::new());
    for digit in key.trim_end_matches('=').bytes() {
        bits = bits << 6 | digits.iter().position(|other| *other == digit).expect("base64") as u32;
        many += 6;
        if many >= 8 {
            many -= 8;
            nonce.push((bits >> many) as u8);
        }
    }
    assert_eq!(nonce.len(), 16);
    nonce
}

/// Pearson's chi-square of bytes that should be all alike often. Of 255 degrees of freedom: its
/// mean is 255 and its deviation 22.6.
fn chi_square(bytes: impl Iterator<Item = u8>) -> f64 {
    let mut counts = [0_u32; 256];
    bytes.for_each(|byte| counts[usize::from(byte)] += 1);
    let expected = f64::from(counts.iter().sum::<u32>()) / 256.0;
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

/// Five deviations to either side. The seeds stand in the test, so what passes once passes for
/// ever; of a sound cipher one in a million would not.
fn looks_random(bytes: impl Iterator<Item = u8>) -> bool {
    (142.0..=368.0).contains(&chi_square(bytes))
}

/// Masks that are zero, that count upwards, that come from a clock or from a generator which a few
/// of them give away: each was some client's. RFC 6455 §10.3 wants them unpredictable, for who
/// foretells a mask chooses the bytes on the wire, and so what a proxy that takes them for HTTP
/// puts into its cache.
///
/// Here they are the stream of a cipher (ChaCha8) whose key is the seed, and so is the key of the
/// handshake, from another stream. Asserted of 65,536 masks of a seed: each of their four bytes,
/// and of the bytes between one mask and the next, is as often as any other by a chi-square test;
/// so is each of their bits; and no more of them are alike than chance has it.
#[test]
fn predictable_keys() {
    for seed in [[0; 32], [7; 32], [0xff; 32]] {
        let masks = masks(seed, 1 << 16);
        for place in 0..4 {
            assert!(
                looks_random(masks.iter().map(|mask| mask[place])),
                "byte {place} of seed {}",
                seed[0]
            );
            assert!(
                looks_random(masks.windows(2).map(|pair| pair[0][place] ^ pair[1][place])),
                "between two, byte {place}"
            );
            assert!(
                looks_random(
                    masks.windows(2).map(|pair| pair[1][place].wrapping_sub(pair[0][place]))
                ),
                "steps, byte {place}"
            );
        }
        for bit in 0..32 {
            let ones =
                masks.iter().filter(|mask| u32::from_be_bytes(**mask) >> bit & 1 == 1).count();
            // Five deviations of 128.
            assert!((32_768 - 640..=32_768 + 640).contains(&ones), "bit {bit}: {ones}");
        }
        let mut sorted = masks;
        sorted.sort_unstable();
        // Of so many, half a pair is alike by chance.
        assert!(sorted.windows(2).filter(|pair| pair[0] == pair[1]).count() <= 5);
    }
}

/// The same across connections: who sees one foretells nothing of another, and who sees a request
/// nothing of the frames behind it.
///
/// Asserted of seeds that differ in a single bit: their masks and their keys have nothing in
/// common, nor has a key with the masks of its own connection; and a connection's masks are the
/// same whether its handshake was made here or elsewhere, so the handshake takes nothing out of
/// them.
#[test]
fn keys_of_one_connection_tell_nothing_of_another() {
    let seeds = seeds();
    let streams: Vec<Vec<[u8; 4]>> = seeds.iter().map(|seed| masks(*seed, 64)).collect();
    let nonces: Vec<Vec<u8>> = seeds.iter().map(|seed| nonce(*seed)).collect();

    // All masks of all of them, and what lies between those of neighbours.
    assert!(looks_random(streams.iter().flatten().flatten().copied()));
    let between = |one: &[[u8; 4]], other: &[[u8; 4]]| -> Vec<u8> {
        one.as_flattened()
            .iter()
            .zip(other.as_flattened())
            .map(|(one, other)| one ^ other)
            .collect()
    };
    assert!(looks_random(streams[1..].iter().flat_map(|other| between(&streams[0], other))));
    let mut all: Vec<[u8; 4]> = streams.concat();
    all.sort_unstable();
    // Of 16,576, one pair in thirty runs.
    assert!(all.windows(2).filter(|pair| pair[0] == pair[1]).count() <= 1);

    // The keys of all of them: 259 times 16 bytes, no two alike, nor any four bytes in a row a mask
    // of the same connection.
    let mut distinct = nonces.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), nonces.len());
    assert!(looks_random(nonces.iter().flatten().copied()));
    assert!(looks_random(
        nonces[1..].iter().flatten().zip(nonces[0].iter().cycle()).map(|(one, other)| one ^ other)
    ));
    for (nonce, masks) in nonces.iter().zip(&streams) {
        let wire = masks.as_flattened();
        assert!(
            !nonce.windows(4).any(|four| wire.windows(4).any(|other| four == other)),
            "{nonce:02x?}"
        );
    }

    // Through the handshake of this crate, and without.
    let request = client::Request::new("ws://a.example").unwrap();
    let (mut handshake, key) = handshake::client(request, client::Config::default());
    let mut answer = handshake::answer(handshake::SWITCHING, &key, &[]);
    let Some(client::Outcome::Open(opened)) = handshake.poll(&mut Input::new(&mut answer)) else {
        panic!()
    };
    let mut connection = opened.open(Config::default());
    connection.send_text("").unwrap();
    assert_eq!(frames(&output(&mut connection))[0].mask, Some(masks([7; 32], 1)[0]));
}

/// Every frame has a mask of its own, whatever is in it and whichever way it is sent: one that is
/// used again gives away what it hid.
#[test]
fn no_mask_is_used_again() {
    let mut config = Config::default();
    config.fragment_above = 1000;
    let mut connection = Side::Client.open(config);
    for round in 0..100 {
        connection.send_text("text").unwrap();
        connection.send_binary(vec![0; 5000 + round]).unwrap();
        connection.send_prepared(&sockless::PreparedMessage::text("prepared")).unwrap();
        connection.ping(b"ping").unwrap();
        let mut pinged = Side::Server.frame(0x89, b"pinged");
        while connection.poll(&mut Input::new(&mut pinged)).is_some() {
            pinged.clear();
        }
    }
    connection.send_binary(vec![0; 100_000]).unwrap();
    connection.close(None).unwrap();
    let frames = frames(&output(&mut connection));
    assert!(frames.len() > 1000 && frames.iter().any(|frame| frame.first == TEXT));
    let mut masks: Vec<[u8; 4]> = frames.iter().map(|frame| frame.mask.expect("masked")).collect();
    masks.sort_unstable();
    masks.dedup();
    assert_eq!(masks.len(), frames.len());
}
