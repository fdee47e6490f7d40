//! Paints small landscapes from seeds. Writes no files.

use image::{Rgb, RgbImage};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Columns of a scene.
pub(crate) const WIDTH: u32 = 128;
/// Rows of a scene.
pub(crate) const HEIGHT: u32 = 96;

/// What a scene shows, and so its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Motif {
    City,
    Desert,
    Forest,
    Lake,
}

impl Motif {
    /// All, in class order.
    pub(crate) const ALL: [Self; 4] = [Self::City, Self::Desert, Self::Forest, Self::Lake];

    /// The class folder's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::Desert => "desert",
            Self::Forest => "forest",
            Self::Lake => "lake",
        }
    }
}

/// A scene; another seed is another place.
pub(crate) fn scene(motif: Motif, seed: u64) -> RgbImage {
    let mut painter = Painter {
        image: RgbImage::new(WIDTH, HEIGHT),
        dice: ChaCha8Rng::seed_from_u64(seed * 4 + motif as u64),
    };
    painter.sky();
    match motif {
        Motif::City => painter.city(),
        Motif::Desert => painter.desert(),
        Motif::Forest => painter.forest(),
        Motif::Lake => painter.lake(),
    }
    painter.grain();
    painter.image
}

struct Painter {
    image: RgbImage,
    dice: ChaCha8Rng,
}

impl Painter {
    /// A number from `low` to below `high`.
    fn roll(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * f64::from(self.dice.next_u32()) / f64::from(u32::MAX)
    }

    /// A colour near `base`.
    fn tint(&mut self, base: [f64; 3], spread: f64) -> [f64; 3] {
        base.map(|channel| channel + self.roll(-spread, spread))
    }

    fn put(&mut self, x: i64, y: i64, colour: [f64; 3]) {
        if (0..i64::from(WIDTH)).contains(&x) && (0..i64::from(HEIGHT)).contains(&y) {
            let colour = Rgb(colour.map(|channel| channel.clamp(0.0, 255.0) as u8));
            self.image.put_pixel(x as u32, y as u32, colour);
        }
    }

    fn rectangle(&mut self, x: f64, y: f64, width: f64, height: f64, colour: [f64; 3]) {
        for row in y as i64..(y + height) as i64 {
            for column in x as i64..(x + width) as i64 {
                self.put(column, row, colour);
            }
        }
    }

    fn disc(&mut self, x: f64, y: f64, radius: f64, colour: [f64; 3]) {
        for row in (y - radius) as i64..=(y + radius) as i64 {
            for column in (x - radius) as i64..=(x + radius) as i64 {
                if (column as f64 - x).hypot(row as f64 - y) <= radius {
                    self.put(column, row, colour);
                }
            }
        }
    }

    fn sky(&mut self) {
        let top = self.tint([90.0, 130.0, 200.0], 60.0);
        let bottom = self.tint([210.0, 200.0, 190.0], 40.0);
        for y in 0..HEIGHT {
            let share = f64::from(y) / f64::from(HEIGHT);
            let row = [0, 1, 2].map(|c| top[c] + (bottom[c] - top[c]) * share);
            self.rectangle(0.0, f64::from(y), f64::from(WIDTH), 1.0, row);
        }
        let (x, y, radius) = (
            self.roll(5.0, 123.0),
            self.roll(5.0, 30.0),
            self.roll(4.0, 9.0),
        );
        self.disc(x, y, radius, [255.0, 240.0, 180.0]);
        for _ in 0..3 {
            let (x, y) = (self.roll(0.0, 128.0), self.roll(4.0, 35.0));
            let white = self.tint([225.0, 228.0, 235.0], 15.0);
            for _ in 0..6 {
                let (dx, dy) = (self.roll(-12.0, 12.0), self.roll(-2.0, 2.0));
                let radius = self.roll(2.0, 5.0);
                self.disc(x + dx, y + dy, radius, white);
            }
        }
    }

    /// Land below a wavy line from `height`, in waves of `rough` rows.
    fn ridge(&mut self, height: f64, rough: f64, colour: [f64; 3]) {
        let waves: Vec<(f64, f64, f64)> = (1..=5)
            .map(|octave| {
                let octave = f64::from(octave);
                (
                    rough / octave * self.roll(0.4, 1.0),
                    octave * self.roll(0.015, 0.05),
                    self.roll(0.0, 6.3),
                )
            })
            .collect();
        for x in 0..WIDTH {
            let wave: f64 = (waves.iter())
                .map(|(size, pace, phase)| size * (f64::from(x) * pace + phase).sin())
                .sum();
            let top = height + wave;
            for y in top.max(0.0) as u32..HEIGHT {
                let shade = (f64::from(y) - top) * 0.4;
                self.put(i64::from(x), i64::from(y), colour.map(|c| c - shade));
            }
        }
    }

