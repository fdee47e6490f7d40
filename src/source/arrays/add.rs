//! Images of arrays to samples: files, labels and names of classes brought
//! together. Chooses no file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{lines, named, of_archive, of_idx};
use super::labels::Labels;
use super::pickle::Pickle;
use super::pixels::{Pixels, Raw, Stored};
use super::{PartKind, cifar, recognised};
use crate::error::Error;
use crate::sample::{Labels as OfSample, ProblemKind, SampleKey, escaped};
use crate::source::builder::{Builder, Draft};
use crate::source::input::{Input, Role};
use crate::source::places::{Place, read_whole};
use crate::source::recognised::Recognised;
use crate::source::same_file::Hint;

/// More images than this are not listed: each takes about 200 bytes of memory.
const MAX_IMAGES: u64 = 50_000_000;

/// Images between two checks of the stop flag.
const BATCH: u64 = 4096;

/// Why a file was not added.
pub(super) enum Fault {
    /// What is wrong with it.
    File(String),
    /// The whole listing ends.
    Stopped(Error),
}

impl From<String> for Fault {
    fn from(why: String) -> Self {
        Self::File(why)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Stopped(error)
    }
}

/// A set in the making.
pub(super) struct Set<'a> {
    input: &'a Input<'a>,
    /// Images so far by the folder of their keys: the batches of a split are
    /// numbered through.
    numbered: BTreeMap<String, u64>,
    without_labels: u64,
    count: u64,
    notes: BTreeSet<String>,
}

/// Images of one array, ready to be added.
pub(super) struct Ready {
    pub(super) raw: Raw,
    pub(super) count: u64,
    pub(super) labels: Labels,
    pub(super) split: Option<String>,
    /// What their keys begin with, where they are of no split.
    pub(super) name: String,
}

impl<'a> Set<'a> {
    pub(super) fn new(input: &'a Input<'a>) -> Self {
        Self {
            input,
            numbered: BTreeMap::new(),
            without_labels: 0,
            count: 0,
            notes: BTreeSet::new(),
        }
    }

    /// Adds the images of the file at `path`, whose key and split are given.
    /// `beside` are the files that describe it.
    pub(super) fn add(
        &mut self,
        kind: PartKind,
        path: &Path,
        beside: &[PathBuf],
        (key, split): (&SampleKey, Option<&str>),
        builder: &mut Builder,
    ) -> Result<(), Fault> {
        let mut lost = Vec::new();
        let name = escaped(path.file_name().unwrap_or_default());
        let split = split.map(str::to_owned);
        let ready = match kind {
            PartKind::Idx => vec![of_idx(path, beside, split, name, &mut lost)?],
            PartKind::CifarBinary => vec![self.of_binary(path, beside, split, name, &mut lost)?],
            PartKind::CifarPickle => vec![self.of_pickle(path, beside, split, name)?],
            PartKind::Npz => of_archive(path, &name, &mut lost)?,
        };
        for why in lost {
            builder.problem(key.clone(), ProblemKind::BadMember, why);
        }
        for ready in ready {
            self.add_array(ready, key, builder)?;
        }
        Ok(())
    }

    fn add_array(
        &mut self,
        ready: Ready,
        key: &SampleKey,
        builder: &mut Builder,
    ) -> Result<(), Fault> {
        if ready.count > MAX_IMAGES {
            return Err(format!("it holds more than {MAX_IMAGES} images").into());
        }
        let forced = self.input.split(builder)?;
        let split = match (forced, &ready.split) {
            (Some(forced), _) => Some(forced),
            (None, Some(name)) => Some(builder.split(name)?),
            (None, None) => None,
        };
        let folder = ready.split.unwrap_or(ready.name);
        let first = self.numbered.entry(folder.clone()).or_default();
        let start = *first;
        *first += ready.count;
        let top = self.input.key.child(folder.as_ref());
        let container = builder.container(Arc::new(ready.raw), key.clone());
        for entry in 0..ready.count {
            if entry % BATCH == 0 {
                self.input.walker.stop.check().map_err(Error::from)?;
                self.input
                    .walker
                    .progress
                    .advance(BATCH.min(ready.count - entry));
            }
            let key = top.child(format!("{:05}", start + entry).as_ref());
            let globs = self.input.walker.globs;
            if !globs.is_empty() && !globs.keeps(key.as_str()) {
                builder.skipped.filtered += 1;
                continue;
            }
            let classes: Vec<_> = (ready.labels.get(entry as usize).into_iter().flatten())
                .map(|label| builder.class(&escaped(label.as_ref())))
                .collect();
            self.without_labels += u64::from(classes.is_empty());
            self.count += 1;
            builder.push(Draft {
                key,
                split,
                labels: OfSample::from_classes(classes),
                objects: Vec::new(),
                group: None,
                place: Place::Member { container, entry },
                hint: Hint::default(),
            });
        }
        Ok(())
    }

    /// What was read, in words.
    ///
    /// # Errors
    /// When nothing was.
    pub(super) fn finish(self, what: &str) -> Result<Recognised, Error> {
        let filtered = !self.input.walker.globs.is_empty();
        if self.count == 0 && !filtered {
            let flag = self.input.flag();
            return Err(Error::Input(format!(
                "{flag} holds no image that can be read"
            )));
        }
        let mut recognised = recognised(what);
        recognised.notes.extend(self.notes);
        if self.without_labels == self.count {
            recognised
                .notes
                .push("no labels were found beside the images".to_owned());
        } else if self.without_labels > 0 {
            let note = format!("{} images without a label", self.without_labels);
            recognised.notes.push(note);
        }
        if matches!(self.input.role, Role::Set) {
            recognised
                .notes
                .push("names are positions, from 0".to_owned());
        }
        Ok(recognised)
    }

