//! NumPy archives: which of their arrays are images, and which are labels of
//! these. Reads no pixels.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::numbers::{NPY_HEADER, Numbers, npy};
use super::pixels::{How, Packed, Pixels};
use crate::sample::canonical_split;
use crate::source::container::{read_stretch, stretch};

/// Arrays of an archive, at most.
const MAX_ARRAYS: usize = 1000;

/// Words of a name that stand for images and for labels, in lower case.
const IMAGES: [&str; 7] = ["x", "image", "images", "img", "imgs", "data", "pixels"];
const LABELS: [&str; 7] = [
    "y", "label", "labels", "target", "targets", "class", "classes",
];

/// An array of an archive.
#[derive(Debug, Clone)]
pub(super) struct Array {
    pub(super) name: String,
    pub(super) numbers: Numbers,
    /// Where the member begins, and its bytes there.
    pub(super) offset: u64,
    pub(super) stored: u64,
    pub(super) packed: bool,
    /// Bytes that come out.
    pub(super) size: u64,
}

/// What a name says of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) is_images: bool,
    pub(super) split: Option<&'static str>,
    /// The other words.
    rest: Vec<String>,
}

/// The images of an archive with their labels, if they have such.
pub(super) type Pairs = Vec<(Array, Option<Array>, Option<&'static str>)>;

/// Whether the archive at `path` has an array of images.
pub(super) fn holds_images(path: &Path) -> bool {
    arrays(path).is_ok_and(|arrays| !pairs(&arrays).is_empty())
}

/// The arrays of the archive at `path` that can be read.
///
/// # Errors
/// Why it is no archive.
pub(super) fn arrays(path: &Path) -> Result<Vec<Array>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|e| {
        format!("it cannot be read as a NumPy archive: {e}; check it with `unzip -t`")
    })?;
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut arrays = Vec::new();
    for index in 0..archive.len().min(MAX_ARRAYS) {
        let name = archive.name_for_index(index).unwrap_or_default().to_owned();
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else {
            continue;
        };
        let Ok(member) = archive.by_index_raw(index) else {
            continue;
        };
        let packed = match member.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::DEFLATE => true,
            _ => continue,
        };
        let Some(offset) = member.data_start() else {
            continue;
        };
        let (stored, size) = (member.compressed_size(), member.size());
        drop(member);
        let head = NPY_HEADER as u64;
        let start = match packed {
            false => read_stretch(&file, offset, stored.min(head) as usize),
            true => Packed::reader(How::Deflate { offset, stored }, path).and_then(|reader| {
                let mut start = Vec::new();
                reader.take(head).read_to_end(&mut start).map(|_| start)
            }),
        };
        // What is no array of numbers is of no use here.
        if let Some(numbers) = start.ok().and_then(|start| npy(&start).ok()) {
            arrays.push(Array {
                name,
                numbers,
                offset,
                stored,
                packed,
                size,
            });
        }
    }
    Ok(arrays)
}

/// What the name of an array says.
pub(super) fn role(name: &str) -> Option<Role> {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower
        .split(['_', '-', '.', '/', ' '])
        .filter(|w| !w.is_empty())
        .collect();
    let mut role = Role {
        is_images: false,
        split: None,
        rest: Vec::new(),
    };
    let mut known = false;
    for word in words {
        // `xtrain`, `trainX`.
        let part = |kinds: &[&str]| {
            kinds.iter().find_map(|kind| {
                let rest = word
                    .strip_prefix(kind)
                    .or_else(|| word.strip_suffix(kind))?;
                (rest.is_empty() || canonical_split(rest).is_some()).then_some(rest)
            })
        };
        let split = match (canonical_split(word), part(&IMAGES), part(&LABELS)) {
            (Some(split), ..) => Some(split),
            (None, Some(rest), _) => {
                (known, role.is_images) = (true, true);
                canonical_split(rest)
            }
            (None, None, Some(rest)) => {
                known = true;
                canonical_split(rest)
            }
            (None, None, None) => {
                role.rest.push(word.to_owned());
                continue;
            }
        };
        role.split = role.split.or(split);
    }
    known.then_some(role)
}

/// The arrays of images, each with that of its labels.
pub(super) fn pairs(arrays: &[Array]) -> Pairs {
    let mut pairs = Vec::new();
    for images in arrays {
        let Some(role) = role(&images.name).filter(|role| role.is_images) else {
            continue;
        };
        if images.numbers.shape.len() < 3 {
            continue;
        }
        let is_label = |array: &&Array| {
            self::role(&array.name).is_some_and(|other| {
                !other.is_images && other.split == role.split && other.rest == role.rest
            })
        };
        pairs.push((
            images.clone(),
            arrays.iter().find(is_label).cloned(),
            role.split,
        ));
    }
    pairs
}

impl Array {
    /// The bytes of its numbers.
    ///
    /// # Errors
    /// When they are cut off, or more than `most`.
    pub(super) fn bytes(&self, path: &Path, most: u64) -> Result<Vec<u8>, String> {
        let size = self.numbers.size().map(|(_, bytes)| bytes);
        let size = size.filter(|size| *size <= most);
        let size = size.ok_or_else(|| format!("`{}` is too large", self.name))?;
        let cut = |why: String| format!("`{}` cannot be read: {why}", self.name);
        let (offset, stored) = (self.offset, self.stored);
        let mut reader: Box<dyn Read> = match self.packed {
            true => Packed::reader(How::Deflate { offset, stored }, path)
                .map_err(|e| cut(e.to_string()))?,
            false => {
                let file = File::open(path).map_err(|e| cut(e.to_string()))?;
                let stretch = stretch(file, offset, stored).map_err(|e| cut(e.to_string()))?;
                Box::new(BufReader::new(stretch))
            }
        };
        let mut head = (&mut reader).take(self.numbers.offset);
        std::io::copy(&mut head, &mut std::io::sink()).map_err(|e| cut(e.to_string()))?;
        let mut bytes = Vec::new();
        reader
            .take(size)
            .read_to_end(&mut bytes)
            .map_err(|e| cut(e.to_string()))?;
        match bytes.len() as u64 == size {
            true => Ok(bytes),
            false => Err(cut("it is cut off".to_owned())),
        }
    }

    /// The shape of its images, and how many there are.
    pub(super) fn pixels(&self) -> Result<(Pixels, u64), String> {
        Pixels::of(&self.numbers).map_err(|why| format!("`{}`: {why}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_images_labels_and_splits() {
        let parsed_name = |name: &str| role(name).map(|role| (role.is_images, role.split));
        assert_eq!(parsed_name("x_train"), Some((true, Some("train"))));
        assert_eq!(parsed_name("y_test"), Some((false, Some("test"))));
        assert_eq!(parsed_name("val_images"), Some((true, Some("val"))));
        assert_eq!(parsed_name("train_labels"), Some((false, Some("train"))));
        assert_eq!(parsed_name("X"), Some((true, None)));
        assert_eq!(parsed_name("Xtrain"), Some((true, Some("train"))));
        assert_eq!(parsed_name("testY"), Some((false, Some("test"))));
        assert_eq!(parsed_name("embeddings"), None);
        assert_eq!(parsed_name("arr_0"), None);
        assert_eq!(parsed_name("xyz"), None);
    }
}
