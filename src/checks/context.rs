//! What a check may read, and where it puts its findings. Judges nothing.

use std::ops::Deref;

use super::CheckError;
use crate::evidence;
use crate::executor::Executor;
use crate::finding::{CheckInfo, Finding, FindingId, Measured, Severity};
use crate::sample::{ClassId, ObjectId, SampleId, SplitId};

/// What a check reads: the evidence, whose fields are read through it.
#[derive(Debug, Clone, Copy)]
pub struct CheckContext<'a> {
    /// What is known of the data set.
    pub evidence: &'a evidence::Evidence,
    /// Threads, and the flag that says stop.
    pub executor: &'a Executor,
}

impl Deref for CheckContext<'_> {
    type Target = evidence::Evidence;

    fn deref(&self) -> &Self::Target {
        self.evidence
    }
}

impl CheckContext<'_> {
    /// The stable id of a finding of `code` about `samples`: by content and
    /// split, or by key where content could not be read.
    pub fn id_of(&self, code: &str, samples: &[SampleId]) -> FindingId {
        let identities: Option<Vec<_>> = samples
            .iter()
            .map(|&id| {
                let content = self.fingerprints.get(id)?.content?;
                Some((
                    content,
                    self.listing.split_name(self.listing.sample(id).split),
                ))
            })
            .collect();
        match (identities, samples) {
            (Some(identities), _) => FindingId::of_samples(code, identities),
            (None, [first, ..]) => FindingId::of_key(code, &self.listing.sample(*first).key),
            (None, []) => FindingId::of_names(code, []),
        }
    }

    /// Whether the searches for copies saw all that they wanted to see.
    ///
    /// # Errors
    /// [`CheckError::Failed`] where they did not: what was found stands, and more may be
    /// there.
    pub fn all_opened(&self) -> Result<(), CheckError> {
        match self.duplicates.unopened {
            0 => Ok(()),
            count => Err(CheckError::Failed(format!(
                "{count} images could not be opened for a closer look, so copies among them \
                 may be missing here"
            ))),
        }
    }
}

/// The findings of one check as they come.
#[derive(Debug)]
pub struct Findings {
    check: &'static CheckInfo,
    severity: Severity,
    found: Vec<Finding>,
}

/// What a check says of a finding; the rest is filled in from its declaration.
#[derive(Debug, Clone)]
pub struct NewFinding {
    /// Stable identity: see [`CheckContext::id_of`].
    pub id: FindingId,
    /// The thing and the fact, one line, lower case, names in back-quotes.
    pub message: String,
    /// The samples concerned, the one to act on first.
    pub samples: Vec<SampleId>,
    /// The splits concerned.
    pub splits: Vec<SplitId>,
    /// The classes concerned.
    pub labels: Vec<ClassId>,
    /// 0 to 1, where the check can say.
    pub score: Option<f64>,
    /// What was measured.
    pub measured: Measured,
}

impl Findings {
    /// Collects for `check`, each finding at `severity`.
    pub fn new(check: &'static CheckInfo, severity: Severity) -> Self {
        Self {
            check,
            severity,
            found: Vec::new(),
        }
    }

    /// The code of the check that finds.
    pub fn code(&self) -> &'static str {
        self.check.code
    }

    /// Takes a finding at the check's severity.
    pub fn push(&mut self, new: NewFinding) {
        self.push_at(self.severity, new);
    }

    /// Takes a finding that is milder than the check's usual: the lower of
    /// `severity` and the one the user or the check set.
    pub fn push_at(&mut self, severity: Severity, new: NewFinding) {
        self.push_of_objects(severity, new, Vec::new());
    }

    /// [`Findings::push_at`] of a finding about objects, each of the sample at the same
    /// place.
    pub fn push_of_objects(&mut self, severity: Severity, new: NewFinding, objects: Vec<ObjectId>) {
        self.found.push(Finding {
            id: new.id,
            check: self.check,
            severity: severity.min(self.severity),
            message: new.message,
            samples: new.samples,
            objects,
            splits: sorted(new.splits),
            labels: sorted(new.labels),
            score: new.score,
            measured: new.measured,
        });
    }

    /// Takes a finding about `samples`, with their splits and labels read off
    /// the listing, at `severity` at most.
    pub fn push_about(
        &mut self,
        data: &CheckContext<'_>,
        severity: Severity,
        samples: Vec<SampleId>,
        message: String,
        score: Option<f64>,
        measured: Measured,
    ) {
        let of_samples = samples.iter().map(|&id| data.listing.sample(id));
        let splits = of_samples
            .clone()
            .filter_map(|sample| sample.split)
            .collect();
        let labels = of_samples
            .flat_map(|sample| sample.labels.classes())
            .copied()
            .collect();
        let new = NewFinding {
            id: data.id_of(self.check.code, &samples),
            message,
            samples,
            splits,
            labels,
            score,
            measured,
        };
        self.push_at(severity, new);
    }

    /// All findings, in the order found.
    pub fn into_vec(self) -> Vec<Finding> {
        self.found
    }
}

fn sorted<T: Ord>(mut ids: Vec<T>) -> Vec<T> {
    ids.sort_unstable();
    ids.dedup();
    ids
}
