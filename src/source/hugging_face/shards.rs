//! Folders of Parquet shards whose rows are images, and single ones: files,
//! splits and configurations. Reads no row.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::is_parquet;
use super::labels::columns;
use super::rows::{self, Images};
use super::shard::Opened;
use super::splits;
use crate::error::{Error, Result};
use crate::sample::{ProblemKind, SampleKey, SplitLike, canonical_split, escaped};
use crate::source::builder::Builder;
use crate::source::input::{Input, Role};
use crate::source::recognised::Recognised;
use crate::source::tree::Tree;

/// Files opened to see whether a folder holds shards; the first is one as a
/// rule.
const PROBES: usize = 16;

/// Configurations shown of a set that has several.
const SHOWN: usize = 8;

/// A shard of a folder.
struct File {
    /// Its number among the files of the tree.
    file: usize,
    path: PathBuf,
    key: SampleKey,
    /// From its own name or that of a folder above it.
    split: Option<String>,
    /// The folder of its configuration, from the top.
    base: PathBuf,
}

/// What shows that a folder holds shards.
pub(super) fn sign(tree: &Tree, input: &Input<'_>) -> Option<String> {
    let files = candidates(tree);
    let wanted = input.request.columns.path.as_deref();
    let probe = |&&file: &&usize| matches!(Opened::at(&path(tree, file), wanted), Ok(Some(_)));
    let first = *files.iter().take(PROBES).find(probe)?;
    let name = escaped(&tree.files[first].name);
    Some(match files.len() {
        1 => format!("`{name}`"),
        count => format!("`{name}` and {} more", count - 1),
    })
}

/// Whether the Parquet file at `path` holds images, not the names of such.
pub(in crate::source) fn holds_images(input: &Input<'_>) -> bool {
    let wanted = input.request.columns.path.as_deref();
    is_parquet(input.path) && matches!(Opened::at(input.path, wanted), Ok(Some(_)))
}

/// Lists the Parquet file `input.path`.
pub(in crate::source) fn list_file(input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let wanted = input.request.columns.path.as_deref();
    let failure = |why: String| Error::Input(format!("`{}`: {why}", input.path.display()));
    let opened = Opened::at(input.path, wanted).map_err(failure)?;
    let opened = opened.ok_or_else(|| failure(NO_IMAGES.to_owned()))?;
    let name = input.path.file_name().unwrap_or_default();
    let split = match input.role {
        Role::Set => split_of(&name.to_string_lossy()),
        Role::Split(_) | Role::Reference => None,
    };
    let mut set = rows::Set::new(input);
    let key = input.key.child(name);
    let images = Images::Beside(input.path.parent().unwrap_or(Path::new("")));
    set.add(&opened, &key, split.as_deref(), &images, builder)?;
    let mut recognised = set.finish(builder)?;
    recognised.what = format!("Parquet shard `{}`", escaped(name));
    Ok(recognised)
}

const NO_IMAGES: &str = "it has no column of images: one of `struct<bytes, path>`, or of bytes \
                         that are images; name it with `--path-column`";

/// Lists a folder of shards.
pub(super) fn list(mut tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let files = files(&tree);
    refuse_configurations(&files, input)?;
    let wanted = input.request.columns.path.as_deref();
    let images: BTreeMap<PathBuf, usize> = (tree.images.iter().enumerate())
        .map(|(index, image)| (tree.logical(image.dir).join(&*image.name), index))
        .collect();
    let mut set = rows::Set::new(input);
    let mut chosen = None;
    for file in &files {
        input.walker.stop.check()?;
        let opened = match Opened::at(&file.path, wanted) {
            Ok(Some(opened)) => opened,
            Ok(None) => continue,
            Err(why) => {
                tree.files[file.file].claimed = true;
                builder.problem(file.key.clone(), ProblemKind::BadMember, why);
                continue;
            }
        };
        tree.files[file.file].claimed = true;
        refuse_other_columns(&opened, &mut chosen, file, input)?;
        let in_tree = Images::InTree {
            tree: &tree,
            images: &images,
            folders: [
                tree.logical(tree.files[file.file].dir),
                tree.logical(tree.top()),
            ],
        };
        set.add(&opened, &file.key, file.split.as_deref(), &in_tree, builder)?;
    }
    refuse_images_beside(&tree, set.used(), input)?;
    let recognised = set.finish(builder)?;
    // The card and the notes of a repository.
    for index in 0..tree.files.len() {
        let name = tree.files[index].name.to_string_lossy().to_lowercase();
        let is_note = name == "readme.md" || name == "dataset_infos.json";
        tree.files[index].claimed |= is_note;
    }
    tree.leave(builder);
    Ok(recognised)
}

/// The Parquet files of a folder that may be shards, by path.
fn candidates(tree: &Tree) -> Vec<usize> {
    if tree.archive.is_some() {
        return Vec::new();
    }
    let mut files: Vec<usize> = (0..tree.files.len())
        .filter(|&file| {
            let name = Path::new(&*tree.files[file].name);
            let stem = name.file_stem().unwrap_or_default();
            is_parquet(name) && stem != "metadata" && stem != "manifest"
        })
        .collect();
    files.sort_by_cached_key(|&file| tree.file_key(file));
    files
}

