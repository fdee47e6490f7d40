//! Finds groups of copies of tiny images: `cargo bench --bench groups -- FOLDER [SIDE] [SEED]...`.
//!
//! For each seed (1 unless given) photos of the folder, reduced to SIDE pixels (32 unless
//! given), become 300 single images, 42 groups of 2 to 20 altered copies (up to a tenth
//! cropped, up to a tenth brighter or darker, JPEG of 60 to 90), and 20 groups of five that
//! differ by a thing in front. Prints the pairs found by size of group, and all others.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

#[path = "shared/mod.rs"]
mod shared;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use splitlint::config::{Options, resolve};
use splitlint::executor::{Executor, StopFlag};
use splitlint::progress::Stage;
use splitlint::scan::scan;

use shared::{Clock, photos};

const SINGLE: usize = 300;
/// Copies in a group, one after the other.
const SIZES: [usize; 7] = [2, 3, 4, 6, 8, 12, 20];
const GROUPS: usize = 6 * SIZES.len();
/// Groups of images that differ by a thing, and images in each.
const DIFFERENT: (usize, usize) = (20, 5);
/// Quality of an image that is not altered.
const QUALITY: u8 = 80;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with('-'));
    let needed = SINGLE + GROUPS + DIFFERENT.0;
    let Some(folder) = arguments.next() else {
        println!("give a folder of at least {needed} JPEG files");
        return Ok(());
    };
    let side: u32 = arguments.next().map_or(Ok(32), |side| side.parse())?;
    let mut seeds = (arguments.map(|a| a.parse())).collect::<Result<Vec<u64>, _>>()?;
    if seeds.is_empty() {
        seeds.push(1);
    }
    let files = photos(Path::new(&folder), needed)?;
    for seed in seeds {
        plant_and_find(&files, side, seed)?;
    }
    Ok(())
}

fn unit(rng: &mut ChaCha8Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / (1u32 << 24) as f32
}

/// Writes `image` reduced to `side` pixels.
fn write(path: &Path, image: &RgbImage, side: u32, quality: u8) -> Result<(), Box<dyn Error>> {
    let small = imageops::resize(image, side, side, FilterType::Lanczos3);
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&small)?;
    Ok(fs::write(path, bytes)?)
}

/// Cropped, brighter or darker.
fn altered(image: &RgbImage, rng: &mut ChaCha8Rng) -> RgbImage {
    let whole = image.width() as f32;
    let kept = whole * (0.9 + 0.1 * unit(rng));
    let (x, y) = ((whole - kept) * unit(rng), (whole - kept) * unit(rng));
    let mut copy =
        imageops::crop_imm(image, x as u32, y as u32, kept as u32, kept as u32).to_image();
    let gain = 0.9 + 0.2 * unit(rng);
    for pixel in copy.pixels_mut() {
        pixel.0 = pixel
            .0
            .map(|v| (f32::from(v) * gain).round().clamp(0.0, 255.0) as u8);
    }
    copy
}

/// With a disc of some colour and place in front.
fn with_a_thing(image: &RgbImage, rng: &mut ChaCha8Rng) -> RgbImage {
    let mut copy = image.clone();
    let whole = image.width() as f32;
    let radius = whole * (0.09 + 0.06 * unit(rng));
    let (x, y) = (
        whole * (0.2 + 0.5 * unit(rng)),
        whole * (0.2 + 0.5 * unit(rng)),
    );
    let colour = Rgb([0; 3].map(|_: u8| (255.0 * unit(rng)) as u8));
    for (column, row, pixel) in copy.enumerate_pixels_mut() {
        if (column as f32 - x).hypot(row as f32 - y) < radius {
            *pixel = colour;
        }
    }
    copy
}

fn plant_and_find(files: &[PathBuf], side: u32, seed: u64) -> Result<(), Box<dyn Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<&PathBuf> = files.iter().collect();
    for last in (1..order.len()).rev() {
        order.swap(last, (unit(&mut rng) * (last + 1) as f32) as usize);
    }
    let set = tempfile::tempdir()?;
    let folder = set.path().join("train/all");
    fs::create_dir_all(&folder)?;
    let square = |file: &Path| -> Result<RgbImage, Box<dyn Error>> {
        let photo = image::open(file)?;
        let large = photo.resize_to_fill(side * 10, side * 10, FilterType::Triangle);
        Ok(large.to_rgb8())
    };
    // The name of an image begins with that of its group.
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for (place, file) in order.iter().take(SINGLE + GROUPS + DIFFERENT.0).enumerate() {
        let photo = square(file)?;
        if place < SINGLE + GROUPS {
            let of_group = place
                .checked_sub(SINGLE)
                .map_or(1, |group| SIZES[group % SIZES.len()]);
            for copy in 0..of_group {
                let path = folder.join(format!("{place:04}-{copy}.jpg"));
                match copy {
                    0 => write(&path, &photo, side, QUALITY)?,
                    _ => {
                        let quality = 60 + (30.0 * unit(&mut rng)) as u8;
                        write(&path, &altered(&photo, &mut rng), side, quality)?;
                    }
                }
            }
            sizes.insert(format!("{place:04}"), of_group);
        } else {
            for thing in 0..DIFFERENT.1 {
                let path = folder.join(format!("{place:04}{thing}-0.jpg"));
                write(&path, &with_a_thing(&photo, &mut rng), side, QUALITY)?;
            }
        }
    }
    let options = Options {
        root: Some(set.path().to_path_buf()),
        ..Options::default()
    };
    let executor = Executor::new(0, StopFlag::default())?;
    let clock = Clock::of(Stage::Duplicates);
    let settings = resolve(options).map_err(|e| format!("{e:?}"))?;
    let scan = scan(&settings, &executor, &clock)?;
    let group = |id| {
        let key = scan.evidence.listing.sample(id).key.as_str();
        let name = key.rsplit('/').next().unwrap_or(key);
        name.split('-').next().unwrap_or(name).to_owned()
    };
    let mut found: BTreeMap<usize, usize> = BTreeMap::new();
    let mut others = Vec::new();
    for pair in &scan.evidence.duplicates.pairs {
        match (group(pair.a), group(pair.b)) {
            (a, b) if a == b => *found.entry(sizes[&a]).or_default() += 1,
            (a, b) => others.push(format!("{a} and {b}")),
        }
    }
    println!("{side} pixels, seed {seed}:");
    let (mut all_found, mut all) = (0, 0);
    for size in SIZES {
        let pairs = GROUPS / SIZES.len() * size * (size - 1) / 2;
        let found = found.get(&size).copied().unwrap_or_default();
        println!("  groups of {size:2}: {found:4} of {pairs:4}");
        (all_found, all) = (all_found + found, all + pairs);
    }
    let recall = all_found as f32 / all as f32;
    println!(
        "  all: {all_found} of {all} ({recall:.3}); other pairs: {}",
        others.len()
    );
    others.iter().for_each(|other| println!("    {other}"));
    let images = scan.evidence.listing.samples.len();
    println!(
        "  CPU of the search: {:.2} ms an image",
        clock.seconds() * 1e3 / images as f64
    );
    Ok(())
}
