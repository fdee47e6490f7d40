//! GIF, summed up row by row as it is unpacked: the image is never held. The
//! first frame only.

use std::io::{Cursor, ErrorKind};

use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};

use super::container;
use crate::decode::header::{ColourMode, Header};
use crate::decode::matte::{Flattener, Views};
use crate::decode::reduce::Wanted;
use crate::decode::reducer::{Channels, Row};
use crate::decode::{DecodeFailure, Limits, check_size};
use crate::image_format::Format;

/// First row and step of the passes of a frame: in order, or interlaced
/// (GIF89a, appendix E).
const IN_ORDER: &[[usize; 2]] = &[[0, 1]];
const INTERLACED: &[[usize; 2]] = &[[0, 8], [4, 8], [2, 4], [1, 2]];

/// Bytes of a pixel: red, green, blue, opacity.
const PIXEL: usize = 4;

pub(super) fn reduced(
    bytes: &[u8],
    limits: &Limits,
    wanted: Wanted,
) -> Result<(Header, Views), DecodeFailure> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    // Rows are asked for one by one.
    options.set_memory_limit(MemoryLimit::Unlimited);
    let mut file = options.read_info(Cursor::new(bytes)).map_err(failure)?;
    let (width, height) = (file.width().into(), file.height().into());
    check_size(width, height, limits)?;
    let container = container::walk(Format::Gif, bytes)?;
    let block = wanted.block_side(width, height);
    let mut reducer = Flattener::new(width, height, block, Channels::Rgb);

    let frame = file.next_frame_info().map_err(failure)?;
    let frame = frame.ok_or_else(|| DecodeFailure::corrupt("it has no frame"))?;
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let (across, down) = (usize::from(frame.width), usize::from(frame.height));
    let passes = match frame.interlaced {
        true => INTERLACED,
        false => IN_ORDER,
    };
    // Around the frame nothing is to be seen.
    let (screen_width, screen_height) = (width as usize, height as usize);
    let mut screen = vec![0; screen_width * PIXEL];
    for y in (0..screen_height).filter(|y| !(top..top + down).contains(y)) {
        reducer.add_pixels(y as u32, 0, 1, Row::Rgba(&screen));
    }
    let shown = across.min(screen_width.saturating_sub(left));
    let mut row = vec![0; across * PIXEL];
    for &[first, step] in passes {
        for y in (first..down).step_by(step) {
            if !file.fill_buffer(&mut row).map_err(failure)? {
                return Err(DecodeFailure::corrupt("its image ends too early"));
            }
            if top + y < screen_height {
                let place = left.min(screen_width) * PIXEL;
                screen[place..place + shown * PIXEL].copy_from_slice(&row[..shown * PIXEL]);
                reducer.add_pixels((top + y) as u32, 0, 1, Row::Rgba(&screen));
            }
        }
    }

    let exif = container.exif_facts(Format::Gif, bytes);
    let orientation = super::turned(exif.as_ref());
    let (upright_width, upright_height) = orientation.size(width, height);
    let header = Header {
        format: Format::Gif,
        width: upright_width,
        height: upright_height,
        orientation,
        colour: ColourMode::Palette,
        bit_depth: 1 + (bytes.get(10).copied().unwrap_or(7) & 7),
        animated: container.animated,
        exif: exif.map(Box::new),
        jpeg: None,
        icc: None,
    };
    Ok((header, reducer.finish()))
}

fn failure(error: DecodingError) -> DecodeFailure {
    match error {
        DecodingError::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
            DecodeFailure::Truncated
        }
        error => DecodeFailure::corrupt(error.to_string()),
    }
}
