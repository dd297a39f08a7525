//! How hard to compress.

use core::fmt;

/// How hard to compress: 1 to 9, as in zlib.
///
/// ```
/// use sockless::deflate::Level;
///
/// assert_eq!(Level::new(3).map(Level::get), Some(3));
/// assert_eq!((Level::new(0), Level::new(10)), (None, None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// 1.
    pub const FASTEST: Self = Self(1);
    /// 6.
    pub const DEFAULT: Self = Self(6);
    /// 9.
    pub const BEST: Self = Self(9);

    /// `None`: not 1 to 9.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        match level {
            1..=9 => Some(Self(level)),
            _ => None,
        }
    }

    /// 1 to 9.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Level {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Level({})", self.0)
    }
}
