//! Bytes to small pixels, under limits. Knows nothing of samples or files.

mod thumbnail;

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, ImageReader, imageops::FilterType};
use thiserror::Error;

pub use thumbnail::{Plane, Thumbnail};

use crate::sample::ContentHash;

/// What a decoder may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Width times height of a picture; above it, it is not decoded.
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

/// What a file's header says of its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Columns, upright.
    pub width: u32,
    /// Rows, upright.
    pub height: u32,
    /// The format's usual name in lower case, e.g. `jpeg`.
    pub format: &'static str,
}

/// A decoded picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// What the header says.
    pub header: Header,
    /// The picture made small.
    pub thumbnail: Thumbnail,
}

/// Why a picture could not be seen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeFailure {
    /// The file could not be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// No bytes.
    #[error("is empty")]
    Empty,
    /// No picture format known.
    #[error("is not an image")]
    NotAnImage,
    /// The file ends before the picture does.
    #[error("is truncated")]
    Truncated,
    /// More pixels than allowed.
    #[error("has {pixels} pixels, more than the limit of {limit}")]
    TooLarge {
        /// Width times height.
        pixels: u64,
        /// [`Limits::max_pixels`].
        limit: u64,
    },
    /// A format recognised that is not decoded here.
    #[error("cannot be decoded here: {0}")]
    Unsupported(String),
    /// The bytes contradict the format.
    #[error("is corrupt: {0}")]
    Corrupt(String),
    /// A decoder gave up in a way it should not.
    #[error("made the decoder panic: {0}")]
    Panicked(String),
}

impl DecodeFailure {
    /// A stable name for the kind of failure.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Empty => "empty",
            Self::NotAnImage => "not-an-image",
            Self::Truncated => "truncated",
            Self::TooLarge { .. } => "too-large",
            Self::Unsupported(_) => "unsupported",
            Self::Corrupt(_) => "corrupt",
            Self::Panicked(_) => "panicked",
        }
    }
}

/// Decodes a picture to a thumbnail.
///
/// # Errors
/// When it cannot be seen; the failure says why.
pub fn decode(
    bytes: &[u8],
    extension: Option<&str>,
    limits: &Limits,
) -> Result<Decoded, DecodeFailure> {
    let (picture, format) = whole(bytes, extension, limits)?;
    let header = Header {
        width: picture.width(),
        height: picture.height(),
        format,
    };
    let rgb = picture.to_rgb8();
    let fit = |side: u32| {
        let long = rgb.width().max(rgb.height());
        if long <= side {
            return rgb.clone();
        }
        let scaled = |v: u32| (v * side).div_ceil(long).max(1);
        image::imageops::resize(
            &rgb,
            scaled(rgb.width()),
            scaled(rgb.height()),
            FilterType::Triangle,
        )
    };
    let (big, small) = (fit(Thumbnail::LUMA_SIDE), fit(Thumbnail::CHROMA_SIDE));
    let plane = |from: &image::RgbImage, weights: [f32; 3], offset: f32| Plane {
        width: from.width(),
        height: from.height(),
        samples: from
            .pixels()
            .map(|p| {
                let value: f32 =
                    p.0.iter()
                        .zip(weights)
                        .map(|(&c, w)| f32::from(c) * w)
                        .sum();
                (value + offset).round() as u8
            })
            .collect(),
    };
    let thumbnail = Thumbnail {
        luma: plane(&big, [0.299, 0.587, 0.114], 0.0),
        cb: plane(&small, [-0.168_736, -0.331_264, 0.5], 128.0),
        cr: plane(&small, [0.5, -0.418_688, -0.081_312], 128.0),
    };
    Ok(Decoded { header, thumbnail })
}

/// A hash of the decoded pixels and their shape.
///
/// # Errors
/// When it cannot be decoded.
pub fn pixel_hash(
    bytes: &[u8],
    extension: Option<&str>,
    limits: &Limits,
) -> Result<ContentHash, DecodeFailure> {
    let (picture, _) = whole(bytes, extension, limits)?;
    let mut all = Vec::from(picture.width().to_le_bytes());
    all.extend(picture.height().to_le_bytes());
    all.extend(picture.to_rgba8().as_raw());
    Ok(ContentHash::of(&all))
}

/// The picture for people: RGB, long side at most `side` pixels.
///
/// # Errors
/// When it cannot be decoded.
pub fn preview(
    bytes: &[u8],
    extension: Option<&str>,
    limits: &Limits,
    side: u32,
) -> Result<image::RgbImage, DecodeFailure> {
    let (picture, _) = whole(bytes, extension, limits)?;
    Ok(picture.thumbnail(side, side).to_rgb8())
}

fn whole(
    bytes: &[u8],
    _: Option<&str>,
    limits: &Limits,
) -> Result<(DynamicImage, &'static str), DecodeFailure> {
    if bytes.is_empty() {
        return Err(DecodeFailure::Empty);
    }
    let corrupt = |e: image::ImageError| DecodeFailure::Corrupt(e.to_string());
    let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let reader_now = reader().map_err(|e| DecodeFailure::Corrupt(e.to_string()))?;
    let Some(format) = reader_now.format() else {
        return Err(DecodeFailure::NotAnImage);
    };
    let (width, height) = reader_now.into_dimensions().map_err(corrupt)?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.max_pixels {
        return Err(DecodeFailure::TooLarge {
            pixels,
            limit: limits.max_pixels,
        });
    }
    let decoded = catch_unwind(AssertUnwindSafe(|| reader().ok().map(|r| r.decode())));
    match decoded {
        Ok(Some(Ok(picture))) => Ok((
            picture,
            format.extensions_str().first().copied().unwrap_or("image"),
        )),
        Ok(Some(Err(e))) => Err(corrupt(e)),
        Ok(None) => Err(DecodeFailure::NotAnImage),
        Err(_) => Err(DecodeFailure::Panicked(String::new())),
    }
}
