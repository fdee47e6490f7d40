//! Shrinks images to planes of block means and those to thumbnails. Knows
//! nothing of file formats.
//!
//! Every decode path shrinks in the same two steps, so that one image gives nearly
//! the same thumbnail whatever its format: means over blocks of equal size
//! (what the DC coefficients of a JPEG are), then a bilinear convolution from
//! the exact, fractional area the image covers in blocks.

use super::orientation::Orientation;
use super::resample::resampled;
use super::thumbnail::{Plane, Thumbnail};

/// How small an image is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A [`Thumbnail`].
    Thumbnail,
    /// A colour image of this long side.
    Preview(u32),
    /// A gray image of this long side: decoders that can leave the colours out do.
    Luma(u32),
    /// A colour image of this short side.
    Cover(u32),
}

impl Wanted {
    /// The side of the blocks to average, a power of two, for a stored image
    /// of this size. A function of the size alone, so that formats agree.
    pub(crate) fn block_side(self, width: u32, height: u32) -> u32 {
        let (long, short) = (width.max(height), width.min(height));
        match self {
            // Blocks of 8 leave at least 48 × 32 of a 64-pixel thumbnail to
            // interpolate from; below that hashes drift.
            Self::Thumbnail if short >= 256 && long >= 384 => grow(8, width, height, 1024),
            // A quarter costs a JPEG little and keeps every pixel we store.
            Self::Thumbnail if short >= 128 && long >= 256 => 4,
            Self::Thumbnail => 1,
            Self::Preview(side) | Self::Luma(side) => {
                grow(1, width, height, side.max(16).saturating_mul(2))
            }
            // More than two blocks a pixel, so that their means blur nothing
            // that the convolution would have kept.
            Self::Cover(side) => {
                let wanted = 4 * u64::from(side.max(1)) * u64::from(long);
                let wanted = wanted / u64::from(short.max(1));
                grow(1, width, height, u32::try_from(wanted).unwrap_or(u32::MAX))
            }
        }
    }
}

/// Doubles `block` until the image is at most `side` blocks long, so that
/// reducing a huge image takes a few MB. Stops before the sum over a block
/// (2^24 pixels of 255) could exceed 32 bits.
fn grow(mut block: u32, width: u32, height: u32, side: u32) -> u32 {
    let long = width.max(height);
    let area = |block: u32| u64::from(block.min(width)) * u64::from(block.min(height));
    while long / block > side && area(block * 2) <= 1 << 24 {
        block *= 2;
    }
    block
}

/// Samples of one channel and the area of them the image covers. The last
/// column and row may be covered in part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Blocks {
    pub(crate) plane: Plane,
    pub(crate) covered: (f64, f64),
}

/// All of an image, as a part of it.
const WHOLE: [f64; 4] = [0.0, 0.0, 1.0, 1.0];

/// Where the middle `side` pixels of `length`, scaled by `scale`, begin and how
/// many they are, as shares of `length`. Rounds as torchvision does, which scales
/// to whole pixels and cuts at a whole one, so that a model sees what it was
/// trained on.
fn middle(length: u32, scale: f64, side: u32) -> (f64, f64) {
    let side = f64::from(side);
    // The product may fall short of a whole number by a rounding.
    let scaled = (f64::from(length) * scale + 1e-6).floor().max(side);
    let first = ((scaled - side) / 2.0).round_ties_even();
    (first / scaled, side / scaled)
}

impl Blocks {
    fn resized(&self, width: u32, height: u32) -> Option<Plane> {
        self.cut(width, height, WHOLE)
    }

    /// A part of the image, resized: left, top, columns and rows as shares of
    /// its own.
    fn cut(&self, width: u32, height: u32, part: [f64; 4]) -> Option<Plane> {
        let Self { plane, covered } = self;
        let whole = (f64::from(plane.width), f64::from(plane.height));
        let unchanged = *covered == whole && part == WHOLE;
        if unchanged && (plane.width, plane.height) == (width, height) {
            return Some(plane.clone());
        }
        let covered = (covered.0.min(whole.0), covered.1.min(whole.1));
        let [left, top, columns, rows] = part;
        // Bilinear: a box filter changes five times as many hash bits.
        let part = [
            covered.0 * left,
            covered.1 * top,
            covered.0 * columns,
            covered.1 * rows,
        ];
        resampled(plane, part, width, height)
    }
}

