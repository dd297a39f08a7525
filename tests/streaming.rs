//! Messages sent in parts, prepared messages, and the marks of the queue.

use crate::support::alloc::counted;
use crate::support::{
    BINARY, CLOSE, CONTINUATION, MORE, PING, PONG, SIDES, Side, TEXT, feed, frames, output, take,
    write,
};
use bytes::Bytes;
use sockless::{
    Config, Connection, Delivery, Event, Input, MessageKind, PreparedMessage, SendError,
};

fn sent(connection: &mut Connection) -> Vec<(u8, Vec<u8>)> {
    frames(&output(connection)).into_iter().map(|frame| (frame.first, frame.payload)).collect()
}

#[test]
fn parts_leave_as_fragments_with_control_frames_between() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection.begin_message(MessageKind::Binary).unwrap();
        assert!(!connection.wants_write(), "nothing is queued before the first part");
        connection.write_fragment(b"one").unwrap();
        assert_eq!(sent(&mut connection), [(BINARY & MORE, b"one".to_vec())]);
        connection.ping(b"p").unwrap();
        feed(&mut connection, &side.other().frame(PING, b"q"));
        connection.write_fragment(b"").unwrap();
        connection.write_fragment(b"two").unwrap();
        connection.finish_message().unwrap();
        let expected =
            [(PING, &b"p"[..]), (PONG, b"q"), (CONTINUATION & MORE, b"two"), (CONTINUATION, b"")];
        assert_eq!(
            sent(&mut connection),
            expected.map(|(first, payload)| (first, payload.to_vec()))
        );
        // The next message is one of its own.
        connection.begin_message(MessageKind::Text).unwrap();
        connection.finish_message().unwrap();
        connection.send_text("x").unwrap();
        assert_eq!(sent(&mut connection), [(TEXT, vec![]), (TEXT, b"x".to_vec())]);
    }
}

#[test]
fn what_is_out_of_order_is_refused_and_changes_nothing() {
    let mut connection = Side::Server.open(Config::default());
    assert_eq!(connection.write_fragment(b"x"), Err(SendError::NoMessage));
    assert_eq!(connection.finish_message(), Err(SendError::NoMessage));
    connection.begin_message(MessageKind::Text).unwrap();
    connection.write_fragment("a€".as_bytes()).unwrap();
    for _ in 0..2 {
        assert_eq!(connection.begin_message(MessageKind::Binary), Err(SendError::InMessage));
        assert_eq!(connection.send_text("x"), Err(SendError::InMessage));
        assert_eq!(connection.send_binary(b"x"), Err(SendError::InMessage));
        assert_eq!(
            connection.send_prepared(&PreparedMessage::text("x")),
            Err(SendError::InMessage)
        );
        assert_eq!(connection.write_fragment(b"\xff"), Err(SendError::InvalidUtf8));
    }
    connection.write_fragment(b"\xe2\x82").unwrap();
    assert_eq!(connection.write_fragment(b"x"), Err(SendError::InvalidUtf8));
    assert_eq!(
        connection.finish_message(),
        Err(SendError::InvalidUtf8),
        "in the middle of a character"
    );
    connection.write_fragment(b"\xac!").unwrap();
    connection.finish_message().unwrap();
    let parts: Vec<_> = sent(&mut connection)
        .into_iter()
        .map(|(_, payload)| String::from_utf8(payload).unwrap())
        .collect();
    assert_eq!(parts, ["a€", "€!", ""], "whole characters in each fragment");
}

#[test]
fn closing_abandons_a_message() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        connection.begin_message(MessageKind::Text).unwrap();
        connection.write_fragment(b"never finished").unwrap();
        connection.close(None).unwrap();
        assert_eq!(connection.write_fragment(b"x"), Err(SendError::Closed));
        assert_eq!(connection.finish_message(), Err(SendError::Closed));
        assert_eq!(connection.begin_message(MessageKind::Text), Err(SendError::Closed));
        assert_eq!(
            sent(&mut connection).iter().map(|(first, _)| *first).collect::<Vec<_>>(),
            [TEXT & MORE, CLOSE]
        );

        // The peer's Close does as well.
        let mut connection = side.open(Config::default());
        connection.begin_message(MessageKind::Binary).unwrap();
        feed(&mut connection, &side.other().frame(CLOSE, b""));
        assert_eq!(connection.write_fragment(b"x"), Err(SendError::Closed));
    }
}

