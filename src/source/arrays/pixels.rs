//! Images as raw pixels in a file, made files of the Netpbm formats, which keep
//! every level. Understands no file format.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use flate2::read::{DeflateDecoder, MultiGzDecoder};

use super::numbers::{Kind, Numbers};
use crate::source::container::{Container, read_stretch, stretch};
use crate::source::reader::{Bytes, ReadFailure};

/// Images of one array, one behind the other.
pub(super) struct Raw {
    pub(super) path: PathBuf,
    pub(super) stored: Stored,
    pub(super) pixels: Pixels,
    /// Of the first image.
    pub(super) offset: u64,
    /// From one image to the next.
    pub(super) step: u64,
    /// Images that lie before these in the same file.
    pub(super) before: u64,
}

/// How the array lies in its file.
pub(super) enum Stored {
    Plain,
    Packed(Packed),
}

/// An array that is unpacked to a temporary file when it is first read.
pub(super) struct Packed {
    how: How,
    /// Bytes that are unpacked at most.
    most: u64,
    unpacked: OnceLock<Result<File, String>>,
}

/// How an array is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// The whole file, by gzip.
    Gzip,
    /// A stretch of the file, by Deflate.
    Deflate { offset: u64, stored: u64 },
}

/// The shape of one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pixels {
    pub(super) width: u64,
    pub(super) height: u64,
    /// 1, 3 or 4.
    pub(super) channels: u64,
    /// One channel after the other, not one pixel after the other.
    pub(super) planar: bool,
    /// Bytes of a level: 1 or 2.
    pub(super) depth: u64,
    pub(super) big_endian: bool,
}

/// Bytes of one image, at most; see [`crate::source::container::MAX_BYTES`].
const MAX_IMAGE: u64 = crate::source::container::MAX_BYTES;

impl Pixels {
    /// The images of an array, and how many there are.
    ///
    /// # Errors
    /// When it holds no images, or such that are not read.
    pub(super) fn of(numbers: &Numbers) -> Result<(Self, u64), String> {
        let shape = &numbers.shape;
        let shown = format!("{shape:?}").replace('[', "(").replace(']', ")");
        let depth = match numbers.kind {
            Kind::Unsigned(depth @ (1 | 2)) => depth.into(),
            Kind::Bool => {
                return Err("it holds zeros and ones, not levels of light".to_owned());
            }
            _ => {
                return Err(
                    "its numbers are no levels of 8 or 16 bits: save them as `uint8` (`(x * \
                     255).round().astype(\"uint8\")` for levels within 0 and 1)"
                        .to_owned(),
                );
            }
        };
        if numbers.fortran {
            return Err(
                "it is stored in Fortran order: save it with `np.ascontiguousarray`".to_owned(),
            );
        }
        let is_channels = |side: u64| matches!(side, 1 | 3 | 4);
        let (width, height, channels, planar) = match shape[..] {
            [_, height, width] => (width, height, 1, false),
            [_, a, b, c] => match (is_channels(a), is_channels(c)) {
                (true, true) => {
                    return Err(format!(
                        "its shape {shown} can have the channels first or last: save larger \
                         images, or files"
                    ));
                }
                (false, true) => (b, a, c, false),
                (true, false) => (c, b, a, true),
                (false, false) => return Err(format!("its shape {shown} is not that of images")),
            },
            _ => {
                return Err(format!(
                    "its shape {shown} is not that of images: (count, height, width) or (count, \
                     height, width, channels)"
                ));
            }
        };
        let pixels = Self {
            width,
            height,
            channels,
            planar,
            depth,
            big_endian: numbers.big_endian,
        };
        match pixels.size() {
            Some(1..=MAX_IMAGE) => Ok((pixels, shape[0])),
            _ => Err(format!("its shape {shown} is not that of images")),
        }
    }

    /// Bytes of one image.
    pub(super) fn size(&self) -> Option<u64> {
        [self.width, self.height, self.channels]
            .iter()
            .try_fold(self.depth, |size, side| size.checked_mul(*side))
    }

    /// The extension of the file that an image becomes.
    fn extension(&self) -> &'static str {
        match self.channels {
            1 => "pgm",
            3 => "ppm",
            _ => "pam",
        }
    }

    /// An image as a file (Netpbm, "PGM", "PPM", "PAM").
    fn file(&self, raw: &[u8]) -> Vec<u8> {
        let highest = if self.depth == 1 { 255 } else { 65_535 };
        let (width, height) = (self.width, self.height);
        let head = match self.channels {
            1 => format!("P5\n{width} {height}\n{highest}\n"),
            3 => format!("P6\n{width} {height}\n{highest}\n"),
            _ => format!(
                "P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH 4\nMAXVAL {highest}\nTUPLTYPE \
                 RGB_ALPHA\nENDHDR\n"
            ),
        };
        let mut file = Vec::with_capacity(head.len() + raw.len());
        file.extend_from_slice(head.as_bytes());
        let start = file.len();
        let (channels, depth) = (self.channels as usize, self.depth as usize);
        if self.planar && channels > 1 {
            let plane = raw.len() / channels;
            for pixel in (0..plane).step_by(depth) {
                for channel in 0..channels {
                    let at = channel * plane + pixel;
                    file.extend_from_slice(&raw[at..at + depth]);
                }
            }
        } else {
            file.extend_from_slice(raw);
        }
        if depth == 2 && !self.big_endian {
            for level in file[start..].chunks_exact_mut(2) {
                level.reverse();
            }
        }
        file
    }
}

