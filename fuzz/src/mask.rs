//! Masking against the naive loop, as a function and on its way out of and into a connection.

use crate::choices::{Choices, cut};
use crate::wire::{client, feed, frame, masked, output, server, write};
use sockless::{Connection, Delivery, Event, frame::Header, mask};

/// Masking is the XOR of each byte with the key's, over and over:
///
/// - as a function: at any place in memory, of any length, in parts with the key rotated, and
///   nothing around them is touched;
/// - out of a client: payloads that are masked as they are queued and such that are masked as they
///   leave, a piece at a time, however the writes cut them, one slice or several at a time, or
///   by `pop`, with a ping or another message queued on the way;
/// - into a server, however the reads cut them.
///
/// Of `data`, the first bytes choose the key, the place and the lengths, those of the messages, and
/// how they are written and read; the rest, over and over, is what is masked.
pub fn mask(data: &[u8]) {
    let mut choices = Choices::new(data);
    let key = std::array::from_fn(|_| choices.byte());
    let (place, len) = (usize::from(choices.byte()), choices.number() % 5000);
    let parts = choices.counted();
    let lengths =
        [choices.number(), choices.number()].map(|len| len * usize::from(1 + choices.byte() % 2));
    let writes: Vec<usize> = (0..choices.byte() % 32).map(|_| choices.number()).collect();
    let reads = choices.counted();
    let pattern = match choices.rest() {
        [] => b"\0",
        pattern => pattern,
    };
    let payload =
        |len: usize| -> Vec<u8> { pattern.repeat(len / pattern.len() + 1)[..len].to_vec() };

    in_place(&payload(len), place, key, parts);
    let messages = lengths.map(payload);
    leave(&messages, &writes);
    arrive(&messages[0][..messages[0].len().min(5000)], key, reads);
}

fn in_place(payload: &[u8], place: usize, key: [u8; 4], parts: &[u8]) {
    let behind = 64;
    let expected = [&vec![0xa5; place][..], &masked(payload, key), &[0xa5; 64]].concat();
    let mut buffer = [&vec![0xa5; place][..], payload, &[0xa5; 64]].concat();
    let whole = &mut buffer[place..][..payload.len()];
    mask::apply(whole, key);
    assert!(buffer == expected, "{} bytes at {place} with {key:02x?}", payload.len());

    // In parts it is undone.
    let (mut done, end) = (0, buffer.len() - behind);
    for part in cut(payload, parts) {
        mask::apply(&mut buffer[place + done..end][..part.len()], mask::rotate(key, done));
        done += part.len();
    }
    assert!(buffer[place..end] == *payload, "in parts of {parts:?}");
}

fn leave(messages: &[Vec<u8>], writes: &[usize]) {
    let mut client = client(Delivery::Whole);
    let mut wire = Vec::new();
    let mut writes = writes.iter().copied();
    for message in messages {
        client.send_binary(message.clone()).unwrap();
        for most in writes.by_ref().take(8) {
            leave_some(&mut client, most, &mut wire);
            if most % 7 == 3 {
                client.ping(b"?").unwrap();
            }
        }
    }
    for most in writes {
        leave_some(&mut client, most, &mut wire);
    }
    wire.extend(output(&mut client));

    let mut left = messages.iter();
    let mut rest = &wire[..];
    while let Some((header, len)) = Header::decode(rest).unwrap() {
        let (payload, behind) = rest[len..].split_at(header.payload_len as usize);
        let payload = masked(payload, header.mask.unwrap());
        match header.opcode.is_control() {
            true => assert_eq!(payload, b"?"),
            false => assert!(Some(&payload) == left.next(), "a message of {} bytes", payload.len()),
        }
        rest = behind;
    }
    assert!(rest.is_empty() && left.next().is_none());
}

fn leave_some(client: &mut Connection, most: usize, wire: &mut Vec<u8>) {
    let queued = client.queued();
    let written = write(client.transmit(), most, most as u8, wire);
    assert_eq!(client.queued(), queued - written);
}

fn arrive(payload: &[u8], key: [u8; 4], reads: &[u8]) {
    let wire = frame(0x82, payload, Some(key));
    let mut server = server(Delivery::Whole);
    let fed = feed(&mut server, &cut(&wire, reads));
    assert!(fed.events == [Event::Binary(payload.into())], "in reads of {reads:?}");
    let mut server = crate::wire::server(Delivery::Chunks);
    assert!(feed(&mut server, &cut(&wire, reads)).chunks == payload, "in chunks of {reads:?}");
}
