//! NIfTI-1 and NIfTI-2 volumes in one file: the header, and slices read on the way
//! through the voxels. Holds the slices asked for and one plane.

use std::io::{self, Read};

/// Bytes of the longer header.
pub const HEADER: usize = 540;

/// Voxels of a plane at most: the widest microscopes have some 4,000 a side.
const MOST_OF_PLANE: u64 = 1 << 24;

/// Planes of a volume at most: each may be a sample.
const MOST_SLICES: u64 = 1 << 16;

/// Bytes of a volume at most, unpacked: as of any image file.
const MOST_BYTES: u64 = 2 << 30;

/// Slices of a thinner volume across its planes show next to nothing.
const LEAST_SIDE: u32 = 16;

/// What a header says of its voxels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Header {
    /// Voxels along each axis; of a series the first volume.
    pub size: [u32; 3],
    /// Volumes, one behind the other.
    pub volumes: u64,
    kind: Kind,
    big_endian: bool,
    /// Bytes before the first voxel.
    offset: u64,
    /// Larger numbers are darker.
    inverted: bool,
}

/// How a voxel is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unsigned(u8),
    Signed(u8),
    Float(u8),
}

/// A slice: all voxels of one place along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slice {
    /// 0, 1 or 2.
    pub axis: u8,
    /// From 0.
    pub at: u32,
}

/// The numbers of a slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// Voxels along the lower axis.
    pub width: u32,
    /// Voxels along the higher axis.
    pub height: u32,
    /// Row by row.
    pub numbers: Vec<f32>,
}

/// Whether a file's name is that of a volume.
pub fn is_name(name: &str) -> bool {
    stem(name).is_some()
}

/// The name without its extension, if it is that of a volume.
pub fn stem(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let extension = [".nii.gz", ".nii"]
        .into_iter()
        .find(|end| lower.ends_with(end))?;
    name.get(..name.len() - extension.len())
}

