//! The house rules that a reader of text can check: who may use whom, sizes, words.
//!
//! Each test prints every place that breaks its rule, as `file:line: what`.

use std::fs;
use std::path::{Path, PathBuf};

/// What each module may name of the crate, besides itself. The reasons are in each module's first
/// lines; the picture is in `lib.rs`. Anything missing here must not be used.
const MAY_USE: &[(&str, &[&str])] = &[
    ("errno", &[]),
    ("conf", &["errno"]),
    ("codec", &["errno"]),
    ("model", &["errno"]),
    ("runtime", &["errno"]),
    ("cls", &["errno", "codec", "model"]),
    ("ceph", &["errno", "codec", "conf", "model", "cls", "runtime"]),
    ("local", &["errno", "codec", "conf", "model", "cls", "runtime"]),
    ("rados", &["errno", "conf", "connect", "model", "codec", "cls", "runtime"]),
    ("rbd", &["errno", "codec", "conf", "model", "cls", "runtime", "rados"]),
    ("fuzz", &["codec", "ceph", "cls", "conf", "local", "rados", "rbd"]),
    ("connect", &["errno", "conf", "model", "runtime", "ceph", "local"]),
    ("capi", &["errno", "conf", "connect", "model", "rados", "rbd", "runtime"]),
];

/// Files that are tables: many entries of one shape. The limits on sizes are not for them.
const TABLES: &[&str] = &[
    // One line per function.
    "src/capi/missing.rs",
    // One entry per type of librbd.h.
    "src/capi/types/rbd.rs",
];

/// Where unsafe code may be.
const UNSAFE: &[&str] = &["src/capi/", "src/local/disk/"];

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_COLUMNS_MAX: usize = 100;

struct Source {
    /// Relative to the root, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// The lines before the file's own tests, numbered from 1; none where the whole file is tests.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let all_tests = self.path.starts_with("src/tests/")
            || self.path.ends_with("tests.rs")
            || self.path.contains("tests/");
        let end = if all_tests {
            0
        } else {
            self.text.find("\n#[cfg(test)]\nmod ").unwrap_or(self.text.len())
        };
        self.text[..end].lines().enumerate().map(|(at, line)| (at + 1, line))
    }

    fn is_table(&self) -> bool {
        TABLES.contains(&self.path.as_str())
    }

    /// The module directly below the root of the crate.
    fn module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        inside.split_once('/').map(|(folder, _)| folder).or(inside.strip_suffix(".rs"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below the given places of the repository whose name has one of the endings.
fn files(places: &[&str], endings: &[&str]) -> Vec<Source> {
    let mut waiting: Vec<PathBuf> =
        places.iter().map(|p| root().join(p)).filter(|p| p.exists()).collect();
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending))
            && let Ok(text) = fs::read_to_string(&path)
        {
            let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn rust() -> Vec<Source> {
    files(&["src", "build", "build.rs"], &[".rs"])
}

fn none(rule: &str, broken: Vec<String>) {
    assert!(broken.is_empty(), "{rule}\n  {}", broken.join("\n  "));
}

/// The code of a line: without its comment.
fn code(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// The modules of the crate that a line names: `crate::a::..`, `crate::{a::.., b}`.
fn named(line: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        // $crate in a macro is the same; ident_crate:: is not.
        if line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &line[at + "crate::".len()..];
        let list = rest.strip_prefix('{').map_or(rest, |list| list.trim_end_matches([';', '}']));
        let mut depth = 0;
        let mut start = 0;
        for (i, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 && rest.starts_with('{') => {
                    names.push(&list[start..i]);
                    start = i + 1;
                }
                _ => {}
            }
        }
        names.push(&list[start..]);
    }
    let word = |name: &&str| name.len();
    let names = names.into_iter().map(str::trim);
    names
        .map(|n| &n[..n.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(n.len())])
        .filter(|n| word(n) > 0 && n.starts_with(|c: char| c.is_lowercase()))
        .collect()
}

#[test]
fn modules_use_only_what_they_may() {
    let modules: Vec<&str> = MAY_USE.iter().map(|(module, _)| *module).collect();
    let mut broken = Vec::new();
    for file in rust() {
        let Some(module) = file.module().filter(|m| !["lib", "tests"].contains(m)) else {
            continue;
        };
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            broken.push(format!("{}: module {module} is not in the table", file.path));
            continue;
        };
        for (at, line) in file.lines() {
            for name in named(code(line)) {
                if name != module && modules.contains(&name) && !allowed.contains(&name) {
                    broken.push(format!("{}:{at}: {module} must not use {name}", file.path));
                }
            }
        }
    }
    none("modules use others against the table MAY_USE", broken);
}

