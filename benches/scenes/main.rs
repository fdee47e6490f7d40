//! Finds overlapping windows, turned copies, strong crops and insets:
//! `cargo bench --bench scenes -- FOLDER [SEED]...`.
//!
//! For each seed (1 to 3 unless given) 30 photos of the folder for each kind become a pair,
//! one image in the training split and one in the test split, among 800 photos that are
//! nowhere else. Prints for each kind how many pairs pixels prove and how many are proven or
//! linked, copies reported among different photos, links, and the CPU time of the stage
//! and of the whole scan.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

#[path = "../shared/mod.rs"]
mod shared;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use splitlint::config::{Options, resolve};
use splitlint::executor::{Executor, StopFlag};
use splitlint::progress::Stage;
use splitlint::scan::scan;

use shared::{Clock, cpu, photos};

/// Pairs of each kind, and photos that are nowhere else.
const OF_KIND: usize = 30;
const OTHERS: usize = 800;
/// Longest side of an image, in pixels: as photos in data sets have it.
const SIDE: u32 = 800;

#[derive(Clone, Copy)]
enum Kind {
    /// Two windows that share so much of their width or height.
    Windows(f64),
    /// Turned by degrees, the largest upright square inside; mirrored first or not.
    Turned(f64, bool),
    /// A part of so much of the area.
    Crop(f64),
    /// Pasted into another photo at so much of its width.
    Inset(f64),
}

/// Name, kind and the share of pairs wanted.
const KINDS: [(&str, Kind, f64); 11] = [
    ("windows sharing 67%", Kind::Windows(0.67), 0.98),
    ("windows sharing 50%", Kind::Windows(0.50), 0.96),
    ("windows sharing 33%", Kind::Windows(0.33), 0.80),
    ("turned by 20", Kind::Turned(20.0, false), 0.98),
    ("turned by 30", Kind::Turned(30.0, false), 0.98),
    ("turned by 45", Kind::Turned(45.0, false), 0.98),
    ("turned by 100", Kind::Turned(100.0, false), 0.98),
    ("mirrored, turned by 30", Kind::Turned(30.0, true), 0.98),
    ("mirrored, turned by 100", Kind::Turned(100.0, true), 0.98),
    ("crop to 40% of the area", Kind::Crop(0.4), 0.92),
    ("inset at 40% of the width", Kind::Inset(0.4), 0.95),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with('-'));
    let needed = OF_KIND * KINDS.len() + OTHERS;
    let Some(folder) = arguments.next() else {
        println!("give a folder of at least {needed} JPEG files");
        return Ok(());
    };
    let mut seeds = arguments
        .map(|a| a.parse())
        .collect::<Result<Vec<u64>, _>>()?;
    if seeds.is_empty() {
        seeds = (1..=3).collect();
    }
    let files = photos(Path::new(&folder), needed)?;
    let outcomes = (seeds.iter())
        .map(|&seed| plant_and_find(&files, seed))
        .collect::<Result<Vec<_>, _>>()?;
    for (number, (name, _, wanted)) in KINDS.iter().enumerate() {
        let of_kind = outcomes.iter().flat_map(|o| &o.pairs);
        let of_kind: Vec<_> = of_kind.filter(|pair| pair.0 == number).collect();
        let share = |found: usize| found as f64 / of_kind.len().max(1) as f64;
        let proven = share(of_kind.iter().filter(|pair| pair.1).count());
        let either = share(of_kind.iter().filter(|pair| pair.1 || pair.2).count());
        println!("{name:26} proven {proven:.3} proven or linked {either:.3} (wanted {wanted:.2})");
    }
    let sum = |of: fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>();
    let samples = sum(|o| o.samples as f64);
    let others: Vec<&String> = outcomes.iter().flat_map(|o| &o.others).collect();
    println!(
        "other copies: {} in {samples} images; links between other photos: {}",
        others.len(),
        sum(|o| o.links as f64)
    );
    for other in others {
        println!("  {other}");
    }
    println!(
        "CPU: {:.2} ms an image for scenes, {:.2} for the whole scan",
        sum(|o| o.stage) * 1e3 / samples,
        sum(|o| o.whole) * 1e3 / samples
    );
    Ok(())
}

struct Outcome {
    /// Number of the kind, proven, linked.
    pairs: Vec<(usize, bool, bool)>,
    others: Vec<String>,
    links: usize,
    samples: usize,
    /// CPU seconds of the stage and of the scan.
    stage: f64,
    whole: f64,
}

