//! Files that splitlint writes for others to read, and its own in this
//! repository: each is parsed.

use std::fs;
use std::path::Path;

use splitlint::config::parse;
use yaml_rust2::{Yaml, YamlLoader};

use super::run::Place;

#[test]
fn init_writes_settings_that_a_scan_reads() {
    let place = Place::new();
    place.clean_set(6);
    place
        .splitlint(["init", "data"])
        .exits(0)
        .says("wrote   splitlint.toml");
    let options = parse(&place.read("splitlint.toml"), "s");
    assert!(options.problems.is_empty(), "{:?}", options.problems);
    place.splitlint(["scan", "--no-cache"]).exits(0);
}

#[test]
fn every_file_for_a_pipeline_parses() {
    let place = Place::new();
    place.clean_set(6);
    place
        .splitlint([
            "init",
            "data",
            "--github",
            "--gitlab",
            "--pre-commit",
            "--dvc",
        ])
        .exits(0);
    let workflow = yaml(&place.read(".github/workflows/splitlint.yml"));
    let steps = workflow["jobs"]["splitlint"]["steps"]
        .as_vec()
        .expect("steps");
    assert!(steps.iter().any(|step| runs_scan(&step["run"])));
    let gitlab = yaml(&place.read(".gitlab-ci.yml"));
    assert!(runs_scan(&gitlab["splitlint"]["script"][0]));
    let pre_commit = yaml(&place.read(".pre-commit-config.yaml"));
    assert!(runs_scan(&pre_commit["repos"][0]["hooks"][0]["entry"]));
    let dvc = yaml(&place.read("dvc.yaml"));
    assert!(runs_scan(&dvc["stages"]["splitlint"]["cmd"]));
    assert_eq!(dvc["stages"]["splitlint"]["deps"][0].as_str(), Some("data"));
}

#[test]
fn pipeline_depends_on_the_images_of_a_manifest_and_on_the_settings_there_are() {
    let place = Place::new();
    place.clean_set(2);
    place.write(
        "data/list.csv",
        "file,klass,part\ntrain/cat/000.jpg,cat,train\ntest/cat/001.jpg,cat,test\n",
    );
    place.write(
        "splitlint.toml",
        "root = \"data/list.csv\"\nlabel-column = \"klass\"\nsplit-column = \"part\"\n",
    );
    place
        .splitlint(["init", "--dvc"])
        .exits(0)
        .says("data set of splitlint.toml, read as manifest `list.csv`: 2 splits");
    let dvc = yaml(&place.read("dvc.yaml"));
    let deps: Vec<_> = dvc["stages"]["splitlint"]["deps"]
        .as_vec()
        .expect("deps")
        .iter()
        .filter_map(Yaml::as_str)
        .collect();
    assert_eq!(
        deps,
        ["data/list.csv", "data/test", "data/train", "splitlint.toml"]
    );
}

#[test]
fn nothing_is_replaced() {
    let place = Place::new();
    place.clean_set(6);
    place.write(".gitlab-ci.yml", "mine: 1\n");
    place.write("splitlint.toml", "root = \"data\"\n");
    place
        .splitlint(["init", "data", "--gitlab"])
        .exits(0)
        .says("left    splitlint.toml as it is")
        .says("add to it")
        .says("gl-code-quality-report.json");
    assert_eq!(place.read(".gitlab-ci.yml"), "mine: 1\n");
    assert_eq!(place.read("splitlint.toml"), "root = \"data\"\n");
}

#[test]
fn init_of_nothing_known_is_an_error() {
    Place::new()
        .splitlint(["init", "nowhere"])
        .exits(2)
        .warns("nowhere");
}

#[test]
fn hooks_and_action_of_this_repository_parse() {
    let hooks = yaml(&of_repository(".pre-commit-hooks.yaml"));
    // Its script installs the wheel and hands it these words.
    let entry = hooks[0]["entry"].as_str().expect("a command");
    let mut words = entry.split(' ');
    let script = words.next().map(of_repository);
    assert!(script.is_some_and(|script| script.contains("splitlint")));
    assert_eq!(words.next(), Some("scan"));
    let action = yaml(&of_repository("action.yml"));
    let steps = action["runs"]["steps"].as_vec().expect("steps");
    assert!(
        steps
            .iter()
            .all(|step| step["shell"].as_str() == Some("bash"))
    );
    for input in ["dataset", "args", "report", "sarif"] {
        assert!(!action["inputs"][input]["description"].is_badvalue());
    }
}

#[test]
fn examples_in_the_pages_parse() {
    for page in ["docs/ci.md", "docs/configuration.md"] {
        let text = of_repository(page);
        for block in blocks(&text, "yaml") {
            yaml(block);
        }
        for block in blocks(&text, "toml") {
            let options = parse(block, page);
            assert!(options.problems.is_empty(), "{:?}", options.problems);
        }
    }
}

fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect()
}

fn runs_scan(command: &Yaml) -> bool {
    command
        .as_str()
        .is_some_and(|text| text.contains("splitlint scan"))
}

fn yaml(text: &str) -> Yaml {
    YamlLoader::load_from_str(text).expect("YAML").remove(0)
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn of_repository(name: &str) -> String {
    fs::read_to_string(repository().join(name)).expect("in the repository")
}
