//! Text made from code: a test says when it is stale, `UPDATE=1` rewrites it.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use polars::prelude::{DataType, ParquetReader, SerReader};
use splitlint::checks::registry;
use splitlint::config::{Facts, general};
use splitlint::sample::SPELLINGS;

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

#[test]
fn python_functions_have_the_flags_of_the_commands() {
    let said = Command::new(env!("CARGO_BIN_EXE_splitlint"))
        .arg("python")
        .output()
        .expect("the program starts");
    let module = String::from_utf8(said.stdout).expect("UTF-8");
    assert!(said.status.success() && module.contains("def scan("));
    holds(
        "python/splitlint/_generated.py",
        &module.replace("\r\n", "\n"),
    );
}

#[test]
fn python_knows_the_columns_of_every_table() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let report = place.path().join("report");
    let scan = Command::new(env!("CARGO_BIN_EXE_splitlint"))
        .args([
            "scan",
            "--no-cache",
            "--quiet",
            "--fail-on=never",
            "--report",
        ])
        .args([&report, &root.join("sample-data/demo")])
        .status();
    assert!(scan.expect("the program starts").success());
    let mut module = String::from(
        "\"\"\"What the columns of the tables hold. Made by `tests/generated.rs`; changed by no hand.\"\"\"\n\n\
         from __future__ import annotations\n\n\
         from typing import Dict\n\n\
         #: By table and column: `text`, `int`, `float` or `list` (of text).\n\
         COLUMNS: Dict[str, Dict[str, str]] = {\n",
    );
    let mut line = |text: &str| writeln!(module, "{text}").expect("a string");
    for table in ["findings", "pairs", "samples", "classes", "drift"] {
        columns(&report, table, &mut line);
    }
    let objects = place.path().join("objects");
    let scan = Command::new(env!("CARGO_BIN_EXE_splitlint"))
        .args([
            "scan",
            "--no-cache",
            "--quiet",
            "--fail-on=never",
            "--report",
        ])
        .args([&objects, &root.join("sample-data/checks/FILE016/clean")])
        .status();
    assert!(scan.expect("the program starts").success());
    for table in ["objects", "cooccurrence"] {
        columns(&objects, table, &mut line);
    }
    for table in ["drop", "decisions"] {
        let mut csv = csv::Reader::from_path(report.join(table).with_extension("csv"));
        let headers = csv.as_mut().expect("a list").headers().expect("a header");
        line(&format!("    \"{table}\": {{"));
        for name in headers {
            let kind = if name.contains("score") {
                "float"
            } else {
                "text"
            };
            line(&format!("        \"{name}\": \"{kind}\","));
        }
        line("    },");
    }
    line("}\n\n#: The usual spellings of splits, and what each stands for.");
    line("SPLIT_NAMES: Dict[str, str] = {");
    for (spelling, canonical) in SPELLINGS {
        line(&format!("    \"{spelling}\": \"{canonical}\","));
    }
    line("}");
    holds("python/splitlint/_columns.py", &module);
}

/// Gives `line` the columns of a table of `report`, as Python writes them.
fn columns(report: &Path, table: &str, line: &mut impl FnMut(&str)) {
    let file = fs::File::open(report.join(table).with_extension("parquet")).expect("a table");
    let frame = ParquetReader::new(file).finish().expect("readable");
    line(&format!("    \"{table}\": {{"));
    for (name, kind) in frame.schema().iter() {
        let kind = match kind {
            DataType::String => "text",
            DataType::List(_) => "list",
            DataType::Int64 => "int",
            DataType::Float32 | DataType::Float64 => "float",
            other => panic!("{table}: {name} is {other}"),
        };
        line(&format!("        \"{name}\": \"{kind}\","));
    }
    line("    },");
}

#[test]
fn documented_settings_are_those_of_the_program() {
    let name = "docs/configuration.md";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let page = fs::read_to_string(path).expect("the page");
    let page = page.replace("\r\n", "\n");
    let facts = Facts {
        layout: "image folders: 3 splits (train, val, test) × 10 classes".to_owned(),
        root: "data".to_owned(),
        evaluation: vec!["val".to_owned(), "test".to_owned()],
        splits: ["train", "val", "test"].map(str::to_owned).to_vec(),
        applies: ["LEAK", "LABEL001"].map(str::to_owned).to_vec(),
    };
    let (before, rest) = page.split_once("```toml all\n").expect("a block");
    let (_, after) = rest.split_once("```\n").expect("its end");
    holds(
        name,
        &format!("{before}```toml all\n{}```\n{after}", general(&facts)),
    );
}
