//! Rows of Parquet shards to samples. Chooses no file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::labels::{Described, Label, columns};
use super::shard::{Opened, Recent, Rows};
use crate::error::{Error, Result};
use crate::sample::{Labels, ProblemKind, SampleKey, SplitId, canonical_split, escaped};
use crate::source::LayoutName;
use crate::source::builder::{Builder, Draft};
use crate::source::descriptions::Description;
use crate::source::input::{Input, Role};
use crate::source::paths::normalised;
use crate::source::places::Place;
use crate::source::recognised::Recognised;
use crate::source::same_file::Hint;
use crate::source::tree::{Placer, Tree};

/// Rows named of those that a problem is about.
const SHOWN: usize = 10;

/// Rows between two checks of the stop flag.
const BATCH: u64 = 1024;

/// A longer name of an image is none.
const MAX_NAME: usize = 1024;

/// Kinds of faults in labels.
const NO_CLASS: &str = "a class number is outside the list of names";

/// The images that rows without bytes name.
pub(super) enum Images<'a> {
    /// Files below this folder.
    Beside(&'a Path),
    /// Files of the set, by path; looked for in these folders.
    InTree {
        tree: &'a Tree,
        images: &'a BTreeMap<PathBuf, usize>,
        folders: [PathBuf; 2],
    },
}

/// A set in the making.
pub(super) struct Set<'a> {
    input: &'a Input<'a>,
    used: BTreeSet<usize>,
    placer: Option<Placer>,
    folders: HashMap<PathBuf, u32>,
    notes: BTreeSet<String>,
    columns: Option<String>,
    without_split: Option<SampleKey>,
    with_split: bool,
    unlabelled: u64,
    others: BTreeSet<String>,
    found: u64,
    shards: usize,
    recent: Arc<Recent>,
}

impl<'a> Set<'a> {
    pub(super) fn new(input: &'a Input<'a>) -> Self {
        Self {
            input,
            used: BTreeSet::new(),
            placer: None,
            folders: HashMap::new(),
            notes: BTreeSet::new(),
            columns: None,
            without_split: None,
            with_split: false,
            unlabelled: 0,
            others: BTreeSet::new(),
            found: 0,
            shards: 0,
            recent: Arc::default(),
        }
    }

    /// The image files of the tree that rows have named.
    pub(super) fn used(&self) -> &BTreeSet<usize> {
        &self.used
    }

