//! Operations of which one alone goes where several of the others would have to meet.

use super::bodies;
use super::reading::{Reading, Workspaces};
use super::station::Station;
use crate::choices::Choices;
use sockless::{MessageKind, Payload, SendError, deflate::Compress};

impl Station {
    /// 0: a compressed message in parts, to its end; 1: payloads by reference, three and more; 2:
    /// more pings than there is room for pongs, read before any of these can leave; others: a read
    /// in a turn of another workspace.
    pub fn bulk(
        &mut self,
        which: u8,
        choices: &mut Choices<'_>,
        to: &mut Self,
        workspaces: &mut Workspaces,
    ) {
        match which {
            0 => self.say_in_parts(choices, to),
            1 => {
                for _ in 0..3 + choices.byte() % 4 {
                    self.say_by_reference(choices, to);
                }
            }
            2 => {
                let count = 30 + choices.byte() % 32;
                for i in 0..count {
                    self.ping(&[i; 125], to);
                }
                self.write(to, usize::MAX, choices.byte(), workspaces);
                to.read(usize::MAX, Reading::Whole, workspaces);
            }
            _ => {
                let reading = choices.pick(&[Reading::Whole, Reading::Once, Reading::Unpolled]);
                to.read_elsewhere(choices.number(), reading);
            }
        }
    }

    /// Begun, written and finished, where a message can be; with what an application says in
    /// between.
    fn say_in_parts(&mut self, choices: &mut Choices<'_>, to: &mut Self) {
        let begun = self
            .ask(|connection| connection.begin_message_with(MessageKind::Binary, Compress::Yes));
        if begun.is_err() {
            return;
        }
        let mut all = Vec::new();
        let mut finished = Ok(());
        for _ in 0..choices.byte() % 4 {
            let part = bodies::body(choices.number() % 9000, choices.byte());
            match self.ask(|connection| connection.write_fragment(&part)) {
                Ok(()) => all.extend(part),
                Err(error) => finished = Err(error),
            }
            if choices.byte() & 1 == 0 {
                self.ping(b"between", to);
            }
            let inside = self.ask(|connection| connection.send_binary(Payload::from(&b"x"[..])));
            assert!(
                matches!(inside, Err(SendError::InMessage | SendError::QueueFull)),
                "{inside:?}"
            );
        }
        assert!(matches!(finished, Ok(()) | Err(SendError::QueueFull)), "{finished:?}");
        // Its end is never refused.
        assert_eq!(self.ask(|connection| connection.finish_message()), Ok(()));
        to.inbox.expect(MessageKind::Binary, all);
    }
}
