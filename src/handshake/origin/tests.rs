//! What each policy allows, and why it refuses the rest.

use super::*;
use alloc::format;
use core::fmt;

fn allows(policy: &OriginPolicy, origin: &str, host: &str) -> bool {
    policy.check(Some(origin), host).is_ok()
}

#[test]
fn same_host() {
    let policy = OriginPolicy::SameHost;
    for (origin, host) in [
        ("http://a.example", "a.example"),
        ("https://a.example", "a.example"),
        ("https://A.example", "a.EXAMPLE"),
        ("ws://a.example", "a.example:80"),
        ("wss://a.example", "a.example:443"),
        ("http://a.example", "a.example:80"),
        ("https://a.example", "a.example:443"),
        ("https://a.example:443", "a.example"),
        ("http://a.example:8080", "a.example:8080"),
        ("https://a.example:8080", "a.example:8080"),
        ("http://[::1]:9001", "[0:0:0:0:0:0:0:1]:9001"),
    ] {
        assert!(allows(&policy, origin, host), "{origin} at {host}");
    }
    for (origin, host) in [
        ("null", "a.example"),
        ("", "a.example"),
        ("a.example", "a.example"),
        ("http://", "a.example"),
        ("http://b.example", "a.example"),
        ("http://a.example.evil", "a.example"),
        ("http://evil.a.example", "a.example"),
        ("http://a.example", "a.example:8080"),
        ("http://a.example:8080", "a.example"),
        ("http://a.example", "a.example:443"),
        ("https://a.example", "a.example:80"),
        ("http://a.example@evil", "a.example"),
        ("http://evil@a.example", "a.example"),
        ("http://a.example/", "a.example"),
        ("http://a.example#", "a.example"),
        ("http://a.example http://b.example", "a.example"),
        ("http://[::1]", "[::2]"),
        ("http://[::1]", "a.example"),
        ("custom://a.example", "a.example"),
        ("custom://a.example", "a.example:80"),
        ("://a.example", "a.example"),
        ("1http://a.example:80", "a.example:80"),
        ("-http://a.example:80", "a.example:80"),
    ] {
        assert!(!allows(&policy, origin, host), "{origin} at {host}");
    }
    assert!(allows(&policy, "custom://a.example:80", "a.example:80"));
    assert!(policy.check(None, "a.example").is_ok());
}

#[test]
fn lists_compare_the_scheme() {
    let policy = OriginPolicy::list(["https://app.example", "http://localhost:5173"]).unwrap();
    for origin in ["https://app.example", "HTTPS://APP.example:443", "http://localhost:5173"] {
        assert!(allows(&policy, origin, "a.example"), "{origin}");
    }
    for origin in [
        "http://app.example",
        "http://app.example:443",
        "https://app.example:80",
        "http://localhost",
        "null",
        "https://a.example",
    ] {
        assert!(!allows(&policy, origin, "a.example"), "{origin}");
    }
    assert!(policy.check(None, "a.example").is_ok());
}

#[test]
fn any_asks_nothing() {
    for origin in ["null", "", "http://b.example"] {
        assert!(allows(&OriginPolicy::Any, origin, "a.example"), "{origin}");
    }
}

#[test]
fn the_same_origin_has_the_scheme_too() {
    for (scheme, origin, host, refusal) in [
        (Scheme::Https, "https://a.example", "a.example", None),
        (Scheme::Https, "HTTPS://A.example:443", "a.example", None),
        (Scheme::Https, "https://a.example", "a.example:443", None),
        (Scheme::Https, "https://a.example:8443", "a.example:8443", None),
        (Scheme::Https, "http://a.example", "a.example", Some(OriginRefusal::OtherScheme)),
        (Scheme::Https, "http://a.example:443", "a.example:443", Some(OriginRefusal::OtherScheme)),
        (Scheme::Https, "wss://a.example", "a.example", Some(OriginRefusal::OtherScheme)),
        (Scheme::Https, "https://a.example", "a.example:80", Some(OriginRefusal::OtherPort)),
        (Scheme::Https, "https://b.example", "a.example", Some(OriginRefusal::OtherHost)),
        (Scheme::Https, "null", "a.example", Some(OriginRefusal::NoSite)),
        (Scheme::Https, "https://a.example", "", Some(OriginRefusal::NoHost)),
        (Scheme::Http, "http://a.example", "a.example", None),
        (Scheme::Http, "http://a.example:80", "a.example", None),
        (Scheme::Http, "https://a.example", "a.example", Some(OriginRefusal::OtherScheme)),
    ] {
        let checked = OriginPolicy::SameOrigin(scheme).check(Some(origin), host);
        assert_eq!(checked.err(), refusal, "{scheme:?}: {origin} at {host:?}");
    }
    assert_eq!(OriginPolicy::SameOrigin(Scheme::Https).check(None, "a.example"), Ok(()));
}

