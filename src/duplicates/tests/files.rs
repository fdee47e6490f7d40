//! Image files in memory, and scans of them with and without a cache.

use std::io::Cursor;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tempfile::TempDir;

use super::scenes::{Scene, photo};
use crate::decode::Limits;
use crate::duplicates::Duplicates;
use crate::duplicates::pipeline::search;
use crate::executor::{Executor, StopFlag};
use crate::fingerprint::cache::{self, Cache};
use crate::fingerprint::{Earlier, Fingerprinted, compute};
use crate::progress::Silent;
use crate::sample::{Labels, Listing, Location, Sample, SampleId, SampleKey};
use crate::source::{ReadFailure, Reader, Version};

/// Files in memory that record which of them are read.
pub(in crate::duplicates) struct Files {
    pub(super) bytes: Vec<Vec<u8>>,
    pub(super) modified: AtomicI64,
    read: Mutex<Vec<u32>>,
}

impl Files {
    /// The files read since the last call.
    pub(super) fn taken(&self) -> Vec<u32> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut read = std::mem::take(&mut *read);
        read.sort_unstable();
        read
    }
}

impl Reader for Files {
    fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.push(id.0);
        Ok(self.bytes[id.index()].clone())
    }

    fn version(&self, id: SampleId) -> Option<Version> {
        Some(Version::of(&[
            &id.0.to_le_bytes(),
            &self.bytes[id.index()].len().to_le_bytes(),
            &self.modified.load(Ordering::Relaxed).to_le_bytes(),
        ]))
    }

    fn location(&self, id: SampleId) -> Location {
        Location::File(format!("/{}", id.0).into())
    }
}

pub(in crate::duplicates) fn files(bytes: Vec<Vec<u8>>) -> Arc<Files> {
    Arc::new(Files {
        bytes,
        modified: AtomicI64::new(1),
        read: Mutex::default(),
    })
}

fn encoded(tone: impl Fn(f32, f32) -> f32, format: image::ImageFormat) -> Vec<u8> {
    let luma = photo(200, 150, tone).luma;
    let image = image::GrayImage::from_raw(luma.width, luma.height, luma.samples);
    let mut file = Cursor::new(Vec::new());
    (image.expect("as many samples as pixels"))
        .write_to(&mut file, format)
        .expect("written to memory");
    file.into_inner()
}

pub(super) fn png(tone: impl Fn(f32, f32) -> f32) -> Vec<u8> {
    encoded(tone, image::ImageFormat::Png)
}

/// Three images of each of six scenes, `3 * scene` the first: as it is,
/// brighter, and cropped. Then scene 5 once more, in another format.
pub(in crate::duplicates) static SET: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for scene in (0..6).map(Scene::new) {
        all.push(png(|x, y| scene.tone(x, y)));
        all.push(png(|x, y| 1.1 * scene.tone(x, y)));
        all.push(png(|x, y| scene.tone(0.1 + 0.8 * x, 0.05 + 0.8 * y)));
    }
    let again = Scene::new(5);
    all.push(encoded(|x, y| again.tone(x, y), image::ImageFormat::Bmp));
    all
});

/// A search of `files`, and the files read for it.
pub(in crate::duplicates) fn scan_with(
    files: &Arc<Files>,
    folder: Option<&TempDir>,
    method: &str,
    jobs: usize,
) -> (Duplicates, Vec<u32>) {
    let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
    let made = fingerprinted(files, folder, &executor);
    let found = search(&made.table, &made.images, method, &executor).expect("not stopped");
    (found, files.taken())
}

pub(super) fn fingerprinted(
    files: &Arc<Files>,
    folder: Option<&TempDir>,
    executor: &Executor,
) -> Fingerprinted {
    let samples = (0..files.bytes.len() as u32).map(|id| Sample {
        id: SampleId(id),
        key: SampleKey::from_path(Path::new(&id.to_string())),
        split: None,
        labels: Labels::None,
        objects: crate::sample::NO_OBJECTS,
        group: None,
    });
    let listing = Listing {
        samples: samples.collect(),
        ..Listing::default()
    };
    let earlier = folder.map(|folder| Earlier {
        cache: Arc::new(Cache::open(folder.path(), cache::LIMIT).expect("a cache")),
        check_content: false,
    });
    compute(
        &listing,
        Arc::<Files>::clone(files),
        Limits::default(),
        earlier,
        executor,
        &Silent,
    )
    .expect("thumbnails fit on the disk")
}
