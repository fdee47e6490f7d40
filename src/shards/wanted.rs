//! From a listing to the file of one of its parts. Computes no fingerprint.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::Part;
use super::columns::{Pixels, Row};
use super::file::{self, ShardFile};
use super::header::{FORMAT, Header, Set, Source};
use super::part::PartReader;
use crate::decode::Limits;
use crate::error::{Error, Result};
use crate::fingerprint::{Fingerprinted, Images, cache};
use crate::sample::{Listing, Location, Sample, SampleId};
use crate::source::{Reader, Request};

/// Part of a data set that is to become a file.
pub struct Wanted {
    listing: Listing,
    reader: Arc<PartReader>,
    header: Header,
}

impl Wanted {
    /// A part of the data set that `reader` reads. `source` is where a later process may
    /// look for its images again.
    pub fn new(
        listing: Listing,
        reader: Arc<dyn Reader>,
        part: Part,
        limits: Limits,
        source: Option<&Request>,
    ) -> Self {
        let count = listing.samples.len();
        let samples = part.samples(reader.as_ref(), count);
        let mut set = Set::of(&listing, source.and_then(Source::of));
        set.digest = digest(&listing, &set);
        let header = Header {
            format: FORMAT,
            method: cache::method(limits),
            max_pixels: limits.max_pixels,
            part,
            rows: samples.len() as u64,
            set,
        };
        Self {
            reader: Arc::new(PartReader {
                all: reader,
                count,
                samples,
            }),
            listing,
            header,
        }
    }

    /// The samples of the part as a listing of their own: what has to be fingerprinted.
    pub fn samples(&self) -> Listing {
        let samples = (0..).zip(&self.reader.samples).map(|(id, &all)| Sample {
            id: SampleId(id),
            ..self.listing.sample(all).clone()
        });
        Listing {
            samples: samples.collect(),
            ..Listing::default()
        }
    }

    /// Reads the samples of the part.
    pub fn reader(&self) -> Arc<dyn Reader> {
        self.reader.clone()
    }

    /// Whether `path` is the file of this part already, and no image was written to since.
    ///
    /// # Errors
    /// [`Error::Output`] when something else lies there, which is not to be overwritten.
    pub fn is_done(&self, path: &Path) -> Result<bool> {
        let Ok(there) = path.metadata() else {
            return Ok(false);
        };
        if !there.is_file() {
            return Ok(false);
        }
        let shard = ShardFile::open(path).map_err(|_| {
            Error::output(
                path,
                "a file of something else is in the way; name another one, or remove it",
            )
        })?;
        if shard.header != self.header {
            return Ok(false);
        }
        let Ok(made) = there.modified() else {
            return Ok(false);
        };
        let mut files: Vec<PathBuf> = (0..self.reader.samples.len() as u32)
            .map(|id| self.reader.location(SampleId(id)).file().to_owned())
            .collect();
        files.sort_unstable();
        files.dedup();
        let is_older = |file: PathBuf| {
            let modified = file.metadata().and_then(|found| found.modified());
            modified.is_ok_and(|time| time < made)
        };
        Ok(files.into_iter().all(is_older))
    }

    /// Writes the file: the fingerprints of [`Wanted::samples`]. `began` is when the first
    /// image was read, or before.
    ///
    /// # Errors
    /// [`Error::Output`] when it cannot be written; [`Error::Interrupted`] when not all
    /// samples were fingerprinted.
    pub fn write(&self, path: &Path, made: &Fingerprinted, began: SystemTime) -> Result<()> {
        let rows: Option<Vec<Row>> = (0..)
            .zip(&self.reader.samples)
            .map(|(id, &all)| self.row(SampleId(id), all, made))
            .collect();
        let rows = rows.filter(|_| !made.interrupted);
        let rows = rows.ok_or(Error::Interrupted)?;
        let images = &made.images;
        let pixels = |range: Range<usize>| -> io::Result<Vec<Pixels>> {
            let ids = range.clone().map(|id| SampleId(id as u32));
            ids.zip(&rows[range])
                .map(|(id, row)| pixels_of(id, row, images))
                .collect()
        };
        file::write(path, &self.header, &rows, pixels, began)
    }

    fn row(&self, id: SampleId, all: SampleId, made: &Fingerprinted) -> Option<Row> {
        let listing = &self.listing;
        let sample = listing.sample(all);
        let classes = sample.labels.classes().iter();
        let location = self.reader.location(id);
        let (entry, name) = match &location {
            Location::File(_) => (None, None),
            Location::Member { entry, name, .. } => (Some(*entry), name.clone()),
        };
        let containers = &listing.containers.of;
        Some(Row {
            sample: all.0,
            key: sample.key.to_string(),
            split: listing.split_name(sample.split).map(str::to_owned),
            labels: (classes.map(|&class| listing.class_name(class).to_owned())).collect(),
            group: sample.group.map(|id| listing.group_name(id).to_owned()),
            objects: listing.objects_of(all).to_vec(),
            container: containers.get(all.index()).copied().flatten(),
            file: location.file().to_string_lossy().into_owned(),
            entry,
            name,
            fingerprint: made.table.get(id)?.clone(),
        })
    }
}

fn pixels_of(id: SampleId, row: &Row, images: &Images) -> io::Result<Pixels> {
    let thumbnail =
        match &row.fingerprint.image {
            Ok(_) => Some(images.thumbnails.bytes(id).ok_or_else(|| {
                io::Error::other(format!("the thumbnail of `{}` is gone", row.key))
            })?),
            Err(_) => None,
        };
    Ok(Pixels { thumbnail })
}

/// Equal for two listings of which parts go together.
fn digest(listing: &Listing, set: &Set) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    // Where the set lies differs between machines.
    let mut set = set.clone();
    set.source = None;
    add(&serde_json::to_vec(&set).unwrap_or_default());
    for sample in &listing.samples {
        add(sample.key.as_str().as_bytes());
        add(listing.split_name(sample.split).unwrap_or("").as_bytes());
        add(listing.label_text(sample.id).as_bytes());
        add(sample
            .group
            .map_or("", |id| listing.group_name(id))
            .as_bytes());
        add(format!("{:?}", listing.objects_of(sample.id)).as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}
