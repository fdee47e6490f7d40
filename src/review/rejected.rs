//! Findings that a review found to be false alarms, and what follows for the images they
//! are about. Writes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use super::server;
use crate::error::Result;
use crate::finding::{About, CheckInfo, CountsAs, Finding, FindingId};
use crate::gate::Line;

/// What was written beside a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// A note; may be blank.
    pub note: String,
    /// Who decided; may be blank.
    pub reviewer: String,
}

/// The false alarms of a report.
#[derive(Debug, Clone, Default)]
pub struct Rejected(BTreeMap<FindingId, Remark>);

impl Rejected {
    /// Those of the report in `folder`.
    ///
    /// # Errors
    /// [`crate::Error::Input`] when the record of the review cannot be read.
    pub fn of(folder: &Path) -> Result<Self> {
        Ok(Self(server::rejected(folder)?))
    }

    /// Whether nothing was rejected.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the finding `id` is a false alarm.
    pub fn contains(&self, id: FindingId) -> bool {
        self.0.contains_key(&id)
    }

    /// The rejected ones of `findings` whose check says that samples are copies, or that
    /// copies have several labels: their samples are none of each other.
    pub fn no_copies<'a>(&self, findings: impl IntoIterator<Item = &'a Finding>) -> About {
        let rejected = findings.into_iter().filter(|f| self.contains(f.id));
        About::of(rejected.filter(|finding| is_of_copies(finding.check)))
    }

    /// The rejected ones of `findings` of the check `code`.
    pub fn of_check<'a>(
        &self,
        code: &str,
        findings: impl IntoIterator<Item = &'a Finding>,
    ) -> About {
        let of_check = |finding: &&Finding| finding.check.code == code;
        let rejected = findings.into_iter().filter(|f| self.contains(f.id));
        About::of(rejected.filter(of_check))
    }

    /// The lines of a baseline that accept `findings` for what was rejected of the same
    /// samples as `was`, when they lay in other splits.
    pub fn lines(&self, was: &About, findings: &[Finding]) -> Vec<Line> {
        let line = |finding: &Finding| {
            let [a, b, ..] = finding.samples[..] else {
                return None;
            };
            let remark = self.0.get(&was.both(a, b)?)?;
            let reason = match remark.note.trim() {
                "" => "reviewed: a false alarm",
                note => note,
            };
            Some(Line {
                code: finding.check.code.to_owned(),
                id: finding.id,
                reason: reason.to_owned(),
                who: remark.reviewer.clone(),
                expires: None,
                about: finding.message.clone(),
            })
        };
        findings.iter().filter_map(line).collect()
    }
}

/// Whether findings of `check` say that samples are copies of each other.
pub fn is_of_copies(check: &CheckInfo) -> bool {
    check.is_about_copies() || check.counts_as == CountsAs::LabelConflict
}
