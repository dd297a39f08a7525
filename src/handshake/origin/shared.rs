//! The parts of a policy that all connections of a server share. A clone is a pointer.
//!
//! A target without compare-and-swap (thumbv6m) has no `Arc`. There, what is shared is never freed:
//! such a program makes its configuration once.

use alloc::boxed::Box;
#[cfg(target_has_atomic = "ptr")]
use alloc::sync::Arc;
use core::fmt;
use core::ops::Deref;

/// A value that all clones share.
pub(super) struct Shared<T: ?Sized + 'static>(Place<T>);

#[cfg(target_has_atomic = "ptr")]
type Place<T> = Arc<T>;

#[cfg(not(target_has_atomic = "ptr"))]
type Place<T> = &'static T;

impl<T: ?Sized> Shared<T> {
    #[cfg(target_has_atomic = "ptr")]
    pub(super) fn new(value: Box<T>) -> Self {
        Self(value.into())
    }

    #[cfg(not(target_has_atomic = "ptr"))]
    pub(super) fn new(value: Box<T>) -> Self {
        Self(Box::leak(value))
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Clone::clone(&self.0))
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
