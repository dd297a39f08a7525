//! No memory left: every allocation above a size is refused, for messages and for copies of them.
//! The connection ends with 1011, or does without; nothing aborts.

use crate::support::alloc::refusing_above;
use crate::support::{self, BINARY, CLOSE, SIDES, TEXT};
use sockless::{Cause, Config, Event, Input, Workspace};

#[test]
fn no_memory_left_is_an_answer_and_not_an_abort() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            let mut wire = side.other().frame(first, &vec![b'x'; 1 << 20]);
            let mut connection = side.open(Config::default());
            let close_event = refusing_above(300 << 10, || {
                for read in wire.chunks_mut(65_536) {
                    let mut input = Input::new(read);
                    while let Some(event) = connection.poll(&mut input) {
                        if let Event::Closed(close_event) = event {
                            return Some(close_event);
                        }
                    }
                }
                None
            });
            let close_event = close_event.expect("the message does not fit");
            assert_eq!((close_event.cause, close_event.clean), (Cause::OutOfMemory, false));
            let close = support::frames(&support::output(&mut connection)).pop().unwrap();
            assert_eq!((close.first, &close.payload[..2]), (CLOSE, &1011_u16.to_be_bytes()[..]));
        }
    }
}

/// Where the buffer of a turn cannot grow, the connection takes the frame over, as far as there is
/// memory for that; in one long turn, and in a turn for each read.
#[test]
fn no_memory_left_for_the_buffer_of_a_turn_costs_a_copy() {
    for (side, long) in SIDES.into_iter().flat_map(|side| [(side, false), (side, true)]) {
        for first in [TEXT, BINARY] {
            for (len, fits) in [(190_000, true), (400_000, false)] {
                let mut connection = side.open(Config::default());
                let mut workspace = Workspace::new(64 << 10, 4 << 20);
                let wire = side.other().frame(first, &vec![b'x'; len]);
                let told = refusing_above(200 << 10, || {
                    let mut rest = &wire[..];
                    while !rest.is_empty() {
                        let mut turn = workspace.turn(&mut connection);
                        while !rest.is_empty() {
                            let room = turn.read_buf();
                            let n = rest.len().min(room.len());
                            assert!(n > 0, "{} bytes are left", rest.len());
                            room[..n].copy_from_slice(&rest[..n]);
                            rest = &rest[n..];
                            let (connection, mut input) = turn.received(n);
                            match connection.poll(&mut input) {
                                Some(Event::Text(text)) => return Ok(text.len()),
                                Some(Event::Binary(data)) => return Ok(data.len()),
                                Some(Event::Closed(close_event)) => return Err(close_event.cause),
                                Some(other) => panic!("{other:?}"),
                                None if !long => break,
                                None => {}
                            }
                        }
                    }
                    panic!("nothing came of it")
                });
                let expected = if fits { Ok(len) } else { Err(Cause::OutOfMemory) };
                assert_eq!(told, expected, "{side:?}, {len} bytes, long: {long}");
            }
        }
    }
}

/// In chunks, of what was inflated there are two copies for a moment, if it is text.
#[test]
#[cfg(feature = "deflate")]
fn no_memory_left_for_what_is_inflated_is_an_answer_too() {
    const LEN: usize = 256 << 10;
    let mut payload = Vec::with_capacity(LEN);
    let mut zlib = flate2::Compress::new(flate2::Compression::best(), false);
    zlib.compress_vec(&vec![b'x'; LEN], &mut payload, flate2::FlushCompress::Sync).unwrap();
    payload.truncate(payload.len() - 4);
    for side in SIDES {
        let mut outcomes = [0, 0];
        for most in (100 << 10..=2 * LEN + (8 << 10)).step_by(4096).chain([
            LEN - 1,
            LEN,
            LEN + 1,
            LEN + 3,
            LEN + 4,
        ]) {
            let mut config = Config::default();
            config.delivery = sockless::Delivery::Chunks;
            let mut agreed = sockless::Extensions::default();
            agreed.deflate = Some(sockless::deflate::Parameters::default());
            let mut connection = side.open_with(agreed, config);
            let mut wire = side.other().frame(TEXT | 0x40, &payload);
            let (mut told, mut cause) = (0, None);
            refusing_above(most, || {
                let mut input = Input::new(&mut wire);
                while let Some(event) = connection.poll(&mut input) {
                    match event {
                        Event::Chunk(chunk) => told += chunk.data.as_bytes().len(),
                        Event::Closed(close_event) => cause = Some(close_event.cause),
                        other => panic!("{other:?}"),
                    }
                }
            });
            match cause {
                None => assert_eq!(told, LEN),
                Some(cause) => {
                    assert!(cause == Cause::OutOfMemory && told < LEN, "{cause:?} behind {told}")
                }
            }
            outcomes[usize::from(cause.is_some())] += 1;
        }
        assert!(!outcomes.contains(&0), "{side:?}: {outcomes:?}");
    }
}
