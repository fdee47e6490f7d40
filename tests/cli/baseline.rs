//! Accepted findings: written, held through renames, reported when out of date.

use std::fs;

use super::run::Place;

/// A leaky set whose settings look for exact leaks only.
fn leaky() -> Place {
    let place = Place::new();
    place.leaky_set();
    place.write("splitlint.toml", "select = [\"LEAK001\"]\n");
    place
}

#[test]
fn baseline_passes_what_is_known_and_stops_what_is_new() {
    let place = leaky();
    place.scan().exits(1);
    place
        .splitlint([
            "baseline",
            "data",
            "--reason",
            "a burst, kept",
            "--who",
            "me",
        ])
        .exits(0)
        .says("1 new");
    let lines = place.read("splitlint-baseline.csv");
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(lines.contains("\"a burst, kept\",me,"), "{lines}");
    let known = || place.scan().args(["--baseline", "splitlint-baseline.csv"]);
    known().exits(0);
    place.image("data/test/dog/another.jpg", 1);
    known().exits(1);
}

#[test]
fn baseline_survives_renames_and_moves_within_a_split() {
    let place = leaky();
    place.splitlint(["baseline", "data"]).exits(0);
    let rename = |from, to| fs::rename(place.path(from), place.path(to)).expect("renamed");
    rename("data/test/cat/copy.jpg", "data/test/cat/renamed.jpg");
    rename("data/train/cat/000.jpg", "data/train/cat/zzz.jpg");
    place
        .scan()
        .args(["--baseline", "splitlint-baseline.csv"])
        .exits(0);
    rename("data/train", "data/training");
    place
        .scan()
        .args(["--baseline", "splitlint-baseline.csv"])
        .exits(0);
}

#[test]
fn stale_and_expired_lines_are_told() {
    let place = leaky();
    place
        .splitlint(["baseline", "data", "--expires", "2020-01-31"])
        .exits(2)
        .warns("`--expires 2020-01-31` has passed");
    place
        .splitlint(["baseline", "data", "--expires", "2099-01-31"])
        .exits(0);
    let text = place.read("splitlint-baseline.csv");
    place.write("splitlint-baseline.csv", text.replace("2099", "2020"));
    let scan = || place.scan().args(["--baseline", "splitlint-baseline.csv"]);
    scan().exits(1).warns("expired on 2020-01-31");
    fs::remove_file(place.path("splitlint-baseline.csv")).expect("removed");
    place.splitlint(["baseline", "data"]).exits(0);
    fs::remove_file(place.path("data/test/cat/copy.jpg")).expect("removed");
    scan().exits(0).warns("is no longer found");
    place
        .splitlint(["baseline", "data", "--prune"])
        .exits(0)
        .says("1 no longer found and removed");
    assert_eq!(place.read("splitlint-baseline.csv").lines().count(), 1);
}

#[test]
fn pruning_takes_out_only_what_was_looked_for() {
    let place = leaky();
    place.splitlint(["baseline", "data"]).exits(0);
    let text = place.read("splitlint-baseline.csv");
    // Of checks that these settings leave out, and of another family.
    let more = "# agreed in March\nLABEL002,00000000000000aa,kept,me,,\nLEAK005,00000000000000bb,,,,\n\
                LEAK001,00000000000000cc,,,,\n";
    place.write("splitlint-baseline.csv", format!("{text}{more}"));
    let prune = |select: &str| place.splitlint(["baseline", "data", "--prune", "--select", select]);
    prune("LABEL").exits(0).says("0 no longer found");
    place
        .splitlint(["baseline", "data", "--select", "LEAK"])
        .exits(0)
        .says("1 no longer found (`--prune`");
    prune("LEAK").exits(0).says("1 no longer found and removed");
    let left = place.read("splitlint-baseline.csv");
    for kept in ["# agreed in March", "00000000000000aa", "00000000000000bb"] {
        assert!(left.contains(kept), "{kept}: {left}");
    }
    // A report does not list what was accepted, so it finds nothing stale.
    place
        .scan()
        .args(["--baseline", "splitlint-baseline.csv"])
        .exits(0);
    place
        .splitlint(["baseline"])
        .exits(0)
        .says("0 no longer found");
}

#[test]
fn mistakes_in_a_baseline_are_told_by_line() {
    let place = leaky();
    place.write("b.csv", "code,id\nLEAK001,nonsense\nLEAK001,0\n");
    place
        .scan()
        .args(["--baseline", "b.csv"])
        .exits(2)
        .warns("line 2")
        .warns("line 3");
    place
        .scan()
        .args(["--baseline", "none.csv"])
        .exits(2)
        .warns("`splitlint baseline` writes one");
    place
        .splitlint(["baseline", "data", "--expires", "soon"])
        .exits(2)
        .warns("`soon` is not a date");
}

#[test]
fn baseline_of_a_report_that_is_not_there_says_how_to_get_one() {
    leaky()
        .splitlint(["baseline"])
        .exits(2)
        .warns("`splitlint scan` writes one");
}

#[test]
fn findings_are_accepted_by_pattern_in_the_settings() {
    let place = leaky();
    let accept = |path: &str| {
        let text = format!(
            "select = [\"LEAK001\"]\n[[accept]]\ncheck = \"LEAK001\"\npath = \"{path}\"\nreason = \"known\"\n"
        );
        place.write("splitlint.toml", text);
    };
    accept("copy.jpg");
    place.scan().exits(0);
    accept("test/dog/*");
    place.scan().exits(1).warns("matches no finding");
}

#[test]
fn limits_on_headlines_decide_and_are_the_reason() {
    let place = leaky();
    let limit = |value: &str| {
        let text = format!("select = [\"LEAK001\"]\nmax-leaked-share = {value}\n");
        place.write("splitlint.toml", text);
    };
    limit("{ test = 0.05 }");
    place.scan().exits(1);
    // A name that is misspelt limits nothing, and is no reason to pass.
    limit("{ test = 0.1, vall = 0.0 }");
    let quiet = place.scan().arg("--quiet").exits(2);
    quiet.warns("`max-leaked-share` names split `vall`, which this data set does not have");
    limit("{ test = 0.1 }");
    place.scan().exits(0);
    limit("0");
    place.scan().exits(1);
    limit("7");
    place.scan().exits(2).warns("half a percent is 0.005");
}
