//! Turns bytes into small upright images, under limits and by the cheapest
//! decoder. Reads no file and judges no image.
//!
//! Rules that hold on every decode path: luma and chroma are full-range Rec. 601;
//! transparency is laid over white, and where that matters also over black and
//! dropped, unless it hides all of the image: then it is dropped; of 16-bit
//! channels the upper 8 bits count, unless the values span less than a quarter
//! of the range: these are stretched to all of it; ICC profiles are named and not
//! applied; EXIF orientation is applied; a file that ends before its image does is
//! [`DecodeFailure::Truncated`], one that ends behind it is read.

mod decoders;
mod depth;
mod exif;
mod failure;
mod header;
mod icc;
mod jpeg;
mod matte;
mod orientation;
mod pixels;
mod reduce;
mod reducer;
mod resample;
#[cfg(test)]
mod tests;
mod thumbnail;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use crate::image_format::{Format, Sniffed, sniff};
pub use exif::{ExifFacts, ScanFacts};
pub use failure::DecodeFailure;
pub use header::{ColourMode, Header, JpegFacts, Subsampling};
pub use matte::Matte;
pub use orientation::Orientation;
pub use pixels::{Depth, Pixels};
pub(crate) use resample::resampled;
pub use thumbnail::{Plane, Thumbnail};

use image::RgbImage;
use reduce::{Reduced, Wanted};

use crate::sample::ContentHash;

/// What an image may claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Width times height, at most; more is [`DecodeFailure::TooLarge`] and
    /// found in the header, before memory is asked for.
    pub max_pixels: u64,
}

impl Default for Limits {
    /// 512 megapixels: above any camera, below what exhausts a laptop.
    fn default() -> Self {
        Self {
            max_pixels: 512_000_000,
        }
    }
}

/// An image's facts and the small image that later stages look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// What the file says of itself.
    pub header: Header,
    /// The small upright image. Its size depends on the image's size only.
    pub thumbnail: Thumbnail,
    /// The same before [black](Matte::Black) and with its alpha channel
    /// [dropped](Matte::Dropped), where that makes a difference.
    pub mattes: Option<Box<[Thumbnail; 2]>>,
}

/// An image's luma on the way to be compared, at twice the size that is
/// compared at most.
#[derive(Debug, Clone)]
pub(crate) struct CloseUp {
    reduced: Reduced,
    orientation: Orientation,
}

impl CloseUp {
    /// Of an image that is there already.
    pub(crate) fn of(luma: Plane) -> Self {
        Self {
            reduced: Reduced {
                width: luma.width,
                height: luma.height,
                luma: reduce::Blocks {
                    covered: (luma.width.into(), luma.height.into()),
                    plane: luma,
                },
                chroma: None,
            },
            orientation: Orientation::Upright,
        }
    }

    /// The upright luma, its long side at most `side` samples, never enlarged.
    pub(crate) fn luma(&self, side: u32) -> Option<Plane> {
        self.reduced.gray(self.orientation, side)
    }
}

/// Mean difference of luma, of 255, from which on an image before black is
/// another than before white: as much as two JPEG encodings differ by.
const OTHER: f64 = 3.0;

/// Reads an image's facts and thumbnail.
///
/// `extension` (without dot) serves only where [`sniff`] says so.
///
/// Memory beyond the bytes: a few MB for JPEG (about 1/16 byte a pixel, and
/// the entropy-coded bytes once more) and PNG, whatever their size; the whole
/// image at its own depth for other formats, for JPEG in four printing
/// colours or RGB, and for JPEG below 384 × 256.
///
/// # Errors
/// [`DecodeFailure`]; nothing else happens to a caller, whatever the bytes.
pub fn decode(
    bytes: &[u8],
    extension: Option<&str>,
    limits: &Limits,
) -> Result<Decoded, DecodeFailure> {
    guarded(|| {
        let format = recognised(bytes, extension)?;
        let (header, views) = decoders::reduced(format, bytes, limits, Wanted::Thumbnail)?;
        let small = |reduced: &Reduced| {
            let thumbnail = reduced.thumbnail(header.orientation);
            thumbnail.ok_or_else(unsized_image)
        };
        let thumbnail = small(&views.usual)?;
        let mattes = match &views.others {
            Some(others) => Some(Box::new([small(&others[0])?, small(&others[1])?])),
            None => None,
        };
        let mattes = mattes.filter(|mattes| {
            let mut other = mattes.iter();
            other.any(|other| difference(&thumbnail.luma, &other.luma) >= OTHER)
        });
        Ok(Decoded {
            header,
            thumbnail,
            mattes,
        })
    })
}

/// The mean difference of two planes of one size.
fn difference(a: &Plane, b: &Plane) -> f64 {
    let pairs = a.samples.iter().zip(&b.samples);
    let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.samples.len().max(1) as f64
}

