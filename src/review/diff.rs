//! What changed from one report to the next. Decides nothing.

use std::collections::BTreeMap;

use super::folder::{Found, ReportFolder};
use crate::finding::{FindingId, Severity};

/// What changed between two reports, each list worst first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff {
    /// Found now and not before.
    pub new: Vec<Found>,
    /// Found before and not now.
    pub gone: Vec<Found>,
    /// Found both times, at another severity now.
    pub changed: Vec<Change>,
    /// Found both times alike.
    pub unchanged: usize,
}

/// A finding whose severity changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it was.
    pub before: Severity,
    /// As it is found now.
    pub now: Found,
}

impl Diff {
    /// The findings that make the new report worse: new or more severe than
    /// before, at `bar` or above.
    pub fn worse(&self, bar: Severity) -> impl Iterator<Item = &Found> {
        let grown = self
            .changed
            .iter()
            .filter(|change| change.now.severity > change.before)
            .map(|change| &change.now);
        self.new
            .iter()
            .chain(grown)
            .filter(move |found| found.severity >= bar)
    }
}

impl Diff {
    /// How many of `findings` are of each severity, worst first; none left out.
    pub fn by_severity<'a>(
        findings: impl Iterator<Item = &'a Found> + Clone,
    ) -> Vec<(Severity, usize)> {
        (Severity::ALL.into_iter())
            .map(|severity| {
                let of = findings.clone().filter(|found| found.severity == severity);
                (severity, of.count())
            })
            .filter(|&(_, count)| count > 0)
            .collect()
    }
}

/// Compares two reports by code and id, so that renamed files change nothing.
pub fn diff(old: &ReportFolder, new: &ReportFolder) -> Diff {
    let mut before = by_id(&old.findings);
    let mut diff = Diff::default();
    for (id, now) in by_id(&new.findings) {
        match before.remove(&id) {
            None => diff.new.push(now.clone()),
            Some(then) if then.severity == now.severity => diff.unchanged += 1,
            Some(then) => diff.changed.push(Change {
                before: then.severity,
                now: now.clone(),
            }),
        }
    }
    diff.gone = before.into_values().cloned().collect();
    diff.new
        .sort_by_key(|found| std::cmp::Reverse(found.severity));
    diff.gone
        .sort_by_key(|found| std::cmp::Reverse(found.severity));
    diff.changed
        .sort_by_key(|change| std::cmp::Reverse(change.now.severity));
    diff
}

fn by_id(findings: &[Found]) -> BTreeMap<(&str, FindingId), &Found> {
    findings
        .iter()
        .map(|found| ((found.code.as_str(), found.id), found))
        .collect()
}
