//! JPEG inside TIFF as version 6.0 had it (section 22) before TIFF Technical Note 2:
//! a whole JPEG file that fields point at, or strips and tiles of scans whose tables
//! lie in fields. Unpacks samples as stored; knows nothing of colours.

use std::io::Cursor;

use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::chunks::Layout;
use super::failure;
use super::fields::{Fields, Photometric};
use crate::decode::DecodeFailure;

const FILE: Tag = Tag::Unknown(513);
const QUANTISATION: Tag = Tag::Unknown(519);
const DC_TABLES: Tag = Tag::Unknown(520);
const AC_TABLES: Tag = Tag::Unknown(521);

/// The samples of the first page, pixel by pixel.
pub(super) fn unpacked(
    bytes: &[u8],
    file: &mut Decoder<Cursor<&[u8]>>,
    fields: &Fields,
) -> Result<DecodingResult, DecodeFailure> {
    if fields.bits != 8 || !matches!(fields.samples, 1 | 3) || fields.planar {
        return Err(DecodeFailure::unsupported(
            "old-style JPEG TIFF of this kind",
        ));
    }
    let (width, height) = (fields.width as usize, fields.height as usize);
    let row = width * fields.samples;
    if let Some(at) = first(file, FILE)? {
        let jpeg = bytes.get(at..).filter(|jpeg| jpeg.starts_with(b"\xFF\xD8"));
        if let Some(jpeg) = jpeg {
            return Ok(DecodingResult::U8(samples(
                jpeg,
                (width, height),
                fields.samples,
            )?));
        }
    }
    let layout = Layout::of(file, fields)?;
    let tables = tables(bytes, file)?;
    let mut all = vec![0; row * height];
    for chunk in 0..layout.across * height.div_ceil(layout.height) {
        let left = chunk % layout.across * layout.width;
        let top = chunk / layout.across * layout.height;
        let rows = match fields.tiled {
            true => layout.height,
            false => layout.height.min(height - top),
        };
        let scan = layout
            .packed(bytes, chunk, fields)
            .ok_or(DecodeFailure::Truncated)?;
        let jpeg = around(&scan, &tables, (layout.width, rows), fields)?;
        let chunk = samples(&jpeg, (layout.width, rows), fields.samples)?;
        let shown = layout.width.min(width - left) * fields.samples;
        for (y, from) in chunk
            .chunks_exact(layout.width * fields.samples)
            .enumerate()
        {
            if top + y < height {
                let at = (top + y) * row + left * fields.samples;
                all[at..at + shown].copy_from_slice(&from[..shown]);
            }
        }
    }
    Ok(DecodingResult::U8(all))
}

fn first(file: &mut Decoder<Cursor<&[u8]>>, tag: Tag) -> Result<Option<usize>, DecodeFailure> {
    let values = file.find_tag_unsigned_vec::<u64>(tag).map_err(failure)?;
    Ok(values.and_then(|values| usize::try_from(*values.first()?).ok()))
}

/// The segments that define the tables of every component.
fn tables(bytes: &[u8], file: &mut Decoder<Cursor<&[u8]>>) -> Result<Vec<u8>, DecodeFailure> {
    let mut segments = Vec::new();
    for (tag, marker, class) in [
        (QUANTISATION, 0xDB, 0),
        (DC_TABLES, 0xC4, 0),
        (AC_TABLES, 0xC4, 0x10),
    ] {
        let places = file.find_tag_unsigned_vec::<u64>(tag).map_err(failure)?;
        for (component, at) in (0u8..4).zip(places.unwrap_or_default()) {
            let at = usize::try_from(at).map_err(|_| DecodeFailure::Truncated)?;
            let rest = bytes.get(at..).ok_or(DecodeFailure::Truncated)?;
            let length = match marker {
                0xDB => 64,
                // Sixteen counts of codes, and the codes' values.
                _ => {
                    let counts = rest.get(..16).ok_or(DecodeFailure::Truncated)?;
                    16 + counts
                        .iter()
                        .map(|&count| usize::from(count))
                        .sum::<usize>()
                }
            };
            let table = rest.get(..length).ok_or(DecodeFailure::Truncated)?;
            segments.extend([0xFF, marker]);
            segments.extend(((length + 3) as u16).to_be_bytes());
            segments.push(class | component);
            segments.extend_from_slice(table);
        }
    }
    Ok(segments)
}

/// A JPEG file around a scan.
fn around(
    scan: &[u8],
    tables: &[u8],
    (width, height): (usize, usize),
    fields: &Fields,
) -> Result<Vec<u8>, DecodeFailure> {
    let side =
        |side: usize| u16::try_from(side).map_err(|_| DecodeFailure::corrupt("a side is too long"));
    let (width, height) = (side(width)?.to_be_bytes(), side(height)?.to_be_bytes());
    let count = fields.samples as u8;
    let factors = match fields.photometric {
        Photometric::YCbCr => (fields.subsampling[0] << 4 | fields.subsampling[1]) as u8,
        _ => 0x11,
    };
    let mut jpeg = b"\xFF\xD8".to_vec();
    jpeg.extend_from_slice(tables);
    jpeg.extend([0xFF, 0xC0, 0, 8 + 3 * count, 8]);
    jpeg.extend(height);
    jpeg.extend(width);
    jpeg.push(count);
    for component in 0..count {
        let factors = if component == 0 { factors } else { 0x11 };
        jpeg.extend([component + 1, factors, component]);
    }
    jpeg.extend([0xFF, 0xDA, 0, 6 + 2 * count, count]);
    for component in 0..count {
        jpeg.extend([component + 1, component << 4 | component]);
    }
    jpeg.extend([0, 63, 0]);
    jpeg.extend_from_slice(scan);
    if !jpeg.ends_with(b"\xFF\xD9") {
        jpeg.extend(b"\xFF\xD9");
    }
    Ok(jpeg)
}

/// The samples of a JPEG file that has this size and as many components.
fn samples(
    jpeg: &[u8],
    (width, height): (usize, usize),
    count: usize,
) -> Result<Vec<u8>, DecodeFailure> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(width)
        .set_max_height(height)
        .jpeg_set_out_colorspace(match count {
            1 => ColorSpace::Luma,
            // As stored, whatever they are.
            _ => ColorSpace::YCbCr,
        });
    let samples = JpegDecoder::new_with_options(ZCursor::new(jpeg), options)
        .decode()
        .map_err(|error| DecodeFailure::corrupt(format!("{error:?}")))?;
    match samples.len() == width * height * count {
        true => Ok(samples),
        false => Err(DecodeFailure::corrupt("the JPEG inside is not of its size")),
    }
}
