//! `splitlint init`: looks at a data set, writes its settings and, on request,
//! what runs splitlint elsewhere. Never replaces a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::command_args::InitArguments;
use super::console;
use super::prepare::{self, Volume};
use crate::config::{self, FILE_NAME, Facts, Options, template};
use crate::error::Result;
use crate::finding::{CONFLICTING_LABELS, Family};
use crate::report::write_file;
use crate::sample::Role;
use crate::source::{self, Listed, Request};

const GITHUB: &str = include_str!("templates/github.yml");
const GITLAB: &str = include_str!("templates/gitlab.yml");
const PRE_COMMIT: &str = include_str!("templates/pre-commit.yml");
const DVC: &str = include_str!("templates/dvc.yaml");

/// Looks, writes, and says what to do next.
pub(super) fn run(arguments: &InitArguments) -> Result<u8> {
    let (request, jobs, from_settings) = request(arguments)?;
    let (facts, depends_on) = look(&request, jobs)?;
    let list: String = (depends_on.iter())
        .map(|path| format!("      - {}\n", quoted(path)))
        .collect();
    let dvc = DVC.replace("      - {{data}}\n", &list);
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
    let mut text = format!("read as {}\n", facts.layout);
    if let Some(file) = from_settings {
        text = format!("data set of {}, {text}", file.display());
    }
    for (_, name, text_of_file) in files.iter().filter(|(wanted, ..)| *wanted) {
        let content = text_of_file.replace("{{version}}", env!("CARGO_PKG_VERSION"));
        text.push_str(&put(name, &content)?);
    }
    text.push_str("next    splitlint scan\n");
    console::print(&text)?;
    Ok(0)
}

/// The data set to look at: the one named, else the one of the settings that are
/// there, because the pipeline will scan that; else the current folder. And the threads to
/// read it with, 0 for one for each core.
fn request(arguments: &InitArguments) -> Result<(Request, usize, Option<PathBuf>)> {
    if arguments.root.is_none()
        && let Some(file) = config::find("".as_ref(), None)
    {
        let options = config::load(&file)?;
        if options.root.is_some() || !options.splits.is_empty() {
            // What is accepted is of no concern here, and may not be there yet.
            let options = Options {
                baseline: None,
                ..options
            };
            let settings = config::resolve(options)?;
            return Ok((settings.request, settings.jobs, Some(file)));
        }
    }
    let root = arguments.root.clone().unwrap_or_else(|| PathBuf::from("."));
    let request = Request {
        root: Some(root),
        never_enter: vec![config::REPORT.into()],
        ..Request::default()
    };
    Ok((request, 0, None))
}

/// What a settings file says of the data set, and the paths that a scan of it
/// depends on.
fn look(request: &Request, jobs: usize) -> Result<(Facts, Vec<String>)> {
    let progress = prepare::progress(Volume::Normal);
    let executor = prepare::threads(jobs)?;
    let listed = executor.install(|| source::list(request, executor.stop(), &progress))?;
    let depends_on = depends_on(request, &listed);
    let listing = listed.listing;
    let named = |role: Option<Role>| {
        listing
            .splits
            .iter()
            .filter(|split| role.is_none_or(|role| split.role == role))
            .map(|split| split.name.clone())
            .collect()
    };
    // What needs no image to be opened to be known.
    let applies = [
        (Family::Leak.name(), listing.places() > 1),
        (CONFLICTING_LABELS, listing.classes.len() > 1),
    ];
    let facts = Facts {
        layout: listing.layout.summary.clone(),
        root: (request.root.as_ref()).map_or_else(String::new, |root| root.display().to_string()),
        evaluation: named(Some(Role::Evaluation)),
        splits: named(None),
        applies: (applies.into_iter())
            .filter(|(_, applies)| *applies)
            .map(|(word, _)| word.to_owned())
            .collect(),
    };
    Ok((facts, depends_on))
}

/// Files named one by one at most, where images lie beside the manifest.
const NAMED: usize = 1000;

/// The folders and files that a verdict depends on: of a manifest, itself and
/// the folders that its images lie in.
fn depends_on(request: &Request, listed: &Listed) -> Vec<String> {
    let text = |path: &Path| path.display().to_string();
    let mut all: BTreeSet<String> = BTreeSet::new();
    all.extend(request.splits.iter().map(|(_, path)| text(path)));
    all.extend(request.reference.iter().map(|path| text(path)));
    let Some(root) = &request.root else {
        return all.into_iter().collect();
    };
    all.insert(text(root));
    let is_archive = !listed.listing.containers.files.is_empty();
    if root.is_file() && !is_archive {
        let base = root.parent().unwrap_or(Path::new(""));
        let mut images = BTreeSet::new();
        for sample in &listed.listing.samples {
            let role = listed.listing.role(sample.id);
            let location = listed.reader.location(sample.id);
            let path = location.file();
            if role == Some(Role::Reference) {
                continue;
            }
            // Seen from here where it lies below, as DVC wants its paths.
            let real = base.canonicalize().unwrap_or_default();
            match path.strip_prefix(&real) {
                Ok(below) => {
                    let first = below.components().next();
                    images.extend(first.map(|first| text(&base.join(first))));
                }
                Err(_) => images.extend(path.parent().map(text)),
            }
        }
        if images.len() > NAMED && !base.as_os_str().is_empty() {
            all.insert(text(base));
        } else {
            all.extend(images);
        }
    }
    all.into_iter().collect()
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
