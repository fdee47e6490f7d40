//! Data sets as they come, sound and broken, and what a scan says of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::images::encoded;
use super::run::Place;

#[test]
fn clean_set_passes() {
    let place = Place::new();
    place.clean_set(6);
    place.scan().args(["--select", "LEAK,LABEL001"]).exits(0);
}

#[test]
fn copy_across_splits_fails_and_is_named() {
    let place = Place::new();
    place.leaky_set();
    place
        .scan()
        .args(["--select", "LEAK"])
        .exits(1)
        .says("LEAK001")
        .says("test/cat/copy.jpg");
}

#[test]
fn select_and_ignore_decide_what_runs() {
    let place = Place::new();
    place.leaky_set();
    place
        .scan()
        .args(["--select", "LEAK", "--ignore", "leak"])
        .exits(2);
    place
        .scan()
        .args(["--ignore", "LEAK", "--fail-on", "error"])
        .exits(0);
    place.scan().args(["--select", "leak001"]).exits(1);
}

#[test]
fn fail_on_never_passes_whatever_is_found() {
    let place = Place::new();
    place.leaky_set();
    place
        .scan()
        .args(["--fail-on", "never"])
        .exits(0)
        .says("LEAK001");
}

#[test]
fn code_does_not_depend_on_the_format() {
    let place = Place::new();
    place.leaky_set();
    for format in splitlint::config::Format::ALL {
        place.scan().args(["--format", format.name()]).exits(1);
    }
    place.scan().arg("-q").exits(1);
}

#[test]
fn empty_folder_is_an_error_that_shows_the_accepted_layouts() {
    let place = Place::new();
    fs::create_dir(place.path("data")).expect("made");
    place.scan().exits(2).warns("data");
}

#[test]
fn set_without_splits_says_that_leaks_are_not_applicable() {
    let place = Place::new();
    for (class, seed) in [("cat", 1), ("cat", 2), ("dog", 3), ("dog", 4)] {
        place.image(&format!("data/{class}/{seed}.png"), seed);
    }
    place
        .scan()
        .args(["--select", "LEAK001"])
        .exits(0)
        .says("not applicable");
}

#[test]
fn broken_files_are_findings_and_the_scan_goes_on() {
    let place = Place::new();
    place.leaky_set();
    place.write("data/train/cat/text.jpg", "this is no image");
    place.write("data/train/dog/empty.jpg", "");
    let whole = encoded(77, "a.jpg");
    place.write("data/test/dog/truncated.jpg", &whole[..whole.len() / 3]);
    place
        .scan()
        .exits(1)
        .says("train/cat/text.jpg")
        .says("train/dog/empty.jpg")
        .says("test/dog/truncated.jpg")
        .says("test/cat/copy.jpg");
}

#[cfg(unix)]
#[test]
fn control_characters_in_names_never_reach_the_terminal() {
    let place = Place::new();
    place.clean_set(6);
    place.image("data/test/cat/\u{1b}[2Jevil\n.jpg", 0);
    for format in splitlint::config::Format::ALL {
        let answer = place.scan().args(["--format", format.name()]).exits(1);
        let everything = answer.stdout + &answer.stderr;
        assert!(
            !everything.chars().any(|c| c.is_control() && c != '\n'),
            "{everything:?}"
        );
        assert!(everything.contains(r"\x1b[2Jevil") || everything.contains(r"\\x1b[2Jevil"));
    }
}

#[test]
fn report_that_cannot_be_written_is_told_before_the_scan() {
    let place = Place::new();
    place.leaky_set();
    place.write("taken", "a file");
    place
        .scan()
        .args(["--report", "taken"])
        .exits(2)
        .warns("taken");
    place
        .scan()
        .args(["--report", "taken/below"])
        .exits(2)
        .warns("taken");
    place
        .scan()
        .args(["--report", "data"])
        .exits(2)
        .warns("holds other things");
    place
        .scan()
        .args(["--output", "sarif=data"])
        .exits(2)
        .warns("name a file");
    assert!(place.path("data/train/cat/000.jpg").is_file());
}

#[test]
fn further_outputs_are_written_with_their_folders() {
    let place = Place::new();
    place.leaky_set();
    place
        .scan()
        .args(["--output", "text=out/deep/a.txt", "--output", "json=b.json"])
        .exits(1);
    assert!(place.read("out/deep/a.txt").contains("LEAK001"));
    assert!(place.read("b.json").contains("LEAK001"));
}

#[test]
fn summary_is_added_to_the_page_of_a_github_run() {
    let place = Place::new();
    place.leaky_set();
    place.write("page.md", "before\n");
    let page = place.path("page.md");
    place.scan().env("GITHUB_STEP_SUMMARY", &page).exits(1);
    let text = place.read("page.md");
    assert!(
        text.starts_with("before\n") && text.contains("LEAK001"),
        "{text}"
    );
}

#[test]
fn number_of_threads_does_not_show_in_the_report() {
    let place = Place::new();
    place.leaky_set();
    place.write("data/train/cat/text.jpg", "this is no image");
    place
        .scan()
        .args(["--jobs", "1", "--report", "r1"])
        .exits(1);
    place
        .scan()
        .args(["--jobs", "8", "--report", "r8"])
        .exits(1);
    let (one, eight) = (
        bytes_below(&place.path("r1")),
        bytes_below(&place.path("r8")),
    );
    assert!(one.contains_key("findings.csv") && one.contains_key("summary.json"));
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        eight.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in one {
        assert!(bytes == eight[&name], "{name} differs");
    }
}

#[test]
fn verbose_tells_what_each_stage_kept_and_a_pipe_gets_no_bars() {
    let place = Place::new();
    place.leaky_set();
    place
        .scan()
        .arg("-v")
        .exits(1)
        .warns("fingerprint")
        .warns("images decoded");
    let plain = place.scan().exits(1);
    assert_eq!(plain.stderr, "");
}

fn bytes_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .expect("a report")
        .map(|entry| {
            let path = entry.expect("readable").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read(&path).expect("readable"))
        })
        .collect()
}
