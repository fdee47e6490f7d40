//! A report and its data set, ready to be gone through. Decides nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::item::{Item, Kind, Pair, is_own};
use super::tables::{Groups, numbers, parts, rows};
use crate::error::Result;
use crate::finding::{CheckInfo, FindingId, Severity};
use crate::review::folder::{ReportFolder, damaged};
use crate::sample::{ContentHash, Listing, SampleId};
use crate::source::{Listed, Reader};

/// What a report knows of an image.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Its content when it was scanned; none where it could not be read.
    pub(super) content: Option<ContentHash>,
    /// Width and height of the upright image, where it could be decoded.
    pub(super) size: Option<(u32, u32)>,
    /// How well its label fits.
    pub(super) label_score: Option<f32>,
    pub(super) suggested: Option<Box<str>>,
    /// Why it could not be decoded.
    pub(super) problem: Option<Box<str>>,
}

/// A box drawn on an image, in pixels of the upright image.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(super) struct Drawn {
    /// Its place among the objects of its image.
    #[serde(skip)]
    pub(super) place: Option<usize>,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) label: String,
    /// What speaks against it.
    pub(super) flaws: String,
}

/// A report and its data set.
pub(super) struct Loaded {
    pub(super) folder: PathBuf,
    /// The data set as it was named.
    pub(super) dataset: String,
    /// Errors first, else in the order of the report.
    pub(super) items: Vec<Item>,
    pub(super) listing: Listing,
    pub(super) reader: Box<dyn Reader>,
    /// By sample.
    pub(super) facts: Vec<Facts>,
    pub(super) boxes: BTreeMap<SampleId, Vec<Drawn>>,
    pub(super) copies: Groups,
    pub(super) scenes: Groups,
    /// Samples of the report that are not in the data set any more.
    pub(super) lost: usize,
}

/// Finds a check by its code.
pub type FindCheck = dyn Fn(&str) -> Option<&'static CheckInfo> + Send + Sync;

impl Loaded {
    /// The report in `folder` about the data set `listed`.
    pub(super) fn of(folder: &Path, listed: Listed, find_check: &FindCheck) -> Result<Self> {
        let report = ReportFolder::open(folder)?;
        let Listed {
            listing, reader, ..
        } = listed;
        let by_key: HashMap<&str, SampleId> = (listing.samples.iter())
            .map(|sample| (sample.key.as_str(), sample.id))
            .collect();
        let mut facts = vec![Facts::default(); listing.samples.len()];
        let mut lost = 0;
        let mut groups: Vec<(SampleId, String)> = Vec::new();
        let columns = [
            "sample",
            "content_hash",
            "width",
            "height",
            "label_score",
            "suggested_label",
            "copy_group",
            "problem",
        ];
        rows(&folder.join("samples.csv"), columns, 4, |cells| {
            let [
                key,
                content,
                width,
                height,
                score,
                suggested,
                group,
                problem,
            ] = cells;
            let Some(&id) = by_key.get(key) else {
                lost += 1;
                return;
            };
            let some = |cell: &str| (!cell.is_empty()).then(|| Box::from(cell));
            facts[id.index()] = Facts {
                content: ContentHash::parse(content),
                size: (width.parse().ok()).zip(height.parse().ok()),
                label_score: score.parse().ok(),
                suggested: some(suggested),
                problem: some(problem),
            };
            if !group.is_empty() {
                groups.push((id, group.to_owned()));
            }
        })?;
        let copies = Groups::of_names(groups.iter().map(|(id, name)| (*id, name.as_str())));
        let scenes = scenes(folder, &by_key)?;
        let mut items = findings(&report, folder, &by_key, &listing, find_check)?;
        let pairs = pairs(folder, &items, &by_key)?;
        for item in &mut items {
            let two = item.samples.first().zip(item.samples.get(1));
            item.pair = two.and_then(|(&a, &b)| pairs.get(&(a, b)).cloned());
            item.kind = Kind::of(item.check, item.pair.as_ref(), item.samples.len());
            item.acts_on = acts_on(item, &listing, &facts);
            item.suggested = suggested(item, &listing, &facts);
        }
        items.sort_by_key(|item| std::cmp::Reverse(item.severity));
        let wanted: BTreeSet<SampleId> = (items.iter())
            .filter(|item| item.kind != Kind::Label)
            .flat_map(|item| item.samples.iter().copied())
            .collect();
        let boxes = boxes(folder, &wanted, &by_key)?;
        drop(by_key);
        Ok(Self {
            folder: folder.to_owned(),
            dataset: dataset(&report),
            items,
            listing,
            reader,
            facts,
            boxes,
            copies,
            scenes,
            lost,
        })
    }
}

