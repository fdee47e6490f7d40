//! What a repair would do to a data set, in figures for its report. Writes
//! nothing.

use super::atoms::{Atoms, Link};
use super::plan::{Material, plan};
use super::wanted::Wanted;
use crate::distribution;
use crate::executor::StopFlag;
use crate::sample::{ContentHash, Listing, Role, SplitId};
use crate::statistics::total_variation;

/// What `splitlint resplit` would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Samples of the data set.
    pub samples: u64,
    /// Those that would change their split.
    pub moved: u64,
    /// Copies and declared groups that lie in several splits today, and then.
    pub crossing: (u64, u64),
    /// The largest part of labels, 0 to 1, by which two splits differ today,
    /// and then.
    pub drift: (f64, f64),
    /// What could not be done, a sentence each.
    pub proofs: Vec<String>,
}

/// What a repair that keeps copies and declared groups together would do;
/// `None` for a data set without two splits.
pub fn forecast(
    listing: &Listing,
    contents: &[Option<ContentHash>],
    links: &[Link],
    stop: &StopFlag,
) -> Option<Forecast> {
    let material = Material {
        listing,
        contents,
        links,
        times: &[],
    };
    let plan = plan(material, &Wanted::default(), stop).ok()?;
    let (new, _) = plan.listing(listing);
    let today: Vec<Option<SplitId>> = listing.samples.iter().map(|sample| sample.split).collect();
    Some(Forecast {
        samples: listing.samples.len() as u64,
        moved: plan.moved(listing) as u64,
        crossing: (
            crossing(&plan.atoms, &today),
            crossing(&plan.atoms, &plan.new),
        ),
        drift: (drift(listing), drift(&new)),
        proofs: plan.proofs,
    })
}

/// Atoms that lie in several splits.
pub fn crossing(atoms: &Atoms, splits: &[Option<SplitId>]) -> u64 {
    let crosses = |atom: &&Vec<crate::sample::SampleId>| {
        let mut places = atom.iter().filter_map(|id| splits[id.index()]);
        let first = places.next();
        places.any(|place| Some(place) != first)
    };
    atoms.members.iter().filter(crosses).count() as u64
}

/// The largest total variation between the classes of two splits.
fn drift(listing: &Listing) -> f64 {
    let counts = distribution::count(listing);
    let ours: Vec<_> = (counts.splits.iter())
        .filter(|split| split.labelled > 0)
        .filter(|split| {
            let role = split.split.map(|id| listing.splits[id.index()].role);
            role.is_some_and(|role| role != Role::Reference)
        })
        .collect();
    let mut largest = 0.0f64;
    for (place, a) in ours.iter().enumerate() {
        for b in &ours[place + 1..] {
            largest = largest.max(total_variation(&a.counts, &b.counts));
        }
    }
    largest
}
