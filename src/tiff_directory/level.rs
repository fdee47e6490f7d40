//! One level of a pyramid, cut out of its file as a file of its own. Decodes no pixel.

use std::io::{self, Read, Seek};

use super::{Directories, Directory};

/// Pixels of an image from which on a smaller level stands for it: above any camera.
const LARGE: f64 = 150e6;

/// The long side in pixels that a level has to have to stand for the whole: what is
/// compared of an image has 256.
const SUFFICIENT: f64 = 1024.0;

/// Levels at most: each has a quarter of the pixels of the one before.
const MOST_LEVELS: usize = 32;

/// Bytes of a level at most, as it is packed.
const MOST_BYTES: u64 = 128 << 20;

/// How far the shapes of two levels may differ: sides are rounded.
const ASPECT: f64 = 0.02;

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const SUB_DIRECTORIES: u16 = 330;
/// Where strips, or tiles, lie; and the tag of their lengths.
const PLACES: [(u16, u16); 2] = [(273, 279), (324, 325)];

impl<R: Read + Seek> Directories<R> {
    /// The smallest sufficient level of a pyramid, as a TIFF file; `None` where the file is
    /// none, or small enough to be read as it is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn level(mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(first) = self.directory()? else {
            return Ok(None);
        };
        let Some(whole) = self.size(&first).filter(|(w, h)| w * h > LARGE) else {
            return Ok(None);
        };
        let mut levels = Vec::new();
        while levels.len() < MOST_LEVELS
            && let Ok(Some(next)) = self.directory()
        {
            levels.push(next);
        }
        for place in self.numbers(&first, SUB_DIRECTORIES) {
            self.next = place as u64;
            levels.extend(self.directory().ok().flatten());
        }
        let mut best: Option<(f64, Directory)> = None;
        for level in levels.into_iter().take(2 * MOST_LEVELS) {
            // Labels and overviews of a slide have another shape.
            let Some(size) = self.size(&level).filter(|size| is_reduced(whole, *size)) else {
                continue;
            };
            let long = size.0.max(size.1);
            let is_better = best
                .as_ref()
                .is_none_or(|(best, _)| match *best >= SUFFICIENT {
                    true => long >= SUFFICIENT && long < *best,
                    false => long > *best,
                });
            if is_better {
                best = Some((long, level));
            }
        }
        best.map_or(Ok(None), |(_, level)| self.cut_out(&level))
    }

    fn size(&mut self, of: &Directory) -> Option<(f64, f64)> {
        let size = (self.first(of, WIDTH)?, self.first(of, HEIGHT)?);
        (size.0 >= 1.0 && size.1 >= 1.0).then_some(size)
    }

    /// A file of one directory and what it names; `None` for one without pixels.
    fn cut_out(&mut self, of: &Directory) -> io::Result<Option<Vec<u8>>> {
        let Some((places, lengths)) = PLACES.into_iter().find(|(places, _)| of.has(*places)) else {
            return Ok(None);
        };
        let at = self.numbers(of, places);
        let lengths = self.numbers(of, lengths);
        let total: f64 = lengths.iter().sum();
        if at.is_empty() || at.len() != lengths.len() || total.is_nan() || total > MOST_BYTES as f64
        {
            return Ok(None);
        }
        let (counted, field, room, head) = match self.big {
            true => (8, 20, 8, 16),
            false => (2, 12, 4, 8),
        };
        let tags: Vec<u16> = (of.0.iter().map(|field| field.tag))
            .filter(|tag| *tag != SUB_DIRECTORIES)
            .collect();
        let mut values = Vec::new();
        for &tag in &tags {
            match tag == places {
                true => values.push((tag, self.offset_kind(), vec![0; at.len() * room])),
                false => {
                    let (kind, bytes) = self.value(of, tag).ok_or(io::ErrorKind::InvalidData)?;
                    values.push((tag, kind, bytes));
                }
            }
        }
        let mut behind = head + counted + values.len() * field + room;
        let mut outside = Vec::new();
        for (_, _, bytes) in &values {
            outside.push((bytes.len() > room).then_some(behind));
            if bytes.len() > room {
                behind += bytes.len().next_multiple_of(2);
            }
        }
        let mut data = Vec::new();
        let mut moved = Vec::new();
        for (&place, &length) in at.iter().zip(&lengths) {
            moved.extend(self.digits((behind + data.len()) as u64, room));
            data.extend(self.long_bytes(place as u64, length as u64)?);
        }
        if let Some((_, _, bytes)) = values.iter_mut().find(|(tag, ..)| *tag == places) {
            *bytes = moved;
        }
        Ok(Some(self.written(&values, &outside, data)))
    }

    fn written(
        &self,
        values: &[(u16, u16, Vec<u8>)],
        outside: &[Option<usize>],
        data: Vec<u8>,
    ) -> Vec<u8> {
        let (counted, room) = if self.big { (8, 8) } else { (2, 4) };
        let mut file = if self.little {
            b"II".to_vec()
        } else {
            b"MM".to_vec()
        };
        file.extend(self.digits(if self.big { 43 } else { 42 }, 2));
        if self.big {
            file.extend(self.digits(8, 2));
            file.extend(self.digits(0, 2));
        }
        let first = file.len() + room;
        file.extend(self.digits(first as u64, room));
        file.extend(self.digits(values.len() as u64, counted));
        for ((tag, kind, bytes), place) in values.iter().zip(outside) {
            let count = bytes.len() as u64 / super::size_of(*kind).max(1);
            file.extend(self.digits((*tag).into(), 2));
            file.extend(self.digits((*kind).into(), 2));
            file.extend(self.digits(count, room));
            match place {
                Some(place) => file.extend(self.digits(*place as u64, room)),
                None => {
                    file.extend(bytes);
                    file.resize(file.len() + room - bytes.len(), 0);
                }
            }
        }
        file.extend(self.digits(0, room));
        for ((_, _, bytes), place) in values.iter().zip(outside) {
            if place.is_some() {
                file.extend(bytes);
                file.resize(file.len().next_multiple_of(2), 0);
            }
        }
        file.extend(data);
        file
    }

    /// The type of an offset.
    fn offset_kind(&self) -> u16 {
        if self.big { 16 } else { 4 }
    }

    fn digits(&self, value: u64, length: usize) -> Vec<u8> {
        match self.little {
            true => value.to_le_bytes()[..length].to_vec(),
            false => value.to_be_bytes()[8 - length..].to_vec(),
        }
    }
}

