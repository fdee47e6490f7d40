//! Pascal VOC sets: an XML file for each image, and lists of splits. Reads no
//! pixels.

mod parts;
mod sets;
mod xml;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use parts::{Part, is_list, is_xml, parts};
use sets::{Presence, Sets};
use xml::{Annotation, RawObject};

use super::LayoutName;
use super::builder::{Builder, Draft};
use super::descriptions::{Description, VocFolders};
use super::input::{Input, Role};
use super::recognised::Recognised;
use super::tree::{Placer, Tree};
use crate::error::{Error, Result};
use crate::sample::{
    Bounds, ClassId, Labels, Object, ObjectFlags, ProblemKind, Rect, SampleKey, SplitId, escaped,
};

/// Kinds of faults in annotations.
const BAD_XML: &str = "an annotation cannot be read";
const NO_IMAGE: &str = "an annotation has no image";
const NO_ANNOTATION: &str = "an image has no annotation, though others of its split have";
const NO_CLASS: &str = "an object has no class";
const NO_SIZE: &str = "a box has no size";
const LEAVES: &str = "a name leaves the folder of the images";
const CONTRADICTS: &str = "a list of a class contradicts the annotation";

/// Folders of a VOC set whose images are annotations.
const MASKS: [&str; 2] = ["SegmentationClass", "SegmentationObject"];

/// Images between two checks of the stop flag.
const BATCH: usize = 256;

/// The folders that show a VOC set, if there are such.
pub(super) fn sign(tree: &Tree, _: &Input<'_>) -> Option<String> {
    let parts = parts(tree);
    let part = parts.first()?;
    let name = |dir: usize| {
        let (dir, top) = (tree.logical(dir), tree.logical(tree.top()));
        let shown = dir.strip_prefix(top).unwrap_or(&dir).to_owned();
        match shown.as_os_str().is_empty() {
            true => "`.xml` beside images".to_owned(),
            false => format!("`{}`", escaped(shown.as_os_str())),
        }
    };
    let first = match part.annotations {
        Some(dir) if dir == part.images => match name(dir).as_str() {
            "`.xml` beside images" => name(dir),
            shown => format!("`.xml` beside images in {shown}"),
        },
        Some(dir) => name(dir),
        None => name(part.sets.unwrap_or(part.images)),
    };
    Some(match parts.len() {
        1 => first,
        count => format!("{first} and {} more", count - 1),
    })
}

/// Lists a folder or archive by its annotations.
pub(super) fn list(mut tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let parts = parts(&tree);
    if parts.is_empty() {
        return Err(Error::Input(format!(
            "{} is no Pascal VOC set: no `Annotations` with XML files beside `JPEGImages`, and no \
             XML files beside images",
            input.flag()
        )));
    }
    let mut recognised = Recognised::new(LayoutName::Voc, "Pascal VOC set");
    let mut placer = Placer::new(&tree, builder);
    let mut used: HashSet<usize> = HashSet::new();
    let mut backgrounds = 0;
    for part in &parts {
        let mut listing = Listing::new(&tree, part, input)?;
        backgrounds += listing.add(&mut placer, &mut used, builder)?;
        recognised.notes.append(&mut listing.sets.notes);
        if input.role != Role::Reference && tree.archive.is_none() {
            builder.describe(Description::Voc(listing.described()));
        }
    }
    if backgrounds > 0 {
        let images = if backgrounds == 1 { "image" } else { "images" };
        recognised
            .notes
            .push(format!("{backgrounds} background {images} without objects"));
    }
    recognised.correction = format!(
        "if the folders are meant: `splitlint scan {} --layout folders`",
        input.shown.display()
    );
    note_outside(&tree, &parts, &used, builder);
    tree.claim_all();
    tree.leave(builder);
    Ok(recognised)
}

/// Notes images that no list names. Masks and what else lies among annotations
/// are no samples.
fn note_outside(tree: &Tree, parts: &[Part], used: &HashSet<usize>, builder: &mut Builder) {
    let mut is_annotation = vec![false; tree.dirs.len()];
    for (index, dir) in tree.dirs.iter().enumerate() {
        let is_part = parts.iter().any(|part| {
            part.annotations == Some(index) && part.annotations != Some(part.images)
                || dir.parent == Some(part.holder) && MASKS.iter().any(|mask| dir.name == *mask)
        });
        is_annotation[index] = is_part || dir.parent.is_some_and(|parent| is_annotation[parent]);
    }
    let mut outside: BTreeMap<SampleKey, u64> = BTreeMap::new();
    for (index, image) in tree.images.iter().enumerate() {
        if !used.contains(&index) && !is_annotation[image.dir] {
            *outside.entry(tree.dirs[image.dir].key.clone()).or_default() += 1;
        }
    }
    for (key, count) in outside {
        let key = match key.as_str() {
            "" => key.child(".".as_ref()),
            _ => key,
        };
        let images = if count == 1 { "image" } else { "images" };
        let detail = format!("{count} {images} in no list of the set; not scanned");
        builder.problem(key, ProblemKind::OutsideSplits, detail);
    }
}

