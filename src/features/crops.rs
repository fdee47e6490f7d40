//! Objects cut out of their images, as features and models are shown them. Knows
//! no class and keeps few images in memory.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use image::RgbImage;
use image::imageops::{self, FilterType};

use super::built_in::SIDE;
use super::onnx::Subjects;
use crate::decode::{DecodeFailure, Plane, Thumbnail};
use crate::executor::{Executor, Interrupted};
use crate::fingerprint::cache::Key;
use crate::fingerprint::{FingerprintTable, Images, Memo};
use crate::sample::{Rect, SampleId};

/// Share of a box's sides that is shown around it: what an object stands on or in
/// helps to name it (R-CNN shows 16 of 227 pixels on each side, Girshick et al. 2014).
const MARGIN: f32 = 0.1;

/// Sides below this many pixels of the file hold too little to name an object.
pub const LEAST_SIDE: f32 = 8.0;

/// A rectangle of an image of known size: left, top, width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

impl Region {
    /// What is shown of the object in `rect`: its box and `margin` times its sides around
    /// it, in pixels of an image of `width` × `height` of which `rect` is a part; both
    /// scaled by `scale`. `None` where the box lies outside.
    fn around(rect: &Rect, margin: f32, scale: f32, size: (u32, u32)) -> Option<Self> {
        let (width, height) = size;
        let side = |start: f32, length: f32, end: u32| {
            let margin = length * margin;
            let first = ((start - margin) * scale).floor().clamp(0.0, end as f32);
            let last = ((start + length + margin) * scale)
                .ceil()
                .clamp(0.0, end as f32);
            (last > first).then_some((first as u32, (last - first) as u32))
        };
        let (x, width) = side(rect.x, rect.width, width)?;
        let (y, height) = side(rect.y, rect.height, height)?;
        Some(Self {
            x,
            y,
            width,
            height,
        })
    }
}

/// An object to be cut out: its image, and its box in pixels of the upright image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crop {
    /// Where it is seen.
    pub sample: SampleId,
    /// Its box.
    pub rect: Rect,
}

/// Cuts objects out, and decodes an image once for all its crops: they are sorted by
/// sample, and asked for in that order.
pub struct Crops<'a> {
    crops: &'a [Crop],
    images: &'a Images,
    fingerprints: &'a FingerprintTable,
    /// The short side of the smallest box of each crop's image.
    least: Vec<f32>,
    recent: Mutex<VecDeque<(Decoded, Shared)>>,
    /// Images kept at once.
    most: usize,
    /// Share of a box's sides that is shown around it.
    margin: f32,
}

/// An image that one thread decodes and others wait for.
type Shared = Arc<OnceLock<Result<RgbImage, DecodeFailure>>>;

/// Pixels of the images kept at once, so that huge ones are not: 150 MB.
const MOST_PIXELS: u64 = 50_000_000;

/// Counts changes to what is cut out and how: raise it with every such change.
const METHOD: &str = "crop 1";

/// An image, and at most how many pixels its long side has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decoded {
    sample: SampleId,
    side: u32,
}

impl<'a> Crops<'a> {
    /// Cuts `crops`, sorted by sample, for up to `threads` threads.
    pub fn new(
        crops: &'a [Crop],
        images: &'a Images,
        fingerprints: &'a FingerprintTable,
        threads: usize,
    ) -> Self {
        let of_images = crops.chunk_by(|a, b| a.sample == b.sample);
        let least = of_images.flat_map(|of_image| {
            let sides = of_image.iter();
            let sides = sides.map(|crop| crop.rect.width.min(crop.rect.height));
            std::iter::repeat_n(sides.fold(f32::INFINITY, f32::min), of_image.len())
        });
        Self {
            least: least.collect(),
            crops,
            images,
            fingerprints,
            recent: Mutex::new(VecDeque::new()),
            most: threads,
            margin: MARGIN,
        }
    }

    /// The same, each cut along its box.
    #[must_use]
    pub fn without_margin(self) -> Self {
        Self {
            margin: 0.0,
            ..self
        }
    }

    /// All crops as thumbnails for the built-in features: at most 32 × 32 samples of
    /// luma, stretched, and half as many of chroma; or why an image cannot be decoded any
    /// more. Memory: 1.5 kB a crop.
    ///
    /// # Errors
    /// [`Interrupted`] when a stop was asked for.
    pub fn thumbnails(
        &self,
        executor: &Executor,
        done: impl Fn(u64) + Sync,
    ) -> Result<Vec<Result<Thumbnail, DecodeFailure>>, Interrupted> {
        self.map(SIDE as u32, executor, done, |cut| Ok(thumbnail(cut)))
    }

