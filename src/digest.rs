//! Digests of a data set: equal for equal contents and labels in any order and
//! under any file names. Compares nothing.

use std::fmt;

use crate::sample::{ContentHash, Listing, Sample, SplitId};

/// Counts up when equal data get another digest.
pub const VERSION: u32 = 1;

/// What keeps our hashes apart from any other use of BLAKE3.
const CONTEXT: &str = "splitlint 2026 digest of a data set, version 1";

/// The first 128 bits of a BLAKE3 hash, as for contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest([u8; 16]);

/// The digest of one split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitDigest {
    /// Which; `None` in a data set without splits.
    pub split: Option<SplitId>,
    /// Its samples.
    pub samples: u64,
    /// Those among them whose file cannot be read: only their labels count.
    pub unreadable: u64,
    /// Of the contents and labels.
    pub value: Digest,
}

/// The digest of a data set and of its splits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetDigest {
    /// Of the names and the digests of the splits.
    pub value: Digest,
    /// Every split, in listing order; last a nameless one, where samples are in
    /// no split.
    pub splits: Vec<SplitDigest>,
}

/// The digest of `listing`, whose samples have `contents`; `None` is a file
/// that cannot be read.
pub fn digest(listing: &Listing, contents: &[Option<ContentHash>]) -> DatasetDigest {
    let names = (0..listing.splits.len()).map(|index| Some(SplitId(index as u16)));
    // A manifest may leave the split of some samples open.
    let nameless = listing.splits.is_empty() || listing.samples.iter().any(|s| s.split.is_none());
    let splits: Vec<SplitDigest> = (names.chain(nameless.then_some(None)))
        .map(|split| of_split(listing, split, contents))
        .collect();
    let mut named: Vec<(&str, Digest)> = (splits.iter())
        .map(|split| (listing.split_name(split.split).unwrap_or(""), split.value))
        .collect();
    named.sort_unstable();
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    for (name, value) in named {
        push(&mut hasher, name.as_bytes());
        hasher.update(&value.0);
    }
    DatasetDigest {
        value: short(&hasher),
        splits,
    }
}

fn of_split(
    listing: &Listing,
    split: Option<SplitId>,
    contents: &[Option<ContentHash>],
) -> SplitDigest {
    let samples = listing.samples.iter().zip(contents);
    let mine = samples.filter(|(sample, _)| sample.split == split);
    let (mut items, mut unreadable) = (Vec::new(), 0);
    for (sample, content) in mine {
        unreadable += u64::from(content.is_none());
        items.push(of_sample(listing, sample, *content));
    }
    // Order is what a digest must not depend on.
    items.sort_unstable();
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    for item in &items {
        hasher.update(&item.0);
    }
    SplitDigest {
        split,
        samples: items.len() as u64,
        unreadable,
        value: short(&hasher),
    }
}

fn of_sample(listing: &Listing, sample: &Sample, content: Option<ContentHash>) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    match content {
        Some(hash) => push(&mut hasher, &hash.0),
        None => push(&mut hasher, b""),
    }
    // Class numbers follow the names' order, and so do these.
    for &class in sample.labels.classes() {
        push(&mut hasher, listing.class_name(class).as_bytes());
    }
    short(&hasher)
}

/// Adds `bytes` so that no two sequences of parts are one.
fn push(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

fn short(hasher: &blake3::Hasher) -> Digest {
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Digest(short)
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sample::{ClassId, Labels, SampleId, SampleKey, Split};

    /// Samples as (name, split, labels, content).
    type Rows<'a> = &'a [(&'a str, u16, &'a [u32], Option<u8>)];

    fn of(rows: Rows<'_>) -> DatasetDigest {
        let samples = (rows.iter().enumerate()).map(|(index, (name, split, labels, _))| Sample {
            id: SampleId(index as u32),
            key: SampleKey::from_path(Path::new(name)),
            split: Some(SplitId(*split)),
            labels: Labels::from_classes(labels.iter().map(|&c| ClassId(c)).collect()),
            objects: crate::sample::NO_OBJECTS,
            group: None,
        });
        let listing = Listing {
            splits: vec![Split::named("train"), Split::named("test")],
            classes: ["cat", "dog"].map(str::to_owned).to_vec(),
            samples: samples.collect(),
            ..Listing::default()
        };
        let contents: Vec<_> = (rows.iter())
            .map(|row| row.3.map(|byte| ContentHash([byte; 16])))
            .collect();
        digest(&listing, &contents)
    }

    const ROWS: Rows<'static> = &[
        ("a", 0, &[0], Some(1)),
        ("b", 0, &[0, 1], Some(2)),
        ("c", 1, &[], Some(3)),
    ];

    #[test]
    fn names_and_order_do_not_count() {
        let other = of(&[
            ("x", 1, &[], Some(3)),
            ("y", 0, &[1, 0], Some(2)),
            ("z", 0, &[0], Some(1)),
        ]);
        assert_eq!(of(ROWS), other);
    }

    #[test]
    fn content_label_split_and_number_count() {
        let changes: [Rows<'_>; 6] = [
            &[("a", 0, &[0], Some(9)), ROWS[1], ROWS[2]],
            &[("a", 0, &[1], Some(1)), ROWS[1], ROWS[2]],
            &[("a", 0, &[], Some(1)), ROWS[1], ROWS[2]],
            &[("a", 1, &[0], Some(1)), ROWS[1], ROWS[2]],
            &[ROWS[0], ROWS[0], ROWS[1], ROWS[2]],
            &[("a", 0, &[0], None), ROWS[1], ROWS[2]],
        ];
        for change in changes {
            assert_ne!(of(change).value, of(ROWS).value, "{change:?}");
        }
        // Only the split concerned gets another digest.
        assert_eq!(of(changes[0]).splits[1], of(ROWS).splits[1]);
        assert_eq!(of(changes[5]).splits[0].unreadable, 1);
    }

    #[test]
    fn digests_of_version_1_stay_as_they_are() {
        assert_eq!(VERSION, 1);
        // As computed by BLAKE3's Python package from the definition above.
        let value = of(ROWS).value.to_string();
        assert_eq!(value, "79c75e9fbdee036963dfe606f4453e94");
    }
}
