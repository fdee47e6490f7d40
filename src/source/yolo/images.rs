//! The images that a `data.yaml` names, with the objects of their label files.
//! Decodes none.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::config::Config;
use super::{label_path, labels};
use crate::error::{Error, Result};
use crate::sample::{ClassId, Labels, Object, ProblemKind, SampleKey, SplitId};
use crate::source::LayoutName;
use crate::source::builder::{Builder, Draft};
use crate::source::input::Input;
use crate::source::paths::{between, normalised};
use crate::source::places::{Place, read_whole};
use crate::source::recognised::Recognised;
use crate::source::same_file::Hint;
use crate::source::tree::{Placer, Tree};

/// Kinds of faults of whole label files; Ultralytics passes over all of them
/// in silence.
const NO_IMAGE: &str = "a label file has no image";
const ELSEWHERE: &str = "a label file lies where Ultralytics does not read it";
const UNREADABLE: &str = "a label file cannot be read";

/// Images between two checks of the stop flag.
const BATCH: usize = 256;

/// A set in the making.
pub(super) struct Images<'a> {
    input: &'a Input<'a>,
    /// The folder of `data.yaml`.
    folder: PathBuf,
    config: Config,
    /// Walked so far; in an archive the first is all there is.
    trees: Vec<Tree>,
    /// Whether the folder of `data.yaml` was walked as a whole.
    whole: bool,
}

/// What an entry of `data.yaml` leads to.
enum Spot {
    Folder(usize, usize),
    List(PathBuf, Vec<u8>),
}

/// An image, and where its path says its label file is.
struct Found {
    path: PathBuf,
    split: SplitId,
    split_name: &'static str,
    /// Tree and image there, or a file outside all trees.
    at: Result<(usize, usize), Hint>,
}

impl<'a> Images<'a> {
    pub(super) fn new(
        input: &'a Input<'a>,
        folder: PathBuf,
        config: Config,
        trees: Vec<Tree>,
    ) -> Self {
        Self {
            input,
            folder,
            config,
            whole: !trees.is_empty(),
            trees,
        }
    }

    /// Lists all images; `name` is that of the description.
    pub(super) fn list(mut self, name: &str, builder: &mut Builder) -> Result<Recognised> {
        let mut recognised = Recognised::new(LayoutName::Yolo, "YOLO set");
        let root = self.root(&mut recognised)?;
        let mut found = Vec::new();
        let splits = self.config.splits.clone();
        for (split, entries) in &splits {
            let id = match self.input.split(builder)? {
                Some(forced) => forced,
                None => builder.split(split)?,
            };
            for entry in entries {
                let Some(path) = self.resolve(&root, entry) else {
                    return Err(self.missing(name, split, entry, &root));
                };
                self.gather(&path, (split, id), &root, builder, &mut found)?;
            }
        }
        self.walk_labels(&found)?;
        let backgrounds = self.add(found, builder)?;
        if backgrounds > 0 {
            let images = if backgrounds == 1 { "image" } else { "images" };
            recognised
                .notes
                .push(format!("{backgrounds} background {images} without objects"));
        }
        if self.config.unnamed {
            recognised.notes.push("classes without names".to_owned());
        }
        if self.config.keypoints > 0 {
            let note = "keypoints (`kpt_shape`) are not read".to_owned();
            recognised.notes.push(note);
        }
        recognised.correction = format!(
            "if the folders are meant: `splitlint scan {} --layout folders`",
            self.input.shown.display()
        );
        for mut tree in self.trees {
            tree.claim_all();
            tree.leave(builder);
        }
        Ok(recognised)
    }

    /// The folder that entries are relative to: `path`, taken from where
    /// Ultralytics or a person would look, else that of the description.
    fn root(&mut self, recognised: &mut Recognised) -> Result<PathBuf> {
        let Some(given) = self.config.root.clone() else {
            return Ok(self.folder.clone());
        };
        let candidates = ["", "..", "../datasets"].map(|from| self.folder.join(from).join(&given));
        let entries: Vec<String> = (self.config.splits.iter())
            .flat_map(|(_, entries)| entries.clone())
            .collect();
        for candidate in candidates {
            let candidate = normalised(&candidate);
            if entries
                .iter()
                .any(|entry| self.resolve(&candidate, entry).is_some())
            {
                return Ok(candidate);
            }
        }
        recognised.notes.push(format!(
            "`path: {given}` does not exist; the folder of the YAML file is used"
        ));
        Ok(self.folder.clone())
    }

