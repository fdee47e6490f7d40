//! What is typed wrongly, and the commands that need no data.

use super::run::Place;

#[test]
fn wrong_flag_is_answered_with_the_nearest_and_code_2() {
    Place::new()
        .splitlint(["scan", "--reprot", "x"])
        .exits(2)
        .warns("--report");
}

#[test]
fn no_command_shows_the_help() {
    Place::new()
        .splitlint([""; 0])
        .exits(2)
        .warns("Usage: splitlint");
    Place::new().splitlint(["--help"]).exits(0).says("scan");
}

#[test]
fn help_of_scan_groups_its_options() {
    let help = Place::new().splitlint(["scan", "--help"]).exits(0);
    for heading in ["Data set:", "Checks:", "Verdict:", "Report:", "Running:"] {
        help.says(heading);
    }
}

#[test]
fn nothing_to_scan_is_said() {
    Place::new()
        .splitlint(["scan"])
        .exits(2)
        .warns("nothing to scan");
}

#[test]
fn root_that_is_not_there_is_named() {
    Place::new()
        .splitlint(["scan", "nowhere"])
        .exits(2)
        .warns("nowhere");
}

#[test]
fn split_without_a_path_is_refused_with_an_example() {
    Place::new()
        .splitlint(["scan", "--split", "test"])
        .exits(2)
        .warns("NAME=PATH");
}

#[test]
fn usual_mistakes_are_answered_with_what_was_meant() {
    let place = Place::new();
    place.image("data/train/cat/1.jpg", 1);
    let said = |arguments: &[&str], tip: &str| {
        place.splitlint(arguments).exits(2).warns(tip);
    };
    said(&["data"], "splitlint scan data");
    said(
        &["scan", "data/train", "data/train/cat"],
        "--split train=PATH",
    );
    said(&["scan", "data", "--format", "html"], "by every scan");
    said(
        &["scan", "data", "--output", "leaks.sarif"],
        "sarif=leaks.sarif",
    );
    said(&["scan", "data/train/cat/1.jpg"], "neither a folder nor");
    place
        .splitlint(["scan", "data/train", "--no-cache"])
        .exits(0)
        .says("scan its parent folder to compare splits");
    said(&["explain", "leak1"], "did you mean `LEAK001`");
}

#[test]
fn unknown_check_and_unknown_format_are_told_together() {
    Place::new()
        .splitlint(["scan", "data", "--select", "LEEK", "--output", "word=x.doc"])
        .exits(2)
        .warns("did you mean `LEAK`")
        .warns("no format is called `word`");
}

#[test]
fn checks_are_listed_and_each_is_explained() {
    let place = Place::new();
    place.splitlint(["checks"]).exits(0).says("LEAK001");
    for declared in splitlint::checks::registry::all() {
        let page = place.splitlint(["explain", declared.info.code]).exits(0);
        assert_eq!(page.stdout, declared.info.docs);
    }
    let by_name = place.splitlint(["explain", "Exact-Duplicate-Across-Splits"]);
    by_name.exits(0).says("LEAK001");
    place
        .splitlint(["explain", "leak"])
        .exits(0)
        .says("LEAK001 ");
    place
        .splitlint(["explain", "LEEK001"])
        .exits(2)
        .warns("LEAK001");
}

#[test]
fn completions_and_manual_are_made_for_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.splitlint(["completions", shell]).exits(0);
        script.says("explain");
    }
    place.splitlint(["man"]).exits(0).says(".TH splitlint 1");
    place.splitlint(["man", "--out", "man"]).exits(0);
    assert!(place.read("man/splitlint-scan.1").contains("fail\\-on"));
}

#[cfg(target_os = "linux")]
#[test]
fn reader_that_goes_away_is_no_error_and_a_full_disk_is_one() {
    use std::process::Stdio;
    let place = Place::new();
    let mut gone = place.splitlint(["explain", "LEAK001"]).into_command();
    let mut child = gone
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());

    let mut full = place.splitlint(["explain", "LEAK001"]).into_command();
    let full_disk = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    let output = full.stdout(full_disk).stderr(Stdio::piped()).output();
    let output = output.expect("ends");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));
}
