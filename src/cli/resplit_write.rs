//! What `splitlint resplit` writes: the assignment as tables, lists and a
//! manifest, and a copy of the data set that lies that way. Assigns nothing.

use std::collections::BTreeMap;
use std::path::Path;

use super::apply::{by, quoted};
use super::prepare::{self, Volume};
use super::resplit_args::ResplitArguments;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::report::{write_file, write_splits};
use crate::resplit::{self, Plan};
use crate::review::{self, Beside, Stay};
use crate::sample::{Listing, Location, Role, canonical_split};
use crate::source;

/// Writes the assignment to `--out`, and a copy of the data set to `--to`. Answers
/// with what a person should know of the copy.
pub(super) fn write(
    arguments: &ResplitArguments,
    plan: &Plan,
    listing: &Listing,
    settings: &Settings,
    executor: &Executor,
) -> Result<Vec<String>> {
    let stop = executor.stop();
    let out = &arguments.out;
    let root = settings.request.root.as_deref();
    let is_manifest = listing.layout.name == "manifest";
    let progress = prepare::progress(Volume::Quiet);
    let listed = executor.install(|| source::list(&settings.request, stop, &progress))?;
    if listed.listing.samples.len() != listing.samples.len() {
        return Err(Error::Input(
            "the data set changes while it is read; run it again".to_owned(),
        ));
    }
    let layout = listing.layout.name;
    let is_annotated = review::has_annotations(layout);
    let is_plain = ["folders", "manifest", ""].contains(&layout);
    if arguments.to.is_some() && !is_plain && !is_annotated {
        return Err(Error::config(format!(
            "`--to` does not write the layout `{layout}`, and its annotations would be lost: leave \
             `--to` out and use splits.csv"
        )));
    }
    let places = plan.places(listing);
    let mut staying = Vec::new();
    for sample in &listing.samples {
        let new = plan.split_name(plan.new[sample.id.index()]);
        let (Some(split), Some(place)) = (new, &places[sample.id.index()]) else {
            continue;
        };
        if listing.is_reference(sample) {
            continue;
        }
        if listed.reader.version(sample.id).is_none() {
            return Err(Error::Input(format!(
                "`{}` cannot be reached; scan again to see why",
                sample.key
            )));
        }
        let from = listed.reader.location(sample.id);
        staying.push(Stay {
            id: sample.id,
            key: sample.key.as_str().to_owned(),
            from,
            to: match is_manifest {
                true => review::within(sample.key.as_str()),
                false => place.clone(),
            },
            split: split.to_owned(),
            label: listing.label_text(sample.id),
            is_relabelled: false,
            group: sample
                .group
                .map(|group| listing.group_name(group).to_owned())
                .unwrap_or_default(),
        });
    }
    std::fs::create_dir_all(out).map_err(|e| Error::output(out, e))?;
    write_splits(plan, listing, out)?;
    write_file(
        &out.join("manifest.csv"),
        &review::manifest(&staying, false, None, true),
    )?;
    let mut lists: BTreeMap<&str, String> = BTreeMap::new();
    for split in &plan.splits {
        if split.role != Role::Reference {
            lists.insert(&split.name, String::new());
        }
    }
    for stay in &staying {
        if let Some(list) = lists.get_mut(stay.split.as_str()) {
            // A member of a container has no path; its key names it.
            match &stay.from {
                Location::File(path) => list.push_str(&path.to_string_lossy()),
                Location::Member { .. } => list.push_str(&stay.key),
            }
            list.push('\n');
        }
    }
    for (split, list) in lists {
        write_file(
            &out.join(format!("{}.txt", resplit::file_name(split))),
            &list,
        )?;
    }
    if let Some(to) = &arguments.to {
        // Columns that a flag has to name would have to be named again.
        let columns = &settings.request.columns;
        let own = match source::manifest_of(&settings.request) {
            Some(path) if is_manifest && *columns == source::Columns::default() => {
                source::own_table(&path, columns)?
            }
            _ => None,
        };
        let output = match is_annotated {
            true => {
                let input = review::Input {
                    root,
                    listing,
                    descriptions: &listed.descriptions,
                    staying,
                };
                review::output(layout, input, stop)?
            }
            false => review::Output {
                // A manifest of its own would bring its old splits.
                beside: is_manifest
                    .then(|| Beside::manifest(review::manifest(&staying, true, own.as_ref(), true)))
                    .into_iter()
                    .collect(),
                images: staying,
                notes: Vec::new(),
            },
        };
        let reader = listed.reader.as_ref();
        let way = by(arguments.by);
        review::copy(&output.images, reader, to, way, &output.beside, stop)?;
        let mut notes = output.notes;
        notes.extend(flags(layout, to, plan, &output.beside));
        return Ok(notes);
    }
    Ok(Vec::new())
}

/// How to scan a copy whose splits have names that no layout of folders knows.
fn flags(layout: &str, to: &Path, plan: &Plan, beside: &[Beside]) -> Option<String> {
    let is_listed = |file: &Beside| {
        let name = file.to.as_str();
        name.ends_with(".parquet") || name.contains("ImageSets/")
    };
    let are_named = ["coco", "yolo", "manifest"].contains(&layout) || beside.iter().any(is_listed);
    let splits = || {
        plan.splits
            .iter()
            .filter(|split| split.role != Role::Reference)
    };
    if are_named || splits().all(|split| canonical_split(&split.name).is_some()) {
        return None;
    }
    let flags: Vec<String> = splits()
        .map(|split| {
            let name = resplit::file_name(&split.name);
            let shards = (beside.iter()).filter(|file| {
                file.to.starts_with(&format!("{name}-")) && file.to.ends_with(".tar")
            });
            let path = match shards.count() {
                0 => name,
                1 => format!("{name}-000000.tar"),
                count => format!("{name}-{{000000..{:06}}}.tar", count - 1),
            };
            let flag = format!("{}={}", split.name, to.join(path).display());
            format!("--split {}", quoted(Path::new(&flag)))
        })
        .collect();
    Some(format!(
        "scan the copy by `splitlint scan {}`: no name of a folder or file gives these splits",
        flags.join(" ")
    ))
}
