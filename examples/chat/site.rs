//! What is served where. Pages come from the table; [`CHAT`] is the WebSocket; every other answer,
//! a page too, is a [`Replying`], which ends its connection.

use sockless::handshake::{Header, HeaderError};
use sockless::server::{Plain, Reply, Replying};

/// Where the page finds its WebSocket.
const CHAT: &str = "/chat";

/// Path, media type, content.
#[rustfmt::skip]
const PAGES: [(&str, &str, &str); 4] = [
    ("/",         "text/html; charset=utf-8",       include_str!("page.html")),
    ("/page.css", "text/css; charset=utf-8",        include_str!("page.css")),
    ("/page.js",  "text/javascript; charset=utf-8", include_str!("page.js")),
    ("/icon.svg", "image/svg+xml",                  include_str!("icon.svg")),
];

/// The page loads nothing from elsewhere, runs no script of anyone else's and stands in no other
/// page's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whether a request for a WebSocket is for ours.
pub(crate) fn is_chat(target: &str) -> bool {
    path(target) == CHAT
}

/// Answers a request without an upgrade.
pub(crate) fn page(plain: Plain) -> Result<Replying, HeaderError> {
    // RFC 9112 §3.2.
    if plain.headers().text("host").is_none() {
        return line(plain.reply(400), "A request names its host.");
    }
    let path = path(plain.target());
    let page = PAGES.iter().find(|(at, ..)| *at == path);
    match (page, plain.method()) {
        (Some((_, media_type, content)), "GET" | "HEAD") => Ok(plain
            .reply(200)
            .header(Header::new("Content-Type", media_type)?)
            .header(Header::new("Content-Security-Policy", POLICY)?)
            .header(Header::new("X-Content-Type-Options", "nosniff")?)
            .header(Header::new("Referrer-Policy", "no-referrer")?)
            .header(Header::new("Cache-Control", "no-cache")?)
            .body(*content)
            .into_replying()),
        (Some(_), _) => line(
            plain.reply(405).header(Header::new("Allow", "GET, HEAD")?),
            "Only GET and HEAD work here.",
        ),
        (None, _) if path == CHAT => {
            line(plain.reply(426), "Here is a WebSocket. The page is at /")
        }
        (None, _) => nothing(plain.reply(404)),
    }
}

/// Answers a request for what is not there.
pub(crate) fn nothing(reply: Reply) -> Result<Replying, HeaderError> {
    line(reply, "There is nothing here. The page is at /")
}

/// Answers a request for the WebSocket while no more of them are wanted. RFC 9110 §15.6.4.
pub(crate) fn full(reply: Reply) -> Result<Replying, HeaderError> {
    line(
        reply.header(Header::new("Retry-After", "10")?),
        "The room is full. Come again a little later.",
    )
}

fn line(reply: Reply, text: &str) -> Result<Replying, HeaderError> {
    Ok(reply
        .header(Header::new("Content-Type", "text/plain; charset=utf-8")?)
        .body(format!("{text}\n"))
        .into_replying())
}

fn path(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}
