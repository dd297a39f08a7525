//! Random input: how many cases, what is kept of those that failed, and how much of it is shown.
#![allow(dead_code, unreachable_pub)] // Each test file uses its own part.

use proptest::test_runner::{
    Config, FailurePersistence, FileFailurePersistence, PersistedSeed, TestCaseError,
};
use std::any::Any;
use std::fmt::{self, Debug};
use std::ops::Deref;
use std::panic::Location;
use std::path::Path;

/// So many cases, and before them each that failed once. Those are in
/// `tests/proptest-regressions`, in a file for each file of tests; commit what is added there.
pub fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: Some(Box::new(Kept)), ..Config::default() }
}

/// proptest's own files of seeds, in a directory of which it would have no notion.
#[derive(Debug, PartialEq)]
struct Kept;

impl Kept {
    /// The file for what fails in `tests/closing/main.rs` is
    /// `tests/proptest-regressions/closing/main.txt`.
    fn file(source: Option<&'static str>) -> FileFailurePersistence {
        let source = Path::new(source.expect("proptest! names the file"));
        let below = source.strip_prefix("tests").expect("it is one of the tests");
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proptest-regressions");
        let path = kept.join(below).with_extension("txt").into_os_string().into_string();
        FileFailurePersistence::Direct(path.expect("it is UTF-8").leak())
    }
}

impl FailurePersistence for Kept {
    fn load_persisted_failures2(&self, source: Option<&'static str>) -> Vec<PersistedSeed> {
        Self::file(source).load_persisted_failures2(source)
    }

    fn save_persisted_failure2(
        &mut self,
        source: Option<&'static str>,
        seed: PersistedSeed,
        input: &dyn Debug,
    ) {
        let input = Verbatim(cut(&format!("{input:?}"), 0, MOST));
        Self::file(source).save_persisted_failure2(source, seed, &input);
    }

    fn box_clone(&self) -> Box<dyn FailurePersistence> {
        Box::new(Self)
    }

    fn eq(&self, other: &dyn FailurePersistence) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// How much of a value is shown, in bytes.
const MOST: usize = 1000;

/// Text that `{:?}` shows as it is.
struct Verbatim(String);

impl Debug for Verbatim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// At most so many bytes of the text, and how many there are.
fn cut(text: &str, from: usize, most: usize) -> String {
    let bytes = text.as_bytes().get(from..).unwrap_or_default();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(most)]);
    let before = if from > 0 { "… " } else { "" };
    let behind =
        if bytes.len() > most { format!(" … of {} bytes", text.len()) } else { String::new() };
    format!("{before}{shown}{behind}")
}

/// Bytes of which `{:?}` shows the beginning, as in a literal.
#[derive(Clone)]
pub struct Wire(pub Vec<u8>);

impl Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(MOST)];
        write!(f, "b\"{}\"", shown.escape_ascii())?;
        if shown.len() < self.0.len() {
            write!(f, " … of {} bytes", self.0.len())?;
        }
        Ok(())
    }
}

impl Deref for Wire {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// `prop_assert_eq!` for what may be long: shown is where both begin to differ.
#[track_caller]
pub fn same<T: PartialEq + Debug + ?Sized>(left: &T, right: &T) -> Result<(), TestCaseError> {
    if left == right {
        return Ok(());
    }
    let [left, right] = [left, right].map(|value| format!("{value:?}"));
    let alike = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
    let [left, right] = [left, right].map(|text| cut(&text, alike.saturating_sub(50), MOST));
    let place = Location::caller();
    Err(TestCaseError::fail(format!("not the same at {place}\n  left: {left}\n right: {right}")))
}
