//! PNG, summed up row by row as it is inflated: the picture is never held.

use std::io::{Cursor, ErrorKind};

use png::{BitDepth, ColorType, Decoder, DecodingError, Transformations};

use super::container;
use crate::decode::format::Format;
use crate::decode::header::{ColourMode, Header};
use crate::decode::reduce::{Reduced, Wanted};
use crate::decode::reducer::{Channels, Reducer, Row};
use crate::decode::{DecodeFailure, Limits, check_size};

/// First column, column step, first row, row step of the seven passes of an
/// interlaced picture (PNG 3rd edition, 8.2).
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
) -> Result<(Header, Reduced), DecodeFailure> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.set_ignore_text_chunk(true);
    // The walk has its name, and applying it is not our business.
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let info = decoder.read_header_info().map_err(failure)?;
    let (width, height, interlaced) = (info.width, info.height, info.interlaced);
    let (colour, depth) = (info.color_type, info.bit_depth);
    check_size(width, height, limits)?;
    let container = container::walk(Format::Png, bytes)?;

    let mut reader = decoder.read_info().map_err(failure)?;
    let (output, _) = reader.output_color_type();
    let channels = match output {
        ColorType::Grayscale | ColorType::GrayscaleAlpha => Channels::Gray,
        _ => Channels::Rgb,
    };
    let block = wanted.block_side(width, height);
    let mut reducer = Reducer::new(width, height, block, channels);
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
            reducer.add_pixels(y, first_x, step_x, as_row(output, row.data()));
        }
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
    Ok((header, reducer.finish()))
}

fn as_row(output: ColorType, data: &[u8]) -> Row<'_> {
    match output {
        ColorType::Grayscale => Row::Gray(data),
        ColorType::GrayscaleAlpha => Row::GrayAlpha(data),
        ColorType::Rgba => Row::Rgba(data),
        // Palettes have been expanded.
        ColorType::Rgb | ColorType::Indexed => Row::Colour(data),
    }
}

fn failure(error: DecodingError) -> DecodeFailure {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            DecodeFailure::Truncated
        }
        error => DecodeFailure::corrupt(error.to_string()),
    }
}
