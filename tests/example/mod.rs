//! The examples as programs.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::SystemTime;

/// An example that Cargo built for this run of the tests, beside them.
pub(crate) fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("our own path");
    let folder = own.parent().and_then(Path::parent).expect("target/debug/deps/test-…").join("examples");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let hint =
        format!("`cargo test` without further words builds it; otherwise say `cargo build --example {name}` first, with the same flags");
    let built = modified(&program).unwrap_or_else(|| panic!("there is no {}: {hint}", program.display()));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for source in [String::from("src"), format!("examples/{name}")].into_iter().flat_map(|folder| files(&root.join(folder))) {
        assert!(modified(&source) <= Some(built), "{} is older than {}: {hint}", program.display(), source.display());
    }
    program
}

/// The lines of a pipe, so that they can be waited for with an end.
pub(crate) fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries.flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] }).collect()
}