impl Header {
    /// Reads the first [`HEADER`] bytes of a file, or fewer where it is shorter.
    ///
    /// # Errors
    /// Why it is no volume that is read here, in words.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let short = || "it is too short for a NIfTI header".to_owned();
        let four = |at: usize| bytes.get(at..at + 4).ok_or_else(short);
        let length = four(0)?;
        let (big_endian, second) = match (le(length), be(length)) {
            (348, _) => (false, false),
            (_, 348) => (true, false),
            (540, _) => (false, true),
            (_, 540) => (true, true),
            _ => return Err("it does not begin like a NIfTI volume".to_owned()),
        };
        let number = |at: usize, length: usize| -> Result<u64, String> {
            let bytes = bytes.get(at..at + length).ok_or_else(short)?;
            Ok(if big_endian { be(bytes) } else { le(bytes) })
        };
        let magic = if second { four(4)? } else { four(344)? };
        if !magic.starts_with(b"n+") {
            return Err(
                "its voxels are in another file (`.hdr` and `.img`), which is not read".to_owned(),
            );
        }
        let side = |index: usize| match second {
            true => number(16 + 8 * index, 8),
            false => number(40 + 2 * index, 2),
        };
        let dimensions = side(0)?;
        if !(2..=7).contains(&dimensions) {
            return Err(format!("it has {dimensions} dimensions"));
        }
        let along = |index: u64| match index <= dimensions {
            true => side(index as usize),
            false => Ok(1),
        };
        let (x, y, z) = (along(1)?, along(2)?, along(3)?.max(1));
        let volumes = (4..=7).try_fold(1u64, |all, index| {
            Ok::<_, String>(all.saturating_mul(along(index)?.max(1)))
        })?;
        let code = number(if second { 12 } else { 70 }, 2)?;
        let kind = match code {
            2 => Kind::Unsigned(1),
            4 => Kind::Signed(2),
            8 => Kind::Signed(4),
            16 => Kind::Float(4),
            64 => Kind::Float(8),
            256 => Kind::Signed(1),
            512 => Kind::Unsigned(2),
            768 => Kind::Unsigned(4),
            1024 => Kind::Signed(8),
            1280 => Kind::Unsigned(8),
            128 | 2304 => return Err("its voxels are colours, which are not read".to_owned()),
            other => return Err(format!("its voxels are of type {other}, which is not read")),
        };
        let offset = match second {
            true => number(168, 8)?,
            false => f32::from_bits(number(108, 4)? as u32) as u64,
        };
        let slope = match second {
            true => f64::from_bits(number(176, 8)?),
            false => f32::from_bits(number(112, 4)? as u32).into(),
        };
        let sound = (1..=MOST_OF_PLANE).contains(&x)
            && (1..=MOST_OF_PLANE).contains(&y)
            && z <= MOST_SLICES;
        let plane = x.saturating_mul(y);
        let header = Self {
            size: [x as u32, y as u32, z as u32],
            volumes,
            kind,
            big_endian,
            offset,
            inverted: slope < 0.0,
        };
        let bytes = plane
            .saturating_mul(z)
            .saturating_mul(header.voxel() as u64);
        if !sound || plane > MOST_OF_PLANE || bytes > MOST_BYTES || offset > MOST_BYTES {
            return Err(format!(
                "its size, {x} × {y} × {z}, is not that of a volume"
            ));
        }
        Ok(header)
    }

    /// The slices to compare: every `step`-th of the last axis, or the middle of each
    /// axis.
    pub fn slices(&self, step: Option<u32>) -> Vec<Slice> {
        let [x, y, z] = self.size;
        if let Some(step) = step {
            let step = step.max(1);
            let first = (step / 2).min(z - 1);
            return (first..z)
                .step_by(step as usize)
                .map(|at| Slice { axis: 2, at })
                .collect();
        }
        let is_wide = |axis: usize| {
            let sides = [x, y, z];
            axis == 2 || (0..3).all(|other| other == axis || sides[other] >= LEAST_SIDE)
        };
        let axes = (0..3).rev().filter(|&axis| is_wide(axis));
        axes.map(|axis| Slice {
            axis: axis as u8,
            at: self.size[axis] / 2,
        })
        .collect()
    }

    fn voxel(&self) -> usize {
        match self.kind {
            Kind::Unsigned(size) | Kind::Signed(size) | Kind::Float(size) => size.into(),
        }
    }

    /// Reads slices of a file, from its beginning.
    ///
    /// # Errors
    /// When it ends before the last of them.
    pub fn planes(&self, mut file: impl Read, slices: &[Slice]) -> io::Result<Vec<Plane>> {
        skip(&mut file, self.offset)?;
        let [x, y, z] = self.size.map(|side| side as usize);
        let mut planes: Vec<Plane> = (slices.iter())
            .map(|slice| {
                let sides = self.size;
                let [width, height] = match slice.axis {
                    0 => [sides[1], sides[2]],
                    1 => [sides[0], sides[2]],
                    _ => [sides[0], sides[1]],
                };
                Plane {
                    width,
                    height,
                    numbers: Vec::new(),
                }
            })
            .collect();
        // Behind the last slice along the last axis nothing is asked for.
        let all = slices.iter().any(|slice| slice.axis < 2);
        let last = slices
            .iter()
            .map(|slice| slice.at as usize)
            .max()
            .unwrap_or(0);
        let depth = if all { z } else { z.min(last + 1) };
        let mut bytes = vec![0; x * y * self.voxel()];
        for level in 0..depth {
            file.read_exact(&mut bytes)?;
            for (slice, plane) in slices.iter().zip(&mut planes) {
                let at = slice.at as usize;
                match slice.axis {
                    0 if at < x => plane
                        .numbers
                        .extend((0..y).map(|row| self.number(&bytes, row * x + at))),
                    1 if at < y => plane
                        .numbers
                        .extend((0..x).map(|column| self.number(&bytes, at * x + column))),
                    2 if at == level => plane
                        .numbers
                        .extend((0..x * y).map(|place| self.number(&bytes, place))),
                    _ => {}
                }
            }
        }
        Ok(planes)
    }

    fn number(&self, bytes: &[u8], place: usize) -> f32 {
        let size = self.voxel();
        let bytes = &bytes[place * size..(place + 1) * size];
        let number = if self.big_endian {
            be(bytes)
        } else {
            le(bytes)
        };
        let unused = 64 - 8 * size as u32;
        match self.kind {
            Kind::Unsigned(_) => number as f32,
            Kind::Signed(_) => ((number << unused).cast_signed() >> unused) as f32,
            Kind::Float(4) => f32::from_bits(number as u32),
            Kind::Float(_) => f64::from_bits(number) as f32,
        }
    }
}

