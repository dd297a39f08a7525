//! The manual's code, run: each loop that it shows is the very file that is included here.

#[allow(unreachable_pub)] // As in a crate of their own.
#[path = "../../examples/loops/asynchronous.rs"]
mod asynchronous;
#[allow(unreachable_pub)] // As in a crate of their own.
#[path = "../../examples/loops/blocking.rs"]
mod blocking;
#[allow(unreachable_pub)] // As in a crate of their own.
#[path = "../../examples/loops/completion.rs"]
mod completion;
#[allow(unreachable_pub)] // As in a crate of their own.
#[path = "../../examples/loops/nonblocking.rs"]
mod nonblocking;

mod client;
mod loops;
mod spin;
mod tables;
