//! The examples as programs.

use std::fs::read_to_string;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::SystemTime;

/// An example that Cargo built for this run of the tests, beside them.
pub(crate) fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("our own path");
    let folder =
        own.parent().and_then(Path::parent).expect("target/debug/deps/test-…").join("examples");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let hint = format!(
        "`cargo test` without further words builds it; otherwise say `cargo build --example {name}` first, with the same flags"
    );
    let built =
        modified(&program).unwrap_or_else(|| panic!("there is no {}: {hint}", program.display()));
    for source in sources(&program)
        .unwrap_or_else(|| panic!("nothing tells what {} is made of: {hint}", program.display()))
    {
        assert!(
            modified(&source) <= Some(built),
            "{} is older than {}: {hint}",
            program.display(),
            source.display()
        );
    }
    program
}

/// The lines of a pipe, so that they can be waited for with an end.
pub(crate) fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    receiver
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

/// What a program was built of, wherever that lies: Cargo writes `PROGRAM: FILE FILE…` beside it, a
/// backslash before each space in a path.
fn sources(program: &Path) -> Option<Vec<PathBuf>> {
    let text = read_to_string(program.with_extension("d")).ok()?;
    let (_, files) = text.lines().next()?.split_once(": ")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<_> = files
        .replace("\\ ", "\0")
        .split_whitespace()
        .map(|file| root.join(file.replace('\0', " ")))
        .collect();
    (!files.is_empty()).then_some(files)
}
