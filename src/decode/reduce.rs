//! Shrinks pictures to planes of block means and those to thumbnails. Knows
//! nothing of file formats.
//!
//! Every road shrinks in the same two steps, so that one picture gives nearly
//! the same thumbnail whatever its format: means over blocks of equal size
//! (what the DC coefficients of a JPEG are), then a bilinear convolution from
//! the exact, fractional area the picture covers in blocks.

use std::cell::RefCell;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::orientation::Orientation;
use super::thumbnail::{Plane, Thumbnail};

/// How small a picture is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A [`Thumbnail`].
    Thumbnail,
    /// A colour picture of this long side.
    Preview(u32),
    /// A gray picture of this long side: roads that can leave the colours out do.
    Luma(u32),
    /// A colour picture of this short side.
    Cover(u32),
}

impl Wanted {
    /// The side of the blocks to average, a power of two, for a stored picture
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

/// Doubles `block` until the picture is at most `side` blocks long, so that
/// reducing a huge picture takes a few MB. Stops before the sum over a block
/// (2^24 pixels of 255) could exceed 32 bits.
fn grow(mut block: u32, width: u32, height: u32, side: u32) -> u32 {
    let long = width.max(height);
    let area = |block: u32| u64::from(block.min(width)) * u64::from(block.min(height));
    while long / block > side && area(block * 2) <= 1 << 24 {
        block *= 2;
    }
    block
}

/// Samples of one channel and the area of them the picture covers. The last
/// column and row may be covered in part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Blocks {
    pub(crate) plane: Plane,
    pub(crate) covered: (f64, f64),
}

/// All of a picture, as a part of it.
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

    /// A part of the picture, resized: left, top, columns and rows as shares of
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
        let source =
            ImageRef::new(plane.width, plane.height, &plane.samples, PixelType::U8).ok()?;
        let mut target = Image::new(width, height, PixelType::U8);
        let options = ResizeOptions::new()
            // Bilinear: a box filter changes five times as many hash bits.
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(
                covered.0 * left,
                covered.1 * top,
                covered.0 * columns,
                covered.1 * rows,
            )
            .use_alpha(false);
        RESIZER
            .with_borrow_mut(|resizer| resizer.resize(&source, &mut target, &options))
            .ok()?;
        Some(Plane {
            width,
            height,
            samples: target.into_vec(),
        })
    }
}

thread_local! {
    // Keeps its work buffers from picture to picture.
    static RESIZER: RefCell<Resizer> = RefCell::new(Resizer::new());
}

/// A picture as block means, not yet upright.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reduced {
    /// Size of the stored picture in pixels.
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) luma: Blocks,
    /// Cb and Cr; `None` for a gray picture.
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

    /// The upright picture in RGB, its long side at most `side`: width,
    /// height, samples.
    pub(crate) fn rgb(&self, orientation: Orientation, side: u32) -> Option<(u32, u32, Vec<u8>)> {
        let (width, height) = fitted(self.width, self.height, side.max(1));
        let rgb = self.rgb_cut(width, height, WHOLE)?;
        let rgb = orientation.apply(rgb, width, height, 3);
        let (width, height) = orientation.size(width, height);
        Some((width, height, rgb))
    }

    /// The middle of the upright picture in RGB: as much as, scaled evenly,
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

