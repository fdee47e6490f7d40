//! What a file of fingerprints says of itself and of its data set: types of its own, so
//! that the format changes only on purpose. Reads no rows.

use std::path::{Path, PathBuf};

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::Part;
use crate::sample::{
    ClassFolder, Layout, Listing, Problem, ProblemKind, Role, SampleId, SampleKey, Skipped, Split,
    SplitId,
};
use crate::source::{Columns, LayoutName, Request};

/// The version of the format: see docs/shards.md. Raise it with every change to the
/// header or to a column.
pub(super) const FORMAT: u32 = 1;

/// The name of the header among the notes of a Parquet file.
pub(super) const NAME: &str = "splitlint:fingerprints";

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: u32,
    /// How fingerprints were computed: see `fingerprint::cache::method`.
    pub(super) method: String,
    pub(super) max_pixels: u64,
    pub(super) part: Part,
    /// Rows in this file.
    pub(super) rows: u64,
    pub(super) set: Set,
}

/// All of a listing that is not of one sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Set {
    /// Of the listing: equal where all parts are of one.
    pub(super) digest: String,
    /// Samples in all parts.
    pub(super) samples: u32,
    layout: [String; 3],
    splits: Vec<(String, String)>,
    pub(super) classes: Vec<String>,
    pub(super) containers: Vec<String>,
    folders: Vec<FolderRow>,
    problems: Vec<ProblemRow>,
    junk: u64,
    filtered: u64,
    /// Where its images were found; `None` where no later process may look there.
    pub(super) source: Option<Source>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FolderRow {
    split: Option<u16>,
    name: String,
    samples: u32,
    passed_over: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ProblemRow {
    key: String,
    kind: String,
    detail: String,
    sample: Option<u32>,
}

const ROLES: [(Role, &str); 3] = [
    (Role::Train, "train"),
    (Role::Evaluation, "evaluation"),
    (Role::Reference, "reference"),
];

const KINDS: [(ProblemKind, &str); 11] = [
    (ProblemKind::NotAnImage, "not-an-image"),
    (ProblemKind::Unreadable, "unreadable"),
    (ProblemKind::LinkLoop, "link-loop"),
    (ProblemKind::BrokenLink, "broken-link"),
    (ProblemKind::SameFileTwice, "same-file-twice"),
    (ProblemKind::EmptyFolder, "empty-folder"),
    (ProblemKind::OutsideSplits, "outside-splits"),
    (ProblemKind::MissingFile, "missing-file"),
    (ProblemKind::DuplicateRow, "duplicate-row"),
    (ProblemKind::BadMember, "bad-member"),
    (ProblemKind::Annotation, "annotation"),
];

/// The word for `value`; a variant without one would fail the test below.
fn word<T: PartialEq>(all: &[(T, &str)], value: &T) -> String {
    let found = all.iter().find(|(known, _)| known == value);
    found.map_or_else(String::new, |(_, word)| (*word).to_owned())
}

fn value<T: Copy>(all: &[(T, &str)], word: &str) -> Option<T> {
    let found = all.iter().find(|(_, known)| *known == word);
    found.map(|(value, _)| *value)
}

impl Set {
    /// What `listing` says beside its samples; its digest is still empty.
    pub(super) fn of(listing: &Listing, source: Option<Source>) -> Self {
        let Layout {
            name,
            summary,
            correction,
        } = &listing.layout;
        let folder = |folder: &ClassFolder| FolderRow {
            split: folder.split.map(|split| split.0),
            name: folder.name.clone(),
            samples: folder.samples,
            passed_over: folder.passed_over,
        };
        let problem = |problem: &Problem| ProblemRow {
            key: problem.key.to_string(),
            kind: word(&KINDS, &problem.kind),
            detail: problem.detail.clone(),
            sample: problem.sample.map(|id| id.0),
        };
        let splits = listing.splits.iter();
        Self {
            digest: String::new(),
            samples: listing.samples.len() as u32,
            layout: [(*name).to_owned(), summary.clone(), correction.clone()],
            splits: splits
                .map(|split| (split.name.clone(), word(&ROLES, &split.role)))
                .collect(),
            classes: listing.classes.clone(),
            containers: (listing.containers.files.iter())
                .map(ToString::to_string)
                .collect(),
            folders: listing.folders.iter().map(folder).collect(),
            problems: listing.problems.iter().map(problem).collect(),
            junk: listing.skipped.junk,
            filtered: listing.skipped.filtered,
            source,
        }
    }

    /// The listing without its samples and groups; `None` for what no listing holds.
    pub(super) fn listing(&self) -> Option<Listing> {
        let splits: Option<Vec<Split>> = (self.splits.iter())
            .map(|(name, role)| {
                let role = value(&ROLES, role)?;
                let name = name.clone();
                Some(Split { name, role })
            })
            .collect();
        let splits = splits?;
        let folder = |row: &FolderRow| {
            let is_known = (row.split).is_none_or(|split| usize::from(split) < splits.len());
            is_known.then(|| ClassFolder {
                split: row.split.map(SplitId),
                name: row.name.clone(),
                samples: row.samples,
                passed_over: row.passed_over,
            })
        };
        let problem = |row: &ProblemRow| {
            let is_known = row.sample.is_none_or(|sample| sample < self.samples);
            Some(Problem {
                key: SampleKey::from_text(&row.key).or_else(|| {
                    let is_root = row.key.is_empty();
                    is_root.then(|| SampleKey::from_path(Path::new("")))
                })?,
                kind: value(&KINDS, &row.kind)?,
                detail: row.detail.clone(),
                sample: row.sample.map(SampleId),
            })
            .filter(|_| is_known)
        };
        let [name, summary, correction] = self.layout.clone();
        let containers: Option<Vec<SampleKey>> =
            (self.containers.iter().map(|key| SampleKey::from_text(key))).collect();
        let mut listing = Listing {
            layout: Layout {
                name: name.parse::<LayoutName>().ok()?.name(),
                summary,
                correction,
            },
            folders: self.folders.iter().map(folder).collect::<Option<_>>()?,
            problems: self.problems.iter().map(problem).collect::<Option<_>>()?,
            classes: self.classes.clone(),
            skipped: Skipped {
                junk: self.junk,
                filtered: self.filtered,
            },
            splits,
            ..Listing::default()
        };
        listing.containers.files = containers?;
        Some(listing)
    }
}

/// A [`Request`] as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Source {
    root: Option<PathBuf>,
    layout: Option<String>,
    images: Option<PathBuf>,
    splits: Vec<(String, PathBuf)>,
    reference: Option<PathBuf>,
    include: Vec<String>,
    exclude: Vec<String>,
    /// Path, label, split, group.
    columns: [Option<String>; 4],
    group_regex: Option<String>,
    group_file: Option<PathBuf>,
    slices: Option<u32>,
    #[serde(default)]
    show_identifiers: bool,
}

