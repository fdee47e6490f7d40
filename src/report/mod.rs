//! Findings as written for someone. Counts nothing, judges nothing, reads no
//! image.

#[cfg(test)]
mod fixture;
mod folder;
pub mod github;
pub mod gitlab;
mod headline_sentences;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
mod stale;
mod tables;
pub mod terminal;

pub use crate::scratch::write_file;
pub use folder::write_folder;
pub use json::digest as digest_json;
pub use stale::mark_old;
pub use tables::write_splits;

use std::ops::Deref;

use crate::decisions::Carried;
use crate::evidence::Evidence;
use crate::finding::{Finding, Headlines, Severity};
use crate::gate::Outcome;
use crate::headlines::Drop;
use crate::resplit::Forecast;
use crate::sample::SampleId;
use crate::source::Request;

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The data set as the user named it.
    pub dataset: &'a str,
    /// What was asked to be scanned, so that it can be listed again.
    pub request: &'a Request,
    /// What is known of the data set; its fields are read through
    /// [`Report`] itself.
    pub evidence: &'a Evidence,
    /// Findings and verdict.
    pub outcome: &'a Outcome,
    /// The figures a person asks for first.
    pub headlines: &'a Headlines,
    /// The copies to drop to end every leak.
    pub drops: &'a [Drop],
    /// What a person decided earlier.
    pub decided: &'a Carried,
    /// What splitting anew would do, where there is reason to.
    pub resplit: Option<&'a Forecast>,
}

impl Deref for Report<'_> {
    type Target = Evidence;

    fn deref(&self) -> &Evidence {
        self.evidence
    }
}

impl<'a> Report<'a> {
    /// The findings of a severity.
    fn count(&self, severity: Severity) -> u64 {
        let findings = self.outcome.findings.iter();
        findings.filter(|f| f.severity == severity).count() as u64
    }

    /// The findings of a check, worst first.
    fn of_check(&self, code: &'a str) -> impl Iterator<Item = &'a Finding> {
        let findings = self.outcome.findings.iter();
        findings.filter(move |f| f.check.code == code)
    }

    /// A sample's name.
    fn key(&self, id: SampleId) -> String {
        self.listing.sample(id).key.as_str().to_owned()
    }

    /// The file that a sample lies in, by its path from the data set's root: its
    /// own, or that of the container it is a member of.
    fn file(&self, id: SampleId) -> String {
        let container = self.listing.container_of(id);
        container.map_or_else(|| self.key(id), |key| key.as_str().to_owned())
    }

    /// " (in `set.zip`)" where a sample is a member, whose name then stands in
    /// the message of a finding.
    fn container(&self, id: SampleId) -> String {
        let container = self.listing.container_of(id);
        container.map_or_else(String::new, |key| {
            format!(" (`{}` in `{key}`)", self.key(id))
        })
    }

    /// A sample's split, if it has one.
    fn split(&self, id: SampleId) -> Option<String> {
        let split = self.listing.sample(id).split;
        self.listing.split_name(split).map(str::to_owned)
    }

    /// A sample's classes joined by `;`, if it has any.
    fn label(&self, id: SampleId) -> Option<String> {
        let label = self.listing.label_text(id);
        (!self.listing.sample(id).labels.classes().is_empty()).then_some(label)
    }
}

#[cfg(test)]
mod tests;
