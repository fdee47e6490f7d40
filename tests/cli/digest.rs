//! `splitlint digest`: the same data, and what changed.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn demo() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/demo")
}

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_splitlint"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// A copy of three files of two classes in two splits.
fn small(place: &Path) {
    for name in ["train/city/00.jpg", "train/lake/00.jpg", "test/city/01.jpg"] {
        let to = place.join("data").join(name);
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::copy(demo().join(name), to).expect("copied");
    }
}

#[test]
fn digest_of_the_report_is_the_one_of_the_command() {
    let place = tempfile::tempdir().expect("a folder");
    small(place.path());
    run(place.path(), &["scan", "data", "--no-cache", "-q"]);
    let summary = fs::read_to_string(place.path().join("splitlint-report/summary.json"));
    let summary: Value = serde_json::from_str(&summary.expect("a report")).expect("JSON");
    let (code, messages, _) = run(place.path(), &["digest", "data", "--format", "json"]);
    let digest: Value = serde_json::from_str(&messages).expect("JSON");
    assert_eq!(code, Some(0));
    assert_eq!(summary["digest"], digest);
    let (_, text, _) = run(place.path(), &["digest", "data"]);
    assert!(
        text.contains(digest["value"].as_str().expect("a value")),
        "{text}"
    );
    assert!(text.contains("train: 2 samples"), "{text}");
}

#[test]
fn audited_data_are_the_same_until_something_changes() {
    let place = tempfile::tempdir().expect("a folder");
    small(place.path());
    run(place.path(), &["scan", "data", "--no-cache", "-q"]);
    // The report names the data; the list that was written names none.
    let check = ["digest", "--check", "splitlint-report"];
    assert_eq!(run(place.path(), &check).0, Some(0));
    let write = ["digest", "data", "--write", "audited.csv"];
    assert_eq!(run(place.path(), &write).0, Some(0));
    let data = place.path().join("data");
    fs::rename(
        data.join("train/city/00.jpg"),
        data.join("train/lake/9.jpg"),
    )
    .expect("moved");
    fs::rename(data.join("test/city/01.jpg"), data.join("test/city/x.jpg")).expect("renamed");
    for check in [&check[..], &["digest", "data", "--check", "audited.csv"]] {
        let (code, messages, _) = run(place.path(), check);
        assert_eq!(code, Some(1), "{messages}");
        assert!(
            messages.contains("relabelled: train/lake/9.jpg: city → lake"),
            "{messages}"
        );
        assert!(messages.contains("which changes nothing: 1"), "{messages}");
        assert!(messages.contains("0 added, 0 removed"), "{messages}");
    }
}

#[test]
fn what_cannot_be_compared_is_no_verdict() {
    let place = tempfile::tempdir().expect("a folder");
    small(place.path());
    for check in ["nowhere", "data"] {
        let (code, _, said) = run(place.path(), &["digest", "data", "--check", check]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(check), "{said}");
    }
}

#[test]
fn progress_for_programs_is_json_and_the_report_is_named() {
    let place = tempfile::tempdir().expect("a folder");
    small(place.path());
    let scan = ["scan", "data", "--no-cache", "--progress", "json"];
    let (_, _, said) = run(place.path(), &scan);
    let events: Vec<Value> = (said.lines())
        .filter(|line| line.starts_with("{\"splitlint\":"))
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let stages: Vec<&str> = (events.iter())
        .filter_map(|event| event["splitlint"]["stage"].as_str())
        .collect();
    assert!(
        stages.contains(&"fingerprint") && stages.contains(&"report"),
        "{said}"
    );
    let report = events.last().expect("events")["splitlint"]["report"].as_str();
    let report = Path::new(report.expect("the folder"));
    assert!(report.is_absolute() && report.join("summary.json").is_file());
}

#[test]
fn page_on_an_accuracy_of_one_is_explained() {
    let place = tempfile::tempdir().expect("a folder");
    let (code, messages, _) = run(place.path(), &["explain", "stuck-at-one"]);
    assert_eq!(code, Some(0));
    assert!(
        messages.starts_with("# Why is my accuracy stuck at 1?"),
        "{messages}"
    );
}
