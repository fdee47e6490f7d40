//! Whole images in one canonical form. Compares nothing itself.

use super::decoders::{self, whole::Whole};
use super::{DecodeFailure, Limits};
use crate::image_format::Format;
use crate::sample::ContentHash;

/// Bits of a channel of [`Pixels`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// One byte a channel.
    Eight,
    /// Two bytes a channel, the upper first.
    Sixteen,
}

/// Every pixel of an upright image, so that equality is equality of looks.
///
/// Always red, green, blue and alpha. Pixels that cannot be seen (alpha 0) are
/// all zero; an image of nothing else is one without alpha. Sixteen bits are
/// kept only where some sample needs them: a sample widened from 8 bits has two
/// equal bytes. Wider numbers (TIFF) are brought to 16 bits. ICC profiles are
/// not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bits a channel.
    pub depth: Depth,
    /// `width * height` pixels of four channels.
    pub rgba: Vec<u8>,
    /// What stands for black and for white in the file, bit by bit, where
    /// numbers wider than 16 bits fill no range by nature.
    pub range: Option<[u64; 2]>,
}

impl Pixels {
    /// Identifies the image, shape and depth included.
    pub(super) fn hash(&self) -> ContentHash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.width.to_le_bytes());
        hasher.update(&self.height.to_le_bytes());
        hasher.update(&[self.depth as u8]);
        hasher.update(&self.rgba);
        for end in self.range.iter().flatten() {
            hasher.update(&end.to_le_bytes());
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        ContentHash(short)
    }
}

pub(super) fn decode(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Pixels, DecodeFailure> {
    let (orientation, whole) = decoders::whole(format, bytes, limits)?;
    let (depth, rgba) = canonical(&whole);
    let bytes = match depth {
        Depth::Eight => 4,
        Depth::Sixteen => 8,
    };
    let (width, height) = orientation.size(whole.width, whole.height);
    Ok(Pixels {
        width,
        height,
        depth,
        rgba: orientation.apply(rgba, whole.width, whole.height, bytes),
        range: whole.range,
    })
}

fn canonical(whole: &Whole) -> (Depth, Vec<u8>) {
    match whole.narrowest() {
        Ok(narrow) => (Depth::Eight, rgba(&narrow, whole.channels, u8::MAX)),
        Err(wide) => {
            let rgba = rgba(wide, whole.channels, u16::MAX);
            let bytes = rgba.iter().flat_map(|sample| sample.to_be_bytes());
            (Depth::Sixteen, bytes.collect())
        }
    }
}

/// Spreads `channels` channels to four, and blanks what cannot be seen.
fn rgba<T: Copy + Default + PartialEq>(samples: &[T], channels: usize, opaque: T) -> Vec<T> {
    let zero = T::default();
    let spread = |pixel: &[T]| match *pixel {
        [v] => [v, v, v, opaque],
        [v, a] => [v, v, v, a],
        [r, g, b] => [r, g, b, opaque],
        [r, g, b, a, ..] => [r, g, b, a],
        [] => [zero; 4],
    };
    let pixels = samples.chunks_exact(channels).map(spread);
    let visible = pixels.clone().any(|[.., alpha]| alpha != zero);
    pixels
        .flat_map(|[r, g, b, alpha]| match (alpha == zero, visible) {
            (true, true) => [zero; 4],
            (true, false) => [r, g, b, opaque],
            _ => [r, g, b, alpha],
        })
        .collect()
}