#[test]
fn large_parts_are_fragmented_further() {
    let mut config = Config::default();
    config.fragment_above = 4;
    let mut connection = Side::Server.open(config);
    connection.begin_message(MessageKind::Text).unwrap();
    connection.write_fragment("€€€".as_bytes()).unwrap();
    connection.finish_message().unwrap();
    let parts: Vec<_> =
        sent(&mut connection).into_iter().map(|(first, payload)| (first, payload.len())).collect();
    assert_eq!(
        parts,
        [(TEXT & MORE, 3), (CONTINUATION & MORE, 3), (CONTINUATION & MORE, 3), (CONTINUATION, 0)]
    );
}

/// What it moves is a gibibyte on one side; a client masks as well, which takes a debug build
/// longer.
#[test]
fn a_gibibyte_goes_through_a_pair_in_parts_under_a_mebibyte_of_heap() {
    const PART: usize = 64 << 10;
    for (sender, total) in [(Side::Server, 1_u64 << 30), (Side::Client, 64 << 20)] {
        let mut config = Config::default();
        config.delivery = Delivery::Chunks;
        config.limits.max_message = u64::MAX;
        config.limits.max_fragments = u32::MAX;
        let part = vec![0x5a; PART];
        let mut scratch = vec![0; 48 << 10];
        let (mut near, mut far) = (sender.open(config.clone()), sender.other().open(config));
        let (received, count) = counted(|| {
            let mut received = 0;
            near.begin_message(MessageKind::Binary).unwrap();
            for i in 0..=total / PART as u64 {
                if i < total / PART as u64 {
                    near.write_fragment(&part).unwrap();
                } else {
                    near.finish_message().unwrap();
                }
                while near.wants_write() {
                    let written = near.transmit().write_slice_with(|bytes| {
                        let n = bytes.len().min(scratch.len());
                        scratch[..n].copy_from_slice(&bytes[..n]);
                        Ok::<_, ()>(n)
                    });
                    let n = written.unwrap();
                    let mut input = Input::new(&mut scratch[..n]);
                    while let Some(event) = far.poll(&mut input) {
                        let Event::Chunk(chunk) = event else { panic!("{event:?}") };
                        let data = chunk.data.as_bytes();
                        assert!(
                            data.first().is_none_or(|byte| *byte == 0x5a)
                                && data.last().is_none_or(|byte| *byte == 0x5a)
                        );
                        received += data.len() as u64;
                        assert_eq!(chunk.last, i == total / PART as u64);
                    }
                }
            }
            received
        });
        assert_eq!(received, total);
        assert!(count.peak < 1 << 20, "{count:?}");
        assert_eq!(count.live, 0);
    }
}

#[test]
fn ten_thousand_recipients_share_one_payload() {
    const RECIPIENTS: usize = 10_000;
    let mut connections: Vec<Connection> =
        (0..RECIPIENTS).map(|_| Side::Server.open(Config::default())).collect();
    let payload = vec![b'x'; 64 << 10];
    let (message, count) = counted(|| PreparedMessage::text(String::from_utf8(payload).unwrap()));
    assert!(count.peak < 500, "the string itself is kept: {count:?}");

    let ((), count) = counted(|| {
        for connection in &mut connections {
            connection.send_prepared(&message).unwrap();
        }
    });
    // A header each, and no copy of the payload; the first clone makes the count of references.
    assert!(count.peak <= RECIPIENTS as i64 * 16 + 100, "{count:?}");
    assert!(count.calls <= RECIPIENTS as u64 + 1, "{count:?}");
    for connection in &mut connections {
        let header = connection.transmit().pop().unwrap();
        assert_eq!(header, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0][..]);
        let shared = connection.transmit().pop().unwrap();
        assert_eq!(shared.as_ptr(), message.as_bytes().as_ptr(), "the very same bytes");
        assert!(!connection.wants_write());
    }
}

