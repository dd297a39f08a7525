//! A crowd in the chat example, each side a process of its own: [`chat`] starts the server,
//! [`people`] are clients of this crate in one event loop. Everyone hears everything, once and in
//! order, whatever some of them do.
//!
//! [`door`] is about who gets in at all.
//!
//! With the feature `deflate`, every second one of them compresses.
//!
//! `cargo test` sends 200 people, `cargo test --release` 1,000. All waits have an end, and the
//! server ends with the test.
#![cfg(unix)]

mod chat;
mod door;
#[path = "../example/mod.rs"]
mod example;
mod people;
#[path = "../../examples/chat/pump.rs"]
mod pump;

use chat::Chat;
use door::knock;
use people::{Crowd, Person};
use sockless::CloseCode;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

const PEOPLE: usize = if cfg!(debug_assertions) { 200 } else { 1000 };
/// How much each of them says.
const MESSAGES: usize = 5;
/// Of each kind.
const TROUBLE: usize = 10;
/// What the kinds that come in are called, each with a number behind it; the others never get that
/// far.
const KINDS: [&str; 4] = ["never reads", "sends garbage", "stalls in a frame", "resets"];
/// For one phase of a test.
const PATIENCE: Duration = Duration::from_secs(25);

#[test]
fn a_crowd_hears_everything_once_and_in_order() {
    let sockets = PEOPLE + (KINDS.len() + 1) * TROUBLE;
    if !chat::descriptors_suffice(sockets, "a_crowd_hears_everything_once_and_in_order") {
        return;
    }
    let chat = Chat::start(&["--max-clients", "5000"], sockets);

    // Everyone comes, some of them only half.
    let mut half: Vec<TcpStream> = (0..TROUBLE).map(|i| stall_in_the_head(&chat, i)).collect();
    let mut crowd = Crowd::new();
    let people: Vec<usize> =
        (0..PEOPLE).map(|i| crowd.enter(Person::connect(chat.addr, &i.to_string()))).collect();
    let trouble = KINDS.map(|kind| -> Vec<usize> {
        (0..TROUBLE)
            .map(|i| crowd.enter(Person::connect(chat.addr, &format!("{kind} {i}"))))
            .collect()
    });
    crowd.drive("everyone is here", PATIENCE, |crowd| crowd.everyone().all(|person| person.here));

    let [never_reads, garbage, stalls, resets] = &trouble;
    for who in never_reads.iter().chain(resets) {
        crowd.person(*who).reads = false;
    }
    for who in garbage {
        // Reserved bits at once, and then whatever.
        crowd
            .person(*who)
            .write_raw(&std::array::from_fn::<u8, 1000, _>(|i| 0xff - (i * i % 251) as u8));
    }
    for who in stalls {
        // The beginning of 60,000 bytes, not masked by much. Of a binary frame, as whoever is slow
        // answers the chat's ping in the middle of it.
        crowd.person(*who).write_raw(b"\x82\xfe\xea\x60\0\0\0\0say h");
    }

    // Each says the next thing as soon as it hears its last one.
    let from = Instant::now();
    people.iter().for_each(|who| crowd.talk(*who, MESSAGES));
    crowd.drive("half of it is heard", PATIENCE, |crowd| {
        people.iter().all(|who| crowd.look(*who).heard() >= PEOPLE * MESSAGES / 2)
    });
    for who in resets {
        // With bytes that nobody read, the kernel resets the connection.
        crowd.drop(*who);
    }
    crowd.drive("all of it is heard", PATIENCE, |crowd| {
        people.iter().all(|who| crowd.look(*who).heard() >= PEOPLE * MESSAGES)
    });
    let took = from.elapsed();
    // What comes twice would come now.
    crowd.drive_for(Duration::from_millis(100));

    for who in &people {
        let person = crowd.look(*who);
        assert!(person.complaints.is_empty(), "{}: {:?}", person.name, person.complaints);
        assert!(person.heard_all(PEOPLE, MESSAGES), "{}", person.name);
    }
    #[cfg(feature = "deflate")]
    assert!(
        crowd.look(people[0]).read() * 10 < crowd.look(people[1]).read() * 9,
        "compressed, the same is shorter"
    );
    for who in garbage {
        let close_event = crowd.look(*who).close_event.as_ref().expect("it is shown the door");
        assert_eq!(close_event.code, CloseCode::PROTOCOL.get());
    }
    for who in stalls {
        assert_eq!(crowd.look(*who).close_event, None);
    }
    let stats = chat.stats();
    assert!(stats.contains(&format!(" messages {}, ", PEOPLE * MESSAGES)), "{stats}");
    println!("{} deliveries in {took:.1?}; {stats}", PEOPLE * PEOPLE * MESSAGES);

    // The server stops: everyone is told so, and who never reads does not hold it up.
    half.pop();
    chat.stop(Duration::from_secs(5), || crowd.drive_for(Duration::from_millis(20)));
    crowd.drive("everyone is done", PATIENCE, |crowd| {
        people.iter().all(|who| crowd.look(*who).done)
    });
    for who in &people {
        let close_event = crowd.look(*who).close_event.as_ref().expect("told before it is done");
        assert_eq!((close_event.code, close_event.clean), (CloseCode::AWAY.get(), true));
    }
}

