//! What sending costs: one buffer a batch, no copy of what is large and ours, and no room beyond
//! what waits or was taken.

use crate::allocations::flush;
use crate::support::alloc::counted;
use crate::support::{SIDES, Side, look, take};
use bytes::Bytes;
use sockless::Config;

#[test]
fn a_batch_of_sends_costs_one_allocation_and_its_growth() {
    let mut server = Side::Server.open(Config::default());
    // The first batch grows its buffer; the next starts at that size, or at 16 KiB.
    for batch in 0..3 {
        let ((), count) = counted(|| {
            for _ in 0..64 {
                server.send_binary(&[0; 125]).unwrap();
            }
            flush(&mut server);
        });
        assert!(count.calls <= if batch == 0 { 9 } else { 3 }, "{batch}: {count:?}");
        assert_eq!(count.live, 0);
    }
}

#[test]
fn a_large_owned_payload_is_sent_without_a_copy() {
    for side in SIDES {
        let payload = Bytes::from(vec![7; 16 << 20]);
        let _shared_already = payload.clone();
        let mut connection = side.open(Config::default());
        let ((), count) = counted(|| {
            connection.send_binary(&payload).unwrap();
            flush(&mut connection);
        });
        // A server's header; a client's header and the piece that it masks at a time.
        let (calls, peak) = if side == Side::Server { (1, 16) } else { (2, 33 << 10) };
        assert!(
            count.calls <= calls && count.peak <= peak && count.live == 0,
            "{side:?}: {count:?}"
        );
    }
}

#[test]
fn a_queue_that_is_half_drained_gives_its_memory_back() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        let ((), count) = counted(|| {
            // Never empty, for as long as 64 MiB take.
            for _ in 0..64 << 10 {
                connection.send_binary(&[0; 1024]).unwrap();
                let n = connection.queued().saturating_sub(1000);
                take(&mut connection, n);
            }
        });
        assert!(count.peak < 32 << 10, "{count:?}");
    }
}

#[test]
fn a_popped_buffer_keeps_no_room_that_it_does_not_need() {
    let mut server = Side::Server.open(Config::default());
    server.send_binary(&[0; 60_000]).unwrap();
    flush(&mut server);
    let (popped, count) = counted(|| {
        server.send_text("x").unwrap();
        server.transmit().pop().unwrap()
    });
    assert_eq!(popped, b"\x81\x01x"[..]);
    assert!(count.live <= 64 && count.peak <= (16 << 10) + 64, "{count:?}");
}

/// A loop that takes buffers until there is none, and one that writes all the same, do not forget
/// how large a batch is.
#[test]
fn what_is_asked_of_an_empty_queue_forgets_nothing() {
    for pops in [true, false] {
        let mut server = Side::Server.open(Config::default());
        let mut batch = || {
            for _ in 0..60 {
                server.send_binary(&[0; 100]).unwrap();
            }
            if pops {
                while server.transmit().pop().is_some() {}
            } else {
                flush(&mut server);
                look(&mut server);
            }
        };
        batch();
        let ((), count) = counted(batch);
        assert_eq!(
            (count.calls, count.live),
            (1 + u64::from(pops), 0),
            "a tail, and what shares it: {count:?}"
        );
    }
}
