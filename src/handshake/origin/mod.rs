//! Which web pages may connect: the check of `Origin`, RFC 6455 §4.2.2 point 4 and §10.2.
//!
//! A browser names in `Origin` the site whose script opens the connection, and sends the user's
//! cookies with it: without a check, every site can act as the user. Other clients send no
//! `Origin`, and could send any.
//!
//! | Origin           | `SameHost`                          | `SameOrigin`  | `List`            | `Any`   |
//! |------------------|-------------------------------------|---------------|-------------------|---------|
//! | none             | allowed                             | allowed       | allowed           | allowed |
//! | `null`, a text   | refused                             | refused       | if it is in it    | allowed |
//! | an origin        | allowed if host and port are Host's | … and the scheme the given one | if it is in it | allowed |
//!
//! A `Custom` policy is asked in each case. A second `Origin`, or one with bytes outside ASCII, is
//! refused by any policy.

mod custom;
mod shared;
mod site;
#[cfg(test)]
mod tests;

use self::shared::Shared;
use self::site::Parts;
use super::authority::Authority;
use super::fields::is_spelt;
use alloc::vec::Vec;

pub use self::custom::{OriginCheck, Predicate};
pub use self::site::{InvalidOrigin, Origin};

/// Which web pages may connect.
///
/// ```
/// use sockless::server::{Config, InvalidOrigin, OriginPolicy, Scheme};
///
/// let mut config = Config::default();
/// assert_eq!(config.origin, OriginPolicy::SameHost);
///
/// // A server behind TLS: pages of its own host that came over TLS too …
/// config.origin = OriginPolicy::SameOrigin(Scheme::Https);
/// // … and those of two other hosts.
/// let others = OriginPolicy::list(["https://app.example", "https://www.example"])?;
/// config.origin = config.origin.or(others);
/// # Ok::<(), InvalidOrigin>(())
/// ```
///
/// A clone is cheap: lists are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginPolicy {
    /// Pages of the same host: the host and the port of `Origin` equal those of the request. If
    /// either leaves out the port, it is the default port of the `Origin`'s scheme. The scheme
    /// itself is not compared, because a proxy may have ended the TLS. So **a page that came over
    /// `http` from this host, which anyone on the way can change, may connect to a `wss` server**.
    /// [`SameOrigin`](Self::SameOrigin) refuses such a page.
    ///
    /// Use a list instead behind a proxy that changes `Host`. Use one also on localhost and in a
    /// private network: any site can point its name to your address (DNS rebinding), and then its
    /// pages are of the same host.
    #[default]
    SameHost,
    /// Pages of the same host that came by this scheme: the same origin (RFC 6454 §5). Use
    /// [`Scheme::Https`] for a server that is reached by `wss`, and [`Scheme::Http`] for one that
    /// is reached by `ws`.
    SameOrigin(Scheme),
    /// Pages of these origins: see [`list`](Self::list) and [`origins`](Self::origins).
    List(Origins),
    /// Pages that at least one of several policies allows: see [`or`](Self::or).
    OneOf(Policies),
    /// Pages that your function allows: see [`custom`](Self::custom).
    Custom(Predicate),
    /// Pages of any site. This is right only if a connection has no authority of its user: no
    /// cookies, no trusted network.
    Any,
}

/// The scheme by which a page came, and by which clients reach the server. A proxy in front may end
/// the TLS.
///
/// ```
/// use sockless::server::{OriginPolicy, OriginRefusal, Scheme};
///
/// let policy = OriginPolicy::SameOrigin(Scheme::Https);
/// assert_eq!(policy.check(Some("https://a.example"), "a.example"), Ok(()));
/// let refusal = policy.check(Some("http://a.example"), "a.example").unwrap_err();
/// assert_eq!(refusal, OriginRefusal::OtherScheme);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `http`, for a server that is reached by `ws`.
    Http,
    /// `https`, for a server that is reached by `wss`.
    Https,
}

