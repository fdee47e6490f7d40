//! Every pipeline file of the repository is well-formed YAML, its jobs name jobs
//! that are there, and no input of a stranger's is read as shell code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use yaml_rust2::{Yaml, YamlLoader};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> Yaml {
    let text = fs::read_to_string(path).expect("readable");
    let mut documents =
        YamlLoader::load_from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(documents.len(), 1, "{}", path.display());
    documents.remove(0)
}

/// The workflows of the repository, and the one that `splitlint init` writes.
fn workflows() -> Vec<(String, Yaml)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(root().join(".github/workflows"))
        .expect("workflows")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.push(root().join("src/cli/templates/github.yml"));
    paths.sort();
    assert!(paths.len() >= 3, "{paths:?}");
    let named = |path: PathBuf| {
        let name = path
            .strip_prefix(root())
            .expect("inside")
            .display()
            .to_string();
        (name, read(&path))
    };
    paths.into_iter().map(named).collect()
}

fn text(yaml: &Yaml) -> String {
    match yaml {
        Yaml::String(text) => text.clone(),
        Yaml::Integer(number) => number.to_string(),
        Yaml::Boolean(value) => value.to_string(),
        _ => String::new(),
    }
}

/// Every text below `yaml`, with the key it stands under.
fn texts(key: &str, yaml: &Yaml, all: &mut Vec<(String, String)>) {
    match yaml {
        Yaml::Hash(hash) => (hash.iter()).for_each(|(key, value)| texts(&text(key), value, all)),
        Yaml::Array(list) => list.iter().for_each(|value| texts(key, value, all)),
        other => all.push((key.to_owned(), text(other))),
    }
}

/// The expressions `${{ … }}` in `text`.
fn expressions(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split("${{").skip(1);
    parts.map(|part| part.split("}}").next().unwrap_or_default().trim())
}

#[test]
fn every_job_runs_somewhere_ends_in_time_and_needs_jobs_that_exist() {
    for (file, workflow) in workflows() {
        let jobs = workflow["jobs"].as_hash().expect("jobs");
        let names: BTreeSet<String> = jobs.keys().map(text).collect();
        // YAML 1.1 reads a bare `on` as true; this parser leaves it a word.
        assert!(!workflow["on"].is_badvalue(), "{file}: when does it run?");
        assert!(
            !workflow["permissions"].is_badvalue(),
            "{file}: permissions"
        );
        for (name, job) in jobs {
            let place = format!("{file}: {}", text(name));
            assert!(!text(&job["runs-on"]).is_empty(), "{place}: runs-on");
            let needs = match &job["needs"] {
                Yaml::Array(list) => list.iter().map(text).collect(),
                Yaml::BadValue => Vec::new(),
                one => vec![text(one)],
            };
            for need in needs {
                assert!(names.contains(&need), "{place} needs `{need}`");
            }
            if file.starts_with(".github") {
                assert!(
                    job["timeout-minutes"].as_i64().is_some(),
                    "{place}: timeout"
                );
            }
        }
    }
}

#[test]
fn every_step_either_runs_or_uses_a_version_of_something() {
    for (file, workflow) in workflows() {
        for (name, job) in workflow["jobs"].as_hash().expect("jobs") {
            for step in job["steps"].as_vec().expect("steps") {
                let place = format!("{file}: {}: {step:?}", text(name));
                let (uses, run) = (step["uses"].as_str(), step["run"].as_str());
                assert!(uses.is_some() != run.is_some(), "{place}");
                let known = [
                    "name",
                    "id",
                    "if",
                    "uses",
                    "with",
                    "run",
                    "env",
                    "shell",
                    "working-directory",
                    "continue-on-error",
                    "timeout-minutes",
                ];
                for key in step.as_hash().expect("a step").keys() {
                    assert!(known.contains(&text(key).as_str()), "{place}: {key:?}");
                }
                if let Some(uses) = uses {
                    let version = uses.split_once('@').map_or("", |(_, version)| version);
                    assert!(
                        !version.is_empty() && version != "main" && version != "master",
                        "{place}"
                    );
                }
            }
        }
    }
}