fn plant_and_find(files: &[PathBuf], seed: u64) -> Result<Outcome, Box<dyn Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..files.len()).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, below(&mut rng, last + 1));
    }
    let set = tempfile::tempdir()?;
    let (train, test) = (set.path().join("train/all"), set.path().join("test/all"));
    fs::create_dir_all(&train)?;
    fs::create_dir_all(&test)?;
    let planted = OF_KIND * KINDS.len();
    for (place, &file) in order.iter().skip(planted).take(OTHERS).enumerate() {
        let folder = if place % 4 == 0 { &test } else { &train };
        fs::copy(&files[file], folder.join(format!("other-{place:04}.jpg")))?;
    }
    let hosts = &order[order.len() - 200.min(order.len())..];
    (0..planted).into_par_iter().try_for_each(|place| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed * 10_007 + place as u64);
        let source = photo(&files[order[place]])?;
        let host = &files[hosts[below(&mut rng, hosts.len())]];
        let (first, second) = pair(KINDS[place % KINDS.len()].1, source, host, &mut rng)?;
        save(&first, &train.join(format!("pair-{place:04}.jpg")), 90)?;
        save(&second, &test.join(format!("pair-{place:04}.jpg")), 80)
    })?;

    let options = Options {
        root: Some(set.path().to_path_buf()),
        ..Options::default()
    };
    let executor = Executor::new(0, StopFlag::default())?;
    let clock = Clock::of(Stage::Scenes);
    let settings = resolve(options).map_err(|e| format!("{e:?}"))?;
    let start = cpu();
    let scan = scan(&settings, &executor, &clock)?;
    let whole = cpu() - start;
    let key = |id| scan.evidence.listing.sample(id).key.as_str().to_owned();
    let names = |a, b| {
        let (a, b) = (key(a), key(b));
        (a.clone().min(b.clone()), a.max(b))
    };
    let pairs = scan.evidence.duplicates.pairs.iter();
    let proven: BTreeSet<_> = pairs.map(|pair| names(pair.a, pair.b)).collect();
    let links = scan.evidence.scenes.iter().flat_map(|scenes| &scenes.links);
    let linked: BTreeSet<_> = links.map(|link| names(link.a, link.b)).collect();
    let pair = |place: usize| {
        (
            format!("test/all/pair-{place:04}.jpg"),
            format!("train/all/pair-{place:04}.jpg"),
        )
    };
    let is_pair = |(a, b): &(String, String)| a.split('/').next_back() == b.split('/').next_back();
    let found = |place| {
        let pair = pair(place);
        (
            place % KINDS.len(),
            proven.contains(&pair),
            linked.contains(&pair),
        )
    };
    Ok(Outcome {
        pairs: (0..planted).map(found).collect(),
        others: (proven.iter())
            .filter(|pair| !is_pair(pair))
            .map(|(a, b)| format!("{a} {b}"))
            .collect(),
        links: linked.iter().filter(|pair| !is_pair(pair)).count(),
        samples: scan.evidence.listing.samples.len(),
        stage: clock.seconds(),
        whole,
    })
}

/// The two images of a pair.
fn pair(
    kind: Kind,
    source: RgbImage,
    host: &Path,
    rng: &mut ChaCha8Rng,
) -> Result<(RgbImage, RgbImage), String> {
    let (w, h) = source.dimensions();
    let part = |x, y, w, h| imageops::crop_imm(&source, x, y, w, h).to_image();
    Ok(match kind {
        Kind::Windows(shared) => {
            let window = |side: u32| (f64::from(side) / (2.0 - shared)) as u32;
            if below(rng, 2) == 0 {
                let window = window(w);
                (part(0, 0, window, h), part(w - window, 0, window, h))
            } else {
                let window = window(h);
                (part(0, 0, w, window), part(0, h - window, w, window))
            }
        }
        Kind::Turned(degrees, mirrored) => {
            let from = match mirrored {
                true => imageops::flip_horizontal(&source),
                false => source.clone(),
            };
            (source, turned(&from, degrees))
        }
        Kind::Crop(area) => {
            let side = |side: u32| (f64::from(side) * area.sqrt()) as u32;
            let (cw, ch) = (side(w), side(h));
            let x = below(rng, (w - cw + 1) as usize) as u32;
            let y = below(rng, (h - ch + 1) as usize) as u32;
            let cropped = part(x, y, cw, ch);
            (source, cropped)
        }
        Kind::Inset(share) => {
            let mut host = photo(host)?;
            let width = (f64::from(host.width()) * share) as u32;
            let height = (width * h / w).clamp(1, host.height());
            let small = imageops::resize(&source, width, height, FilterType::Triangle);
            let x = below(rng, (host.width() - width + 1) as usize);
            let y = below(rng, (host.height() - height + 1) as usize);
            imageops::replace(&mut host, &small, x as i64, y as i64);
            (source, host)
        }
    })
}

/// The largest upright square inside the circle that every turn keeps.
fn turned(source: &RgbImage, degrees: f64) -> RgbImage {
    let (w, h) = source.dimensions();
    let side = (f64::from(w.min(h)) / 2f64.sqrt()) as u32;
    let (sin, cos) = degrees.to_radians().sin_cos();
    RgbImage::from_fn(side, side, |x, y| {
        let (dx, dy) = (
            f64::from(x) + 0.5 - f64::from(side) / 2.0,
            f64::from(y) + 0.5 - f64::from(side) / 2.0,
        );
        let (u, v) = (
            cos * dx - sin * dy + f64::from(w) / 2.0 - 0.5,
            sin * dx + cos * dy + f64::from(h) / 2.0 - 0.5,
        );
        let (left, top) = (u.floor(), v.floor());
        let at = |x: f64, y: f64, channel: usize| {
            let x = (x.max(0.0) as u32).min(w - 1);
            let y = (y.max(0.0) as u32).min(h - 1);
            f64::from(source.get_pixel(x, y)[channel])
        };
        Rgb([0, 1, 2].map(|channel| {
            let upper = at(left, top, channel) * (left + 1.0 - u)
                + at(left + 1.0, top, channel) * (u - left);
            let lower = at(left, top + 1.0, channel) * (left + 1.0 - u)
                + at(left + 1.0, top + 1.0, channel) * (u - left);
            (upper * (top + 1.0 - v) + lower * (v - top)).round() as u8
        }))
    })
}

fn photo(path: &Path) -> Result<RgbImage, String> {
    let image = image::open(path).map_err(|e| e.to_string())?;
    Ok(match image.width().max(image.height()) > SIDE {
        true => image.resize(SIDE, SIDE, FilterType::Triangle),
        false => image,
    }
    .into_rgb8())
}

fn save(image: &RgbImage, path: &Path, quality: u8) -> Result<(), String> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(image)
        .map_err(|e| e.to_string())?;
    fs::write(path, bytes).map_err(|e| e.to_string())
}

/// A number below `count`.
fn below(rng: &mut ChaCha8Rng, count: usize) -> usize {
    (rng.next_u64() % count.max(1) as u64) as usize
}
