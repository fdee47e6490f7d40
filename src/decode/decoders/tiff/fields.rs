//! What a TIFF directory says of the numbers it points to. Reads no pixel.

use std::io::Cursor;

use tiff::decoder::Decoder;
use tiff::tags::Tag;

use super::{MOST_SAMPLES, bands, failure};
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
    /// CIE L*a*b*, in one of three ways to write it down.
    Lab(Lab),
}

/// How the colours of L*a*b* are written down (TIFF 6.0, section 23; TIFF-FX).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lab {
    /// a* and b* as signed numbers.
    Signed,
    /// a* and b* with 128 added, as ICC profiles have it.
    Offset,
}

impl Photometric {
    /// Samples a pixel without opacity and others.
    pub(super) fn channels(self) -> usize {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero | Self::Palette => 1,
            Self::Rgb | Self::YCbCr | Self::Lab(_) => 3,
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
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) photometric: Photometric,
    pub(super) bits: u8,
    pub(super) samples: usize,
    pub(super) kind: Kind,
    pub(super) compression: u16,
    /// The first pixel of a byte is its lowest bit.
    pub(super) reversed: bool,
    pub(super) little: bool,
    /// Luma samples to a chroma sample, across and down.
    pub(super) subsampling: [u16; 2],
    /// The numbers for black and white of luma, and for nothing and all of both
    /// chromas.
    pub(super) reference: Option<[f32; 6]>,
    pub(super) alpha: Option<Alpha>,
    pub(super) planar: bool,
    /// It is stored in tiles, not in strips.
    pub(super) tiled: bool,
    /// All reds of the palette, then all greens, then all blues.
    pub(super) palette: Vec<u16>,
    /// The number that stands for nothing (GDAL).
    pub(super) no_data: Option<f64>,
    pub(super) icc: Option<Vec<u8>>,
    /// The samples to show as red, green and blue, where none is a colour by itself.
    pub(super) bands: Option<[usize; 3]>,
    /// Its numbers are measurements of ground.
    pub(super) ground: bool,
}

const REFERENCE_BLACK_WHITE: u16 = 532;
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
            8 => Photometric::Lab(Lab::Signed),
            9 => Photometric::Lab(Lab::Offset),
            other => {
                let what = format!("TIFF of photometric interpretation {other}");
                return Err(DecodeFailure::unsupported(what));
            }
        };
        let subsampling = match many(file, Tag::ChromaSubsampling)?.as_slice() {
            [across @ (1 | 2 | 4), down @ (1 | 2 | 4)] => [*across, *down],
            [] => [2, 2],
            _ => {
                return Err(DecodeFailure::corrupt(
                    "its chroma is subsampled by no known factor",
                ));
            }
        };
        let reference = file.find_tag(Tag::Unknown(REFERENCE_BLACK_WHITE));
        let reference = (reference.ok().flatten())
            .and_then(|value| value.into_u64_vec().ok())
            .and_then(|values| {
                // Rationals, or whole numbers from writers that mistook the type.
                let numbers: Vec<f32> = match values.len() {
                    12 => (values.as_chunks::<2>().0.iter())
                        .map(|&[above, below]| above as f32 / below.max(1) as f32)
                        .collect(),
                    _ => values.iter().map(|&value| value as f32).collect(),
                };
                <[f32; 6]>::try_from(numbers).ok()
            });
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
        let whole = bits.first().is_some_and(|&bits| bits >= 8) && alpha.is_none();
        let bands = match whole {
            true => bands::chosen(file, photometric, samples.into()),
            false => None,
        };
        Ok(Self {
            width,
            height,
            photometric,
            bits: bits.first().map_or(1, |&bits| bits.min(255) as u8),
            samples: samples.into(),
            kind,
            compression,
            reversed: one(file, Tag::FillOrder, 1)? == 2,
            little: file.byte_order() == tiff::tags::ByteOrder::LittleEndian,
            subsampling,
            reference,
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
            bands,
            ground: bands::shows_ground(file),
        })
    }
}

impl Fields {
    /// Chroma is coarser than luma, and lies in units with it.
    pub(super) fn is_subsampled(&self) -> bool {
        self.photometric == Photometric::YCbCr && !self.planar && self.subsampling != [1, 1]
    }

    /// Whether this sample of a pixel is a colour or its opacity.
    pub(super) fn shows(&self, sample: usize) -> bool {
        self.bands.is_some_and(|bands| bands.contains(&sample))
            || sample < self.photometric.channels()
            || self.alpha.is_some_and(|alpha| alpha.sample == sample)
    }

    /// Some samples are neither colours nor opacity.
    pub(super) fn has_unknown_planes(&self) -> bool {
        (0..self.samples).any(|sample| !self.shows(sample))
    }
}

fn many(file: &mut Decoder<Cursor<&[u8]>>, tag: Tag) -> Result<Vec<u16>, DecodeFailure> {
    let values = file.find_tag_unsigned_vec::<u16>(tag).map_err(failure)?;
    Ok(values.unwrap_or_default())
}