/// Decodes every pixel into a form in which two images are equal exactly if
/// they look the same pixel for pixel, whatever their formats: see [`Pixels`].
///
/// Memory: the whole image at its own depth and once more as RGBA.
///
/// # Errors
/// As [`decode`].
pub fn pixels(
    bytes: &[u8],
    extension: Option<&str>,
    limits: &Limits,
) -> Result<Pixels, DecodeFailure> {
    guarded(|| {
        let format = recognised(bytes, extension)?;
        pixels::decode(format, bytes, limits)
    })
}

/// The digest of [`pixels`]: equal for images that look the same pixel for
/// pixel, shape included, whatever their formats.
///
/// # Errors
/// As [`decode`].
pub fn pixel_hash(
    bytes: &[u8],
    extension: Option<&str>,
    limits: &Limits,
) -> Result<ContentHash, DecodeFailure> {
    Ok(pixels(bytes, extension, limits)?.hash())
}

/// The upright image in RGB with its long side at most `long_side` pixels,
/// never enlarged, for people to look at. Memory as [`decode`].
///
/// # Errors
/// As [`decode`].
pub fn preview(
    bytes: &[u8],
    extension: Option<&str>,
    limits: &Limits,
    long_side: u32,
) -> Result<RgbImage, DecodeFailure> {
    guarded(|| {
        let format = recognised(bytes, extension)?;
        let (header, views) = decoders::reduced(format, bytes, limits, Wanted::Preview(long_side))?;
        (views.usual)
            .rgb(header.orientation, long_side)
            .and_then(|(width, height, rgb)| RgbImage::from_raw(width, height, rgb))
            .ok_or_else(unsized_image)
    })
}

/// The middle of the upright image in RGB, scaled evenly so that it fills
/// `width` × `height`, enlarged if need be: how models are shown images.
/// Memory: the whole image at 8 bits, which is then averaged over blocks.
///
/// # Errors
/// As [`decode`].
pub fn covering(
    bytes: &[u8],
    extension: Option<&str>,
    limits: &Limits,
    (width, height): (u32, u32),
) -> Result<RgbImage, DecodeFailure> {
    guarded(|| {
        let format = recognised(bytes, extension)?;
        let wanted = Wanted::Cover(width.max(height));
        let (header, views) = decoders::reduced(format, bytes, limits, wanted)?;
        (views.usual)
            .covering(header.orientation, width, height)
            .and_then(|rgb| RgbImage::from_raw(width, height, rgb))
            .ok_or_else(unsized_image)
    })
}

/// The upright luma before `matte`, to be had at any size of at most `side`
/// samples, for comparing. Memory as [`decode`].
///
/// # Errors
/// As [`decode`].
pub(crate) fn close_up(
    bytes: &[u8],
    extension: Option<&str>,
    limits: &Limits,
    side: u32,
    matte: Matte,
) -> Result<CloseUp, DecodeFailure> {
    guarded(|| {
        let format = recognised(bytes, extension)?;
        let (header, views) = decoders::reduced(format, bytes, limits, Wanted::Luma(side))?;
        Ok(CloseUp {
            reduced: Reduced {
                chroma: None,
                ..views.of(matte).clone()
            },
            orientation: header.orientation,
        })
    })
}

fn recognised(bytes: &[u8], extension: Option<&str>) -> Result<Format, DecodeFailure> {
    match sniff(bytes, extension) {
        Sniffed::Known(format) => Ok(format),
        Sniffed::Unsupported(what) => Err(DecodeFailure::unsupported(what)),
        Sniffed::LfsPointer => Err(DecodeFailure::LfsPointer),
        Sniffed::NotAnImage => Err(DecodeFailure::NotAnImage),
        Sniffed::Empty => Err(DecodeFailure::Empty),
    }
}

fn unsized_image() -> DecodeFailure {
    DecodeFailure::corrupt("an image of this shape cannot be made smaller")
}

/// Turns a panic of a decoder into a failure of this one image.
fn guarded<T>(decode: impl FnOnce() -> Result<T, DecodeFailure>) -> Result<T, DecodeFailure> {
    // Unwind safe: what a panic may leave half done (tables and buffers kept
    // per thread) is complete or absent, and everything else is dropped.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        let said = said.unwrap_or_else(|| "it gave no reason".to_owned());
        Err(DecodeFailure::Panicked(said))
    })
}

fn check_size(width: u32, height: u32, limits: &Limits) -> Result<(), DecodeFailure> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.max_pixels {
        return Err(DecodeFailure::TooLarge {
            pixels,
            limit: limits.max_pixels,
        });
    }
    if pixels == 0 {
        return Err(DecodeFailure::corrupt("the image has no pixels"));
    }
    Ok(())
}
