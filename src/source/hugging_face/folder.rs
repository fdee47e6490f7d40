//! Folders of images as the `imagefolder` loader reads them: a metadata file
//! beside the images, or folders of classes, in splits by the loader's own
//! words. Reads no pixels.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::splits;
use crate::error::{Error, Result};
use crate::sample::{GroupId, Labels, ProblemKind, SampleKey, SplitId, canonical_split, escaped};
use crate::source::LayoutName;
use crate::source::builder::{Builder, Draft};
use crate::source::descriptions::{Description, MetadataFile};
use crate::source::input::{Input, Role};
use crate::source::manifest::{MetadataRow, MetadataTable};
use crate::source::paths::normalised;
use crate::source::recognised::Recognised;
use crate::source::tree::{Placer, Tree};

/// Names of metadata files (datasets, `folder_based_builder.py`).
const METADATA: [&str; 3] = ["metadata.csv", "metadata.jsonl", "metadata.parquet"];

/// Rows between two checks of the stop flag.
const BATCH: usize = 256;

/// What shows that a folder has a metadata file which names images.
pub(super) fn sign(tree: &Tree) -> Option<String> {
    if tree.images.is_empty() {
        return None;
    }
    let files = metadata(tree);
    let names_images = |file: &usize| {
        let table = opened(tree, *file).ok()?;
        let columns = MetadataTable::open(table.path()).ok()?.paths();
        (!columns.is_empty()).then(|| escaped(&tree.files[*file].name))
    };
    let name = files.iter().find_map(names_images)?;
    Some(format!("`file_name` in `{name}`"))
}

/// Lists a folder or archive of images.
pub(super) fn list(mut tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    if tree.images.is_empty() {
        return Err(Error::Input(format!(
            "{} holds neither Parquet shards with images nor image files",
            input.flag()
        )));
    }
    let splits = Splits::of(&tree, input)?;
    let metadata: Vec<usize> = metadata(&tree);
    let mut recognised = Recognised::new(LayoutName::HuggingFace, "Hugging Face image folder");
    let outside = if metadata.is_empty() {
        by_folders(&tree, &splits, input, builder, &mut recognised)?
    } else {
        let listed = by_metadata(&tree, &metadata, &splits, input, builder, &mut recognised)?;
        for &file in &metadata {
            tree.files[file].claimed = true;
        }
        listed
    };
    let mut folders: BTreeMap<SampleKey, u64> = BTreeMap::new();
    for image in outside {
        let folder = &tree.dirs[tree.images[image].dir].key;
        *folders.entry(folder.clone()).or_default() += 1;
    }
    for (key, count) in folders {
        let images = if count == 1 { "image" } else { "images" };
        let why = match metadata.is_empty() {
            true => "in no split",
            false => "that no metadata file lists, or in no split",
        };
        let key = if key.as_str().is_empty() {
            key.child(OsStr::new("."))
        } else {
            key
        };
        let detail =
            format!("{count} {images} {why}; not scanned, as `datasets` does not read them");
        builder.problem(key, ProblemKind::OutsideSplits, detail);
    }
    tree.leave(builder);
    Ok(recognised)
}

/// The metadata files of a tree, by path.
fn metadata(tree: &Tree) -> Vec<usize> {
    let is_metadata = |&file: &usize| METADATA.iter().any(|name| *tree.files[file].name == **name);
    let mut files: Vec<usize> = (0..tree.files.len()).filter(is_metadata).collect();
    files.sort_by_cached_key(|&file| tree.file_key(file));
    files
}

/// A metadata file where it can be opened by a path: itself, or a copy of the
/// member of an archive.
enum Opened {
    There(PathBuf),
    /// Goes away with this.
    Copied(tempfile::TempPath),
}

impl Opened {
    fn path(&self) -> &Path {
        match self {
            Self::There(path) => path,
            Self::Copied(path) => path,
        }
    }
}

fn opened(tree: &Tree, file: usize) -> Result<Opened, String> {
    let name = &tree.files[file].name;
    if tree.archive.is_none() {
        let folder = &tree.dirs[tree.files[file].dir].path;
        return Ok(Opened::There(folder.join(&**name)));
    }
    let failure = |error: io::Error| error.to_string();
    let bytes = tree.read(file).map_err(|failure| failure.0)?;
    let suffix = Path::new(&**name).extension().unwrap_or_default();
    let suffix = format!(".{}", suffix.to_string_lossy());
    let mut copy = (tempfile::Builder::new().prefix("splitlint-"))
        .suffix(&suffix)
        .tempfile()
        .map_err(failure)?;
    copy.write_all(&bytes).map_err(failure)?;
    Ok(Opened::Copied(copy.into_temp_path()))
}