    /// Where an entry leads: as it is, or without the `../` that exports
    /// write for a folder that was moved.
    fn resolve(&self, root: &Path, entry: &str) -> Option<PathBuf> {
        let entry = entry.replace('\\', "/");
        let path = normalised(&root.join(&entry));
        if self.exists(&path) {
            return Some(path);
        }
        let path = normalised(&root.join(entry.strip_prefix("../")?));
        self.exists(&path).then_some(path)
    }

    fn exists(&self, path: &Path) -> bool {
        let in_tree = self.trees.iter().any(|tree| tree.find(path).is_some());
        in_tree || !self.is_archive() && path.exists()
    }

    fn is_archive(&self) -> bool {
        self.trees
            .first()
            .is_some_and(|tree| tree.archive.is_some())
    }

    fn missing(&self, name: &str, split: &str, entry: &str, root: &Path) -> Error {
        Error::Input(format!(
            "`{name}`: `{split}: {entry}` does not exist: searched for `{}`\ncorrect `path` or \
             `{split}` in it, or name the images with `--split NAME=PATH`",
            normalised(&root.join(entry)).display()
        ))
    }

    /// Finds the images of one entry.
    fn gather(
        &mut self,
        path: &Path,
        (split_name, split): (&'static str, SplitId),
        root: &Path,
        builder: &mut Builder,
        found: &mut Vec<Found>,
    ) -> Result<()> {
        match self.spot(path)? {
            Spot::Folder(tree, dir) => {
                let inside = self.trees[tree].below(dir);
                let images = self.trees[tree].images.iter().enumerate();
                found.extend(images.filter(|(_, image)| inside[image.dir]).map(
                    |(index, image)| Found {
                        path: self.trees[tree].logical(image.dir).join(&*image.name),
                        split,
                        split_name,
                        at: Ok((tree, index)),
                    },
                ));
            }
            Spot::List(list, bytes) => {
                let known = self.images();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                for (line, entry) in (1..).zip(text.lines()) {
                    let entry = entry.trim().replace('\\', "/");
                    if entry.is_empty() {
                        continue;
                    }
                    let beside = list.parent().unwrap_or(Path::new(""));
                    let places = [beside.join(&entry), root.join(&entry)];
                    let image = places
                        .iter()
                        .map(|place| normalised(place))
                        .find_map(|place| {
                            if let Some(&at) = known.get(&place) {
                                return Some((place, Ok(at)));
                            }
                            let metadata = fs::metadata(&place).ok()?;
                            let on_disk = !self.is_archive() && metadata.is_file();
                            on_disk.then(|| (place, Err(Hint::of_file(&metadata))))
                        });
                    match image {
                        Some((path, at)) => found.push(Found {
                            path,
                            split,
                            split_name,
                            at,
                        }),
                        None => builder.problem(
                            self.key(&normalised(&places[0])),
                            ProblemKind::MissingFile,
                            format!("`{}`, line {line}, names it", self.key(&list)),
                        ),
                    }
                }
            }
        }
        Ok(())
    }

    /// What lies at `path`; a folder outside all trees is walked.
    fn spot(&mut self, path: &Path) -> Result<Spot> {
        for (index, tree) in self.trees.iter().enumerate() {
            match tree.find(path) {
                Some(Ok(dir)) => return Ok(Spot::Folder(index, dir)),
                Some(Err(file)) => {
                    let bytes = tree.read(file).map_err(|error| {
                        Error::Input(format!("cannot read `{}`: {error}", path.display()))
                    })?;
                    return Ok(Spot::List(path.to_owned(), bytes));
                }
                None => {}
            }
        }
        if path.is_dir() {
            let tree = self.input.walker.walk(path, self.key(path))?;
            self.trees.push(tree);
            return Ok(Spot::Folder(self.trees.len() - 1, 0));
        }
        let bytes = read_whole(path)
            .map_err(|error| Error::Input(format!("cannot read `{}`: {error}", path.display())))?;
        Ok(Spot::List(path.to_owned(), bytes))
    }

    /// Walks the folders of label files that no walk has met.
    fn walk_labels(&mut self, found: &[Found]) -> Result<()> {
        if self.is_archive() {
            return Ok(());
        }
        let mut folders = HashSet::new();
        for image in found {
            let folder = image.path.parent().unwrap_or(Path::new(""));
            if folders.insert(folder.to_owned()) {
                let label = label_path(&image.path);
                let labels = label.parent().unwrap_or(Path::new(""));
                let known = self.trees.iter().any(|tree| tree.find(labels).is_some());
                if !known && labels.is_dir() {
                    let tree = self.input.walker.walk(labels, self.key(labels))?;
                    self.trees.push(tree);
                }
            }
        }
        Ok(())
    }

    /// Adds all images, and says how many have no object.
    fn add(&self, mut found: Vec<Found>, builder: &mut Builder) -> Result<u64> {
        found.sort_by(|a, b| (&a.path, a.split).cmp(&(&b.path, b.split)));
        found.dedup_by(|a, b| (&a.path, a.split) == (&b.path, b.split));
        let texts = self.texts();
        let mut placers: Vec<Placer> = self
            .trees
            .iter()
            .map(|tree| Placer::new(tree, builder))
            .collect();
        let mut folders = HashMap::new();
        let (mut used, mut without) = (HashSet::new(), BTreeMap::new());
        let mut backgrounds = 0;
        let mut taken: Option<&Path> = None;
        for (index, image) in found.iter().enumerate() {
            if index.is_multiple_of(BATCH) {
                self.input.walker.stop.check()?;
            }
            let label = label_path(&image.path);
            let objects = match texts.get(&label) {
                Some(&at) => {
                    used.insert(at);
                    self.objects(at, builder)
                }
                None => {
                    without.insert(image.path.file_stem().unwrap_or_default(), label);
                    Vec::new()
                }
            };
            backgrounds += u64::from(objects.is_empty());
            let (place, hint) = match image.at {
                Ok((tree, index)) => {
                    let tree_of = &self.trees[tree];
                    placers[tree].place(tree_of, &tree_of.images[index], builder)
                }
                Err(hint) => (file_place(&image.path, &mut folders, builder), hint),
            };
            let key = self.key(&image.path);
            let again = taken == Some(image.path.as_path());
            taken = Some(&image.path);
            builder.push(Draft {
                // One image that two splits list is a sample of each.
                key: if again {
                    key.marked(&format!("#{}", image.split_name))
                } else {
                    key
                },
                split: Some(image.split),
                labels: Labels::None,
                objects,
                group: None,
                place,
                hint,
            });
        }
        self.tell_unused(&texts, &used, &without, builder);
        if self.whole {
            self.tell_outside(&found, builder);
        }
        Ok(backgrounds)
    }

    /// The objects of a label file; a faulty one is a problem and has none, as
    /// for Ultralytics.
    fn objects(&self, (tree, file): (usize, usize), builder: &mut Builder) -> Vec<Object> {
        let key = self.key_in(tree, file);
        let bytes = match self.trees[tree].read(file) {
            Ok(bytes) => bytes,
            Err(why) => {
                builder.problem(key, ProblemKind::Annotation, format!("{UNREADABLE}: {why}"));
                return Vec::new();
            }
        };
        let names = &self.config.names;
        let class = |number: u64| -> Option<ClassId> {
            names
                .get(&number)
                .map(|name| builder.class(&crate::sample::escaped(name.as_ref())))
        };
        match labels::parse(&bytes, &self.config, class) {
            Ok(objects) => objects,
            Err(fault) => {
                let detail = format!(
                    "{}: line {}: {}; Ultralytics ignores the image",
                    fault.kind, fault.line, fault.detail
                );
                builder.problem(key, ProblemKind::Annotation, detail);
                Vec::new()
            }
        }
    }

    /// Notes label files that no image uses: `without` are the images that
    /// have none, by the stem of their names.
    fn tell_unused(
        &self,
        texts: &HashMap<PathBuf, (usize, usize)>,
        used: &HashSet<(usize, usize)>,
        without: &BTreeMap<&std::ffi::OsStr, PathBuf>,
        builder: &mut Builder,
    ) {
        let mut unused: Vec<(&PathBuf, (usize, usize))> = (texts.iter())
            .map(|(path, &at)| (path, at))
            .filter(|(_, at)| !used.contains(at))
            .collect();
        unused.sort_unstable();
        for (path, (tree, file)) in unused {
            let key = self.key_in(tree, file);
            let stem = path.file_stem().unwrap_or_default();
            let among_labels = path.components().any(|part| part.as_os_str() == "labels");
            let detail = match without.get(stem) {
                Some(expected) => {
                    format!("{ELSEWHERE}: it reads `{}`", self.key(expected))
                }
                // `--include` and `--exclude` may keep the image out.
                None if among_labels && !self.trees.iter().any(|t| t.skipped.filtered > 0) => {
                    format!("{NO_IMAGE}: no image has this name")
                }
                None => continue,
            };
            builder.problem(key, ProblemKind::Annotation, detail);
        }
    }

    /// Notes images of the folder that no split names.
    fn tell_outside(&self, found: &[Found], builder: &mut Builder) {
        let used: HashSet<(usize, usize)> = found.iter().filter_map(|f| f.at.ok()).collect();
        let mut outside: BTreeMap<SampleKey, u64> = BTreeMap::new();
        for (index, image) in self.trees[0].images.iter().enumerate() {
            if !used.contains(&(0, index)) {
                let key = self.trees[0].dirs[image.dir].key.clone();
                *outside.entry(key).or_default() += 1;
            }
        }
        for (key, count) in outside {
            let images = if count == 1 { "image" } else { "images" };
            let detail =
                format!("{count} {images} that no split of `data.yaml` names; not scanned");
            builder.problem(key, ProblemKind::OutsideSplits, detail);
        }
    }

    /// All text files by path.
    fn texts(&self) -> HashMap<PathBuf, (usize, usize)> {
        let mut texts = HashMap::new();
        for (index, tree) in self.trees.iter().enumerate() {
            for (file, other) in tree.files.iter().enumerate() {
                let extension = Path::new(&*other.name).extension().unwrap_or_default();
                if extension == "txt" {
                    let path = tree.logical(other.dir).join(&*other.name);
                    texts.entry(path).or_insert((index, file));
                }
            }
        }
        texts
    }

    /// All images by path.
    fn images(&self) -> HashMap<PathBuf, (usize, usize)> {
        let mut images = HashMap::new();
        for (index, tree) in self.trees.iter().enumerate() {
            for (place, image) in tree.images.iter().enumerate() {
                let path = tree.logical(image.dir).join(&*image.name);
                images.entry(path).or_insert((index, place));
            }
        }
        images
    }

    fn key_in(&self, tree: usize, file: usize) -> SampleKey {
        let other = &self.trees[tree].files[file];
        self.key(&self.trees[tree].logical(other.dir).join(&*other.name))
    }

    /// The key of a path: from the folder of the description.
    fn key(&self, path: &Path) -> SampleKey {
        SampleKey::from_path(&between(&self.folder, path)).below(&self.input.key)
    }
}

/// The place of a file outside all trees.
fn file_place(path: &Path, folders: &mut HashMap<PathBuf, u32>, builder: &mut Builder) -> Place {
    let folder = path.parent().unwrap_or(Path::new(""));
    let folder =
        *(folders.entry(folder.to_owned())).or_insert_with_key(|f| builder.folder(f.clone()));
    Place::File {
        folder,
        name: path.file_name().unwrap_or_default().into(),
    }
}
