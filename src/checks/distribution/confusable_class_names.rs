//! Finds class names that may mean one class. Whether they do only a person
//! can say.

use super::class_names::{Likeness, folded};
use crate::checks::words::{listed, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::distribution::ClassCounts;
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{ClassId, Listing, SplitId};

declare_check! { pub CONFUSABLE_CLASS_NAMES = {
    code: "DIST009",
    family: Distribution,
    name: "confusable-class-names",
    summary: "two class names are so similar that they may mean one class",
    next_step: "if they mean one class, give it one name in every split",
    severity: Severity::Warning,
    docs: "confusable-class-names.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &CONFUSABLE_CLASS_NAMES
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let listing = &data.evidence.listing;
        if listing.classes.len() < 2 {
            return Ok(Ran::NotApplicable("there are no two classes".to_owned()));
        }
        let names: Vec<String> = listing.classes.iter().map(|name| folded(name)).collect();
        for b in 1..names.len() {
            data.executor.stop().check()?;
            for a in 0..b {
                let Some(likeness) = Likeness::of(&names[a], &names[b]) else {
                    continue;
                };
                let (a, b) = (ClassId(a as u32), ClassId(b as u32));
                let is_spelling = matches!(likeness, Likeness::Spelling | Likeness::Number);
                if is_spelling || may_be_a_slip(&data.evidence.classes, a, b) {
                    out.push(finding(listing, &data.evidence.classes, likeness, a, b));
                }
            }
        }
        Ok(Ran::Completed)
    }
}

/// Real words differ by one letter too (shirt and skirt). A slip is likely
/// where no split has both names, or one of them hardly occurs.
fn may_be_a_slip(counts: &ClassCounts, a: ClassId, b: ClassId) -> bool {
    let apart = counts
        .splits
        .iter()
        .all(|split| split.count(a) == 0 || split.count(b) == 0);
    if apart && counts.splits.len() > 1 {
        return true;
    }
    let all = counts.together();
    let (few, many) = (
        all.count(a).min(all.count(b)),
        all.count(a).max(all.count(b)),
    );
    // One or two in fifty: a folder that a typing mistake made.
    few <= 2 && many >= 50 * few.max(1)
}

fn finding(
    listing: &Listing,
    counts: &ClassCounts,
    likeness: Likeness,
    a: ClassId,
    b: ClassId,
) -> NewFinding {
    let place = |class: ClassId| -> String {
        let splits: Vec<String> = counts
            .splits
            .iter()
            .filter(|split| split.count(class) > 0)
            .map(|split| match listing.split_name(split.split) {
                Some(name) => format!("{} in {}", split.count(class), quoted(name)),
                None => split.count(class).to_string(),
            })
            .collect();
        if splits.is_empty() {
            "no samples".to_owned()
        } else {
            listed(&splits, 4)
        }
    };
    let message = format!(
        "classes {:?} ({}) and {:?} ({}) differ {}; if they mean one class, the model is trained on two",
        listing.class_name(a),
        place(a),
        listing.class_name(b),
        place(b),
        likeness.words(),
    );
    let having =
        |split: &&crate::distribution::SplitCounts| split.count(a) > 0 || split.count(b) > 0;
    let splits: Vec<SplitId> = (counts.splits.iter())
        .filter(having)
        .filter_map(|split| split.split)
        .collect();
    NewFinding {
        id: FindingId::of_names(
            CONFUSABLE_CLASS_NAMES.code,
            [listing.class_name(a), listing.class_name(b)],
        ),
        message,
        samples: Vec::new(),
        splits,
        labels: vec![a, b],
        score: None,
        measured: Measured::None,
    }
}
