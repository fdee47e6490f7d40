//! COCO sets: a JSON file for each split, with the images beside it. Reads no
//! pixels.

mod file;
mod polygon;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use file::Id;
use file::{File, Unboxed};

use super::LayoutName;
use super::builder::{Builder, Draft};
use super::descriptions::{CocoFile, Description, again_mark};
use super::input::{Input, Role};
use super::paths::normalised;
use super::recognised::Recognised;
use super::tree::{Placer, Tree};
use crate::error::{Error, Result};
use crate::sample::{
    Bounds, ClassId, Labels, Object, ProblemKind, SampleKey, SplitLike, canonical_split, escaped,
};

/// Kinds of faults in annotations; pycocotools passes over all of them.
const NO_IMAGE: &str = "an annotation refers to an image that is not listed";
const NO_CATEGORY: &str = "an annotation has a category that is not listed";
const NO_SIZE: &str = "a box has no size";
const TWO_IDS: &str = "one file is listed under two ids";
const UNREADABLE: &str = "an entry has no file name";

/// Bytes of a file that tell whether it is COCO: official files have 1 kB of
/// licences in front.
const HEAD: usize = 64 << 10;

/// Names of a file looked for in each folder to find the one they are in.
const PROBES: usize = 50;

/// Samples between two checks of the stop flag.
const BATCH: usize = 256;

/// An annotation file, and where its images may be.
struct Part {
    file: usize,
    /// By its name or folder; `None` for a set without splits.
    split: Option<String>,
    folders: Vec<PathBuf>,
    /// The folder in which these are.
    root: PathBuf,
}

/// The annotation files that describe a folder, if there are such.
pub(super) fn sign(tree: &Tree, _: &Input<'_>) -> Option<String> {
    let parts = parts(tree);
    let part = parts.first()?;
    let top = tree.logical(tree.top());
    let file = &tree.files[part.file];
    let path = tree.logical(file.dir).join(&*file.name);
    let shown = path.strip_prefix(&top).unwrap_or(&path);
    Some(match parts.len() {
        1 => format!("`{}`", escaped(shown.as_os_str())),
        count => format!("`{}` and {} more", escaped(shown.as_os_str()), count - 1),
    })
}

/// Lists a folder or archive by the annotation files in it.
pub(super) fn list(tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let parts = parts(&tree);
    if parts.is_empty() {
        return Err(Error::Input(format!(
            "{} is no COCO set: no `annotations/instances_SPLIT.json`, \
             `SPLIT/_annotations.coco.json` or `labels.json` with `images` in it",
            input.flag()
        )));
    }
    list_parts(tree, &parts, input, builder)
}

/// Lists the annotation file `input.path`, with the images of `--images` or of a
/// folder beside it.
pub(super) fn list_file(input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let folder = input.path.parent().unwrap_or(Path::new(""));
    let above = folder.parent().unwrap_or(folder);
    let in_annotations = folder.file_name().is_some_and(|name| name == "annotations");
    let root = if in_annotations { above } else { folder };
    let images = match &input.request.images {
        Some(images) => Some(super::existing(images, "--images ")?),
        None => None,
    };
    let walked = images.as_deref().unwrap_or(root);
    let mut tree = input.walker.walk(walked, input.key.clone())?;
    // The file itself, wherever it lies.
    let name = input.path.file_name().unwrap_or_default();
    let file = match tree.find(input.path) {
        Some(Err(file)) => file,
        _ => tree.add_file(input.path),
    };
    let split = match input.role {
        Role::Set => split_of(&name.to_string_lossy()),
        Role::Split(_) | Role::Reference => None,
    };
    let mut folders = candidates(walked, split_word(name).as_deref());
    folders.push(folder.to_owned());
    let part = Part {
        file,
        split,
        folders,
        root: walked.to_owned(),
    };
    let recognised = list_parts(tree, &[part], input, builder)?;
    Ok(Recognised {
        what: format!("COCO file `{}`", escaped(name)),
        ..recognised
    })
}

/// Whether the file at `path` begins like a COCO file.
pub fn is_coco(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    read.is_ok() && file::begins(&head)
}

