//! A fingerprint as bytes: types of the cache's own, so that what is on disk
//! changes only on purpose, with the version in `key.rs`.

use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFailure, Header};
use crate::fingerprint::{Fingerprint, Hashes, ImageFacts, Statistics};
use crate::sample::ContentHash;

/// The bytes of a fingerprint; `None` where it is not worth keeping: an
/// unreadable file may be readable in the next scan.
pub(crate) fn to_bytes(fingerprint: &Fingerprint) -> Option<Vec<u8>> {
    let image = match &fingerprint.image {
        Ok(facts) => Ok(FactsRow::of(facts)),
        Err(failure) => Err(FailureRow::of(failure)?),
    };
    let row = Row {
        content: fingerprint.content?.0,
        bytes: fingerprint.bytes,
        image,
    };
    postcard::to_stdvec(&row).ok()
}

/// Reads what [`to_bytes`] wrote; `None` for anything else.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Fingerprint> {
    let (row, rest) = postcard::take_from_bytes::<Row>(bytes).ok()?;
    let image = match row.image {
        Ok(facts) => Ok(facts.into_facts()?),
        Err(failure) => Err(failure.into_failure()),
    };
    rest.is_empty().then_some(Fingerprint {
        content: Some(ContentHash(row.content)),
        bytes: row.bytes,
        image,
    })
}

#[derive(Serialize, Deserialize)]
struct Row {
    content: [u8; 16],
    bytes: u64,
    image: Result<FactsRow, FailureRow>,
}

#[derive(Serialize, Deserialize)]
struct FactsRow {
    header: HeaderRow,
    brightness: f32,
    contrast: f32,
    mean_cb: f32,
    mean_cr: f32,
    colourfulness: f32,
    sharpness: f32,
    entropy: f32,
    /// DCT, gradient.
    hashes: Option<(u64, u64)>,
}

#[derive(Serialize, Deserialize)]
struct HeaderRow {
    width: u32,
    height: u32,
    format: String,
}

#[derive(Serialize, Deserialize)]
enum FailureRow {
    Empty,
    NotAnImage,
    Truncated,
    TooLarge { pixels: u64, limit: u64 },
    Unsupported(String),
    Corrupt(String),
    Panicked(String),
}

impl FactsRow {
    fn of(facts: &ImageFacts) -> Self {
        let ImageFacts {
            header,
            statistics,
            hashes,
        } = facts;
        let &Statistics {
            brightness,
            contrast,
            mean_cb,
            mean_cr,
            colourfulness,
            sharpness,
            entropy,
        } = statistics;
        Self {
            header: HeaderRow::of(header),
            brightness,
            contrast,
            mean_cb,
            mean_cr,
            colourfulness,
            sharpness,
            entropy,
            hashes: hashes.map(|Hashes { dct, gradient }| (dct, gradient)),
        }
    }

    fn into_facts(self) -> Option<ImageFacts> {
        Some(ImageFacts {
            header: self.header.into_header()?,
            statistics: Statistics {
                brightness: self.brightness,
                contrast: self.contrast,
                mean_cb: self.mean_cb,
                mean_cr: self.mean_cr,
                colourfulness: self.colourfulness,
                sharpness: self.sharpness,
                entropy: self.entropy,
            },
            hashes: self.hashes.map(|(dct, gradient)| Hashes { dct, gradient }),
        })
    }
}

impl HeaderRow {
    fn of(header: &Header) -> Self {
        let Header {
            width,
            height,
            format,
        } = header;
        Self {
            width: *width,
            height: *height,
            format: (*format).to_owned(),
        }
    }

    fn into_header(self) -> Option<Header> {
        let formats = image::ImageFormat::all().flat_map(|format| format.extensions_str());
        Some(Header {
            width: self.width,
            height: self.height,
            format: formats.copied().find(|&name| name == self.format)?,
        })
    }
}

impl FailureRow {
    fn of(failure: &DecodeFailure) -> Option<Self> {
        Some(match failure.clone() {
            DecodeFailure::Unreadable(_) => return None,
            DecodeFailure::Empty => Self::Empty,
            DecodeFailure::NotAnImage => Self::NotAnImage,
            DecodeFailure::Truncated => Self::Truncated,
            DecodeFailure::TooLarge { pixels, limit } => Self::TooLarge { pixels, limit },
            DecodeFailure::Unsupported(what) => Self::Unsupported(what),
            DecodeFailure::Corrupt(what) => Self::Corrupt(what),
            DecodeFailure::Panicked(what) => Self::Panicked(what),
        })
    }

    fn into_failure(self) -> DecodeFailure {
        match self {
            Self::Empty => DecodeFailure::Empty,
            Self::NotAnImage => DecodeFailure::NotAnImage,
            Self::Truncated => DecodeFailure::Truncated,
            Self::TooLarge { pixels, limit } => DecodeFailure::TooLarge { pixels, limit },
            Self::Unsupported(what) => DecodeFailure::Unsupported(what),
            Self::Corrupt(what) => DecodeFailure::Corrupt(what),
            Self::Panicked(what) => DecodeFailure::Panicked(what),
        }
    }
}
