//! Painted scenes, as images to search.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::decode::{CloseUp, Matte, Plane, Thumbnail};
use crate::duplicates::images::ImageSource;
use crate::duplicates::pipeline::{Verified, verify};
use crate::duplicates::transform::Image;
use crate::executor::{Executor, StopFlag};

pub(in crate::duplicates) fn unit(rng: &mut ChaCha8Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / (1u32 << 24) as f32
}

/// A scene as a function of the place: overlapping discs before a slope.
pub(in crate::duplicates) struct Scene(Vec<[f32; 4]>);

impl Scene {
    pub(in crate::duplicates) fn new(seed: u64) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let disc = |rng: &mut ChaCha8Rng| {
            let radius = 0.03 + 0.17 * unit(rng) * unit(rng);
            [unit(rng), unit(rng), radius, 30.0 + 200.0 * unit(rng)]
        };
        Self((0..30).map(|_| disc(rng)).collect())
    }

    pub(in crate::duplicates) fn tone(&self, x: f32, y: f32) -> f32 {
        let inside = |disc: &&[f32; 4]| (x - disc[0]).hypot(y - disc[1]) < disc[2];
        self.0
            .iter()
            .rev()
            .find(inside)
            .map_or(60.0 + 80.0 * x, |d| d[3])
    }
}

/// A thumbnail of what `tone` shows over the unit square, as a camera sees it.
pub(in crate::duplicates) fn photo(
    width: u32,
    height: u32,
    tone: impl Fn(f32, f32) -> f32,
) -> Thumbnail {
    let mut samples = Vec::new();
    for row in 0..height {
        for column in 0..width {
            let mut sum = 0.0;
            for part in 0..4 {
                let x = (column as f32 + (part % 2) as f32 / 2.0 + 0.25) / width as f32;
                let y = (row as f32 + (part / 2) as f32 / 2.0 + 0.25) / height as f32;
                sum += tone(x, y).clamp(0.0, 255.0);
            }
            samples.push((sum / 4.0).round() as u8);
        }
    }
    Thumbnail {
        luma: Plane {
            width,
            height,
            samples,
        },
        cb: Plane::filled(width / 2, height / 2, 128),
        cr: Plane::filled(width / 2, height / 2, 128),
    }
}

pub(in crate::duplicates) type Tone<'a> = Box<dyn Fn(f32, f32) -> f32 + Sync + 'a>;

/// Images as functions of the place, of one size in pixels.
pub(in crate::duplicates) struct Painted<'a> {
    tones: Vec<Tone<'a>>,
    thumbnails: Vec<Thumbnail>,
    width: u32,
    height: u32,
}

impl<'a> Painted<'a> {
    pub(in crate::duplicates) fn new(tones: Vec<Tone<'a>>, width: u32, height: u32) -> Self {
        let mut painted = Self {
            tones,
            thumbnails: Vec::new(),
            width,
            height,
        };
        painted.thumbnails = (0..painted.tones.len())
            .filter_map(|index| painted.at(index, 64))
            .collect();
        painted
    }

    fn at(&self, index: usize, side: u32) -> Option<Thumbnail> {
        let side = side.min(self.width.max(self.height));
        let fit = |length: u32| (length * side / self.width.max(self.height)).max(1);
        Some(photo(
            fit(self.width),
            fit(self.height),
            self.tones.get(index)?,
        ))
    }
}

impl ImageSource for Painted<'_> {
    fn thumbnail(&self, index: usize, _: Matte) -> Option<Image> {
        Some((self.thumbnails.get(index)?.clone(), self.width, self.height))
    }

    fn decode(&self, index: usize, _: Matte) -> Option<CloseUp> {
        Some(CloseUp::of(self.at(index, 256)?.luma))
    }
}

/// What a search among these images verifies.
pub(in crate::duplicates) fn verified(painted: &Painted<'_>, jobs: usize) -> Verified {
    let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
    verify(painted.tones.len(), painted, &[], &executor).expect("not stopped")
}

pub(in crate::duplicates) fn pairs(verified: &Verified) -> Vec<(u32, u32)> {
    verified.pairs.iter().map(|p| (p.first, p.second)).collect()
}
