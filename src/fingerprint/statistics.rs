//! Plain statistics of an image, from its thumbnail. Judges no quality.

use crate::decode::{Plane, Thumbnail};

/// Statistics of a thumbnail's pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// Mean luma, 0 (black) to 255 (white).
    pub brightness: f32,
    /// Standard deviation of luma, 0 to 127.5.
    pub contrast: f32,
    /// Mean Cb, 0 to 255; 128 is colourless.
    pub mean_cb: f32,
    /// Mean Cr, 0 to 255; 128 is colourless.
    pub mean_cr: f32,
    /// Root mean square distance of chroma from colourless, 0 to 181.
    pub colourfulness: f32,
    /// Variance of the 3×3 Laplacian of luma (Pech-Pacheco et al. 2000).
    pub sharpness: f32,
    /// How fast luma turns at the strongest edges over how fast it rises there:
    /// about 1 over the width of an edge in pixels, whatever its contrast.
    /// `None` where no edge is strong enough to say.
    pub edge_sharpness: Option<f32>,
    /// Shannon entropy of the luma histogram of 256 bins, 0 to 8 bits.
    pub entropy: f32,
    /// The luma that 1% of the pixels do not exceed, 0 to 255.
    pub luma_p1: f32,
    /// The luma that 5% of the pixels do not exceed, 0 to 255.
    pub luma_p5: f32,
    /// The luma that 99% of the pixels do not exceed, 0 to 255.
    pub luma_p99: f32,
    /// Mean luma of the outermost pixels, 0 to 255.
    pub border_luma: f32,
    /// The part of the image's width or height, whichever is larger, that is
    /// border of one colour, both sides together: 0 without a border, 1 for a
    /// blank image.
    pub border_width: f32,
}

impl Statistics {
    /// The statistics of `thumbnail`.
    pub fn of(thumbnail: &Thumbnail) -> Self {
        let (brightness, contrast) = mean_and_deviation(&thumbnail.luma.samples);
        let (mean_cb, spread_cb) = mean_and_deviation(&thumbnail.cb.samples);
        let (mean_cr, spread_cr) = mean_and_deviation(&thumbnail.cr.samples);
        let colour = (mean_cb - 128.0).powi(2)
            + spread_cb.powi(2)
            + (mean_cr - 128.0).powi(2)
            + spread_cr.powi(2);
        let histogram = histogram(&thumbnail.luma.samples);
        let (border_luma, border_width) = border(&thumbnail.luma);
        Self {
            brightness: brightness as f32,
            contrast: contrast as f32,
            mean_cb: mean_cb as f32,
            mean_cr: mean_cr as f32,
            colourfulness: colour.sqrt() as f32,
            sharpness: sharpness(&thumbnail.luma) as f32,
            edge_sharpness: edge_sharpness(&thumbnail.luma).map(|sharp| sharp as f32),
            entropy: entropy(&histogram) as f32,
            luma_p1: percentile(&histogram, 0.01),
            luma_p5: percentile(&histogram, 0.05),
            luma_p99: percentile(&histogram, 0.99),
            border_luma,
            border_width,
        }
    }

    /// Too little in the image to tell it from another flat one.
    ///
    /// Contrast below 3 of 255 is the noise of a JPEG of a blank page.
    pub fn is_flat(&self) -> bool {
        self.contrast < 3.0
    }
}

/// Mean and population standard deviation; (0, 0) of nothing.
fn mean_and_deviation(samples: &[u8]) -> (f64, f64) {
    if samples.is_empty() {
        return (0.0, 0.0);
    }
    let count = samples.len() as f64;
    let (mut sum, mut squares) = (0u64, 0u64);
    // As many squares as 32 bits hold at a time, which is twice as fast.
    for samples in samples.chunks(1 << 16) {
        sum += u64::from(samples.iter().map(|&s| u32::from(s)).sum::<u32>());
        squares += u64::from(samples.iter().map(|&s| u32::from(s).pow(2)).sum::<u32>());
    }
    let mean = sum as f64 / count;
    let variance = (squares as f64 / count - mean * mean).max(0.0);
    (mean, variance.sqrt())
}

fn sharpness(luma: &Plane) -> f64 {
    let (width, height) = (luma.width as usize, luma.height as usize);
    if width < 3 || height < 3 {
        return 0.0;
    }
    let (mut sum, mut squares) = (0i64, 0i64);
    for rows in luma.samples.windows(3 * width).step_by(width) {
        let (above, rows) = rows.split_at(width);
        let (row, below) = rows.split_at(width);
        let around = above[1..].iter().zip(&below[1..]).zip(row.windows(3));
        // A row is no longer than a thumbnail's: 64 squares of 1020 fit.
        let (mut row_sum, mut row_squares) = (0i32, 0i32);
        for ((&above, &below), beside) in around {
            let sides = i16::from(above) + i16::from(below);
            let cross = sides + i16::from(beside[0]) + i16::from(beside[2]);
            let value = i32::from(cross - 4 * i16::from(beside[1]));
            row_sum += value;
            row_squares += value * value;
        }
        sum += i64::from(row_sum);
        squares += i64::from(row_squares);
    }
    let count = ((width - 2) * (height - 2)) as f64;
    let mean = sum as f64 / count;
    squares as f64 / count - mean * mean
}

