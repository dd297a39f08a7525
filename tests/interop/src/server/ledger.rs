//! What the server saw of its connections, told by their threads and asked for by others.

use serde::Serialize;
use sockless::CloseEvent;
use sockless::server::Replying;
use std::collections::{HashMap, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pages: Mutex<Pages>,
    written: Condvar,
}

#[derive(Debug, Default)]
struct Pages {
    close_events: HashMap<String, Seen>,
    released: HashSet<String>,
    refusals: Vec<Refusal>,
}

/// The end of a connection.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Seen {
    pub(crate) code: u16,
    pub(crate) reason: String,
    pub(crate) clean: bool,
    pub(crate) cause: String,
    /// How many bytes of messages had come.
    #[serde(skip)]
    pub(crate) received: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Refusal {
    status: u16,
    error: Option<String>,
}

impl Ledger {
    pub(crate) fn closed(&self, id: String, close_event: CloseEvent, received: usize) {
        let CloseEvent { code, reason, clean, cause, .. } = close_event;
        self.pages()
            .close_events
            .insert(id, Seen { code, reason, clean, cause: format!("{cause:?}"), received });
        self.written.notify_all();
    }

    pub(crate) fn wait_for_close_event(&self, id: &str, patience: Duration) -> Option<Seen> {
        self.wait(patience, |pages| !pages.close_events.contains_key(id))
            .close_events
            .get(id)
            .cloned()
    }

    pub(crate) fn release(&self, id: String) {
        self.pages().released.insert(id);
        self.written.notify_all();
    }

    pub(crate) fn wait_for_release(&self, id: &str, patience: Duration) {
        drop(self.wait(patience, |pages| !pages.released.contains(id)));
    }

    pub(crate) fn refused(&self, replying: &Replying) {
        let error = replying.error().map(|error| format!("{error:?}"));
        self.pages().refusals.push(Refusal { status: replying.status(), error });
    }

    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        self.pages().refusals.clone()
    }

    fn wait(
        &self,
        patience: Duration,
        mut absent: impl FnMut(&Pages) -> bool,
    ) -> MutexGuard<'_, Pages> {
        let waited = self.written.wait_timeout_while(self.pages(), patience, |pages| absent(pages));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
