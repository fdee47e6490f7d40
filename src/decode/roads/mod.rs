//! One road per family of formats, each ending in block means. Chooses none by
//! content; the caller knows the format.

mod container;
mod gif;
mod jpeg;
mod library;
mod png;
mod tiff;
pub(super) mod whole;

use whole::Whole;

use super::exif::ExifFacts;
use super::header::Header;
use super::matte::Views;
use super::reduce::Wanted;
use super::{DecodeFailure, Limits, Orientation};
use crate::image_format::Format;

/// The facts and the block means of an image.
pub(super) fn reduced(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
    wanted: Wanted,
) -> Result<(Header, Views), DecodeFailure> {
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
        let jpeg = super::jpeg::read(bytes, limits.max_pixels)?;
        let orientation = turned(jpeg.exif.and_then(super::exif::read).as_ref());
        return Ok((orientation, jpeg::whole(bytes, &jpeg, limits)?));
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
