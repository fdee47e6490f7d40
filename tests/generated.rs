//! Text made from code: a test says when it is stale, `UPDATE=1` rewrites it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use splitlint::checks::registry;

fn holds(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, expected).expect("writable");
    }
    // A checkout on Windows may have other line ends.
    let present = fs::read_to_string(&path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    assert!(
        present == expected,
        "{name} is stale: run `UPDATE=1 cargo test --release --test generated`"
    );
}

#[test]
fn list_of_checks_is_up_to_date() {
    let mut page = String::from(
        "# Checks\n\n`splitlint explain CODE` prints a check's page.\n\n\
         | code | name | finds | severity |\n| --- | --- | --- | --- |\n",
    );
    for declared in registry::all() {
        let info = declared.info;
        writeln!(
            page,
            "| {} | [{}](checks/{}.md) | {} | {} |",
            info.code, info.name, info.name, info.summary, info.severity
        )
        .expect("a string");
    }
    holds("docs/checks.md", &page);
}