/// An image as block means, not yet upright.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reduced {
    /// Size of the stored image in pixels.
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) luma: Blocks,
    /// Cb and Cr; `None` for a gray image.
    pub(crate) chroma: Option<[Blocks; 2]>,
}

impl Reduced {
    /// The upright thumbnail. `None` if resizing fails, which no size does.
    pub(crate) fn thumbnail(&self, orientation: Orientation) -> Option<Thumbnail> {
        let (width, height) = fitted(self.width, self.height, Thumbnail::LUMA_SIDE);
        let luma = self.luma.resized(width, height)?;
        let (width, height) = fitted(self.width, self.height, Thumbnail::CHROMA_SIDE);
        let [cb, cr] = self.chroma_resized(width, height)?;
        Some(Thumbnail {
            luma: orientation.apply_to_plane(luma),
            cb: orientation.apply_to_plane(cb),
            cr: orientation.apply_to_plane(cr),
        })
    }

    /// The upright image in RGB, its long side at most `side`: width,
    /// height, samples.
    pub(crate) fn rgb(&self, orientation: Orientation, side: u32) -> Option<(u32, u32, Vec<u8>)> {
        let (width, height) = fitted(self.width, self.height, side.max(1));
        let rgb = self.rgb_cut(width, height, WHOLE)?;
        let rgb = orientation.apply(rgb, width, height, 3);
        let (width, height) = orientation.size(width, height);
        Some((width, height, rgb))
    }

    /// The middle of the upright image in RGB: as much as, scaled evenly,
    /// fills `width` × `height`; enlarged if need be.
    pub(crate) fn covering(
        &self,
        orientation: Orientation,
        width: u32,
        height: u32,
    ) -> Option<Vec<u8>> {
        let (width, height) = orientation.size(width, height);
        let across = f64::from(width) / f64::from(self.width.max(1));
        let down = f64::from(height) / f64::from(self.height.max(1));
        let scale = across.max(down);
        let (left, columns) = middle(self.width, scale, width);
        let (top, rows) = middle(self.height, scale, height);
        let rgb = self.rgb_cut(width, height, [left, top, columns, rows])?;
        Some(orientation.apply(rgb, width, height, 3))
    }

    fn rgb_cut(&self, width: u32, height: u32, part: [f64; 4]) -> Option<Vec<u8>> {
        let luma = self.luma.cut(width, height, part)?;
        let [cb, cr] = match &self.chroma {
            Some([cb, cr]) => [cb.cut(width, height, part)?, cr.cut(width, height, part)?],
            None => [128, 128].map(|value| Plane::filled(width, height, value)),
        };
        let samples = luma.samples.iter();
        let samples = samples.zip(cb.samples.iter().zip(&cr.samples));
        Some(
            samples
                .flat_map(|(&y, (&cb, &cr))| to_rgb(y, cb, cr))
                .collect(),
        )
    }

    /// The upright luma, its long side at most `side`.
    pub(crate) fn gray(&self, orientation: Orientation, side: u32) -> Option<Plane> {
        let (width, height) = fitted(self.width, self.height, side.max(1));
        Some(orientation.apply_to_plane(self.luma.resized(width, height)?))
    }

    fn chroma_resized(&self, width: u32, height: u32) -> Option<[Plane; 2]> {
        match &self.chroma {
            Some([cb, cr]) => Some([cb.resized(width, height)?, cr.resized(width, height)?]),
            None => Some([128, 128].map(|value| Plane::filled(width, height, value))),
        }
    }
}

/// `width` × `height` shrunk so that the long side is at most `side`, each
/// side at least one pixel. Never enlarged.
pub(crate) fn fitted(width: u32, height: u32, side: u32) -> (u32, u32) {
    let long = u64::from(width.max(height).max(1));
    if long <= u64::from(side) {
        return (width.max(1), height.max(1));
    }
    let shrink = |length: u32| {
        let rounded = (u64::from(length) * u64::from(side) * 2 + long) / (long * 2);
        u32::try_from(rounded).unwrap_or(side).max(1)
    };
    (shrink(width), shrink(height))
}

/// Full-range Rec. 601 as in JFIF.
fn to_rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [
        to_sample(y + 1.402 * cr),
        to_sample(y - 0.344_136 * cb - 0.714_136 * cr),
        to_sample(y + 1.772 * cb),
    ]
}

/// Rounds to the nearest sample; the cast clamps to 0..=255.
#[inline(always)]
pub(super) fn to_sample(value: f32) -> u8 {
    (value + 0.5) as u8
}