#[test]
fn a_slow_reader_is_let_go_and_nobody_else_notices() {
    let chat = Chat::start(&["--rate", "1000000"], 10);
    let mut crowd = Crowd::new();
    let [ada, bob, slow] =
        ["0", "1", "slow"].map(|name| crowd.enter(Person::connect(chat.addr, name)));
    crowd.drive("all three are here", PATIENCE, |crowd| crowd.everyone().all(|person| person.here));
    crowd.person(slow).reads = false;

    // The longest messages that the room takes, 8 KB each. What the kernel takes for a socket that
    // is not read is some MB, too.
    crowd.person(ada).padding = "🐌".repeat(1990);
    crowd.talk(ada, 4000);
    crowd.drive("the slow one is let go", PATIENCE, |crowd| crowd.look(bob).gone.contains("slow"));
    let said = crowd.look(ada).heard();
    crowd.person(ada).silence();
    assert!(said * 8000 > 1 << 20, "let go after only {said} messages");
    assert_eq!(crowd.look(slow).close_event, None);

    // Should it read after all, it finds out why.
    crowd.person(slow).reads = true;
    crowd.wake(slow);
    crowd.drive("the slow one learns it", PATIENCE, |crowd| crowd.look(slow).close_event.is_some());
    let close_event = crowd.look(slow).close_event.as_ref().unwrap();
    assert_eq!(
        (close_event.code, close_event.reason.as_str()),
        (CloseCode::POLICY.get(), "reads too slowly")
    );
    assert!(crowd.look(slow).heard() < crowd.look(ada).said());

    crowd.talk(bob, 10);
    crowd.drive("the others talk on", PATIENCE, |crowd| {
        [ada, bob].iter().all(|who| {
            crowd.look(*who).heard_of(1) == 10
                && crowd.look(*who).heard_of(0) == crowd.look(ada).said()
        })
    });
    for who in [ada, bob] {
        assert!(crowd.look(who).complaints.is_empty() && crowd.look(who).close_event.is_none());
    }
    let stats = chat.stats();
    assert!(
        stats.contains("slow readers dropped 1, ") && stats.ends_with("bytes queued 0"),
        "{stats}"
    );
    println!("let go after {said} messages of 8 KB; {stats}");
}

#[test]
fn who_had_no_turn_yet_is_not_slow() {
    const SPEAKERS: usize = 70;
    let chat = Chat::start(&[], SPEAKERS + 1);
    let mut crowd = Crowd::new();
    let speakers: Vec<usize> =
        (0..SPEAKERS).map(|i| crowd.enter(Person::connect(chat.addr, &i.to_string()))).collect();
    let listener = crowd.enter(Person::connect(chat.addr, "listener"));
    crowd.drive("everyone is here", PATIENCE, |crowd| crowd.everyone().all(|person| person.here));
    crowd.drive_for(Duration::from_millis(100));

    // Two of the longest messages are what the chat reads in one turn of a speaker. It finds those
    // of all of them waiting at once: more than 1 MiB for the listener, before that one's next
    // turn.
    chat.signal("STOP");
    for who in &speakers {
        crowd.person(*who).padding = "🐌".repeat(1990);
        crowd.person(*who).say_at_once(2);
        crowd.wake(*who);
    }
    crowd.drive("it is on its way", PATIENCE, |crowd| crowd.everyone().all(Person::has_written));
    // What they hear themselves is of no interest, and would take its time.
    speakers.iter().for_each(|who| crowd.person(*who).reads = false);
    chat.signal("CONT");
    crowd.drive("the listener hears all of it", PATIENCE, |crowd| {
        crowd.look(listener).heard() >= 2 * SPEAKERS
    });
    let person = crowd.look(listener);
    assert!(
        person.complaints.is_empty() && person.heard_all(SPEAKERS, 2),
        "{:?}",
        person.complaints
    );
    let stats = chat.stats();
    assert!(stats.contains("slow readers dropped 0, "), "{stats}");
}

#[test]
fn who_finds_the_room_full_is_told_when_to_come_again() {
    let chat = Chat::start(&["--max-clients", "1"], 3);
    let (first, head) = knock(&chat, None);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let (_, head) = knock(&chat, None);
    assert!(
        head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nRetry-After: 10\r\n"),
        "{head}"
    );
    // The seat of who goes is free.
    drop(first);
    let until = Instant::now() + PATIENCE;
    while !knock(&chat, None).1.starts_with("HTTP/1.1 101 ") {
        assert!(Instant::now() < until, "the room stays full: {}", chat.stats());
    }
}

#[test]
fn pages_of_other_sites_come_in_only_if_that_was_said() {
    let (here, there) = ("https://chat.example", "https://other.example");
    for (args, origin, status) in [
        (&[][..], there, 403),
        (&["--origin", here], there, 403),
        (&["--origin", here], here, 101),
        (&["--origin", here, "--origin", there], there, 101),
        (&["--origin", "*"], there, 101),
    ] {
        let chat = Chat::start(args, 1);
        let (_stream, head) = knock(&chat, Some(origin));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{args:?}, {origin}: {head}");
    }
    let chat = Chat::start(&[], 1);
    let own = format!("http://{}", chat.addr);
    assert!(knock(&chat, Some(&own)).1.starts_with("HTTP/1.1 101 "));
}

/// A connection that gets no further than half of its request, or begins with something else
/// altogether.
fn stall_in_the_head(chat: &Chat, i: usize) -> TcpStream {
    let mut stream = TcpStream::connect(chat.addr).expect("the chat listens");
    let bytes: &[u8] = if i % 2 == 0 {
        b"GET /chat HTTP/1.1\r\nHost: 127"
    } else {
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    };
    stream.write_all(bytes).expect("the chat reads");
    stream
}
