//! The server's side of the opening handshake: what it takes, what it answers, and what it leaves
//! to others.
//!
//! [`requests`] is about what comes, [`equals`] about who is asked and whose page asks, [`answers`]
//! about what is said, [`limits`] about what a head may cost, [`ends`] about how a handshake and a
//! refusal end, and [`logs`] about what a log can show of them. What breaks a rule is in
//! `handshake_rules`.

mod answers;
mod ends;
mod equals;
mod limits;
mod logs;
mod requests;

use crate::handshake::serve;
use sockless::server::{Config, Handshake, Incoming, Plain, Request};

fn upgrade(config: &Config, wire: &[u8]) -> Request {
    match serve(config, wire, &[]).0 {
        Some(Incoming::Upgrade(request)) => request,
        other => panic!("{}: {other:?}", wire.escape_ascii()),
    }
}

fn plain(wire: &[u8]) -> Plain {
    match serve(&Config::default(), wire, &[]).0 {
        Some(Incoming::Http(plain)) => plain,
        other => panic!("{}: {other:?}", wire.escape_ascii()),
    }
}

#[test]
fn all_of_it_can_change_threads() {
    fn moves<T: Send + 'static>() {}
    moves::<Handshake>();
    moves::<Incoming>();
    moves::<sockless::server::Accept>();
    moves::<sockless::server::Reply>();
    moves::<sockless::server::Replying>();
    moves::<sockless::server::Response>();
    moves::<Config>();
    moves::<sockless::client::Handshake>();
    moves::<sockless::client::Outcome>();
}
