//! Fingerprints as files: made of a part of a data set by one process, and put together
//! by another. Searches nothing in them.
//!
//! A file holds what a scan would keep of each image (docs/shards.md), so that the process
//! that puts files together has the same listing, the same fingerprint table and the same
//! thumbnails as a scan of all images would have.

mod assemble;
mod columns;
mod file;
mod header;
mod images;
mod matched;
mod pairs;
mod part;
mod seal;
mod wanted;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use images::Found;
pub use matched::{Matched, matched};
pub use pairs::PairRow;
pub use part::Part;
pub use wanted::Wanted;

use assemble::{Assembled, Rows, assemble};
use columns::Row;
use file::{ShardFile, no_shard};
use images::ShardImages;

use crate::decode::Limits;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::fingerprint::cache::Cache;
use crate::fingerprint::{Fingerprinted, Restored, Restoring};
use crate::sample::{Listing, Location, SampleId};
use crate::source::{Reader, Request};

/// Missing parts that a message names.
const NAMED: usize = 5;

/// Files of fingerprints that are all there and go together.
pub struct Shards {
    files: Vec<ShardFile>,
    /// All parts of each data set are there.
    whole: bool,
}

/// What files of fingerprints are together.
pub struct Merged {
    /// All samples.
    pub listing: Listing,
    /// What was computed of them.
    pub fingerprinted: Fingerprinted,
    /// By sample, its file in the order of [`Shards::paths`].
    pub files: Vec<u32>,
}

impl Shards {
    /// Opens files, in any order.
    ///
    /// # Errors
    /// [`Error::Input`] when one is no such file, when they are of different methods, or
    /// when a part is missing or there twice.
    pub fn open(paths: &[PathBuf]) -> Result<Self> {
        let shards = Self::open_some(paths)?;
        complete(&shards.files)?;
        Ok(Self {
            whole: true,
            ..shards
        })
    }

    /// Opens files of which parts may be missing.
    ///
    /// # Errors
    /// As [`Shards::open`], but for missing parts.
    pub fn open_some(paths: &[PathBuf]) -> Result<Self> {
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            files.push(ShardFile::open(path)?);
        }
        let Some(first) = files.first() else {
            return Err(Error::Input("no file of fingerprints is named".to_owned()));
        };
        let other = files
            .iter()
            .find(|file| file.header.method != first.header.method);
        if let Some(other) = other {
            return Err(Error::Input(format!(
                "`{}` and `{}` were computed in different ways ({}; {}), so their fingerprints \
                 cannot be compared: fingerprint all parts with one version and one `--max-pixels`",
                first.path.display(),
                other.path.display(),
                first.header.method,
                other.header.method,
            )));
        }
        files.sort_by(|a, b| {
            let key = |file: &ShardFile| (file.header.set.digest.clone(), file.header.part);
            (key(a).cmp(&key(b))).then_with(|| a.path.cmp(&b.path))
        });
        Ok(Self {
            files,
            whole: false,
        })
    }

    /// The files, in the order of [`Merged::files`].
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().map(|file| &file.path)
    }

    /// The limits under which images were decoded.
    pub fn limits(&self) -> Limits {
        let max_pixels = self.files.first().map(|file| file.header.max_pixels);
        max_pixels.map_or_else(Limits::default, |max_pixels| Limits { max_pixels })
    }

    /// Where the images of each data set were found; `None` for one that nobody can find.
    pub fn requests(&self) -> Vec<Option<Request>> {
        let sets = self.sets();
        (sets
            .iter()
            .map(|files| files[0].header.set.source.as_ref()?.request()))
        .collect()
    }

    /// The listing of all samples, and their fingerprints. `found` are the data sets whose
    /// images can be reached, in the order of [`Shards::requests`]; `originals` is a folder
    /// of images named by their content.
    ///
    /// # Errors
    /// [`Error::Input`] when a file is damaged or does not fit the others.
    pub fn restore(
        &self,
        found: Vec<Option<Found>>,
        originals: Option<PathBuf>,
        cache: Option<Arc<Cache>>,
        executor: &Executor,
    ) -> Result<Merged> {
        let read = executor.map(self.files.len(), |index| self.files[index].rows())?;
        let read = read.into_iter().collect::<Result<Vec<_>>>()?;
        let mut first = Vec::with_capacity(read.len());
        let mut count = 0;
        for rows in &read {
            first.push(count);
            count += rows.len();
        }
        if u32::try_from(count).is_err() {
            return Err(Error::Input(format!(
                "{count} images: splitlint counts up to {}; merge fewer files at once",
                u32::MAX
            )));
        }
        let Assembled { listing, rows } = assemble(self.by_set(read, &first)?)?;
        // By place among all rows read: the sample, and what was computed of it.
        let mut ids = vec![SampleId(0); count];
        for (id, (_, place, _)) in (0..).map(SampleId).zip(&rows) {
            ids[*place] = id;
        }
        let images = reach(&rows, found, originals);
        let restoring = Restoring::new(count)?;
        self.thumbnails(&restoring, &rows, &ids, &first, executor)?;
        let files = (rows.iter())
            .map(|(_, place, _)| (first.partition_point(|first| first <= place) - 1) as u32)
            .collect();
        Ok(Merged {
            listing,
            fingerprinted: restoring.finish(Arc::new(images), self.limits(), cache),
            files,
        })
    }

    /// The files of each data set.
    fn sets(&self) -> Vec<&[ShardFile]> {
        let same = |a: &ShardFile, b: &ShardFile| a.header.set.digest == b.header.set.digest;
        self.files.chunk_by(same).collect()
    }

    /// Rows of each file as rows of their data sets, in listing order.
    fn by_set(&self, read: Vec<Vec<Row>>, first: &[usize]) -> Result<Vec<Rows<'_>>> {
        let mut sets: Vec<Rows<'_>> = Vec::new();
        let files = self.files.iter().zip(first).zip(read);
        for ((file, &first), rows) in files {
            let set = &file.header.set;
            if sets.last().is_none_or(|last| last.set.digest != set.digest) {
                let rows = Vec::new();
                sets.push(Rows { set, rows });
            }
            if let Some(last) = sets.last_mut() {
                last.rows.extend((first..).zip(rows));
            }
        }
        for set in &mut sets {
            set.rows.sort_by_key(|(_, row)| row.sample);
            let samples = set.set.samples;
            let are_sound = match self.whole {
                true => {
                    set.rows.len() == samples as usize
                        && (0..).zip(&set.rows).all(|(id, (_, row))| row.sample == id)
                }
                false => {
                    let twice = |pair: &[(usize, Row)]| pair[0].1.sample == pair[1].1.sample;
                    !set.rows.windows(2).any(twice)
                        && set.rows.last().is_none_or(|(_, row)| row.sample < samples)
                }
            };
            if !are_sound {
                return Err(Error::Input(format!(
                    "the parts of one data set hold {} rows for its {} samples: fingerprint them \
                     anew",
                    set.rows.len(),
                    set.set.samples
                )));
            }
        }
        Ok(sets)
    }

    /// Reads the thumbnails of all files.
    fn thumbnails(
        &self,
        restoring: &Restoring,
        rows: &[(u32, usize, Row)],
        ids: &[SampleId],
        first: &[usize],
        executor: &Executor,
    ) -> Result<()> {
        let runs: Vec<_> = (self.files.iter().zip(first))
            .flat_map(|(file, &first)| file.ranges().map(move |range| (file, first, range)))
            .collect();
        let done = executor.map(runs.len(), |run| {
            let (file, first, range) = &runs[run];
            let pixels = file.pixels(range.clone())?;
            if pixels.len() != range.len() {
                return Err(no_shard(&file.path, "rows without images"));
            }
            let restored = range.clone().zip(pixels).map(|(row, pixels)| {
                let id = ids[first + row];
                Restored {
                    id,
                    fingerprint: rows[id.index()].2.fingerprint.clone(),
                    thumbnail: pixels.thumbnail,
                }
            });
            match restoring.add(restored.collect())? {
                None => Ok(()),
                Some(id) => {
                    let key = &rows[id.index()].2.key;
                    let why = format!("`{key}` has no thumbnail, or one that is none");
                    Err(no_shard(&file.path, &why))
                }
            }
        })?;
        done.into_iter().collect()
    }
}

