//! From samples and their links to a new assignment with a reason for every
//! sample. Opens no image and writes nothing.

use std::collections::BTreeSet;

use super::atoms::{Atoms, Link};
use super::exact::{Proof, is_small, prove};
use super::planner::Planner;
use super::problem::Measure;
use super::solve::{Start, solve};
use super::wanted::{Mode, Wanted, shape};
use crate::error::Result;
use crate::executor::StopFlag;
use crate::sample::{ClassId, ContentHash, Listing, SampleId, Split, SplitId};

/// What a new assignment is made from.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The samples.
    pub listing: &'a Listing,
    /// The content of each, where it could be read.
    pub contents: &'a [Option<ContentHash>],
    /// What must stay together.
    pub links: &'a [Link],
    /// When each image was taken, in milliseconds since 1970; empty unless
    /// time decides.
    pub times: &'a [Option<i64>],
}

/// A new assignment.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The new splits: train, val, test, then others by name; data used before
    /// last.
    pub splits: Vec<Split>,
    /// Whether each of them stays as it is.
    pub kept: Vec<bool>,
    /// The new split of each sample; `None` for one that is left out.
    pub new: Vec<Option<SplitId>>,
    /// The split of today among the new ones; `None` for none of them.
    pub today: Vec<Option<SplitId>>,
    /// Why, for each sample.
    pub reasons: Vec<Reason>,
    /// What stayed together.
    pub atoms: Atoms,
    /// Atoms too large for the smallest split they may go to, largest first.
    pub large: Vec<Large>,
    /// Classes of fewer atoms than there are splits to deal to.
    pub scarce: BTreeSet<ClassId>,
    /// What no assignment could do, a sentence each.
    pub proofs: Vec<String>,
    /// What this assignment should have done and did not, a sentence each.
    pub faults: Vec<String>,
    /// How good the dealt part is, where there was one.
    pub measure: Option<Measure>,
    /// Whether a proof was found that nothing better exists; `None` where none
    /// was asked for.
    pub is_proven: Option<bool>,
}

/// Why a sample is where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It stays.
    Stays,
    /// Its split, or the sample, is kept as it is.
    Kept,
    /// It was in no split.
    New,
    /// Its atom lay in several splits and goes into one.
    Together,
    /// For the sizes of splits or their class shares.
    Balance,
    /// By its date.
    Date,
    /// It belongs together with this sample, which is kept in its split.
    LeavesKept(SampleId),
    /// It lies in the gap behind a cut in time.
    Gap,
    /// Nothing says when it was taken.
    NoDate,
    /// It covers ground of this sample, or lies near it, which is of another split.
    NearGround(SampleId),
}

/// An atom too large for a split.
#[derive(Debug, Clone, PartialEq)]
pub struct Large {
    /// Which.
    pub atom: u32,
    /// Its samples.
    pub samples: u64,
    /// The links that hold it together, weakest first.
    pub links: Vec<Link>,
}

/// Assigns samples anew.
///
/// # Errors
/// [`crate::Error::Config`] when what is wanted contradicts itself or the data;
/// [`crate::Error::Input`] when time should decide and few images have one;
/// [`crate::Error::Interrupted`] when the user asks to stop.
pub fn plan(material: Material<'_>, wanted: &Wanted, stop: &StopFlag) -> Result<Plan> {
    let listing = material.listing;
    let shape = shape(listing, wanted)?;
    let atoms = Atoms::join(listing.samples.len(), material.links);
    let today: Vec<Option<SplitId>> = (listing.samples.iter())
        .map(|sample| shape.of_today[sample.split?.index()])
        .collect();
    let mut planner = Planner {
        material,
        new: vec![None; today.len()],
        reasons: vec![Reason::Stays; today.len()],
        today,
        pins: vec![None; atoms.members.len()],
        free: Vec::new(),
        atoms,
        shape,
        scarce: BTreeSet::new(),
        proofs: Vec::new(),
        faults: Vec::new(),
    };
    planner.all_can_be_kept(&wanted.keep_samples)?;
    planner.hold_kept(&wanted.keep_samples);
    let (mut measure, mut large, mut is_proven) = (None, Vec::new(), None);
    if let Mode::Temporal { gap } = wanted.mode {
        planner.by_time(gap)?;
    } else if !planner.free.is_empty() {
        let problem = planner.problem();
        large = planner.large(&problem);
        let start = match wanted.mode {
            Mode::Repair => Start::Today,
            _ => Start::Fresh,
        };
        let mut answer = solve(&problem, start, stop)?;
        if wanted.prove > 0.0 {
            let proof = match is_small(&problem) {
                true => prove(&problem, answer, wanted.prove),
                false => Proof::Open(answer),
            };
            is_proven = Some(matches!(proof, Proof::Optimal(_)));
            answer = match proof {
                Proof::Optimal(answer) | Proof::Open(answer) => answer,
            };
        }
        planner.take(&answer);
        planner.judge_classes(&problem, &answer);
        measure = Some(problem.measure(&answer));
    }
    Ok(Plan {
        splits: planner.shape.splits,
        kept: planner.shape.kept,
        new: planner.new,
        today: planner.today,
        reasons: planner.reasons,
        atoms: planner.atoms,
        large,
        scarce: planner.scarce,
        proofs: planner.proofs,
        faults: planner.faults,
        measure,
        is_proven,
    })
}
