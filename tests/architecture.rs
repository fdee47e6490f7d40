//! Holds the imports of every module against the levels of docs/design.md.
//! Checks nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use splitlint::finding::Family;

/// Modules on one level do not import each other; a module imports only from
/// lower levels.
const LEVELS: &[&[&str]] = &[
    &["error"],
    &[
        "calendar",
        "dicom",
        "disjoint_sets",
        "executor",
        "image_format",
        "nifti",
        "parquet",
        "path_pattern",
        "progress",
        "scratch",
        "spreadsheet",
        "statistics",
        "tiff_directory",
        "words",
    ],
    &["sample"],
    &["digest", "finding", "distribution"],
    &["gate"],
    &["source", "decode"],
    &["fingerprint", "footprints", "linear", "neighbors"],
    &[
        "decisions",
        "duplicates",
        "features",
        "label_model",
        "object_flaws",
        "quality",
        "shards",
    ],
    &["labelling", "object_copies", "resplit", "scenes"],
    &["evidence"],
    &["headlines"],
    &["checks", "report", "review"],
    &["config"],
    &["scan"],
    &["assignment"],
    &["cli"],
];

/// `error` turns `executor::Interrupted` into an error, and nothing else may
/// look up.
const EXCEPTIONS: &[(&str, &str)] = &[("error", "executor")];

#[test]
fn every_module_imports_only_from_levels_below_its_own() {
    let level: BTreeMap<&str, usize> = (LEVELS.iter().enumerate())
        .flat_map(|(level, modules)| modules.iter().map(move |&module| (module, level)))
        .collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).expect("below src");
        let first = relative.iter().next().expect("a name");
        let room = first.to_str().expect("UTF-8").trim_end_matches(".rs");
        if room == "lib" || room == "main" {
            continue;
        }
        let Some(&own) = level.get(room) else {
            faults.push(format!("`{room}` stands on no level"));
            continue;
        };
        let text = fs::read_to_string(&file).expect("readable source");
        for imported in imports(&text) {
            match level.get(imported.as_str()) {
                None => faults.push(format!("{}: unknown `{imported}`", relative.display())),
                Some(_) if imported == room => {}
                Some(&other) if other < own => {}
                Some(_) if EXCEPTIONS.contains(&(room, &imported)) => {}
                Some(_) => faults.push(format!("{} imports `{imported}`", relative.display())),
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A file or a folder of nothing but tests.
fn is_test(name: &str) -> bool {
    name.ends_with("tests.rs") || name.contains("/tests/")
}

/// A check says what it counts as; nothing else may go by its code.
#[test]
fn no_code_of_a_check_is_named_but_where_it_is_declared() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).expect("below src");
        let name = relative.to_str().expect("UTF-8").replace('\\', "/");
        // What only tests use, and the one place that names the families.
        if is_test(&name)
            || name == "report/fixture.rs"
            || name == "checks/multisets.rs"
            || name == "finding/check_info.rs"
        {
            continue;
        }
        let text = fs::read_to_string(&file).expect("readable source");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().map(str::trim_start) {
            let declares = line.starts_with("code: \"") || line.contains("value_name = ");
            let skipped = line.starts_with("//") || line.starts_with('#');
            if !skipped && !declares && names_a_check(line) {
                faults.push(format!("{name}: {line}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether a string in this line is a family or begins with a code.
fn names_a_check(line: &str) -> bool {
    let line = line.replace("\\\"", "'");
    line.split('"').skip(1).step_by(2).any(|text| {
        let word = text.split(|c: char| !c.is_ascii_alphanumeric()).next();
        word.is_some_and(|word| Family::of_code(word).is_some())
    })
}

#[test]
fn code_in_a_string_is_recognised() {
    assert!(names_a_check("if info.code == \"LEAK001\" {"));
    assert!(names_a_check("code.starts_with(\"LABEL\")"));
    assert!(!names_a_check("let text = \"a label\";"));
}

/// The rooms named as `crate::room` anywhere in `text` outside comments, and
/// in grouped imports `use crate::{a, b::c}`.
fn imports(text: &str) -> Vec<String> {
    let code: String = (text.lines())
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut rooms = Vec::new();
    for after in code.split("crate::").skip(1) {
        if let Some(group) = after.strip_prefix('{') {
            let mut depth = 0;
            for part in group.split_inclusive(['{', '}', ',']) {
                if depth == 0 {
                    rooms.push(word(part.trim_start()));
                }
                match part.chars().last() {
                    Some('{') => depth += 1,
                    Some('}') if depth == 0 => break,
                    Some('}') => depth -= 1,
                    _ => {}
                }
            }
        } else {
            rooms.push(word(after));
        }
    }
    rooms.retain(|room| room.starts_with(|c: char| c.is_ascii_lowercase()));
    rooms
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect()
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("readable folder") {
        let path = entry.expect("readable entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn grouped_and_plain_imports_are_both_seen() {
    let text =
        "use crate::sample::{Sample, SampleId};\nuse crate::{gate::Outcome, scan};\n// crate::cli";
    assert_eq!(imports(text), ["sample", "gate", "scan"]);
}

#[test]
fn only_the_command_line_prints_or_exits() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    for file in rust_files(&source) {
        let name = file.to_str().expect("UTF-8").replace('\\', "/");
        if file.starts_with(source.join("cli")) || file.ends_with("main.rs") || is_test(&name) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("readable source");
        for word in [
            "println!",
            "eprintln!",
            "process::exit",
            "env::var",
            "env::current_dir",
            "SystemTime::now",
            "std::thread::spawn",
        ] {
            if text.contains(word) {
                faults.push(format!("{}: {word}", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
