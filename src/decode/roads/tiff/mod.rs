//! TIFF: the `tiff` crate unpacks the numbers, and what they mean is read here,
//! because it refuses palettes, opacity beside gray, signed numbers and colours
//! it has no type for. The first page only.

mod colours;
mod directory;
mod fields;
mod numbers;

use std::io::{Cursor, ErrorKind};

use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult, Limits as Unlimited};

use self::fields::{Fields, Photometric};
use super::container::Container;
use super::whole::Whole;
use crate::decode::header::{ColourMode, Header};
use crate::decode::matte::Views;
use crate::decode::reduce::Wanted;
use crate::decode::{DecodeFailure, Limits, check_size, icc};
use crate::image_format::Format;

/// Samples a pixel at most: more is a stack of measurements and no image.
const MOST_SAMPLES: u16 = 8;

pub(super) fn reduced(
    bytes: &[u8],
    limits: &Limits,
    wanted: Wanted,
) -> Result<(Header, Views), DecodeFailure> {
    let mut file = open(bytes)?;
    let fields = Fields::read(&mut file, limits)?;
    let views =
        pixels(bytes, &fields, limits)?.reduced(wanted.block_side(fields.width, fields.height));
    let exif = Container::default().exif_facts(Format::Tiff, bytes);
    let orientation = super::turned(exif.as_ref());
    let (width, height) = orientation.size(fields.width, fields.height);
    let header = Header {
        format: Format::Tiff,
        width,
        height,
        orientation,
        colour: mode(&fields),
        bit_depth: fields.bits,
        animated: false,
        exif: exif.map(Box::new),
        jpeg: None,
        icc: fields.icc.as_deref().map(icc::name),
    };
    Ok((header, views))
}

/// Every pixel.
pub(super) fn whole(bytes: &[u8], limits: &Limits) -> Result<Whole, DecodeFailure> {
    let fields = Fields::read(&mut open(bytes)?, limits)?;
    pixels(bytes, &fields, limits)
}

fn open(bytes: &[u8]) -> Result<Decoder<Cursor<&[u8]>>, DecodeFailure> {
    Decoder::new(Cursor::new(bytes)).map_err(failure)
}

fn mode(fields: &Fields) -> ColourMode {
    match (fields.photometric, fields.alpha.is_some()) {
        (Photometric::Palette, _) => ColourMode::Palette,
        (Photometric::BlackIsZero | Photometric::WhiteIsZero, alpha) => {
            match (alpha, fields.bits) {
                (true, _) => ColourMode::GrayAlpha,
                (false, 1) => ColourMode::Bilevel,
                (false, _) => ColourMode::Gray,
            }
        }
        (Photometric::Cmyk, _) => ColourMode::Cmyk,
        (_, true) => ColourMode::Rgba,
        (_, false) => ColourMode::Rgb,
    }
}

fn pixels(bytes: &[u8], fields: &Fields, limits: &Limits) -> Result<Whole, DecodeFailure> {
    check_size(fields.width, fields.height, limits)?;
    let (numbers, planar) = unpacked(bytes, fields)?;
    let samples = numbers::read(&numbers, planar, fields)?;
    colours::shown(samples, fields)
}

/// All numbers of the first page, as stored; and the bytes of a plane, if each
/// channel is one.
fn unpacked(
    bytes: &[u8],
    fields: &Fields,
) -> Result<(DecodingResult, Option<usize>), DecodeFailure> {
    if !(fields.planar && fields.tiled) {
        let (numbers, stride) = stored(&directory::as_numbers(bytes)?)?;
        return Ok((numbers, stride.filter(|_| fields.planar)));
    }
    let mut all = stored(&directory::one_plane(bytes, 0, fields.samples)?)?.0;
    let stride = all.as_buffer(0).byte_len();
    for plane in 1..fields.samples {
        let next = stored(&directory::one_plane(bytes, plane, fields.samples)?)?.0;
        append(&mut all, next)?;
    }
    Ok((all, Some(stride)))
}

/// What the library unpacks, and the bytes from plane to plane.
fn stored(bytes: &[u8]) -> Result<(DecodingResult, Option<usize>), DecodeFailure> {
    let mut decoder = Decoder::new(Cursor::new(bytes))
        .map_err(failure)?
        // What a page may claim was checked.
        .with_limits(Unlimited::unlimited());
    let mut numbers = DecodingResult::U8(Vec::new());
    let layout = decoder
        .read_image_to_buffer(&mut numbers)
        .map_err(failure)?;
    Ok((numbers, layout.plane_stride.map(std::num::NonZero::get)))
}

/// Adds the numbers of another plane, which are of the same type.
fn append(all: &mut DecodingResult, plane: DecodingResult) -> Result<(), DecodeFailure> {
    macro_rules! of_types {
        ($($kind:ident)*) => {
            match (all, plane) {
                $((DecodingResult::$kind(all), DecodingResult::$kind(plane)) => {
                    all.extend(plane);
                    Ok(())
                })*
                _ => Err(DecodeFailure::corrupt("its planes hold numbers of several types")),
            }
        };
    }
    of_types!(U8 U16 U32 U64 I8 I16 I32 I64 F16 F32 F64)
}

