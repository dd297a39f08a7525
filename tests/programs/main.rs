//! The examples as programs: how they start ([`starts`]), what the echo server says to those it
//! does not serve ([`echo`]), and how long the chat keeps a socket that is closed ([`kept`]).
#![cfg(unix)]

#[path = "../crowd/chat.rs"]
#[allow(dead_code)] // The crowd asks for more.
mod chat;
mod echo;
#[path = "../example/mod.rs"]
mod example;
mod kept;
mod starts;
