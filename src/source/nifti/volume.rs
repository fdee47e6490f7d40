//! A volume as a file of slices, each a gray image of 16 bits. Chooses no slice.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::nifti::{HEADER, Header, Plane, Slice};
use crate::source::container::Container;
use crate::source::reader::{Bytes, ReadFailure};

/// The chosen slices of one file, all brought to gray by one scale.
pub(super) struct Volume {
    pub(super) path: PathBuf,
    pub(super) header: Header,
    pub(super) slices: Vec<Slice>,
}

impl Volume {
    /// Reads the header.
    ///
    /// # Errors
    /// Why it is no volume, in words.
    pub(super) fn open(path: &Path, step: Option<u32>) -> Result<Self, String> {
        let mut head = Vec::with_capacity(HEADER);
        let file = unpacked(path).map_err(|error| error.to_string())?;
        // What cannot be unpacked is too short for a header.
        let _ = file.take(HEADER as u64).read_to_end(&mut head);
        let header = Header::read(&head)?;
        Ok(Self {
            path: path.to_owned(),
            slices: header.slices(step),
            header,
        })
    }

    /// The numbers of all slices.
    pub(super) fn planes(&self) -> Result<Vec<Plane>, ReadFailure> {
        let planes = unpacked(&self.path).and_then(|file| self.header.planes(file, &self.slices));
        planes.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                ReadFailure("the volume ends before its last slice".to_owned())
            }
            _ => ReadFailure(error.to_string()),
        })
    }

    /// What a slice is called: its axis, counted from 1, and its place from 0.
    pub(super) fn name(slice: Slice) -> String {
        format!("axis{}-{:03}.pgm", slice.axis + 1, slice.at)
    }
}

/// The bytes of a file, unpacked if they are packed.
fn unpacked(path: &Path) -> io::Result<Box<dyn Read>> {
    let file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let packed = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    Ok(match packed {
        true => Box::new(MultiGzDecoder::new(file)),
        false => Box::new(file),
    })
}

impl Container for Volume {
    fn path(&self) -> &Path {
        &self.path
    }

    fn method(&self) -> &'static str {
        "nifti slices 1"
    }

    fn name(&self, entry: u64) -> Option<Cow<'_, str>> {
        let slice = self.slices.get(usize::try_from(entry).ok()?)?;
        Some(Cow::Owned(Self::name(*slice)))
    }

    fn identity(&self, entry: u64) -> u64 {
        // The gray of a slice depends on all that were chosen with it.
        let slice = usize::try_from(entry)
            .ok()
            .and_then(|entry| self.slices.get(entry));
        let place = slice.map_or(u64::MAX >> 24, |slice| {
            u64::from(slice.at) << 2 | u64::from(slice.axis)
        });
        place << 24 | (self.slices.len() as u64).min(0xFF_FFFF)
    }

    fn block(&self, _: u64) -> Option<u64> {
        Some(0)
    }

    fn read_run(
        &self,
        entries: &[u64],
        visit: &mut dyn FnMut(usize, Bytes<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if entries.is_empty() {
            return ControlFlow::Continue(());
        }
        let planes = self.planes();
        let levels = planes.as_ref().map(|planes| self.header.levels(planes));
        for (place, &entry) in entries.iter().enumerate() {
            let index = usize::try_from(entry).unwrap_or(usize::MAX);
            let bytes = match (&planes, &levels) {
                (Ok(planes), Ok(levels)) => match (planes.get(index), levels.get(index)) {
                    (Some(plane), Some(levels)) => Ok(Cow::Owned(file(plane, levels))),
                    _ => Err(ReadFailure("no such slice".to_owned())),
                },
                (Err(failure), _) => Err(failure.clone()),
                (_, Err(failure)) => Err((*failure).clone()),
            };
            visit(place, bytes)?;
        }
        ControlFlow::Continue(())
    }
}

/// A slice as a file (Netpbm, "PGM"), its rows from the bottom as the axes run up.
fn file(plane: &Plane, levels: &[u16]) -> Vec<u8> {
    let Plane { width, height, .. } = plane;
    let mut file = format!("P5\n{width} {height}\n65535\n").into_bytes();
    let rows = levels.chunks(*width as usize).rev();
    file.extend(rows.flatten().flat_map(|level| level.to_be_bytes()));
    file
}