#[test]
fn a_client_masks_its_own_copy_of_a_prepared_message() {
    for len in [0, 100, 5000, 100_000] {
        let data = Bytes::from(vec![7; len]);
        let message = PreparedMessage::binary(&data);
        let mut clients =
            [Side::Client.open(Config::default()), Side::Client.open(Config::default())];
        for client in &mut clients {
            client.send_prepared(&message).unwrap();
            let wire = output(client);
            let [frame] = &frames(&wire)[..] else { panic!() };
            assert_eq!(
                (frame.first, frame.mask.is_some(), &frame.payload[..]),
                (BINARY, true, &data[..])
            );
        }
        assert_eq!(message.as_bytes(), data);
    }
}

#[test]
fn prepared_messages_are_fragmented_like_others() {
    let mut config = Config::default();
    config.fragment_above = 1000;
    let mut server = Side::Server.open(config);
    server.send_prepared(&PreparedMessage::text("€".repeat(1000))).unwrap();
    let sent = sent(&mut server);
    assert_eq!(sent.len(), 4);
    assert!(sent.iter().all(|(_, payload)| std::str::from_utf8(payload).is_ok()));
}

fn marked(lower: u64, upper: u64) -> Config {
    let mut config = Config::default();
    (config.low_water_mark, config.high_water_mark) = (lower, upper);
    config
}

#[test]
fn the_queue_is_refused_only_when_it_is_above_its_mark_already() {
    for side in SIDES {
        let header = if side == Side::Client { 6 } else { 2 };
        let mut connection = side.open(marked(50, 100));
        connection.send_binary(&[0; 40]).unwrap();
        connection.send_binary(vec![0; 100 - 40 - 2 * header]).unwrap();
        assert_eq!((connection.queued(), connection.above_high_water()), (100, false));
        // One message of any size still fits.
        connection.send_binary(vec![0; 1 << 20]).unwrap();
        assert!(connection.above_high_water() && connection.queued() > 1 << 20);

        let queued = connection.queued();
        assert_eq!(connection.send_text("x"), Err(SendError::QueueFull));
        assert_eq!(
            connection.send_prepared(&PreparedMessage::text("x")),
            Err(SendError::QueueFull)
        );
        assert_eq!(connection.ping(b"x"), Err(SendError::QueueFull));
        assert_eq!(
            connection.begin_message(MessageKind::Text),
            Err(SendError::QueueFull),
            "to finish it could not be refused"
        );
        assert_eq!(connection.finish_message(), Err(SendError::NoMessage));
        assert_eq!(connection.queued(), queued, "nothing was queued");
        assert!(connection.wants_read(), "reading has nothing to do with it");

        // Above until the low-water mark; sends are accepted from the high-water mark on.
        while connection.queued() > 100 {
            assert!(connection.above_high_water());
            let n = connection.queued() - 100;
            write(&mut connection, n.min(100_000));
        }
        assert!(connection.above_high_water());
        connection.ping(b"").unwrap();
        let n = connection.queued() - 50;
        write(&mut connection, n - 1);
        assert!(connection.above_high_water());
        write(&mut connection, 1);
        assert!(!connection.above_high_water());
    }
}

/// Pongs are queued unasked; whoever looks at the mark sees them.
#[test]
fn pongs_count_for_the_marks() {
    for side in SIDES {
        let mut connection = side.open(marked(50, 100));
        connection.send_binary(&[0; 80]).unwrap();
        assert!(!connection.above_high_water());
        for _ in 0..10 {
            feed(&mut connection, &side.other().frame(PING, b"?"));
        }
        assert!(connection.queued() > 100 && connection.above_high_water());
        assert_eq!(connection.send_text("x"), Err(SendError::QueueFull));
        assert!(connection.transmit().pop().is_some() && connection.transmit().pop().is_some());
        assert!(!connection.above_high_water());
    }
}

