//! What one may be called: something that others can read, and tell from what the next one is
//! called.

use crate::invisible::is_invisible;

pub(crate) const NAME_MAX: usize = 32;

/// A name fit to be shown: trimmed, 1 to 32 characters, none of them invisible.
#[derive(Debug)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let name = text.trim();
        let fits = (1..=NAME_MAX).contains(&name.chars().count()) && !name.chars().any(is_unseen);
        fits.then(|| Self(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn in_lower_case(&self) -> String {
        self.0.to_lowercase()
    }
}

/// What makes a name look like another's. The joiners do, too.
fn is_unseen(c: char) -> bool {
    is_invisible(c) || matches!(c, '\u{200c}' | '\u{200d}')
}
