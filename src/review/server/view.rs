//! Findings, samples and progress in the form in which the page gets them.
//! Decides nothing.

use serde::Serialize;

use super::desk::{Decided, Inner};
use super::images;
use super::item::{self, Choice, Item, Kind};
use super::loaded::{Drawn, Loaded};
use super::log::Verdicts;
use crate::finding::CountsAs;
use crate::sample::SampleId;
use crate::statistics::wilson;
use crate::words::shown;

/// Samples of a finding in one answer: more are asked for when a person wants to
/// see the whole.
pub(super) const FACES: usize = 12;

/// Samples of a group in one answer: two screens of small images.
pub(super) const MEMBERS: usize = 120;

/// Classes offered for choice: a list of more is of no use.
const CLASSES: usize = 5000;

/// A finding.
#[derive(Debug, Serialize)]
pub(super) struct ItemView {
    place: usize,
    code: String,
    name: String,
    id: String,
    severity: &'static str,
    kind: Kind,
    message: String,
    next_step: String,
    score: Option<f64>,
    pair: Option<PairView>,
    samples: Vec<SampleView>,
    /// All samples of the finding.
    count: usize,
    /// Images in the group of copies, and of scenes, that the first belongs to.
    copies: usize,
    scene: usize,
    /// Open findings of the same check on the same group.
    beside: usize,
    suggested: Option<String>,
    choices: Vec<Choice>,
    takes_a_class: bool,
    decided: Option<DecidedView>,
    seen: String,
}

#[derive(Debug, Serialize)]
struct PairView {
    relation: String,
    transform: String,
    similarity: Option<f64>,
    /// Lays the second shown over the first.
    matrix: Option<[f64; 6]>,
}

/// A decision in words.
#[derive(Debug, Serialize)]
pub(super) struct DecidedView {
    choice: String,
    words: String,
    note: String,
    reviewer: String,
}

/// A sample.
#[derive(Debug, Serialize)]
pub(super) struct SampleView {
    /// What its image's address ends in: its number and content.
    image: String,
    key: String,
    split: String,
    label: String,
    /// Whether it is the one that the finding doubts.
    in_doubt: bool,
    label_score: Option<f32>,
    width: u32,
    height: u32,
    /// Why there is no image of it.
    problem: String,
    boxes: Vec<Drawn>,
    /// The object that the finding is about, with some ground around it: x, y, width and
    /// height in pixels of the image.
    crop: Option<[f64; 4]>,
}

/// A decision in words.
pub(super) fn decided(decided: &Decided, item: &Item, loaded: &Loaded) -> DecidedView {
    DecidedView {
        choice: decided.choice.clone(),
        words: item::in_words(&decided.choice, item, &loaded.listing),
        note: shown(&decided.note),
        reviewer: shown(&decided.reviewer),
    }
}

