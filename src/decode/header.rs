//! What an image file says of itself. Holds facts and judges none.

use super::exif::ExifFacts;
use super::orientation::Orientation;
use crate::image_format::Format;

/// How colours are stored in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColourMode {
    /// Black and white, one bit.
    Bilevel,
    /// Shades of gray.
    Gray,
    /// Shades of gray with transparency.
    GrayAlpha,
    /// Three colours (in JPEG: luma and two chroma planes).
    Rgb,
    /// Three colours with transparency.
    Rgba,
    /// A table of colours and indices into it.
    Palette,
    /// Four printing colours.
    Cmyk,
}

impl ColourMode {
    /// All modes, in the order of the variants.
    pub const ALL: [Self; 7] = [
        Self::Bilevel,
        Self::Gray,
        Self::GrayAlpha,
        Self::Rgb,
        Self::Rgba,
        Self::Palette,
        Self::Cmyk,
    ];

    /// The name in reports; it never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bilevel => "bilevel",
            Self::Gray => "gray",
            Self::GrayAlpha => "gray-alpha",
            Self::Rgb => "rgb",
            Self::Rgba => "rgba",
            Self::Palette => "palette",
            Self::Cmyk => "cmyk",
        }
    }

    /// The mode with this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// Facts of one image that cost no pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// What the bytes are, whatever the extension says.
    pub format: Format,
    /// Columns of the upright image.
    pub width: u32,
    /// Rows of the upright image.
    pub height: u32,
    /// How the stored image must be turned to stand upright; `width`,
    /// `height` and all pixels given out have been turned already.
    pub orientation: Orientation,
    /// How colours are stored.
    pub colour: ColourMode,
    /// Bits a channel (of a palette: bits an index).
    pub bit_depth: u8,
    /// More than one frame (GIF, WebP, PNG).
    pub animated: bool,
    /// EXIF facts, when the file has any that can be read.
    pub exif: Option<Box<ExifFacts>>,
    /// Facts only a JPEG has.
    pub jpeg: Option<JpegFacts>,
    /// Name of the embedded ICC profile; empty when it has none.
    pub icc: Option<String>,
}

/// How a JPEG was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JpegFacts {
    /// Progressive rather than sequential.
    pub progressive: bool,
    /// Identifies the quantisation tables in use: equal tables, equal number.
    pub quantisation: u64,
    /// The quality setting (1–100) of the IJG encoder whose luma table is
    /// nearest; exact when [`standard_tables`](Self::standard_tables).
    pub quality: u8,
    /// The luma table is exactly that of the IJG encoder at this quality.
    pub standard_tables: bool,
    /// Chroma subsampling.
    pub subsampling: Subsampling,
}

/// How many luma columns and rows share a chroma sample: (2, 2) is 4:2:0,
/// (2, 1) is 4:2:2, (1, 1) is 4:4:4 or a gray image. (0, 0): something odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subsampling(pub u8, pub u8);

impl Subsampling {
    /// The usual notation, such as `4:2:0`.
    pub fn name(self) -> &'static str {
        match self {
            Self(1, 1) => "4:4:4",
            Self(2, 1) => "4:2:2",
            Self(2, 2) => "4:2:0",
            Self(1, 2) => "4:4:0",
            Self(4, 1) => "4:1:1",
            Self(4, 2) => "4:1:0",
            _ => "other",
        }
    }
}
