//! Finds objects of several splits that are copies of each other in images that are not.
//! Leaves copies of whole images to LEAK001 and LEAK002, other shots of a place to LEAK008.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::checks::objects::named;
use crate::checks::words::{counted, listed};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Figure, FindingId, Measured, PairEvidence, Severity};
use crate::object_copies::{LEAST_SIDE, Thing, ThingPair};
use crate::sample::{ObjectId, Role, SampleId, SplitId};

declare_check! { pub SAME_OBJECT_ACROSS_SPLITS = {
    code: "LEAK010",
    family: Leak,
    name: "same-object-across-splits",
    summary: "an object of one split is a copy of an object of another, in images that are no copies",
    next_step: "compare the objects; where one was pasted or cut out, drop the image that it was made into, or keep the images together (`--group-file`) and split anew",
    severity: Severity::Warning,
    docs: "same-object-across-splits.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// Objects up to which they are compared.
    up_to: usize,
}

impl Default for Settings {
    /// As many as take five minutes on two cores.
    fn default() -> Self {
        Self { up_to: 50_000 }
    }
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &SAME_OBJECT_ACROSS_SPLITS
    }

    fn needs(&self) -> Needs {
        Needs {
            object_copies_up_to: self.settings.up_to,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.objects.is_empty() {
            return Ok(Ran::NotApplicable("the data set has no objects".to_owned()));
        }
        if data.listing.places() < 2 {
            let why = "the data set has fewer than two splits";
            return Ok(Ran::NotApplicable(why.to_owned()));
        }
        let Some(copies) = &data.evidence.object_copies else {
            let setting = "set `up-to` under `[checks.same-object-across-splits]`";
            return Ok(Ran::NotApplicable(match self.settings.up_to {
                0 => format!("objects are not compared; {setting}"),
                up_to => format!(
                    "the data set has {}, more than `up-to` = {up_to}; {setting}",
                    counted(data.listing.objects.len() as u64, "object"),
                ),
            }));
        };
        if copies.compared.len() < 2 {
            return Ok(Ran::NotApplicable(format!(
                "fewer than two objects have {LEAST_SIDE} pixels or more on both sides"
            )));
        }
        for thing in copies.things() {
            if let Some(closest) = closest(data, &thing) {
                let (finding, objects) = finding(data, &thing, &closest);
                out.push_of_objects(closest.severity(), finding, objects);
            }
        }
        // What was found stands, and more may be there.
        match &copies.unseen {
            Some(why) => Err(CheckError::Failed(why.clone())),
            None => Ok(Ran::Completed),
        }
    }
}

/// The most similar two objects of a thing that lie in two splits.
struct Closest<'a> {
    /// What is measured on, first.
    objects: [(ObjectId, SampleId); 2],
    evidence: &'a PairEvidence,
    spoils: bool,
}

impl Closest<'_> {
    /// Where nothing is measured on either, no figure is affected.
    fn severity(&self) -> Severity {
        match self.spoils {
            true => Severity::Error,
            false => Severity::Advice,
        }
    }
}

fn closest<'a>(data: &CheckContext<'_>, thing: &'a Thing) -> Option<Closest<'a>> {
    let listing = &data.evidence.listing;
    let split = |id: SampleId| listing.sample(id).split;
    let crossing = |pair: &&ThingPair| split(pair.a.1) != split(pair.b.1);
    // One that spoils a measurement, then the most similar.
    let best = thing.pairs.iter().filter(crossing).min_by(|x, y| {
        (listing
            .is_leak(y.a.1, y.b.1)
            .cmp(&listing.is_leak(x.a.1, x.b.1)))
        .then(y.evidence.similarity.total_cmp(&x.evidence.similarity))
        .then((x.a, x.b).cmp(&(y.a, y.b)))
    })?;
    let ThingPair { a, b, evidence } = best;
    let (a, b) = (*a, *b);
    let is_evaluated = |id| listing.role(id) == Some(Role::Evaluation);
    let swap = !is_evaluated(a.1) && is_evaluated(b.1);
    Some(Closest {
        objects: if swap { [b, a] } else { [a, b] },
        evidence,
        spoils: listing.is_leak(a.1, b.1),
    })
}

/// Splits named in a message.
const NAMED: usize = 6;

/// The finding, and an object of each of its samples.
fn finding(
    data: &CheckContext<'_>,
    thing: &Thing,
    closest: &Closest<'_>,
) -> (NewFinding, Vec<ObjectId>) {
    let listing = &data.evidence.listing;
    let [one, other] = closest.objects;
    let mut samples = vec![one.1, other.1];
    let mut objects = vec![one.0, other.0];
    for &(object, sample) in &thing.objects {
        if !samples.contains(&sample) {
            samples.push(sample);
            objects.push(object);
        }
    }
    let splits: BTreeSet<SplitId> = (samples.iter())
        .filter_map(|&id| listing.sample(id).split)
        .collect();
    let more = match thing.objects.len() {
        2 => String::new(),
        all => {
            let places: Vec<String> = (splits.iter())
                .map(|&split| {
                    let of_split = thing.objects.iter();
                    let of_split =
                        of_split.filter(|(_, id)| listing.sample(*id).split == Some(split));
                    let name = &listing.splits[split.index()].name;
                    format!("{} in `{name}`", of_split.count())
                })
                .collect();
            format!("; {all} objects show it, {}", listed(&places, NAMED))
        }
    };
    let unaffected = match closest.spoils {
        true => "",
        false => "; neither is used for evaluation, so no figure is affected",
    };
    let labels = [one, other].map(|(id, _)| listing.objects[id.index()].class);
    let finding = NewFinding {
        id: identity(data, closest),
        message: format!(
            "{} shows the same as {}, and the two images are no copies{more}{unaffected}",
            named(data, one.1, one.0),
            named(data, other.1, other.0),
        ),
        samples,
        splits: splits.into_iter().collect(),
        labels: labels.to_vec(),
        score: Some(closest.evidence.similarity),
        measured: Measured::Figures(vec![
            figure("similarity", closest.evidence.similarity),
            figure("objects", thing.objects.len() as f64),
        ]),
    };
    (finding, objects)
}

/// By the contents, splits and boxes of the two.
fn identity(data: &CheckContext<'_>, closest: &Closest<'_>) -> FindingId {
    let mut parts: Vec<String> = (closest.objects.iter())
        .map(|&(object, sample)| {
            let of_sample = data.id_of(SAME_OBJECT_ACROSS_SPLITS.code, &[sample]);
            let rect = data.objects.get(object).and_then(|row| row.rect);
            let place = rect.map_or(String::new(), |rect| {
                let sides = [rect.x, rect.y, rect.width, rect.height];
                sides.map(|side| format!("{side:.1}")).join(" ")
            });
            format!("{of_sample} {place}")
        })
        .collect();
    parts.sort();
    FindingId::of_names(
        SAME_OBJECT_ACROSS_SPLITS.code,
        parts.iter().map(String::as_str),
    )
}

fn figure(name: &'static str, value: f64) -> Figure {
    Figure { name, value }
}
