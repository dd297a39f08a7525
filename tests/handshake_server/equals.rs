//! What equals what: the tables in the documentation of `sockless::server`, each row of them held.

use crate::handshake::{request, serve};
use sockless::server::{Config, Incoming, Origin, OriginPolicy};

const DOCS: &str = include_str!("../../src/server.rs");

/// The rows of the table with this head: what each of its columns says.
fn table(head: &str) -> Vec<Vec<&'static str>> {
    let rows = DOCS.lines().skip_while(|line| *line != format!("//! {head}")).skip(2);
    let rows = rows.map_while(|line| line.strip_prefix("//! |")?.strip_suffix('|'));
    rows.map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`')).collect()).collect()
}

/// The request for this target, `Host` and `Origin`.
fn asked(target: &str, host: &str, origin: Option<&str>) -> Incoming {
    let line = format!("GET {target} HTTP/1.1");
    let origin = origin.as_slice();
    let wire = request(&line, &[("Host", &[host]), ("Origin", origin)]);
    serve(&Config::default(), &wire, &[]).0.expect("an outcome")
}

#[test]
fn who_is_asked() {
    let rows = table("| target | `Host` | authority | target of [`Request`] |");
    assert_eq!(rows.len(), 12);
    for row in rows {
        let [target, host, authority, resource] = row[..] else { panic!("{row:?}") };
        match asked(target, host, None) {
            Incoming::Upgrade(request) => {
                assert_eq!(
                    (request.authority(), request.target()),
                    (authority, resource),
                    "{row:?}"
                );
                assert_eq!(
                    request.headers().get_all("host").collect::<Vec<_>>(),
                    [authority.as_bytes()],
                    "{row:?}"
                );
            }
            Incoming::Failed(rejected) => {
                assert_eq!((rejected.status(), authority), (400, "400"), "{row:?}")
            }
            Incoming::Http(_) => panic!("{row:?}"),
        }
    }
}

#[test]
fn whose_page_it_is() {
    let rows = table("| `Origin` | authority | |");
    assert_eq!(rows.len(), 30);
    for row in rows {
        let [origin, authority, verdict] = row[..] else { panic!("{row:?}") };
        let same = verdict.starts_with("yes");
        assert!(same || verdict.starts_with("no"), "{row:?}");
        let allows = |incoming| match incoming {
            Incoming::Upgrade(_) => true,
            Incoming::Failed(rejected) => rejected.origin_refusal().is_none(),
            Incoming::Http(_) => panic!("{row:?}"),
        };
        assert_eq!(OriginPolicy::SameHost.check(Some(origin), authority).is_ok(), same, "{row:?}");
        assert_eq!(allows(asked("/", authority, Some(origin))), same, "as Host: {row:?}");
        // The same as the authority of a target, whatever its scheme and whatever Host.
        for scheme in ["ws", "wss", "http", "https"].iter().filter(|_| !authority.is_empty()) {
            for host in ["", "c.example", authority] {
                let target = format!("{scheme}://{authority}/x");
                assert_eq!(
                    allows(asked(&target, host, Some(origin))),
                    same,
                    "{target} beside {host:?}: {row:?}"
                );
            }
        }
    }
}

#[test]
fn which_origins_are_the_same() {
    let rows = table("| origin | origin | |");
    assert_eq!(rows.len(), 7);
    for row in rows {
        let [one, other, verdict] = row[..] else { panic!("{row:?}") };
        let same = verdict.starts_with("yes");
        assert!(same || verdict.starts_with("no"), "{row:?}");
        for (one, other) in [(one, other), (other, one)] {
            assert_eq!(Origin::new(one) == Origin::new(other), same, "{row:?}");
            let list = OriginPolicy::list([one]).unwrap();
            assert_eq!(list.check(Some(other), "a.example").is_ok(), same, "{row:?}");
        }
    }
}
