//! Thumbnails on disk, by sample. Holds none in memory and computes nothing.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Mutex;

use crate::decode::{Matte, Plane, Thumbnail};

/// An unnamed temporary file of thumbnails, gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    end: Mutex<u64>,
}

/// Where in a [`Spool`] a thumbnail lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    offset: u64,
    length: u32,
}

impl Slot {
    /// The slot behind `by` bytes more.
    pub(crate) fn shifted(self, by: u64) -> Self {
        Self {
            offset: self.offset + by,
            ..self
        }
    }
}

/// Thumbnails on their way to a [`Spool`]: to write a small one costs as much
/// as to make it, and to write many at once hardly more.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
}

impl Batch {
    /// Adds a thumbnail and those before other mattes; their place once the
    /// batch is pushed to an empty spool, and what [`from_bytes`] reads.
    pub(crate) fn add(
        &mut self,
        thumbnail: &Thumbnail,
        mattes: Option<&[Thumbnail; 2]>,
    ) -> (Slot, &[u8]) {
        let offset = self.bytes.len();
        for thumbnail in [thumbnail].into_iter().chain(mattes.into_iter().flatten()) {
            let (luma, cb, cr) = (&thumbnail.luma, &thumbnail.cb, &thumbnail.cr);
            // Sides of luma and chroma, one byte each because none is over
            // `Thumbnail::LUMA_SIDE`; then the three planes.
            let sides = [luma.width, luma.height, cb.width, cb.height];
            self.bytes.extend(sides.map(|side| side as u8));
            for plane in [luma, cb, cr] {
                self.bytes.extend_from_slice(&plane.samples);
            }
        }
        let bytes = &self.bytes[offset..];
        let slot = Slot {
            offset: offset as u64,
            length: bytes.len() as u32,
        };
        (slot, bytes)
    }
}

impl Batch {
    /// Adds the bytes of a thumbnail that [`Batch::add`] wrote elsewhere; `None` if they
    /// are none.
    pub(crate) fn add_bytes(&mut self, bytes: &[u8]) -> Option<Slot> {
        let thumbnail = from_bytes(bytes, Matte::White)?;
        let sound = |plane: &Plane, most: u32| {
            (1..=most).contains(&plane.width) && (1..=most).contains(&plane.height)
        };
        let is_sound = sound(&thumbnail.luma, Thumbnail::LUMA_SIDE)
            && sound(&thumbnail.cb, Thumbnail::LUMA_SIDE);
        let offset = self.bytes.len();
        is_sound.then(|| {
            self.bytes.extend_from_slice(bytes);
            Slot {
                offset: offset as u64,
                length: bytes.len() as u32,
            }
        })
    }
}

impl Spool {
    /// An empty spool in the system's folder for temporary files.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile()?,
            end: Mutex::new(0),
        })
    }

    /// Appends thumbnails, and gives what to [shift](Slot::shifted) their
    /// places by.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn push(&self, batch: &Batch) -> io::Result<u64> {
        let mut end = self
            .end
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let start = *end;
        (&self.file).write_all(&batch.bytes)?;
        *end += batch.bytes.len() as u64;
        Ok(start)
    }

    /// Reads a thumbnail back, from any thread.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn get(&self, slot: Slot, matte: Matte) -> io::Result<Thumbnail> {
        let bytes = self.bytes(slot)?;
        from_bytes(&bytes, matte).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }

    /// What [`Batch::add`] wrote of a thumbnail.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn bytes(&self, slot: Slot) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; slot.length as usize];
        read_at(&self.file, &mut bytes, slot.offset)?;
        Ok(bytes)
    }
}

/// Reads what [`Batch::add`] wrote; `None` for anything else.
pub(crate) fn from_bytes(bytes: &[u8], matte: Matte) -> Option<Thumbnail> {
    let (usual, rest) = one(bytes)?;
    if rest.is_empty() {
        return Some(usual);
    }
    let (black, rest) = one(rest)?;
    let (dropped, rest) = one(rest)?;
    let wanted = match matte {
        Matte::White => usual,
        Matte::Black => black,
        Matte::Dropped => dropped,
    };
    rest.is_empty().then_some(wanted)
}

/// The first thumbnail, and what lies behind it.
fn one(bytes: &[u8]) -> Option<(Thumbnail, &[u8])> {
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
    Some((thumbnail, rest))
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
        let mut slots = Vec::new();
        for sides in [1..=20, 21..=64] {
            let mut batch = Batch::default();
            let added = sides.map(|side| {
                let mattes = [make(side, 70), make(side, 80)];
                let mattes = (side % 3 == 0).then_some(&mattes);
                batch.add(&make(side, side as u8), mattes).0
            });
            let added: Vec<_> = added.collect();
            let start = spool.push(&batch).expect("written");
            slots.extend(added.into_iter().map(|slot| slot.shifted(start)));
        }
        for (side, slot) in (1..=64u32).zip(slots).collect::<Vec<_>>().into_iter().rev() {
            for (matte, value) in Matte::ALL.into_iter().zip([side as u8, 70, 80]) {
                let value = if side % 3 == 0 { value } else { side as u8 };
                assert_eq!(spool.get(slot, matte).expect("read"), make(side, value));
            }
        }
    }

    #[test]
    fn foreign_bytes_are_refused() {
        assert_eq!(from_bytes(&[], Matte::White), None);
        assert_eq!(from_bytes(&[1, 1, 0, 0], Matte::White), None);
        assert_eq!(from_bytes(&[1, 1, 0, 0, 7, 7], Matte::White), None);
        let mut batch = Batch::default();
        assert_eq!(batch.add_bytes(&[0; 4]), None, "no samples at all");
        assert_eq!(batch.add_bytes(&[1, 1, 1, 1, 7, 8]), None, "cut off");
        assert!(batch.add_bytes(&[1, 1, 1, 1, 7, 8, 9]).is_some());
    }
}
