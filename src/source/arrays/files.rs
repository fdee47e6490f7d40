//! Arrays of one file: what they hold, and what their labels are. Adds no sample.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::add::{Fault, Ready};
use super::labels::{self, Labels};
use super::npz;
use super::numbers::{NPY_HEADER, Numbers, idx};
use super::pixels::{How, Packed, Pixels, Raw, Stored};
use crate::sample::escaped;
use crate::source::container::MAX_BYTES;

/// Bytes of a file of labels, at most: one of 50 million numbers of 8 bytes.
const MAX_LABELS: u64 = 400 << 20;

/// Bytes that one compressed byte may become, above what is free; see
/// [`crate::source::container::refuse_bomb`].
const MAX_RATIO: u64 = 200;
const FREE_BYTES: u64 = 64 << 20;

pub(super) fn of_idx(
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
pub(super) fn of_archive(
    path: &Path,
    name: &str,
    lost: &mut Vec<String>,
) -> Result<Vec<Ready>, Fault> {
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
pub(super) fn named(numbers: Labels, names: Option<&[String]>) -> Labels {
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
pub(super) fn lines(path: &Path) -> Result<Vec<String>, String> {
    let failure = |why: String| format!("`{}`: {why}", path.display());
    let mut text = String::new();
    // A hundred names.
    let read =
        File::open(path).and_then(|file| file.take(NPY_HEADER as u64).read_to_string(&mut text));
    read.map_err(|error| failure(error.to_string()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