/// The annotation files of a tree, in the order of their names.
fn parts(tree: &Tree) -> Vec<Part> {
    let top = tree.top();
    let root = tree.logical(top);
    let is_coco = |file: usize| tree.head(file, HEAD).is_ok_and(|head| file::begins(&head));
    let child = |name: &str| {
        let children = tree.dirs[top].children.iter().copied();
        children
            .into_iter()
            .find(|&dir| tree.dirs[dir].name == name)
    };
    let mut found = Vec::new();
    if let Some(dir) = child("annotations") {
        let json: Vec<usize> = (tree.files_in(dir).into_iter())
            .filter(|&file| Path::new(&*tree.files[file].name).extension() == Some("json".as_ref()))
            .collect();
        let instances: Vec<usize> = (json.iter().copied())
            .filter(|&file| {
                tree.files[file]
                    .name
                    .to_string_lossy()
                    .starts_with("instances_")
            })
            .collect();
        // Key points and captions describe the same images once more.
        let chosen = if instances.is_empty() {
            json
        } else {
            instances
        };
        for file in chosen.into_iter().filter(|&file| is_coco(file)) {
            let name = &tree.files[file].name;
            found.push(Part {
                file,
                split: split_of(&name.to_string_lossy()),
                folders: candidates(&root, split_word(name).as_deref()),
                root: root.clone(),
            });
        }
    }
    let beside = [top]
        .into_iter()
        .chain(tree.dirs[top].children.iter().copied());
    for dir in beside {
        for file in tree.files_in(dir) {
            let name = tree.files[file].name.to_string_lossy();
            let roboflow = name == "_annotations.coco.json";
            let fiftyone = name == "labels.json" && dir == top && child("data").is_some();
            if (roboflow || fiftyone) && is_coco(file) {
                let folder = tree.logical(dir);
                let folder_name = escaped(&tree.dirs[dir].name);
                found.push(Part {
                    file,
                    split: (dir != top)
                        .then(|| canonical_split(&folder_name).map_or(folder_name, str::to_owned)),
                    folders: vec![folder.clone(), folder.join("data"), folder.join("images")],
                    root: folder,
                });
            }
        }
    }
    if let [only] = &mut found[..]
        && only
            .split
            .as_deref()
            .is_some_and(|split| canonical_split(split).is_none())
    {
        // `instances_default.json` of an export is no split.
        only.split = None;
    }
    found
}

/// The split in the name of an annotation file: `instances_val2017.json`.
fn split_of(name: &str) -> Option<String> {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let word = stem.strip_prefix("instances_").unwrap_or(stem);
    Some(SplitLike::of(word).map_or_else(|| escaped(word.as_ref()), |like| like.split.to_owned()))
}

/// What the folder of its images is likely called: `val2017`.
fn split_word(name: &std::ffi::OsStr) -> Option<String> {
    let name = name.to_str()?;
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let word = stem
        .rsplit_once("instances_")
        .map_or(stem, |(_, word)| word);
    Some(word.to_owned())
}

/// The folders in which images of a file are looked for.
fn candidates(root: &Path, word: Option<&str>) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(word) = word {
        folders.extend([root.join(word), root.join("images").join(word)]);
        if let Some(like) = SplitLike::of(word) {
            folders.extend([root.join(like.split), root.join("images").join(like.split)]);
        }
    }
    folders.extend(["images", "data", ""].map(|name| root.join(name)));
    folders
}

