//! Checks of the FILE family: files that are broken, odd or no pictures.

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

use super::{CheckContext, Declared, NewFinding};
use crate::decode::DecodeFailure;
use crate::finding::{Evidence, FindingId};
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
];

/// The samples whose pictures could not be seen, and why.
fn failures<'a>(
    data: &CheckContext<'a>,
) -> impl Iterator<Item = (&'a Sample, &'a DecodeFailure)> + use<'a> {
    let (listing, fingerprints) = (data.listing, data.fingerprints);
    fingerprints
        .iter()
        .filter_map(|(id, row)| Some((listing.sample(id), row.image.as_ref().err()?)))
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

/// A finding about a sample known by its key alone: its content is missing, or
/// shared with every other empty file.
fn about_sample(code: &str, sample: &Sample, message: String) -> NewFinding {
    NewFinding {
        id: FindingId::of_key(code, &sample.key),
        message,
        samples: vec![sample.id],
        splits: sample.split.into_iter().collect(),
        labels: sample.labels.classes().to_vec(),
        score: None,
        evidence: Evidence::None,
    }
}

/// A finding about something met while listing.
fn about_problem(code: &str, listing: &Listing, problem: &Problem, message: String) -> NewFinding {
    match problem.sample {
        Some(id) => about_sample(code, listing.sample(id), message),
        None => NewFinding {
            id: FindingId::of_key(code, &problem.key),
            message,
            samples: Vec::new(),
            splits: Vec::new(),
            labels: Vec::new(),
            score: None,
            evidence: Evidence::None,
        },
    }
}
