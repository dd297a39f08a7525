//! Characters that cannot be seen, or change where others are.

/// Control characters, soft hyphens, spaces of no width, marks of direction, separators of lines,
/// and the byte order mark. The joiners of emoji and of scripts are none of them.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
