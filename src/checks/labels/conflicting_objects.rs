//! Finds copies of one image whose objects differ. Judges no object by the image
//! itself.

use std::collections::BTreeSet;

use super::carried::{self, Boxed, Difference, Laid};
use super::conflicting_labels::is_of_objects;
use crate::checks::pairs;
use crate::checks::words::{counted, listed};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::disjoint_sets::DisjointSets;
use crate::duplicates::Pair;
use crate::evidence::Directed;
use crate::finding::{CheckInfo, FindingId, Measured, Relation, Severity};
use crate::object_flaws::BoxFlaw;
use crate::sample::{ClassId, Rect, Role, SampleId};

declare_check! { pub CONFLICTING_OBJECTS = {
    code: "LABEL007",
    family: Label,
    name: "conflicting-objects",
    summary: "copies of one image have different objects",
    next_step: "decide which annotation is right, and correct or drop the other copy",
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
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.objects.is_empty() {
            return Ok(Ran::NotApplicable("the data set has no objects".to_owned()));
        }
        let shared = data.listing.shared_classes();
        // Copies of the same pixels under the same objects stand for each other.
        let mut alike = DisjointSets::new(data.listing.samples.len());
        let mut met = BTreeSet::new();
        let mut too_many: Vec<SampleId> = Vec::new();
        for pair in pairs::believed(data) {
            data.executor.stop().check()?;
            if !is_compared(data, pair.a, pair.b, &shared) || is_of_labels(data, pair) {
                continue;
            }
            let both = [pair.a, pair.b].map(|id| alike.find(id.0));
            if both[0] == both[1] || !met.insert((both[0].min(both[1]), both[0].max(both[1]))) {
                continue;
            }
            let longest = [pair.a, pair.b].map(|id| data.listing.objects_of(id).len());
            if longest.iter().any(|&count| count > carried::MOST) {
                too_many.extend([pair.a, pair.b]);
                continue;
            }
            let directed = pair.directed(&data.listing);
            let Some(found) = differences(data, &directed) else {
                continue;
            };
            if !found.is_empty() {
                out.push(finding(data, pair, &directed, &found));
            } else if pair.evidence.relation == Relation::Exact {
                alike.join(pair.a.0, pair.b.0);
            }
        }
        if !too_many.is_empty() {
            out.push_at(Severity::Advice, not_compared(data, too_many));
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

/// Whether the objects of two copies can be held against each other: both lie
/// where objects are annotated at all, one of them has some, neither is read in
/// a wrong way, and classes mean the same on both sides.
fn is_compared(data: &CheckContext<'_>, a: SampleId, b: SampleId, shared: &[bool]) -> bool {
    let listing = &data.evidence.listing;
    let is_reference = |id| listing.role(id) == Some(Role::Reference);
    let is_annotated = |id: SampleId| {
        let split = listing.sample(id).split;
        let mut splits = data.objects.splits.iter();
        splits.any(|figures| figures.split == split && figures.objects > 0)
    };
    let is_read = |id: SampleId| {
        let rows = data.objects.of_sample(listing, id);
        let meant = |flaw| rows.iter().all(|row| !row.flaws.contains(flaw));
        meant(BoxFlaw::Misread) && meant(BoxFlaw::Unturned)
    };
    let is_shared = |id: SampleId| {
        let mut objects = listing.objects_of(id).iter();
        objects.all(|object| shared.get(object.class.index()).copied().unwrap_or(false))
    };
    let both = [a, b];
    !both.iter().all(|&id| is_reference(id))
        && both.iter().any(|&id| !listing.objects_of(id).is_empty())
        && both.iter().all(|&id| is_annotated(id) && is_read(id))
        && (is_reference(a) == is_reference(b) || both.iter().all(|&id| is_shared(id)))
}

/// What differs from the image that a copy is described as made from; `None`
/// where a size is not known.
fn differences(data: &CheckContext<'_>, pair: &Directed) -> Option<Vec<Difference>> {
    let size = |id: SampleId| -> Option<(f32, f32)> {
        let header = &data.fingerprints.facts(id)?.header;
        Some((header.width as f32, header.height as f32))
    };
    let laid = Laid {
        first: size(pair.from)?,
        second: size(pair.to)?,
        matrix: pair.evidence.transform.matrix,
        exact: pair.evidence.relation == Relation::Exact,
    };
    let found = carried::compare(&laid, &boxes(data, pair.from), &boxes(data, pair.to));
    Some(found)
}

/// The objects of a sample that have a size.
fn boxes(data: &CheckContext<'_>, id: SampleId) -> Vec<Boxed> {
    let objects = data.listing.objects_of(id).iter();
    let rows = data.objects.of_sample(&data.listing, id).iter();
    (objects.zip(rows).enumerate())
        .filter(|(_, (_, row))| !row.flaws.contains(BoxFlaw::Degenerate))
        .filter_map(|(place, (object, row))| {
            Some(Boxed {
                place,
                class: object.class,
                rect: row.rect?,
                // Of two boxes on one object, one may have been taken away.
                optional: object.flags.crowd
                    || object.flags.difficult
                    || row.flaws.contains(BoxFlaw::Duplicate),
            })
        })
        .collect()
}

fn finding(
    data: &CheckContext<'_>,
    pair: &Pair,
    directed: &Directed,
    found: &[Difference],
) -> NewFinding {
    let samples = vec![directed.to, directed.from];
    let words = in_words(data, found);
    let fact = format!(
        "{}, but its objects differ: {}",
        pairs::describe(data, pair, &samples),
        words.join("; ")
    );
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
            carried::MOST,
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