    /// Adds the rows of one file. `split` is the one in its name.
    pub(super) fn add(
        &mut self,
        opened: &Opened,
        key: &SampleKey,
        split: Option<&str>,
        images: &Images<'_>,
        builder: &mut Builder,
    ) -> Result<()> {
        let failure = |why: String| Error::Input(format!("`{key}`: {why}"));
        let stop = self.input.walker.stop;
        let beside = columns(&opened.schema, &self.input.request.columns).map_err(failure)?;
        let described = Described::read(&opened.path, &opened.schema, &beside)?;
        self.shards += 1;
        let recent = (self.shards, &self.recent);
        let rows = opened.rows(recent, stop).map_err(failure)?;
        stop.check()?;
        self.others.extend(opened.schema.others.iter().cloned());
        self.columns.get_or_insert_with(|| {
            let image = &opened.schema.image.name;
            format!("images = `{image}`, {}", beside.in_words())
        });
        let forced = self.input.split(builder)?;
        let by_column = self.input.request.columns.split.is_some() || split.is_none();
        let own = match (forced, split) {
            (Some(forced), _) => Some(forced),
            (None, Some(name)) if !by_column => Some(builder.split(name)?),
            _ => None,
        };
        if let (Some(column), true) = (&beside.split, own.is_none() && by_column)
            && self.input.role != Role::Reference
        {
            builder.describe(Description::SplitColumn {
                path: opened.path.clone(),
                column: column.clone(),
            });
        }
        let Rows {
            shard,
            empty,
            faults,
            count,
        } = rows;
        for (rows, why) in &faults {
            let detail = format!(
                "rows {} to {} cannot be read: {why}",
                rows.start,
                rows.end.saturating_sub(1)
            );
            builder.problem(key.clone(), ProblemKind::BadMember, detail);
        }
        let shard = Arc::new(shard);
        let container = builder.container(Arc::clone(&shard) as _, key.clone());
        let empty: HashSet<u64> = empty.into_iter().collect();
        let mut keys = Keys::new(key, count);
        let mut lost = Vec::new();
        let mut faults = faults.into_iter().peekable();
        for row in 0..count {
            if row % BATCH == 0 {
                stop.check()?;
                self.input.walker.progress.advance(BATCH.min(count - row));
            }
            while faults.next_if(|(rows, _)| rows.end <= row).is_some() {}
            if faults.peek().is_some_and(|(rows, _)| rows.contains(&row)) {
                continue;
            }
            let name = shard.own_name(row);
            let key_of_row = keys.of(row, name);
            let globs = self.input.walker.globs;
            if !globs.is_empty() && !globs.keeps(key_of_row.as_str()) {
                builder.skipped.filtered += 1;
                continue;
            }
            let (place, hint) = if empty.contains(&row) {
                match self.file(name, images, builder) {
                    Some(place) => place,
                    None => {
                        lost.push((row, name));
                        continue;
                    }
                }
            } else {
                let entry = row;
                (Place::Member { container, entry }, Hint::default())
            };
            let bad_row = |why: String| failure(format!("row {row}: {why}"));
            let labels = match described.label(row as usize).map_err(bad_row)? {
                Label::Classes(names) => (names.iter())
                    .map(|name| builder.class(&escaped(name.as_ref())))
                    .collect(),
                Label::Unknown(number) => {
                    let detail = format!("{NO_CLASS}: {number}");
                    builder.problem(key_of_row.clone(), ProblemKind::Annotation, detail);
                    Vec::new()
                }
            };
            self.unlabelled += u64::from(beside.label.is_some() && labels.is_empty());
            let split = match own {
                Some(split) => Some(split),
                None if by_column && beside.split.is_some() => {
                    let given = described.split(row as usize).map_err(bad_row)?;
                    given
                        .map(|given| split_named(&given, builder))
                        .transpose()?
                }
                None => None,
            };
            let group = described.group(row as usize).map_err(bad_row)?;
            let group = group.map(|group| builder.group(&escaped(group.as_ref())));
            self.found += 1;
            builder.push(Draft {
                key: key_of_row,
                split,
                labels: Labels::from_classes(labels),
                objects: Vec::new(),
                group,
                place,
                hint,
            });
        }
        match (own, &beside.split) {
            (Some(_), _) => self.with_split = true,
            (None, Some(_)) if by_column => self.with_split = true,
            _ => {
                self.without_split.get_or_insert_with(|| key.clone());
            }
        }
        if !lost.is_empty() {
            builder.problem(key.clone(), ProblemKind::BadMember, without_image(&lost));
        }
        Ok(())
    }

    /// What was read, in words.
    ///
    /// # Errors
    /// [`Error::Input`] when some shards name their split and others do not, or
    /// no row holds an image.
    pub(super) fn finish(self, builder: &mut Builder) -> Result<Recognised> {
        if let (true, Some(shard)) = (
            self.with_split && self.input.role == Role::Set,
            &self.without_split,
        ) {
            return Err(Error::Input(format!(
                "{} holds shards whose names tell their split and others whose do not, as \
                 `{shard}`\nname what holds each split: `splitlint scan --split train=PATH \
                 --split test=PATH`",
                self.input.flag()
            )));
        }
        if self.found == 0 && builder.skipped.filtered == 0 {
            return Err(Error::Input(format!(
                "{}: no row of its Parquet files holds an image; rows that name files elsewhere \
                 are not read",
                self.input.flag()
            )));
        }
        let mut recognised = Recognised::new(LayoutName::HuggingFace, "Parquet shards");
        recognised.notes.extend(self.columns);
        if !self.others.is_empty() {
            let others: Vec<String> = self.others.iter().map(|name| format!("`{name}`")).collect();
            recognised.notes.push(format!(
                "other images in {} are not read: `--path-column`",
                others.join(", ")
            ));
        }
        if self.unlabelled > 0 {
            let images = if self.unlabelled == 1 {
                "image"
            } else {
                "images"
            };
            recognised
                .notes
                .push(format!("{} {images} without a label", self.unlabelled));
        }
        recognised.notes.extend(self.notes);
        recognised.correction = "if other columns are meant: `--path-column` for the images, \
                                 `--label-column`, `--split-column`, `--group-column`"
            .to_owned();
        Ok(recognised)
    }