/// The way to the images of `rows`.
fn reach(
    rows: &[(u32, usize, Row)],
    found: Vec<Option<Found>>,
    originals: Option<PathBuf>,
) -> ShardImages {
    let location = |row: &Row| match row.entry {
        None => Location::File(row.file.clone().into()),
        Some(entry) => Location::Member {
            container: row.file.clone().into(),
            entry,
            name: row.name.clone(),
        },
    };
    // Keys below a split's name are the same wherever the split lies.
    let now = |&(set, _, ref row): &(u32, usize, Row)| {
        let found = found.get(set as usize)?.as_ref()?;
        let place = found.keys.binary_search(&row.key).ok()?;
        Some((set, SampleId(place as u32)))
    };
    let none: Arc<dyn Reader> = Arc::new(ShardImages {
        samples: Vec::new(),
        now: Vec::new(),
        found: Vec::new(),
        originals: None,
    });
    ShardImages {
        now: rows.iter().map(now).collect(),
        samples: (rows.iter())
            .map(|(_, _, row)| (row.fingerprint.content, location(row)))
            .collect(),
        found: (found.into_iter())
            .map(|found| found.map_or_else(|| none.clone(), |found| found.reader))
            .collect(),
        originals,
    }
}

/// Whether all parts of each data set are among `files`, which are sorted by set and part.
fn complete(files: &[ShardFile]) -> Result<()> {
    let mut of_set: BTreeMap<&str, Vec<&ShardFile>> = BTreeMap::new();
    for file in files {
        of_set
            .entry(&file.header.set.digest)
            .or_default()
            .push(file);
    }
    for files in of_set.values() {
        let first = files[0];
        let of = first.header.part.of;
        if let Some(other) = files.iter().find(|file| file.header.part.of != of) {
            return Err(Error::Input(format!(
                "`{}` is one of {of} parts of a data set and `{}` one of {}: name the parts of one \
                 division only",
                first.path.display(),
                other.path.display(),
                other.header.part.of
            )));
        }
        let twice = files
            .windows(2)
            .find(|pair| pair[0].header.part == pair[1].header.part);
        if let Some([one, other]) = twice {
            return Err(Error::Input(format!(
                "`{}` and `{}` are both part {} of one data set: name one of them",
                one.path.display(),
                other.path.display(),
                one.header.part
            )));
        }
        let missing: Vec<String> = (1..=of)
            .filter(|number| files.iter().all(|file| file.header.part.number != *number))
            .map(|number| Part { number, of }.to_string())
            .take(NAMED)
            .collect();
        if !missing.is_empty() {
            return Err(Error::Input(format!(
                "of the data set of `{}` part {} is not named: a report on a part would pass for \
                 one on all. Parts of a data set that changed between them do not go together",
                first.path.display(),
                missing.join(", ")
            )));
        }
    }
    Ok(())
}
