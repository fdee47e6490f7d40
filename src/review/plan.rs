//! From a report and a person's decisions to what is done with each sample.
//! Touches no file.

use std::collections::{BTreeMap, BTreeSet};

use super::folder::{Decision, Found, ReportFolder};
use crate::error::{Error, Result};
use crate::finding::Family;
use crate::gate::Line;
use crate::sample::{ContentHash, Listing, Role, Sample};
use crate::source::Reader;

/// What is done with a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It goes.
    Drop,
    /// It gets another label.
    Relabel {
        /// The label it has.
        from: String,
        /// The label it gets.
        to: String,
    },
    /// It stays as it is, and the findings about its label are accepted.
    Keep,
}

impl Action {
    /// The name in the plan.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Relabel { .. } => "relabel",
            Self::Keep => "keep",
        }
    }
}

/// One thing to do, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The sample's key.
    pub sample: String,
    /// What is done.
    pub action: Action,
    /// Why, in words.
    pub because: String,
    /// The finding's id, where one finding is the reason.
    pub finding: String,
    /// The sample that it is a copy of, where that is the reason.
    pub copy_of: Option<String>,
}

/// What a report and a person's decisions come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// By sample; at most one for each.
    pub steps: Vec<Step>,
    /// Findings that a decision accepts.
    pub accepted: Vec<Line>,
    /// Suspicious labels nobody decided on.
    pub undecided: usize,
}

impl Plan {
    /// What is done with the sample `key`.
    pub fn step(&self, key: &str) -> Option<&Step> {
        self.steps
            .binary_search_by(|step| step.sample.as_str().cmp(key))
            .ok()
            .map(|index| &self.steps[index])
    }

    /// How many steps are of the kind that `action` names.
    pub fn count(&self, action: &str) -> usize {
        let named = |step: &&Step| step.action.name() == action;
        self.steps.iter().filter(named).count()
    }
}