    /// The place of the file that a row without bytes names, if there is one.
    fn file(
        &mut self,
        name: &str,
        images: &Images<'_>,
        builder: &mut Builder,
    ) -> Option<(Place, Hint)> {
        let name = PathBuf::from(name.replace('\\', "/"));
        if name.as_os_str().is_empty() {
            return None;
        }
        match images {
            Images::InTree {
                tree,
                images,
                folders,
            } => {
                let found = (folders.iter())
                    .find_map(|folder| images.get(&normalised(&folder.join(&name))))?;
                self.used.insert(*found);
                let placer = self
                    .placer
                    .get_or_insert_with(|| Placer::new(tree, builder));
                Some(placer.place(tree, &tree.images[*found], builder))
            }
            Images::Beside(folder) => {
                let is_below = name
                    .components()
                    .all(|part| matches!(part, Component::Normal(_)));
                let path = folder.join(&name);
                let metadata = std::fs::metadata(&path).ok().filter(|_| is_below)?;
                let (folder, file) = (path.parent()?, path.file_name()?);
                let folder = match self.folders.get(folder) {
                    Some(&index) => index,
                    None => {
                        let index = builder.folder(folder.to_owned());
                        self.folders.insert(folder.to_owned(), index);
                        index
                    }
                };
                let place = Place::File {
                    folder,
                    name: file.into(),
                };
                metadata
                    .is_file()
                    .then(|| (place, Hint::of_file(&metadata)))
            }
        }
    }
}

fn split_named(given: &str, builder: &mut Builder) -> Result<SplitId> {
    match canonical_split(given) {
        Some(split) => builder.split(split),
        None => builder.split(&escaped(given.as_ref())),
    }
}

/// "3 rows hold no image and name no file of the set: 4 (`x.jpg`), …".
fn without_image(lost: &[(u64, &str)]) -> String {
    let rows: Vec<String> = (lost.iter().take(SHOWN))
        .map(|(row, name)| match name.is_empty() {
            true => row.to_string(),
            false => format!("{row} (`{}`)", escaped(name.as_ref())),
        })
        .collect();
    let more = match lost.len() - rows.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let words = match lost.len() {
        1 => "1 row holds no image and names no file of the set".to_owned(),
        count => format!("{count} rows hold no image and name no file of the set"),
    };
    format!("{words}: {}{more}", rows.join(", "))
}

/// The keys of a shard's rows: the image's own name, or the row's number.
struct Keys<'a> {
    shard: &'a SampleKey,
    /// How often each name occurs.
    taken: HashSet<String>,
    width: usize,
}

impl<'a> Keys<'a> {
    fn new(shard: &'a SampleKey, count: u64) -> Self {
        Self {
            shard,
            taken: HashSet::new(),
            // Numbers of one length sort as the rows do.
            width: count.saturating_sub(1).to_string().len().max(5),
        }
    }

    fn of(&mut self, row: u64, name: &str) -> SampleKey {
        let width = self.width;
        let parts = normalised(Path::new(&name.replace('\\', "/")));
        let mut key = self.shard.clone();
        let mut named = false;
        if name.len() <= MAX_NAME {
            for part in parts.components() {
                if let Component::Normal(part) = part {
                    key = key.child(part);
                    named = true;
                }
            }
        }
        if !named {
            key = key.child(format!("{row:0width$}").as_ref());
        }
        while !self.taken.insert(key.as_str().to_owned()) {
            key = key.marked(&format!("#{row}"));
        }
        key
    }
}
