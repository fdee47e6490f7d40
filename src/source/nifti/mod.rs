//! Folders of NIfTI volumes: slices of each are its samples, the volume their group.
//! Reads headers, and label volumes for their classes.

mod nnunet;
mod volume;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use nnunet::NnUnet;
use volume::Volume;

use super::LayoutName;
use super::builder::{Builder, Draft};
use super::input::Input;
use super::places::Place;
use super::recognised::Recognised;
use super::same_file::Hint;
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::nifti;
use crate::sample::{Labels, ProblemKind, SampleKey, escaped};

/// What a volume is listed as.
struct Case {
    /// Its number in the tree.
    file: usize,
    split: Option<String>,
    /// What keeps it together with others.
    group: String,
    class: Option<String>,
    /// Its label volume.
    labels: Option<usize>,
}

/// A volume, and the label values of each of its slices.
type Opened = (Volume, Vec<BTreeSet<u32>>);

/// Volumes in a folder without other images.
pub(super) fn sign(tree: &Tree, _: &Input<'_>) -> Option<String> {
    if tree.archive.is_some() || !tree.images.is_empty() {
        return None;
    }
    let volumes = volumes(tree);
    let first = *volumes.first()?;
    let name = escaped(&tree.files[first].name);
    Some(match volumes.len() {
        1 => format!("`{name}`"),
        count => format!("`{name}` and {} more", count - 1),
    })
}

/// Lists a folder of volumes.
pub(super) fn list(mut tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let volumes = volumes(&tree);
    if volumes.is_empty() || tree.archive.is_some() {
        let flag = input.flag();
        return Err(Error::Input(format!(
            "{flag} holds no NIfTI volumes (`.nii`, `.nii.gz`) in folders"
        )));
    }
    let nnunet = NnUnet::of(&tree, input)?;
    let (cases, mut notes) = match &nnunet {
        Some(set) => (set.cases(&tree, &volumes), set.notes.clone()),
        None => plain(&tree, &volumes),
    };
    let step = input.request.slices;
    let opened: Vec<Result<Opened, String>> = (cases.par_iter())
        .map(|case| {
            let volume = Volume::open(&tree.file_path(case.file), step)?;
            let labels = match case.labels {
                Some(file) if !input.walker.stop.is_raised() => {
                    labels(&tree.file_path(file), &volume)?
                }
                _ => Vec::new(),
            };
            Ok((volume, labels))
        })
        .collect();
    input.walker.stop.check()?;
    let forced = input.split(builder)?;
    let (mut count, mut series) = (0u64, 0u64);
    for (case, opened) in cases.iter().zip(opened) {
        let key = tree.file_key(case.file);
        let (volume, labels) = match opened {
            Ok(opened) => opened,
            Err(why) => {
                builder.problem(key, ProblemKind::BadMember, why);
                continue;
            }
        };
        count += 1;
        series += u64::from(volume.header.volumes > 1);
        let split = match (forced, &case.split) {
            (Some(forced), _) => Some(forced),
            (None, Some(name)) => Some(builder.split(name)?),
            (None, None) => None,
        };
        let slices = volume.slices.clone();
        let container = builder.container(Arc::new(volume), key.clone());
        let group = builder.group(&case.group);
        for (entry, slice) in slices.iter().enumerate() {
            let key = key.child(Volume::name(*slice).as_ref());
            let globs = input.walker.globs;
            if !globs.is_empty() && !globs.keeps(key.as_str()) {
                builder.skipped.filtered += 1;
                continue;
            }
            let of_slice = labels.get(entry).into_iter().flatten();
            let names = of_slice.map(|&value| match &nnunet {
                Some(set) => set.class(value),
                None => value.to_string(),
            });
            let names: Vec<String> = names.chain(case.class.clone()).collect();
            let classes = names
                .iter()
                .map(|name| builder.class(&escaped(name.as_ref())));
            let classes = classes.collect();
            builder.push(Draft {
                key,
                split,
                labels: Labels::from_classes(classes),
                objects: Vec::new(),
                group: Some(group),
                place: Place::Member {
                    container,
                    entry: entry as u64,
                },
                hint: Hint::default(),
            });
        }
    }
    notes.push(match step {
        None => format!("the middle slice of each axis of {count} volumes; every n-th of the last axis with `--slices N`"),
        Some(step) => format!("every slice number {step} of the last axis of {count} volumes"),
    });
    if series > 0 {
        notes.push(format!(
            "{series} volumes are series, of which the first is compared"
        ));
    }
    for file in volumes
        .into_iter()
        .chain(nnunet.iter().flat_map(|set| set.files.clone()))
    {
        tree.files[file].claimed = true;
    }
    tree.leave(builder);
    let what = if nnunet.is_some() {
        "nnU-Net set"
    } else {
        "NIfTI volumes"
    };
    let mut recognised = Recognised::new(LayoutName::Nifti, what);
    recognised.notes.extend(notes);
    recognised.correction =
        "if a folder is another split: `--split NAME=FOLDER` for each".to_owned();
    Ok(recognised)
}

