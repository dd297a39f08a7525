//! One message to many connections: compressed for each, or once by `PreparedMessage`.

use super::Row;
use super::one::{mean, takeover};
use crate::contest::{self, Contestant, Pass};
use crate::corpus::Corpus;
use crate::peer::{End, Setting};
use crate::peers::{Keep, Sockless, write};
use crate::transport::Sink;
use sockless::PreparedMessage;

const RECIPIENTS: usize = 1000;

pub(crate) fn name(corpus: Corpus, setting: Setting) -> String {
    format!("prepared/{}/{}", corpus.name(), takeover(setting))
}

pub(crate) fn row(corpus: Corpus, setting: Setting, times: usize) -> Row {
    let messages = &corpus.messages()[..];
    let ways = [("send_prepared to each of 1,000", true), ("send_text to each of 1,000", false)];
    let mut contestants: Vec<_> = ways
        .into_iter()
        .map(|(name, prepared)| {
            // That many compressors would be some 300 MB.
            let peer = Sockless::new(Keep::Pool(1));
            let mut connections: Vec<_> =
                (0..RECIPIENTS).map(|_| peer.open(End::Server, setting)).collect();
            let (mut sink, mut next) = (Sink::default(), 0);
            let pass = move || {
                (sink.calls, next) = (0, (next + 1) % messages.len());
                let (message, mut bytes) = (&messages[next], 0);
                let shared = prepared.then(|| PreparedMessage::text(&message.text));
                for connection in &mut connections {
                    sink.bytes.clear();
                    let sent = match &shared {
                        Some(shared) => connection.send_prepared(shared),
                        None => connection.send_text(&message.text),
                    };
                    sent.expect("it is open, and its queue empty");
                    write(connection, &mut sink);
                    bytes += sink.bytes.len() as u64;
                }
                Pass { messages: RECIPIENTS as u64, bytes, calls: sink.calls, aside: [0; 2] }
            };
            Contestant { name, pass: Box::new(pass) as Box<dyn FnMut() -> Pass> }
        })
        .collect();
    // The windows grow first.
    for contestant in &mut contestants {
        for _ in 0..((1 << setting.bits) as f64 / mean(messages)).min(40.0) as usize {
            (contestant.pass)();
        }
    }
    let measured = contest::run(&mut contestants, 2 * times);
    Row { name: name(corpus, setting), message_bytes: mean(messages), measured, absent: Vec::new() }
}
