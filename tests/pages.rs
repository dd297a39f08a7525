//! The pages of the repository: their links lead somewhere, and their lines are not too long.

use std::fs;
use std::path::{Path, PathBuf};

/// Where pages lie.
const FOLDERS: [&str; 3] = ["", "benches/results", "fuzz"];

/// Each page and its text. None in a published package, which has not all that they link to.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !root.join("benches").exists() {
        return Vec::new();
    }
    let files =
        FOLDERS.iter().flat_map(|folder| fs::read_dir(root.join(folder)).expect("it is there"));
    let paths = files.map(|file| file.expect("it can be read").path());
    let pages: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| (path.clone(), fs::read_to_string(path).expect("it is text")))
        .collect();
    assert!(pages.len() > 8);
    pages
}

/// The lines of a page, and whether each is within code.
fn lines(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut is_code = false;
    text.lines().map(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        (is_code || is_fence, line)
    })
}

/// What the links of a line lead to, images too, and links by a name.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let named = line.starts_with('[').then(|| line.split_once("]: ")).flatten();
    let direct = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    direct.chain(named.map(|(_, link)| link))
}

/// The name by which a heading is linked to, as code hosts make it.
fn anchor(heading: &str) -> String {
    let name = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    name.chars().filter(|char| char.is_alphanumeric() || "-_".contains(*char)).collect()
}

#[test]
fn links_lead_somewhere() {
    let (mut faults, mut seen) = (Vec::new(), 0);
    for (path, text) in pages() {
        for link in lines(&text).filter(|(is_code, _)| !is_code).flat_map(|(_, line)| links(line)) {
            if link.starts_with("https://") {
                continue;
            }
            seen += 1;
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                _ => path.parent().expect("a folder").join(file),
            };
            let has_anchor = |text: String| {
                let mut headings =
                    lines(&text).filter(|(is_code, line)| !is_code && line.starts_with('#'));
                headings.any(|(_, line)| anchor(line) == fragment)
            };
            if !target.exists()
                || !fragment.is_empty() && !fs::read_to_string(target).is_ok_and(has_anchor)
            {
                faults.push(format!("{} links to {link}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(seen > 20 || pages().is_empty(), "only {seen} links were found");
}

/// Tables are excepted, whose rows are lines.
#[test]
fn lines_have_at_most_100_columns() {
    let mut faults = Vec::new();
    for (path, text) in pages() {
        for (number, line) in (1..).zip(text.lines()) {
            if line.chars().count() > 100 && !line.starts_with('|') {
                faults.push(format!("{}:{number}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn an_anchor_is_a_heading_as_code_hosts_write_it() {
    assert_eq!(anchor("### What `{:?}` shows"), "what--shows");
    assert_eq!(anchor("## Real peers"), "real-peers");
    assert_eq!(links("[a](b.md#c), ![d](e.svg) (f)").collect::<Vec<_>>(), ["b.md#c", "e.svg"]);
    assert_eq!(links("[a]: b.md").collect::<Vec<_>>(), ["b.md"]);
}

/// A file of tests that no list names would run nowhere.
#[test]
fn each_file_of_tests_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lists = ["tests/all.rs", "Cargo.toml"].map(|list| fs::read_to_string(root.join(list)));
    let lists = lists.map(|list| list.expect("it is there")).concat();
    for entry in fs::read_dir(root.join("tests")).expect("a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name().into_string().expect("UTF-8"));
        let module = name.trim_end_matches(".rs");
        let is_test = name.ends_with(".rs") || path.join("main.rs").exists();
        let named = [format!("mod {module};"), format!("\"tests/{name}")];
        assert!(!is_test || named.iter().any(|name| lists.contains(name)), "{name} runs nowhere");
    }
}