/// The volumes of a tree, by key.
fn volumes(tree: &Tree) -> Vec<usize> {
    let is_volume = |&file: &usize| nifti::is_name(&tree.files[file].name.to_string_lossy());
    let mut volumes: Vec<usize> = (0..tree.files.len()).filter(is_volume).collect();
    volumes.sort_by_cached_key(|&file| tree.file_key(file));
    volumes
}

/// The numbers above 0 in a label volume, slice by slice.
fn labels(path: &Path, of: &Volume) -> Result<Vec<BTreeSet<u32>>, String> {
    let volume = Volume::open(path, None)?;
    if volume.header.size != of.header.size {
        return Err(format!(
            "its label volume has another size: {:?} and {:?}",
            volume.header.size, of.header.size
        ));
    }
    let volume = Volume {
        slices: of.slices.clone(),
        ..volume
    };
    let planes = volume
        .planes()
        .map_err(|failure| format!("its label volume: {}", failure.0))?;
    let values = planes.iter().map(|plane| {
        let above = plane
            .numbers
            .iter()
            .filter(|&&v| (0.5..65_535.5).contains(&v));
        above.map(|&v| (v + 0.5) as u32).collect()
    });
    Ok(values.collect())
}

/// Volumes in folders: splits by the names of folders, classes by those in them where
/// several volumes share one, groups by subject (`sub-…`, as in BIDS) or volume.
fn plain(tree: &Tree, volumes: &[usize]) -> (Vec<Case>, Vec<String>) {
    let split_above = |file: usize| {
        let mut dir = Some(tree.files[file].dir);
        while let Some(at) = dir {
            if let Some(split) = tree.dirs[at].split {
                return Some((at, split));
            }
            dir = tree.dirs[at].parent;
        }
        None
    };
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    let class_of = |file: usize| {
        let dir = tree.files[file].dir;
        let parent = tree.dirs[dir].parent?;
        let below = split_above(file).map_or(parent == 0, |(split, _)| split == parent);
        below.then(|| tree.dirs[dir].name.to_string_lossy().into_owned())
    };
    let classes: Vec<Option<String>> = volumes.iter().map(|&file| class_of(file)).collect();
    for class in classes.iter().flatten() {
        *folders.entry(class.clone()).or_default() += 1;
    }
    let are_classes = !folders.is_empty()
        && classes.iter().all(Option::is_some)
        && folders.len() * 2 <= volumes.len()
        && !folders.keys().any(|name| subject(name).is_some());
    let cases = volumes.iter().zip(classes).map(|(&file, class)| {
        let key = tree.file_key(file);
        Case {
            file,
            split: split_above(file).map(|(_, split)| split.to_owned()),
            group: group(&key),
            class: class.filter(|_| are_classes),
            labels: None,
        }
    });
    let note = match are_classes {
        true => Vec::new(),
        false => vec!["no labels: the folders of the volumes are no classes".to_owned()],
    };
    (cases.collect(), note)
}

/// The subject that a name begins with, as BIDS writes it.
fn subject(name: &str) -> Option<&str> {
    let end = name.find(['_', '.']).unwrap_or(name.len());
    Some(&name[..end]).filter(|word| word.starts_with("sub-"))
}

/// The subject of a volume, or the volume itself without what names its split.
fn group(key: &SampleKey) -> String {
    let parts = key.as_str().split('/');
    match parts.clone().find_map(subject) {
        Some(subject) => subject.to_owned(),
        None => key.as_str().to_owned(),
    }
}