impl Source {
    /// `None` where a path cannot be written down as text.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let is_text = |path: &Option<PathBuf>| {
            let text = path.as_ref().map(|path| path.to_str().is_some());
            text.unwrap_or(true)
        };
        let paths = [
            &request.root,
            &request.images,
            &request.reference,
            &request.group_file,
        ];
        let columns = request.columns.clone();
        let splits = request.splits.clone();
        let texts = paths.into_iter().all(is_text)
            && splits.iter().all(|(_, path)| path.to_str().is_some());
        texts.then(|| Self {
            root: request.root.clone(),
            layout: request.layout.map(|layout| layout.name().to_owned()),
            images: request.images.clone(),
            splits,
            reference: request.reference.clone(),
            include: request.include.clone(),
            exclude: request.exclude.clone(),
            columns: [columns.path, columns.label, columns.split, columns.group],
            group_regex: (request.group_regex.as_ref()).map(|regex| regex.as_str().to_owned()),
            group_file: request.group_file.clone(),
            slices: request.slices,
            show_identifiers: request.show_identifiers,
        })
    }

    /// The request; `None` for one that this version does not understand.
    pub(super) fn request(&self) -> Option<Request> {
        let [path, label, split, group] = self.columns.clone();
        let layout = self.layout.as_ref().map(|name| name.parse());
        let regex = self.group_regex.as_ref().map(|regex| Regex::new(regex));
        Some(Request {
            root: self.root.clone(),
            layout: layout.transpose().ok()?,
            images: self.images.clone(),
            splits: self.splits.clone(),
            reference: self.reference.clone(),
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            never_enter: Vec::new(),
            columns: Columns {
                path,
                label,
                split,
                group,
            },
            group_regex: regex.transpose().ok()?,
            group_file: self.group_file.clone(),
            slices: self.slices,
            show_identifiers: self.show_identifiers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_listing_says_beside_its_samples_comes_back() {
        let key = |text| SampleKey::from_text(text).expect("a key");
        let mut listing = Listing {
            layout: Layout {
                name: "folders",
                summary: "a".into(),
                correction: "b".into(),
            },
            classes: vec!["cat".into(), "dog".into()],
            folders: vec![ClassFolder {
                split: Some(SplitId(1)),
                name: "cat".into(),
                samples: 3,
                passed_over: true,
            }],
            skipped: Skipped {
                junk: 4,
                filtered: 5,
            },
            ..Listing::default()
        };
        listing.splits = ROLES
            .map(|(role, name)| Split {
                name: name.to_owned(),
                role,
            })
            .to_vec();
        listing.containers.files = vec![key("a.tar")];
        listing.problems = KINDS
            .map(|(kind, detail)| Problem {
                key: key("train/1.jpg"),
                kind,
                detail: detail.to_owned(),
                sample: None,
            })
            .to_vec();
        let row = Set::of(&listing, None);
        let text = serde_json::to_string(&row).expect("JSON");
        let back: Set = serde_json::from_str(&text).expect("read");
        let back = back.listing().expect("a listing");
        assert_eq!(format!("{back:?}"), format!("{listing:?}"));
    }

    #[test]
    fn request_comes_back() {
        let request = Request {
            root: Some("/data".into()),
            layout: Some(LayoutName::Coco),
            splits: vec![("test".into(), "/t".into())],
            group_regex: Some(Regex::new("a(b)").expect("a pattern")),
            include: vec!["*.jpg".into()],
            slices: Some(3),
            show_identifiers: true,
            ..Request::default()
        };
        let source = Source::of(&request).expect("text");
        let back = source.request().expect("understood");
        assert_eq!(format!("{back:?}"), format!("{request:?}"));
    }
}
