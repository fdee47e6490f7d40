//! Photoshop documents, small (PSD) and large (PSB): the image of all layers
//! together, which programs write beside the layers (Adobe Photoshop File Formats
//! Specification, 2019). Reads no layer.

use super::read::Read;
use super::whole::{Samples, Whole};
use crate::decode::header::ColourMode;
use crate::decode::{DecodeFailure, Limits, check_size};

/// Channels that the format allows.
const MOST_CHANNELS: u16 = 56;

/// What the numbers of a pixel stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Bitmap,
    Gray,
    Indexed,
    Rgb,
    Cmyk,
}

/// A file's fields and where its pixels lie.
struct File<'a> {
    width: u32,
    height: u32,
    channels: usize,
    bits: u8,
    mode: Mode,
    large: bool,
    palette: &'a [u8],
    /// The first channel behind the colours is opacity.
    transparent: bool,
    pixels: &'a [u8],
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Read, DecodeFailure> {
    let file = File::of(bytes)?;
    check_size(file.width, file.height, limits)?;
    let planes = file.planes()?;
    let colours = match file.mode {
        Mode::Cmyk => 4,
        Mode::Rgb => 3,
        _ => 1,
    };
    let alpha = usize::from(file.transparent && file.channels > colours);
    let pixels = file.width as usize * file.height as usize;
    let (samples, channels) = match file.bits {
        16 => {
            let words: Vec<u16> = (planes.as_chunks::<2>().0.iter())
                .map(|&two| u16::from_be_bytes(two))
                .collect();
            let woven = woven(&words, pixels, colours, alpha, u16::MAX.into());
            (Samples::Sixteen(woven), colours.min(3) + alpha)
        }
        _ if file.mode == Mode::Indexed => (Samples::Eight(file.looked_up(&planes)?), 3),
        _ => {
            let woven = woven(&planes, pixels, colours, alpha, u8::MAX.into());
            (Samples::Eight(woven), colours.min(3) + alpha)
        }
    };
    Ok(Read {
        whole: Whole {
            width: file.width,
            height: file.height,
            channels,
            samples,
            range: None,
        },
        colour: match (file.mode, alpha) {
            (Mode::Bitmap, _) => ColourMode::Bilevel,
            (Mode::Gray, 0) => ColourMode::Gray,
            (Mode::Gray, _) => ColourMode::GrayAlpha,
            (Mode::Indexed, _) => ColourMode::Palette,
            (Mode::Rgb, 0) => ColourMode::Rgb,
            (Mode::Rgb, _) => ColourMode::Rgba,
            (Mode::Cmyk, _) => ColourMode::Cmyk,
        },
        bits: file.bits,
        animated: false,
        exif: None,
        icc: None,
    })
}