/// A part on its way to samples.
struct Listing<'a> {
    tree: &'a Tree,
    part: &'a Part,
    input: &'a Input<'a>,
    /// Images and annotations by their path in their folder, without extension.
    images: HashMap<PathBuf, usize>,
    annotations: HashMap<PathBuf, usize>,
    sets: Sets,
}

/// A sample to be.
struct Planned {
    stem: PathBuf,
    image: usize,
    split: Option<SplitId>,
    split_name: Option<String>,
}

impl<'a> Listing<'a> {
    fn new(tree: &'a Tree, part: &'a Part, input: &'a Input<'a>) -> Result<Self> {
        let is_flat = part.annotations == Some(part.images);
        let in_images = tree.below(part.images);
        let base = tree.logical(part.images);
        let mut found: Vec<(PathBuf, bool, usize)> = (tree.images.iter().enumerate())
            .filter(|(_, image)| in_images[image.dir] && (!is_flat || image.dir == part.images))
            .map(|(index, image)| {
                let path = tree.logical(image.dir).join(&*image.name);
                let is_jpeg = path
                    .extension()
                    .is_some_and(|e| e.eq_ignore_ascii_case("jpg"));
                let stem = path.strip_prefix(&base).unwrap_or(&path).with_extension("");
                (stem, !is_jpeg, index)
            })
            .collect();
        // Of two files of one stem, the one that VOC's readers open.
        found.sort_unstable_by(|a, b| {
            (&a.0, a.1, name(tree, a.2)).cmp(&(&b.0, b.1, name(tree, b.2)))
        });
        let mut images = HashMap::with_capacity(found.len());
        for (stem, _, index) in found {
            images.entry(stem).or_insert(index);
        }
        let mut annotations = HashMap::new();
        if let Some(dir) = part.annotations {
            let inside = tree.below(dir);
            let base = tree.logical(dir);
            for (index, file) in tree.files.iter().enumerate() {
                if is_xml(&file.name) && inside[file.dir] && (!is_flat || file.dir == dir) {
                    let path = tree.logical(file.dir).join(&*file.name);
                    let stem = path.strip_prefix(&base).unwrap_or(&path).with_extension("");
                    annotations.insert(stem, index);
                }
            }
        }
        let mut lists = Vec::new();
        for file in part.sets.map(|dir| tree.files_in(dir)).unwrap_or_default() {
            if is_list(tree, file) {
                let key = tree.file_key(file);
                let bytes =
                    (tree.read(file)).map_err(|why| Error::Input(format!("`{key}`: {why}")))?;
                let stem = Path::new(&*tree.files[file].name).file_stem();
                lists.push((
                    stem.unwrap_or_default().to_string_lossy().into_owned(),
                    bytes,
                ));
            }
        }
        Ok(Self {
            tree,
            part,
            input,
            images,
            annotations,
            sets: sets::read(&lists),
        })
    }

    /// Its folders, for whoever writes the set anew.
    fn described(&self) -> VocFolders {
        let folder = |dir| self.tree.described(dir);
        // The lists may lie in it or in a folder below.
        let sets = self.part.sets.map(|dir| match &self.tree.dirs[dir] {
            below if below.name != "ImageSets" => below.parent.unwrap_or(dir),
            _ => dir,
        });
        VocFolders {
            holder: folder(self.part.holder),
            images: folder(self.part.images),
            annotations: self.part.annotations.map(folder),
            sets: sets.filter(|_| !self.sets.splits.is_empty()).map(folder),
        }
    }

