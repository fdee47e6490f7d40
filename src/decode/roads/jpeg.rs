//! JPEG: the DC reader where an eighth of the size is enough, a full decode
//! where it is not. The DC reader runs in both cases, because it alone notices
//! that a file is cut short.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::library;
use crate::decode::format::Format;
use crate::decode::header::{ColourMode, Header};
use crate::decode::jpeg::{self, Colours, Jpeg};
use crate::decode::reduce::{Reduced, Wanted};
use crate::decode::reducer::{Channels, Reducer, Row};
use crate::decode::{DecodeFailure, Limits, exif, icc};

pub(super) fn reduced(
    bytes: &[u8],
    limits: &Limits,
    wanted: Wanted,
) -> Result<(Header, Reduced), DecodeFailure> {
    let jpeg = jpeg::read(bytes, limits.max_pixels)?;
    let header = header(&jpeg);
    let block = wanted.block_side(jpeg.width, jpeg.height);
    let reduced = match jpeg.colours {
        Colours::Gray | Colours::YCbCr => match eighth(&jpeg) {
            Some(reduced) if block >= 8 => reduced,
            _ => full(bytes, &jpeg, block, wanted)?,
        },
        Colours::Rgb | Colours::Cmyk => library::full(Format::Jpeg, bytes, limits, block)?,
    };
    Ok((header, reduced))
}

fn header(jpeg: &Jpeg<'_>) -> Header {
    let exif = jpeg.exif.and_then(exif::read);
    let orientation = super::turned(exif.as_ref());
    let (width, height) = orientation.size(jpeg.width, jpeg.height);
    Header {
        format: Format::Jpeg,
        width,
        height,
        orientation,
        colour: match jpeg.colours {
            Colours::Gray => ColourMode::Gray,
            Colours::YCbCr | Colours::Rgb => ColourMode::Rgb,
            Colours::Cmyk => ColourMode::Cmyk,
        },
        bit_depth: 8,
        animated: false,
        exif: exif.map(Box::new),
        jpeg: Some(jpeg.facts),
        icc: jpeg.icc.map(icc::name),
    }
}

/// The DC planes; `None` where luma is stored coarser than chroma, of which
/// an eighth would be less than it seems.
fn eighth(jpeg: &Jpeg<'_>) -> Option<Reduced> {
    let mut planes = jpeg.eighth().into_iter();
    let luma = planes.next()?;
    let chroma = match (planes.next(), planes.next()) {
        (Some(cb), Some(cr)) => Some([cb, cr]),
        _ => None,
    };
    let full = f64::from(jpeg.width) / 8.0 == luma.covered.0
        && f64::from(jpeg.height) / 8.0 == luma.covered.1;
    full.then_some(Reduced {
        width: jpeg.width,
        height: jpeg.height,
        luma,
        chroma,
    })
}

/// Every pixel, in the colours as stored, so that luma stays what it is; the
/// luma alone where no more is wanted.
fn full(
    bytes: &[u8],
    jpeg: &Jpeg<'_>,
    block: u32,
    wanted: Wanted,
) -> Result<Reduced, DecodeFailure> {
    let (space, channels, count) = match (jpeg.colours, wanted) {
        (Colours::Gray, _) | (_, Wanted::Luma(_)) => (ColorSpace::Luma, Channels::Gray, 1),
        _ => (ColorSpace::YCbCr, Channels::YCbCr, 3),
    };
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(space);
    let samples = JpegDecoder::new_with_options(ZCursor::new(bytes), options)
        .decode()
        .map_err(|error| DecodeFailure::corrupt(format!("{error:?}")))?;
    let row_bytes = jpeg.width as usize * count;
    if samples.len() != row_bytes * jpeg.height as usize {
        return Err(DecodeFailure::corrupt("two readers disagree on the size"));
    }
    let mut reducer = Reducer::new(jpeg.width, jpeg.height, block, channels);
    for (y, row) in (0..).zip(samples.chunks_exact(row_bytes)) {
        reducer.add_row(
            y,
            match channels {
                Channels::Gray => Row::Gray(row),
                _ => Row::Colour(row),
            },
        );
    }
    Ok(reducer.finish())
}
