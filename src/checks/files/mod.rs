//! Checks of the FILE family: files that are broken, odd or no images.

mod annotation_fault;
mod bad_link;
mod blurry;
mod empty_class_folder;
mod flawed;
mod grayscale_among_colour;
mod listed_twice;
mod low_information;
mod not_an_image_file;
mod odd_dimensions;
mod outside_splits;
mod poor_exposure;
mod too_many_pixels;
mod unreadable_image;
mod unsupported_format;
mod unusual_mode;
mod wrong_extension;

pub use annotation_fault::ANNOTATION_FAULT;
pub use bad_link::BAD_LINK;
pub use blurry::BLURRY;
pub use empty_class_folder::EMPTY_CLASS_FOLDER;
pub use grayscale_among_colour::GRAYSCALE_AMONG_COLOUR;
pub use listed_twice::LISTED_TWICE;
pub use low_information::LOW_INFORMATION;
pub use not_an_image_file::NOT_AN_IMAGE_FILE;
pub use odd_dimensions::ODD_DIMENSIONS;
pub use outside_splits::OUTSIDE_SPLITS;
pub use poor_exposure::POOR_EXPOSURE;
pub use too_many_pixels::TOO_MANY_PIXELS;
pub use unreadable_image::UNREADABLE_IMAGE;
pub use unsupported_format::UNSUPPORTED_FORMAT;
pub use unusual_mode::UNUSUAL_MODE;
pub use wrong_extension::WRONG_EXTENSION;

use std::collections::BTreeSet;

use super::{CheckContext, Declared, NewFinding};
use crate::decode::DecodeFailure;
use crate::finding::{FindingId, Measured};
use crate::sample::{Listing, Problem, ProblemKind, Sample};

/// The family's checks in code order.
pub(super) const CHECKS: &[Declared] = &[
    unreadable_image::DECLARED,
    unsupported_format::DECLARED,
    too_many_pixels::DECLARED,
    not_an_image_file::DECLARED,
    bad_link::DECLARED,
    empty_class_folder::DECLARED,
    low_information::DECLARED,
    listed_twice::DECLARED,
    outside_splits::DECLARED,
    odd_dimensions::DECLARED,
    poor_exposure::DECLARED,
    blurry::DECLARED,
    grayscale_among_colour::DECLARED,
    wrong_extension::DECLARED,
    unusual_mode::DECLARED,
    annotation_fault::DECLARED,
];

/// An image that could not be decoded.
struct Failed<'a> {
    sample: &'a Sample,
    why: &'a DecodeFailure,
    /// Of a finding of the check that asks: from the content, so that it
    /// survives renames, but from the key where nothing could be read, and for
    /// all but the first of many files alike, such as empty ones.
    id: FindingId,
}

impl Failed<'_> {
    fn finding(&self, message: String) -> NewFinding {
        about_sample(self.id, self.sample, message)
    }
}

/// The samples whose images could not be decoded, for findings of `code`.
fn failures<'a>(
    data: &CheckContext<'a>,
    code: &'static str,
) -> impl Iterator<Item = Failed<'a>> + use<'a> {
    let (listing, fingerprints) = (&data.evidence.listing, &data.evidence.fingerprints);
    let mut met = BTreeSet::new();
    fingerprints.iter().filter_map(move |(id, row)| {
        let why = row.image.as_ref().err()?;
        let sample = listing.sample(id);
        let content = row.content.filter(|&c| met.insert((c, sample.split)));
        let id = match content {
            Some(content) => {
                let split = listing.split_name(sample.split);
                FindingId::of_samples(code, [(content, split)])
            }
            None => FindingId::of_key(code, &sample.key),
        };
        Some(Failed { sample, why, id })
    })
}

/// The problems of these kinds met while listing.
fn problems<'a>(
    listing: &'a Listing,
    kinds: &'a [ProblemKind],
) -> impl Iterator<Item = &'a Problem> {
    let problems = listing.problems.iter();
    problems.filter(move |problem| kinds.contains(&problem.kind))
}

/// `text` on one line: what a decoder says may have several.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn about_sample(id: FindingId, sample: &Sample, message: String) -> NewFinding {
    NewFinding {
        id,
        message,
        samples: vec![sample.id],
        splits: sample.split.into_iter().collect(),
        labels: sample.labels.classes().to_vec(),
        score: None,
        measured: Measured::None,
    }
}

/// A finding about something met while listing, known by its key alone.
fn about_problem(code: &str, listing: &Listing, problem: &Problem, message: String) -> NewFinding {
    let sample = problem.sample.map(|id| listing.sample(id));
    let id = FindingId::of_key(code, sample.map_or(&problem.key, |sample| &sample.key));
    match sample {
        Some(sample) => about_sample(id, sample, message),
        None => NewFinding {
            id,
            message,
            samples: Vec::new(),
            splits: Vec::new(),
            labels: Vec::new(),
            score: None,
            measured: Measured::None,
        },
    }
}
