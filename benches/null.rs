//! How often the checks of distribution, groups and shortcuts speak on data
//! that gives them no cause, and how often on data that does; and what they
//! cost on a million samples.
//!
//! `cargo bench --bench null [-- DRAWS]`: 1,000 draws each unless told.
//! `cargo bench --bench null -- cost [SAMPLES]`: seconds by check.

#![expect(clippy::print_stdout, reason = "a table for the terminal")]

use std::collections::BTreeMap;
use std::time::Instant;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use splitlint::checks::{CheckContext, Findings, registry};
use splitlint::decode::{ColourMode, Format, Header, JpegFacts, Orientation, Subsampling};
use splitlint::distribution::{self, Division};
use splitlint::duplicates::Duplicates;
use splitlint::executor::{Executor, StopFlag};
use splitlint::fingerprint::{Fingerprint, FingerprintTable, Hashes, ImageFacts, Statistics};
use splitlint::quality::QualityTable;
use splitlint::sample::{
    ClassId, ContentHash, Labels, Listing, Sample, SampleId, SampleKey, Split, SplitId,
};

fn main() {
    let number = std::env::args().find_map(|a| a.parse().ok());
    let Ok(executor) = Executor::new(0, StopFlag::default()) else {
        return;
    };
    if std::env::args().any(|a| a == "cost") {
        return cost(number.unwrap_or(1_000_000), &executor);
    }
    let draws = u64::from(number.unwrap_or(1000));
    println!("{draws} draws a line; how often each check speaks");
    println!("no cause: random splits 80/10/10 of one population");
    for (classes, samples) in [(2, 200), (10, 300), (10, 3_000), (100, 2_000)] {
        for tail in [false, true] {
            let made = Made {
                classes,
                samples,
                tail,
                ..Made::default()
            };
            line(&format!("{made}"), &CODES, &made, draws, &executor);
        }
    }
    println!("what the split is called: random, stratified and drifted ones");
    for (classes, samples) in [
        (2, 200),
        (10, 300),
        (10, 3_000),
        (100, 2_000),
        (100, 20_000),
    ] {
        let random = Made {
            classes,
            samples,
            tail: true,
            ..Made::default()
        };
        verdicts(&format!("{random}, random"), &random, draws, &executor);
        let stratified = Made {
            stratified: true,
            ..random.clone()
        };
        verdicts(
            &format!("{random}, stratified"),
            &stratified,
            draws,
            &executor,
        );
        let moved = Made {
            moved: 0.2,
            ..random.clone()
        };
        verdicts(&format!("{random}, 20% moved"), &moved, draws, &executor);
    }
    println!("cause: what is planted, and the check that is to find it");
    let base = Made {
        classes: 10,
        samples: 3_000,
        ..Made::default()
    };
    for (share, code) in [(0.1, "DIST001"), (0.2, "DIST001")] {
        let made = Made {
            moved: share,
            ..base.clone()
        };
        let what = format!("{:.0}% of test labels moved to class 0", share * 100.0);
        line(&what, &[code], &made, draws, &executor);
    }
    let absent = Made {
        absent: true,
        ..base.clone()
    };
    line(
        "class 0 removed from val",
        &["DIST002"],
        &absent,
        draws,
        &executor,
    );
    let quality = Made {
        quality: true,
        ..base.clone()
    };
    line(
        "class 0 saved at another quality",
        &["SHORTCUT001"],
        &quality,
        draws,
        &executor,
    );
    let size = Made {
        size: true,
        ..base.clone()
    };
    line(
        "val of another size",
        &["SHORTCUT002", "SHORTCUT003"],
        &size,
        draws,
        &executor,
    );
    for likeness in [0, 8] {
        let videos = Made {
            videos: Some(likeness),
            ..base.clone()
        };
        let what = format!("30 videos of 12 frames, dealt at random, {likeness} bits alike");
        line(&what, &["LEAK006"], &videos, draws, &executor);
    }
}

