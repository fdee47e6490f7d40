//! Class shares of two splits against each other, a dot a class. The template
//! draws.

use serde::Serialize;

use crate::distribution::SplitCounts;
use crate::report::Report;
use crate::sample::{ClassId, Role, SplitId};

/// Classes from which on an image of all of them at once is worth its place:
/// fewer are seen whole in the chart with a row each.
const FROM: usize = 30;

/// The side of a drawing.
const SIDE: f64 = 200.0;

/// Every class of an evaluation split against a training split.
#[derive(Debug, Serialize)]
pub(super) struct Scatter {
    across: String,
    up: String,
    /// Dots as an SVG path of lines without length, which round caps show.
    dots: String,
    classes: usize,
    /// Classes that only one of the two splits has: on the edges.
    on_one_side: usize,
}

/// A drawing for each split that is compared with the training data.
pub(super) fn scatters(report: &Report<'_>) -> Vec<Scatter> {
    let is_training = |split: Option<SplitId>| {
        split.is_some_and(|id| report.listing.splits[id.index()].role == Role::Train)
    };
    let splits = &report.classes.splits;
    let Some(training) = splits.iter().find(|split| is_training(split.split)) else {
        return Vec::new();
    };
    if report.listing.classes.len() < FROM || training.labelled == 0 {
        return Vec::new();
    }
    (splits.iter())
        .filter(|split| split.labelled > 0 && split.split.is_some() && !is_training(split.split))
        .map(|split| scatter(report, training, split))
        .collect()
}

fn scatter(report: &Report<'_>, across: &SplitCounts, up: &SplitCounts) -> Scatter {
    let classes = (0..report.listing.classes.len()).map(|index| ClassId(index as u32));
    let shares: Vec<(f64, f64)> = classes
        .map(|class| (across.share(class), up.share(class)))
        .filter(|&(a, b)| a > 0.0 || b > 0.0)
        .collect();
    let all = || shares.iter().flat_map(|&(a, b)| [a, b]);
    let most = all().fold(f64::MIN_POSITIVE, f64::max).log10();
    let least = all().filter(|&share| share > 0.0).fold(1.0, f64::min);
    // Half a step below the smallest share lies nothing: the edge.
    let least = least.log10() - 0.3;
    let place = |share: f64| match share > 0.0 {
        true => (share.log10() - least) / (most - least).max(f64::MIN_POSITIVE) * SIDE,
        false => 0.0,
    };
    let mut dots = String::new();
    for &(a, b) in &shares {
        dots.push_str(&format!("M{:.0} {:.0}h0", place(a), SIDE - place(b)));
    }
    let name = |split: &SplitCounts| {
        let name = report.listing.split_name(split.split);
        name.unwrap_or("").to_owned()
    };
    Scatter {
        across: name(across),
        up: name(up),
        dots,
        classes: shares.len(),
        on_one_side: (shares.iter())
            .filter(|&&(a, b)| a == 0.0 || b == 0.0)
            .count(),
    }
}