    /// What `make` makes of each crop, whose sides have `side` pixels or more where the
    /// file has as many. Decodes each image once.
    ///
    /// # Errors
    /// [`Interrupted`] when a stop was asked for.
    pub fn map<R: Send>(
        &self,
        side: u32,
        executor: &Executor,
        done: impl Fn(u64) + Sync,
        make: impl Fn(&RgbImage) -> Result<R, DecodeFailure> + Sync,
    ) -> Result<Vec<Result<R, DecodeFailure>>, Interrupted> {
        let mut start = 0;
        let of_images = self.crops.chunk_by(|a, b| a.sample == b.sample);
        let of_images: Vec<Range<usize>> = of_images
            .map(|of_image| {
                let range = start..start + of_image.len();
                start = range.end;
                range
            })
            .collect();
        let made = executor.map(of_images.len(), |i| {
            let range = of_images[i].clone();
            done(range.len() as u64);
            let image = self.decode(self.wanted(range.start, side));
            let made = range.map(|index| {
                let image = image.as_ref().map_err(Clone::clone)?;
                make(&self.cut_from(image, index).ok_or_else(outside)?)
            });
            made.collect::<Vec<_>>()
        })?;
        Ok(made.into_iter().flatten().collect())
    }

    /// The pixels of crop `index`, whose sides have `side` pixels or more where the
    /// file has as many.
    ///
    /// # Errors
    /// Why the image cannot be decoded any more.
    pub fn cut(&self, index: usize, side: u32) -> Result<RgbImage, DecodeFailure> {
        let image = self.shared(self.wanted(index, side));
        let image = image.get().and_then(|image| image.as_ref().ok());
        match image {
            Some(image) => self.cut_from(image, index).ok_or_else(outside),
            // Not kept, so that the failure is that of this very look.
            None => self
                .decode(self.wanted(index, side))
                .and_then(|image| self.cut_from(&image, index).ok_or_else(outside)),
        }
    }

    /// The image of crop `index`, its smallest crop having `side` pixels on its short
    /// side.
    fn wanted(&self, index: usize, side: u32) -> Decoded {
        let sample = self.crops[index].sample;
        Decoded {
            sample,
            side: self.side(index, self.long_side(sample), side),
        }
    }

    fn long_side(&self, sample: SampleId) -> u32 {
        let header = self.fingerprints.facts(sample).map(|facts| &facts.header);
        header.map_or(1, |header| header.width.max(header.height))
    }

    /// `None` where the box lies outside the image.
    fn cut_from(&self, image: &RgbImage, index: usize) -> Option<RgbImage> {
        let Crop { sample, rect } = self.crops[index];
        let long = self.long_side(sample).max(1) as f32;
        let scale = image.width().max(image.height()) as f32 / long;
        let region = Region::around(&rect, self.margin, scale, image.dimensions())?;
        let (x, y) = (region.x, region.y);
        Some(imageops::crop_imm(image, x, y, region.width, region.height).to_image())
    }

    /// Pixels on the long side of the image of crop `index` at which its smallest
    /// crop has `wanted` on its short side: the same for all crops of one image.
    fn side(&self, index: usize, long: u32, wanted: u32) -> u32 {
        let share = (wanted as f32 / self.least[index].max(1.0)).min(1.0);
        (long as f32 * share).ceil() as u32
    }

    fn decode(&self, wanted: Decoded) -> Result<RgbImage, DecodeFailure> {
        self.images.access.whole(wanted.sample, wanted.side)
    }

    /// The image, decoded by whichever thread comes first.
    fn shared(&self, wanted: Decoded) -> Shared {
        let recent = || {
            self.recent
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
        };
        let known = |recent: &VecDeque<(Decoded, Shared)>| {
            let found = recent.iter().find(|(decoded, _)| *decoded == wanted);
            found.map(|(_, image)| Arc::clone(image))
        };
        let image = {
            let mut recent = recent();
            known(&recent).unwrap_or_else(|| {
                let image = Shared::default();
                recent.push_back((wanted, Arc::clone(&image)));
                image
            })
        };
        image.get_or_init(|| self.decode(wanted));
        let mut recent = recent();
        let pixels = |image: &Shared| match image.get() {
            Some(Ok(image)) => u64::from(image.width()) * u64::from(image.height()),
            _ => 0,
        };
        let mut kept: u64 = recent.iter().map(|(_, image)| pixels(image)).sum();
        // The last stays, however large: its other crops come next.
        while recent.len() > 1 && (recent.len() > self.most || kept > MOST_PIXELS) {
            let Some((_, oldest)) = recent.pop_front() else {
                break;
            };
            kept -= pixels(&oldest);
        }
        drop(recent);
        image
    }
}

