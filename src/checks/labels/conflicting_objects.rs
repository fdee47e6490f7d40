//! Finds copies of one image, and images of one scene, whose objects differ. Compares no
//! pixels.

use super::conflicting_labels::is_of_objects;
use crate::checks::pairs;
use crate::checks::words::{counted, listed};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::duplicates::Pair;
use crate::evidence::carried::{Boxed, Conflict, Difference, MOST, Shown};
use crate::finding::{CheckInfo, FindingId, Measured, Relation, Severity};
use crate::sample::{ClassId, Rect, SampleId};

declare_check! { pub CONFLICTING_OBJECTS = {
    code: "LABEL007",
    family: Label,
    name: "conflicting-objects",
    summary: "copies of one image, or images of one scene, have different objects",
    next_step: "decide which annotation is right, and correct or drop the other",
    severity: Severity::Warning,
    docs: "conflicting-objects.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &CONFLICTING_OBJECTS
    }

    fn needs(&self) -> Needs {
        Needs {
            duplicates: true,
            carried_objects: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.objects.is_empty() {
            return Ok(Ran::NotApplicable("the data set has no objects".to_owned()));
        }
        let Some(carried) = &data.evidence.carried else {
            return Ok(Ran::NotApplicable("objects were not compared".to_owned()));
        };
        for conflict in &carried.conflicts {
            match conflict.shown {
                Shown::Copies if is_of_labels(data, &conflict.pair) => {}
                Shown::Copies => out.push(finding(data, conflict)),
                Shown::Scene => out.push_at(Severity::Advice, finding(data, conflict)),
            }
        }
        if !carried.too_many.is_empty() {
            out.push_at(
                Severity::Advice,
                not_compared(data, carried.too_many.clone()),
            );
        }
        if carried.not_proven > 0 {
            out.push_at(Severity::Advice, not_proven(carried.not_proven));
        }
        Ok(Ran::Completed)
    }
}

/// Whether the copies have objects of one class each, and not the same: that is
/// LABEL001.
fn is_of_labels(data: &CheckContext<'_>, pair: &Pair) -> bool {
    let label = |id| data.listing.sample(id).labels.single();
    let both = (label(pair.a), label(pair.b));
    matches!(both, (Some(a), Some(b)) if a != b)
        && !is_of_objects(data, pair.a, pair.b)
        && pair.evidence.relation != Relation::Overlap
}

fn finding(data: &CheckContext<'_>, conflict: &Conflict) -> NewFinding {
    let Conflict {
        pair,
        directed,
        differences: found,
        shown,
    } = conflict;
    let samples = vec![directed.to, directed.from];
    let words = in_words(data, found);
    let fact = match shown {
        Shown::Copies => format!(
            "{}, but its objects differ: {}",
            pairs::describe(data, pair, &samples),
            words.join("; ")
        ),
        Shown::Scene => format!(
            "`{}` and `{}` show one scene and agree where objects of the first differ: {}",
            data.listing.sample(directed.to).key,
            data.listing.sample(directed.from).key,
            words.join("; ")
        ),
    };
    let mut labels: Vec<ClassId> = Vec::new();
    for difference in found {
        match difference {
            Difference::Missing(a) | Difference::Extra(a) => labels.push(a.class),
            Difference::Relabelled(a, b) | Difference::Shifted(a, b) => {
                labels.extend([a.class, b.class]);
            }
        }
    }
    let (id, splits) = identity(data, &samples, &words);
    NewFinding {
        id,
        message: fact,
        samples,
        splits,
        labels,
        score: Some(directed.evidence.similarity),
        measured: Measured::Pair(directed.evidence.clone()),
    }
}

/// The id of a conflict: contents and splits, and what differs, because two
/// copies of one content in one split may differ from a third in different ways.
fn identity(
    data: &CheckContext<'_>,
    samples: &[SampleId],
    words: &[String],
) -> (FindingId, Vec<crate::sample::SplitId>) {
    let of_samples = data.id_of(CONFLICTING_OBJECTS.code, samples).to_string();
    let parts = [of_samples.as_str()];
    let parts = parts.into_iter().chain(words.iter().map(String::as_str));
    let splits = samples.iter().map(|&id| data.listing.sample(id).split);
    (
        FindingId::of_names(CONFLICTING_OBJECTS.code, parts),
        splits.flatten().collect(),
    )
}

/// Objects of a kind named in a message.
const NAMED: usize = 3;

/// "1 missing (`dog` 60 × 50 at 600, 10)" for each kind of difference.
fn in_words(data: &CheckContext<'_>, found: &[Difference]) -> Vec<String> {
    let class = |boxed: &Boxed| data.listing.class_name(boxed.class);
    let at = |Rect {
                  x,
                  y,
                  width,
                  height,
              }: Rect| { format!("{width:.0} × {height:.0} at {x:.0}, {y:.0}") };
    let one = |boxed: &Boxed| format!("`{}` {}", class(boxed), at(boxed.rect));
    let mut kinds: [(&str, Vec<String>); 4] = [
        ("missing", Vec::new()),
        ("extra", Vec::new()),
        ("relabelled", Vec::new()),
        ("shifted", Vec::new()),
    ];
    for difference in found {
        let (kind, words) = match difference {
            Difference::Missing(a) => (0, one(a)),
            Difference::Extra(b) => (1, one(b)),
            Difference::Relabelled(a, b) => (2, format!("`{}` there, {} here", class(a), one(b))),
            Difference::Shifted(a, b) => (3, format!("{} there, {} here", one(a), at(b.rect))),
        };
        kinds[kind].1.push(words);
    }
    kinds
        .into_iter()
        .filter(|(_, all)| !all.is_empty())
        .map(|(kind, all)| format!("{} {kind} ({})", all.len(), listed(&all, NAMED)))
        .collect()
}

/// What is said of pairs whose differences were not proven.
fn not_proven(pairs: u64) -> NewFinding {
    NewFinding {
        id: FindingId::of_names(CONFLICTING_OBJECTS.code, ["not proven"]),
        message: format!(
            "{} of copies or of one scene with differing boxes were not compared on pixels: \
             there are too many, or an image cannot be decoded any more",
            counted(pairs, "pair")
        ),
        samples: Vec::new(),
        splits: Vec::new(),
        labels: Vec::new(),
        score: None,
        measured: Measured::None,
    }
}

/// What is said of pairs with too many objects to compare.
fn not_compared(data: &CheckContext<'_>, mut samples: Vec<SampleId>) -> NewFinding {
    samples.sort_unstable();
    samples.dedup();
    let keys: Vec<String> = (samples.iter().take(NAMED + 1))
        .map(|&id| format!("`{}`", data.listing.sample(id).key))
        .collect();
    NewFinding {
        id: FindingId::of_names(CONFLICTING_OBJECTS.code, ["not compared"]),
        message: format!(
            "copies with more than {} objects are not compared ({}): {}",
            MOST,
            counted(samples.len() as u64, "image"),
            listed(&keys, NAMED),
        ),
        samples,
        splits: Vec::new(),
        labels: Vec::new(),
        score: None,
        measured: Measured::None,
    }
}
