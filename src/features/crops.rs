//! Objects cut out of their images, as features and models are shown them. Knows
//! no class and keeps few images in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use image::RgbImage;
use image::imageops::{self, FilterType};

use super::built_in::SIDE;
use super::onnx::Subjects;
use crate::decode::{DecodeFailure, Plane, Thumbnail};
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
    /// What is shown of the object in `rect`: its box and a margin, in pixels of an
    /// image of `width` × `height` of which `rect` is a part; both scaled by `scale`.
    /// `None` where the box lies outside.
    fn around(rect: &Rect, scale: f32, (width, height): (u32, u32)) -> Option<Self> {
        let side = |start: f32, length: f32, end: u32| {
            let margin = length * MARGIN;
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

/// Cuts objects out. Crops of one image that are asked for shortly after each other
/// decode it once.
pub struct Crops<'a> {
    crops: &'a [Crop],
    images: &'a Images,
    fingerprints: &'a FingerprintTable,
    /// The short side of the smallest box of each crop's image.
    least: Vec<f32>,
    recent: Mutex<VecDeque<(Decoded, Arc<RgbImage>)>>,
    /// Images kept at once.
    most: usize,
}

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
        }
    }

    /// Crop `index` as a thumbnail for the built-in features: at most 32 × 32 samples
    /// of luma, stretched, and half as many of chroma. Empty where the image cannot be
    /// decoded any more.
    pub fn thumbnail(&self, index: usize) -> Thumbnail {
        let (luma, chroma) = (SIDE as u32, SIDE as u32 / 2);
        let Ok(Some(cut)) = self.cut(index, SIDE as u32) else {
            return Thumbnail::default();
        };
        let fine = reduced(&cut, luma);
        let coarse = reduced(&cut, chroma);
        // Full-range Rec. 601, as other thumbnails are made.
        Thumbnail {
            luma: plane(&fine, |[r, g, b]| 0.299 * r + 0.587 * g + 0.114 * b),
            cb: plane(&coarse, |[r, g, b]| {
                128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b
            }),
            cr: plane(&coarse, |[r, g, b]| {
                128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b
            }),
        }
    }

    /// The pixels of crop `index`, whose sides have `side` pixels or more where the
    /// file has as many.
    fn cut(&self, index: usize, side: u32) -> Result<Option<RgbImage>, DecodeFailure> {
        let Crop { sample, rect } = self.crops[index];
        let Some(facts) = self.fingerprints.facts(sample) else {
            return Ok(None);
        };
        let (width, height) = (facts.header.width, facts.header.height);
        let long = width.max(height);
        let image = self.image(Decoded {
            sample,
            side: self.side(index, long, side),
        })?;
        let scale = image.width().max(image.height()) as f32 / long.max(1) as f32;
        let region = Region::around(&rect, scale, image.dimensions());
        Ok(region.map(|region| {
            let Region {
                x,
                y,
                width,
                height,
            } = region;
            imageops::crop_imm(&*image, x, y, width, height).to_image()
        }))
    }

    /// Pixels on the long side of the image of crop `index` at which its smallest
    /// crop has `wanted` on its short side: the same for all crops of one image.
    fn side(&self, index: usize, long: u32, wanted: u32) -> u32 {
        let share = (wanted as f32 / self.least[index].max(1.0)).min(1.0);
        (long as f32 * share).ceil() as u32
    }

    fn image(&self, wanted: Decoded) -> Result<Arc<RgbImage>, DecodeFailure> {
        let recent = || {
            self.recent
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
        };
        if let Some((_, image)) = recent().iter().find(|(decoded, _)| *decoded == wanted) {
            return Ok(Arc::clone(image));
        }
        let image = Arc::new(self.images.access.whole(wanted.sample, wanted.side)?);
        let mut recent = recent();
        recent.push_back((wanted, Arc::clone(&image)));
        let pixels = |image: &RgbImage| u64::from(image.width()) * u64::from(image.height());
        let mut kept: u64 = recent.iter().map(|(_, image)| pixels(image)).sum();
        while recent.len() > self.most || kept > MOST_PIXELS {
            let Some((_, oldest)) = recent.pop_front() else {
                break;
            };
            kept -= pixels(&oldest);
        }
        Ok(image)
    }
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
        let cut = cut.ok_or_else(|| "the box lies outside the image".to_owned())?;
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
            let region = Region::around(&rect, scale, (100, 80))?;
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