/// The share of numbers, at either end, that may lie beyond black and white; as for
/// samples of 16 bits.
const BEYOND: f64 = 0.001;

impl Header {
    /// Slices as gray levels of 16 bits, all from the same black to the same white.
    pub fn levels(&self, planes: &[Plane]) -> Vec<Vec<u16>> {
        let numbers = || planes.iter().flat_map(|plane| &plane.numbers).copied();
        let mut sorted: Vec<f32> = numbers().filter(|v| v.is_finite()).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let beyond = (sorted.len() as f64 * BEYOND) as usize;
        let low = sorted.get(beyond).copied().unwrap_or(0.0);
        let high = sorted.iter().rev().nth(beyond).copied().unwrap_or(0.0);
        let span = if high > low { high - low } else { 1.0 };
        let level = |v: f32| {
            // The cast clamps, and makes 0 of what is not a number.
            let level = ((v - low) / span * 65_535.0 + 0.5) as u16;
            if self.inverted {
                u16::MAX - level
            } else {
                level
            }
        };
        planes
            .iter()
            .map(|plane| plane.numbers.iter().map(|&v| level(v)).collect())
            .collect()
    }
}

fn skip(file: &mut impl Read, count: u64) -> io::Result<()> {
    let skipped = io::copy(&mut file.by_ref().take(count), &mut io::sink())?;
    match skipped == count {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn le(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn be(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[cfg(test)]
pub(crate) mod written;

#[cfg(test)]
mod tests {
    use super::written::volume;
    use super::*;

    fn value(x: u32, y: u32, z: u32) -> i32 {
        (x + 20 * y + 400 * z) as i32 - 100
    }

    #[test]
    fn slices_of_all_axes_and_kinds_are_those_that_were_written() {
        for (code, second, big_endian) in [
            (4, false, false),
            (4, false, true),
            (8, true, false),
            (16, false, false),
            (64, true, true),
        ] {
            let bytes = volume([17, 18, 16], code, (second, big_endian), value);
            let header = Header::read(&bytes).expect("a header");
            assert_eq!(header.size, [17, 18, 16]);
            let slices = header.slices(None);
            let at = |axis, at| Slice { axis, at };
            assert_eq!(slices, [at(2, 8), at(1, 9), at(0, 8)]);
            let planes = header.planes(&bytes[..], &slices).expect("read");
            assert_eq!((planes[0].width, planes[0].height), (17, 18));
            assert_eq!(planes[0].numbers[17 * 3 + 2], value(2, 3, 8) as f32);
            assert_eq!(planes[1].numbers[17 * 5 + 2], value(2, 9, 5) as f32);
            assert_eq!(planes[2].numbers[18 * 5 + 3], value(8, 3, 5) as f32);
            let levels = header.levels(&planes);
            assert_eq!(levels.iter().flatten().max(), Some(&u16::MAX));
        }
    }

    #[test]
    fn every_nth_slice_is_read_and_no_voxel_behind_the_last() {
        let bytes = volume([4, 3, 10], 2, (false, false), |x, _, z| (x + z) as i32);
        let header = Header::read(&bytes).expect("a header");
        let slices = header.slices(Some(4));
        assert_eq!(
            slices.iter().map(|slice| slice.at).collect::<Vec<_>>(),
            [2, 6]
        );
        let planes = header
            .planes(&bytes[..bytes.len() - 12 * 3], &slices)
            .expect("read");
        assert_eq!(planes[1].numbers[..4], [6.0, 7.0, 8.0, 9.0]);
        // A flat volume has its planes only.
        assert_eq!(header.slices(None).len(), 1);
    }

    #[test]
    fn every_prefix_is_refused() {
        let bytes = volume([17, 16, 16], 4, (false, false), value);
        for end in (0..bytes.len()).step_by(61) {
            let read = Header::read(&bytes[..end.min(HEADER)]);
            let planes = read.map(|header| header.planes(&bytes[..end], &header.slices(None)));
            assert!(
                planes.is_err() || planes.is_ok_and(|planes| planes.is_err()),
                "{end}"
            );
        }
        assert!(Header::read(&[0; HEADER]).is_err());
    }

    #[test]
    fn names_of_volumes_are_known() {
        assert_eq!(stem("case_0000.nii.gz"), Some("case_0000"));
        assert_eq!(stem("T1.NII"), Some("T1"));
        assert!(!is_name("a.nii.tar") && !is_name("nii"));
    }
}
