//! JPEG: the DC reader where an eighth of the size is enough, a full decode
//! where it is not. The DC reader runs in both cases, because it alone notices
//! that a file is cut short and knows which decoder reads the file right.

use std::borrow::Cow;

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::library;
use super::whole::{Samples, Whole};
use crate::decode::header::{ColourMode, Header};
use crate::decode::jpeg::{self, Colours, Jpeg};
use crate::decode::matte::Views;
use crate::decode::reduce::{Reduced, Wanted};
use crate::decode::reducer::{Channels, Reducer, Row};
use crate::decode::{DecodeFailure, Limits, exif, icc};
use crate::image_format::Format;

pub(super) fn reduced(
    bytes: &[u8],
    limits: &Limits,
    wanted: Wanted,
) -> Result<(Header, Views), DecodeFailure> {
    let bytes = &*jpeg::mended(bytes);
    let jpeg = jpeg::read(bytes, limits.max_pixels)?;
    let header = header(&jpeg);
    let block = wanted.block_side(jpeg.width, jpeg.height);
    let reduced = match jpeg.colours {
        Colours::Gray | Colours::YCbCr => match eighth(&jpeg) {
            Some(reduced) if block >= 8 => Views::opaque(reduced),
            _ => Views::opaque(full(bytes, &jpeg, block, wanted)?),
        },
        Colours::Rgb | Colours::Cmyk => whole(bytes, &jpeg, limits)?.reduced(block),
    };
    Ok((header, reduced))
}

/// Every pixel in red, green and blue, or in gray.
pub(super) fn whole(
    bytes: &[u8],
    jpeg: &Jpeg<'_>,
    limits: &Limits,
) -> Result<Whole, DecodeFailure> {
    if !read_scan_by_scan(jpeg) {
        return library::whole(Format::Jpeg, &usual(bytes, jpeg), limits);
    }
    let channels = match jpeg.colours {
        Colours::Gray => 1,
        Colours::YCbCr | Colours::Rgb => 3,
        Colours::Cmyk => {
            return Err(DecodeFailure::unsupported(
                "CMYK JPEG with a scan for each component",
            ));
        }
    };
    Ok(Whole {
        width: jpeg.width,
        height: jpeg.height,
        channels,
        samples: Samples::Eight(scan_by_scan(&usual(bytes, jpeg), jpeg, None)?),
        range: None,
    })
}

/// Whether a file is left to the decoder that keeps the coefficients of all
/// scans. The other one fills half of the rows where a sequential image with
/// subsampled chroma comes in several scans (zune-jpeg 0.5.15), and refuses a
/// restart marker behind the last interval.
fn read_scan_by_scan(jpeg: &Jpeg<'_>) -> bool {
    jpeg.scan_by_scan || jpeg.surplus_restart
}

/// The file with all its tables, which decoders know only in files that say they are
/// of a film, and without a second height.
fn usual<'a>(bytes: &'a [u8], jpeg: &Jpeg<'_>) -> Cow<'a, [u8]> {
    let bytes = match jpeg.repeats_height {
        true => Cow::Owned(jpeg::without_second_height(bytes)),
        false => bytes.into(),
    };
    match jpeg.lacks_tables {
        true => jpeg::with_tables(&bytes).into(),
        false => bytes,
    }
}

/// Every pixel as [`read_scan_by_scan`] wants it.
fn scan_by_scan(
    bytes: &[u8],
    jpeg: &Jpeg<'_>,
    colours: Option<jpeg_decoder::ColorTransform>,
) -> Result<Vec<u8>, DecodeFailure> {
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    let default = match jpeg.colours {
        Colours::Rgb => jpeg_decoder::ColorTransform::RGB,
        _ => jpeg_decoder::ColorTransform::YCbCr,
    };
    if jpeg.colours != Colours::Gray {
        decoder.set_color_transform(colours.unwrap_or(default));
    }
    (decoder.decode()).map_err(|error| DecodeFailure::corrupt(error.to_string()))
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
    let (space, channels) = match (jpeg.colours, wanted) {
        (Colours::Gray, _) | (_, Wanted::Luma(_)) => (ColorSpace::Luma, Channels::Gray),
        _ => (ColorSpace::YCbCr, Channels::YCbCr),
    };
    let bytes = &usual(bytes, jpeg);
    // Asked for the luma alone of such an image, the other decoder reads rows of
    // blocks from wrong places (zune-jpeg 0.5.15).
    let shifts_rows = space == ColorSpace::Luma
        && jpeg.colours != Colours::Gray
        && jpeg.is_progressive_and_uneven();
    if read_scan_by_scan(jpeg) || shifts_rows {
        // The one that changes nothing: `None` puts the planes one behind the
        // other (jpeg-decoder 0.3.2).
        let stored = Some(jpeg_decoder::ColorTransform::RGB);
        let samples = scan_by_scan(bytes, jpeg, stored)?;
        let channels = match jpeg.colours {
            Colours::Gray => Channels::Gray,
            _ => Channels::YCbCr,
        };
        return summed(&samples, jpeg, block, channels);
    }
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(space);
    let samples = JpegDecoder::new_with_options(ZCursor::new(&bytes[..]), options)
        .decode()
        .map_err(|error| DecodeFailure::corrupt(format!("{error:?}")))?;
    summed(&samples, jpeg, block, channels)
}

/// The block means of a whole image.
fn summed(
    samples: &[u8],
    jpeg: &Jpeg<'_>,
    block: u32,
    channels: Channels,
) -> Result<Reduced, DecodeFailure> {
    let row_bytes = jpeg.width as usize * channels.count();
    if samples.len() != row_bytes * jpeg.height as usize {
        return Err(DecodeFailure::corrupt("two readers disagree on the size"));
    }
    let mut reducer = Reducer::new(jpeg.width, jpeg.height, block, channels);
    for (y, row) in (0..).zip(samples.chunks_exact(row_bytes)) {
        let row = match channels {
            Channels::Gray => Row::Gray(row),
            _ => Row::Colour(row),
        };
        reducer.add_row(y, row);
    }
    Ok(reducer.finish())
}
