//! The smallest sets of the FILE checks on quality: a few sound images and
//! one that is not.

use std::io::Cursor;

use anyhow::Result;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::check_sets::Fill;
use super::folder::{Folder, encode};
use super::paint::{Motif, scene};

/// Code, set that fires, set that does not.
pub(crate) const SETS: &[(&str, Fill, Fill)] = &[
    (
        "FILE010",
        |f| {
            sound(f)?;
            f.save("train/city/icon.jpg", &sized(1, 8, 6))?;
            f.save("train/city/strip.jpg", &sized(2, 96, 16))
        },
        sound,
    ),
    (
        "FILE011",
        |f| {
            sound(f)?;
            f.save("train/city/dark.jpg", &scaled(&sized(1, 48, 36), 0.15, 0.0))?;
            f.save(
                "train/city/bright.jpg",
                &scaled(&sized(2, 48, 36), 0.05, 241.0),
            )?;
            f.save("train/city/fog.jpg", &scaled(&sized(3, 48, 36), 0.1, 120.0))
        },
        sound,
    ),
    (
        "FILE012",
        |f| {
            sharp(f)?;
            f.save(
                "train/city/blurred.jpg",
                &imageops::blur(&sized(1, 96, 72), 5.0),
            )
        },
        sharp,
    ),
    (
        "FILE013",
        |f| {
            sound(f)?;
            let gray = DynamicImage::from(sized(1, 48, 36)).to_luma8();
            f.save("train/city/gray.jpg", &DynamicImage::from(gray).to_rgb8())
        },
        sound,
    ),
    (
        "FILE014",
        |f| {
            sound(f)?;
            f.write(
                "train/city/png.jpg",
                &encode("a.png", &sized(1, 24, 18), 0)?,
            )
        },
        sound,
    ),
    (
        "FILE015",
        |f| {
            sound(f)?;
            let deep = DynamicImage::from(DynamicImage::from(sized(1, 24, 18)).to_rgb16());
            let mut bytes = Cursor::new(Vec::new());
            deep.write_to(&mut bytes, ImageFormat::Png)?;
            f.write("train/city/deep.png", bytes.get_ref())
        },
        sound,
    ),
];

/// Twenty images of one class: enough to be "nearly all".
fn sound(folder: &Folder) -> Result<()> {
    for seed in 10..30 {
        folder.save(&format!("train/city/{seed}.jpg"), &sized(seed, 48, 36))?;
    }
    Ok(())
}

/// The same, large enough that blur can be judged.
fn sharp(folder: &Folder) -> Result<()> {
    for seed in 10..30 {
        folder.save(&format!("train/city/{seed}.jpg"), &sized(seed, 96, 72))?;
    }
    Ok(())
}

fn sized(seed: u64, width: u32, height: u32) -> RgbImage {
    imageops::resize(
        &scene(Motif::City, seed),
        width,
        height,
        FilterType::Triangle,
    )
}

/// Every channel times `factor`, plus `more`.
fn scaled(image: &RgbImage, factor: f32, more: f32) -> RgbImage {
    let mut scaled = image.clone();
    for Rgb(channels) in scaled.pixels_mut() {
        for channel in channels {
            *channel = (f32::from(*channel) * factor + more).clamp(0.0, 255.0) as u8;
        }
    }
    scaled
}
