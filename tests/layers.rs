//! Imports go downwards only: a module of `src/` imports from modules in rows below its own, in the
//! drawing of `ARCHITECTURE.md`, and from no other.
//!
//! Read are all paths that begin with `crate::` or `super::`, in `use` lines and elsewhere, but not
//! those of comments and tests. A module that is not drawn counts as part of the one that it is in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The names of a module below the crate, `deflate::answer` for example.
type Module = Vec<String>;

/// Each module that the drawing has, and in which row.
struct Drawing {
    rows: BTreeMap<Module, usize>,
    /// Those in rows with a dot, which have no place in the order.
    files: Vec<Module>,
}

/// Where the names begin in a row.
const NAMES: usize = 16;

impl Drawing {
    /// Reads the first block of text below the heading "Layers".
    fn read(page: &str) -> Self {
        let layers = page.split("## Layers").nth(1).expect("it has the heading");
        let block = layers.split("```").nth(1).expect("it has the drawing");
        let (mut rows, mut files) = (BTreeMap::new(), Vec::new());
        let mut above = Module::new();
        for (row, line) in block.lines().enumerate().skip(3) {
            let cell: String = line.chars().skip(NAMES).collect();
            let is_child = cell.starts_with("  ");
            let names = cell.trim_start().split("  ").next().unwrap_or_default();
            let (is_file, names) = match names.strip_prefix("· ") {
                Some(names) => (true, names),
                None => (false, names),
            };
            if names.is_empty() || names.starts_with('─') {
                continue;
            }
            for name in names.split(", ") {
                let mut module = if is_child || is_file { above.clone() } else { Module::new() };
                module.push(name.to_owned());
                if is_file {
                    files.push(module);
                    continue;
                }
                if !is_child {
                    above.clone_from(&module);
                }
                assert_eq!(rows.insert(module, row), None, "{name} is drawn once");
            }
        }
        Self { rows, files }
    }

    /// The row of a module, or of the one that it is in.
    fn row(&self, module: &[String]) -> Option<(&Module, usize)> {
        let prefixes = (1..=module.len()).rev().map(|len| &module[..len]);
        let (drawn, row) = prefixes.filter_map(|prefix| self.rows.get_key_value(prefix)).next()?;
        Some((drawn, *row))
    }

    /// What is wrong with the imports of a file.
    fn faults(&self, module: &[String], code: &str) -> Vec<String> {
        let (name, place) = (module.join("::"), self.row(module));
        let fault = |import: Module| {
            let path = import.join("::");
            match (place, self.row(&import)) {
                (None, _) => Some(format!("{name} is not drawn")),
                (_, None) => Some(format!("{name} imports {path}, which names no module")),
                (Some((from, _)), Some((to, _))) if from == to => None,
                (Some((_, from)), Some((_, to))) if from < to => None,
                _ => Some(format!("{name} imports {path}, which is not below it")),
            }
        };
        imports(module, code).into_iter().filter_map(fault).collect()
    }
}

/// A file without comments and tests, and with no modules in it: what these call `super` is the
/// file. All of them are told by how rustfmt lays them out.
fn code(text: &str) -> String {
    let mut code = String::new();
    let mut is_inside = false;
    // How far the test is indented that the line is in.
    let mut test = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let line = if line.trim_start().starts_with("//") { "" } else { line };
        let line = line.split(" // ").next().unwrap_or_default();
        match test {
            Some(of_test) => {
                if of_test == indent && line.ends_with([';', '}', ',']) {
                    test = None;
                }
            }
            None if line.trim() == "#[cfg(test)]" => test = Some(indent),
            None => {
                is_inside =
                    (is_inside || line.contains("mod ") && line.ends_with('{')) && line != "}";
                if is_inside {
                    code.push_str(
                        &line
                            .replace("super::super::", "\0")
                            .replace("super::", "")
                            .replace('\0', "super::"),
                    );
                } else {
                    code.push_str(line);
                }
                code.push('\n');
            }
        }
    }
    code
}

/// What a module's code names in the crate.
fn imports(module: &[String], code: &str) -> Vec<Module> {
    let code = code.replace("pub(in crate::", "pub(in ");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|char| char.is_alphanumeric() || "_:".contains(char)) {
            continue;
        }
        let (mut base, mut rest) = (Module::new(), &code[at..]);
        if let Some(below) = rest.strip_prefix("crate::") {
            rest = below;
        } else {
            base.extend_from_slice(module);
            while let Some(below) = rest.strip_prefix("super::") {
                base.pop();
                rest = below;
            }
        }
        expand(&base, rest, &mut found);
    }
    found
}

