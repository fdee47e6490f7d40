//! One road per family of formats, each ending in block means. Chooses none by
//! content; the caller knows the format.

mod container;
mod jpeg;
pub(super) mod library;
mod png;

use super::exif::ExifFacts;
use super::format::Format;
use super::header::Header;
use super::reduce::{Reduced, Wanted};
use super::{DecodeFailure, Limits, Orientation};

/// The facts and the block means of a picture.
pub(super) fn reduced(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
    wanted: Wanted,
) -> Result<(Header, Reduced), DecodeFailure> {
    match format {
        Format::Jpeg => jpeg::reduced(bytes, limits, wanted),
        Format::Png => png::reduced(bytes, limits, wanted),
        _ => library::reduced(format, bytes, limits, wanted),
    }
}

/// Checks that the file is whole as far as its format allows without decoding
/// it, and finds how the picture must be turned.
pub(super) fn checked(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Orientation, DecodeFailure> {
    match format {
        Format::Jpeg => {
            let jpeg = super::jpeg::read(bytes, limits.max_pixels)?;
            Ok(turned(jpeg.exif.and_then(super::exif::read).as_ref()))
        }
        _ => {
            let container = container::walk(format, bytes)?;
            Ok(turned(container.exif_facts(format, bytes).as_ref()))
        }
    }
}

fn turned(exif: Option<&ExifFacts>) -> Orientation {
    exif.map_or(Orientation::Upright, |facts| facts.orientation)
}
