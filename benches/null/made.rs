//! Data sets drawn at random, with a cause planted or with none. Runs no check.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use splitlint::decode::{ColourMode, Format, Header, JpegFacts, Orientation, Subsampling};
use splitlint::fingerprint::{Fingerprint, FingerprintTable, Hashes, ImageFacts, Statistics};
use splitlint::sample::{
    ClassId, ContentHash, Labels, Listing, Sample, SampleId, SampleKey, Split, SplitId,
};

/// A data set to make.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made {
    pub(crate) classes: u32,
    pub(crate) samples: u32,
    /// Class sizes fall off as 1, 1/2, 1/3, …
    pub(crate) tail: bool,
    /// The part of test labels that are made class 0.
    pub(crate) moved: f64,
    pub(crate) absent: bool,
    pub(crate) quality: bool,
    pub(crate) size: bool,
    /// Every tenth sample of a class in val, every tenth in test.
    pub(crate) stratified: bool,
    /// Frames of videos, by names; the bits that frames of one share.
    pub(crate) videos: Option<u32>,
}

impl std::fmt::Display for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sizes = if self.tail { "long tail" } else { "equal" };
        write!(
            f,
            "{} samples, {} classes, {sizes}",
            self.samples, self.classes
        )
    }
}

impl Made {
    /// The draw of this number.
    pub(crate) fn draw(&self, draw: u64) -> (Listing, FingerprintTable) {
        let mut dice = Dice(ChaCha8Rng::seed_from_u64(draw));
        let weights: Vec<f64> = (1..=self.classes)
            .map(|rank| {
                if self.tail {
                    1.0 / f64::from(rank)
                } else {
                    1.0
                }
            })
            .collect();
        let mut rows = Vec::new();
        let mut seen = BTreeMap::new();
        for number in 0..self.samples {
            let split = match dice.roll() {
                x if x < 0.8 => 0,
                x if x < 0.9 => 1,
                _ => 2,
            };
            let mut class = dice.choose(&weights);
            let split = if self.stratified {
                let place = seen.entry(class).or_insert(0u32);
                *place += 1;
                match *place % 10 {
                    3 => 1,
                    7 => 2,
                    _ => 0,
                }
            } else {
                split
            };
            if split == 2 && dice.roll() < self.moved {
                class = 0;
            }
            if self.absent && split == 1 && class == 0 {
                continue;
            }
            let video = self.videos.map(|_| number / 12).filter(|&video| video < 30);
            let name = match (video, self.videos) {
                (Some(video), _) => format!("vid{video}_{:05}", number % 12),
                (None, Some(_)) => format!("{:016x}", dice.bits()),
                (None, None) => match draw % 4 {
                    0 => format!("class{class}_{number:05}"),
                    1 => format!("IMG_{number:05}"),
                    2 => format!("{:016x}", dice.bits()),
                    _ => format!("{:04x}_{:04}", dice.bits() >> 48, dice.bits() % 10_000),
                },
            };
            rows.push((split, class, name, video));
        }
        rows.sort();
        let names = ["train", "val", "test"];
        let samples = (0..)
            .map(SampleId)
            .zip(&rows)
            .map(|(id, (split, class, name, _))| {
                let path = format!("{}/class{class}/{name}.jpg", names[usize::from(*split)]);
                Sample {
                    id,
                    key: SampleKey::from_path(path.as_ref()),
                    split: Some(SplitId(*split)),
                    labels: Labels::One(ClassId(*class)),
                    objects: splitlint::sample::NO_OBJECTS,
                    group: None,
                }
            });
        let listing = Listing {
            splits: names.map(Split::named).into(),
            classes: (0..self.classes)
                .map(|class| format!("class{class}"))
                .collect(),
            samples: samples.collect(),
            ..Listing::default()
        };
        let fingerprints = rows
            .iter()
            .map(|&(split, class, _, video)| Some(self.fingerprint(split, class, video, &mut dice)))
            .collect();
        (listing, FingerprintTable::new(fingerprints))
    }

    fn fingerprint(
        &self,
        split: u16,
        class: u32,
        video: Option<u32>,
        dice: &mut Dice,
    ) -> Fingerprint {
        let small = self.size && split == 1;
        let (width, height) = if small {
            (224, 224)
        } else {
            [(640, 480), (480, 640), (640, 427)][dice.choose(&[5.0, 3.0, 2.0]) as usize]
        };
        let quality = if self.quality && class == 0 {
            60
        } else {
            [75, 85, 90][dice.choose(&[1.0, 1.0, 1.0]) as usize]
        };
        let header = Header {
            format: Format::Jpeg,
            width,
            height,
            orientation: Orientation::Upright,
            colour: ColourMode::Rgb,
            bit_depth: 8,
            animated: false,
            exif: None,
            jpeg: Some(JpegFacts {
                progressive: dice.roll() < 0.1,
                quantisation: u64::from(quality) << 40,
                quality,
                standard_tables: true,
                subsampling: Subsampling(2, 2),
            }),
            icc: None,
        };
        let mut part = |low: f64, high: f64| (low + (high - low) * dice.roll()) as f32;
        let statistics = Statistics {
            brightness: part(60.0, 200.0),
            contrast: part(30.0, 80.0),
            mean_cb: part(110.0, 140.0),
            mean_cr: part(110.0, 140.0),
            colourfulness: part(5.0, 40.0),
            sharpness: part(100.0, 2000.0),
            edge_sharpness: Some(part(1.0, 2.0)),
            entropy: part(6.0, 8.0),
            luma_p1: part(0.0, 20.0),
            luma_p5: part(20.0, 40.0),
            luma_p99: part(200.0, 255.0),
            border_luma: part(60.0, 200.0),
            border_width: 0.0,
        };
        let own = dice.bits();
        // The first bits are those of the video, the others the frame's own.
        let shared = match (self.videos, video) {
            (Some(likeness), Some(video)) => {
                let mask = (1u64 << likeness) - 1;
                let of_video = ChaCha8Rng::seed_from_u64(video.into()).next_u64();
                (of_video & mask) | (own & !mask)
            }
            _ => own,
        };
        Fingerprint {
            content: Some(ContentHash::of(&own.to_le_bytes())),
            bytes: 20_000 + own % 60_000,
            image: Ok(ImageFacts {
                header,
                statistics,
                hashes: Some(Hashes {
                    dct: shared,
                    gradient: own,
                }),
                mattes: false,
            }),
        }
    }
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn roll(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn choose(&mut self, weights: &[f64]) -> u32 {
        let mut left = self.roll() * weights.iter().sum::<f64>();
        let mut index = 0;
        for (place, weight) in (0..).zip(weights) {
            index = place;
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        index
    }
}
