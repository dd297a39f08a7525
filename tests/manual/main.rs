//! The manual's code, run: each loop that it shows is the very file that is included here.

#[path = "../../examples/loops/asynchronous.rs"]
mod asynchronous;
#[path = "../../examples/loops/blocking.rs"]
mod blocking;
#[path = "../../examples/loops/completion.rs"]
mod completion;
#[path = "../../examples/loops/nonblocking.rs"]
mod nonblocking;

mod client;
mod loops;
mod spin;
#[cfg(any())]
mod tables;