/// Plans. `decisions` are those of the report, or of a file kept elsewhere.
///
/// # Errors
/// [`Error::Input`] when the data set is no longer the one that was scanned;
/// [`Error::Config`] with every decision that cannot be understood.
pub fn plan(report: &ReportFolder, decisions: &[Decision], listing: &Listing) -> Result<Plan> {
    let samples: BTreeMap<&str, &Sample> = listing
        .samples
        .iter()
        .map(|sample| (sample.key.as_str(), sample))
        .collect();
    let seen = report.samples()?;
    same_data_set(&samples, seen.iter().map(|(key, ..)| key.as_str()))?;
    let mut steps: BTreeMap<String, Step> = BTreeMap::new();
    let about = alone(&report.findings);
    for (key, _, decoded) in &seen {
        let found = about.get(key.as_str()).and_then(|found| found.first());
        if let (false, Some(found), false) =
            (*decoded, found, is_fixed(listing, samples[key.as_str()]))
        {
            steps.insert(
                key.clone(),
                Step {
                    sample: key.clone(),
                    action: Action::Drop,
                    because: "it cannot be read or decoded".to_owned(),
                    finding: found.id.to_string(),
                    copy_of: None,
                },
            );
        }
    }
    let mut plan = Plan::default();
    let mut problems = Vec::new();
    for decision in decisions {
        if !samples.contains_key(decision.sample.as_str()) {
            problems.push(format!(
                "decisions, line {}: no sample is called `{}`",
                decision.line, decision.sample
            ));
            continue;
        }
        let action = match decided(decision, listing) {
            Ok(None) => {
                plan.undecided += 1;
                continue;
            }
            Ok(Some(action)) => action,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        if action == Action::Keep {
            plan.accepted.extend(lines(&about, &decision.sample));
        }
        steps.insert(
            decision.sample.clone(),
            Step {
                sample: decision.sample.clone(),
                action,
                because: "decided in decisions.csv".to_owned(),
                finding: String::new(),
                copy_of: None,
            },
        );
    }
    for dropped in report.drops()? {
        if !samples.contains_key(dropped.sample.as_str()) {
            problems.push(format!(
                "drop.csv: no sample is called `{}`",
                dropped.sample
            ));
            continue;
        }
        // A copy to drop goes, whatever was decided of its label.
        steps.insert(
            dropped.sample.clone(),
            Step {
                sample: dropped.sample,
                action: Action::Drop,
                because: format!("a copy of `{}`", dropped.because_of),
                finding: dropped.finding,
                copy_of: Some(dropped.because_of),
            },
        );
    }
    if !problems.is_empty() {
        return Err(Error::Config(problems));
    }
    plan.steps = steps.into_values().collect();
    Ok(plan)
}

/// Holds every sample that something is done with, or that is the reason for
/// it, against the content that the report saw.
///
/// # Errors
/// [`Error::Input`] about the first that changed.
pub fn check_unchanged(
    plan: &Plan,
    report: &ReportFolder,
    listing: &Listing,
    reader: &dyn Reader,
) -> Result<()> {
    let seen: BTreeMap<String, String> = report
        .samples()?
        .into_iter()
        .map(|(key, hash, _)| (key, hash))
        .collect();
    let concerned: BTreeSet<&str> = plan
        .steps
        .iter()
        .flat_map(|step| [Some(step.sample.as_str()), step.copy_of.as_deref()])
        .flatten()
        .collect();
    for sample in &listing.samples {
        let key = sample.key.as_str();
        let Some(hash) = seen.get(key).filter(|_| concerned.contains(key)) else {
            continue;
        };
        let now = reader
            .read(sample.id)
            .map(|bytes| ContentHash::of(&bytes).to_string())
            .unwrap_or_default();
        if now != *hash {
            return Err(Error::Input(format!(
                "`{key}` has changed since the report was written; scan again"
            )));
        }
    }
    Ok(())
}

/// The findings about one sample alone, by its key.
fn alone(findings: &[Found]) -> BTreeMap<&str, Vec<&Found>> {
    let mut about: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
    for found in findings.iter().filter(|found| !found.samples.is_empty()) {
        about.entry(&found.samples).or_default().push(found);
    }
    about
}

fn lines(about: &BTreeMap<&str, Vec<&Found>>, key: &str) -> Vec<Line> {
    about
        .get(key)
        .into_iter()
        .flatten()
        .filter(|found| Family::of_code(&found.code) == Some(Family::Label))
        .map(|found| Line {
            code: found.code.clone(),
            id: found.id,
            reason: "the label was looked at and is right".to_owned(),
            who: String::new(),
            expires: None,
            about: found.message.clone(),
        })
        .collect()
}

fn is_fixed(listing: &Listing, sample: &Sample) -> bool {
    sample
        .split
        .is_some_and(|split| listing.splits[split.index()].role == Role::Reference)
}

/// A plan made for other samples would drop the wrong ones.
fn same_data_set<'a>(
    samples: &BTreeMap<&str, &Sample>,
    seen: impl Iterator<Item = &'a str>,
) -> Result<()> {
    let seen: BTreeSet<&str> = seen.collect();
    let more = samples.keys().filter(|key| !seen.contains(*key)).count();
    let fewer = seen
        .iter()
        .filter(|key| !samples.contains_key(*key))
        .count();
    if (more, fewer) == (0, 0) {
        return Ok(());
    }
    Err(Error::Input(format!(
        "the data set is not the one that was scanned: {more} samples more, {fewer} fewer; \
         scan again, or repeat the flags that chose its files"
    )))
}

/// What a person wrote, understood; `None` for nothing.
fn decided(decision: &Decision, listing: &Listing) -> Result<Option<Action>, String> {
    let word = decision.decision.as_str();
    let relabel = |to: &str| {
        Some(Action::Relabel {
            from: decision.given.clone(),
            to: to.to_owned(),
        })
    };
    match word.to_ascii_lowercase().as_str() {
        "" => return Ok(None),
        "keep" => return Ok(Some(Action::Keep)),
        "drop" => return Ok(Some(Action::Drop)),
        "change" if !decision.suggested.is_empty() => return Ok(relabel(&decision.suggested)),
        "change" => {
            return Err(format!(
                "decisions, line {}: nothing is suggested to change to; write the class",
                decision.line
            ));
        }
        _ => {}
    }
    if listing.classes.iter().any(|class| class == word) {
        return Ok(relabel(word));
    }
    Err(format!(
        "decisions, line {}: `{word}` is neither keep, drop, change nor a class of the data set",
        decision.line
    ))
}
