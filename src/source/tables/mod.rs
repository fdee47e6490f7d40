//! Folders of images whose labels are in tables beside them: competitions,
//! one-hot `_classes.csv`, the validation images of ImageNet. Reads no pixels.

mod read;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use read::{Entry, Form};

use super::LayoutName;
use super::builder::Builder;
use super::class_folders::{classes_only, understand};
use super::folder::{self, Given, Label};
use super::input::{Input, Role};
use super::manifest::probe::is_usual;
use super::recognised::Recognised;
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::sample::{ProblemKind, SampleKey, SplitLike, canonical_split, escaped};

/// Kinds of faults.
const NO_ROW: &str = "an image has no row in the table of its folder";

/// Bytes of a table that tell whether it names the images: some hundred rows.
const HEAD: usize = 64 << 10;

/// Rows looked up to tell whether a table names the images.
const TRIED: usize = 50;

/// Images of a hundred, from which several rows with other labels for one image
/// are its objects and no mistake.
const OBJECTS: usize = 5;

/// Words of tables that hold no labels: examples of what to hand in, and rows
/// that other layouts read.
const NO_TABLE: [&str; 3] = ["submission", "metadata.", "manifest."];

/// A table, and the folder whose images it names.
struct Source {
    file: usize,
    form: Form,
    scope: usize,
    /// As its name says.
    split: Option<&'static str>,
}

/// The tables that describe a folder, if there are such.
pub(super) fn sign(tree: &Tree, input: &Input<'_>) -> Option<String> {
    let sources = sources(tree, input);
    let first = sources.first()?;
    let top = tree.logical(tree.top());
    let path = tree.logical(tree.files[first.file].dir);
    let path = path.join(&*tree.files[first.file].name);
    let shown = escaped(path.strip_prefix(top).unwrap_or(&path).as_os_str());
    Some(match sources.len() {
        1 => format!("`{shown}`"),
        count => format!("`{shown}` and {} more", count - 1),
    })
}

/// Lists a folder or archive with the labels of the tables in it.
pub(super) fn list(mut tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let sources = sources(&tree, input);
    if sources.is_empty() {
        return Err(Error::Input(format!(
            "{} holds no table that names its images and their labels: a `.csv` beside the image \
             folder, `_classes.csv`, `LOC_val_solution.csv` or `val_annotations.txt`\nname the \
             table itself: `splitlint scan FILE.csv --path-column NAME --label-column NAME`",
            input.flag()
        )));
    }
    let labelled = (sources.iter())
        .filter(|source| source.form == Form::Table && source.split.is_none())
        .collect::<Vec<_>>();
    if labelled.len() > 1 {
        let commands: Vec<String> = (labelled.iter())
            .map(|source| input.shown.join(tree.file_key(source.file).as_str()))
            .map(|path| format!("`splitlint scan {}`", path.display()))
            .collect();
        return Err(Error::Input(format!(
            "{} holds several tables with labels for its images\nchoose one: {}, or none: \
             `splitlint scan {} --layout folders`",
            input.flag(),
            commands.join(" or "),
            input.shown.display()
        )));
    }
    let mut given = Given {
        folders_are_classes: sources.iter().all(|source| source.form != Form::Table),
        ..Given::default()
    };
    let mut notes = Vec::new();
    for source in &sources {
        input.walker.stop.check()?;
        notes.extend(Reading { tree: &tree, input }.add(source, &mut given, builder)?);
    }
    given.names_splits = (given.by_image.values().flatten()).any(|label| label.split.is_some());
    tree.claim_all();
    let what = sources.iter().map(|source| source.form.in_words()).next();
    let mut recognised = folder::list_given(tree, input, &given, builder)?;
    recognised.name = LayoutName::Tables;
    recognised.what = what.unwrap_or_default().to_owned();
    recognised.notes.extend(notes);
    recognised.correction = format!(
        "if the folders alone are meant: `splitlint scan {} --layout folders`",
        input.shown.display()
    );
    Ok(recognised)
}

/// The tables of a tree, in the order of their names.
fn sources(tree: &Tree, input: &Input<'_>) -> Vec<Source> {
    let top = tree.top();
    let mut found = Vec::new();
    for dir in [top]
        .into_iter()
        .chain(tree.dirs[top].children.iter().copied())
    {
        for file in tree.files_in(dir) {
            let form = match tree.files[file].name.to_str() {
                Some("_classes.csv") if !names_pixels(tree, file) => Form::OneHot,
                Some("val_annotations.txt") if dir != top => Form::Words,
                Some("LOC_val_solution.csv") if dir == top => Form::Solution,
                _ => continue,
            };
            let source = Source {
                file,
                form,
                scope: dir,
                split: None,
            };
            found.push(source);
        }
    }
    // ImageNet repeats what the folders of training images say.
    if found.is_empty() {
        found = tables(tree, top, input);
    }
    found
}

