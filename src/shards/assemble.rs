//! One listing of the samples of many files. Reads no file.

use std::collections::BTreeSet;

use super::columns::Row;
use super::header::Set;
use crate::error::{Error, Result};
use crate::sample::{
    ClassId, GroupId, Labels, Layout, Listing, Object, ObjectId, Sample, SampleId, SampleKey,
    Split, SplitId,
};
use crate::source::split_rank;

/// The rows of one data set, all of its parts.
pub(super) struct Rows<'a> {
    pub(super) set: &'a Set,
    /// In listing order, each with its place among all rows read.
    pub(super) rows: Vec<(usize, Row)>,
}

/// What becomes of all rows.
pub(super) struct Assembled {
    pub(super) listing: Listing,
    /// In listing order: the set of each sample, its place among all rows read, its row.
    pub(super) rows: Vec<(u32, usize, Row)>,
}

/// The listing of one data set as it was, or of several as one.
///
/// # Errors
/// [`Error::Input`] where rows contradict their headers, or two sets have a key in common.
pub(super) fn assemble(sets: Vec<Rows<'_>>) -> Result<Assembled> {
    let mut parts = Vec::with_capacity(sets.len());
    for rows in &sets {
        let listing = rows.set.listing();
        parts.push(listing.ok_or_else(|| damaged("a header that no data set has"))?);
    }
    let mut listing = Listing {
        splits: splits(&parts),
        classes: union(parts.iter().flat_map(|part| &part.classes)),
        groups: union(
            (sets.iter().flat_map(|set| &set.rows)).filter_map(|(_, row)| row.group.as_ref()),
        ),
        ..Listing::default()
    };
    let mut rows: Vec<(u32, usize, Row)> = Vec::new();
    for (number, set) in (0..).zip(sets) {
        rows.extend(
            set.rows
                .into_iter()
                .map(|(place, row)| (number, place, row)),
        );
    }
    rows.sort_by(|a, b| a.2.key.cmp(&b.2.key));
    if let Some(same) = rows.windows(2).find(|pair| pair[0].2.key == pair[1].2.key) {
        return Err(Error::Input(format!(
            "two samples are called `{}`: fingerprint data sets that go together with \
             `--split NAME=PATH`, which puts the name before each key",
            same[0].2.key
        )));
    }
    let sample = (0..).zip(&rows).map(|(id, (set, _, row))| {
        sample(id, row, &parts[*set as usize], &mut listing).ok_or_else(|| {
            damaged(&format!(
                "a row for `{}` that contradicts its header",
                row.key
            ))
        })
    });
    let samples: Vec<Sample> = sample.collect::<Result<_>>()?;
    listing.samples = samples;
    beside(&mut listing, parts, &rows);
    Ok(Assembled { listing, rows })
}

fn damaged(what: &str) -> Error {
    Error::Input(format!(
        "a file of fingerprints holds {what}: fingerprint it anew"
    ))
}

fn union<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let all: BTreeSet<&String> = names.collect();
    all.into_iter().cloned().collect()
}

/// All splits in the order of listings.
fn splits(parts: &[Listing]) -> Vec<Split> {
    let mut splits: Vec<Split> = parts.iter().flat_map(|part| part.splits.clone()).collect();
    splits.sort_by_key(|split| (split_rank(&split.name), split.name.clone()));
    splits.dedup_by(|a, b| a.name == b.name);
    splits
}

/// The sample of a row; its objects go into `listing`.
fn sample(id: u32, row: &Row, part: &Listing, listing: &mut Listing) -> Option<Sample> {
    let class = |name: &String| {
        let index = listing.classes.binary_search(name).ok()?;
        Some(ClassId(index as u32))
    };
    let split = match &row.split {
        Some(name) => {
            let index = listing
                .splits
                .iter()
                .position(|split| split.name == *name)?;
            Some(SplitId(index as u16))
        }
        None => None,
    };
    let group = match &row.group {
        Some(name) => Some(GroupId(listing.groups.binary_search(name).ok()? as u32)),
        None => None,
    };
    let classes = row.labels.iter().map(class).collect::<Option<Vec<_>>>()?;
    let of_part = |object: &Object| {
        let name = part.classes.get(object.class.index())?;
        let class = class(name)?;
        Some(Object { class, ..*object })
    };
    let objects = row
        .objects
        .iter()
        .map(of_part)
        .collect::<Option<Vec<_>>>()?;
    let first = ObjectId(listing.objects.len() as u32);
    listing.objects.extend(objects);
    Some(Sample {
        id: SampleId(id),
        key: SampleKey::from_text(&row.key)?,
        split,
        labels: Labels::from_classes(classes),
        objects: first..ObjectId(listing.objects.len() as u32),
        group,
    })
}

/// What listings say beside their samples, with the numbers of `listing`.
fn beside(listing: &mut Listing, parts: Vec<Listing>, rows: &[(u32, usize, Row)]) {
    let one = parts.len() == 1;
    // By set and number there, the number here.
    let mut ids: Vec<Vec<SampleId>> = vec![Vec::new(); parts.len()];
    let mut first_container = Vec::with_capacity(parts.len());
    let mut containers = 0;
    for part in &parts {
        first_container.push(containers);
        containers += part.containers.files.len() as u32;
    }
    for (id, (set, _, row)) in (0..).map(SampleId).zip(rows) {
        let ids = &mut ids[*set as usize];
        if ids.len() <= row.sample as usize {
            ids.resize(row.sample as usize + 1, SampleId(0));
        }
        ids[row.sample as usize] = id;
    }
    if containers > 0 {
        listing.containers.of = (rows.iter())
            .map(|(set, _, row)| Some(row.container? + first_container[*set as usize]))
            .collect();
    }
    listing.layout = layout(&parts, rows.len());
    for (part, ids) in parts.into_iter().zip(ids) {
        let splits: Vec<SplitId> = (part.splits.iter())
            .map(|split| {
                let is_it = |other: &Split| other.name == split.name;
                SplitId(listing.splits.iter().position(is_it).unwrap_or_default() as u16)
            })
            .collect();
        listing.containers.files.extend(part.containers.files);
        listing
            .folders
            .extend(part.folders.into_iter().map(|mut folder| {
                folder.split = folder.split.map(|split| splits[split.index()]);
                folder
            }));
        listing
            .problems
            .extend(part.problems.into_iter().map(|mut problem| {
                let here = |id: SampleId| ids.get(id.index()).copied();
                problem.sample = problem.sample.and_then(here);
                problem
            }));
        listing.skipped.junk += part.skipped.junk;
        listing.skipped.filtered += part.skipped.filtered;
    }
    if !one {
        listing
            .folders
            .sort_by(|a, b| (a.split, &a.name).cmp(&(b.split, &b.name)));
        listing.problems.sort();
    }
}

fn layout(parts: &[Listing], samples: usize) -> Layout {
    match parts {
        [one] => one.layout.clone(),
        [first, ..] => Layout {
            name: first.layout.name,
            summary: format!(
                "{} data sets fingerprinted apart, {samples} images together",
                parts.len()
            ),
            correction: "what each holds is settled when it is fingerprinted".to_owned(),
        },
        [] => Layout::default(),
    }
}