/// The paths that begin with `base` and go on with `rest`, a group's each. Gives what is behind
/// them.
fn expand<'c>(base: &[String], rest: &'c str, found: &mut Vec<Module>) -> &'c str {
    if let Some(mut rest) = rest.strip_prefix('{') {
        loop {
            rest = expand(base, rest.trim_start(), found).trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            if let Some(behind) = rest.strip_prefix('}') {
                return behind;
            }
        }
    }
    let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
    let (name, behind) = rest.split_at(end);
    let path = [base, &[name.to_owned()]].concat();
    match behind.strip_prefix("::") {
        Some(below) if !below.starts_with('<') => expand(&path, below, found),
        _ => {
            // The module itself, by `self` or `*`.
            found.push(if ["", "self"].contains(&name) { base.to_vec() } else { path });
            behind.strip_prefix('*').unwrap_or(behind)
        }
    }
}

/// Calls for each file of a directory that holds code of the crate, with the module that it is.
fn for_each_file(directory: &Path, module: &[String], then: &mut impl FnMut(Module, String)) {
    for entry in fs::read_dir(directory).expect("it is there") {
        let path = entry.expect("it can be read").path();
        let name = path.file_stem().expect("it has a name").to_str().expect("in ASCII").to_owned();
        if path.is_dir() {
            for_each_file(&path, &[module, &[name]].concat(), then);
            continue;
        }
        let module = match &*name {
            "lib" | "tests" => continue,
            "mod" => module.to_vec(),
            _ => [module, &[name]].concat(),
        };
        then(module, fs::read_to_string(&path).expect("it is text"));
    }
}

#[test]
fn imports_go_downwards_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("it is there");
    let drawing = Drawing::read(&page);
    let (mut faults, mut modules, mut imported) = (Vec::new(), Vec::new(), 0);
    for_each_file(&root.join("src"), &[], &mut |module, text| {
        let code = code(&text);
        imported += imports(&module, &code).len();
        faults.extend(drawing.faults(&module, &code));
        modules.push(module);
    });
    for drawn in drawing.rows.keys().chain(&drawing.files) {
        if !modules.contains(drawn) {
            faults.push(format!("{} is drawn, and there is no such file", drawn.join("::")));
        }
    }
    // One of several modules that has no row would count as part of the one around them.
    for module in &modules {
        let (last, around) = module.split_last().expect("a name");
        let has_rows =
            drawing.rows.keys().any(|row| row.len() > around.len() && row.starts_with(around));
        if has_rows && !drawing.rows.contains_key(module) {
            faults.push(format!("{last} of {around:?} has no row"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(imported > 100, "only {imported} imports were found");
}

fn module(path: &str) -> Module {
    path.split("::").map(str::to_owned).collect()
}

#[test]
fn an_import_upwards_or_sideways_is_a_fault() {
    let drawing = Drawing::read(
        "## Layers\n\n```text\n  layer         modules\n\n\
         \x20 top           top                   what it is for\n\
         \x20               · part\n\
         \x20 ──────────────────────────────────\n\
         \x20 low           low\n\
         \x20                 upper, other        and why\n\
         \x20                 lower\n```\n",
    );
    assert_eq!(drawing.files, [module("top::part")]);
    let faults = |of, code| drawing.faults(&module(of), code).join("\n");
    for (of, downwards) in [
        ("top", "use crate::low::Type;"),
        ("top::part", "use super::other_part::Type; use crate::low::lower::Type;"),
        ("low", "use crate::low::{self, upper::Type};"),
        ("low::upper", "use super::lower::*;"),
    ] {
        assert_eq!(faults(of, downwards), "");
    }
    for (of, code, fault) in [
        ("low", "fn f() -> crate::top::Type", "low imports top::Type, which is not below it"),
        ("low::upper", "use super::Type;", "low::upper imports low::Type, which is not below it"),
        ("low::lower", "use super::upper;", "low::lower imports low::upper, which is not below it"),
        (
            "low::upper",
            "use crate::{low::{lower, other::*}};",
            "low::upper imports low::other, which is not below it",
        ),
        ("top", "use crate::Type;", "top imports Type, which names no module"),
        ("new", "use crate::low;", "new is not drawn"),
    ] {
        assert_eq!(faults(of, code), fault);
    }
}

#[test]
fn comments_and_tests_are_no_code() {
    let text = "\
use crate::a::B; // not crate::x::Y
/// [`C`](crate::x::C)
impl D {
    #[cfg(test)]
    fn e() -> crate::x::E {
        crate::x::E
    }
    pub(in crate::a) fn f(&self) -> super::g::H<crate::i::J> {}
}
#[cfg(test)]
use crate::x::{
    Y,
    Z,
};
#[cfg(test)]
mod tests {
    use crate::x::Y;
}
pub(crate) mod p {
    use super::Q;
    use super::super::r::S;
}
const K: L = super::M;
";
    let found = imports(&module("n::o"), &code(text));
    let found: Vec<String> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["a::B", "i::J", "n::g::H", "n::r::S", "n::M"]);
}