impl Packed {
    /// `most` bytes of what comes out at most.
    pub(super) fn new(how: How, most: u64) -> Self {
        Self {
            how,
            most,
            unpacked: OnceLock::new(),
        }
    }

    /// What comes out, from its beginning.
    pub(super) fn reader(how: How, path: &Path) -> io::Result<Box<dyn Read>> {
        let file = File::open(path)?;
        Ok(match how {
            How::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(file))),
            How::Deflate { offset, stored } => Box::new(DeflateDecoder::new(BufReader::new(
                stretch(file, offset, stored)?,
            ))),
        })
    }

    fn file(&self, path: &Path) -> Result<&File, ReadFailure> {
        let unpack = || -> io::Result<File> {
            let mut file = tempfile::tempfile()?;
            let mut out = Self::reader(self.how, path)?.take(self.most);
            let mut buffer = vec![0; 1 << 16];
            loop {
                match out.read(&mut buffer) {
                    Ok(0) => return Ok(file),
                    Ok(count) => file.write_all(&buffer[..count])?,
                    // What came before is there.
                    Err(_) => return Ok(file),
                }
            }
        };
        let unpacked = self
            .unpacked
            .get_or_init(|| unpack().map_err(|error| error.to_string()));
        unpacked
            .as_ref()
            .map_err(|why| ReadFailure(format!("it cannot be unpacked to a temporary file: {why}")))
    }
}

impl Container for Raw {
    fn path(&self) -> &Path {
        &self.path
    }

    fn method(&self) -> &'static str {
        "raw pixels 1"
    }

    fn name(&self, entry: u64) -> Option<Cow<'_, str>> {
        let extension = self.pixels.extension();
        Some(Cow::Owned(format!("{entry:05}.{extension}")))
    }

    fn identity(&self, entry: u64) -> u64 {
        // Two arrays of one file share no image.
        self.before.wrapping_add(entry)
    }

    fn read_run(
        &self,
        entries: &[u64],
        visit: &mut dyn FnMut(usize, Bytes<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let opened;
        let file: Result<&File, ReadFailure> = match &self.stored {
            Stored::Plain => {
                opened = File::open(&self.path);
                (opened.as_ref()).map_err(|error| ReadFailure(error.to_string()))
            }
            Stored::Packed(packed) => packed.file(&self.path),
        };
        let size = self.pixels.size().unwrap_or(0) as usize;
        for (place, &entry) in entries.iter().enumerate() {
            let bytes = match &file {
                Err(failure) => Err(failure.clone()),
                Ok(file) => (entry.checked_mul(self.step))
                    .and_then(|at| at.checked_add(self.offset))
                    .ok_or_else(|| "no such image".to_owned())
                    .and_then(|at| {
                        read_stretch(file, at, size).map_err(|error| match error.kind() {
                            io::ErrorKind::UnexpectedEof => "the file ends inside it".to_owned(),
                            _ => error.to_string(),
                        })
                    })
                    .map(|raw| Cow::Owned(self.pixels.file(&raw)))
                    .map_err(ReadFailure),
            };
            visit(place, bytes)?;
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(shape: &[u64]) -> Numbers {
        Numbers {
            kind: Kind::Unsigned(1),
            big_endian: false,
            fortran: false,
            shape: shape.to_vec(),
            offset: 0,
        }
    }

    #[test]
    fn shapes_of_images_are_told_from_others() {
        for (shape, expected) in [
            (&[9, 28, 30][..], Some((30, 28, 1, false))),
            (&[9, 32, 32, 3], Some((32, 32, 3, false))),
            (&[9, 3, 32, 30], Some((30, 32, 3, true))),
            (&[9, 28, 28, 1], Some((28, 28, 1, false))),
            (&[9, 784], None),
            (&[9, 28, 28, 5], None),
            (&[9, 3, 32, 1], None),
            (&[9, 0, 28], None),
            (&[9, u64::MAX, u64::MAX], None),
        ] {
            let found = Pixels::of(&numbers(shape)).ok();
            let found = found.map(|(p, _)| (p.width, p.height, p.channels, p.planar));
            assert_eq!(found, expected, "{shape:?}");
        }
        let floats = Numbers {
            kind: Kind::Float(4),
            ..numbers(&[9, 28, 28])
        };
        assert!(Pixels::of(&floats).expect_err("floats").contains("uint8"));
    }

    #[test]
    fn planes_become_pixels_and_levels_keep_their_value() {
        let (planar, _) = Pixels::of(&numbers(&[1, 3, 8, 2])).expect("images");
        let raw: Vec<u8> = (0..48).collect();
        let file = planar.file(&raw);
        let image = image::load_from_memory(&file).expect("an image").to_rgb8();
        assert_eq!(image.dimensions(), (2, 8));
        assert_eq!(image.get_pixel(1, 3).0, [7, 23, 39]);
        let wide = Numbers {
            kind: Kind::Unsigned(2),
            ..numbers(&[1, 1, 5])
        };
        let (wide, _) = Pixels::of(&wide).expect("images");
        let file = wide.file(&[1, 0, 2, 1, 0, 0, 0, 0, 0, 0]);
        let image = image::load_from_memory(&file)
            .expect("an image")
            .to_luma16();
        assert_eq!(image.get_pixel(1, 0).0, [258]);
    }
}