/// The origins of an [`OriginPolicy::List`].
///
/// ```
/// use sockless::server::{InvalidOrigin, OriginPolicy};
///
/// let policy = OriginPolicy::list(["https://app.example"])?;
/// let OriginPolicy::List(origins) = policy else { panic!() };
/// assert!(origins.iter().map(|origin| origin.as_str()).eq(["https://app.example"]));
/// # Ok::<(), InvalidOrigin>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Origins(Shared<[Origin]>);

/// The policies of an [`OriginPolicy::OneOf`].
///
/// ```
/// use sockless::server::{InvalidOrigin, OriginPolicy};
///
/// let list = OriginPolicy::list(["https://app.example"])?;
/// let OriginPolicy::OneOf(policies) = OriginPolicy::SameHost.or(list.clone()) else { panic!() };
/// assert!(policies.iter().eq([&OriginPolicy::SameHost, &list]));
/// # Ok::<(), InvalidOrigin>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Policies(Shared<[OriginPolicy]>);

/// Why a policy refuses an origin.
///
/// ```
/// use sockless::server::{OriginPolicy, OriginRefusal};
///
/// let refusal = OriginPolicy::SameHost.check(Some("https://b.example"), "a.example").unwrap_err();
/// assert_eq!(refusal, OriginRefusal::OtherHost);
/// assert_eq!(refusal.to_string(), "the page is of another host");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginRefusal {
    /// It is `null`, or another text that names no site.
    #[error("it names no site")]
    NoSite,
    /// The request names no host: its `Host` is empty.
    #[error("the request names no host")]
    NoHost,
    /// The page came by another scheme than the policy's.
    #[error("the page is of another scheme")]
    OtherScheme,
    /// The page is of another host than the request is for.
    #[error("the page is of another host")]
    OtherHost,
    /// The page is of another port than the request is for.
    #[error("the page is of another port")]
    OtherPort,
    /// It is not in the list.
    #[error("it is not in the list")]
    NotListed,
    /// The caller's function refuses it.
    #[error("the server's own check refuses it")]
    Custom,
}

impl OriginPolicy {
    /// Pages of these origins. Each is a scheme and a host, and may have a port:
    /// `https://app.example`. There are no wildcards: name each host.
    ///
    /// # Errors
    /// One of them is not an origin. A path, even a single `/`, is not part of one; a `*` is not
    /// part of a host.
    pub fn list<'a>(origins: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidOrigin> {
        let origins: Vec<Origin> =
            origins.into_iter().map(Origin::new).collect::<Result<_, _>>()?;
        Ok(Self::origins(origins))
    }

    /// Pages of these origins, and clients that send these texts: see [`Origin::text`].
    #[must_use]
    pub fn origins(origins: impl IntoIterator<Item = Origin>) -> Self {
        Self::List(Origins(Shared::new(origins.into_iter().collect())))
    }

    /// Requests for which your function gives `true`. It is called once for each request, also for
    /// those without `Origin`: [`OriginCheck::origin`] is then `None`. It must not block; do slower
    /// checks later, on the [`Request`](crate::server::Request).
    #[must_use]
    pub fn custom(allows: impl Fn(&OriginCheck<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::Custom(Predicate::new(allows))
    }

    /// Allows what this policy or another one allows. The reason of a refusal is that of the first
    /// of them.
    ///
    /// ```
    /// use sockless::server::{InvalidOrigin, OriginPolicy};
    ///
    /// let policy = OriginPolicy::SameHost.or(OriginPolicy::list(["https://app.example"])?);
    /// assert!(policy.check(Some("https://chat.example"), "chat.example").is_ok());
    /// assert!(policy.check(Some("https://app.example"), "chat.example").is_ok());
    /// assert!(policy.check(Some("https://b.example"), "chat.example").is_err());
    /// # Ok::<(), InvalidOrigin>(())
    /// ```
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let parts = |policy| match policy {
            Self::OneOf(policies) => policies.0.to_vec(),
            single => Vec::from([single]),
        };
        let mut all = parts(self);
        all.extend(parts(other));
        Self::OneOf(Policies(Shared::new(all.into())))
    }

    /// Whether a request with this `Origin` may connect, and why not. This is for an HTTP stack of
    /// your own; [`server::Handshake`](crate::server::Handshake) does it by itself.
    ///
    /// `authority` is the host that the request asks: its `Host`, or the authority of a target in
    /// absolute form. If it is not a host with an optional port, no page is of the same host.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub fn check(&self, origin: Option<&str>, authority: &str) -> Result<(), OriginRefusal> {
        self.allow(origin.map(str::as_bytes), Asked::unread(authority.as_bytes()))
    }

    /// The same for bytes. An origin is ASCII.
    pub(super) fn allow(
        &self,
        origin: Option<&[u8]>,
        asked: Asked<'_>,
    ) -> Result<(), OriginRefusal> {
        match (self, origin) {
            (Self::Any, _) => Ok(()),
            (Self::OneOf(policies), _) => policies.allow(origin, asked),
            (Self::Custom(predicate), _) => predicate.allow(origin, asked),
            (_, None) => Ok(()),
            // Browsers spell both the same, and then there is nothing to take apart: what is left
            // out in one is left out in the other.
            (Self::SameHost, Some(origin)) if is_spelt_as_page_of(origin, asked) => Ok(()),
            (Self::SameHost, Some(origin)) => is_page_of(origin, asked, None),
            (Self::SameOrigin(scheme), Some(origin)) => is_page_of(origin, asked, Some(*scheme)),
            (Self::List(origins), Some(origin)) => origins.allow(origin),
        }
    }
}