fn failure(error: TiffError) -> DecodeFailure {
    match error {
        TiffError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            DecodeFailure::Truncated
        }
        TiffError::UnsupportedError(what) => DecodeFailure::unsupported(format!("TIFF: {what}")),
        error => DecodeFailure::corrupt(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::whole::Samples;
    use super::*;

    const SHORT: u16 = 3;
    const LONG: u16 = 4;

    /// An uncompressed TIFF of `fields` and `tiles`.
    fn file(little: bool, mut fields: Vec<(u16, Vec<u32>)>, tiles: &[Vec<u8>]) -> Vec<u8> {
        let number = |value: u32, length: usize| match little {
            true => value.to_le_bytes()[..length].to_vec(),
            false => value.to_be_bytes()[4 - length..].to_vec(),
        };
        let mut out = if little {
            b"II".to_vec()
        } else {
            b"MM".to_vec()
        };
        out.extend(number(42, 2));
        let mut offsets = Vec::new();
        let mut at = 8;
        for tile in tiles {
            offsets.push(at);
            at += tile.len() as u32;
        }
        fields.push((324, offsets));
        fields.push((325, tiles.iter().map(|tile| tile.len() as u32).collect()));
        fields.sort();
        out.extend(number(at, 4));
        out.extend(tiles.concat());
        let mut far = at + 2 + 12 * fields.len() as u32 + 4;
        let mut tail = Vec::new();
        out.extend(number(fields.len() as u32, 2));
        for (tag, values) in fields {
            let (kind, size) = match tag {
                256 | 257 | 322..=325 => (LONG, 4),
                _ => (SHORT, 2),
            };
            out.extend(number(tag.into(), 2));
            out.extend(number(kind.into(), 2));
            out.extend(number(values.len() as u32, 4));
            let mut bytes: Vec<u8> = values.iter().flat_map(|&v| number(v, size)).collect();
            if bytes.len() > 4 {
                out.extend(number(far, 4));
                far += bytes.len() as u32;
                tail.extend(bytes);
            } else {
                bytes.resize(4, 0);
                out.extend(bytes);
            }
        }
        out.extend(number(0, 4));
        out.extend(tail);
        out
    }

    fn sample(x: usize, y: usize, channel: usize) -> u8 {
        (x * 3 + y * 5 + channel * 71) as u8
    }

    /// Tiles of `side`, channel by channel; what lies beyond the image is zero.
    fn planes_of_tiles(
        little: bool,
        (width, height): (usize, usize),
        channels: usize,
        side: usize,
    ) -> Vec<u8> {
        let mut tiles = Vec::new();
        for channel in 0..channels {
            for top in (0..height).step_by(side) {
                for left in (0..width).step_by(side) {
                    let tile = (top..top + side)
                        .flat_map(|y| (left..left + side).map(move |x| (x, y)))
                        .map(|(x, y)| match x < width && y < height {
                            true => sample(x, y, channel),
                            false => 0,
                        });
                    tiles.push(tile.collect());
                }
            }
        }
        let mut fields = vec![
            (256, vec![width as u32]),
            (257, vec![height as u32]),
            (258, vec![8; channels]),
            (259, vec![1]),
            (262, vec![2]),
            (277, vec![channels as u32]),
            (284, vec![2]),
            (322, vec![side as u32]),
            (323, vec![side as u32]),
        ];
        if channels > 3 {
            fields.push((338, vec![2; channels - 3]));
        }
        file(little, fields, &tiles)
    }

    #[test]
    fn colours_in_planes_of_tiles_are_those_that_were_written() {
        for little in [true, false] {
            for channels in [3, 4] {
                // Whole tiles, tiles that are cut, and one tile a plane.
                for (width, height, side) in [(32, 48, 16), (75, 50, 32), (20, 12, 32)] {
                    let bytes = planes_of_tiles(little, (width, height), channels, side);
                    let read = whole(&bytes, &Limits::default());
                    let Ok(Whole {
                        samples: Samples::Eight(samples),
                        ..
                    }) = read
                    else {
                        panic!("{channels} channels of {width} by {height} are not read");
                    };
                    let expected: Vec<u8> = (0..height)
                        .flat_map(|y| (0..width).map(move |x| (x, y)))
                        .flat_map(|(x, y)| (0..channels).map(move |c| sample(x, y, c)))
                        .collect();
                    assert!(samples == expected, "{channels} {width} {height} {little}");
                }
            }
        }
    }

    #[test]
    fn planes_of_tiles_that_are_cut_short_or_claim_too_much_are_refused() {
        let bytes = planes_of_tiles(true, (40, 30), 3, 16);
        for end in (0..bytes.len()).step_by(7) {
            assert!(whole(&bytes[..end], &Limits::default()).is_err(), "{end}");
        }
        // Every number of the directory, as large as it gets.
        let first = bytes.len() - 400;
        for at in first..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] = 0xff;
            // Read or refused: a panic would end the test.
            let _ = whole(&broken, &Limits::default());
        }
    }
}
