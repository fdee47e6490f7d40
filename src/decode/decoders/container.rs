//! Walks a file's outer structure: is it whole, is it animated, where is its
//! EXIF? Decodes no pixel.

use std::borrow::Cow;

use crate::decode::DecodeFailure;
use crate::decode::exif::{self, ExifFacts};
use crate::image_format::Format;

/// What lies around the image.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Container<'a> {
    pub(super) animated: bool,
    /// A TIFF structure.
    pub(super) exif: Option<&'a [u8]>,
    /// An ICC profile, or only its name.
    pub(super) icc: Option<Cow<'a, str>>,
}

impl Container<'_> {
    /// The EXIF facts. A TIFF file carries them in its own structure.
    pub(super) fn exif_facts(&self, format: Format, bytes: &[u8]) -> Option<ExifFacts> {
        // The EXIF library keeps a copy of what it reads, and all it is asked
        // for fits in far less than this.
        const MAX_TIFF: usize = 64 << 20;
        match format {
            Format::Tiff => exif::read(bytes.get(..MAX_TIFF).unwrap_or(bytes)),
            _ => exif::read(self.exif?),
        }
    }
}

/// Walks `bytes` of this format. Formats without such a structure (QOI, PNM,
/// TGA, TIFF, and the pixels of BMP) are checked by their decoder alone.
///
/// # Errors
/// `Truncated` when the structure reaches beyond the file.
pub(super) fn walk(format: Format, bytes: &[u8]) -> Result<Container<'_>, DecodeFailure> {
    let walked = match format {
        Format::Png => png(bytes),
        Format::Gif => gif(bytes),
        Format::WebP => webp(bytes),
        Format::Ico => ico(bytes),
        _ => Some(Container::default()),
    };
    walked.ok_or(DecodeFailure::Truncated)
}

/// Up to and with the IEND chunk (PNG 3rd edition, 5.3). Behind the first chunk of
/// pixels a file may end anywhere: programs show an image whose rows are all there,
/// and whether they are, their decoder finds out.
fn png(bytes: &[u8]) -> Option<Container<'_>> {
    let mut container = Container::default();
    let mut rest = bytes.get(8..)?;
    let mut has_pixels = false;
    loop {
        let Some((kind, data, behind)) = png_chunk(rest) else {
            return has_pixels.then_some(container);
        };
        rest = behind;
        match kind {
            b"IDAT" => has_pixels = true,
            b"IEND" => return Some(container),
            b"acTL" => container.animated = be32(data, 0)? > 1,
            b"eXIf" => container.exif = Some(data),
            b"iCCP" => {
                let name = data.split(|&byte| byte == 0).next()?;
                // Latin-1, which is the start of Unicode.
                let name: String = name.iter().map(|&byte| char::from(byte)).collect();
                container.icc = Some(name.into());
            }
            _ => {}
        }
    }
}

/// A PNG file that ends with its last chunk of pixels and the end that belongs there;
/// the file itself where it has one.
pub(super) fn ended_png(bytes: &[u8]) -> Cow<'_, [u8]> {
    const END: &[u8] = b"\0\0\0\0IEND\xAE\x42\x60\x82";
    let mut rest = bytes.get(8..).unwrap_or_default();
    let mut pixels_end = bytes.len();
    while let Some((kind, _, behind)) = png_chunk(rest) {
        match kind {
            b"IEND" => return bytes.into(),
            b"IDAT" => pixels_end = bytes.len() - behind.len(),
            _ => {}
        }
        rest = behind;
    }
    [&bytes[..pixels_end], END].concat().into()
}

/// The kind of the first chunk, its data and what follows it.
fn png_chunk(rest: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let length = be32(rest, 0)?;
    Some((
        rest.get(4..8)?,
        rest.get(8..length.checked_add(8)?)?,
        rest.get(length.checked_add(12)?..)?,
    ))
}

/// Up to and with the trailer (GIF89a, appendix B), or to the end of the first frame,
/// the only one that is shown.
fn gif(bytes: &[u8]) -> Option<Container<'_>> {
    let mut frames = 0u32;
    let mut rest = bytes.get(13..)?;
    rest = rest.get(colour_table(bytes[10])..)?;
    while let Some((kind, behind)) = gif_block(rest) {
        frames += u32::from(kind == GIF_FRAME);
        rest = behind;
        if kind == GIF_TRAILER {
            break;
        }
    }
    (frames > 0).then_some(Container {
        animated: frames > 1,
        ..Container::default()
    })
}

const GIF_FRAME: u8 = 0x2C;
const GIF_TRAILER: u8 = 0x3B;

