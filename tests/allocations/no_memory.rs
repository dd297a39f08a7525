//! No memory left: every allocation above a size is refused, for messages and for copies of them.
//! The connection ends with 1011, or does without; nothing aborts.

use crate::drain;
use crate::support::alloc::refusing_above;
use crate::support::{self, BINARY, CLOSE, CONTINUATION, MORE, SIDES, TEXT};
use sockless::{Buffers, Cause, Config, Event, Input};

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

/// The copy that keeps a message from keeping a buffer on loan, which is much larger, is not worth
/// an abort: the message has the buffer then.
#[test]
fn no_memory_left_for_a_copy_costs_the_buffer_on_loan() {
    for side in SIDES {
        for first in [TEXT, BINARY] {
            let mut connection = side.open(Config::default());
            let mut buffers = Buffers::new(4 << 20);
            let mut large = side.other().frame(first, &vec![b'x'; 3 << 20]);
            for read in large.chunks_mut(1 << 20) {
                let mut lent = buffers.lend(&mut connection);
                let mut input = Input::new(read);
                while let Some(event) = lent.poll(&mut input) {
                    lent.reclaim(event);
                }
            }
            let mut wire = [
                side.other().frame(first & MORE, &[b'x'; 400_000]),
                side.other().frame(CONTINUATION, b"y"),
            ]
            .concat();
            let (start, end) = wire.split_at_mut(300_000);
            let len = refusing_above(200 << 10, || {
                // Half of a frame is there when the buffer is wanted back, which the message then
                // keeps, too.
                drain(&mut buffers.lend(&mut connection), start);
                let mut lent = buffers.lend(&mut connection);
                match lent.poll(&mut Input::new(end)) {
                    Some(Event::Text(text)) => text.len(),
                    Some(Event::Binary(data)) => data.len(),
                    other => panic!("{other:?}"),
                }
            });
            assert_eq!(len, 400_001, "{side:?}");
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
