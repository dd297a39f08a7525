//! What is sent: frames as §5.2 wants them ([`frames`]), control frames among them ([`control`]),
//! and the transmit queue under partial writes and refusals that change nothing ([`queue`]).

mod abandoned;
mod control;
mod frames;
mod queue;
