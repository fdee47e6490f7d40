//! Images of arrays to samples: files, labels and names of classes brought
//! together. Chooses no file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::labels::{self, Labels};
use super::numbers::{NPY_HEADER, Numbers, idx};
use super::pickle::Pickle;
use super::pixels::{How, Packed, Pixels, Raw, Stored};
use super::{PartKind, cifar, npz, recognised};
use crate::error::Error;
use crate::sample::{Labels as OfSample, ProblemKind, SampleKey, escaped};
use crate::source::ask::{As, Ask};
use crate::source::builder::{Builder, Draft};
use crate::source::container::MAX_BYTES;
use crate::source::places::{Place, read_whole};
use crate::source::recognised::Recognised;
use crate::source::same_file::Hint;

/// More images than this are not listed: each takes about 200 bytes of memory.
const MAX_IMAGES: u64 = 50_000_000;

/// Bytes of a file of labels, at most: one of 50 million numbers of 8 bytes.
const MAX_LABELS: u64 = 400 << 20;

/// Bytes that one compressed byte may become, above what is free; see
/// [`crate::source::container::refuse_bomb`].
const MAX_RATIO: u64 = 200;
const FREE_BYTES: u64 = 64 << 20;

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
    ask: &'a Ask<'a>,
    /// Images so far by the folder of their keys: the batches of a split are
    /// numbered through.
    numbered: BTreeMap<String, u64>,
    without_labels: u64,
    count: u64,
    notes: BTreeSet<String>,
}

/// Images of one array, ready to be added.
struct Ready {
    raw: Raw,
    count: u64,
    labels: Labels,
    split: Option<String>,
    /// What their keys begin with, where they are of no split.
    name: String,
}