fn list_parts(
    mut tree: Tree,
    parts: &[Part],
    input: &Input<'_>,
    builder: &mut Builder,
) -> Result<Recognised> {
    let mut recognised = Recognised::new(LayoutName::Coco, "COCO set");
    let images: HashMap<PathBuf, usize> = (tree.images.iter().enumerate())
        .map(|(index, image)| (tree.logical(image.dir).join(&*image.name), index))
        .collect();
    let mut placer = Placer::new(&tree, builder);
    let mut used: HashSet<usize> = HashSet::new();
    let (mut backgrounds, mut keypoints) = (0, 0);
    for part in parts {
        let key = tree.file_key(part.file);
        let read = |unboxed| {
            let from = tree
                .open(part.file)
                .map_err(|error| Error::Input(format!("`{key}`: {error}")))?;
            let read = file::read(from, unboxed, input.walker.stop);
            input.walker.stop.check()?;
            read.map_err(|why| Error::Input(format!("`{key}`: {why}")))
        };
        let mut coco = read(Unboxed::Nothing)?;
        if coco.unboxed > 0 {
            // Few files have annotations without boxes, and polygons take long to read.
            coco = read(Unboxed::Polygons)?;
        }
        if !coco.has_images {
            return Err(Error::Input(format!(
                "`{key}` has no list `images`: it is no COCO file"
            )));
        }
        keypoints += coco.keypoints;
        let listing = Listing {
            tree: &tree,
            images: &images,
            coco,
            key,
            part,
            input,
        };
        backgrounds += listing.add(&mut placer, &mut used, builder)?;
    }
    if backgrounds > 0 {
        let images = if backgrounds == 1 { "image" } else { "images" };
        recognised.notes.push(format!(
            "{backgrounds} background {images} without annotations"
        ));
    }
    if keypoints > 0 {
        let annotations = if keypoints == 1 {
            "annotation"
        } else {
            "annotations"
        };
        recognised.notes.push(format!(
            "keypoints of {keypoints} {annotations} are not read"
        ));
    }
    recognised.correction = format!(
        "if the folders are meant: `splitlint scan {} --layout folders`",
        input.shown.display()
    );
    let mut outside: BTreeMap<SampleKey, u64> = BTreeMap::new();
    for (index, image) in tree.images.iter().enumerate() {
        if !used.contains(&index) {
            *outside.entry(tree.dirs[image.dir].key.clone()).or_default() += 1;
        }
    }
    for (key, count) in outside {
        let images = if count == 1 { "image" } else { "images" };
        let key = if key.as_str().is_empty() {
            key.child(".".as_ref())
        } else {
            key
        };
        let detail = format!("{count} {images} that no annotation file lists; not scanned");
        builder.problem(key, ProblemKind::OutsideSplits, detail);
    }
    tree.claim_all();
    tree.leave(builder);
    Ok(recognised)
}

/// One annotation file on its way to samples.
struct Listing<'a> {
    tree: &'a Tree,
    images: &'a HashMap<PathBuf, usize>,
    coco: File,
    /// Of the annotation file.
    key: SampleKey,
    part: &'a Part,
    input: &'a Input<'a>,
}

