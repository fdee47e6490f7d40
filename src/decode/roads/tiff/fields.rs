//! What a TIFF directory says of the numbers it points to. Reads no pixel.

use std::io::Cursor;

use tiff::decoder::Decoder;
use tiff::tags::Tag;

use super::{MOST_SAMPLES, failure};
use crate::decode::{DecodeFailure, Limits, check_size};

/// What the numbers of a pixel stand for (TIFF 6.0, section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Photometric {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
}

impl Photometric {
    /// Samples a pixel without opacity and others.
    pub(super) fn channels(self) -> usize {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero | Self::Palette => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

/// How the numbers are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Unsigned,
    Signed,
    Float,
}

/// Where opacity lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alpha {
    /// Which sample of a pixel.
    pub(super) sample: usize,
    /// Colours have been multiplied by it.
    pub(super) premultiplied: bool,
}

/// The fields that matter.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) photometric: Photometric,
    pub(super) bits: u8,
    pub(super) samples: usize,
    pub(super) kind: Kind,
    pub(super) alpha: Option<Alpha>,
    pub(super) planar: bool,
    /// It is stored in tiles, not in strips.
    pub(super) tiled: bool,
    /// All reds of the palette, then all greens, then all blues.
    pub(super) palette: Vec<u16>,
    /// The number that stands for nothing (GDAL).
    pub(super) no_data: Option<f64>,
    pub(super) icc: Option<Vec<u8>>,
}

const JPEG: u16 = 7;
const GDAL_NO_DATA: u16 = 42113;

impl Fields {
    pub(super) fn read(
        file: &mut Decoder<Cursor<&[u8]>>,
        limits: &Limits,
    ) -> Result<Self, DecodeFailure> {
        let (width, height) = file.dimensions().map_err(failure)?;
        check_size(width, height, limits)?;
        let one = |file: &mut Decoder<_>, tag: Tag, default: u16| {
            let value = file.find_tag_unsigned::<u16>(tag);
            value.map(|value| value.unwrap_or(default)).map_err(failure)
        };
        let samples = one(file, Tag::SamplesPerPixel, 1)?;
        let compression = one(file, Tag::Compression, 1)?;
        let bits = many(file, Tag::BitsPerSample)?;
        let photometric = match one(file, Tag::PhotometricInterpretation, 1)? {
            0 => Photometric::WhiteIsZero,
            1 => Photometric::BlackIsZero,
            2 => Photometric::Rgb,
            3 => Photometric::Palette,
            5 => Photometric::Cmyk,
            6 => Photometric::YCbCr,
            8..=10 => return Err(DecodeFailure::unsupported("TIFF in Lab colours")),
            other => {
                let what = format!("TIFF of photometric interpretation {other}");
                return Err(DecodeFailure::unsupported(what));
            }
        };
        let subsampled = match many(file, Tag::ChromaSubsampling)?.as_slice() {
            [across, down] => (*across, *down) != (1, 1),
            _ => true,
        };
        if photometric == Photometric::YCbCr && compression != JPEG && subsampled {
            let what = "TIFF whose chroma is subsampled outside JPEG";
            return Err(DecodeFailure::unsupported(what));
        }
        let kind = match many(file, Tag::SampleFormat)?.first() {
            None | Some(1 | 4) => Kind::Unsigned,
            Some(2) => Kind::Signed,
            Some(3) => Kind::Float,
            Some(_) => return Err(DecodeFailure::unsupported("TIFF of complex numbers")),
        };
        let channels = photometric.channels();
        if usize::from(samples) < channels || samples > MOST_SAMPLES {
            let what = format!("TIFF of {samples} samples a pixel");
            return Err(DecodeFailure::unsupported(what));
        }
        let planar = samples > 1 && one(file, Tag::PlanarConfiguration, 1)? == 2;
        let tiled = file.find_tag_unsigned::<u32>(Tag::TileWidth);
        let tiled = tiled.map_err(failure)?.is_some();
        let extra = many(file, Tag::ExtraSamples)?;
        let premultiplied = match (extra.first(), photometric) {
            (Some(1), _) => Some(true),
            (Some(2), _) => Some(false),
            // Written by programs that know of no such field.
            (None, Photometric::Rgb) if samples == 4 => Some(false),
            _ => None,
        };
        let alpha = premultiplied.filter(|_| usize::from(samples) > channels);
        Ok(Self {
            width,
            height,
            photometric,
            bits: bits.first().map_or(1, |&bits| bits.min(255) as u8),
            samples: samples.into(),
            kind,
            alpha: alpha.map(|premultiplied| Alpha {
                sample: channels,
                premultiplied,
            }),
            planar,
            tiled,
            palette: many(file, Tag::ColorMap)?,
            no_data: (file.get_tag_ascii_string(Tag::Unknown(GDAL_NO_DATA)).ok())
                .and_then(|text| text.trim_matches(['\0', ' ']).parse().ok()),
            icc: file.get_tag_u8_vec(Tag::IccProfile).ok(),
        })
    }
}

fn many(file: &mut Decoder<Cursor<&[u8]>>, tag: Tag) -> Result<Vec<u16>, DecodeFailure> {
    let values = file.find_tag_unsigned_vec::<u16>(tag).map_err(failure)?;
    Ok(values.unwrap_or_default())
}