impl<'a> Set<'a> {
    pub(super) fn new(ask: &'a Ask<'a>) -> Self {
        Self {
            ask,
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
        let forced = self.ask.split(builder)?;
        let split = match (forced, &ready.split) {
            (Some(forced), _) => Some(forced),
            (None, Some(name)) => Some(builder.split(name)?),
            (None, None) => None,
        };
        let folder = ready.split.unwrap_or(ready.name);
        let first = self.numbered.entry(folder.clone()).or_default();
        let start = *first;
        *first += ready.count;
        let top = self.ask.key.child(folder.as_ref());
        let container = builder.container(Arc::new(ready.raw), key.clone());
        for entry in 0..ready.count {
            if entry % BATCH == 0 {
                self.ask.walker.stop.check().map_err(Error::from)?;
                self.ask
                    .walker
                    .progress
                    .advance(BATCH.min(ready.count - entry));
            }
            let key = top.child(format!("{:05}", start + entry).as_ref());
            let globs = self.ask.walker.globs;
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
        let filtered = !self.ask.walker.globs.is_empty();
        if self.count == 0 && !filtered {
            let flag = self.ask.flag();
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
        if matches!(self.ask.role, As::Set) {
            recognised
                .notes
                .push("names are positions, from 0".to_owned());
        }
        Ok(recognised)
    }

    /// Whether the coarse labels of CIFAR-100 are wanted.
    fn coarse(&mut self, is_hundred: bool) -> bool {
        let wanted = self.ask.request.columns.label.as_deref();
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

fn of_idx(
    path: &Path,
    beside: &[PathBuf],
    split: Option<String>,
    name: String,
    lost: &mut Vec<String>,
) -> Result<Ready, Fault> {
    let (numbers, size, packed) = idx_numbers(path)?;
    let (pixels, announced) = Pixels::of(&numbers)?;
    let step = pixels.size().unwrap_or(1);
    // A packed file shows its end only when it is unpacked.
    let there = match size {
        Some(size) => size.saturating_sub(numbers.offset) / step,
        None => announced,
    };
    if there < announced {
        lost.push(format!(
            "it is cut off: {there} of the {announced} images that it announces are there"
        ));
    }
    let count = there.min(announced);
    let labels = match beside.first() {
        None => Vec::new(),
        Some(path) => {
            let of_labels = |why: String| format!("`{}`: {why}", path.display());
            let (numbers, ..) = idx_numbers(path).map_err(of_labels)?;
            // QMNIST has the class and seven notes on it.
            let columns = match numbers.shape[..] {
                [_, columns] => columns.max(1),
                _ => 1,
            };
            let labelled = numbers.shape.first().copied().unwrap_or(0);
            if labelled != announced {
                return Err(of_labels(format!("{labelled} labels for {announced} images")).into());
            }
            let bytes = idx_bytes(path, &numbers).map_err(of_labels)?;
            (0..labelled)
                .map(|row| Some(vec![numbers.text(&bytes, (row * columns) as usize)?]))
                .collect::<Option<Labels>>()
                .ok_or_else(|| of_labels("it is cut off".to_owned()))?
        }
    };
    let stored = match packed {
        false => Stored::Plain,
        true => {
            let bytes = numbers.size().map_or(0, |(_, bytes)| bytes);
            let most = unpacked_at_most(path, numbers.offset + bytes)?;
            Stored::Packed(Packed::new(How::Gzip, most))
        }
    };
    Ok(Ready {
        raw: Raw {
            path: path.to_owned(),
            stored,
            pixels,
            offset: numbers.offset,
            step,
            before: 0,
        },
        count,
        labels,
        split,
        name,
    })
}

/// What an IDX file begins with, its size where it is not packed, and whether it
/// is.
fn idx_numbers(path: &Path) -> Result<(Numbers, Option<u64>, bool), String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let mut start = Vec::new();
    // A header of 255 dimensions at most.
    let read = (&mut file).take(4 + 4 * 255).read_to_end(&mut start);
    read.map_err(|error| error.to_string())?;
    let packed = start.starts_with(b"\x1f\x8b");
    let size = match packed {
        false => Some(file.metadata().map_err(|error| error.to_string())?.len()),
        true => {
            start.clear();
            let reader = Packed::reader(How::Gzip, path).map_err(|error| error.to_string())?;
            // What is there of a file that is cut off is enough.
            let _ = reader.take(4 + 4 * 255).read_to_end(&mut start);
            None
        }
    };
    Ok((idx(&start)?, size, packed))
}

fn idx_bytes(path: &Path, numbers: &Numbers) -> Result<Vec<u8>, String> {
    let size = numbers.size().map(|(_, bytes)| bytes + numbers.offset);
    let size = size
        .filter(|size| *size <= MAX_LABELS)
        .ok_or("it is too large")?;
    let failure = |error: std::io::Error| error.to_string();
    let mut file = File::open(path).map_err(failure)?;
    let mut start = [0; 2];
    let packed = file.read_exact(&mut start).is_ok() && start == *b"\x1f\x8b";
    let reader: Box<dyn Read> = match packed {
        true => Packed::reader(How::Gzip, path).map_err(failure)?,
        false => Box::new(File::open(path).map_err(failure)?),
    };
    let mut bytes = Vec::new();
    reader.take(size).read_to_end(&mut bytes).map_err(failure)?;
    Ok(bytes.split_off((numbers.offset as usize).min(bytes.len())))
}

/// The size to which a packed file may grow: what it announces.
fn unpacked_at_most(path: &Path, announced: u64) -> Result<u64, String> {
    let stored = fs::metadata(path).map_err(|error| error.to_string())?.len();
    refuse_growth(stored, announced)?;
    Ok(announced)
}

fn refuse_growth(stored: u64, announced: u64) -> Result<(), String> {
    if announced > FREE_BYTES && announced / stored.max(1) > MAX_RATIO {
        return Err(format!(
            "it unpacks from {stored} to {announced} bytes, more than {MAX_RATIO} times: unpack \
             it yourself if you trust it"
        ));
    }
    Ok(())
}

/// The arrays of images of a NumPy archive.
fn of_archive(path: &Path, name: &str, lost: &mut Vec<String>) -> Result<Vec<Ready>, Fault> {
    let arrays = npz::arrays(path)?;
    let pairs = npz::pairs(&arrays);
    if pairs.is_empty() {
        let names: Vec<String> = (arrays.iter().take(10))
            .map(|array| format!("`{}`", escaped(array.name.as_ref())))
            .collect();
        return Err(format!(
            "no array of it is called like images (`x_train`, `images`, …) and has their shape; \
             it holds {}",
            names.join(", ")
        )
        .into());
    }
    let mut ready = Vec::new();
    let mut before = 0;
    for (images, labels, split) in pairs {
        let (pixels, count) = images.pixels()?;
        let bytes = images.numbers.size().map_or(0, |(_, bytes)| bytes);
        let end = images.numbers.offset + bytes;
        let (offset, stored) = (images.offset, images.stored);
        let step = pixels.size().unwrap_or(1);
        let there = match images.packed {
            false => {
                stored
                    .min(images.size)
                    .saturating_sub(images.numbers.offset)
                    / step
            }
            true => {
                refuse_growth(stored, end)?;
                count
            }
        };
        if there < count {
            lost.push(format!(
                "`{}` is cut off: {there} of the {count} images that it announces are there",
                images.name
            ));
        }
        let labels = match labels {
            None => Vec::new(),
            Some(labels) if !labels::fits(&labels.numbers, count) => {
                return Err(format!(
                    "`{}` of shape {:?} are no labels of the {count} images in `{}`",
                    labels.name, labels.numbers.shape, images.name
                )
                .into());
            }
            Some(array) => {
                let bytes = array.bytes(path, MAX_LABELS.min(MAX_BYTES))?;
                labels::of(&array.numbers, &bytes)
                    .map_err(|why| format!("`{}`: {why}", array.name))?
            }
        };
        ready.push(Ready {
            raw: Raw {
                path: path.to_owned(),
                offset: match images.packed {
                    true => images.numbers.offset,
                    false => offset + images.numbers.offset,
                },
                stored: match images.packed {
                    true => Stored::Packed(Packed::new(How::Deflate { offset, stored }, end)),
                    false => Stored::Plain,
                },
                pixels,
                step,
                before,
            },
            count: there.min(count),
            labels,
            split: split.map(str::to_owned),
            name: name.to_owned(),
        });
        before += count;
    }
    Ok(ready)
}

/// Labels with names in the place of numbers, where there are such.
fn named(numbers: Labels, names: Option<&[String]>) -> Labels {
    let Some(names) = names else {
        return numbers;
    };
    let name = |number: String| {
        let place = number.parse::<usize>().ok();
        place
            .and_then(|place| names.get(place).cloned())
            .unwrap_or(number)
    };
    let rename = |labels: Vec<String>| labels.into_iter().map(name).collect();
    numbers.into_iter().map(rename).collect()
}

/// The lines of a small text file, blank ones left out.
fn lines(path: &Path) -> Result<Vec<String>, String> {
    let failure = |why: String| format!("`{}`: {why}", path.display());
    let mut text = String::new();
    // A hundred names.
    let read =
        File::open(path).and_then(|file| file.take(NPY_HEADER as u64).read_to_string(&mut text));
    read.map_err(|error| failure(error.to_string()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