#[test]
fn expressions_name_what_is_there_and_never_stand_in_shell_code() {
    for (file, workflow) in workflows() {
        for (name, job) in workflow["jobs"].as_hash().expect("jobs") {
            let place = format!("{file}: {}", text(name));
            let matrix = &job["strategy"]["matrix"];
            let mut axes: BTreeSet<String> = (matrix.as_hash().into_iter().flatten())
                .map(|(key, _)| text(key))
                .collect();
            for row in matrix["include"].as_vec().into_iter().flatten() {
                axes.extend(row.as_hash().expect("a row").keys().map(text));
            }
            let ids: BTreeSet<String> = (job["steps"].as_vec().into_iter().flatten())
                .map(|step| text(&step["id"]))
                .collect();
            let mut all = Vec::new();
            texts("", job, &mut all);
            for (key, value) in &all {
                for expression in expressions(value) {
                    assert_ne!(key, "run", "{place}: `{expression}` would be run as code");
                    assert!(!expression.contains("secrets."), "{place}: `{expression}`");
                    if let Some(axis) = expression.strip_prefix("matrix.") {
                        assert!(axes.contains(axis), "{place}: `{expression}`");
                    }
                    if let Some(rest) = expression.strip_prefix("steps.") {
                        let id = rest.split('.').next().unwrap_or_default();
                        assert!(ids.contains(id), "{place}: `{expression}`");
                    }
                }
            }
        }
    }
}

#[test]
fn files_that_pipelines_run_are_there() {
    for (file, workflow) in workflows() {
        let mut all = Vec::new();
        texts("", &workflow, &mut all);
        for (_, value) in all.iter().filter(|(key, _)| key == "run") {
            for word in value
                .split_whitespace()
                .filter(|_| value.starts_with("bash "))
            {
                if word.contains('/') {
                    assert!(root().join(word).is_file(), "{file}: {word}");
                }
            }
        }
    }
}

#[test]
fn action_and_hook_install_the_wheel_and_compile_nothing() {
    let action = read(&root().join("action.yml"));
    let (inputs, steps) = (
        &action["inputs"],
        action["runs"]["steps"].as_vec().expect("steps"),
    );
    let mut all = Vec::new();
    texts("", &action, &mut all);
    for (key, value) in &all {
        assert!(!value.contains("cargo"), "{value}");
        for expression in expressions(value) {
            assert_ne!(key, "run", "`{expression}` would be run as code");
            if let Some(input) = expression.strip_prefix("inputs.") {
                assert!(!inputs[input].is_badvalue(), "{expression}");
            }
        }
    }
    assert!(
        steps
            .iter()
            .any(|step| text(&step["run"]).contains("--only-binary splitlint"))
    );
    let hooks = read(&root().join(".pre-commit-hooks.yaml"));
    let hook = &hooks.as_vec().expect("hooks")[0];
    assert_eq!(hook["language"].as_str(), Some("script"));
    let entry = text(&hook["entry"]);
    let script = entry.split_whitespace().next().expect("a script");
    assert!(root().join(script).is_file(), "{script}");
}

#[test]
fn wheels_are_made_for_every_platform() {
    let release = read(&root().join(".github/workflows/release.yml"));
    let rows = &release["jobs"]["wheels"]["strategy"]["matrix"]["include"];
    let targets: BTreeSet<String> = (rows.as_vec().expect("rows").iter())
        .map(|row| text(&row["target"]))
        .collect();
    for system in [
        "unknown-linux-gnu",
        "unknown-linux-musl",
        "apple-darwin",
        "pc-windows-msvc",
    ] {
        for processor in ["x86_64", "aarch64"] {
            let target = format!("{processor}-{system}");
            assert!(targets.contains(&target), "no wheel for {target}");
        }
    }
}