/// The finding at a place of the queue.
pub(super) fn item(inner: &Inner, place: usize) -> ItemView {
    let loaded = &*inner.loaded;
    let item = &loaded.items[place];
    let pair = item.pair.as_ref();
    let mut faces: Vec<SampleId> = item.samples.iter().take(FACES).copied().collect();
    // The image that the other was made from comes first.
    let is_swapped = pair.is_some_and(|pair| pair.is_reversed) && faces.len() > 1;
    if is_swapped {
        faces.swap(0, 1);
    }
    let regions = pair
        .and_then(|pair| pair.regions)
        .map(|[a, b]| match is_swapped {
            true => [a, b],
            false => [a, b],
        });
    let mut samples: Vec<SampleView> = faces.iter().map(|&id| sample(loaded, item, id)).collect();
    if let Some(regions) = regions {
        for (view, region) in samples.iter_mut().zip(regions) {
            let (width, height) = (f64::from(view.width), f64::from(view.height));
            view.boxes.push(Drawn {
                x: region[0] * width,
                y: region[1] * height,
                width: region[2] * width,
                height: region[3] * height,
                label: "matched".to_owned(),
                flaws: String::new(),
                place: None,
            });
        }
    }
    let first = item.samples.first().copied();
    let size = |groups: &super::tables::Groups| {
        let group = first.and_then(|id| groups.of(id));
        group.map_or(0, |(_, members)| members.len())
    };
    let beside = inner.beside(place).into_iter();
    ItemView {
        place,
        code: shown(&item.code),
        name: shown(&item.name),
        id: item.id.to_string(),
        severity: item.severity.name(),
        kind: item.kind,
        message: shown(&item.message),
        next_step: item
            .check
            .map(|check| check.next_step)
            .unwrap_or_default()
            .to_owned(),
        score: item.score,
        pair: pair.map(|pair| PairView {
            relation: shown(&pair.relation),
            transform: shown(&pair.transform),
            similarity: pair.similarity,
            matrix: pair.matrix,
        }),
        samples,
        count: item.samples.len(),
        copies: size(&loaded.copies),
        scene: size(&loaded.scenes),
        beside: beside
            .filter(|&other| inner.decided(other).is_none())
            .count(),
        suggested: item.suggested.as_deref().map(shown),
        choices: item::choices(item, &loaded.listing),
        takes_a_class: item::takes_a_class(item, &loaded.listing),
        decided: inner.decided(place).map(|d| decided(d, item, loaded)),
        seen: inner.seen(place),
    }
}

/// A sample of a finding.
fn sample(loaded: &Loaded, item: &Item, id: SampleId) -> SampleView {
    let sample = loaded.listing.sample(id);
    let facts = &loaded.facts[id.index()];
    let (width, height) = facts.size.unwrap_or_default();
    let problem = match (facts.content, facts.size, &facts.problem) {
        (_, Some(_), _) => String::new(),
        (None, None, None) => "not read by the scan".to_owned(),
        (Some(_), None, None) => "not decoded by the scan".to_owned(),
        (_, None, Some(problem)) => format!("cannot be decoded: {}", shown(problem)),
    };
    let mut boxes = loaded.boxes.get(&id).cloned().unwrap_or_default();
    let object = item.objects.get(&id);
    let named =
        (boxes.iter_mut()).find(|drawn| drawn.place.is_some() && drawn.place.as_ref() == object);
    let crop = named.map(|drawn| {
        if drawn.flaws.is_empty() {
            drawn.flaws = "in question".to_owned();
        }
        around(drawn, (f64::from(width), f64::from(height)))
    });
    SampleView {
        image: images::name(loaded, id),
        key: shown(sample.key.as_str()),
        split: shown(loaded.listing.split_name(sample.split).unwrap_or_default()),
        label: shown(&loaded.listing.label_text(id)),
        in_doubt: item.kind == Kind::Label && item.acts_on.contains(&id),
        label_score: facts.label_score,
        width,
        height,
        problem,
        boxes,
        crop,
    }
}

/// Share of a box's sides that is shown around an object.
const MARGIN: f64 = 0.25;

/// What is shown of an object: its box and some ground, as far as the image reaches.
fn around(drawn: &Drawn, (width, height): (f64, f64)) -> [f64; 4] {
    let side = |start: f64, length: f64, end: f64| {
        let first = (start - MARGIN * length).clamp(0.0, end);
        let last = (start + (1.0 + MARGIN) * length).clamp(0.0, end);
        (first, (last - first).max(1.0))
    };
    let (x, across) = side(drawn.x, drawn.width, width);
    let (y, down) = side(drawn.y, drawn.height, height);
    [x, y, across, down]
}

/// Which whole a person wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Whole {
    /// The finding's own samples.
    Finding,
    /// The group of copies.
    Copies,
    /// The group of scenes.
    Scene,
}