    /// Whether the coarse labels of CIFAR-100 are wanted.
    fn coarse(&mut self, is_hundred: bool) -> bool {
        let wanted = self.input.request.columns.label.as_deref();
        let coarse = wanted.is_some_and(|name| name.starts_with("coarse"));
        if is_hundred {
            let note = match coarse {
                true => "coarse labels",
                false => "fine labels; for the 20 coarse ones: `--label-column coarse_labels`",
            };
            self.notes.insert(note.to_owned());
        }
        coarse
    }

    fn of_binary(
        &mut self,
        path: &Path,
        beside: &[PathBuf],
        split: Option<String>,
        name: String,
        lost: &mut Vec<String>,
    ) -> Result<Ready, Fault> {
        let is_hundred = cifar::is_hundred(&name);
        let head = if is_hundred { 2 } else { 1 };
        let coarse = self.coarse(is_hundred);
        let step = cifar::IMAGE + head;
        let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
        let count = size / step;
        if count == 0 {
            return Err("it is too short for one image".to_owned().into());
        }
        if !size.is_multiple_of(step) {
            lost.push(format!(
                "it is cut off or no CIFAR batch: {size} bytes are no whole number of images of \
                 {step}; the last is not read"
            ));
        }
        let bytes = read_whole(path).map_err(|failure| failure.0)?;
        let place = if is_hundred && !coarse { 1 } else { 0 };
        let numbers = (bytes.chunks_exact(step as usize)).map(|image| image[place].to_string());
        let names = match (is_hundred, coarse) {
            (false, _) => "batches.meta.txt",
            (true, false) => "fine_label_names.txt",
            (true, true) => "coarse_label_names.txt",
        };
        let names = beside.iter().find(|path| path.ends_with(names));
        let names = names.map(|path| lines(path)).transpose()?;
        let (pixels, _) = Pixels::of(&cifar::images(count, head))?;
        Ok(Ready {
            raw: Raw {
                path: path.to_owned(),
                stored: Stored::Plain,
                pixels,
                offset: head,
                step,
                before: 0,
            },
            count,
            labels: named(
                numbers.map(|number| vec![number]).collect(),
                names.as_deref(),
            ),
            split,
            name,
        })
    }

    fn of_pickle(
        &mut self,
        path: &Path,
        beside: &[PathBuf],
        split: Option<String>,
        name: String,
    ) -> Result<Ready, Fault> {
        let bytes = read_whole(path).map_err(|failure| failure.0)?;
        let read = Pickle::parse(&bytes).map_err(|why| format!("as a pickle, {why}"))?;
        let array = read.get(&bytes, "data").and_then(|id| read.array(id));
        let array = array.ok_or_else(|| "it has no array `data`".to_owned())?;
        let count = match array.numbers.shape[..] {
            [count, cifar::IMAGE] if array.numbers.kind.size() == 1 => count,
            _ => {
                return Err(format!(
                    "its array `data` has the shape {:?}, not (count, {}) of bytes",
                    array.numbers.shape,
                    cifar::IMAGE
                )
                .into());
            }
        };
        if array.numbers.fortran {
            return Err("its array `data` is stored in Fortran order"
                .to_owned()
                .into());
        }
        let is_hundred = read.get(&bytes, "fine_labels").is_some();
        let coarse = self.coarse(is_hundred);
        let field = match (is_hundred, coarse) {
            (false, _) => "labels",
            (true, false) => "fine_labels",
            (true, true) => "coarse_labels",
        };
        let numbers = match read.get(&bytes, field) {
            None => Vec::new(),
            Some(id) => (read.texts(&bytes, id))
                .filter(|labels| labels.len() as u64 == count)
                .ok_or_else(|| format!("`{field}` is no list of {count} labels"))?,
        };
        let names = beside.iter().find(|path| {
            let name = path.file_name().unwrap_or_default();
            name == "batches.meta" || name == "meta"
        });
        let names = match names {
            None => None,
            Some(path) => {
                let bytes = read_whole(path).map_err(|failure| failure.0)?;
                let failure = |why: String| format!("`{}`: as a pickle, {why}", path.display());
                let notes = Pickle::parse(&bytes).map_err(failure)?;
                let field = match (is_hundred, coarse) {
                    (false, _) => "label_names",
                    (true, false) => "fine_label_names",
                    (true, true) => "coarse_label_names",
                };
                notes
                    .get(&bytes, field)
                    .and_then(|id| notes.texts(&bytes, id))
            }
        };
        let (pixels, _) = Pixels::of(&cifar::images(count, array.numbers.offset))?;
        Ok(Ready {
            raw: Raw {
                path: path.to_owned(),
                stored: Stored::Plain,
                pixels,
                offset: array.numbers.offset,
                step: cifar::IMAGE,
                before: 0,
            },
            count,
            labels: named(
                numbers.into_iter().map(|number| vec![number]).collect(),
                names.as_deref(),
            ),
            split,
            name,
        })
    }
}
