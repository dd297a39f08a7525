//! What `{:?}` shows of a value, taken apart: which word stands in which field of which type.

use std::fmt::Debug;

/// A field, by the name of the type or variant that it is in, and its own.
pub(crate) type Field<'a> = (&'a str, &'a str);

/// Calls for each word: a number, a variant, the name of a type; with the innermost field around
/// it.
pub(crate) fn for_each_word(value: &dyn Debug, mut then: impl FnMut(Field<'_>, &str)) {
    let text = format!("{value:?}");
    let rest = read(&text, ("", ""), &mut then);
    assert_eq!(rest, "", "all of {text} is read");
}

/// Reads a value off the front, and gives what is behind it.
fn read<'t>(text: &'t str, field: Field<'_>, then: &mut impl FnMut(Field<'_>, &str)) -> &'t str {
    assert!(!text.starts_with('"'), "text is not expected: {text}");
    let (of, mut rest) = word(text);
    then(field, of);
    let (open, close) = match rest.as_bytes() {
        [b'(', ..] => ("(", ")"),
        [b'[', ..] => ("[", "]"),
        [b' ', b'{', b' ', ..] => (" { ", " }"),
        _ => return rest,
    };
    rest = &rest[open.len()..];
    loop {
        if let Some(behind) = rest.strip_prefix(close) {
            return behind;
        }
        rest = rest.strip_prefix(", ").unwrap_or(rest);
        rest = match word(rest) {
            (name, behind) if behind.starts_with(": ") => read(&behind[2..], (of, name), then),
            _ => read(rest, field, then),
        };
    }
}

/// What comes before the next sign. It may be nothing: a list has no name.
fn word(text: &str) -> (&str, &str) {
    let is_sign =
        |byte: &u8| matches!(byte, b' ' | b',' | b':' | b'(' | b')' | b'[' | b']' | b'{' | b'}');
    text.split_at(text.as_bytes().iter().position(is_sign).unwrap_or(text.len()))
}

#[test]
fn each_word_is_in_its_field() {
    #[derive(Debug)]
    #[allow(dead_code)] // They are only shown.
    struct Outer {
        inner: Option<Inner>,
        list: [u8; 2],
        none: Option<()>,
    }
    #[derive(Debug)]
    #[allow(dead_code)]
    struct Inner {
        range: std::ops::Range<u8>,
    }
    let outer = Outer { inner: Some(Inner { range: 1..2 }), list: [3, 4], none: None };

    let mut words = Vec::new();
    for_each_word(&outer, |(of, name), word| words.push(format!("{of}.{name} {word}")));
    assert_eq!(
        words,
        [
            ". Outer",
            "Outer.inner Some",
            "Outer.inner Inner",
            "Inner.range 1..2",
            "Outer.list ",
            "Outer.list 3",
            "Outer.list 4",
            "Outer.none None"
        ]
    );
}