/// The part of all places whose rise is the strongest: these are the edges.
const EDGES: f64 = 0.02;

/// Levels of luma a pixel that edges must rise by: below, the steps of whole
/// numbers are a fourth of them.
const CLEAR_RISE: f64 = 4.0;

/// Curvature over gradient at the strongest edges. Where luma passes from one
/// side of an edge to the other as the integral of a Gaussian, both are largest
/// at or beside its middle, and their ratio is 0.6 over the deviation.
fn edge_sharpness(luma: &Plane) -> Option<f64> {
    let (width, height) = (luma.width as usize, luma.height as usize);
    if width < 5 || height < 5 {
        return None;
    }
    let at = |index: usize| i32::from(luma.samples[index]);
    let rise = |index: usize, step: usize| (at(index + step) - at(index - step)).unsigned_abs();
    let turn = |index: usize, step: usize| {
        (at(index + step) - 2 * at(index) + at(index - step)).unsigned_abs()
    };
    let inner = || {
        let rows = (2..height - 2).flat_map(|y| (2..width - 2).map(move |x| y * width + x));
        rows.flat_map(|index| [(index, 1), (index, width)])
    };
    // A rise over two pixels is 255 at most.
    let mut rises = [0u32; 256];
    for (index, step) in inner() {
        rises[rise(index, step) as usize] += 1;
    }
    let wanted = EDGES * 2.0 * ((width - 4) * (height - 4)) as f64;
    let mut stronger = 0;
    let cut = (0..256usize).rev().find(|&value| {
        stronger += rises[value];
        f64::from(stronger) >= wanted
    })?;
    let (mut risen, mut turned, mut count) = (0u64, 0u64, 0u64);
    for (index, step) in inner() {
        let own = rise(index, step);
        if own as usize >= cut {
            let around = [index - step, index, index + step].map(|index| turn(index, step));
            risen += u64::from(own);
            turned += u64::from(around.into_iter().max().unwrap_or(0));
            count += 1;
        }
    }
    let mean_rise = risen as f64 / 2.0 / count.max(1) as f64;
    (mean_rise >= CLEAR_RISE).then(|| turned as f64 / count as f64 / mean_rise)
}

fn histogram(samples: &[u8]) -> [u32; 256] {
    let mut histogram = [0u32; 256];
    for &sample in samples {
        histogram[usize::from(sample)] += 1;
    }
    histogram
}

fn entropy(histogram: &[u32; 256]) -> f64 {
    let count = f64::from(histogram.iter().sum::<u32>());
    let term = |bin: u32| {
        let p = f64::from(bin) / count;
        -p * p.log2()
    };
    // Most bins hold few samples, and logarithms are what this costs.
    let mut few = [f64::NAN; 64];
    histogram
        .iter()
        .filter(|&&bin| bin > 0)
        .map(|&bin| match few.get_mut(bin as usize) {
            Some(known) if known.is_nan() => {
                *known = term(bin);
                *known
            }
            Some(known) => *known,
            None => term(bin),
        })
        .sum()
}

/// The lowest value that `part` of the samples do not exceed; 0 of nothing.
fn percentile(histogram: &[u32; 256], part: f64) -> f32 {
    let wanted = part * f64::from(histogram.iter().sum::<u32>());
    let mut below = 0;
    let place = histogram.iter().position(|bin| {
        below += bin;
        f64::from(below) >= wanted
    });
    place.map_or(0.0, |value| value as f32)
}

/// Luma within this of the edge's mean is the edge's colour: twice the noise
/// of a flat area that was saved as JPEG.
const ONE_COLOUR: f64 = 6.0;

/// Mean luma of the outermost pixels, and the part of width or height that is
/// border of one colour.
fn border(luma: &Plane) -> (f32, f32) {
    let (width, height) = (luma.width as usize, luma.height as usize);
    if width == 0 || height == 0 {
        return (0.0, 0.0);
    }
    let row = |y: usize| luma.samples[y * width..(y + 1) * width].iter();
    let column = |x: usize| luma.samples[x..].iter().step_by(width);
    let edges = row(0).chain(row(height - 1));
    let edges = edges.chain(column(0)).chain(column(width - 1));
    let (sum, count) = edges.fold((0, 0), |(sum, count), &s| (sum + u64::from(s), count + 1));
    let mean = sum as f64 / f64::from(count);
    let across = uniform((0..width).map(column)) + uniform((0..width).rev().map(column));
    let down = uniform((0..height).map(row)) + uniform((0..height).rev().map(row));
    let widest = (f64::from(across) / width as f64).max(f64::from(down) / height as f64);
    (mean as f32, widest.min(1.0) as f32)
}

