//! What a killed process leaves goes, and nothing else.

use std::process::{Command, Stdio};

use super::*;

fn names(place: &Path) -> Vec<String> {
    let all = fs::read_dir(place).expect("a folder").flatten();
    let mut names: Vec<String> = all
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

const CHILD: &str = "SPLITLINT_TEST_SCRATCH";

/// No test by itself: what the killed process does.
#[test]
fn child_that_holds_a_folder_until_killed() {
    if let Some(place) = std::env::var_os(CHILD) {
        let scratch = Scratch::in_folder(Path::new(&place)).expect("made");
        fs::write(scratch.path().join("half a report"), "x").expect("written");
        fs::write(Path::new(&place).join("ready"), "").expect("written");
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

#[test]
fn what_a_killed_process_left_is_removed_and_what_a_living_one_holds_stays() {
    let place = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args([
            "--exact",
            "scratch::tests::child_that_holds_a_folder_until_killed",
        ])
        .env(CHILD, place.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
    while !place.path().join("ready").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    fs::remove_file(place.path().join("ready")).expect("there");
    drop(Scratch::in_folder(place.path()).expect("made"));
    assert_eq!(names(place.path()).len(), 1, "the other process lives");
    child.kill().expect("killed");
    child.wait().expect("ended");
    drop(Scratch::in_folder(place.path()).expect("made"));
    assert_eq!(names(place.path()), [""; 0]);
}

#[test]
fn what_is_new_or_of_others_names_is_left_alone() {
    let place = tempfile::tempdir().expect("a folder");
    let kept = [
        ".splitlint-abc",
        ".splitlint-abcde1",
        ".splitlint-reports",
        "abcdef",
    ];
    for name in kept {
        fs::create_dir(place.path().join(name)).expect("made");
    }
    fs::write(place.path().join(".splitlint-abcde2"), "new").expect("written");
    drop(Scratch::in_folder(place.path()).expect("made"));
    assert_eq!(names(place.path()).len(), kept.len() + 1);
}

#[test]
fn old_files_that_nobody_holds_go() {
    let place = tempfile::tempdir().expect("a folder");
    let long_ago = std::time::SystemTime::now() - 2 * OLD;
    let make = |name: &str| {
        let file = File::create(place.path().join(name)).expect("made");
        file.set_modified(long_ago).expect("set");
        file
    };
    let held = make(".splitlint-held00");
    hold(&held);
    drop(make(".splitlint-free00"));
    drop(Scratch::in_folder(place.path()).expect("made"));
    assert_eq!(names(place.path()), [".splitlint-held00"]);
}