/// What a request is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    authority: &'a [u8],
    /// It is empty, or a host and perhaps a port.
    is_read: bool,
}

impl<'a> Asked<'a> {
    /// Of text that may be anything.
    fn unread(authority: &'a [u8]) -> Self {
        Self { authority, is_read: false }
    }

    /// Of what is empty, or was read as an authority before.
    pub(super) fn read(authority: &'a [u8]) -> Self {
        Self { authority, is_read: true }
    }
}

/// Whether an origin is this authority behind `http` or `https`.
fn is_spelt_as_page_of(origin: &[u8], Asked { authority, is_read }: Asked<'_>) -> bool {
    let is_spelt = matches!(origin.strip_suffix(authority), Some(b"http://" | b"https://"));
    is_spelt && !authority.is_empty() && (is_read || Authority::parse(authority).is_some())
}

/// Whether an origin is a page of this host and port, and of this scheme, if there is one.
fn is_page_of(
    origin: &[u8],
    asked: Asked<'_>,
    scheme: Option<Scheme>,
) -> Result<(), OriginRefusal> {
    let origin = Parts::parse(origin).ok_or(OriginRefusal::NoSite)?;
    // No page is of the host that is empty.
    let to = Authority::parse(asked.authority).ok_or(OriginRefusal::NoHost)?;
    let has_scheme = match scheme {
        None => true,
        Some(Scheme::Http) => is_spelt(origin.scheme, b"http"),
        Some(Scheme::Https) => is_spelt(origin.scheme, b"https"),
    };
    let port = origin.port();
    match () {
        () if origin.authority.host != to.host => Err(OriginRefusal::OtherHost),
        () if !has_scheme => Err(OriginRefusal::OtherScheme),
        () if port.is_none() || port != to.port.or(origin.default_port()) => {
            Err(OriginRefusal::OtherPort)
        }
        () => Ok(()),
    }
}

impl Origins {
    /// The origins, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &Origin> {
        self.0.iter()
    }

    fn allow(&self, origin: &[u8]) -> Result<(), OriginRefusal> {
        let parts = Parts::parse(origin);
        let listed = self.0.iter().any(|listed| listed.is(origin, parts.as_ref()));
        if listed { Ok(()) } else { Err(OriginRefusal::NotListed) }
    }
}

impl Eq for Origins {}

impl Policies {
    /// The policies, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &OriginPolicy> {
        self.0.iter()
    }

    fn allow(&self, origin: Option<&[u8]>, asked: Asked<'_>) -> Result<(), OriginRefusal> {
        let mut first = None;
        for policy in self.0.iter() {
            match policy.allow(origin, asked) {
                Ok(()) => return Ok(()),
                Err(refusal) => first = first.or(Some(refusal)),
            }
        }
        first.map_or(Ok(()), Err)
    }
}

impl Eq for Policies {}
