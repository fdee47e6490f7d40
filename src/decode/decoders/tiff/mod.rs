//! TIFF: the `tiff` crate unpacks the numbers, and what they mean is read here,
//! because it refuses palettes, opacity beside gray, signed numbers and colours
//! it has no type for. What it cannot unpack is unpacked in `chunks`. The first page
//! only.

mod bands;
mod chunks;
mod colours;
mod directory;
mod fields;
mod numbers;
mod old_jpeg;
mod packing;

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

/// Samples a pixel at most: hyperspectral cameras have some 250 bands.
const MOST_SAMPLES: u16 = 512;

pub(super) fn reduced(
    bytes: &[u8],
    limits: &Limits,
    wanted: Wanted,
) -> Result<(Header, Views), DecodeFailure> {
    let bytes = &*directory::complete(bytes);
    let fields = Fields::read(&mut open(bytes)?, limits)?;
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
    let bytes = &*directory::complete(bytes);
    let fields = Fields::read(&mut open(bytes)?, limits)?;
    pixels(bytes, &fields, limits)
}

fn open(bytes: &[u8]) -> Result<Decoder<Cursor<&[u8]>>, DecodeFailure> {
    Decoder::new(Cursor::new(bytes)).map_err(failure)
}

fn mode(fields: &Fields) -> ColourMode {
    if fields.bands.is_some() {
        return ColourMode::Rgb;
    }
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
    if let Some(bands) = fields.bands {
        let mut fields = fields.clone();
        let (numbers, planar) = bands::taken(numbers, planar, bands, &mut fields);
        return colours::shown(numbers::read(&numbers, planar, &fields)?, &fields);
    }
    let samples = numbers::read(&numbers, planar, fields)?;
    colours::shown(samples, fields)
}

/// All numbers of the first page, as stored; and the bytes of a plane, if each
/// channel is one.
fn unpacked(
    bytes: &[u8],
    fields: &Fields,
) -> Result<(DecodingResult, Option<usize>), DecodeFailure> {
    if fields.compression == chunks::OLD_JPEG {
        return Ok((old_jpeg::unpacked(bytes, &mut open(bytes)?, fields)?, None));
    }
    if chunks::are_ours(fields) {
        return chunks::unpacked(bytes, &mut open(bytes)?, fields);
    }
    let (numbers, stride) = stored(&directory::as_numbers(bytes)?)?;
    Ok((numbers, stride.filter(|_| fields.planar)))
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
mod tests;
