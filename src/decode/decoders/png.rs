//! PNG, summed up row by row as it is inflated: the image is never held. One
//! of 16 bits whose values are stretched is inflated twice.

use std::io::{Cursor, ErrorKind};

use png::{BitDepth, ColorType, Decoder, DecodingError, Transformations};

use super::container;
use super::whole::row_of;
use crate::decode::depth::{Histogram, Narrowing, shown};
use crate::decode::header::{ColourMode, Header};
use crate::decode::matte::{Flattener, Views};
use crate::decode::reduce::Wanted;
use crate::decode::reducer::Channels;
use crate::decode::{DecodeFailure, Limits, check_size};
use crate::image_format::Format;

/// First column, column step, first row, row step of the seven passes of an
/// interlaced image (PNG 3rd edition, 8.2).
const ADAM7: [[u32; 4]; 7] = [
    [0, 8, 0, 8],
    [4, 8, 0, 8],
    [0, 4, 4, 8],
    [2, 4, 0, 4],
    [0, 2, 2, 4],
    [1, 2, 0, 2],
    [0, 1, 1, 2],
];

pub(super) fn reduced(
    bytes: &[u8],
    limits: &Limits,
    wanted: Wanted,
) -> Result<(Header, Views), DecodeFailure> {
    let mut decoder = opened(bytes);
    let info = decoder.read_header_info().map_err(failure)?;
    let (width, height) = (info.width, info.height);
    let (colour, depth) = (info.color_type, info.bit_depth);
    check_size(width, height, limits)?;
    let container = container::walk(Format::Png, bytes)?;
    let block = wanted.block_side(width, height);
    let mut histogram = (depth == BitDepth::Sixteen).then(Histogram::new);
    let mut views = summed(decoder, block, &Narrowing::UpperBits, histogram.as_mut())?;
    let narrowing = histogram.map(|histogram| histogram.narrowing());
    if let Some(narrowing @ Narrowing::Stretched(_)) = narrowing {
        views = summed(opened(bytes), block, &narrowing, None)?;
    }

    let exif = container.exif_facts(Format::Png, bytes);
    let orientation = super::turned(exif.as_ref());
    let (upright_width, upright_height) = orientation.size(width, height);
    let header = Header {
        format: Format::Png,
        width: upright_width,
        height: upright_height,
        orientation,
        colour: match (colour, depth) {
            (ColorType::Grayscale, BitDepth::One) => ColourMode::Bilevel,
            (ColorType::Grayscale, _) => ColourMode::Gray,
            (ColorType::GrayscaleAlpha, _) => ColourMode::GrayAlpha,
            (ColorType::Rgb, _) => ColourMode::Rgb,
            (ColorType::Rgba, _) => ColourMode::Rgba,
            (ColorType::Indexed, _) => ColourMode::Palette,
        },
        bit_depth: depth as u8,
        animated: container.animated,
        exif: exif.map(Box::new),
        jpeg: None,
        icc: container.icc.map(Into::into),
    };
    Ok((header, views))
}

fn opened(bytes: &[u8]) -> Decoder<Cursor<&[u8]>> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.set_ignore_text_chunk(true);
    // The walk has its name, and applying it is not our business.
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    decoder
}

/// The block means; the values of 16-bit samples are counted in `histogram`.
fn summed(
    decoder: Decoder<Cursor<&[u8]>>,
    block: u32,
    narrowing: &Narrowing,
    mut histogram: Option<&mut Histogram>,
) -> Result<Views, DecodeFailure> {
    let mut reader = decoder.read_info().map_err(failure)?;
    let info = reader.info();
    let (width, height, interlaced) = (info.width, info.height, info.interlaced);
    let (output, depth) = reader.output_color_type();
    let (kind, channels) = match output {
        ColorType::Grayscale => (Channels::Gray, 1),
        ColorType::GrayscaleAlpha => (Channels::Gray, 2),
        // Palettes have been expanded.
        ColorType::Rgb | ColorType::Indexed => (Channels::Rgb, 3),
        ColorType::Rgba => (Channels::Rgb, 4),
    };
    let mut reducer = Flattener::new(width, height, block, kind);
    let mut narrowed = Vec::new();
    let passes: &[[u32; 4]] = match interlaced {
        true => &ADAM7,
        false => &[[0, 1, 0, 1]],
    };
    for &[first_x, step_x, first_y, step_y] in passes {
        if first_x >= width {
            continue;
        }
        for y in (first_y..height).step_by(step_y as usize) {
            let row = reader.next_row().map_err(failure)?;
            let row = row.ok_or_else(|| DecodeFailure::corrupt("rows are missing"))?;
            let mut row = row.data();
            if depth == BitDepth::Sixteen {
                let samples = row.as_chunks::<2>().0.iter();
                let samples = samples.map(|&two| u16::from_be_bytes(two));
                if let Some(histogram) = &mut histogram {
                    histogram.add(shown(samples.clone(), channels));
                }
                narrowing.narrow(samples, channels, &mut narrowed);
                row = &narrowed;
            }
            reducer.add_pixels(y, first_x, step_x, row_of(row, channels));
        }
    }
    Ok(reducer.finish())
}

fn failure(error: DecodingError) -> DecodeFailure {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            DecodeFailure::Truncated
        }
        error => DecodeFailure::corrupt(error.to_string()),
    }
}