/// How many lines from the first have its one colour; none if it has several.
fn uniform<'a, L>(mut lines: impl Iterator<Item = L>) -> u32
where
    L: Iterator<Item = &'a u8> + Clone,
{
    let Some(first) = lines.next() else { return 0 };
    let (sum, count) = (first.clone()).fold((0, 0), |(sum, n), &s| (sum + u64::from(s), n + 1));
    let colour = sum as f64 / f64::from(count.max(1));
    let alike = |mut line: L| line.all(|&s| (f64::from(s) - colour).abs() <= ONE_COLOUR);
    if !alike(first) {
        return 0;
    }
    1 + lines.take_while(|line| alike(line.clone())).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(luma: Plane) -> Thumbnail {
        Thumbnail {
            luma,
            cb: Plane::filled(4, 4, 128),
            cr: Plane::filled(4, 4, 128),
        }
    }

    #[test]
    fn blank_image_is_flat_and_has_no_entropy() {
        let blank = Statistics::of(&gray(Plane::filled(8, 8, 200)));
        assert!(blank.is_flat());
        assert_eq!(
            (
                blank.brightness,
                blank.contrast,
                blank.entropy,
                blank.sharpness
            ),
            (200.0, 0.0, 0.0, 0.0)
        );
        assert_eq!(blank.colourfulness, 0.0);
    }

    #[test]
    fn checkerboard_is_sharp_and_holds_one_bit() {
        let mut board = Plane::filled(8, 8, 0);
        for (i, sample) in board.samples.iter_mut().enumerate() {
            *sample = if (i / 8 + i % 8) % 2 == 0 { 0 } else { 255 };
        }
        let board = Statistics::of(&gray(board));
        assert!(!board.is_flat());
        assert_eq!((board.contrast, board.entropy), (127.5, 1.0));
        // Every inner Laplacian is ±4·255.
        assert_eq!(board.sharpness, (4.0f32 * 255.0).powi(2));
    }

    #[test]
    fn frame_around_an_image_has_its_width_and_luma() {
        let mut framed = Plane::filled(20, 10, 240);
        for y in 0..10u32 {
            for x in 4..14u32 {
                framed.samples[(y * 20 + x) as usize] = (20 * (x + y) % 200) as u8;
            }
        }
        let framed = Statistics::of(&gray(framed));
        // Four columns left and six right of twenty; rows are not uniform.
        assert_eq!(framed.border_width, 0.5);
        assert!(framed.border_luma > 150.0);
        let blank = Statistics::of(&gray(Plane::filled(8, 8, 200)));
        assert_eq!((blank.border_luma, blank.border_width), (200.0, 1.0));
    }

    /// A step of `height` levels, its edge a slope of `width` pixels.
    fn step(height: f64, width: f64) -> Option<f32> {
        let mut plane = Plane::filled(64, 48, 0);
        for (i, sample) in plane.samples.iter_mut().enumerate() {
            let x = (i % 64) as f64 - 31.5;
            let way = 0.5 + 0.5 * (x / width).tanh();
            *sample = (100.0 + height * way).round() as u8;
        }
        Statistics::of(&gray(plane)).edge_sharpness
    }

    #[test]
    fn edges_are_as_sharp_in_haze_as_in_the_sun_and_less_so_when_blurred() {
        let sun = step(120.0, 0.6).expect("an edge");
        let haze = step(30.0, 0.6).expect("an edge");
        assert!((sun - haze).abs() < 0.3 && sun > 1.0, "{sun} {haze}");
        let blurred = step(120.0, 4.0).expect("an edge");
        assert!(blurred < 0.4, "{blurred}");
    }

    #[test]
    fn sky_without_an_edge_is_neither_sharp_nor_blurred() {
        assert_eq!(step(60.0, 40.0), None);
        assert_eq!(step(0.0, 1.0), None);
    }

    #[test]
    fn percentiles_are_those_of_the_luma() {
        let mut ramp = Plane::filled(10, 10, 0);
        for (i, sample) in ramp.samples.iter_mut().enumerate() {
            *sample = 2 * i as u8;
        }
        let ramp = Statistics::of(&gray(ramp));
        assert_eq!(
            (ramp.luma_p1, ramp.luma_p5, ramp.luma_p99),
            (0.0, 8.0, 196.0)
        );
        assert_eq!(ramp.border_width, 0.0);
    }
}