/// Whether `_classes.csv` names the values of masks, as Roboflow's export of
/// them does.
fn names_pixels(tree: &Tree, file: usize) -> bool {
    let head = tree.head(file, HEAD).unwrap_or_default();
    let head = String::from_utf8_lossy(&head).to_lowercase();
    head.trim_start_matches('\u{feff}')
        .starts_with("pixel value")
}

/// Tables at the top of a folder that name its images, if one of them has
/// labels and folders do not tell classes.
fn tables(tree: &Tree, top: usize, input: &Input<'_>) -> Vec<Source> {
    let candidates: Vec<usize> = (tree.files_in(top).into_iter())
        .filter(|&file| {
            let name = tree.files[file].name.to_string_lossy().to_lowercase();
            let is_table = name.ends_with(".csv") || name.ends_with(".tsv");
            is_table && !NO_TABLE.iter().any(|word| name.contains(word))
        })
        .collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let shape = match input.role {
        Role::Set => understand(tree),
        Role::Split(_) | Role::Reference => classes_only(tree),
    };
    let are_usual = shape.is_ok_and(|shape| {
        (shape.classes.iter()).all(|class| is_usual(&tree.dirs[class.dir].name, None))
    });
    if !are_usual {
        return Vec::new();
    }
    let (mut found, mut has_labels) = (Vec::new(), false);
    for file in candidates {
        let Ok(mut head) = tree.head(file, HEAD) else {
            continue;
        };
        if head.len() == HEAD {
            let end = head.iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
            head.truncate(end);
        }
        let stem = tree.files[file].name.to_string_lossy().into_owned();
        let stem = stem.rsplit_once('.').map_or("", |(stem, _)| stem);
        let source = Source {
            file,
            form: Form::Table,
            scope: top,
            split: SplitLike::of(stem).map(|like| like.split),
        };
        let Ok(rows) = read::entries(&head, Form::Table, &input.request.columns) else {
            continue;
        };
        let images = Images::new(tree, &source);
        let tried = rows.entries.iter().take(TRIED);
        let hits = tried
            .clone()
            .filter(|row| images.find(&row.name).is_ok())
            .count();
        // What globs keep out is named all the same.
        let is_meant = match tree.skipped.filtered {
            0 => hits * 2 > tried.count(),
            _ => hits > 0,
        };
        if !is_meant || !rows.is_labelled && source.split.is_none() {
            continue;
        }
        has_labels |= rows.is_labelled;
        found.push(source);
    }
    if has_labels { found } else { Vec::new() }
}

/// The images that a table may mean, by every way to write them.
struct Images<'a> {
    tree: &'a Tree,
    by_path: HashMap<PathBuf, usize>,
    /// By name and by stem.
    by_name: HashMap<String, Vec<usize>>,
    folder: PathBuf,
    count: usize,
}

impl<'a> Images<'a> {
    fn new(tree: &'a Tree, source: &Source) -> Self {
        let inside = tree.below(source.scope);
        let folder = tree.logical(tree.files[source.file].dir);
        let mut images = Self {
            tree,
            by_path: HashMap::new(),
            by_name: HashMap::new(),
            folder: folder.clone(),
            count: 0,
        };
        for (index, image) in tree.images.iter().enumerate() {
            if !inside[image.dir] {
                continue;
            }
            let path = tree.logical(image.dir).join(&*image.name);
            let below = path.strip_prefix(&folder).unwrap_or(&path);
            let mut parts = below.components().map(|part| part.as_os_str());
            let (first, is_deep) = (parts.next(), parts.next().is_some());
            images.by_path.insert(below.to_owned(), index);
            let is_beside = !is_deep
                || source.form != Form::Table
                || first.is_some_and(|first| is_usual(first, source.split));
            if is_beside {
                images.count += 1;
                let name = image.name.to_string_lossy().into_owned();
                if let Some(stem) = Path::new(&name).file_stem() {
                    let stem = stem.to_string_lossy().into_owned();
                    images.by_name.entry(stem).or_default().push(index);
                }
                images.by_name.entry(name).or_default().push(index);
            }
        }
        images
    }

    /// The image that a table calls `name`, or those that it may be.
    fn find(&self, name: &str) -> Result<usize, &[usize]> {
        let slashed = name.replace('\\', "/");
        let path = super::paths::normalised(Path::new(&slashed));
        if let Some(&index) = self.by_path.get(&path) {
            return Ok(index);
        }
        match self.by_name.get(&slashed).map(Vec::as_slice) {
            Some([only]) => Ok(*only),
            Some(several) => Err(several),
            None => Err(&[]),
        }
    }

