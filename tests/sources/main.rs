//! Data sets as folders and manifests, made in the test and listed.

mod archives;
mod arrays;
mod coco;
#[path = "../support/deflated.rs"]
mod deflated;
mod dicom;
#[allow(dead_code)]
#[path = "../../src/dicom/written.rs"]
mod dicom_files;
mod folders;
mod hugging_face;
mod manifests;
mod masks;
mod nested;
mod nifti;
#[path = "../../src/nifti/written.rs"]
mod nifti_files;
mod properties;
#[path = "../support/shards.rs"]
mod shards;
mod tables;
mod voc;
mod walking;
mod webdataset;
mod yolo;

use std::fs;
use std::path::{Path, PathBuf};

use splitlint::executor::StopFlag;
use splitlint::progress::Silent;
use splitlint::sample::{Listing, Problem, ProblemKind, SampleId};
use splitlint::source::{self, Listed, Request};
use splitlint::{Error, Result};

/// A folder that goes away with the test.
struct Set {
    folder: tempfile::TempDir,
}

impl Set {
    /// With these files, each an image by its name alone.
    fn of(files: &[&str]) -> Self {
        let set = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        for file in files {
            set.put(file, file.as_bytes());
        }
        set
    }

    fn put(&self, file: &str, bytes: &[u8]) -> &Self {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        fs::write(path, bytes).expect("written");
        self
    }

    fn folder(&self, name: &str) -> &Self {
        fs::create_dir_all(self.path(name)).expect("created");
        self
    }

    #[cfg(unix)]
    fn link(&self, name: &str, target: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::os::unix::fs::symlink(target, path).expect("linked");
        self
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    fn request(&self) -> Request {
        Request {
            root: Some(self.folder.path().to_owned()),
            ..Request::default()
        }
    }

    fn list(&self) -> Listing {
        listed(&self.request()).listing
    }

    fn error(&self) -> String {
        error(&self.request())
    }
}

fn list(request: &Request) -> Result<Listed> {
    source::list(request, &StopFlag::default(), &Silent)
}

fn listed(request: &Request) -> Listed {
    list(request).unwrap_or_else(|error| panic!("not listed: {error}"))
}

fn error(request: &Request) -> String {
    match list(request) {
        Ok(listed) => panic!("listed as {}", listed.listing.layout.summary),
        Err(error) => error.to_string(),
    }
}

fn split_names(listing: &Listing) -> Vec<&str> {
    listing.splits.iter().map(|s| s.name.as_str()).collect()
}

/// "key split label" of every sample, `-` for none.
fn rows(listing: &Listing) -> Vec<String> {
    let dash = |text: &str| if text.is_empty() { "-" } else { text }.to_owned();
    (listing.samples.iter().enumerate())
        .map(|(index, sample)| {
            assert_eq!(sample.id, SampleId(index as u32));
            format!(
                "{} {} {}",
                sample.key,
                listing.split_name(sample.split).unwrap_or("-"),
                dash(&listing.label_text(sample.id))
            )
        })
        .collect()
}

/// "key: detail" of every problem of one kind.
fn problems(listing: &Listing, kind: ProblemKind) -> Vec<String> {
    (listing.problems.iter())
        .filter(|problem| problem.kind == kind)
        .map(|Problem { key, detail, .. }| format!("{key}: {detail}"))
        .collect()
}

fn has_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

fn split(name: &str, path: &Path) -> (String, PathBuf) {
    (name.to_owned(), path.to_owned())
}

fn is_config(result: Result<Listed>) -> bool {
    matches!(result, Err(Error::Config(_)))
}