    /// Adds the images, and says how many have no object.
    fn add(
        &mut self,
        placer: &mut Placer,
        used: &mut HashSet<usize>,
        builder: &mut Builder,
    ) -> Result<u64> {
        let mut planned = self.planned(builder)?;
        planned.sort_by(|a, b| (a.image, &a.split_name).cmp(&(b.image, &b.split_name)));
        let mut annotated: BTreeSet<Option<SplitId>> = BTreeSet::new();
        for sample in &planned {
            if self.annotations.contains_key(&sample.stem) {
                annotated.insert(sample.split);
            }
        }
        let mut met: HashSet<&PathBuf> = HashSet::new();
        let mut backgrounds = 0;
        for (count, sample) in planned.iter().enumerate() {
            if count.is_multiple_of(BATCH) {
                self.input.walker.stop.check()?;
            }
            let image = &self.tree.images[sample.image];
            let key = self.tree.dirs[image.dir].key.child(&image.name);
            let again = !used.insert(sample.image);
            met.insert(&sample.stem);
            let listed = self.sets.classes.get(&shown(&sample.stem));
            let (objects, labels) = match self.annotations.get(&sample.stem) {
                Some(&file) => {
                    let (objects, labels) = self.objects(file, listed, !again, builder);
                    backgrounds += u64::from(objects.is_empty() && labels.is_empty());
                    (objects, labels)
                }
                None => {
                    if annotated.contains(&sample.split) {
                        let detail = NO_ANNOTATION.to_owned();
                        builder.problem(key.clone(), ProblemKind::Annotation, detail);
                    }
                    let present = listed.into_iter().flatten();
                    let present = present.filter(|(_, is)| **is == Presence::Present);
                    (
                        Vec::new(),
                        present.map(|(name, _)| builder.class(name)).collect(),
                    )
                }
            };
            let (place, hint) = placer.place(self.tree, image, builder);
            let mark = sample.split_name.as_deref().unwrap_or("again");
            builder.push(Draft {
                // One image that two lists name is a sample of each.
                key: if again {
                    key.marked(&format!("#{mark}"))
                } else {
                    key
                },
                split: sample.split,
                labels: Labels::from_classes(labels),
                objects,
                group: None,
                place,
                hint,
            });
        }
        let mut unused: Vec<(&PathBuf, &usize)> = (self.annotations.iter())
            .filter(|(stem, _)| !met.contains(stem) && !self.images.contains_key(*stem))
            .collect();
        if self.tree.skipped.filtered > 0 {
            unused.clear();
        }
        unused.sort_unstable();
        for (_, &file) in unused {
            let detail = match self.read(file).map(|read| read.filename) {
                Ok(name) if leaves(&name) => {
                    format!("{LEAVES}: `filename` is `{}`", escaped(name.as_ref()))
                }
                _ => format!("{NO_IMAGE}: no image has its name"),
            };
            let key = self.tree.file_key(file);
            builder.problem(key, ProblemKind::Annotation, detail);
        }
        Ok(backgrounds)
    }

    /// The samples by the lists; by the folders of images where there are none.
    fn planned(&self, builder: &mut Builder) -> Result<Vec<Planned>> {
        let forced = self.input.split(builder)?;
        let mut planned = Vec::new();
        if self.sets.splits.is_empty() {
            let splits = self.folder_splits();
            let mut images: Vec<(usize, &PathBuf)> =
                (self.images.iter().map(|(stem, &image)| (image, stem))).collect();
            images.sort_unstable();
            for (image, stem) in images {
                let split_name = splits[self.tree.images[image].dir].map(str::to_owned);
                planned.push(Planned {
                    stem: stem.clone(),
                    image,
                    split: match (&forced, &split_name) {
                        (Some(forced), _) => Some(*forced),
                        (None, Some(name)) => Some(builder.split(name)?),
                        (None, None) => None,
                    },
                    split_name,
                });
            }
            return Ok(planned);
        }
        let list = self.part.sets.unwrap_or(self.part.images);
        let list = self.tree.dirs[list].key.clone();
        for (name, ids) in &self.sets.splits {
            let split = match (forced, name) {
                (Some(forced), _) => Some(forced),
                (None, Some(name)) => Some(builder.split(name)?),
                (None, None) => None,
            };
            let text = name.as_deref().unwrap_or("the list");
            for id in ids {
                if leaves(id) {
                    let detail = format!("{LEAVES}: `{}` in {text}", escaped(id.as_ref()));
                    builder.problem(list.clone(), ProblemKind::Annotation, detail);
                    continue;
                }
                let Some((stem, image)) = self.image(id) else {
                    // `--include` and `--exclude` may keep it out.
                    if self.tree.skipped.filtered > 0 {
                        continue;
                    }
                    let images = &self.tree.dirs[self.part.images].key;
                    let key = SampleKey::from_path(Path::new(&escaped(id.as_ref()))).below(images);
                    let detail = format!("{text} of `{list}` names `{}`", escaped(id.as_ref()));
                    builder.problem(key, ProblemKind::MissingFile, detail);
                    continue;
                };
                planned.push(Planned {
                    stem,
                    image,
                    split,
                    split_name: name.clone(),
                });
            }
        }
        Ok(planned)
    }