/// Boxes are clipped before they are cut out.
fn outside() -> DecodeFailure {
    DecodeFailure::corrupt("the box lies outside the image")
}

/// A crop for the built-in features.
fn thumbnail(cut: &RgbImage) -> Thumbnail {
    let (luma, chroma) = (SIDE as u32, SIDE as u32 / 2);
    let [cb, cr] = chroma_of(&reduced(cut, chroma));
    Thumbnail {
        luma: luma_of(&reduced(cut, luma)),
        cb,
        cr,
    }
}

/// The luma of an image: full-range Rec. 601, as other thumbnails are made.
pub fn luma_of(image: &RgbImage) -> Plane {
    plane(image, |[r, g, b]| 0.299 * r + 0.587 * g + 0.114 * b)
}

/// Its Cb and Cr.
pub fn chroma_of(image: &RgbImage) -> [Plane; 2] {
    let cb = plane(image, |[r, g, b]| {
        128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b
    });
    let cr = plane(image, |[r, g, b]| {
        128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b
    });
    [cb, cr]
}

impl Subjects for Crops<'_> {
    fn count(&self) -> usize {
        self.crops.len()
    }

    fn memo(&self) -> &Memo {
        &self.images.memo
    }

    fn key(&self, method: &str, index: usize) -> Option<Key> {
        let Crop { sample, rect } = self.crops[index];
        let content = self.fingerprints.get(sample)?.content?;
        let [x, y, width, height] = [rect.x, rect.y, rect.width, rect.height].map(f32::to_bits);
        // The smallest box decides how large the image is decoded.
        let least = self.least[index].to_bits();
        let method = format!("{method} {METHOD} {x} {y} {width} {height} of {least}");
        Some(Key::of_content(&method, content))
    }

    /// Stretched, so that long objects are shown whole.
    fn show(&self, index: usize, (width, height): (u32, u32)) -> Result<RgbImage, String> {
        let cut = self.cut(index, width.max(height));
        let cut = cut.map_err(|failure| format!("the image {failure}"))?;
        Ok(imageops::resize(&cut, width, height, FilterType::Triangle))
    }
}

/// Each side at most `side` pixels, never enlarged.
fn reduced(image: &RgbImage, side: u32) -> RgbImage {
    let (width, height) = (image.width().min(side), image.height().min(side));
    if (width, height) == image.dimensions() {
        return image.clone();
    }
    imageops::resize(image, width, height, FilterType::Triangle)
}

fn plane(image: &RgbImage, value: impl Fn([f32; 3]) -> f32) -> Plane {
    let samples = image.pixels().map(|pixel| value(pixel.0.map(f32::from)));
    Plane {
        width: image.width(),
        height: image.height(),
        samples: samples.map(|value| value.round() as u8).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: f32, y: f32, width: f32, height: f32) -> Rect {
        Rect {
            x,
            y,
            width,
            height,
        }
    }

    #[test]
    fn region_has_a_margin_and_ends_at_the_image() {
        let region = |rect, scale| {
            let region = Region::around(&rect, MARGIN, scale, (100, 80))?;
            Some((region.x, region.y, region.width, region.height))
        };
        assert_eq!(
            region(rect(20.0, 10.0, 40.0, 20.0), 1.0),
            Some((16, 8, 48, 24))
        );
        assert_eq!(
            region(rect(20.0, 10.0, 40.0, 20.0), 0.5),
            Some((8, 4, 24, 12))
        );
        assert_eq!(
            region(rect(-5.0, 70.0, 20.0, 20.0), 1.0),
            Some((0, 68, 17, 12))
        );
        assert_eq!(region(rect(300.0, 0.0, 20.0, 20.0), 1.0), None);
    }

    #[test]
    fn colours_come_back_from_a_thumbnail() {
        let image = RgbImage::from_pixel(40, 12, image::Rgb([200, 30, 60]));
        let fine = reduced(&image, 32);
        assert_eq!(fine.dimensions(), (32, 12));
        let luma = plane(&fine, |[r, g, b]| 0.299 * r + 0.587 * g + 0.114 * b);
        assert!(luma.samples.iter().all(|&value| value == 84));
    }
}