/// Whether an image is a smaller one of the same shape.
fn is_reduced(whole: (f64, f64), size: (f64, f64)) -> bool {
    let (across, down) = (size.0 / whole.0, size.1 / whole.1);
    across < 0.9 && (across / down - 1.0).abs() <= ASPECT
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A pyramid of gray images without packing: of the whole only the size is said.
    fn pyramid(little: bool, levels: &[(u32, u32)]) -> Vec<u8> {
        let digits = |value: u32, length: usize| match little {
            true => value.to_le_bytes()[..length].to_vec(),
            false => value.to_be_bytes()[4 - length..].to_vec(),
        };
        let mut file = if little {
            b"II".to_vec()
        } else {
            b"MM".to_vec()
        };
        file.extend(digits(42, 2));
        file.extend(digits(8, 4));
        for (index, &(width, height)) in levels.iter().enumerate() {
            let fields = 7u32;
            let behind = file.len() as u32 + 2 + 12 * fields + 4;
            let pixels = if index == 0 { 4 } else { width * height };
            file.extend(digits(fields, 2));
            for (tag, kind, value) in [
                (256, 4, width),
                (257, 4, height),
                (258, 3, 8),
                (262, 3, 1),
                (273, 4, behind),
                (278, 4, height),
                (279, 4, pixels),
            ] {
                file.extend(digits(tag, 2));
                file.extend(digits(kind, 2));
                file.extend(digits(1, 4));
                let size = if kind == 3 { 2 } else { 4 };
                file.extend(digits(value, size));
                file.resize(file.len() + 4 - size, 0);
            }
            let is_last = index + 1 == levels.len();
            file.extend(digits(if is_last { 0 } else { behind + pixels }, 4));
            file.extend((0..pixels).map(|at| (at * 7 % 251) as u8));
        }
        file
    }

    fn level(file: &[u8]) -> Option<Vec<u8>> {
        let opened = Directories::open(Cursor::new(file)).expect("read");
        opened.expect("a TIFF file").level().expect("read")
    }

    #[test]
    fn smallest_sufficient_level_is_a_file_of_its_own() {
        let levels = [
            (40_000, 20_000),
            (4000, 2000),
            (1200, 600),
            (300, 150),
            (900, 800),
        ];
        for little in [true, false] {
            let file = pyramid(little, &levels);
            let cut = level(&file).expect("a level");
            let mut opened = Directories::open(Cursor::new(&cut))
                .expect("read")
                .expect("TIFF");
            let only = opened.directory().expect("read").expect("a directory");
            assert_eq!(opened.numbers(&only, 256), [1200.0]);
            assert!(opened.directory().expect("read").is_none());
            let place = opened.first(&only, 273).expect("a place") as usize;
            assert_eq!(opened.first(&only, 279), Some(720_000.0));
            let pixels = &cut[place..];
            assert!(
                pixels
                    .iter()
                    .enumerate()
                    .all(|(at, &v)| v == (at * 7 % 251) as u8)
            );
            assert_eq!(pixels.len(), 720_000);
        }
    }

    #[test]
    fn image_that_is_no_pyramid_or_not_large_is_read_as_it_is() {
        assert_eq!(level(&pyramid(true, &[(40_000, 20_000)])), None);
        assert_eq!(level(&pyramid(true, &[(40_000, 20_000), (900, 800)])), None);
        assert_eq!(level(&pyramid(true, &[(4000, 2000), (1200, 600)])), None);
    }

    #[test]
    fn every_prefix_is_refused_or_gives_a_whole_level() {
        let file = pyramid(true, &[(40_000, 20_000), (40, 20), (60, 30)]);
        for end in 0..file.len() {
            if let Ok(Some(opened)) = Directories::open(Cursor::new(&file[..end]))
                && let Ok(Some(cut)) = opened.level()
            {
                assert!(cut.len() > 800, "{end}");
            }
        }
    }
}
