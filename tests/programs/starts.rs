//! A start that fails says why in one line, on stderr, with status 2; `--help` says all, on stdout.

use crate::example::program;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

/// Ends by itself, whatever it is asked: none of these starts gets as far as a loop.
fn run(name: &str, args: &[&str]) -> Output {
    Command::new(program(name)).args(args).stdin(Stdio::null()).output().expect("it starts")
}

fn fails(name: &str, args: &[&str], part: &str) {
    let Output { status, stdout, stderr } = run(name, args);
    let line = String::from_utf8(stderr).expect("text");
    assert_eq!((status.code(), stdout.as_slice()), (Some(2), &b""[..]), "{name} {args:?}: {line}");
    let said = line.strip_prefix(&format!("{name}: ")).and_then(|line| line.strip_suffix('\n'));
    let said = said.unwrap_or_else(|| panic!("{name} {args:?}: {line:?}"));
    assert!(said.contains(part) && !said.contains(char::is_control), "{name} {args:?}: {line:?}");
    assert!(!said.contains(" { "), "{name} {args:?} shows what is for programmers: {said:?}");
}

#[test]
fn help_names_every_option() {
    for (name, options) in [
        ("chat", &["--addr", "--max-clients", "--rate", "--origin"][..]),
        (
            "client",
            &["--subprotocol", "--header", "--origin", "--ping", "--wait", "--binary", "--deflate"],
        ),
        ("echo", &["--origin", "127.0.0.1:9001"]),
    ] {
        for help in ["--help", "-h"] {
            let Output { status, stdout, stderr } = run(name, &[help]);
            let text = String::from_utf8(stdout).expect("text");
            assert_eq!((status.code(), stderr.as_slice()), (Some(0), &b""[..]), "{name} {help}");
            assert!(text.contains(&format!("Usage: {name} [")), "{text}");
            options
                .iter()
                .for_each(|option| assert!(text.contains(option), "{name} {help}: {option}"));
        }
    }
}

#[test]
fn arguments_that_make_no_sense_are_named() {
    for (name, addr) in [("chat", &["--addr"][..]), ("echo", &[])] {
        for wrong in ["nowhere", "127.0.0.1:70000", "127.0.0.1"] {
            fails(name, &[addr, &[wrong]].concat(), wrong);
        }
        fails(name, &["--loud"], "--loud");
        fails(name, &["--origin"], "--origin");
        fails(name, &["--origin", "a.example"], "a.example");
    }
    fails("echo", &["--origin", "http://a.example,"], "--origin");
    fails("chat", &["8080"], "8080");
    fails("chat", &["--rate", "none"], "none");
    fails("client", &[], "URL");
    fails("client", &["--loud"], "--loud");
    fails("client", &["ws://a.example", "--wait", "long"], "long");
}

#[test]
fn a_port_that_is_in_use_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = other.local_addr().expect("its own").to_string();
    for part in ["cannot listen on", &addr, "in use"] {
        fails("chat", &["--addr", &addr], part);
        fails("echo", &[&addr], part);
    }
}
