//! Content hashes of the files of a listing, and nothing else of them. Decodes
//! nothing, keeps nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::FingerprintTable;
use crate::error::Result;
use crate::executor::Executor;
use crate::progress::{Progress, Stage};
use crate::sample::{ContentHash, Listing, SampleId};
use crate::source::Reader;

/// Reads every file of `listing`; `None` for one that cannot be read.
///
/// # Errors
/// [`crate::Error::Interrupted`] when the user asked to stop.
pub fn contents(
    listing: &Listing,
    reader: &dyn Reader,
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<Vec<Option<ContentHash>>> {
    let count = listing.samples.len();
    progress.begin(Stage::Fingerprint, Some(count as u64));
    let hashes = executor.map(count, |index| {
        let bytes = reader.read(SampleId(index as u32));
        progress.advance(1);
        bytes.ok().map(|bytes| ContentHash::of(&bytes))
    })?;
    progress.end(Stage::Fingerprint, &format!("{count} files read"));
    Ok(hashes)
}

/// The content hashes of splits of which one may hold all files of the other, as far as the
/// sizes of files tell: no file of another split is opened.
///
/// # Errors
/// [`crate::Error::Interrupted`] when the user asked to stop.
pub fn of_alike_splits(
    listing: &Listing,
    reader: &dyn Reader,
    executor: &Executor,
) -> Result<FingerprintTable> {
    if listing.splits.len() < 2 {
        return Ok(FingerprintTable::default());
    }
    let sizes = executor.map(listing.samples.len(), |index| {
        reader.size(SampleId(index as u32))
    })?;
    let mut of_split = vec![Some(BTreeSet::new()); listing.splits.len()];
    for (sample, size) in listing.samples.iter().zip(sizes) {
        let Some(split) = sample.split else { continue };
        let known = &mut of_split[split.index()];
        match (size, known.as_mut()) {
            (Some(size), Some(known)) => drop(known.insert(size)),
            _ => *known = None,
        }
    }
    let may_hold = |a: &Option<BTreeSet<u64>>, b: &Option<BTreeSet<u64>>| match (a, b) {
        (Some(a), Some(b)) => !a.is_empty() && !b.is_empty() && (a.is_subset(b) || b.is_subset(a)),
        _ => true,
    };
    let is_alike =
        |a: usize| (0..of_split.len()).any(|b| a != b && may_hold(&of_split[a], &of_split[b]));
    let alike: Vec<bool> = (0..of_split.len()).map(is_alike).collect();
    let wanted: Vec<SampleId> = (listing.samples.iter())
        .filter(|sample| sample.split.is_some_and(|split| alike[split.index()]))
        .map(|sample| sample.id)
        .collect();
    let hashes = executor.map(wanted.len(), |index| {
        let bytes = reader.read(wanted[index]).ok()?;
        Some(ContentHash::of(&bytes))
    })?;
    let contents: BTreeMap<SampleId, ContentHash> = (wanted.into_iter().zip(hashes))
        .filter_map(|(id, hash)| Some((id, hash?)))
        .collect();
    Ok(FingerprintTable::of_contents(contents))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::StopFlag;
    use crate::sample::{Labels, Location, NO_OBJECTS, Sample, SampleKey, Split, SplitId};
    use crate::source::{ReadFailure, Version};

    /// Files of the given texts, of which some must not be read.
    struct Texts(Vec<(&'static str, bool)>);

    impl Reader for Texts {
        fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
            let (text, may_be_read) = self.0[id.index()];
            assert!(may_be_read, "`{text}` is read");
            Ok(text.as_bytes().to_vec())
        }

        fn version(&self, _: SampleId) -> Option<Version> {
            None
        }

        fn size(&self, id: SampleId) -> Option<u64> {
            Some(self.0[id.index()].0.len() as u64)
        }

        fn location(&self, _: SampleId) -> Location {
            Location::File("none".into())
        }
    }

    #[test]
    fn only_splits_whose_sizes_allow_it_are_read() {
        // train, val and test; val may be a part of train, test cannot.
        let texts = [
            (0, "a", true),
            (0, "bb", true),
            (0, "ccc", true),
            (1, "b1", true),
            (1, "ccc", true),
            (2, "dddd", false),
            (2, "bb", false),
        ];
        let sample = |(index, &(split, ..)): (usize, &(u16, &str, bool))| Sample {
            id: SampleId(index as u32),
            key: SampleKey::from_path(std::path::Path::new(&format!("{index}.png"))),
            split: Some(SplitId(split)),
            labels: Labels::None,
            objects: NO_OBJECTS,
            group: None,
        };
        let listing = Listing {
            splits: ["train", "val", "test"].map(Split::named).to_vec(),
            samples: texts.iter().enumerate().map(sample).collect(),
            ..Listing::default()
        };
        let reader = Texts(texts.iter().map(|&(_, text, read)| (text, read)).collect());
        let executor = Executor::new(2, StopFlag::default()).expect("an executor");
        let table = of_alike_splits(&listing, &reader, &executor).expect("read");
        let same = |a, b| table.content(SampleId(a)) == table.content(SampleId(b));
        assert!(same(2, 4) && !same(1, 3));
        assert_eq!(table.content(SampleId(6)), None);
        assert!(table.is_empty(), "no image was opened");
    }
}