/// The kind of the first block, and what follows it.
fn gif_block(rest: &[u8]) -> Option<(u8, &[u8])> {
    let (&kind, behind) = rest.split_first()?;
    let behind = match kind {
        0x21 => sub_blocks(behind.get(1..)?)?,
        GIF_FRAME => {
            let table = colour_table(*behind.get(8)?);
            // Nine bytes of descriptor, the table, the LZW code size.
            sub_blocks(behind.get(9 + table + 1..)?)?
        }
        // Some writers pad with zeros between blocks.
        _ => behind,
    };
    Some((kind, behind))
}

fn colour_table(flags: u8) -> usize {
    match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 7) + 1),
    }
}

fn sub_blocks(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (&length, behind) = rest.split_first()?;
        rest = behind.get(usize::from(length)..)?;
        if length == 0 {
            return Some(rest);
        }
    }
}

/// RIFF chunks, as long as the RIFF header says (WebP container spec.).
fn webp(bytes: &[u8]) -> Option<Container<'_>> {
    let mut container = Container::default();
    let end = le32(bytes, 4)?.checked_add(8)?;
    let mut rest = bytes.get(..end)?.get(12..)?;
    while rest.len() >= 8 {
        let kind = rest.get(..4)?;
        let length = le32(rest, 4)?;
        let data = rest.get(8..length.checked_add(8)?)?;
        // Chunks are padded to even length; the last one not always.
        let next = (length + (length & 1)).checked_add(8)?;
        rest = rest.get(next..).unwrap_or_default();
        match kind {
            b"VP8X" => container.animated = data.first()? & 2 != 0,
            b"EXIF" => container.exif = Some(data.strip_prefix(b"Exif\0\0").unwrap_or(data)),
            b"ICCP" => container.icc = Some(crate::decode::icc::name(data).into()),
            _ => {}
        }
    }
    Some(container)
}

/// Every image of the directory lies within the file.
fn ico(bytes: &[u8]) -> Option<Container<'_>> {
    let count = usize::from(u16::from_le_bytes([*bytes.get(4)?, *bytes.get(5)?]));
    for line in bytes.get(6..6 + 16 * count)?.chunks_exact(16) {
        let end = le32(line, 12)?.checked_add(le32(line, 8)?)?;
        bytes.get(..end)?;
    }
    Some(Container::default())
}

/// The image that an icon shows: the largest, of these the one of most bits a pixel.
pub(super) enum IconImage<'a> {
    Png(&'a [u8]),
    /// An icon of this image alone.
    Icon(Vec<u8>),
}

/// The image to show of an icon; `None` where its directory leads nowhere.
pub(super) fn icon_image(bytes: &[u8]) -> Option<IconImage<'_>> {
    // A side of 0 stands for 256.
    let side = |stored: u8| u32::from(stored.wrapping_sub(1)) + 1;
    let count = usize::from(u16::from_le_bytes([*bytes.get(4)?, *bytes.get(5)?]));
    let lines = bytes.get(6..6 + 16 * count)?.chunks_exact(16);
    // Of equal ones the first.
    let best = lines.rev().max_by_key(|line| {
        let bits = u16::from_le_bytes([line[6], line[7]]);
        (side(line[0]) * side(line[1]), bits)
    })?;
    let length = le32(best, 8)?;
    let data = bytes.get(le32(best, 12)?..)?.get(..length)?;
    if data.starts_with(b"\x89PNG\r\n\x1A\n") {
        return Some(IconImage::Png(data));
    }
    let mut alone = b"\0\0\x01\0\x01\0".to_vec();
    alone.extend_from_slice(&best[..12]);
    // Behind the six bytes of the header and this line of the directory.
    alone.extend(22u32.to_le_bytes());
    alone.extend_from_slice(data);
    Some(IconImage::Icon(alone))
}

/// A bitmap with the header of 64 or 16 bytes that OS/2 2 wrote (its fields are those
/// of Windows' header, with others behind them or the last ones left out) as one
/// with Windows' header of 40; `None` where it has another.
pub(super) fn windows_bitmap(bytes: &[u8]) -> Option<Vec<u8>> {
    const WINDOWS: usize = 40;
    let length = le32(bytes, 14).filter(|length| matches!(length, 16 | 64))?;
    let header = bytes.get(14..14 + length)?;
    // Compression 3 and 4 are a fax code and 24-bit runs there.
    if length == 64 && le32(header, 16)? > 2 {
        return None;
    }
    let mut windows = bytes[..14].to_vec();
    windows.extend_from_slice(&header[..length.min(WINDOWS)]);
    windows.resize(14 + WINDOWS, 0);
    windows[14..18].copy_from_slice(&(WINDOWS as u32).to_le_bytes());
    let pixels = (le32(bytes, 10)? + WINDOWS).checked_sub(length)?;
    windows[10..14].copy_from_slice(&u32::try_from(pixels).ok()?.to_le_bytes());
    windows.extend_from_slice(&bytes[14 + length..]);
    Some(windows)
}

fn four(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(four(bytes, at)?)).ok()
}

fn le32(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(four(bytes, at)?)).ok()
}
