//! Small, medium and large objects as COCO's evaluation defines them. Judges
//! none.

use crate::sample::Rect;

/// An object's size by its area in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CocoSize {
    /// Below 32².
    Small,
    /// Below 96².
    Medium,
    /// From 96².
    Large,
}

impl CocoSize {
    /// The size of a box. COCO itself takes the area of the mask where there is
    /// one.
    pub fn of(rect: &Rect) -> Self {
        match rect.area() {
            area if area < 32.0 * 32.0 => Self::Small,
            area if area < 96.0 * 96.0 => Self::Medium,
            _ => Self::Large,
        }
    }

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

/// How many objects are of which size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CocoSizes {
    /// Small ones.
    pub small: u64,
    /// Medium ones.
    pub medium: u64,
    /// Large ones.
    pub large: u64,
}

impl CocoSizes {
    /// Counts one more.
    pub fn add(&mut self, size: CocoSize) {
        match size {
            CocoSize::Small => self.small += 1,
            CocoSize::Medium => self.medium += 1,
            CocoSize::Large => self.large += 1,
        }
    }

    /// All that were counted.
    pub fn total(&self) -> u64 {
        self.small + self.medium + self.large
    }
}
