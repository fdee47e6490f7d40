//! The tables as Python's users open them: pyarrow, pandas, DuckDB. Passes
//! over the question where no Python with pyarrow is found, unless `CI` is set.

mod support;

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// What `check.py` answers where pyarrow is not installed.
const NO_PYARROW: i32 = 3;

fn python() -> OsString {
    std::env::var_os("SPLITLINT_TEST_PYTHON").unwrap_or_else(|| "python3".into())
}

/// Scans `data` and has the report read; `false` where nothing can read it.
fn python_reads_the_report_of(data: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = tempfile::tempdir().expect("a temporary folder");
    let folder = place.path().join("report");
    let scan = Command::new(env!("CARGO_BIN_EXE_splitlint"))
        .args(["scan", "--no-cache", "--quiet", "--fail-on", "never"])
        .arg("--report")
        .args([&folder, &root.join(data)])
        .current_dir(place.path())
        .output()
        .expect("the program starts");
    assert!(folder.is_dir(), "{}", String::from_utf8_lossy(&scan.stderr));
    let check = Command::new(python())
        .arg(root.join("tests/parquet/check.py"))
        .arg(&folder)
        .output();
    let Ok(check) = check else {
        return false;
    };
    if check.status.code() == Some(NO_PYARROW) {
        return false;
    }
    let messages = String::from_utf8_lossy(&check.stdout);
    let failed = String::from_utf8_lossy(&check.stderr);
    assert!(check.status.success(), "{data}:\n{messages}{failed}");
    true
}

#[test]
fn python_reads_the_tables_with_strings_as_strings_and_lists_as_lists() {
    // A set with findings of many kinds, and one whose tables are empty.
    for data in ["sample-data/demo", "sample-data/checks/LEAK001/clean"] {
        if !python_reads_the_report_of(data) {
            let python = python();
            support::skip(&format!("`{}` has no pyarrow", python.to_string_lossy()));
            return;
        }
    }
}
