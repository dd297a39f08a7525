//! What a log shows of a connection by `{:?}`: no byte of a message or a control frame that is
//! under way, however it comes and is delivered.

use crate::support::{BINARY, CONTINUATION, MORE, PING, SIDES, Side, TEXT, feed, look, write};
use sockless::{Config, Delivery, Workspace};
#[cfg(feature = "deflate")]
use sockless::{Extensions, deflate::Parameters};

/// As text, and as bytes in the forms that `{:?}` has for them.
fn shows(said: &str, secret: &[u8]) -> bool {
    let numbers = format!("{secret:?}");
    let numbers = numbers.trim_matches(['[', ']']);
    // A character that a read has cut is three bytes, set aside by themselves.
    said.contains(&String::from_utf8_lossy(secret).into_owned()) || said.contains(numbers)
}

fn check(wire: &[u8], secret: &[u8], side: Side, open: impl Fn(Config) -> sockless::Connection) {
    for delivery in [Delivery::Whole, Delivery::Chunks] {
        let mut config = Config::default();
        config.delivery = delivery;
        // All but the last byte, so that it is under way.
        for end in 1..wire.len() {
            let mut connection = open(config.clone());
            feed(&mut connection, &wire[..end]);
            for said in [
                format!("{connection:?}"),
                format!("{connection:#?}").replace([' ', '\n'], "").replace(',', ", "),
            ] {
                assert!(!shows(&said, secret), "{side:?} {delivery:?} {end}: {said}");
            }
        }
    }
}

#[test]
fn a_connection_shows_nothing_of_what_is_under_way() {
    for side in SIDES {
        let peer = side.other();
        let open = |config| side.open(config);
        for (first, secret) in [(TEXT, "hunter2"), (BINARY, "hunter2"), (PING, "hunter2")] {
            let wire = peer.frame(first, format!("{secret} and more").as_bytes());
            check(&wire, secret.as_bytes(), side, open);
        }
        let parts = [
            peer.frame(TEXT & MORE, b"hun"),
            peer.frame(CONTINUATION & MORE, b"ter2"),
            peer.frame(CONTINUATION, b"!"),
        ];
        check(&parts.concat(), b"hunter2", side, open);
        // In the middle of a character, whose bytes are set aside.
        check(&peer.frame(TEXT, "😀".as_bytes()), &"😀".as_bytes()[..3], side, open);
        check(&peer.frame(TEXT, "ab😀".as_bytes()), &"😀".as_bytes()[..3], side, open);
    }
}

/// Windows and what was inflated are as secret, between messages too.
#[cfg(feature = "deflate")]
#[test]
fn a_connection_shows_nothing_of_its_windows() {
    for side in SIDES {
        let mut agreed = Extensions::default();
        agreed.deflate = Some(Parameters::default());
        // "hunter2" in a stored block, and the header of the next: then the same in a second
        // message.
        let stored = b"\0\x07\0\xf8\xffhunter2\0";
        let peer = side.other();
        let wire = [
            peer.frame(BINARY | 0x40, stored),
            peer.frame((TEXT & MORE) | 0x40, stored),
            peer.frame(CONTINUATION, b""),
        ];
        check(&wire.concat(), b"hunter2", side, |config| side.open_with(agreed, config));
    }
}

#[test]
fn the_parts_show_lengths() {
    let mut server = Side::Server.open(Config::default());
    feed(&mut server, &Side::Client.frame(TEXT, b"hunter2, and more")[..6 + 7]);
    let said = format!("{server:?}");
    assert!(said.contains("Text { len: 7, .. }"), "{said}");
}

/// What waits to be sent, in every form: a small message, one by reference, one that is being
/// masked, pings and pongs.
#[test]
fn a_connection_shows_nothing_of_what_is_queued() {
    for side in SIDES {
        for large in [1, 10_000, 20_000] {
            let mut connection = side.open(Config::default());
            connection.send_text("hunter2").unwrap();
            connection.send_binary(b"hunter2".repeat(large)).unwrap();
            write(&mut connection, 1);
            connection.ping(b"hunter2").unwrap();
            feed(&mut connection, &side.other().frame(PING, b"hunter2"));
            // What is shown of the output is masked on its way out.
            assert!(!look(&mut connection).is_empty());
            let said = format!("{connection:?}");
            assert!(!shows(&said, b"hunter2"), "{side:?}: {said}");
        }
    }
}

/// In a workspace, in its input, and with the connection once the turn is over.
#[test]
fn buffers_show_lengths() {
    let mut server = Side::Server.open(Config::default());
    let mut workspace = Workspace::new(64, 64);
    let mut turn = workspace.turn(&mut server);
    turn.read_buf()[..7].copy_from_slice(b"hunter2");
    let (_, input) = turn.received(7);
    let said = format!("{input:?}");
    assert!(said.contains("len: 7") && !shows(&said, b"hunter2"), "{said}");
    drop(input);
    let said = format!("{turn:?}");
    assert!(said.contains("len: 64") && !shows(&said, b"hunter2"), "{said}");
    drop(turn);
    let said = format!("{workspace:?}");
    assert!(said.contains("len: 64") && !shows(&said, b"hunter2"), "{said}");
    let said = format!("{server:?}");
    assert!(said.contains("Held { len: 7,") && !shows(&said, b"hunter2"), "{said}");
}
