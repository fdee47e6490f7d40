//! `splitlint.toml` and the flags above it.

use super::run::Place;

#[test]
fn every_mistake_in_the_file_is_told_at_once() {
    let place = Place::new();
    place.write(
        "splitlint.toml",
        "fail_on = \"error\"\njobs = \"two\"\nselect = [\"LEEK\"]\n[severity]\nLEAK001 = \"bad\"\n",
    );
    place
        .scan()
        .exits(2)
        .warns("4 mistakes")
        .warns("splitlint.toml:1: no setting is called `fail_on`; did you mean `fail-on`?")
        .warns("splitlint.toml:2: `jobs`")
        .warns("did you mean `LEAK`?")
        .warns("unknown severity `bad`");
}

#[test]
fn file_in_the_current_folder_goes_before_the_one_in_the_data_set() {
    let place = Place::new();
    place.leaky_set();
    place.write(
        "data/splitlint.toml",
        "select = [\"LEAK001\"]\nfail-on = \"never\"\n",
    );
    place.scan().exits(0).warns("data");
    place.write("splitlint.toml", "select = [\"LEAK001\"]\n");
    place.scan().args(["--report", "r2"]).exits(1);
}

#[test]
fn flags_stand_above_the_file() {
    let place = Place::new();
    place.leaky_set();
    place.write(
        "splitlint.toml",
        "select = [\"LEAK001\"]\nfail-on = \"never\"\n",
    );
    place.scan().exits(0);
    place.scan().args(["--fail-on", "error"]).exits(1);
}

#[test]
fn data_set_can_be_named_in_the_file() {
    let place = Place::new();
    place.leaky_set();
    place.write(
        "conf/s.toml",
        "root = \"../data\"\nselect = [\"LEAK001\"]\n",
    );
    place
        .splitlint(["scan", "--config", "conf/s.toml"])
        .exits(1);
}

#[test]
fn config_that_is_not_there_is_named() {
    Place::new()
        .scan()
        .args(["--config", "none.toml"])
        .exits(2)
        .warns("none.toml");
}

#[test]
fn severity_set_by_the_user_moves_the_verdict() {
    let place = Place::new();
    place.leaky_set();
    place.write(
        "splitlint.toml",
        "select = [\"LEAK001\"]\n[severity]\nLEAK001 = \"warning\"\n",
    );
    place.scan().exits(0);
    place.scan().args(["--fail-on", "warning"]).exits(1);
}