impl Listing<'_> {
    /// Adds the images, and says how many have no annotation.
    fn add(
        &self,
        placer: &mut Placer,
        used: &mut HashSet<usize>,
        builder: &mut Builder,
    ) -> Result<u64> {
        let split = match (self.input.split(builder)?, &self.part.split) {
            (Some(forced), _) => Some(forced),
            (None, Some(name)) => Some(builder.split(name)?),
            (None, None) => None,
        };
        let mut objects = self.objects(builder);
        let folder = self.folder()?;
        if self.input.role != Role::Reference && self.tree.archive.is_none() {
            let listed = match self.input.role {
                Role::Split(name) => Some(canonical_split(name).unwrap_or(name).to_owned()),
                Role::Set | Role::Reference => self.part.split.clone(),
            };
            builder.describe(Description::Coco(CocoFile {
                path: self.tree.file_path(self.part.file),
                split: listed,
                own_split: self.part.split.clone(),
                images: folder.clone(),
                root: self.part.root.clone(),
                top: self.tree.described_top(),
            }));
        }
        let mut own: HashMap<usize, &str> = HashMap::new();
        let mut backgrounds = 0;
        for (index, image) in self.coco.images.iter().enumerate() {
            if index.is_multiple_of(BATCH) {
                self.input.walker.stop.check()?;
            }
            let (objects, classes) = objects.remove(&image.id).unwrap_or_default();
            if image.name.is_empty() {
                let detail = format!("{UNREADABLE}: image {}", self.shown(image.id));
                builder.problem(self.key.clone(), ProblemKind::Annotation, detail);
                continue;
            }
            let path = normalised(&folder.join(image.name.replace('\\', "/")));
            let Some(&found) = self.images.get(&path) else {
                let inside = path.strip_prefix(&self.tree.dirs[0].path).unwrap_or(&path);
                let key = SampleKey::from_path(inside).below(&self.tree.dirs[0].key);
                // `--include` and `--exclude` keep it out.
                if !self.input.walker.globs.keeps(key.as_str()) {
                    continue;
                }
                let detail = format!("`{}` lists it as image {}", self.key, self.shown(image.id));
                builder.problem(key, ProblemKind::MissingFile, detail);
                continue;
            };
            let place_of = &self.tree.images[found];
            let key = self.tree.dirs[place_of.dir].key.child(&place_of.name);
            if own.insert(found, &image.name).is_some() {
                let detail = format!(
                    "{TWO_IDS}: image {} in `{}` repeats an earlier one; its annotations are not used",
                    self.shown(image.id),
                    self.key
                );
                builder.problem(key, ProblemKind::Annotation, detail);
                continue;
            }
            backgrounds += u64::from(objects.is_empty() && classes.is_empty());
            let again = !used.insert(found);
            let (place, hint) = placer.place(self.tree, place_of, builder);
            builder.push(Draft {
                // One image that two files list is a sample of each.
                key: if again {
                    key.marked(&again_mark(self.part.split.as_deref()))
                } else {
                    key
                },
                split,
                labels: Labels::from_classes(classes),
                objects,
                group: None,
                place,
                hint,
            });
        }
        Ok(backgrounds)
    }

    /// The objects, and the classes of annotations without a box, by image.
    /// Annotations that lead nowhere are problems.
    fn objects(&self, builder: &mut Builder) -> HashMap<u32, (Vec<Object>, Vec<ClassId>)> {
        let listed: HashSet<u32> = self.coco.images.iter().map(|image| image.id).collect();
        let mut classes: HashMap<u32, ClassId> = HashMap::new();
        let mut objects: HashMap<u32, (Vec<Object>, Vec<ClassId>)> = HashMap::new();
        let mut faults: BTreeMap<(&'static str, String), u64> = BTreeMap::new();
        for annotation in &self.coco.annotations {
            if !listed.contains(&annotation.image) {
                let id = self.shown(annotation.image);
                *faults.entry((NO_IMAGE, format!("image {id}"))).or_default() += 1;
                continue;
            }
            let Some(name) = self.coco.categories.get(&annotation.category) else {
                let id = self.coco.category_ids.shown(annotation.category);
                *faults
                    .entry((NO_CATEGORY, format!("category {id}")))
                    .or_default() += 1;
                continue;
            };
            let class = *(classes.entry(annotation.category))
                .or_insert_with(|| builder.class(&escaped(name.as_ref())));
            let (with_box, without) = objects.entry(annotation.image).or_default();
            match annotation.bounds {
                Some(bounds) if bounds.width > 0.0 && bounds.height > 0.0 => {
                    with_box.push(Object {
                        class,
                        bounds: Bounds::Pixels(bounds),
                        flags: annotation.flags,
                    })
                }
                Some(_) => {
                    let id = self.shown(annotation.image);
                    *faults.entry((NO_SIZE, format!("image {id}"))).or_default() += 1;
                }
                None => without.push(class),
            }
        }
        for ((kind, what), count) in faults {
            let times = if count == 1 {
                String::new()
            } else {
                format!(", {count} times")
            };
            let detail = format!("{kind}: {what}{times}");
            builder.problem(self.key.clone(), ProblemKind::Annotation, detail);
        }
        objects
    }

    /// The folder that holds most of the first images.
    fn folder(&self) -> Result<PathBuf> {
        let probes: Vec<String> = (self.coco.images.iter().take(PROBES))
            .map(|image| image.name.replace('\\', "/"))
            .collect();
        let hits = |folder: &Path| {
            let there = |name: &&String| self.images.contains_key(&normalised(&folder.join(name)));
            probes.iter().filter(there).count()
        };
        let best = (self.part.folders.iter().rev()).max_by_key(|folder| hits(folder));
        match best {
            Some(folder) if hits(folder) > 0 || probes.is_empty() => Ok(folder.clone()),
            _ => {
                let tried: Vec<String> = (self.part.folders.iter())
                    .map(|folder| format!("`{}`", folder.display()))
                    .collect();
                Err(Error::Input(format!(
                    "`{}`: none of its images was found, as `{}`; searched in {}\nname their folder: \
                     `splitlint scan FILE.json --images DIR`",
                    self.key,
                    probes.first().map_or("", String::as_str),
                    tried.join(", ")
                )))
            }
        }
    }

    fn shown(&self, image: u32) -> String {
        self.coco.image_ids.shown(image)
    }
}
