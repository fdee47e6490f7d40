//! The smallest sets of the LEAK checks on groups of samples.

use anyhow::Result;
use image::imageops::{FilterType, resize};
use image::{GrayImage, Luma, RgbImage};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::check_sets::Fill;
use super::distribution_sets::tiny;
use super::folder::Folder;
use super::paint::Motif;

/// Code, set that fires, set that does not.
pub(crate) const SETS: &[(&str, Fill, Fill)] = &[
    (
        "LEAK005",
        |f| patients(f, &["train", "test", "train", "test"]),
        |f| patients(f, &["train", "train", "test", "test"]),
    ),
    ("LEAK006", |f| videos(f, 1), |f| videos(f, 0)),
    (
        "LEAK007",
        |f| weak_copies(f, |i| 5 * i + i / 6 + 1),
        |f| weak_copies(f, |i| i),
    ),
    ("LEAK008", |f| two_shots(f, 8), |f| two_shots(f, 9)),
    ("LEAK009", |f| two_tiles(f, 8), |f| two_tiles(f, 40)),
];

/// A tile in train and one in test, 16 pixels wide, so many metres apart.
fn two_tiles(folder: &Folder, apart: u64) -> Result<()> {
    for (split, at) in [("train", 0), ("test", apart)] {
        for (motif, row) in [(Motif::City, 0), (Motif::Lake, 100)] {
            let name = format!("{split}/{}/{at}", motif.name());
            folder.save(&format!("{name}.png"), &tiny(motif, at))?;
            let world = format!("1\n0\n0\n-1\n{at}.5\n{row}.5\n");
            folder.write(&format!("{name}.pgw"), world.as_bytes())?;
        }
    }
    Ok(())
}

/// A manifest of two patients with two images each, in these splits.
fn patients(folder: &Folder, splits: &[&str]) -> Result<()> {
    let mut rows = String::from("path,label,split,patient\n");
    for (index, split) in splits.iter().enumerate() {
        let name = format!("{index}.png");
        let class = ["city", "lake"][index % 2];
        folder.save(&name, &tiny(Motif::City, index as u64))?;
        rows += &format!("{name},{class},{split},p{}\n", index / 2);
    }
    folder.write("manifest.csv", rows.as_bytes())
}

/// Eight videos of three frames each, of which the first `stray` frames of two lie in the test
/// split in spite of their video.
fn videos(folder: &Folder, stray: u64) -> Result<()> {
    for video in 0..8u64 {
        for frame in 0..3u64 {
            let motif = if video % 2 == 0 {
                Motif::City
            } else {
                Motif::Lake
            };
            let in_test = video >= 6 || (video < 2 && frame < stray);
            let split = if in_test { "test" } else { "train" };
            let name = format!("{split}/{}/vid{video}_{frame:04}.png", motif.name());
            folder.save(&name, &tiny(motif, 10 * video + frame))?;
        }
    }
    Ok(())
}

/// Forty-eight blurred images in train, and each with noise in test, where
/// the class of the copy of image `i` is the `class`th of six.
fn weak_copies(folder: &Folder, class: fn(u64) -> u64) -> Result<()> {
    for i in 0..48 {
        let mut dice = ChaCha8Rng::seed_from_u64(i);
        let coarse = GrayImage::from_fn(8, 8, |_, _| Luma([gray(128.0, 35.0, &mut dice)]));
        let blurred = resize(&coarse, 32, 32, FilterType::CatmullRom);
        for (split, class, noise) in [("train", i, 3.0), ("test", class(i), 12.0)] {
            let image = RgbImage::from_fn(32, 32, |x, y| {
                let mean = f64::from(blurred.get_pixel(x, y).0[0]);
                image::Rgb([gray(mean, noise, &mut dice); 3])
            });
            folder.save(&format!("{split}/class{}/{i:02}.png", class % 6), &image)?;
        }
    }
    Ok(())
}

/// A gray value about `mean`, nearly normal: the sum of four even ones.
fn gray(mean: f64, deviation: f64, dice: &mut ChaCha8Rng) -> u8 {
    let even = |dice: &mut ChaCha8Rng| f64::from(dice.next_u32()) / f64::from(u32::MAX) - 0.5;
    let sum: f64 = (0..4).map(|_| even(dice)).sum();
    (mean + deviation * sum * 3f64.sqrt()).clamp(0.0, 255.0) as u8
}

/// Two shots of things on patterned ground: the second 60 pixels to the right, with
/// another thing on it, on ground 8 or on the ground `second`.
fn two_shots(folder: &Folder, second: u64) -> Result<()> {
    folder.save("train/city/1.png", &shot(8, 0, Motif::City, 3))?;
    folder.save("test/city/2.png", &shot(second, 60, Motif::City, 4))?;
    folder.save("train/lake/3.png", &shot(10, 0, Motif::Lake, 5))?;
    folder.save("test/lake/4.png", &shot(11, 0, Motif::Lake, 6))
}

/// A window of ground `seed` that starts at `left`, with a small scene on it.
fn shot(seed: u64, left: u32, motif: Motif, thing: u64) -> RgbImage {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut ground = RgbImage::from_pixel(300, 180, image::Rgb([90, 80, 70]));
    for _ in 0..420 {
        let mut below = |end: u32| dice.next_u32() % end;
        let (x, y) = (below(300), below(180));
        let (width, height) = (4 + below(22), 4 + below(22));
        let colour = image::Rgb([0; 3].map(|_: u8| below(256) as u8));
        for row in y..(y + height).min(180) {
            for column in x..(x + width).min(300) {
                ground.put_pixel(column, row, colour);
            }
        }
    }
    let mut window = image::imageops::crop_imm(&ground, left, 0, 240, 180).to_image();
    image::imageops::replace(&mut window, &super::paint::scene(motif, thing), 56, 42);
    window
}
