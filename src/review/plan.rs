//! From a report and a person's decisions to what is done with each sample.
//! Touches no file.

use std::collections::{BTreeMap, BTreeSet};

use super::folder::{Found, ReportFolder};
use super::rejected::Rejected;
use crate::decisions::{self, Decision, Kept};
use crate::error::{Error, Result};
use crate::finding::FindingId;
use crate::gate::Line;
use crate::sample::{ContentHash, Listing, Role, Sample, SampleId};
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
    /// Labels in question that nobody decided on.
    pub undecided: usize,
    /// Copies under different labels of which none is settled by the plan.
    pub waiting: usize,
    /// Copies of the list that stay, because a review found that they are none.
    pub spared: usize,
}

impl Step {
    fn new(sample: &str, action: Action, because: &str, finding: String) -> Self {
        Self {
            sample: sample.to_owned(),
            action,
            because: because.to_owned(),
            finding,
            copy_of: None,
        }
    }
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
/// [`Error::Input`] when the data set is no longer the one that was scanned, or
/// with every decision that cannot be understood.
pub fn plan(report: &ReportFolder, decisions: &[Decision], listing: &Listing) -> Result<Plan> {
    let samples: BTreeMap<&str, &Sample> = listing
        .samples
        .iter()
        .map(|sample| (sample.key.as_str(), sample))
        .collect();
    let seen = report.samples()?;
    same_data_set(&samples, seen.iter().map(|(key, ..)| key.as_str()))?;
    let hashes: BTreeMap<&str, &str> = (seen.iter())
        .map(|(key, hash, _)| (key.as_str(), hash.as_str()))
        .collect();
    let mut steps: BTreeMap<String, Step> = BTreeMap::new();
    let about = alone(&report.findings);
    for (key, _, decoded) in &seen {
        let found = about.get(key.as_str()).and_then(|found| found.first());
        if let (false, Some(found), false) =
            (*decoded, found, is_fixed(listing, samples[key.as_str()]))
        {
            let because = "it cannot be read or decoded";
            steps.insert(
                key.clone(),
                Step::new(key, Action::Drop, because, found.id.to_string()),
            );
        }
    }
    let mut plan = Plan {
        undecided: decisions.iter().filter(|d| d.decision.is_empty()).count(),
        ..Plan::default()
    };
    let mut problems = Vec::new();
    let written = decisions.iter().filter(|d| !d.decision.is_empty());
    let content = |id: SampleId| {
        let hash = hashes.get(listing.sample(id).key.as_str())?;
        (!hash.is_empty()).then(|| (*hash).to_owned())
    };
    let carried = decisions::carry(written.cloned().collect(), listing, content);
    for aside in carried.aside.iter().filter(|aside| !aside.is_done) {
        problems.push((
            aside.decision.line,
            format!("`{}`: {}", aside.decision.sample, aside.why),
        ));
    }
    let mut keeping = Vec::new();
    for (&id, kept) in &carried.kept {
        let key = listing.sample(id).key.as_str();
        let action = match decided(kept, &listing.label_text(id), listing) {
            Ok(action) => action,
            Err(problem) => {
                problems.push((kept.line, problem));
                continue;
            }
        };
        if action == Action::Keep {
            keeping.push((id, kept));
        }
        let because = "decided in decisions.csv";
        steps.insert(
            key.to_owned(),
            Step::new(key, action, because, String::new()),
        );
    }
    let rejected = Rejected::of(report.path())?;
    for dropped in report.drops()? {
        if !samples.contains_key(dropped.sample.as_str()) {
            return Err(Error::Input(format!(
                "drop.csv: no sample is called `{}`",
                dropped.sample
            )));
        }
        let finding = FindingId::parse(&dropped.finding);
        if finding.is_some_and(|id| rejected.contains(id)) {
            plan.spared += 1;
            continue;
        }
        // A copy to drop goes, whatever was decided of its label.
        let because = format!("a copy of `{}`", dropped.because_of);
        let step = Step {
            copy_of: Some(dropped.because_of),
            ..Step::new(&dropped.sample, Action::Drop, &because, dropped.finding)
        };
        steps.insert(dropped.sample, step);
    }
    if !problems.is_empty() {
        problems.sort();
        let lines: Vec<String> = (problems.iter())
            .map(|(line, problem)| format!("decisions, line {line}: {problem}"))
            .collect();
        return Err(Error::Input(lines.join("\n")));
    }
    plan.steps = steps.into_values().collect();
    plan.accepted = super::accepted::lines(report, listing, &content, &keeping);
    plan.waiting = super::accepted::waiting(report, listing, &plan);
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

/// What a person wrote, understood.
fn decided(kept: &Kept, given: &str, listing: &Listing) -> Result<Action, String> {
    let word = kept.decision.as_str();
    let relabel = |to: &str| Action::Relabel {
        from: given.to_owned(),
        to: to.to_owned(),
    };
    let suggested = || decisions::class_named(&kept.suggested, &listing.classes);
    match word.to_ascii_lowercase().as_str() {
        "keep" => return Ok(Action::Keep),
        "drop" => return Ok(Action::Drop),
        "change" => {
            return suggested()
                .map(relabel)
                .ok_or_else(|| "nothing is suggested to change to; write the class".to_owned());
        }
        _ => {}
    }
    match decisions::class_named(word, &listing.classes) {
        // A class that the sample has already is a label that is right.
        Some(class) if class == given => Ok(Action::Keep),
        Some(class) => Ok(relabel(class)),
        None => Err(format!(
            "`{word}` is neither keep, drop, change nor a class of the data set"
        )),
    }
}
