//! Names and shapes of the batches of CIFAR-10 and CIFAR-100. Opens no file.

use super::PartKind;
use super::numbers::{Kind, Numbers};

/// Files that name the classes.
pub(super) const NOTES: [&str; 5] = [
    "batches.meta",
    "meta",
    "batches.meta.txt",
    "fine_label_names.txt",
    "coarse_label_names.txt",
];

/// Bytes of an image: 32 × 32 pixels, one channel after the other.
pub(super) const IMAGE: u64 = 3 * 32 * 32;

/// How a file of this name, in lower case, is read, where it is a batch.
/// `beside` reports whether a file lies beside it.
pub(super) fn kind(name: &str, beside: impl Fn(&str) -> bool) -> Option<PartKind> {
    let stem = name.strip_suffix(".bin").unwrap_or(name);
    let number = stem.strip_prefix("data_batch_");
    let is_ten = stem == "test_batch"
        || number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let is_binary = stem != name;
    let is_hundred = ["train", "test"].contains(&stem)
        && match is_binary {
            true => beside("fine_label_names.txt"),
            false => beside("meta"),
        };
    (is_ten || is_hundred).then_some(match is_binary {
        true => PartKind::CifarBinary,
        false => PartKind::CifarPickle,
    })
}

/// The split of a batch.
pub(super) fn split_of(name: &str) -> Option<String> {
    let is_test = name.to_lowercase().starts_with("test");
    Some(if is_test { "test" } else { "train" }.to_owned())
}

/// Whether a binary batch of this name has two labels for each image.
pub(super) fn is_hundred(name: &str) -> bool {
    !name.to_lowercase().contains("batch")
}

/// The images of a batch.
pub(super) fn images(count: u64, offset: u64) -> Numbers {
    Numbers {
        kind: Kind::Unsigned(1),
        big_endian: false,
        fortran: false,
        shape: vec![count, 3, 32, 32],
        offset,
    }
}
