//! Which findings a label that was kept accepts. Reads no decision.

use std::collections::{BTreeMap, BTreeSet};

use super::folder::ReportFolder;
use super::plan::{Action, Plan};
use crate::decisions::{Kept, REVIEWER};
use crate::finding::{CONFLICTING_LABELS, FindingId, SUSPICIOUS_LABEL};
use crate::gate::Line;
use crate::sample::{ContentHash, Listing, SampleId};

/// A line for each finding that keeping these labels accepts: the doubt about
/// each label itself, whether it was found or may be later, and a conflict
/// between copies all of which are kept.
pub(super) fn lines(
    report: &ReportFolder,
    listing: &Listing,
    content: &impl Fn(SampleId) -> Option<String>,
    keeping: &[(SampleId, &Kept)],
) -> Vec<Line> {
    let mut lines: BTreeMap<(String, FindingId), Line> = BTreeMap::new();
    let mut accept = |code: &str, id: FindingId, kept: &Kept, about: String| {
        lines.entry((code.to_owned(), id)).or_insert_with(|| Line {
            code: code.to_owned(),
            id,
            reason: reason(kept),
            who: (kept.more.get(REVIEWER)).map_or_else(String::new, |who| who.trim().to_owned()),
            expires: None,
            about,
        });
    };
    for &(id, kept) in keeping {
        let key = listing.sample(id).key.as_str();
        for found in &report.findings {
            // The first sample is the one in doubt; its neighbours follow.
            let is_first = (found.samples.strip_prefix(key))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(';'));
            if found.code == SUSPICIOUS_LABEL && is_first {
                accept(SUSPICIOUS_LABEL, found.id, kept, found.message.clone());
            }
        }
        let Some(content) = content(id).and_then(|hash| ContentHash::parse(&hash)) else {
            continue;
        };
        let sample = listing.sample(id);
        let split = listing.split_name(sample.split);
        for &class in sample.labels.classes() {
            let name = listing.class_name(class);
            let id = FindingId::of_label(SUSPICIOUS_LABEL, content, split, name);
            let about = format!("`{key}` is labelled `{name}`");
            accept(SUSPICIOUS_LABEL, id, kept, about);
        }
    }
    let kept: BTreeMap<SampleId, &Kept> = keeping.iter().copied().collect();
    for (found, members) in conflicts(report, listing) {
        let all: Option<Vec<&Kept>> = members.iter().map(|id| kept.get(id).copied()).collect();
        if let Some(first) = all.and_then(|all| all.first().copied()) {
            accept(CONFLICTING_LABELS, found.0, first, found.1.to_owned());
        }
    }
    lines.into_values().collect()
}

/// Conflicts between copies that the plan leaves as they are.
pub(super) fn waiting(report: &ReportFolder, listing: &Listing, plan: &Plan) -> usize {
    let is_open = |members: &[SampleId]| {
        let mut labels = BTreeSet::new();
        let mut all_kept = true;
        for &id in members {
            match plan
                .step(listing.sample(id).key.as_str())
                .map(|step| &step.action)
            {
                Some(Action::Drop) => {}
                Some(Action::Relabel { to, .. }) => {
                    labels.insert(to.clone());
                }
                step => {
                    all_kept &= step == Some(&Action::Keep);
                    labels.insert(listing.label_text(id));
                }
            }
        }
        labels.len() > 1 && !all_kept
    };
    let conflicts = conflicts(report, listing);
    conflicts
        .iter()
        .filter(|(_, members)| is_open(members))
        .count()
}

type Conflict<'a> = ((FindingId, &'a str), Vec<SampleId>);

/// Each conflict with its labelled samples.
fn conflicts<'a>(report: &'a ReportFolder, listing: &Listing) -> Vec<Conflict<'a>> {
    let by_key: BTreeMap<&str, SampleId> = (listing.samples.iter())
        .map(|sample| (sample.key.as_str(), sample.id))
        .collect();
    (report.findings.iter())
        .filter(|found| found.code == CONFLICTING_LABELS)
        .map(|found| {
            let members = members(&found.samples, &by_key).into_iter();
            let labelled = |id: &SampleId| !listing.sample(*id).labels.classes().is_empty();
            (
                (found.id, found.message.as_str()),
                members.filter(labelled).collect(),
            )
        })
        .collect()
}

/// The samples of a finding; a key may hold the `;` that joins them.
fn members(joined: &str, by_key: &BTreeMap<&str, SampleId>) -> Vec<SampleId> {
    let mut members = Vec::new();
    let mut start = 0;
    let ends = joined.match_indices(';').map(|(place, _)| place);
    for end in ends.chain([joined.len()]) {
        if let Some(&id) = joined.get(start..end).and_then(|key| by_key.get(key)) {
            members.push(id);
            start = end + 1;
        }
    }
    members
}

/// What the person wrote beside the decision, or that it was one.
fn reason(kept: &Kept) -> String {
    let mut notes =
        (kept.more.iter()).filter(|(name, note)| *name != REVIEWER && !note.trim().is_empty());
    notes.next().map_or_else(
        || "the label was reviewed and is right".to_owned(),
        |(_, note)| note.trim().to_owned(),
    )
}
