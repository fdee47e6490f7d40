//! One decoder per family of formats, each ending in block means. Chooses none by
//! content; the caller knows the format.

#[cfg(not(all(feature = "jpeg-xl", feature = "jpeg2000")))]
mod absent;
mod container;
mod dicom;
mod gif;
mod jpeg;
#[cfg(feature = "jpeg2000")]
mod jpeg2000;
#[cfg(feature = "jpeg-xl")]
mod jpeg_xl;
mod library;
mod png;
mod psd;
mod read;
mod tiff;
pub(super) mod whole;

#[cfg(not(feature = "jpeg-xl"))]
use absent::jpeg_xl;
#[cfg(not(feature = "jpeg2000"))]
use absent::jpeg2000;
use read::Reader;
use whole::Whole;

use super::exif::ExifFacts;
use super::header::Header;
use super::matte::Views;
use super::reduce::Wanted;
use super::{DecodeFailure, Limits, Orientation};
use crate::image_format::Format;

/// The decoder of a format that is read in one piece, with its facts.
fn reader(format: Format) -> Option<Reader> {
    match format {
        Format::Jpeg2000 => Some(jpeg2000::read),
        Format::JpegXl => Some(jpeg_xl::read),
        Format::Psd => Some(psd::read),
        Format::Dicom => Some(dicom::read),
        _ => None,
    }
}

/// The facts and the block means of an image.
pub(super) fn reduced(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
    wanted: Wanted,
) -> Result<(Header, Views), DecodeFailure> {
    if let Some(reader) = reader(format) {
        return read::reduced(format, reader, bytes, limits, wanted);
    }
    match format {
        Format::Jpeg => jpeg::reduced(bytes, limits, wanted),
        Format::Png => png::reduced(bytes, limits, wanted),
        Format::Gif => gif::reduced(bytes, limits, wanted),
        Format::Tiff => tiff::reduced(bytes, limits, wanted),
        _ => library::reduced(format, bytes, limits, wanted),
    }
}

/// Every pixel of an image, and how it must be turned. Checks that the file
/// is whole as far as its format allows without decoding it.
pub(super) fn whole(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
) -> Result<(Orientation, Whole), DecodeFailure> {
    if format == Format::Jpeg {
        let bytes = &*super::jpeg::mended(bytes);
        let jpeg = super::jpeg::read(bytes, limits.max_pixels)?;
        let orientation = turned(jpeg.exif.and_then(super::exif::read).as_ref());
        return Ok((orientation, jpeg::whole(bytes, &jpeg, limits)?));
    }
    if let Some(reader) = reader(format) {
        return Ok((Orientation::Upright, reader(bytes, limits)?.whole));
    }
    let container = container::walk(format, bytes)?;
    let orientation = turned(container.exif_facts(format, bytes).as_ref());
    let whole = match format {
        Format::Tiff => tiff::whole(bytes, limits)?,
        _ => library::whole(format, bytes, limits)?,
    };
    Ok((orientation, whole))
}

fn turned(exif: Option<&ExifFacts>) -> Orientation {
    exif.map_or(Orientation::Upright, |facts| facts.orientation)
}