/// Samples of a whole from the `from`-th on, and how many there are.
pub(super) fn members(
    loaded: &Loaded,
    place: usize,
    whole: Whole,
    from: usize,
) -> (Vec<SampleView>, usize) {
    let item = &loaded.items[place];
    let first = item.samples.first();
    let group = |groups| {
        let groups: &super::tables::Groups = groups;
        first
            .and_then(|&id| groups.of(id))
            .map(|(_, members)| members)
    };
    let all = match whole {
        Whole::Finding => Some(&item.samples[..]),
        Whole::Copies => group(&loaded.copies),
        Whole::Scene => group(&loaded.scenes),
    };
    let all = all.unwrap_or_default();
    let some = all.iter().skip(from).take(MEMBERS);
    (
        some.map(|&id| sample(loaded, item, id)).collect(),
        all.len(),
    )
}

/// How far a check has been reviewed.
#[derive(Debug, Serialize)]
struct CheckView {
    code: String,
    name: String,
    summary: String,
    is_leak: bool,
    all: usize,
    open: usize,
    right: u64,
    wrong: u64,
    /// Share of right ones among those that were reviewed, with its 95% interval.
    precision: Option<[f64; 3]>,
}

/// What the page shows besides findings.
#[derive(Debug, Serialize)]
pub(super) struct Start {
    version: &'static str,
    dataset: String,
    notes: Vec<String>,
    classes: Vec<String>,
    splits: Vec<String>,
    #[serde(flatten)]
    progress: Progress,
}

/// How far the review is.
#[derive(Debug, Serialize)]
pub(super) struct Progress {
    all: usize,
    open: usize,
    checks: Vec<CheckView>,
    /// How many decisions there have been, of everybody.
    clock: usize,
    /// Those since the page last asked.
    news: Vec<News>,
}

/// A decision of somebody.
#[derive(Debug, Serialize)]
struct News {
    code: String,
    id: String,
    reviewer: String,
}

/// What a page needs first.
pub(super) fn start(inner: &Inner) -> Start {
    let loaded = &*inner.loaded;
    let mut notes = Vec::new();
    if loaded.lost > 0 {
        notes.push(format!(
            "{} samples of the report are not in the data set any more; scan again",
            loaded.lost
        ));
    }
    let names = |all: &mut dyn Iterator<Item = &String>| all.take(CLASSES).cloned().collect();
    Start {
        version: env!("CARGO_PKG_VERSION"),
        dataset: loaded.dataset.clone(),
        notes,
        classes: names(&mut loaded.listing.classes.iter()),
        splits: names(&mut loaded.listing.splits.iter().map(|split| &split.name)),
        progress: progress(inner, inner.log.len()),
    }
}

/// How far the review is, and what happened since `clock`.
pub(super) fn progress(inner: &Inner, clock: usize) -> Progress {
    let verdicts = inner.log.verdicts();
    let mut checks: Vec<CheckView> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (place, item) in inner.loaded.items.iter().enumerate() {
        let at = *places.entry(item.code.as_str()).or_insert_with(|| {
            let of: Verdicts = verdicts
                .get(item.code.as_str())
                .copied()
                .unwrap_or_default();
            let interval = wilson(of.right, of.all());
            checks.push(CheckView {
                code: shown(&item.code),
                name: shown(&item.name),
                summary: item
                    .check
                    .map(|check| check.summary)
                    .unwrap_or_default()
                    .to_owned(),
                is_leak: item
                    .check
                    .is_some_and(|check| check.counts_as == CountsAs::Leak),
                all: 0,
                open: 0,
                right: of.right,
                wrong: of.wrong,
                precision: (of.all() > 0).then(|| [of.precision(), interval.low, interval.high]),
            });
            checks.len() - 1
        });
        checks[at].all += 1;
        checks[at].open += usize::from(inner.decided(place).is_none());
    }
    Progress {
        all: inner.loaded.items.len(),
        open: inner.loaded.items.len() - inner.count(),
        checks,
        clock: inner.log.len(),
        news: (inner.log.since(clock).iter())
            .map(|entry| News {
                code: entry.code.clone(),
                id: entry.finding.to_string(),
                reviewer: shown(&entry.reviewer),
            })
            .collect(),
    }
}