/// The split of each image.
struct Splits {
    by: By,
    /// By image of the tree.
    of: Vec<Option<&'static str>>,
}

/// What the splits go by; the first of these that names any wins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Folders,
    Files,
    Nothing,
}

impl Splits {
    /// As the words in the names of folders tell, else those in the names of
    /// files.
    fn of(tree: &Tree, input: &Input<'_>) -> Result<Self> {
        let mut by_folder: Vec<BTreeSet<&'static str>> = Vec::with_capacity(tree.dirs.len());
        for (index, dir) in tree.dirs.iter().enumerate() {
            let above = dir.parent.map(|parent| by_folder[parent].clone());
            let mut own = above.unwrap_or_default();
            // The top has a name of its own, and is no folder of the set.
            if index > 0 {
                own.extend(splits::of_folder(&dir.name.to_string_lossy()));
            }
            by_folder.push(own);
        }
        let folders = tree.images.iter().map(|image| by_folder[image.dir].clone());
        let files =
            (tree.images.iter()).map(|image| splits::of_file(&image.name.to_string_lossy()));
        let (by, found): (By, Vec<_>) = match folders.clone().any(|splits| !splits.is_empty()) {
            true => (By::Folders, folders.collect()),
            false => match files.clone().any(|splits| !splits.is_empty()) {
                true => (By::Files, files.collect()),
                false => (By::Nothing, folders.collect()),
            },
        };
        if let Some(image) = found.iter().position(|splits| splits.len() > 1) {
            let names: Vec<&str> = found[image].iter().copied().collect();
            let image = &tree.images[image];
            return Err(Error::Input(format!(
                "`{}` is in several splits by its name and those of its folders: {}\nname the \
                 folder of each split: `splitlint scan --split train={}/…`",
                tree.dirs[image.dir].key.child(&image.name),
                names.join(", "),
                input.shown.display()
            )));
        }
        Ok(Self {
            by,
            of: found
                .into_iter()
                .map(|splits| splits.first().copied())
                .collect(),
        })
    }

    /// Whether an image belongs to the set.
    fn takes(&self, image: usize) -> bool {
        self.by == By::Nothing || self.of[image].is_some()
    }
}

/// Adds the images with their folders as classes, and answers with those in no
/// split.
fn by_folders(
    tree: &Tree,
    splits: &Splits,
    input: &Input<'_>,
    builder: &mut Builder,
    recognised: &mut Recognised,
) -> Result<Vec<usize>> {
    let taken: Vec<usize> = (0..tree.images.len())
        .filter(|&i| splits.takes(i))
        .collect();
    // Labels only where all images lie equally deep, in two folders at least.
    let mut depths = BTreeSet::new();
    let mut names = BTreeSet::new();
    for &image in &taken {
        let dir = tree.images[image].dir;
        depths.insert(tree.logical(dir).components().count());
        names.insert(&tree.dirs[dir].name);
    }
    let labelled = depths.len() == 1 && names.len() > 1;
    if !labelled {
        let note = "no labels: images lie at several depths, or in one folder";
        recognised.notes.push(note.to_owned());
    }
    let forced = input.split(builder)?;
    let mut placer = Placer::new(tree, builder);
    for &image in &taken {
        let file = &tree.images[image];
        let dir = &tree.dirs[file.dir];
        let labels = match labelled {
            true => Labels::One(builder.class(&escaped(&dir.name))),
            false => Labels::None,
        };
        let split = match (forced, splits.of[image]) {
            (Some(forced), _) => Some(forced),
            (None, Some(name)) => Some(builder.split(name)?),
            (None, None) => None,
        };
        let (place, hint) = placer.place(tree, file, builder);
        builder.push(Draft {
            key: dir.key.child(&file.name),
            split,
            labels,
            objects: Vec::new(),
            group: None,
            place,
            hint,
        });
    }
    Ok((0..tree.images.len())
        .filter(|&i| !splits.takes(i))
        .collect())
}

/// A sample of a metadata file.
struct Named {
    image: usize,
    labels: Labels,
    split: Option<SplitId>,
    group: Option<GroupId>,
}