/// What has left makes room in the row of pings and pongs; the last pong is then found where it has
/// come to lie.
#[test]
fn a_pong_is_replaced_wherever_in_the_row_it_lies() {
    let mut server = Side::Server.open(Config::default());
    let ping = |server: &mut Connection, n| (0..n).for_each(|_| server.ping(&[9; 125]).unwrap());
    let asks = |server: &mut Connection, tag| feed(server, &Side::Client.frame(PING, &[tag; 125]));
    server.send_binary(b"x").unwrap();
    let mut wire = write(&mut server, 1);
    // All that waits has left, more than 4 KiB, but for this pong.
    ping(&mut server, 33);
    asks(&mut server, 1);
    let n = server.queued() - 127;
    wire.extend(write(&mut server, n));
    ping(&mut server, 32);
    asks(&mut server, 2);
    wire.extend(output(&mut server));
    let pongs: Vec<_> = frames(&wire)
        .into_iter()
        .filter(|frame| frame.first == PONG)
        .map(|frame| frame.payload)
        .collect();
    assert_eq!(pongs, [[2; 125]]);
}

#[test]
fn finish_and_close_are_never_refused_for_the_queue() {
    let mut connection = Side::Server.open(marked(5, 10));
    connection.begin_message(MessageKind::Binary).unwrap();
    connection.write_fragment(&[0; 100]).unwrap();
    assert_eq!(connection.write_fragment(b"x"), Err(SendError::QueueFull));
    connection.finish_message().unwrap();
    assert_eq!(connection.send_binary(b"x"), Err(SendError::QueueFull));
    connection.close(None).unwrap();
    assert_eq!(
        sent(&mut connection).iter().map(|(first, _)| *first).collect::<Vec<_>>(),
        [BINARY & MORE, CONTINUATION, CLOSE]
    );
}

#[test]
fn a_peer_that_never_reads_costs_no_more_than_its_bound() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        let ((), count) = counted(|| {
            // It sends pings and messages for ever, which are echoed as far as the queue takes it,
            // and reads nothing.
            let ping = side.other().frame(PING, &[b'p'; 125]);
            let message = side.other().frame(BINARY, &[7; 1000]);
            for _ in 0..3000 {
                for wire in [&ping, &message] {
                    let mut wire = wire.clone();
                    let mut input = Input::new(&mut wire);
                    while let Some(event) = connection.poll(&mut input) {
                        if let Event::Binary(data) = event {
                            let _ = connection.send_binary(data);
                        }
                    }
                }
            }
        });
        assert!(connection.above_high_water());
        assert!(connection.queued() <= (1 << 20) + 1008 + 4096 + 131, "{}", connection.queued());
        assert!(
            count.live <= (2 << 20) + (16 << 10),
            "the queue, and the room that it grows by: {count:?}"
        );
    }
}

#[test]
fn a_peer_that_pings_as_fast_as_it_reads_costs_no_more() {
    for side in SIDES {
        let mut connection = side.open(Config::default());
        let ping = side.other().frame(PING, &[b'p'; 100]);
        let mut wire = Vec::new();
        let ((), count) = counted(|| {
            for _ in 0..20_000 {
                let mut ping = ping.clone();
                while connection.poll(&mut Input::new(&mut ping)).is_some() {
                    ping.clear();
                }
                // It always leaves a bit, so that the queue is never empty.
                let n = connection.queued().saturating_sub(50);
                take(&mut connection, n);
            }
        });
        wire.extend(output(&mut connection));
        assert!(count.peak < 16 << 10, "{count:?}");
        assert_eq!(wire.len(), 50);
    }
}

#[test]
fn a_lower_mark_above_the_upper_one_counts_as_equal() {
    let mut config = Config::default();
    config.high_water_mark = 64 << 10;
    let mut connection = Side::Server.open(config);
    connection.send_binary(&[0; 100_000]).unwrap();
    while connection.queued() > 64 << 10 {
        assert!(connection.above_high_water());
        assert_eq!(connection.send_text("x"), Err(SendError::QueueFull));
        write(&mut connection, 1000);
    }
    assert!(!connection.above_high_water());
    connection.send_text("x").unwrap();
}