    /// The image of an id: by its stem, or with its extension.
    fn image(&self, id: &str) -> Option<(PathBuf, usize)> {
        let id = PathBuf::from(id.replace('\\', "/"));
        if let Some(&image) = self.images.get(&id) {
            return Some((id, image));
        }
        let stem = id.with_extension("");
        let image = *self.images.get(&stem)?;
        (Path::new(&*self.tree.images[image].name).extension() == id.extension())
            .then_some((stem, image))
    }

    /// By folder, the split that its name or one above means.
    fn folder_splits(&self) -> Vec<Option<&'static str>> {
        let mut splits: Vec<Option<&'static str>> = Vec::with_capacity(self.tree.dirs.len());
        for dir in &self.tree.dirs {
            let above = dir.parent.and_then(|parent| splits[parent]);
            splits.push(above.or(dir.split));
        }
        splits
    }

    fn read(&self, file: usize) -> Result<Annotation, String> {
        let bytes = self.tree.read(file).map_err(|error| error.to_string())?;
        xml::parse(&bytes)
    }

    /// The objects of an annotation, and the classes of those without a box.
    /// `listed` is what the lists of classes say of the image; faults are problems
    /// if `reports`.
    fn objects(
        &self,
        file: usize,
        listed: Option<&BTreeMap<String, Presence>>,
        reports: bool,
        builder: &mut Builder,
    ) -> (Vec<Object>, Vec<ClassId>) {
        let key = self.tree.file_key(file);
        let mut faults: Vec<String> = Vec::new();
        let (mut objects, mut labels) = (Vec::new(), Vec::new());
        match self.read(file) {
            Err(why) => faults.push(format!("{BAD_XML}: {why}")),
            Ok(read) => {
                for raw in &read.objects {
                    if raw.name.is_empty() {
                        faults.push(format!("{NO_CLASS}: line {}", raw.line));
                        continue;
                    }
                    let class = builder.class(&escaped(raw.name.as_ref()));
                    if !raw.has_box {
                        labels.push(class);
                        continue;
                    }
                    match bounds(raw) {
                        None => faults.push(format!("{NO_SIZE}: line {}", raw.line)),
                        Some(bounds) => objects.push(Object {
                            class,
                            bounds: Bounds::Pixels(bounds),
                            flags: ObjectFlags {
                                crowd: false,
                                difficult: raw.difficult,
                            },
                        }),
                    }
                }
                faults.extend(listed.into_iter().flatten().filter_map(|(class, said)| {
                    let is_there = read
                        .objects
                        .iter()
                        .any(|raw| escaped(raw.name.as_ref()) == *class);
                    let fits = is_there == (*said != Presence::Absent);
                    (!fits).then(|| {
                        let there = if is_there { "holds" } else { "lacks" };
                        format!("{CONTRADICTS}: it {there} `{class}`")
                    })
                }));
            }
        }
        if reports {
            for detail in faults {
                builder.problem(key.clone(), ProblemKind::Annotation, detail);
            }
        }
        (objects, labels)
    }
}

/// The box of an object, if it has a size; of a rotated one, what it covers. Edges
/// are taken as written: whether they count pixels from 0 or 1 depends on the tool.
fn bounds(raw: &RawObject) -> Option<Rect> {
    let rect = match (raw.edges, raw.rotated) {
        ([Some(left), Some(upper), Some(right), Some(lower)], _) => Rect {
            x: left,
            y: upper,
            width: right - left,
            height: lower - upper,
        },
        (_, [Some(x), Some(y), Some(width), Some(height), Some(angle)]) => {
            let (sin, cos) = (angle.sin().abs(), angle.cos().abs());
            let (across, down) = (width * cos + height * sin, width * sin + height * cos);
            Rect {
                x: x - across / 2.0,
                y: y - down / 2.0,
                width: across,
                height: down,
            }
        }
        _ => return None,
    };
    (rect.width > 0.0 && rect.height > 0.0).then_some(rect)
}

/// Whether a name leads out of the folder it is relative to.
fn leaves(name: &str) -> bool {
    let slashed = name.replace('\\', "/");
    let path = Path::new(&slashed);
    let is_drive = slashed.as_bytes().get(1) == Some(&b':');
    is_drive && slashed.len() > 2
        || path
            .components()
            .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
}

fn shown(stem: &Path) -> String {
    stem.to_string_lossy().replace('\\', "/")
}

fn name(tree: &Tree, image: usize) -> &std::ffi::OsStr {
    &tree.images[image].name
}
