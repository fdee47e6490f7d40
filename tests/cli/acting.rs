//! Acting on a report: the difference to another, a plan, a cleaned copy.

use std::fs;
use std::path::Path;

use super::run::Place;

#[test]
fn diff_tells_new_gone_and_unchanged_and_fails_when_worse() {
    let place = Place::new();
    place.leaky_set();
    let scan = |report: &str, code| {
        let select = ["--select", "LEAK001", "--report", report];
        place.scan().args(select).exits(code);
    };
    scan("leaky", 1);
    fs::remove_file(place.path("data/test/cat/copy.jpg")).expect("removed");
    scan("clean", 0);
    let diff = |old: &str, new: &str| place.splitlint(["diff", old, new]);
    diff("clean", "leaky")
        .exits(1)
        .says("1 new, 0 gone")
        .says("copy.jpg");
    diff("leaky", "clean").exits(0).says("0 new, 1 gone");
    diff("leaky", "leaky").exits(0).says("1 unchanged");
    diff("clean", "leaky").args(["--fail-on", "never"]).exits(0);
    diff("clean", "data").exits(2).warns("`data` is no report");
}

#[test]
fn plan_drops_copies_and_the_cleaned_copy_scans_clean() {
    for way in ["link-or-copy", "hard-link", "symlink", "copy"] {
        let place = Place::new();
        place.leaky_set();
        place.write("data/train/dog/broken.jpg", "no image");
        place.scan().exits(1);
        let before = tree(&place.path("data"));
        place
            .splitlint(["apply", "--to", "cleaned", "--by", way])
            .exits(0)
            .says("2 samples dropped")
            .says("splitlint scan cleaned")
            .says("left       no copy across splits");
        assert_eq!(tree(&place.path("data")), before, "the input is as it was");
        assert_eq!(tree(&place.path("cleaned")).len(), before.len() - 2);
        let plan = place.read("splitlint-plan/plan.csv");
        assert!(plan.contains("train/dog/broken.jpg,drop"), "{plan}");
        assert_eq!(
            place.read("splitlint-plan/manifest.csv").lines().count(),
            before.len() - 1
        );
        place
            .splitlint(["scan", "cleaned", "--no-cache", "--report", "again"])
            .exits(0);
        place
            .splitlint([
                "scan",
                "splitlint-plan/manifest.csv",
                "--no-cache",
                "--report",
                "third",
            ])
            .exits(0);
    }
}

#[test]
fn decisions_relabel_drop_and_keep() {
    let place = Place::new();
    place.clean_set(6);
    place.scan().exits(0);
    place.write(
        "decisions.csv",
        "sample,given,suggested,score,decision\n\
         train/cat/000.jpg,cat,dog,0.1,change\n\
         train/cat/001.jpg,cat,dog,0.1,dog\n\
         train/cat/002.jpg,cat,dog,0.1,drop\n\
         train/cat/003.jpg,cat,dog,0.1,keep\n\
         train/cat/004.jpg,cat,dog,0.1,\n",
    );
    place
        .splitlint(["apply", "--decisions", "decisions.csv", "--to", "cleaned"])
        .exits(0)
        .says("1 sample dropped, 2 relabelled, 1 kept")
        .says("1 questionable label is undecided");
    let copied = tree(&place.path("cleaned"));
    let has = |name: &str| {
        copied
            .iter()
            .any(|(key, _)| Path::new(key) == Path::new(name))
    };
    assert!(
        has("train/dog/000-2.jpg") && has("train/dog/001-2.jpg"),
        "{copied:?}"
    );
    assert!(!has("train/cat/002.jpg") && has("train/cat/003.jpg"));
}

#[test]
fn decision_that_means_nothing_is_told_by_line() {
    let place = Place::new();
    place.clean_set(6);
    place.scan().exits(0);
    place.write(
        "decisions.csv",
        "sample,given,suggested,score,decision\n\
         train/cat/000.jpg,cat,,0.1,change\n\
         train/cat/001.jpg,cat,dog,0.1,bird\n\
         train/cat/nothing.jpg,cat,dog,0.1,keep\n",
    );
    place
        .splitlint(["apply", "--decisions", "decisions.csv"])
        .exits(2)
        .warns("line 2")
        .warns("line 3: `bird` is neither")
        .warns("no sample is called `train/cat/nothing.jpg`");
}

#[test]
fn plan_for_another_data_set_is_refused() {
    let place = Place::new();
    place.leaky_set();
    place.scan().exits(1);
    place.image("data/test/cat/copy.jpg", 999);
    place
        .splitlint(["apply"])
        .exits(2)
        .warns("has changed since");
    place.image("data/test/cat/later.jpg", 998);
    place.splitlint(["apply"]).exits(2).warns("1 samples more");
}

#[test]
fn copy_goes_nowhere_where_it_could_harm() {
    let place = Place::new();
    place.leaky_set();
    place.scan().exits(1);
    let to = |folder: &str| place.splitlint(["apply", "--to", folder]);
    to("data/cleaned").exits(2).warns("lies in the data set");
    to("splitlint-report").exits(2).warns("name a new folder");
}

/// Every file below `folder` by path, with its bytes' number.
fn tree(folder: &Path) -> Vec<(String, u64)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let key = path.strip_prefix(folder).expect("below");
                let size = path.metadata().expect("there").len();
                files.push((key.to_string_lossy().into_owned(), size));
            }
        }
    }
    files.sort();
    files
}
