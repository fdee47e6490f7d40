//! Objects: boxes with a class, as annotations give them. Reads no image.

use super::ClassId;

/// Index of an object in its [`Listing`](super::Listing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub u32);

impl ObjectId {
    /// The index as a slice wants it.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A box, or the bounding box of a mask, with its class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Object {
    /// What it shows.
    pub class: ClassId,
    /// Where in the upright image.
    pub bounds: Bounds,
    /// What the annotation says besides.
    pub flags: ObjectFlags,
}

/// Where an object lies. Formats that store shares of the image do not know
/// its size, and no image is opened to list it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bounds {
    /// In pixels of the upright image.
    Pixels(Rect),
    /// In shares of its width and height, 0 to 1.
    Shares(Rect),
}

impl Bounds {
    /// In pixels of an upright image of `width` × `height`.
    pub fn in_pixels(self, width: u32, height: u32) -> Rect {
        match self {
            Self::Pixels(rect) => rect,
            Self::Shares(rect) => Rect {
                x: rect.x * width as f32,
                y: rect.y * height as f32,
                width: rect.width * width as f32,
                height: rect.height * height as f32,
            },
        }
    }
}

/// A rectangle by its upper left corner and size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// From the left edge.
    pub x: f32,
    /// From the upper edge.
    pub y: f32,
    /// To the right.
    pub width: f32,
    /// Down.
    pub height: f32,
}

impl Rect {
    /// The right edge.
    pub fn right(&self) -> f32 {
        self.x + self.width
    }

    /// The lower edge.
    pub fn bottom(&self) -> f32 {
        self.y + self.height
    }

    /// The area; 0 for a rectangle without size, even one of negative sides.
    pub fn area(&self) -> f64 {
        f64::from(self.width.max(0.0)) * f64::from(self.height.max(0.0))
    }

    /// Whether all four numbers are numbers.
    pub fn is_finite(&self) -> bool {
        [self.x, self.y, self.width, self.height]
            .iter()
            .all(|number| number.is_finite())
    }

    /// What both rectangles cover; without size where that is nothing.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        Self {
            x,
            y,
            width: (self.right().min(other.right()) - x).max(0.0),
            height: (self.bottom().min(other.bottom()) - y).max(0.0),
        }
    }

    /// Intersection over union, 0 to 1 (the Jaccard index).
    pub fn iou(&self, other: &Self) -> f64 {
        let shared = self.intersection(other).area();
        let union = self.area() + other.area() - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }
}

/// What an annotation says of an object besides its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct ObjectFlags {
    /// It stands for many of its class (`iscrowd` in COCO).
    pub crowd: bool,
    /// It is hard to recognise and left out of evaluations (VOC).
    pub difficult: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_of_rectangles_is_that_of_counting_squares() {
        let rect = |x, y, width, height| Rect {
            x,
            y,
            width,
            height,
        };
        let (a, b) = (rect(0.0, 0.0, 4.0, 2.0), rect(2.0, 1.0, 4.0, 2.0));
        assert_eq!(a.intersection(&b).area(), 2.0);
        assert_eq!(a.iou(&b), 2.0 / 14.0);
        assert_eq!(a.iou(&a), 1.0);
        assert_eq!(a.iou(&rect(9.0, 9.0, 1.0, 1.0)), 0.0);
        assert_eq!(rect(0.0, 0.0, -1.0, -1.0).area(), 0.0);
    }

    #[test]
    fn shares_become_pixels_and_pixels_stay() {
        let rect = Rect {
            x: 0.5,
            y: 0.25,
            width: 0.125,
            height: 1.0,
        };
        let pixels = Bounds::Shares(rect).in_pixels(64, 32);
        assert_eq!(
            (pixels.x, pixels.y, pixels.width, pixels.height),
            (32.0, 8.0, 8.0, 32.0)
        );
        assert_eq!(Bounds::Pixels(pixels).in_pixels(7, 7), pixels);
    }
}