/// One row of pixels, 8 bits a channel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Row<'a> {
    Gray(&'a [u8]),
    GrayAlpha(&'a [u8]),
    /// RGB, or YCbCr in a reducer of that.
    Colour(&'a [u8]),
    Rgba(&'a [u8]),
}

/// What a [`Reducer`] sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    Gray,
    Rgb,
    YCbCr,
}

/// Sums pixels into blocks, row by row, holding only the sums.
///
/// Transparency is laid over white, the paper most programs assume when they
/// save a picture as JPEG; the colour hidden under a transparent pixel thus
/// never shows.
pub(crate) struct Reducer {
    width: u32,
    height: u32,
    block: u32,
    columns: usize,
    channels: Channels,
    /// One (gray) or three sums a block.
    sums: Vec<u32>,
}

impl Reducer {
    /// For a picture of `width` × `height` pixels, reduced to blocks of side
    /// `block`. One of gray takes only gray rows.
    pub(crate) fn new(width: u32, height: u32, block: u32, channels: Channels) -> Self {
        let columns = width.div_ceil(block) as usize;
        let rows = height.div_ceil(block) as usize;
        let sums = if channels == Channels::Gray { 1 } else { 3 };
        Self {
            width,
            height,
            block,
            columns,
            channels,
            sums: vec![0; columns * rows * sums],
        }
    }

    /// Adds row `y`, whole.
    pub(crate) fn add_row(&mut self, y: u32, row: Row<'_>) {
        self.add_pixels(y, 0, 1, row);
    }

    /// Adds pixels of row `y` at columns `first`, `first + step`, …
    pub(crate) fn add_pixels(&mut self, y: u32, first: u32, step: u32, row: Row<'_>) {
        let block = self.block as usize;
        let gray = self.channels == Channels::Gray;
        let channels = if gray { 1 } else { 3 };
        let start = (y / self.block) as usize * self.columns * channels;
        let Some(sums) = self.sums.get_mut(start..start + self.columns * channels) else {
            return;
        };
        let at = Placement {
            first: first as usize,
            step: step as usize,
            block,
        };
        match (row, gray) {
            (Row::Gray(bytes), true) => at.add::<1, 1>(sums, bytes, |pixel| *pixel),
            (Row::GrayAlpha(bytes), true) => {
                at.add::<2, 1>(sums, bytes, |&[v, a]| [over_white(v, a)])
            }
            (Row::Gray(bytes), false) => at.add::<1, 3>(sums, bytes, |&[v]| [v; 3]),
            (Row::GrayAlpha(bytes), false) => {
                at.add::<2, 3>(sums, bytes, |&[v, a]| [over_white(v, a); 3])
            }
            (Row::Colour(bytes), _) => at.add::<3, 3>(sums, bytes, |pixel| *pixel),
            (Row::Rgba(bytes), _) => at.add::<4, 3>(sums, bytes, |&[r, g, b, a]| {
                [over_white(r, a), over_white(g, a), over_white(b, a)]
            }),
        }
    }

    /// The block means.
    pub(crate) fn finish(self) -> Reduced {
        let rows = self.height.div_ceil(self.block);
        let block = f64::from(self.block);
        let covered = (
            f64::from(self.width) / block,
            f64::from(self.height) / block,
        );
        let blocks = |samples: Vec<u8>| Blocks {
            plane: Plane {
                width: self.columns as u32,
                height: rows,
                samples,
            },
            covered,
        };
        let inverse_areas = self.inverse_areas();
        let (luma, chroma) = if self.channels == Channels::Gray {
            let means = self.sums.iter().zip(inverse_areas);
            let luma = means
                .map(|(&sum, inverse)| to_sample(sum as f32 * inverse))
                .collect();
            (luma, None)
        } else {
            let convert = match self.channels {
                Channels::YCbCr => |ycc| ycc,
                _ => to_ycc,
            };
            let [mut y, mut cb, mut cr] = [(); 3].map(|()| Vec::with_capacity(self.sums.len() / 3));
            for (sum, inverse) in self.sums.chunks_exact(3).zip(inverse_areas) {
                let mean = convert([sum[0], sum[1], sum[2]].map(|sum| sum as f32 * inverse));
                y.push(to_sample(mean[0]));
                cb.push(to_sample(mean[1]));
                cr.push(to_sample(mean[2]));
            }
            (y, Some([cb, cr]))
        };
        Reduced {
            width: self.width,
            height: self.height,
            luma: blocks(luma),
            chroma: chroma.map(|planes| planes.map(blocks)),
        }
    }

    /// One over the number of pixels of each block, in order.
    fn inverse_areas(&self) -> impl Iterator<Item = f32> + use<> {
        let (width, height, block) = (self.width, self.height, self.block);
        let extent = move |index: u32, length: u32| block.min(length - index * block);
        (0..height.div_ceil(block)).flat_map(move |row| {
            let tall = extent(row, height);
            (0..width.div_ceil(block))
                .map(move |column| 1.0 / (tall * extent(column, width)) as f32)
        })
    }
}

/// Where the pixels of a row lie.
struct Placement {
    first: usize,
    step: usize,
    block: usize,
}

impl Placement {
    /// Adds pixels of `IN` bytes to sums of `OUT` channels.
    #[inline]
    fn add<const IN: usize, const OUT: usize>(
        &self,
        sums: &mut [u32],
        bytes: &[u8],
        colour: impl Fn(&[u8; IN]) -> [u8; OUT],
    ) {
        let (pixels, _) = bytes.as_chunks::<IN>();
        if self.step == 1 && self.first == 0 {
            let (sums, _) = sums.as_chunks_mut::<OUT>();
            for (sum, pixels) in sums.iter_mut().zip(pixels.chunks(self.block)) {
                for pixel in pixels {
                    for (sum, value) in sum.iter_mut().zip(colour(pixel)) {
                        *sum += u32::from(value);
                    }
                }
            }
        } else {
            for (index, pixel) in pixels.iter().enumerate() {
                let column = (self.first + index * self.step) / self.block;
                if let Some(sum) = sums.get_mut(column * OUT..(column + 1) * OUT) {
                    for (sum, value) in sum.iter_mut().zip(colour(pixel)) {
                        *sum += u32::from(value);
                    }
                }
            }
        }
    }
}

/// `value` of opacity `alpha` before white, rounded.
fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// Rounds to the nearest sample; the cast clamps to 0..=255.
fn to_sample(value: f32) -> u8 {
    (value + 0.5) as u8
}

/// Full-range Rec. 601 as in JFIF. Linear, so that the mean of a block may be
/// converted rather than each of its pixels.
fn to_ycc([r, g, b]: [f32; 3]) -> [f32; 3] {
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [
        y,
        (b - y) * (0.5 / 0.886) + 128.0,
        (r - y) * (0.5 / 0.701) + 128.0,
    ]
}

/// The inverse.
fn to_rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [
        to_sample(y + 1.402 * cr),
        to_sample(y - 0.344_136 * cb - 0.714_136 * cr),
        to_sample(y + 1.772 * cb),
    ]
}