#[test]
fn unsafe_stays_where_it_may() {
    let mut broken = Vec::new();
    for file in rust() {
        if UNSAFE.iter().any(|folder| file.path.starts_with(folder)) {
            continue;
        }
        for (at, line) in file.lines() {
            // The lint denies unsafe code, so the only way to have some is to allow it.
            if line.contains("(unsafe_code") {
                broken.push(format!("{}:{at}: allows unsafe code", file.path));
            }
        }
    }
    none("unsafe code is for src/capi and src/local/disk", broken);
}

#[test]
fn files_functions_and_lines_are_short() {
    let mut broken = Vec::new();
    for file in rust() {
        if file.is_table() {
            continue;
        }
        let count = file.lines().count();
        if count > FILE_LINES_MAX {
            broken.push(format!("{}: {count} lines without tests", file.path));
        }
        for (name, at, count) in functions(&file) {
            if count > FUNCTION_LINES_MAX {
                broken.push(format!("{}:{at}: fn {name} has {count} lines", file.path));
            }
        }
    }
    let others = files(&["ctests/abi", "link"], &[".c", ".h", ".sh", ".inc"]);
    for file in rust().iter().filter(|file| !file.is_table()).chain(&others) {
        for (at, line) in file.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > LINE_COLUMNS_MAX {
                broken.push(format!("{}:{}: {columns} columns", file.path, at + 1));
            }
        }
    }
    none("limits: 600 lines a file, 70 a function, 100 columns", broken);
}

/// Name, first line and number of lines of each function, by its indentation: rustfmt has been
/// here.
fn functions(file: &Source) -> Vec<(String, usize, usize)> {
    let lines: Vec<(usize, &str)> = file.lines().collect();
    let mut found = Vec::new();
    for (i, (at, line)) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let Some((before, after)) = trimmed.split_once("fn ") else { continue };
        let keywords =
            ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "extern", "\"C\""];
        if !before
            .split_whitespace()
            .all(|word| keywords.contains(&word) || word.starts_with("pub("))
        {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - trimmed.len()]);
        let close = end.replace('}', ")");
        let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        for (count, (_, later)) in lines[i..].iter().enumerate() {
            // A function in `exports!` ends in `};`.
            if later.strip_suffix(';').unwrap_or(later) == end {
                found.push((name, *at, count + 1));
                break;
            }
            // No body, or all on one line, or in `exports!` one expression instead of a body.
            let declared = later.starts_with(&close) && later.ends_with(';');
            let expression =
                later.ends_with("=>") || later.contains("=> ") && !later.ends_with("=> {");
            if declared
                || expression && (count == 0 || later.starts_with(&close))
                || count == 0 && later.ends_with([';', '}'])
            {
                break;
            }
        }
    }
    found
}

#[test]
fn nothing_is_left_undone_in_silence() {
    // Written in two parts, or this file would break the rule.
    let words = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("FIX", "ME")];
    let mut broken = Vec::new();
    for file in rust() {
        for (at, line) in file.text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                broken.push(format!("{}:{}: {word}", file.path, at + 1));
            }
        }
    }
    none("what is missing answers -EOPNOTSUPP and stands in src/capi/missing.rs", broken);
}

#[test]
fn no_path_of_the_machine_it_was_written_on() {
    let places = [
        "src",
        "build",
        "build.rs",
        "ctests",
        "benches",
        "link",
        "include",
        "pkgconfig",
        "Makefile",
    ];
    let more = ["Cargo.toml", "README.md", "CHANGELOG.md", "cbindgen.toml", ".ci"];
    let all: Vec<&str> = places.iter().chain(&more).copied().collect();
    let word = concat!("/wo", "rk/");
    let mut broken = Vec::new();
    for file in files(&all, &[""]) {
        for (at, line) in file.text.lines().enumerate() {
            if line.contains(word) {
                broken.push(format!("{}:{}: {}", file.path, at + 1, line.trim()));
            }
        }
    }
    none("a path of one machine", broken);
}

#[test]
fn the_checks_see_what_they_should() {
    assert_eq!(named("use crate::model::{Op, Reply};"), ["model"]);
    assert_eq!(named("use crate::{conf, model::{A, B}, rbd::C};"), ["conf", "model", "rbd"]);
    assert_eq!(named("    crate::local::open(crate::errno::Errno::EIO)"), ["local", "errno"]);
    assert_eq!(named("use other_crate::model;"), [""; 0]);
    let text = "impl A {
    fn short() {}
    fn decl();
    fn declared(
        a: u8,
    );
    pub fn long(
        a: u8,
    ) -> u8 {
        a
    }
}
";
    let source = Source { path: "src/a/b.rs".into(), text: text.into() };
    assert_eq!(functions(&source), [("long".to_owned(), 7, 5)]);
    assert_eq!(source.module(), Some("a"));
}
