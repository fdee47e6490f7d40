//! An image that a decoder of its own gives in one piece, with the facts that a
//! header reports. Knows no file format.

use super::whole::Whole;
use crate::decode::exif::ExifFacts;
use crate::decode::header::{ColourMode, Header};
use crate::decode::matte::Views;
use crate::decode::reduce::Wanted;
use crate::decode::{DecodeFailure, Limits, Orientation};
use crate::image_format::Format;

/// Reads a file of one format, every pixel of it.
pub(super) type Reader = fn(&[u8], &Limits) -> Result<Read, DecodeFailure>;

/// What a [`Reader`] found.
pub(super) struct Read {
    /// Upright already.
    pub(super) whole: Whole,
    pub(super) colour: ColourMode,
    /// Of a channel, as stored.
    pub(super) bits: u8,
    pub(super) animated: bool,
    pub(super) exif: Option<ExifFacts>,
    pub(super) icc: Option<String>,
}

/// The facts and the block means of an image that `reader` reads.
pub(super) fn reduced(
    format: Format,
    reader: Reader,
    bytes: &[u8],
    limits: &Limits,
    wanted: Wanted,
) -> Result<(Header, Views), DecodeFailure> {
    let read = reader(bytes, limits)?;
    let (width, height) = (read.whole.width, read.whole.height);
    let header = Header {
        format,
        width,
        height,
        orientation: Orientation::Upright,
        colour: read.colour,
        bit_depth: read.bits,
        animated: read.animated,
        exif: read.exif.map(Box::new),
        jpeg: None,
        icc: read.icc,
    };
    Ok((header, read.whole.reduced(wanted.block_side(width, height))))
}
