//! What `splitlint resplit` writes: the assignment as tables, lists and a
//! manifest, and a copy of the data set that lies that way. Assigns nothing.

use std::collections::BTreeMap;
use std::path::Path;

use super::apply::by;
use super::prepare::{self, Volume};
use super::resplit_args::ResplitArguments;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::report::{write_file, write_splits};
use crate::resplit::{self, Plan};
use crate::review::{self, Beside, Stay};
use crate::sample::{Listing, Location};
use crate::source;

/// Writes the assignment to `--out`, and a copy of the data set to `--to`.
pub(super) fn write(
    arguments: &ResplitArguments,
    plan: &Plan,
    listing: &Listing,
    settings: &Settings,
    stop: &StopFlag,
) -> Result<()> {
    let out = &arguments.out;
    let root = settings.request.root.as_deref();
    let is_yolo = listing.layout.name == "yolo";
    let is_manifest = root.is_some_and(Path::is_file) && !is_yolo;
    let listed = source::list(&settings.request, stop, &prepare::progress(Volume::Quiet))?;
    if listed.listing.samples.len() != listing.samples.len() {
        return Err(Error::Input(
            "the data set changes while it is read; run it again".to_owned(),
        ));
    }
    let layout = listing.layout.name;
    if arguments.to.is_some() && !["folders", "manifest", "yolo", ""].contains(&layout) {
        return Err(Error::config(format!(
            "`--to` copies class folders, manifests and YOLO sets; the annotations of the layout `{layout}` \
             would be lost: leave `--to` out and use splits.csv"
        )));
    }
    if arguments.to.is_some() && is_yolo && root.is_none() {
        return Err(Error::config(
            "`--to` copies a YOLO set that is named by its folder or its `data.yaml`, not by \
             `--split`",
        ));
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
        &review::manifest(&staying, false, None),
    )?;
    let mut lists: BTreeMap<&str, String> = BTreeMap::new();
    for split in &plan.splits {
        if split.role != crate::sample::Role::Reference {
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
        let beside = match root {
            Some(root) if is_yolo => review::yolo(root, &mut staying)?,
            // A manifest of its own would bring its old splits.
            _ if is_manifest => {
                vec![Beside::manifest(review::manifest(&staying, true, None))]
            }
            _ => Vec::new(),
        };
        let reader = listed.reader.as_ref();
        review::copy(&staying, reader, to, by(arguments.by), &beside, stop)?;
    }
    Ok(())
}
