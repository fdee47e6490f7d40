//! Sorts findings into new ones and accepted ones. Judges neither.

use std::collections::BTreeSet;

use super::{Baseline, Case};
use crate::calendar::Date;
use crate::finding::{Code, CountsAs, Finding, FindingId, RunState, SUSPICIOUS_LABEL};
use crate::path_pattern::PathPatterns;
use crate::sample::{Listing, SampleId};

/// What was accepted earlier.
#[derive(Debug, Clone, Default)]
pub struct Acceptance {
    /// Single findings.
    pub baseline: Baseline,
    /// Kinds of findings.
    pub rules: Vec<Rule>,
    /// The day of the scan; without it nothing expires.
    pub today: Option<Date>,
}

/// A kind of findings accepted in the settings.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Of these checks.
    pub codes: Vec<Code>,
    /// About a sample whose key matches; `None`: about anything.
    pub paths: Option<PathPatterns>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// As it stands in the settings, for messages: "`LEAK002` in `train/a/*`".
    pub words: String,
}

/// A finding that does not count, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// The finding as it would have been.
    pub finding: Finding,
    /// Why it was accepted; may be blank.
    pub reason: String,
    /// Who accepted it; may be blank.
    pub who: String,
}

/// Findings, sorted by whether they count.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sorted {
    pub(super) new: Vec<Finding>,
    pub(super) accepted: Vec<Accepted>,
    /// What a person should know of the acceptances themselves.
    pub(super) notes: Vec<String>,
}

impl Acceptance {
    /// Sorts `findings`, keeping their order.
    pub(super) fn sort(&self, findings: Vec<Finding>, case: &Case<'_>) -> Sorted {
        let (listing, runs) = (case.listing, &case.runs);
        let kept = self.kept(case.label_ids);
        let mut sorted = Sorted::default();
        let mut lines_met = BTreeSet::new();
        let mut rules_met = vec![false; self.rules.len()];
        for finding in findings {
            let line = self.baseline.get(finding.check.code, finding.id);
            if let Some(line) = line {
                lines_met.insert((line.code.as_str(), line.id));
            }
            let line = line.filter(|line| self.holds(line.expires));
            let rule = self
                .rules
                .iter()
                .position(|rule| self.holds(rule.expires) && rule.covers(&finding, listing));
            if let Some(index) = rule {
                rules_met[index] = true;
            }
            // A run of labels that were looked at one by one.
            let all_kept = finding.check.counts_as == CountsAs::SuspectCluster
                && !finding.samples.is_empty()
                && finding.samples.iter().all(|id| kept.contains(id));
            let reason = match (line, rule) {
                (Some(line), _) => Some((line.reason.clone(), line.who.clone())),
                (None, Some(index)) => Some((self.rules[index].reason.clone(), String::new())),
                (None, None) if all_kept => {
                    let reason = "each of its labels was accepted".to_owned();
                    Some((reason, String::new()))
                }
                (None, None) => None,
            };
            match reason {
                Some((reason, who)) => sorted.accepted.push(Accepted {
                    finding,
                    reason,
                    who,
                }),
                None => sorted.new.push(finding),
            }
        }
        let completed = |code: &str| {
            runs.iter()
                .any(|run| run.check.code == code && matches!(run.state, RunState::Completed))
        };
        for line in self.baseline.lines() {
            let (code, id) = (&line.code, line.id);
            match line.expires.filter(|_| !self.holds(line.expires)) {
                Some(day) => sorted.notes.push(format!(
                    "baseline: `{code}` {id} expired on {day}; decide again or remove the line"
                )),
                // A label that was looked at and is no longer in doubt may be
                // again when its neighbours change: the line still says a fact.
                None if code == SUSPICIOUS_LABEL && !of_label(case.label_ids, id).is_empty() => {}
                None if completed(code) && !lines_met.contains(&(code.as_str(), id)) => {
                    sorted.notes.push(format!(
                        "baseline: `{code}` {id} is no longer found; remove the line"
                    ));
                }
                None => {}
            }
        }
        for (rule, met) in self.rules.iter().zip(rules_met) {
            let words = &rule.words;
            match rule.expires.filter(|_| !self.holds(rule.expires)) {
                Some(day) => sorted.notes.push(format!(
                    "settings: the acceptance of {words} expired on {day}"
                )),
                None if !met && rule.codes.iter().all(|code| completed(code)) => sorted.notes.push(
                    format!("settings: the acceptance of {words} matches no finding"),
                ),
                None => {}
            }
        }
        sorted
    }

    /// The samples whose label was accepted.
    fn kept(&self, label_ids: &[(FindingId, SampleId)]) -> BTreeSet<SampleId> {
        (self.baseline.lines())
            .filter(|line| line.code == SUSPICIOUS_LABEL && self.holds(line.expires))
            .flat_map(|line| of_label(label_ids, line.id))
            .map(|&(_, sample)| sample)
            .collect()
    }

    fn holds(&self, expires: Option<Date>) -> bool {
        match (expires, self.today) {
            (Some(last), Some(today)) => today <= last,
            _ => true,
        }
    }
}

/// The samples whose label a doubt of that id is about.
pub(super) fn of_label(
    label_ids: &[(FindingId, SampleId)],
    id: FindingId,
) -> &[(FindingId, SampleId)] {
    let start = label_ids.partition_point(|&(other, _)| other < id);
    let end = label_ids.partition_point(|&(other, _)| other <= id);
    &label_ids[start..end]
}

impl Rule {
    fn covers(&self, finding: &Finding, listing: &Listing) -> bool {
        self.codes.contains(&finding.check.code)
            && self.paths.as_ref().is_none_or(|paths| {
                finding
                    .samples
                    .iter()
                    .any(|&id| paths.matches(listing.sample(id).key.as_str()))
            })
    }
}
