//! The server's side of the opening handshake, RFC 6455 §4.2.
//!
//! ```text
//!                    ┌─► Upgrade(Request) ── accept() ─► Accept ── open() ─────────► Connection
//!   Handshake ─ poll ┤          │                          │ reject()
//!                    │          └─────────── reject() ─► Reply ── into_replying() ─► Replying
//!                    ├─► Http(Plain) ─────── reply() ──► Reply ── into_replying() ─► Replying
//!                    └─► Failed(Replying)
//! ```
//!
//! A request is `Http` if its `Upgrade` lacks the token `websocket`. Each outcome leads to an
//! [`Endpoint`](crate::Endpoint) with bytes to send: if you drive it until it is done, every client
//! gets an answer.
//!
//! # What equals what
//!
//! The authority of a request, the host that is asked, is in `Host`. If the target is in absolute
//! form, the authority is the one in the target, but there must be exactly one `Host` all the same
//! (RFC 9112 §3.2). A [`Request`] has the authority and the target of the last two columns, and its
//! headers have that authority as `Host`.
//!
//! | target | `Host` | authority | target of [`Request`] |
//! |---|---|---|---|
//! | `/x?y` | `a.example` | `a.example` | `/x?y` |
//! | `/x?y` | `A_b.Example.:` | `A_b.Example.:` | `/x?y` |
//! | `/x?y` | | | `/x?y` |
//! | `wss://b.example/x?y` | `a.example` | `b.example` | `/x?y` |
//! | `HTTP://B.example:80` | `a.example` | `B.example:80` | `/` |
//! | `https://[::1]?y` | | `[::1]` | `/?y` |
//! | `ws://user@a.example/` | `a.example` | 400 | |
//! | `ws://user:pass@a.example/` | `a.example` | 400 | |
//! | `ftp://a.example/` | `a.example` | 400 | |
//! | `a.example/` | `a.example` | 400 | |
//! | `wss://b.example/` | `user@a.example` | 400 | |
//! | `/` | `user@a.example` | 400 | |
//!
//! Whether a page is from the host that is asked, by [`OriginPolicy::SameHost`]:
//!
//! | `Origin` | authority | |
//! |---|---|---|
//! | `https://a.example` | `a.example` | yes |
//! | `http://a.example` | `a.example` | yes: the scheme is not compared |
//! | `HTTPS://A.Example` | `a.EXAMPLE` | yes: case does not count |
//! | `http://a.example` | `a.example:80` | yes: the default port of its scheme |
//! | `https://a.example` | `a.example:443` | yes |
//! | `https://a.example:443` | `a.example` | yes |
//! | `https://a.example` | `a.example:` | yes: an empty port is none |
//! | `https://a.example:8080` | `a.example:08080` | yes: a port is a number |
//! | `https://a.example` | `a.example:80` | no: another port |
//! | `http://a.example` | `a.example:8080` | no |
//! | `https://a.example.` | `a.example.` | yes |
//! | `https://a.example.` | `a.example` | no: a dot at the end is part of the name |
//! | `https://a.example` | `a.example.` | no |
//! | `https://a..example` | `a.example` | no: each dot counts |
//! | `https://a_b.example` | `a_b.example` | yes: underscores are allowed in a host |
//! | `https://a_b.example` | `a-b.example` | no |
//! | `https://www.a.example` | `a.example` | no: a subdomain is another host |
//! | `https://%61.example` | `a.example` | no: nothing is decoded |
//! | `https://xn--bcher-kva.example` | `xn--bcher-kva.example` | yes: a name outside ASCII comes in Punycode |
//! | `http://[::1]` | `[0:0:0:0:0:0:0:1]` | yes: an address of IPv6 is a number |
//! | `http://[2001:DB8::a]` | `[2001:db8:0::A]:80` | yes |
//! | `http://[::ffff:127.0.0.1]` | `127.0.0.1` | no: it is another kind of address |
//! | `http://127.1` | `127.0.0.1` | no: an address of IPv4 is compared as text |
//! | `http://[fe80::1%25eth0]` | `[fe80::1]` | no: no origin has a zone |
//! | `https://user@a.example` | `a.example` | no: no origin has user information |
//! | `https://a.example/` | `a.example` | no: nor a path |
//! | `app://a.example` | `a.example` | no: its scheme has no default port |
//! | `app://a.example:80` | `a.example:80` | yes |
//! | `null` | `a.example` | no |
//! | `http://` | | no: no page is of the empty host |
//!
//! Whether two origins are the same, for [`OriginPolicy::list`] and [`Origin`], which compare the
//! scheme too:
//!
//! | origin | origin | |
//! |---|---|---|
//! | `https://a.example` | `HTTPS://A.example:443` | yes |
//! | `https://a.example` | `http://a.example` | no: another scheme |
//! | `https://a.example:80` | `http://a.example` | no |
//! | `https://a.example` | `wss://a.example` | no |
//! | `https://a.example` | `https://a.example.` | no |
//! | `http://[::1]:80` | `http://[0::1]` | yes |
//! | `app://a` | `app://a:80` | no |
//!
//! User information is an error in the address of a [`client::Request`](crate::client::Request)
//! too.

pub use crate::handshake::server::{
    Accept, Config, Handshake, Incoming, InvalidOrigin, Origin, OriginCheck, OriginPolicy,
    OriginRefusal, Origins, Plain, Policies, Predicate, Reply, Replying, Request, Response, Scheme,
};