/// Seconds of every check that asks neither for pairs nor for a label model,
/// on samples of a thousand classes with a long tail.
fn cost(samples: u32, executor: &Executor) {
    let made = Made {
        classes: 1000,
        samples,
        tail: true,
        ..Made::default()
    };
    println!("{made}");
    let (listing, fingerprints) = made.draw(0);
    let mut clock = Clock(Instant::now());
    let classes = distribution::count(&listing);
    let Ok(drift) = distribution::drift(&listing, &classes, executor) else {
        return;
    };
    clock.tell("counts and drift");
    let quality = QualityTable::of(&listing, &fingerprints);
    clock.tell("quality");
    let data = CheckContext {
        listing: &listing,
        fingerprints: &fingerprints,
        duplicates: &Duplicates::default(),
        classes: &classes,
        drift: &drift,
        quality: &quality,
        labelling: None,
        executor,
    };
    for declared in registry::all() {
        let Ok(check) = (declared.build)(toml::Table::new()) else {
            continue;
        };
        if check.needs().duplicates || check.needs().label_model {
            continue;
        }
        let mut found = Findings::new(declared.info, declared.info.severity);
        let ran = check.run(&data, &mut found);
        clock.tell(&format!(
            "{}: {} findings{}",
            declared.info.code,
            found.into_vec().len(),
            if ran.is_ok() { "" } else { ", failed" }
        ));
    }
}

/// Prints the seconds since it was last asked.
struct Clock(Instant);

impl Clock {
    fn tell(&mut self, what: &str) {
        println!("{what:36} {:8.2} s", self.0.elapsed().as_secs_f64());
        self.0 = Instant::now();
    }
}

const CODES: [&str; 5] = [
    "DIST001",
    "LEAK006",
    "SHORTCUT001",
    "SHORTCUT002",
    "SHORTCUT003",
];

/// A data set to make.
#[derive(Debug, Clone, Default)]
struct Made {
    classes: u32,
    samples: u32,
    /// Class sizes fall off as 1, 1/2, 1/3, …
    tail: bool,
    /// The part of test labels that are made class 0.
    moved: f64,
    absent: bool,
    quality: bool,
    size: bool,
    /// Every tenth sample of a class in val, every tenth in test.
    stratified: bool,
    /// Frames of videos, by names; the bits that frames of one share.
    videos: Option<u32>,
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

fn line(what: &str, codes: &[&str], made: &Made, draws: u64, executor: &Executor) {
    let mut spoken = vec![0u64; codes.len()];
    for draw in 0..draws {
        let (listing, fingerprints) = made.draw(draw);
        for (spoken, code) in spoken.iter_mut().zip(codes) {
            *spoken += u64::from(speaks(code, &listing, &fingerprints, executor));
        }
    }
    let shares: Vec<String> = codes
        .iter()
        .zip(spoken)
        .map(|(code, count)| format!("{code} {:6.2}%", count as f64 / draws as f64 * 100.0))
        .collect();
    println!("{what:52} {}", shares.join("  "));
}

/// How often the pair of train and test is called what.
fn verdicts(what: &str, made: &Made, draws: u64, executor: &Executor) {
    let kinds = [
        Division::Stratified,
        Division::Random,
        Division::Drifted,
        Division::CannotTell,
    ];
    let mut told = [0u64; 4];
    for draw in 0..draws {
        let (listing, _) = made.draw(draw);
        let counts = distribution::count(&listing);
        let pairs = distribution::drift(&listing, &counts, executor).unwrap_or_default();
        let of_test = pairs.iter().find(|pair| (pair.a.0, pair.b.0) == (0, 2));
        for (told, kind) in told.iter_mut().zip(kinds) {
            *told += u64::from(of_test.is_some_and(|pair| pair.division == kind));
        }
    }
    let shares: Vec<String> = (kinds.iter().zip(told))
        .map(|(kind, count)| {
            let share = count as f64 / draws as f64 * 100.0;
            format!("{} {share:6.2}%", kind.name())
        })
        .collect();
    println!("{what:52} {}", shares.join("  "));
}

fn speaks(
    code: &str,
    listing: &Listing,
    fingerprints: &FingerprintTable,
    executor: &Executor,
) -> bool {
    let Some(declared) = registry::find(code) else {
        return false;
    };
    let classes = distribution::count(listing);
    let Ok(drift) = distribution::drift(listing, &classes, executor) else {
        return false;
    };
    let data = CheckContext {
        listing,
        fingerprints,
        duplicates: &Duplicates::default(),
        classes: &classes,
        drift: &drift,
        quality: &QualityTable::default(),
        labelling: None,
        executor,
    };
    let mut found = Findings::new(declared.info, declared.info.severity);
    let ran = (declared.build)(toml::Table::new()).map(|check| check.run(&data, &mut found));
    ran.is_ok() && !found.into_vec().is_empty()
}

impl Made {
    fn draw(&self, draw: u64) -> (Listing, FingerprintTable) {
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
