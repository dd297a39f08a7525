//! The end of the input: answers have a moment to come, it has an end, and it ends when the server
//! closes.

use crate::program::Client;
use crate::servers::{accept, close_event, late, serve, tamper};
use sockless::CloseCode;
use std::thread;
use std::time::{Duration, Instant};

/// Well above what a loaded machine adds.
const SLACK: Duration = Duration::from_secs(4);

#[test]
fn an_answer_that_takes_its_time_is_shown() {
    let (addr, server) =
        late(Duration::from_millis(400), |connection| connection.send_text("late").unwrap());
    let ended = Client::start(&[&format!("ws://{addr}")]).ends_with_input(b"a\n");
    assert_eq!(
        (ended.status, ended.line(1), ended.line(2)),
        (0, "< late", "* closed: 1000, by us"),
        "{}",
        ended.out
    );
    assert_eq!(close_event(server).code, 1000);
}

#[test]
fn no_answer_is_waited_for_as_long_as_was_said_and_no_longer() {
    for (args, allowed) in [(&[][..], 1.0), (&["--wait", "0.3"], 0.3), (&["--wait", "0"], 0.0)] {
        let (addr, server) = late(Duration::from_secs(60), |_| {});
        let from = Instant::now();
        let ended =
            Client::start(&[args, &[&format!("ws://{addr}")]].concat()).ends_with_input(b"a\n");
        let (took, allowed) = (from.elapsed(), Duration::from_secs_f64(allowed));
        assert_eq!(
            (ended.status, ended.line(1)),
            (0, "* closed: 1000, by us"),
            "{args:?}: {}",
            ended.out
        );
        assert!(took >= allowed && took < allowed + SLACK, "{args:?}: {took:?}");
        assert_eq!(close_event(server).code, 1000);
    }
}

#[test]
fn a_server_that_closes_ends_the_wait() {
    let (addr, _) = late(Duration::from_millis(100), |connection| {
        connection.close(Some(CloseCode::AWAY.into())).unwrap()
    });
    let from = Instant::now();
    let ended = Client::start(&["--wait", "60", &format!("ws://{addr}")]).ends_with_input(b"a\n");
    assert_eq!(
        (ended.status, ended.line(1)),
        (0, "* closed: 1001, by the server"),
        "{}",
        ended.out
    );
    assert!(from.elapsed() < SLACK, "{:?}", from.elapsed());
}

#[test]
fn ctrl_c_ends_the_wait() {
    let (addr, server) = serve(accept, |_| {});
    let mut client = Client::start(&["--wait", "60", &format!("ws://{addr}")]);
    client.hears("* open");
    client.input_ends();
    client.interrupt();
    client.hears("* closed: 1000, by us");
    assert_eq!(client.ends().status, 0);
    assert_eq!(close_event(server).code, 1000);
}

/// To wait costs no processor time, neither for answers nor, after that, for the answer to our
/// Close.
#[cfg(target_os = "linux")]
#[test]
fn nothing_spins_while_it_waits() {
    for wait in ["60", "0.05"] {
        let (addr, _server) = serve(accept, |_| {});
        // Whoever is between them passes nothing on.
        let (between, _) = tamper(addr, b"\x81\x02hi");
        let mut client = Client::start(&["--wait", wait, &format!("ws://{between}")]);
        client.hears("* open");
        client.hears("< hi");
        client.input_ends();
        thread::sleep(Duration::from_millis(200));
        let before = client.ticks();
        thread::sleep(Duration::from_secs(1));
        let spent = client.ticks() - before;
        assert!(spent < 20, "--wait {wait}: {spent} ticks of 10 ms in a second");
    }
}