    fn city(&mut self) {
        let haze = self.tint([150.0, 150.0, 165.0], 25.0);
        let height = self.roll(50.0, 65.0);
        self.ridge(height, 4.0, haze);
        let mut x = self.roll(-12.0, 0.0);
        while x < f64::from(WIDTH) {
            let (width, top) = (self.roll(9.0, 24.0), self.roll(14.0, 68.0));
            let wall = self.tint([110.0, 100.0, 100.0], 55.0);
            self.rectangle(x, top, width, f64::from(HEIGHT) - top, wall);
            let (across, down) = (self.roll(3.0, 6.0), self.roll(4.0, 8.0));
            let mut y = top + 3.0;
            while y < f64::from(HEIGHT) - 4.0 {
                let mut column = x + 2.0;
                while column < x + width - 2.0 {
                    let lit = self.roll(0.0, 1.0) < 0.5;
                    let window = if lit {
                        [245.0, 225.0, 150.0]
                    } else {
                        [45.0, 50.0, 65.0]
                    };
                    self.rectangle(column, y, 2.0, 3.0, window);
                    column += across;
                }
                y += down;
            }
            x += width + self.roll(0.0, 5.0);
        }
    }

    fn desert(&mut self) {
        let mut height = self.roll(38.0, 52.0);
        for _ in 0..4 {
            let sand = self.tint([215.0, 165.0, 95.0], 25.0);
            self.ridge(height, 11.0, sand);
            height += self.roll(9.0, 16.0);
        }
        for _ in 0..(self.roll(2.0, 6.0) as u32) {
            let (x, foot, tall) = (
                self.roll(4.0, 120.0),
                self.roll(60.0, 92.0),
                self.roll(14.0, 34.0),
            );
            let green = self.tint([60.0, 110.0, 60.0], 20.0);
            self.rectangle(x, foot - tall, 4.0, tall, green);
            let (left, right) = (self.roll(0.3, 0.8), self.roll(0.3, 0.8));
            self.rectangle(x - 6.0, foot - tall * left, 7.0, 3.0, green);
            self.rectangle(x - 6.0, foot - tall * left - 8.0, 3.0, 9.0, green);
            self.rectangle(x + 3.0, foot - tall * right, 7.0, 3.0, green);
            self.rectangle(x + 8.0, foot - tall * right - 7.0, 3.0, 8.0, green);
        }
    }

    fn forest(&mut self) {
        let (hill, height) = (self.tint([70.0, 100.0, 70.0], 20.0), self.roll(40.0, 55.0));
        self.ridge(height, 9.0, hill);
        for row in 0..4 {
            let foot = 58.0 + 12.0 * f64::from(row);
            for _ in 0..9 {
                let (x, tall) = (self.roll(-4.0, 132.0), self.roll(18.0, 40.0));
                let green = self.tint([35.0, 85.0, 40.0], 28.0);
                self.rectangle(x - 1.0, foot - 4.0, 3.0, 8.0, [80.0, 55.0, 35.0]);
                for step in 0..tall as i64 {
                    let half =
                        (tall - step as f64) * 0.28 * (1.0 + 0.35 * ((step % 7) as f64 / 7.0));
                    self.rectangle(x - half, foot - step as f64 - 3.0, 2.0 * half, 1.0, green);
                }
            }
        }
    }

    fn lake(&mut self) {
        for _ in 0..2 {
            let rock = self.tint([115.0, 110.0, 125.0], 35.0);
            let height = self.roll(22.0, 42.0);
            self.ridge(height, 15.0, rock);
        }
        let shore = self.roll(55.0, 66.0);
        for y in shore as u32..HEIGHT {
            for x in 0..WIDTH {
                let mirrored = (2.0 * shore - f64::from(y)).max(0.0) as u32;
                let above = self.image.get_pixel(x, mirrored.min(HEIGHT - 1)).0;
                let water = above.map(|c| f64::from(c) * 0.6);
                let colour = [water[0], water[1] + 12.0, water[2] + 40.0];
                self.put(i64::from(x), i64::from(y), colour);
            }
        }
        for _ in 0..40 {
            let (x, y) = (self.roll(0.0, 120.0), self.roll(shore + 2.0, 95.0));
            let length = self.roll(3.0, 16.0);
            self.rectangle(x, y, length, 1.0, [190.0, 205.0, 220.0]);
        }
        let (x, y) = (self.roll(15.0, 105.0), self.roll(shore + 4.0, 86.0));
        let sail = self.tint([235.0, 225.0, 215.0], 20.0);
        self.rectangle(x, y, 13.0, 3.0, [90.0, 50.0, 30.0]);
        for step in 0..12 {
            self.rectangle(
                x + 6.0,
                y - 12.0 + f64::from(step),
                f64::from(step) * 0.6,
                1.0,
                sail,
            );
        }
    }

    /// The camera's noise, so that no two areas are equal to the bit.
    fn grain(&mut self) {
        for pixel in self.image.pixels_mut() {
            let noise = self.dice.next_u32();
            for (c, channel) in pixel.0.iter_mut().enumerate() {
                let step = (noise >> (8 * c) & 7) as i16 - 3;
                *channel = (i16::from(*channel) + step).clamp(0, 255) as u8;
            }
        }
    }
}