#[test]
fn no_page_is_of_the_empty_host() {
    for origin in ["http://", "https://", "http://a.example", "null", "", "://", "http://:80"] {
        for policy in [OriginPolicy::SameHost, OriginPolicy::SameOrigin(Scheme::Http)] {
            assert!(!allows(&policy, origin, ""), "{origin:?} {policy:?}");
        }
    }
    assert_eq!(
        OriginPolicy::SameHost.check(Some("http://a.example"), ""),
        Err(OriginRefusal::NoHost)
    );
    assert_eq!(OriginPolicy::SameHost.check(None, ""), Ok(()));
}

#[test]
fn texts_and_sites_in_one_list() {
    let text = |text| Origin::text(text).unwrap();
    let list = [text("null"), text("file://"), text("my app"), Origin::new("app://local").unwrap()];
    let policy = OriginPolicy::origins(list);
    for origin in ["null", "file://", "my app", "app://local", "APP://LOCAL"] {
        assert!(allows(&policy, origin, "a.example"), "{origin}");
    }
    for origin in ["NULL", "null ", "file:///", "my  app", "app://local:80", "http://a.example", ""]
    {
        assert_eq!(
            policy.check(Some(origin), "a.example"),
            Err(OriginRefusal::NotListed),
            "{origin}"
        );
    }
}

#[test]
fn one_of_several_is_enough() {
    let custom = OriginPolicy::custom(|asked| {
        asked.origin() == Some("x") && asked.authority() == "a.example"
    });
    let policy =
        OriginPolicy::SameHost.or(OriginPolicy::list(["https://b.example"]).unwrap().or(custom));
    for origin in ["http://a.example", "https://b.example", "x"] {
        assert!(allows(&policy, origin, "a.example"), "{origin}");
    }
    // The reason is the first one's.
    assert_eq!(policy.check(Some("http://b.example"), "a.example"), Err(OriginRefusal::OtherHost));
    assert_eq!(policy.check(Some("x"), "b.example"), Err(OriginRefusal::NoSite));
    let OriginPolicy::OneOf(policies) = &policy else { panic!() };
    assert_eq!(policies.iter().count(), 3);
    assert_eq!(policy.check(None, "a.example"), Ok(()));
}

#[test]
fn a_function_is_asked_about_everyone() {
    let policy = OriginPolicy::custom(|asked| {
        asked.origin().is_some_and(|origin| origin.starts_with("https:"))
    });
    assert!(allows(&policy, "https://b.example", "a.example"));
    assert_eq!(policy.check(Some("http://a.example"), "a.example"), Err(OriginRefusal::Custom));
    assert_eq!(policy.check(None, "a.example"), Err(OriginRefusal::Custom));
    let same = OriginPolicy::custom(|asked| asked.is_same_host());
    assert!(
        allows(&same, "http://a.example", "a.example")
            && !allows(&same, "http://b.example", "a.example")
    );
    assert!(same.check(None, "a.example").is_err());
    assert_eq!(format!("{policy:?}"), "Custom(Predicate { .. })");
}

#[test]
fn policies_can_be_shared() {
    fn shares<T: Send + Sync + Clone + fmt::Debug + 'static>() {}
    shares::<OriginPolicy>();
}

/// An authority that is no host and port is no page's, though an origin ends in the very same text.
#[test]
fn what_is_no_authority_has_no_pages() {
    let custom = || OriginPolicy::custom(|check| check.is_same_host());
    let policies = [
        OriginPolicy::SameHost,
        OriginPolicy::SameOrigin(Scheme::Http),
        OriginPolicy::SameHost.or(OriginPolicy::SameOrigin(Scheme::Http)),
        custom(),
        custom().or(OriginPolicy::SameHost),
    ];
    for authority in [
        "user@a", "a/", "a/x", "a b", "a?", "a#", "a\\b", "", ":80", "a:", "a:0", "a:65536", "a:x",
        "::1", "[::1", "\u{e4}", "a%2",
    ] {
        let is_one = Authority::parse(authority.as_bytes()).is_some();
        assert_eq!(is_one, authority == "a:", "an empty port is none");
        for policy in &policies {
            let origin = format!("http://{authority}");
            assert_eq!(
                policy.check(Some(&origin), authority).is_ok(),
                is_one,
                "{policy:?} {origin:?}"
            );
        }
        assert!(OriginPolicy::Any.check(Some("http://a"), authority).is_ok());
        let expected = format!("OriginCheck {{ origin: None, authority: {authority:?} }}");
        let sees = OriginPolicy::custom(move |check| format!("{check:?}") == expected);
        assert!(sees.check(None, authority).is_ok(), "{authority:?}");
    }
}
