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

/// Up to and with the IEND chunk (PNG 3rd edition, 5.3).
fn png(bytes: &[u8]) -> Option<Container<'_>> {
    let mut container = Container::default();
    let mut rest = bytes.get(8..)?;
    loop {
        let length = be32(rest, 0)?;
        let kind = rest.get(4..8)?;
        let data = rest.get(8..length.checked_add(8)?)?;
        rest = rest.get(length.checked_add(12)?..)?;
        match kind {
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

/// Up to and with the trailer (GIF89a, appendix B).
fn gif(bytes: &[u8]) -> Option<Container<'_>> {
    let mut frames = 0u32;
    let mut rest = bytes.get(13..)?;
    rest = rest.get(colour_table(bytes[10])..)?;
    loop {
        let (&kind, behind) = rest.split_first()?;
        rest = match kind {
            0x3B => {
                return Some(Container {
                    animated: frames > 1,
                    ..Container::default()
                });
            }
            0x21 => sub_blocks(behind.get(1..)?)?,
            0x2C => {
                frames += 1;
                let table = colour_table(*behind.get(8)?);
                // Nine bytes of descriptor, the table, the LZW code size.
                sub_blocks(behind.get(9 + table + 1..)?)?
            }
            // Some writers pad with zeros between blocks.
            _ => behind,
        };
    }
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

/// The PNG inside an icon whose best image is one. "Best" as the icon decoder
/// has it: most bits a pixel, then largest.
pub(super) fn png_in_ico(bytes: &[u8]) -> Option<&[u8]> {
    // A side of 0 stands for 256.
    let side = |stored: u8| u32::from(stored.wrapping_sub(1)) + 1;
    let count = usize::from(u16::from_le_bytes([*bytes.get(4)?, *bytes.get(5)?]));
    let lines = bytes.get(6..6 + 16 * count)?.chunks_exact(16);
    let best = lines.max_by_key(|line| {
        let bits = u16::from_le_bytes([line[6], line[7]]);
        (bits, side(line[0]) * side(line[1]))
    })?;
    let data = bytes.get(le32(best, 12)?..)?.get(..le32(best, 8)?)?;
    data.starts_with(b"\x89PNG\r\n\x1A\n").then_some(data)
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
