//! DICOM files of several frames: each frame is a sample. Decodes no pixel.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::builder::Builder;
use super::container::Container;
use super::groups;
use super::places::read_whole;
use super::reader::{Bytes, ReadFailure};
use crate::dicom::frames::{Frames, count};
use crate::dicom::is_dicom;
use crate::image_format::{Format, has_image_extension};
use crate::sample::Listing;

/// Bytes of a file in which its patient, its study and its size are found: they come
/// before all that is large.
pub(super) const HEAD: u64 = 64 << 10;

/// Replaces files of several frames by their frames. Gives the containers that they
/// became.
pub(super) fn expand(builder: &mut Builder) -> BTreeSet<u32> {
    builder.expand_files(|path| {
        let head = may_be_dicom(path).then(|| head(path)).flatten()?;
        let frames = is_dicom(&head)
            .then(|| count(&head))
            .filter(|&frames| frames > 1)?;
        let container = MultiFrame {
            path: path.to_owned(),
        };
        Some((Arc::new(container) as Arc<dyn Container>, frames.into()))
    })
}

/// Gives frames that have no group yet their file as one.
pub(super) fn declare(listing: &mut Listing, of: &BTreeSet<u32>) {
    let loose = listing
        .samples
        .iter()
        .filter(|sample| sample.group.is_none());
    let found: BTreeMap<String, String> = loose
        .filter_map(|sample| {
            let container = listing
                .containers
                .of
                .get(sample.id.index())
                .copied()
                .flatten()?;
            let file = listing.containers.files.get(container as usize)?;
            of.contains(&container)
                .then(|| (sample.key.as_str().to_owned(), file.as_str().to_owned()))
        })
        .collect();
    if !found.is_empty() {
        groups::declare(listing, |key| found.get(key).cloned());
    }
}

/// Whether a name can be that of a DICOM file: those of other images are not opened.
pub(super) fn may_be_dicom(name: &Path) -> bool {
    let extension = name.extension().and_then(|extension| extension.to_str());
    let announced = Format::Dicom.extensions().iter();
    let announced = announced
        .copied()
        .any(|known| extension.is_some_and(|extension| extension.eq_ignore_ascii_case(known)));
    announced || !has_image_extension(name.as_os_str())
}

/// The first [`HEAD`] bytes of a file.
pub(super) fn head(path: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)
        .ok()?
        .take(HEAD)
        .read_to_end(&mut head)
        .ok()?;
    Some(head)
}

/// A file of several frames.
struct MultiFrame {
    path: PathBuf,
}

impl Container for MultiFrame {
    fn path(&self) -> &Path {
        &self.path
    }

    fn method(&self) -> &'static str {
        "dicom frames 1"
    }

    fn name(&self, entry: u64) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(frame_name(entry)))
    }

    fn block(&self, _: u64) -> Option<u64> {
        Some(0)
    }

    fn read_run(
        &self,
        entries: &[u64],
        visit: &mut dyn FnMut(usize, Bytes<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let file = read_whole(&self.path);
        let frames = file.as_ref().map_err(Clone::clone).and_then(|bytes| {
            Frames::of(bytes)
                .map_err(|fault| ReadFailure(format!("its frames cannot be told apart: {fault}")))
        });
        for (place, &entry) in entries.iter().enumerate() {
            let bytes = match &frames {
                Ok(frames) => (usize::try_from(entry).ok())
                    .and_then(|entry| frames.file(entry))
                    .map(Cow::Owned)
                    .ok_or_else(|| ReadFailure("no such frame".to_owned())),
                Err(failure) => Err(failure.clone()),
            };
            visit(place, bytes)?;
        }
        ControlFlow::Continue(())
    }
}

/// What a frame is called, from 1 as in the standard.
pub(super) fn frame_name(entry: u64) -> String {
    format!("frame-{:04}.dcm", entry + 1)
}
