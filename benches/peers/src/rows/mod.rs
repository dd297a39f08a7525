//! The rows, a file for each kind.

pub(crate) mod crowd;
pub(crate) mod memory;
pub(crate) mod one;
pub(crate) mod prepared;

use crate::contest::Measured;
use serde::Serialize;

/// The same work, done by all who can.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// The mean length of what is said, in bytes.
    pub(crate) message_bytes: f64,
    pub(crate) measured: Vec<Measured>,
    pub(crate) absent: Vec<Absent>,
}

/// One that cannot do it.
#[derive(Debug, Serialize)]
pub(crate) struct Absent {
    pub(crate) name: &'static str,
    pub(crate) why: &'static str,
}