fn findings(
    report: &ReportFolder,
    folder: &Path,
    by_key: &HashMap<&str, SampleId>,
    listing: &Listing,
    find_check: &FindCheck,
) -> Result<Vec<Item>> {
    let classes: BTreeSet<&str> = listing.classes.iter().map(String::as_str).collect();
    let splits: BTreeSet<&str> = (listing.splits.iter())
        .map(|split| split.name.as_str())
        .collect();
    let owned = |known: &BTreeSet<&str>, part: &str| known.get(part).map(|&part| part.to_owned());
    let file = folder.join("findings.csv");
    let columns = [
        "id", "code", "severity", "message", "samples", "name", "splits", "labels", "score",
        "objects",
    ];
    let mut items = Vec::with_capacity(report.findings.len());
    let mut wrong = None;
    rows(&file, columns, 5, |cells| {
        let [
            id,
            code,
            severity,
            message,
            samples,
            name,
            of_splits,
            labels,
            score,
            objects,
        ] = cells;
        let (Some(id), Ok(severity)) = (FindingId::parse(id), Severity::from_str(severity)) else {
            wrong = Some(format!(
                "`{id}` is no finding's id, or `{severity}` no severity"
            ));
            return;
        };
        let of_finding = parts(samples, |part| by_key.get(part).copied());
        items.push(Item {
            check: find_check(code),
            code: code.to_owned(),
            name: name.to_owned(),
            id,
            severity,
            message: message.to_owned(),
            splits: parts(of_splits, |part| owned(&splits, part)),
            labels: parts(labels, |part| owned(&classes, part)),
            objects: places(&of_finding, objects),
            samples: of_finding,
            score: score.parse().ok(),
            kind: Kind::Set,
            suggested: None,
            acts_on: Vec::new(),
            pair: None,
        });
    })?;
    match wrong {
        Some(fact) => Err(damaged(&file, &fact)),
        None => Ok(items),
    }
}

/// Of each sample of a finding the place of its object; none where a sample is gone, whose
/// object would be taken for another's.
fn places(samples: &[SampleId], cell: &str) -> BTreeMap<SampleId, usize> {
    let places: Vec<Option<usize>> = cell.split(';').map(|place| place.parse().ok()).collect();
    let both = samples.iter().zip(&places);
    let all = both.filter_map(|(&id, place)| Some((id, (*place)?)));
    match samples.len() == places.len() {
        true => all.collect(),
        false => BTreeMap::new(),
    }
}

/// What was measured between the first two samples of each item, by these two.
fn pairs(
    folder: &Path,
    items: &[Item],
    by_key: &HashMap<&str, SampleId>,
) -> Result<HashMap<(SampleId, SampleId), Pair>> {
    let first_two = |item: &Item| Some((*item.samples.first()?, *item.samples.get(1)?));
    let wanted: BTreeSet<_> = items.iter().filter_map(first_two).collect();
    let mut found = HashMap::new();
    let mut keep = |a: &str, b: &str, pair: Pair| {
        let (Some(&a), Some(&b)) = (by_key.get(a), by_key.get(b)) else {
            return;
        };
        for (two, is_reversed) in [((a, b), false), ((b, a), true)] {
            if wanted.contains(&two) {
                let pair = Pair {
                    is_reversed,
                    ..pair.clone()
                };
                found.entry(two).or_insert(pair);
            }
        }
    };
    let links = folder.join("links.csv");
    if links.is_file() {
        let columns = ["sample_a", "sample_b", "region_a", "region_b"];
        rows(&links, columns, 2, |[a, b, region_a, region_b]| {
            let pair = Pair {
                relation: "same scene".to_owned(),
                regions: numbers(region_a).zip(numbers(region_b)).map(<[_; 2]>::from),
                ..Pair::default()
            };
            keep(a, b, pair);
        })?;
    }
    let columns = [
        "sample_a",
        "sample_b",
        "relation",
        "transform",
        "similarity",
        "matrix",
    ];
    rows(&folder.join("pairs.csv"), columns, 5, |cells| {
        let [a, b, relation, transform, similarity, matrix] = cells;
        let pair = Pair {
            relation: relation.to_owned(),
            transform: transform.to_owned(),
            similarity: similarity.parse().ok(),
            matrix: numbers(matrix),
            ..Pair::default()
        };
        keep(a, b, pair);
    })?;
    Ok(found)
}

