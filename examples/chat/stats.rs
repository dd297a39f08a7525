//! What the server has seen, as a line.

use crate::pump::Traffic;
use std::fmt;

/// What the server has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats {
    /// Sockets that are open.
    pub(crate) connections: usize,
    /// WebSockets that are open.
    pub(crate) clients: u32,
    /// Those who have joined.
    pub(crate) members: usize,
    /// What was said, in all.
    pub(crate) messages: u64,
    pub(crate) traffic: Traffic,
    /// Who did not read.
    pub(crate) slow: u64,
    /// Who came while it was full.
    pub(crate) turned_away: u64,
    /// Bytes that wait to be written.
    pub(crate) queued: usize,
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            connections,
            clients,
            members,
            messages,
            traffic: Traffic { read, written },
            slow,
            turned_away,
            queued,
        } = self;
        write!(
            f,
            "connections {connections}, clients {clients}, members {members}, messages {messages}, bytes in {read}, "
        )?;
        write!(
            f,
            "bytes out {written}, slow readers dropped {slow}, turned away {turned_away}, bytes queued {queued}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_all() {
        let mut stats = Stats {
            connections: 4,
            clients: 3,
            members: 2,
            messages: 10,
            slow: 1,
            turned_away: 5,
            queued: 7,
            ..Stats::default()
        };
        stats.traffic += Traffic { read: 100, written: 2000 };
        stats.traffic += Traffic { read: 1, written: 1 };
        assert_eq!(
            stats.to_string(),
            "connections 4, clients 3, members 2, messages 10, bytes in 101, bytes out 2001, slow readers dropped 1, turned away 5, \
             bytes queued 7"
        );
    }
}