    fn shown(&self, index: usize) -> String {
        let image = &self.tree.images[index];
        let path = self.tree.logical(image.dir).join(&*image.name);
        escaped(path.strip_prefix(&self.folder).unwrap_or(&path).as_os_str())
    }
}

/// A table on its way to labels.
struct Reading<'a> {
    tree: &'a Tree,
    input: &'a Input<'a>,
}

impl Reading<'_> {
    /// Adds the labels of a table, and says in a few words what was read.
    fn add(
        &self,
        source: &Source,
        given: &mut Given,
        builder: &mut Builder,
    ) -> Result<Option<String>> {
        let (tree, key) = (self.tree, self.tree.file_key(source.file));
        let failure = |why: String| Error::Input(format!("`{key}`: {why}"));
        let bytes = tree
            .read(source.file)
            .map_err(|why| failure(why.to_string()))?;
        let rows =
            read::entries(&bytes, source.form, &self.input.request.columns).map_err(failure)?;
        let images = Images::new(tree, source);
        // Labels and first row by image.
        let mut labels: BTreeMap<usize, (u64, Label)> = BTreeMap::new();
        let mut again: Vec<(usize, u64, bool)> = Vec::new();
        for row in &rows.entries {
            let index = match images.find(&row.name) {
                Ok(index) => index,
                // `--include` and `--exclude` may keep it out.
                Err([]) if tree.skipped.filtered > 0 => continue,
                Err(several) => {
                    let detail = missing(&images, row, &key, several);
                    let name = tree.dirs[tree.files[source.file].dir].key.clone();
                    let name =
                        SampleKey::from_path(Path::new(&row.name.replace('\\', "/"))).below(&name);
                    builder.problem(name, ProblemKind::MissingFile, detail);
                    continue;
                }
            };
            let label = label_of(row, source);
            match labels.get_mut(&index) {
                None => {
                    labels.insert(index, (row.line, label));
                }
                Some((first, known)) => {
                    let is_new = (label.classes.iter()).any(|class| !known.classes.contains(class));
                    again.push((index, row.line, is_new));
                    if is_new {
                        known.classes.extend(label.classes);
                    }
                    let _ = first;
                }
            }
        }
        let differing: HashSet<usize> = (again.iter().filter(|a| a.2)).map(|a| a.0).collect();
        let are_objects = differing.len() * 100 > labels.len() * OBJECTS;
        for &(index, line, is_new) in &again {
            if are_objects {
                break;
            }
            let first = labels.get(&index).map_or(0, |(first, _)| *first);
            let how = if is_new {
                " with other labels; both are used"
            } else {
                ""
            };
            let image = &tree.images[index];
            let detail = format!("line {line} of `{key}` repeats line {first}{how}");
            let key = tree.dirs[image.dir].key.child(&image.name);
            builder.problem(key, ProblemKind::DuplicateRow, detail);
        }
        let without = images.count.saturating_sub(labels.len());
        if source.form != Form::Table {
            let inside = tree.below(source.scope);
            for (index, image) in tree.images.iter().enumerate() {
                let is_meant = match source.form {
                    Form::OneHot => image.dir == source.scope,
                    Form::Words => inside[image.dir],
                    Form::Solution | Form::Table => false,
                };
                if is_meant && !labels.contains_key(&index) {
                    let detail = format!("{NO_ROW}: not in `{key}`");
                    let key = tree.dirs[image.dir].key.child(&image.name);
                    builder.problem(key, ProblemKind::Annotation, detail);
                }
            }
        }
        for (index, (_, label)) in labels {
            given.by_image.entry(index).or_default().push(label);
        }
        let images = if without == 1 { "image" } else { "images" };
        Ok(match source.form {
            Form::Table if without > 0 => Some(format!(
                "{}; {without} {images} without a row in `{key}`",
                rows.columns
            )),
            Form::Table => Some(rows.columns),
            _ => None,
        })
    }
}

fn label_of(row: &Entry, source: &Source) -> Label {
    let split = match &row.split {
        Some(name) => Some(canonical_split(name).map_or_else(|| name.clone(), str::to_owned)),
        None => source.split.map(str::to_owned),
    };
    Label {
        split,
        classes: row.labels.clone(),
        group: row.group.clone(),
    }
}

/// Why a row has no image.
fn missing(images: &Images<'_>, row: &Entry, table: &SampleKey, several: &[usize]) -> String {
    let name = escaped(row.name.as_ref());
    match several {
        [one, other, ..] => format!(
            "line {} of `{table}`: `{name}` may be `{}` or `{}`; its label is not used",
            row.line,
            images.shown(*one),
            images.shown(*other)
        ),
        _ => format!("line {} of `{table}` names `{name}`", row.line),
    }
}
