//! Findings as written for someone. Counts nothing, judges nothing, reads no
//! image.

mod file;
#[cfg(test)]
mod fixture;
mod folder;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
mod sentences;
mod tables;
pub mod terminal;

pub use file::write_file;
pub use folder::write_folder;
pub use json::digest as digest_json;

use crate::digest::DatasetDigest;
use crate::distribution::{ClassCounts, Drift};
use crate::duplicates::Duplicates;
use crate::finding::{Finding, Headlines, LabelOpinion, Severity};
use crate::fingerprint::FingerprintTable;
use crate::gate::Outcome;
use crate::headlines::Drop;
use crate::quality::QualityTable;
use crate::sample::{Listing, SampleId};
use crate::source::Request;

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The data set as the user named it.
    pub dataset: &'a str,
    /// What was asked to be scanned, so that it can be listed again.
    pub request: &'a Request,
    /// The samples.
    pub listing: &'a Listing,
    /// What was computed of each.
    pub fingerprints: &'a FingerprintTable,
    /// Of contents and labels; `None` where not every image was opened.
    pub digest: Option<&'a DatasetDigest>,
    /// Verified pairs.
    pub duplicates: &'a Duplicates,
    /// Findings and verdict.
    pub outcome: &'a Outcome,
    /// The figures a person asks for first.
    pub headlines: &'a Headlines,
    /// Samples by split and class.
    pub classes: &'a ClassCounts,
    /// How far each two splits lie apart.
    pub drift: &'a [Drift],
    /// What speaks against single pictures.
    pub quality: &'a QualityTable,
    /// What is thought of each sample's label, in listing order; empty where
    /// no label was judged.
    pub labels: &'a [LabelOpinion],
    /// The copies to drop to end every leak.
    pub drops: &'a [Drop],
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