/// Adds the images that metadata files name, and answers with the others.
fn by_metadata(
    tree: &Tree,
    metadata: &[usize],
    splits: &Splits,
    input: &Input<'_>,
    builder: &mut Builder,
    recognised: &mut Recognised,
) -> Result<Vec<usize>> {
    let images: HashMap<PathBuf, usize> = (tree.images.iter().enumerate())
        .map(|(index, image)| (tree.logical(image.dir).join(&*image.name), index))
        .collect();
    let forced = input.split(builder)?;
    let mut first: BTreeMap<usize, (SampleKey, Named)> = BTreeMap::new();
    let mut words = BTreeSet::new();
    for &file in metadata {
        let key = tree.file_key(file);
        let failure = |why: String| Error::Input(format!("`{key}`: {why}"));
        let copy = opened(tree, file).map_err(failure)?;
        let mut table = MetadataTable::open(copy.path()).map_err(failure)?;
        let picked = table.pick(&input.request.columns).map_err(failure)?;
        words.insert(picked.in_words());
        let folder = tree.logical(tree.files[file].dir);
        if input.role != Role::Reference && tree.archive.is_none() {
            let (names, split) = picked.names();
            builder.describe(Description::Metadata(MetadataFile {
                path: tree.file_path(file),
                folder: folder.clone(),
                names,
                split: split.filter(|_| forced.is_none() && splits.by == By::Nothing),
                top: tree.described_top(),
            }));
        }
        let mut seen = 0;
        table.rows(&picked, &mut |row: MetadataRow| {
            seen += 1;
            if seen % BATCH == 0 {
                input.walker.stop.check()?;
            }
            if row.paths.is_empty() {
                let detail = format!("{}: no file name", row.place);
                builder.problem(key.clone(), ProblemKind::MissingFile, detail);
            }
            let labels: Vec<_> = (row.labels.iter())
                .map(|label| builder.class(&escaped(label.as_ref())))
                .collect();
            // Several images of one row belong together.
            let several = row.paths.len() > 1;
            let group = match row.group {
                Some(group) => Some(builder.group(&escaped(group.as_ref()))),
                None if several => Some(builder.group(&format!("{key} {}", row.place))),
                None => None,
            };
            for path in &row.paths {
                let name = path.to_string_lossy().replace('\\', "/");
                let path = normalised(&folder.join(&name));
                let inside = path.strip_prefix(&tree.dirs[0].path).ok();
                let own = inside.map(|i| SampleKey::from_path(i).below(&tree.dirs[0].key));
                let (Some(own), Some(&image)) = (own.clone(), images.get(&path)) else {
                    // A glob may have kept it out.
                    let globs = input.walker.globs;
                    let own = own.unwrap_or_else(|| key.clone());
                    if !globs.is_empty() && !globs.keeps(own.as_str()) {
                        continue;
                    }
                    let shown = escaped(name.as_ref());
                    let detail = format!("{}: no image `{shown}` beside `{key}`", row.place);
                    builder.problem(own, ProblemKind::MissingFile, detail);
                    continue;
                };
                let split = match (forced, splits.by, &row.split) {
                    (Some(forced), ..) => Some(forced),
                    (None, By::Nothing, Some(given)) => Some(match canonical_split(given) {
                        Some(split) => builder.split(split)?,
                        None => builder.split(&escaped(given.as_ref()))?,
                    }),
                    (None, By::Nothing, None) => None,
                    (None, ..) => match splits.of[image] {
                        Some(name) => Some(builder.split(name)?),
                        // In no split: read by nobody.
                        None => continue,
                    },
                };
                let named = Named {
                    image,
                    labels: Labels::from_classes(labels.clone()),
                    split,
                    group,
                };
                let place = row.place.to_string();
                match first.get(&image) {
                    None => {
                        first.insert(image, (own, named));
                    }
                    Some((_, known)) => {
                        let other = known.labels != named.labels;
                        let what = if other {
                            " with other labels; the first row counts"
                        } else {
                            ""
                        };
                        let detail = format!("{place} of `{key}` names it again{what}");
                        builder.problem(own, ProblemKind::DuplicateRow, detail);
                    }
                }
            }
            Ok(())
        })?;
    }
    let mut placer = Placer::new(tree, builder);
    let mut outside = Vec::new();
    for image in 0..tree.images.len() {
        let Some((key, named)) = first.remove(&image) else {
            outside.push(image);
            continue;
        };
        let (place, hint) = placer.place(tree, &tree.images[named.image], builder);
        builder.push(Draft {
            key,
            split: named.split,
            labels: named.labels,
            objects: Vec::new(),
            group: named.group,
            place,
            hint,
        });
    }
    if outside.len() == tree.images.len() {
        return Err(Error::Input(format!(
            "{}: no row of its metadata files names an image that is there; paths are taken \
             relative to the metadata file",
            input.flag()
        )));
    }
    recognised.notes.extend(words);
    let root = input.shown.display();
    recognised.correction = match input.role {
        Role::Set => format!(
            "folders are no classes beside a metadata file; if they are: `splitlint scan {root} \
             --layout folders`; other columns: `--path-column`, `--label-column`"
        ),
        _ => "other columns: `--path-column`, `--label-column`".to_owned(),
    };
    Ok(outside)
}
