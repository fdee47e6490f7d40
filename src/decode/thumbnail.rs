//! The small image that all later stages look at. Holds pixels and nothing
//! that was computed from them.

/// One plane of 8-bit samples, row by row without padding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plane {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height` samples.
    pub samples: Vec<u8>,
}

impl Plane {
    /// A plane of `width` × `height`, all of one value.
    pub fn filled(width: u32, height: u32, value: u8) -> Self {
        let samples = vec![value; width as usize * height as usize];
        Self {
            width,
            height,
            samples,
        }
    }

    /// The sample at column `x`, row `y`. Panics outside the plane.
    pub fn at(&self, x: u32, y: u32) -> u8 {
        self.samples[y as usize * self.width as usize + x as usize]
    }
}

/// An image reduced to what comparing and judging need, upright (EXIF
/// orientation applied), aspect ratio kept, never enlarged.
///
/// Colours are full-range Rec. 601 Y′CbCr, as JPEG stores them, on every decode path,
/// so that the same image as PNG and as JPEG gives the same samples.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thumbnail {
    /// Y′: long side at most [`Thumbnail::LUMA_SIDE`].
    pub luma: Plane,
    /// Cb, 128 = no colour: long side at most [`Thumbnail::CHROMA_SIDE`].
    pub cb: Plane,
    /// Cr, same size as `cb`.
    pub cr: Plane,
}

impl Thumbnail {
    /// 64: what a 1/8-scale JPEG read yields of a photo of 512 pixels.
    pub const LUMA_SIDE: u32 = 64;
    /// 32: the side on which label features are computed.
    pub const CHROMA_SIDE: u32 = 32;
}
