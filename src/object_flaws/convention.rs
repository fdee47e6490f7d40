//! Boxes written in another convention than their format's, judged by all boxes
//! of a split together: one box alone may always be a mistake of its own.

use std::collections::BTreeMap;

use super::{Sizes, own_samples};
use crate::sample::{Bounds, Rect, SplitId};

/// How the boxes of a split seem to be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// The last two numbers are the lower right corner, not width and height.
    Corners,
    /// The first two numbers are the centre, not the upper left corner.
    Centre,
    /// The first two numbers are the upper left corner, not the centre.
    UpperLeft,
    /// Vertical before horizontal.
    Swapped,
    /// Shares of the image's sides, not pixels.
    Shares,
    /// Divided by the image's sides twice.
    DividedTwice,
}

impl Reading {
    /// For a sentence: "they seem to be …".
    pub fn words(self) -> &'static str {
        match self {
            Self::Corners => "two corners (x1 y1 x2 y2) where the format has width and height",
            Self::Centre => "centre and size where the format has the upper left corner",
            Self::UpperLeft => "upper left corner and size where the format has the centre",
            Self::Swapped => "in the order y x height width where the format has x y width height",
            Self::Shares => "shares of the image's sides where the format has pixels",
            Self::DividedTwice => "divided by the image's width and height twice",
        }
    }
}

/// A split whose boxes do not mean what their format says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Misread {
    /// Which; `None` for samples outside any split.
    pub split: Option<SplitId>,
    /// What the boxes seem to be.
    pub reading: Reading,
    /// Boxes that were judged.
    pub boxes: u64,
    /// Of these, how many do not lie in their images as they are read.
    pub outside: u64,
    /// The same with the other reading.
    pub outside_then: u64,
}

/// Boxes outside their images that are needed to judge a split. Careless boxes
/// reach out of their image to either side; ten that all do so to the side that
/// another reading cures are chance once in a thousand times.
const FEWEST_OUTSIDE: u64 = 10;

/// The share of boxes outside their images from which another reading is tried. A
/// wrong reading throws a tenth of small boxes out, and most of large ones.
const MANY: f64 = 0.05;

/// Another reading is right only if it leaves this share of the boxes outside
/// that are outside as they are read, at most.
const CURED: f64 = 0.1;

/// The share of boxes that the other reading may leave outside: single boxes are
/// wrong in any set.
const FEW: f64 = 0.01;

/// The share of its image's side by which a box is clearly outside.
const CLEARLY: f32 = 0.01;

/// Boxes needed to see that all lie in the image's first pixel: no set has a
/// single such box on purpose.
const FEWEST_TINY: u64 = 5;

/// A box of images of fewer pixels a side may well be one pixel large.
const SMALLEST_SIDE: u32 = 16;

/// How many boxes of a split lie outside under each reading.
#[derive(Debug, Default)]
struct Counts {
    boxes: u64,
    outside: u64,
    outside_then: BTreeMap<Reading, u64>,
    /// Boxes in the first pixel of their image.
    tiny: u64,
    /// They are shares.
    in_shares: bool,
}

/// The splits whose boxes another reading explains, and theirs does not.
pub(super) fn find(sizes: Sizes<'_>) -> Vec<Misread> {
    let mut splits: BTreeMap<Option<SplitId>, Counts> = BTreeMap::new();
    for id in own_samples(sizes.listing) {
        let Some((width, height)) = sizes.of(id) else {
            continue;
        };
        if width.min(height) < SMALLEST_SIDE {
            continue;
        }
        let counts = splits.entry(sizes.listing.sample(id).split).or_default();
        for object in sizes.listing.objects_of(id) {
            counts.add(object.bounds, (width as f32, height as f32));
        }
    }
    let judged = splits.into_iter();
    judged
        .filter_map(|(split, counts)| counts.judge(split))
        .collect()
}

impl Counts {
    fn add(&mut self, bounds: Bounds, (width, height): (f32, f32)) {
        self.boxes += 1;
        let (rect, side) = match bounds {
            Bounds::Pixels(rect) => (rect, (width, height)),
            Bounds::Shares(rect) => {
                self.in_shares = true;
                (rect, (1.0, 1.0))
            }
        };
        self.outside += u64::from(!fits(&rect, side));
        for (reading, rect) in readings(&rect, self.in_shares) {
            let outside = u64::from(!fits(&rect, side));
            *self.outside_then.entry(reading).or_default() += outside;
        }
        // One pixel, of an image or of shares of it.
        let pixel = (side.0 / width, side.1 / height);
        let near = 1.01;
        self.tiny += u64::from(
            rect.right() <= near * pixel.0 && rect.bottom() <= near * pixel.1 && fits(&rect, side),
        );
    }

    fn judge(&self, split: Option<SplitId>) -> Option<Misread> {
        let few = |count: u64| count as f64 <= FEW * self.boxes as f64;
        if self.boxes >= FEWEST_TINY && few(self.boxes - self.tiny) {
            return Some(Misread {
                split,
                reading: match self.in_shares {
                    true => Reading::DividedTwice,
                    false => Reading::Shares,
                },
                boxes: self.boxes,
                outside: self.outside,
                outside_then: 0,
            });
        }
        if self.outside < FEWEST_OUTSIDE || (self.outside as f64) < MANY * self.boxes as f64 {
            return None;
        }
        let best = (self.outside_then.iter()).min_by_key(|&(reading, &count)| (count, *reading));
        let (&reading, &outside_then) =
            best.filter(|&(_, &count)| few(count) && count as f64 <= CURED * self.outside as f64)?;
        Some(Misread {
            split,
            reading,
            boxes: self.boxes,
            outside: self.outside,
            outside_then,
        })
    }
}

/// The box by every other reading of its four numbers.
fn readings(rect: &Rect, in_shares: bool) -> Vec<(Reading, Rect)> {
    let Rect {
        x,
        y,
        width,
        height,
    } = *rect;
    // A format of shares stores the centre.
    let (first, second) = match in_shares {
        true => (x + width / 2.0, y + height / 2.0),
        false => (x, y),
    };
    let rect = |x, y, width, height| Rect {
        x,
        y,
        width,
        height,
    };
    let corners = rect(first, second, width - first, height - second);
    match in_shares {
        true => vec![
            (Reading::Corners, corners),
            (Reading::UpperLeft, rect(first, second, width, height)),
            (
                Reading::Swapped,
                rect(second - height / 2.0, first - width / 2.0, height, width),
            ),
        ],
        false => vec![
            (Reading::Corners, corners),
            (
                Reading::Centre,
                rect(x - width / 2.0, y - height / 2.0, width, height),
            ),
            (Reading::Swapped, rect(y, x, height, width)),
        ],
    }
}

/// Whether a box has a size and lies in an image with these sides.
fn fits(rect: &Rect, (width, height): (f32, f32)) -> bool {
    let slack = (CLEARLY * width, CLEARLY * height);
    rect.is_finite()
        && rect.width >= 0.0
        && rect.height >= 0.0
        && rect.x >= -slack.0
        && rect.y >= -slack.1
        && rect.right() <= width + slack.0
        && rect.bottom() <= height + slack.1
}
