//! Turns stored images upright. Knows nothing of where the tag was found.

use super::thumbnail::Plane;

/// How a stored image must be turned to stand upright: the eight values of
/// the EXIF orientation tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Orientation {
    /// 1: stored upright.
    #[default]
    Upright,
    /// 2: mirror left to right.
    Mirror,
    /// 3: half a turn.
    HalfTurn,
    /// 4: mirror top to bottom.
    Flip,
    /// 5: mirror along the main diagonal.
    Transpose,
    /// 6: a quarter turn clockwise.
    QuarterTurn,
    /// 7: mirror along the other diagonal.
    Transverse,
    /// 8: a quarter turn counter-clockwise.
    ThreeQuarterTurn,
}

impl Orientation {
    /// From the EXIF value; anything but 1 to 8 counts as upright.
    pub fn from_exif(value: u32) -> Self {
        match value {
            2 => Self::Mirror,
            3 => Self::HalfTurn,
            4 => Self::Flip,
            5 => Self::Transpose,
            6 => Self::QuarterTurn,
            7 => Self::Transverse,
            8 => Self::ThreeQuarterTurn,
            _ => Self::Upright,
        }
    }

    /// The EXIF value, 1 to 8.
    pub fn exif(self) -> u8 {
        match self {
            Self::Upright => 1,
            Self::Mirror => 2,
            Self::HalfTurn => 3,
            Self::Flip => 4,
            Self::Transpose => 5,
            Self::QuarterTurn => 6,
            Self::Transverse => 7,
            Self::ThreeQuarterTurn => 8,
        }
    }

    /// Whether turning swaps width and height.
    pub fn swaps_sides(self) -> bool {
        self.exif() >= 5
    }

    /// Width and height after turning.
    pub fn size(self, width: u32, height: u32) -> (u32, u32) {
        if self.swaps_sides() {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Turns `source` (`width` × `height` pixels of `bytes` bytes each).
    pub(crate) fn apply(self, source: Vec<u8>, width: u32, height: u32, bytes: usize) -> Vec<u8> {
        if self == Self::Upright {
            return source;
        }
        let (w, h) = (width as usize, height as usize);
        let (new_w, new_h) = self.size(width, height);
        let mut turned = Vec::with_capacity(source.len());
        for y in 0..new_h as usize {
            for x in 0..new_w as usize {
                let (from_x, from_y) = match self {
                    Self::Upright => (x, y),
                    Self::Mirror => (w - 1 - x, y),
                    Self::HalfTurn => (w - 1 - x, h - 1 - y),
                    Self::Flip => (x, h - 1 - y),
                    Self::Transpose => (y, x),
                    Self::QuarterTurn => (y, h - 1 - x),
                    Self::Transverse => (w - 1 - y, h - 1 - x),
                    Self::ThreeQuarterTurn => (w - 1 - y, x),
                };
                let at = (from_y * w + from_x) * bytes;
                turned.extend_from_slice(&source[at..at + bytes]);
            }
        }
        turned
    }

    /// Turns a plane.
    pub(crate) fn apply_to_plane(self, plane: Plane) -> Plane {
        let (width, height) = self.size(plane.width, plane.height);
        let samples = self.apply(plane.samples, plane.width, plane.height, 1);
        Plane {
            width,
            height,
            samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The image "abc / def" as a camera would store it for each tag value.
    const STORED: [(u32, u32, &[u8]); 8] = [
        (3, 2, b"abcdef"),
        (3, 2, b"cbafed"),
        (3, 2, b"fedcba"),
        (3, 2, b"defabc"),
        (2, 3, b"adbecf"),
        (2, 3, b"cfbead"),
        (2, 3, b"fcebda"),
        (2, 3, b"daebfc"),
    ];

    #[test]
    fn every_stored_orientation_turns_into_the_same_image() {
        for (index, (width, height, stored)) in STORED.into_iter().enumerate() {
            let orientation = Orientation::from_exif(index as u32 + 1);
            assert_eq!(usize::from(orientation.exif()), index + 1);
            let upright = orientation.apply_to_plane(Plane {
                width,
                height,
                samples: stored.to_vec(),
            });
            assert_eq!((upright.width, upright.height), (3, 2), "{orientation:?}");
            assert_eq!(upright.samples, b"abcdef", "{orientation:?}");
        }
    }

    #[test]
    fn turning_matches_the_image_library() {
        let (width, height) = (5, 3);
        let image =
            image::GrayImage::from_fn(width, height, |x, y| image::Luma([(y * 5 + x) as u8]));
        for value in 1..=8 {
            let mut theirs = image::DynamicImage::ImageLuma8(image.clone());
            if let Some(orientation) = image::metadata::Orientation::from_exif(value) {
                theirs.apply_orientation(orientation);
            }
            let ours = Orientation::from_exif(u32::from(value)).apply(
                image.clone().into_raw(),
                width,
                height,
                1,
            );
            assert_eq!(ours, theirs.to_luma8().into_raw(), "orientation {value}");
        }
    }
}
