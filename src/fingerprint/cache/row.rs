//! A fingerprint as bytes: types of the cache's own, so that what is on disk
//! changes only on purpose, with the version in `key.rs`.

use serde::{Deserialize, Serialize};

use crate::decode::{
    ColourMode, DecodeFailure, ExifFacts, Format, Header, JpegFacts, Orientation, ScanFacts,
    Subsampling,
};
use crate::fingerprint::{Fingerprint, Hashes, ImageFacts, Statistics};
use crate::sample::ContentHash;

/// The bytes of a fingerprint; `None` where it is not worth keeping: an
/// unreadable file may be readable in the next scan.
pub fn to_bytes(fingerprint: &Fingerprint) -> Option<Vec<u8>> {
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
pub fn from_bytes(bytes: &[u8]) -> Option<Fingerprint> {
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
    edge_sharpness: Option<f32>,
    entropy: f32,
    luma_p1: f32,
    luma_p5: f32,
    luma_p99: f32,
    border_luma: f32,
    border_width: f32,
    /// DCT, gradient.
    hashes: Option<(u64, u64)>,
    mattes: bool,
}

#[derive(Serialize, Deserialize)]
struct HeaderRow {
    width: u32,
    height: u32,
    format: String,
    /// The EXIF value, 1 to 8.
    orientation: u8,
    colour: String,
    bit_depth: u8,
    animated: bool,
    exif: Option<ExifRow>,
    jpeg: Option<JpegRow>,
    icc: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ExifRow {
    orientation: u8,
    make: Option<String>,
    model: Option<String>,
    serial: Option<String>,
    software: Option<String>,
    captured_ms: Option<i64>,
    gps: Option<(f64, f64)>,
    /// Body part, view, laterality, series, site.
    scan: [Option<String>; 5],
    year: Option<u16>,
}

#[derive(Serialize, Deserialize)]
struct JpegRow {
    progressive: bool,
    quantisation: u64,
    quality: u8,
    standard_tables: bool,
    subsampling: (u8, u8),
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
    LfsPointer,
}

impl FactsRow {
    fn of(facts: &ImageFacts) -> Self {
        let ImageFacts {
            header,
            statistics,
            hashes,
            mattes,
        } = facts;
        let &Statistics {
            brightness,
            contrast,
            mean_cb,
            mean_cr,
            colourfulness,
            sharpness,
            edge_sharpness,
            entropy,
            luma_p1,
            luma_p5,
            luma_p99,
            border_luma,
            border_width,
        } = statistics;
        Self {
            header: HeaderRow::of(header),
            brightness,
            contrast,
            mean_cb,
            mean_cr,
            colourfulness,
            sharpness,
            edge_sharpness,
            entropy,
            luma_p1,
            luma_p5,
            luma_p99,
            border_luma,
            border_width,
            hashes: hashes.map(|Hashes { dct, gradient }| (dct, gradient)),
            mattes: *mattes,
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
                edge_sharpness: self.edge_sharpness,
                entropy: self.entropy,
                luma_p1: self.luma_p1,
                luma_p5: self.luma_p5,
                luma_p99: self.luma_p99,
                border_luma: self.border_luma,
                border_width: self.border_width,
            },
            hashes: self.hashes.map(|(dct, gradient)| Hashes { dct, gradient }),
            mattes: self.mattes,
        })
    }
}

impl HeaderRow {
    fn of(header: &Header) -> Self {
        let Header {
            width,
            height,
            format,
            orientation,
            colour,
            bit_depth,
            animated,
            exif,
            jpeg,
            icc,
        } = header;
        Self {
            width: *width,
            height: *height,
            format: format.name().to_owned(),
            orientation: orientation.exif(),
            colour: colour.name().to_owned(),
            bit_depth: *bit_depth,
            animated: *animated,
            exif: exif.as_deref().map(ExifRow::of),
            jpeg: jpeg.as_ref().map(JpegRow::of),
            icc: icc.clone(),
        }
    }

    fn into_header(self) -> Option<Header> {
        Some(Header {
            width: self.width,
            height: self.height,
            format: Format::from_name(&self.format)?,
            orientation: Orientation::from_exif(self.orientation.into()),
            colour: ColourMode::from_name(&self.colour)?,
            bit_depth: self.bit_depth,
            animated: self.animated,
            exif: self.exif.map(|exif| Box::new(exif.into_facts())),
            jpeg: self.jpeg.map(JpegRow::into_facts),
            icc: self.icc,
        })
    }
}

impl ExifRow {
    fn of(facts: &ExifFacts) -> Self {
        let ExifFacts {
            orientation,
            make,
            model,
            serial,
            software,
            captured_ms,
            gps,
            scan,
        } = facts.clone();
        let ScanFacts {
            body_part,
            view,
            laterality,
            series,
            site,
            year,
        } = scan;
        Self {
            orientation: orientation.exif(),
            make,
            model,
            serial,
            software,
            captured_ms,
            gps,
            scan: [body_part, view, laterality, series, site],
            year,
        }
    }

    fn into_facts(self) -> ExifFacts {
        let [body_part, view, laterality, series, site] = self.scan;
        ExifFacts {
            orientation: Orientation::from_exif(self.orientation.into()),
            make: self.make,
            model: self.model,
            serial: self.serial,
            software: self.software,
            captured_ms: self.captured_ms,
            gps: self.gps,
            scan: ScanFacts {
                body_part,
                view,
                laterality,
                series,
                site,
                year: self.year,
            },
        }
    }
}

impl JpegRow {
    fn of(facts: &JpegFacts) -> Self {
        let &JpegFacts {
            progressive,
            quantisation,
            quality,
            standard_tables,
            subsampling,
        } = facts;
        Self {
            progressive,
            quantisation,
            quality,
            standard_tables,
            subsampling: (subsampling.0, subsampling.1),
        }
    }

    fn into_facts(self) -> JpegFacts {
        JpegFacts {
            progressive: self.progressive,
            quantisation: self.quantisation,
            quality: self.quality,
            standard_tables: self.standard_tables,
            subsampling: Subsampling(self.subsampling.0, self.subsampling.1),
        }
    }
}

impl FailureRow {
    fn of(failure: &DecodeFailure) -> Option<Self> {
        Some(match failure.clone() {
            DecodeFailure::Unreadable(_) => return None,
            DecodeFailure::Empty => Self::Empty,
            DecodeFailure::NotAnImage => Self::NotAnImage,
            DecodeFailure::LfsPointer => Self::LfsPointer,
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
            Self::LfsPointer => DecodeFailure::LfsPointer,
            Self::Truncated => DecodeFailure::Truncated,
            Self::TooLarge { pixels, limit } => DecodeFailure::TooLarge { pixels, limit },
            Self::Unsupported(what) => DecodeFailure::Unsupported(what),
            Self::Corrupt(what) => DecodeFailure::Corrupt(what),
            Self::Panicked(what) => DecodeFailure::Panicked(what),
        }
    }
}