impl<'a> File<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, DecodeFailure> {
        let mut rest = bytes.get(4..).unwrap_or_default();
        let large = number(&mut rest, 2)? == 2;
        take(&mut rest, 6)?;
        let channels = number(&mut rest, 2)?;
        let (height, width) = (number(&mut rest, 4)?, number(&mut rest, 4)?);
        let (bits, mode) = (number(&mut rest, 2)?, number(&mut rest, 2)?);
        let mode = match (mode, bits) {
            (0, 1) => Mode::Bitmap,
            // Duotone comes with its gray image.
            (1 | 8, 8 | 16) => Mode::Gray,
            (2, 8) => Mode::Indexed,
            (3, 8 | 16) => Mode::Rgb,
            (4, 8 | 16) => Mode::Cmyk,
            (9, _) => return Err(DecodeFailure::unsupported("Photoshop PSD in Lab colours")),
            _ => {
                let what = format!("Photoshop PSD of mode {mode} with {bits} bits a sample");
                return Err(DecodeFailure::unsupported(what));
            }
        };
        let least = match mode {
            Mode::Cmyk => 4,
            Mode::Rgb => 3,
            _ => 1,
        };
        if !(least..=usize::from(MOST_CHANNELS)).contains(&channels) {
            return Err(DecodeFailure::corrupt(
                "it has too few or too many channels",
            ));
        }
        let palette = section(&mut rest, 4)?;
        section(&mut rest, 4)?;
        let layers = section(&mut rest, if large { 8 } else { 4 })?;
        // Behind the length of the layers their count, below zero where the first
        // channel behind the colours is opacity.
        let count = layers.get(if large { 8 } else { 4 }..).unwrap_or_default();
        Ok(Self {
            width: u32::try_from(width).unwrap_or(u32::MAX),
            height: u32::try_from(height).unwrap_or(u32::MAX),
            channels,
            bits: bits as u8,
            mode,
            large,
            palette,
            transparent: count.first().is_some_and(|&byte| byte & 0x80 > 0),
            pixels: rest,
        })
    }

    /// Bytes of the rows of all channels, one plane behind the other; of a bitmap one
    /// byte a pixel.
    fn planes(&self) -> Result<Vec<u8>, DecodeFailure> {
        let mut rest = self.pixels;
        let row = (self.width as usize * usize::from(self.bits)).div_ceil(8);
        let rows = self.height as usize * self.channels;
        let mut planes = Vec::new();
        match number(&mut rest, 2)? {
            0 => planes.extend_from_slice(take(&mut rest, row * rows)?),
            1 => {
                let digits = if self.large { 4 } else { 2 };
                let mut lengths = take(&mut rest, digits * rows)?;
                for _ in 0..rows {
                    let packed = number(&mut lengths, digits)?;
                    unpack(take(&mut rest, packed)?, row, &mut planes)?;
                }
            }
            _ => {
                return Err(DecodeFailure::unsupported(
                    "Photoshop PSD whose image is deflated",
                ));
            }
        }
        if self.mode != Mode::Bitmap {
            return Ok(planes);
        }
        // Ones are black.
        let bits = |row: &[u8]| -> Vec<u8> {
            let is_white = |x: usize| row[x / 8] >> (7 - x % 8) & 1 == 0;
            let all = (0..self.width as usize).map(is_white);
            all.map(|white| if white { 255 } else { 0 }).collect()
        };
        Ok(planes.chunks_exact(row.max(1)).flat_map(bits).collect())
    }

    fn looked_up(&self, planes: &[u8]) -> Result<Vec<u8>, DecodeFailure> {
        let size = self.palette.len() / 3;
        let pixels = self.width as usize * self.height as usize;
        let mut shown = Vec::with_capacity(pixels * 3);
        for &index in planes.iter().take(pixels) {
            for channel in 0..3 {
                let colour = (usize::from(index) < size)
                    .then(|| self.palette[channel * size + usize::from(index)]);
                shown.push(
                    colour.ok_or_else(|| DecodeFailure::corrupt("its palette is too short"))?,
                );
            }
        }
        Ok(shown)
    }
}

/// Planes as pixels of gray or red, green and blue, and opacity. Inks are stored as
/// the paper that they leave.
fn woven<T: Copy + Into<u32> + TryFrom<u32>>(
    planes: &[T],
    pixels: usize,
    colours: usize,
    alpha: usize,
    full: u64,
) -> Vec<T> {
    let at = |channel: usize, pixel: usize| planes[channel * pixels + pixel];
    let mut shown = Vec::with_capacity(pixels * (colours.min(3) + alpha));
    for pixel in 0..pixels {
        for channel in 0..colours.min(3) {
            let value = at(channel, pixel);
            if colours == 4 {
                let [ink, black] = [value, at(3, pixel)].map(|left| u64::from(left.into()));
                shown.extend(T::try_from(((ink * black + full / 2) / full) as u32).ok());
            } else {
                shown.push(value);
            }
        }
        if alpha > 0 {
            shown.push(at(colours, pixel));
        }
    }
    shown
}

/// PackBits: a row of `row` bytes.
fn unpack(mut packed: &[u8], row: usize, planes: &mut Vec<u8>) -> Result<(), DecodeFailure> {
    let end = planes.len() + row;
    while planes.len() < end {
        let control = number(&mut packed, 1)?;
        let left = end - planes.len();
        match control {
            0..=127 => {
                let run = take(&mut packed, control + 1)?;
                planes.extend_from_slice(&run[..run.len().min(left)]);
            }
            128 => {}
            _ => {
                let byte = take(&mut packed, 1)?[0];
                planes.resize(planes.len() + (257 - control).min(left), byte);
            }
        }
    }
    Ok(())
}

/// The next `length` bytes.
fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], DecodeFailure> {
    let (taken, behind) = rest
        .split_at_checked(length)
        .ok_or(DecodeFailure::Truncated)?;
    *rest = behind;
    Ok(taken)
}

