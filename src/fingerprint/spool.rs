//! Thumbnails on disk, by sample. Holds none in memory and computes nothing.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Mutex;

use crate::decode::{Plane, Thumbnail};

/// An unnamed temporary file of thumbnails, gone when it is dropped.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    end: Mutex<u64>,
}

/// Where in a [`Spool`] a thumbnail lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    offset: u64,
    length: u32,
}

impl Spool {
    /// An empty spool in the system's folder for temporary files.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile()?,
            end: Mutex::new(0),
        })
    }

    /// Appends a thumbnail as [`to_bytes`] wrote it.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(super) fn push(&self, bytes: &[u8]) -> io::Result<Slot> {
        let mut end = self
            .end
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let slot = Slot {
            offset: *end,
            length: bytes.len() as u32,
        };
        (&self.file).write_all(bytes)?;
        *end += bytes.len() as u64;
        Ok(slot)
    }

    /// Reads a thumbnail back, from any thread.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn get(&self, slot: Slot) -> io::Result<Thumbnail> {
        let mut bytes = vec![0; slot.length as usize];
        read_at(&self.file, &mut bytes, slot.offset)?;
        from_bytes(&bytes).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }
}

/// Serialises a thumbnail: sides of luma and chroma, one byte each, then the
/// three planes.
pub(super) fn to_bytes(thumbnail: &Thumbnail) -> Vec<u8> {
    let (luma, cb, cr) = (&thumbnail.luma, &thumbnail.cb, &thumbnail.cr);
    let mut bytes = Vec::with_capacity(4 + luma.samples.len() + 2 * cb.samples.len());
    // No side is over `Thumbnail::LUMA_SIDE`.
    bytes.extend([luma.width, luma.height, cb.width, cb.height].map(|side| side as u8));
    bytes.extend(&luma.samples);
    bytes.extend(&cb.samples);
    bytes.extend(&cr.samples);
    bytes
}

/// Reads what [`to_bytes`] wrote; `None` for anything else.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<Thumbnail> {
    let (sides, mut rest) = bytes.split_first_chunk::<4>()?;
    let [luma_width, luma_height, width, height] = sides.map(u32::from);
    let mut take = |width: u32, height: u32| {
        let (samples, after) = rest.split_at_checked((width * height) as usize)?;
        rest = after;
        Some(Plane {
            width,
            height,
            samples: samples.to_vec(),
        })
    };
    let thumbnail = Thumbnail {
        luma: take(luma_width, luma_height)?,
        cb: take(width, height)?,
        cr: take(width, height)?,
    };
    rest.is_empty().then_some(thumbnail)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[count..];
        offset += count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbnails_come_back_as_they_went_in() {
        let spool = Spool::new().expect("temporary file");
        let make = |side, value| Thumbnail {
            luma: Plane::filled(side, 64, value),
            cb: Plane::filled(2, 3, 1),
            cr: Plane::filled(2, 3, 2),
        };
        let slots: Vec<_> = (1..=64)
            .map(|side| {
                spool
                    .push(&to_bytes(&make(side, side as u8)))
                    .expect("written")
            })
            .collect();
        for (side, slot) in (1..=64u32).zip(slots).collect::<Vec<_>>().into_iter().rev() {
            assert_eq!(spool.get(slot).expect("read"), make(side, side as u8));
        }
    }

    #[test]
    fn foreign_bytes_are_refused() {
        assert_eq!(from_bytes(&[]), None);
        assert_eq!(from_bytes(&[1, 1, 0, 0]), None);
        assert_eq!(from_bytes(&[1, 1, 0, 0, 7, 7]), None);
    }
}