fn path(tree: &Tree, file: usize) -> PathBuf {
    tree.dirs[tree.files[file].dir]
        .path
        .join(&*tree.files[file].name)
}

fn files(tree: &Tree) -> Vec<File> {
    let top = tree.logical(0);
    (candidates(tree).into_iter())
        .map(|file| {
            let folder = tree.logical(tree.files[file].dir);
            let inside = folder.strip_prefix(&top).unwrap_or(&folder).to_owned();
            let name = tree.files[file].name.to_string_lossy();
            let own_folder = inside.file_name().and_then(OsStr::to_str);
            let by_folder = own_folder.and_then(|name| match canonical_split(name) {
                Some(split) => Some(split.to_owned()),
                None => only(&splits::of_folder(name)),
            });
            let base = match (&by_folder, inside.parent()) {
                (Some(_), Some(parent)) => parent.to_owned(),
                _ => inside,
            };
            File {
                file,
                path: path(tree, file),
                key: tree.file_key(file),
                split: match splits::of_shard(&name) {
                    Some(_) => split_of(&name),
                    None => by_folder.or_else(|| split_of(&name)),
                },
                base,
            }
        })
        .collect()
}

/// The split in the name of a shard.
fn split_of(name: &str) -> Option<String> {
    if let Some((split, _)) = splits::of_shard(name) {
        let known = canonical_split(split).or_else(|| {
            // `train_clean` is a name of its own, `train2017` is not.
            let like = SplitLike::of(split)?;
            like.rest.is_empty().then_some(like.split)
        });
        return Some(known.map_or_else(|| escaped(split.as_ref()), str::to_owned));
    }
    let stem = Path::new(name).file_stem()?.to_str()?;
    only(&splits::of_folder(stem)).or_else(|| Some(SplitLike::of(stem)?.split.to_owned()))
}

fn only(splits: &BTreeSet<&'static str>) -> Option<String> {
    match splits.len() {
        1 => splits.first().map(|split| (*split).to_owned()),
        _ => None,
    }
}

/// A repository may hold several sets, each in a folder of its own.
fn refuse_configurations(files: &[File], input: &Input<'_>) -> Result<()> {
    let bases: BTreeSet<&Path> = files.iter().map(|file| file.base.as_path()).collect();
    if bases.len() < 2 || input.role != Role::Set {
        return Ok(());
    }
    let names: Vec<String> = (bases.iter().take(SHOWN))
        .map(|base| match base.as_os_str().is_empty() {
            true => "the folder itself".to_owned(),
            false => format!("`{}`", escaped(base.as_os_str())),
        })
        .collect();
    let commands: Vec<String> = (bases.iter().take(SHOWN))
        .filter(|base| !base.as_os_str().is_empty())
        .map(|base| format!("`splitlint scan {}`", input.shown.join(base).display()))
        .collect();
    Err(Error::Input(format!(
        "{} holds Parquet shards of {} configurations: {}\nchoose one: {}",
        input.flag(),
        bases.len(),
        names.join(", "),
        commands.join(" or ")
    )))
}

/// Shards of one set have their images and labels in the same columns.
fn refuse_other_columns(
    opened: &Opened,
    chosen: &mut Option<(String, Option<String>, SampleKey)>,
    file: &File,
    input: &Input<'_>,
) -> Result<()> {
    let beside = columns(&opened.schema, &input.request.columns)
        .map_err(|why| Error::Input(format!("`{}`: {why}", file.key)))?;
    let own = (opened.schema.image.name.clone(), beside.label);
    match chosen {
        None => {
            *chosen = Some((own.0, own.1, file.key.clone()));
            Ok(())
        }
        Some((image, _, first)) if *image != own.0 => Err(Error::Input(format!(
            "`{first}` holds its images in the column `{image}` and `{}` in `{}`: they are no \
             shards of one set; name the column with `--path-column`, or scan each file",
            file.key, own.0
        ))),
        // A test split may have no labels.
        Some((_, label @ None, _)) => {
            *label = own.1;
            Ok(())
        }
        Some((_, Some(label), first)) => match own.1 {
            Some(other) if other != *label => Err(Error::Input(format!(
                "`{first}` holds its labels in the column `{label}` and `{}` in `{other}`: name \
                 it with `--label-column`",
                file.key
            ))),
            _ => Ok(()),
        },
    }
}

/// Images that no row names may be the set, and the shards a copy of it.
fn refuse_images_beside(tree: &Tree, used: &BTreeSet<usize>, input: &Input<'_>) -> Result<()> {
    let more = tree.images.len() - used.len();
    if more == 0 || input.request.layout.is_some() || input.role == Role::Reference {
        return Ok(());
    }
    let root = input.shown.display();
    Err(Error::Input(format!(
        "{} can be read in 2 ways: as Parquet shards that hold the images, or as the {more} \
         image files beside them\nchoose one: `splitlint scan {root} --layout huggingface` or \
         `splitlint scan {root} --layout folders`",
        input.flag()
    )))
}
