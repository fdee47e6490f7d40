//! Small data sets made from seeds: no two seeds look alike, the same seed
//! always does.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

use super::run::Place;

/// Side of every image, in pixels.
const SIDE: u32 = 64;

/// An image of soft waves, encoded by the extension of `name`.
pub(crate) fn encoded(seed: u64, name: &str) -> Vec<u8> {
    let format = ImageFormat::from_path(name).expect("a known extension");
    let mut bytes = Cursor::new(Vec::new());
    waves(seed).write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

/// Six waves of random direction, length, phase and colour.
pub(crate) fn waves(seed: u64) -> RgbImage {
    let mut random = Random(seed);
    let waves: Vec<[f64; 6]> = (0..6)
        .map(|_| {
            [
                random.unit() * 12.0 - 6.0,
                random.unit() * 12.0 - 6.0,
                random.unit() * std::f64::consts::TAU,
                random.unit(),
                random.unit(),
                random.unit(),
            ]
        })
        .collect();
    RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let (x, y) = (
            f64::from(x) / f64::from(SIDE),
            f64::from(y) / f64::from(SIDE),
        );
        let mut colour = [110.0; 3];
        for &[fx, fy, phase, red, green, blue] in &waves {
            let height = (x * fx * 2.0 + y * fy * 2.0 + phase).sin() * 55.0;
            for (channel, share) in colour.iter_mut().zip([red, green, blue]) {
                *channel += height * share;
            }
        }
        Rgb(colour.map(|value: f64| value.clamp(0.0, 255.0) as u8))
    })
}

/// SplitMix64: the same numbers everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

impl Place {
    /// Writes the image of `seed`.
    pub(crate) fn image(&self, relative: &str, seed: u64) {
        self.write(relative, encoded(seed, relative));
    }

    /// Two splits of two classes below `data`, `each` images a class and
    /// split, no two alike.
    pub(crate) fn clean_set(&self, each: u64) {
        for (i, folder) in ["train/cat", "train/dog", "test/cat", "test/dog"]
            .into_iter()
            .enumerate()
        {
            for j in 0..each {
                self.image(&format!("data/{folder}/{j:03}.jpg"), i as u64 * 10_000 + j);
            }
        }
    }

    /// A clean set with one training image copied into the test split.
    pub(crate) fn leaky_set(&self) {
        self.clean_set(6);
        self.image("data/test/cat/copy.jpg", 0);
    }

    /// Two splits of 20 red cats and 20 blue dogs, and one dog among the cats.
    pub(crate) fn tinted_set(&self) {
        for (i, folder) in ["train/cat", "train/dog", "test/cat", "test/dog"]
            .into_iter()
            .enumerate()
        {
            for j in 0..20 {
                let key = format!("data/{folder}/{j:03}.png");
                let cat = folder.ends_with("cat") && key != "data/test/cat/007.png";
                let mut image = waves(i as u64 * 1000 + j);
                for pixel in image.pixels_mut() {
                    let [r, g, b] = pixel.0;
                    pixel.0 = match cat {
                        true => [r / 2 + 120, g / 2, b / 2],
                        false => [r / 2, g / 2, b / 2 + 120],
                    };
                }
                let mut bytes = Cursor::new(Vec::new());
                (image.write_to(&mut bytes, ImageFormat::Png)).expect("encodes");
                self.write(key, bytes.into_inner());
            }
        }
    }
}
