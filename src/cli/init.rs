//! `splitlint init`: looks at a data set, writes its settings and, on request,
//! what runs splitlint elsewhere. Never replaces a file.

use std::path::{Path, PathBuf};

use super::args::InitArguments;
use super::prepare::{self, Volume};
use super::{console, interrupt};
use crate::config::{FILE_NAME, Facts, template};
use crate::error::Result;
use crate::report::write_file;
use crate::sample::Role;
use crate::source::{self, Request};

const GITHUB: &str = include_str!("templates/github.yml");
const GITLAB: &str = include_str!("templates/gitlab.yml");
const PRE_COMMIT: &str = include_str!("templates/pre-commit.yml");
const DVC: &str = include_str!("templates/dvc.yaml");

/// Looks, writes, and says what to do next.
pub(super) fn run(arguments: &InitArguments) -> Result<u8> {
    let root = arguments.root.clone().unwrap_or_else(|| PathBuf::from("."));
    let facts = look(&root)?;
    let dvc = DVC.replace("{{root}}", &quoted(&facts.root));
    let files = [
        (true, FILE_NAME, template(&facts)),
        (
            arguments.github,
            ".github/workflows/splitlint.yml",
            GITHUB.to_owned(),
        ),
        (arguments.gitlab, ".gitlab-ci.yml", GITLAB.to_owned()),
        (
            arguments.pre_commit,
            ".pre-commit-config.yaml",
            PRE_COMMIT.to_owned(),
        ),
        (arguments.dvc, "dvc.yaml", dvc),
    ];
    let mut told = format!("read as {}\n", facts.layout);
    for (_, name, text) in files.iter().filter(|(wanted, ..)| *wanted) {
        let text = text.replace("{{version}}", env!("CARGO_PKG_VERSION"));
        told.push_str(&put(name, &text)?);
    }
    told.push_str("next    splitlint scan\n");
    console::print(&told)?;
    Ok(0)
}

fn look(root: &Path) -> Result<Facts> {
    let request = Request {
        root: Some(root.to_owned()),
        ..Request::default()
    };
    let progress = prepare::progress(Volume::Normal);
    let listing = source::list(&request, &interrupt::stop_flag(), &progress)?.listing;
    let named = |role: Option<Role>| {
        listing
            .splits
            .iter()
            .filter(|split| role.is_none_or(|role| split.role == role))
            .map(|split| split.name.clone())
            .collect()
    };
    Ok(Facts {
        layout: listing.layout.summary.clone(),
        root: root.display().to_string(),
        evaluation: named(Some(Role::Evaluation)),
        splits: named(None),
    })
}

/// Writes a file that is not there; shows what to add to one that is.
fn put(name: &str, text: &str) -> Result<String> {
    let path = Path::new(name);
    if !path.exists() {
        write_file(path, text)?;
        return Ok(format!("wrote   {name}\n"));
    }
    if name == FILE_NAME {
        return Ok(format!("left    {name} as it is\n"));
    }
    Ok(format!("left    {name} as it is; add to it:\n\n{text}\n"))
}

/// A YAML string: JSON's form of one is valid YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
