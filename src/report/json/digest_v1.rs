//! Version 1 of the data set's digest in JSON, frozen as the document is.

use serde::Serialize;

use crate::digest::{DatasetDigest, VERSION};
use crate::sample::Listing;

/// A digest of a data set: equal for equal contents and labels in any order,
/// whatever the files are called.
#[derive(Debug, Serialize)]
pub struct DigestV1 {
    /// Digests of two versions cannot be compared.
    pub version: u32,
    /// Of the names and the digests of the splits.
    pub value: String,
    /// Every split.
    pub splits: Vec<SplitDigestV1>,
}

/// The digest of a split.
#[derive(Debug, Serialize)]
pub struct SplitDigestV1 {
    /// `null` for samples in no split.
    pub split: Option<String>,
    /// Its images.
    pub samples: u64,
    /// Those that cannot be read: only their labels count.
    pub unreadable: u64,
    /// Of contents and labels.
    pub value: String,
}

impl DigestV1 {
    /// As frozen for version 1.
    pub fn of(digest: &DatasetDigest, listing: &Listing) -> Self {
        Self {
            version: VERSION,
            value: digest.value.to_string(),
            splits: (digest.splits.iter())
                .map(|split| SplitDigestV1 {
                    split: listing.split_name(split.split).map(str::to_owned),
                    samples: split.samples,
                    unreadable: split.unreadable,
                    value: split.value.to_string(),
                })
                .collect(),
        }
    }
}