/// The samples that a decision on an item may act on.
fn acts_on(item: &Item, listing: &Listing, facts: &[Facts]) -> Vec<SampleId> {
    let own = || (item.samples.iter().copied()).filter(|&id| is_own(listing, id));
    match item.kind {
        Kind::Conflict => own()
            .filter(|&id| !listing.sample(id).labels.classes().is_empty())
            .collect(),
        Kind::Cluster => own().collect(),
        // The sample in doubt, and its copies in the same split under the same
        // label, which the finding is about as well.
        Kind::Label => {
            let Some(first) = item.samples.first().copied() else {
                return Vec::new();
            };
            let place = |id: SampleId| {
                let sample = listing.sample(id);
                (facts[id.index()].content, sample.split, &sample.labels)
            };
            own()
                .filter(|&id| id == first || (place(id).0.is_some() && place(id) == place(first)))
                .collect()
        }
        Kind::Image | Kind::Objects if item.samples.len() == 1 => own().collect(),
        _ => Vec::new(),
    }
}

/// The class that fits better: what the check names, else what is known of the
/// sample.
fn suggested(item: &Item, listing: &Listing, facts: &[Facts]) -> Option<String> {
    if !matches!(item.kind, Kind::Label | Kind::Cluster) {
        return None;
    }
    let first = *item.acts_on.first()?;
    let of_sample = || facts[first.index()].suggested.as_deref().map(str::to_owned);
    let class = match (item.kind, &item.labels[..]) {
        (_, [given, other]) if *given == listing.label_text(first) => Some(other.clone()),
        (Kind::Label, _) => of_sample(),
        _ => None,
    };
    class.filter(|class| listing.classes.contains(class))
}

fn scenes(folder: &Path, by_key: &HashMap<&str, SampleId>) -> Result<Groups> {
    let file = folder.join("scene-groups.csv");
    let mut named: Vec<(SampleId, String)> = Vec::new();
    if file.is_file() {
        rows(&file, ["sample", "group"], 2, |[sample, group]| {
            named.extend(by_key.get(sample).map(|&id| (id, group.to_owned())));
        })?;
    }
    let named = named.iter().map(|(id, name)| (*id, name.as_str()));
    Ok(Groups::of_names(named))
}

/// Boxes drawn on one image: more hide it.
const BOXES: usize = 200;

/// The boxes of `wanted` samples, those with a flaw first.
fn boxes(
    folder: &Path,
    wanted: &BTreeSet<SampleId>,
    by_key: &HashMap<&str, SampleId>,
) -> Result<BTreeMap<SampleId, Vec<Drawn>>> {
    let file = folder.join("objects.csv");
    let mut boxes: BTreeMap<SampleId, Vec<Drawn>> = BTreeMap::new();
    if !file.is_file() {
        return Ok(boxes);
    }
    let columns = [
        "sample", "label", "x", "y", "width", "height", "flags", "object",
    ];
    rows(
        &file,
        columns,
        6,
        |[sample, label, x, y, width, height, flags, place]| {
            let Some(id) = by_key.get(sample).filter(|id| wanted.contains(id)) else {
                return;
            };
            let number = |cell: &str| cell.parse::<f64>().ok().filter(|n| n.is_finite());
            let (Some(x), Some(y), Some(width), Some(height)) =
                (number(x), number(y), number(width), number(height))
            else {
                return;
            };
            // What the annotation itself says speaks against nothing.
            let flaws: Vec<&str> = (flags.split(';'))
                .filter(|flag| !flag.is_empty() && !["crowd", "difficult"].contains(flag))
                .collect();
            boxes.entry(*id).or_default().push(Drawn {
                place: place.parse().ok(),
                x,
                y,
                width: width.max(0.0),
                height: height.max(0.0),
                label: crate::words::shown(label),
                flaws: flaws.join(", "),
            });
        },
    )?;
    for drawn in boxes.values_mut() {
        drawn.sort_by_key(|drawn| drawn.flaws.is_empty());
        drawn.truncate(BOXES);
    }
    Ok(boxes)
}

/// The data set as it was named.
fn dataset(report: &ReportFolder) -> String {
    let asked = report.request().ok();
    let named = asked.map(|asked| match asked.root {
        Some(root) => root.display().to_string(),
        None => {
            let splits = asked.splits.iter();
            let splits: Vec<String> = splits
                .map(|(name, path)| format!("{name}={}", path.display()))
                .collect();
            splits.join(" ")
        }
    });
    crate::words::shown(&named.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_belong_to_samples_at_the_same_place_and_none_where_one_is_gone() {
        let samples = [SampleId(4), SampleId(2)];
        let both = BTreeMap::from([(SampleId(4), 1), (SampleId(2), 0)]);
        assert_eq!(places(&samples, "1;0"), both);
        assert!(places(&samples, "1").is_empty());
        assert!(places(&samples, "").is_empty());
    }
}
