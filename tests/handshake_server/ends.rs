//! How a handshake ends that has no outcome, by its transport or by time, and how a refusal does,
//! which hears its client out within a bound. What is done stays done.

use crate::handshake::{GET, request, sent};
use crate::handshake_server::upgrade;
use sockless::server::{Config, Handshake, Incoming, Replying};
use sockless::{HandshakeError, Input};

#[test]
fn the_end_of_the_stream_ends_it() {
    for end in [Handshake::handle_eof as fn(&mut Handshake), Handshake::handle_error] {
        for len in [0, 10] {
            let mut handshake = Handshake::new(Config::default());
            assert!(handshake.poll(&mut Input::new(&mut request(GET, &[])[..len])).is_none());
            end(&mut handshake);
            assert!(handshake.poll(&mut Input::empty()).is_none());
            assert!(
                handshake.is_done()
                    && !handshake.wants_read()
                    && !handshake.wants_write()
                    && !handshake.wants_shutdown()
            );
        }
    }
}

#[test]
fn what_is_done_stays_done() {
    let wire = request(GET, &[]);
    for end in [
        Handshake::handle_eof as fn(&mut Handshake),
        Handshake::handle_error,
        Handshake::handle_timeout,
    ] {
        let mut handshake = Handshake::new(Config::default());
        end(&mut handshake);
        for _ in 0..2 {
            assert!(handshake.is_done() && !handshake.wants_read());
            let mut late = wire.clone();
            let mut input = Input::new(&mut late);
            assert!(handshake.poll(&mut input).is_none());
            assert_eq!(input.len(), wire.len());
            handshake.handle_eof();
            handshake.handle_timeout();
        }
    }
}

#[test]
fn a_head_that_is_late_has_an_answer_as_long_as_it_can_be_read() {
    let late = || {
        let mut handshake = Handshake::new(Config::default());
        assert!(handshake.poll(&mut Input::new(&mut b"GET".to_vec())).is_none());
        handshake.handle_timeout();
        assert!(!handshake.is_done() && !handshake.wants_read());
        handshake
    };
    for then in [(|_| ()) as fn(&mut Handshake), Handshake::handle_eof, Handshake::handle_timeout] {
        let mut handshake = late();
        then(&mut handshake);
        assert!(!handshake.is_done());
        let Some(Incoming::Failed(rejected)) = handshake.poll(&mut Input::empty()) else {
            panic!()
        };
        assert_eq!((rejected.error(), rejected.status()), (Some(HandshakeError::TimedOut), 408));
        assert!(handshake.is_done() && handshake.poll(&mut Input::empty()).is_none());
    }
    let mut handshake = late();
    handshake.handle_error();
    assert!(
        handshake.is_done() && handshake.poll(&mut Input::empty()).is_none() && handshake.is_done()
    );
}

fn rejected(config: &Config) -> Replying {
    upgrade(config, &request(GET, &[])).reject(403).into_replying()
}

#[test]
fn a_rejected_client_is_heard_out_within_bounds() {
    let mut config = Config::default();
    config.max_discard = 10;
    // A second request behind the rejected one is thrown away like anything else.
    let mut rejected = self::rejected(&config);
    let mut more = *b"GET / HTTP";
    let mut input = Input::new(&mut more[..9]);
    rejected.poll(&mut input);
    assert!(input.is_empty() && !rejected.is_done());
    drop(input);
    assert!(sent(&mut rejected).starts_with(b"HTTP/1.1 403 Forbidden\r\n"));
    rejected.shutdown_done();
    assert!(!rejected.is_done() && rejected.wants_read());
    rejected.poll(&mut Input::new(&mut more[9..]));
    assert!(rejected.is_done() && !rejected.wants_read());

    // The transport cannot be shut down before the answer has left, and is given up when it fails.
    let mut rejected = self::rejected(&config);
    rejected.handle_eof();
    assert!(
        !rejected.is_done()
            && rejected.wants_write()
            && !rejected.wants_shutdown()
            && !rejected.wants_read()
    );
    rejected.handle_error();
    assert!(rejected.is_done() && !rejected.wants_write() && !rejected.wants_shutdown());
}