/// A number of `digits` bytes.
fn number(rest: &mut &[u8], digits: usize) -> Result<usize, DecodeFailure> {
    let taken = take(rest, digits)?;
    let value = taken
        .iter()
        .fold(0u64, |value, &byte| value << 8 | u64::from(byte));
    usize::try_from(value).map_err(|_| DecodeFailure::Truncated)
}

/// Bytes behind their own length.
fn section<'a>(rest: &mut &'a [u8], digits: usize) -> Result<&'a [u8], DecodeFailure> {
    let length = number(rest, digits)?;
    take(rest, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document of three by two pixels in planes.
    fn document(mode: u16, bits: u16, planes: &[Vec<u8>], packed: bool, layers: i16) -> Vec<u8> {
        let mut file = b"8BPS\0\x01\0\0\0\0\0\0".to_vec();
        file.extend((planes.len() as u16).to_be_bytes());
        file.extend([0, 0, 0, 2, 0, 0, 0, 3]);
        file.extend(bits.to_be_bytes());
        file.extend(mode.to_be_bytes());
        let palette: Vec<u8> = if mode == 2 {
            (0..=255).rev().cycle().take(768).collect()
        } else {
            Vec::new()
        };
        file.extend((palette.len() as u32).to_be_bytes());
        file.extend(palette);
        file.extend([0; 4]);
        file.extend([0, 0, 0, 6, 0, 0, 0, 2]);
        file.extend(layers.to_be_bytes());
        file.extend([0, u8::from(packed)]);
        let row = planes[0].len() / 2;
        let rows = || planes.iter().flat_map(|plane| plane.chunks(row));
        if packed {
            for row in rows() {
                file.extend((row.len() as u16 + 1).to_be_bytes());
            }
        }
        for row in rows() {
            if packed {
                file.push(row.len() as u8 - 1);
            }
            file.extend(row);
        }
        file
    }

    fn eight(file: &[u8]) -> (usize, Vec<u8>) {
        let whole = read(file, &Limits::default()).unwrap().whole;
        match whole.samples {
            Samples::Eight(samples) => (whole.channels, samples),
            Samples::Sixteen(_) => panic!("samples of 16 bits"),
        }
    }

    fn plane(first: u8) -> Vec<u8> {
        (0..6).map(|i| first + i).collect()
    }

    #[test]
    fn planes_become_pixels_packed_or_not() {
        let planes = [plane(10), plane(20), plane(30), plane(40)];
        for packed in [false, true] {
            let gray = document(1, 8, &planes[..1], packed, 0);
            assert_eq!(eight(&gray), (1, planes[0].clone()));
            let (channels, shown) = eight(&document(3, 8, &planes, packed, 1));
            assert_eq!((channels, &shown[..6]), (3, &[10, 20, 30, 11, 21, 31][..]));
            // Below zero, the count of layers makes the fourth channel opacity.
            let (channels, shown) = eight(&document(3, 8, &planes, packed, -1));
            assert_eq!((channels, &shown[..4]), (4, &[10, 20, 30, 40][..]));
            let (channels, shown) = eight(&document(2, 8, &planes[..1], packed, 0));
            assert_eq!((channels, &shown[..3]), (3, &[245, 245, 245][..]));
        }
        let deep: Vec<u8> = plane(10).iter().flat_map(|&v| [v, 7]).collect();
        let whole = read(&document(1, 16, &[deep], false, 0), &Limits::default()).unwrap();
        assert!(matches!(whole.whole.samples, Samples::Sixteen(s) if s[1] == 11 * 256 + 7));
    }

    #[test]
    fn inks_are_stored_as_the_paper_they_leave() {
        let planes = [vec![255; 6], vec![255; 6], vec![0; 6], vec![255; 6]];
        let (channels, shown) = eight(&document(4, 8, &planes, false, 0));
        assert_eq!((channels, &shown[..3]), (3, &[255, 255, 0][..]));
    }

    #[test]
    fn ones_of_a_bitmap_are_black() {
        let file = document(0, 1, &[vec![0b0100_0000, 0b1010_0000]], false, 0);
        assert_eq!(eight(&file), (1, vec![255, 0, 255, 0, 255, 0]));
    }

    #[test]
    fn every_prefix_is_truncated() {
        let planes = [plane(10), plane(20), plane(30)];
        for packed in [false, true] {
            let whole = document(3, 8, &planes, packed, 0);
            for end in 4..whole.len() {
                let cut = read(&whole[..end], &Limits::default()).err();
                assert_eq!(cut, Some(DecodeFailure::Truncated), "{end}");
            }
        }
    }
}
