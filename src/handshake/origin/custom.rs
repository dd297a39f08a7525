//! A policy that is a function of the caller, and its argument.

use super::shared::Shared;
use super::{Asked, OriginPolicy, OriginRefusal};
use alloc::boxed::Box;
use core::fmt;
use core::ptr;
use core::str;

/// The function of an [`OriginPolicy::Custom`]. Two are equal if one is a clone of the other.
///
/// ```
/// use sockless::server::OriginPolicy;
///
/// let policy = OriginPolicy::custom(|_| false);
/// assert_eq!(policy, policy.clone());
/// assert_ne!(policy, OriginPolicy::custom(|_| false));
/// ```
#[derive(Clone)]
pub struct Predicate(Shared<Function>);

/// Behind a box of its own, each has an address of its own, whatever its size.
type Function = Box<dyn Fn(&OriginCheck<'_>) -> bool + Send + Sync>;

/// The argument of a function in an [`OriginPolicy::custom`].
///
/// ```
/// use sockless::server::OriginPolicy;
///
/// // Pages of this host, and of all of its subdomains.
/// let policy = OriginPolicy::custom(|asked| {
///     let subdomain = || asked.origin().is_some_and(|origin| origin.ends_with(".a.example"));
///     asked.is_same_host() || subdomain()
/// });
/// assert!(policy.check(Some("https://b.a.example"), "a.example").is_ok());
/// assert!(policy.check(Some("https://ba.example"), "a.example").is_err());
/// ```
#[derive(Clone, Copy)]
pub struct OriginCheck<'a> {
    origin: Option<&'a str>,
    asked: Asked<'a>,
}

impl Predicate {
    pub(super) fn new(allows: impl Fn(&OriginCheck<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self(Shared::new(Box::new(Box::new(allows))))
    }

    pub(super) fn allow(
        &self,
        origin: Option<&[u8]>,
        asked: Asked<'_>,
    ) -> Result<(), OriginRefusal> {
        let check = OriginCheck { origin: origin.map(text), asked };
        if (*self.0)(&check) { Ok(()) } else { Err(OriginRefusal::Custom) }
    }
}

impl PartialEq for Predicate {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq::<Function>(&*self.0, &*other.0)
    }
}

impl Eq for Predicate {}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Predicate").finish_non_exhaustive()
    }
}

impl<'a> OriginCheck<'a> {
    /// The value of `Origin`. `None`: there is none, as from most clients that are not browsers.
    #[must_use]
    pub fn origin(&self) -> Option<&'a str> {
        self.origin
    }

    /// The host, and the port if there is one, that the request asks; empty if its `Host` is. See
    /// [`Request::authority`](crate::server::Request::authority).
    #[must_use]
    pub fn authority(&self) -> &'a str {
        text(self.asked.authority)
    }

    /// Whether it is a page of the same host, as [`OriginPolicy::SameHost`] defines it.
    #[must_use]
    pub fn is_same_host(&self) -> bool {
        self.origin.is_some()
            && OriginPolicy::SameHost.allow(self.origin.map(str::as_bytes), self.asked).is_ok()
    }
}

impl fmt::Debug for OriginCheck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("OriginCheck");
        shown.field("origin", &self.origin).field("authority", &self.authority()).finish()
    }
}

/// It was text, or seen to be ASCII.
fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}
