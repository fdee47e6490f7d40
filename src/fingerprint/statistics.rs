//! Plain statistics of a picture, from its thumbnail. Judges no quality.

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
    /// Shannon entropy of the luma histogram of 256 bins, 0 to 8 bits.
    pub entropy: f32,
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
        Self {
            brightness: brightness as f32,
            contrast: contrast as f32,
            mean_cb: mean_cb as f32,
            mean_cr: mean_cr as f32,
            colourfulness: colour.sqrt() as f32,
            sharpness: sharpness(&thumbnail.luma) as f32,
            entropy: entropy(&thumbnail.luma.samples) as f32,
        }
    }

    /// Too little in the picture to tell it from another flat one.
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
    let sum: u64 = samples.iter().map(|&s| u64::from(s)).sum();
    let squares: u64 = samples.iter().map(|&s| u64::from(s).pow(2)).sum();
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
    for rows in luma
        .samples
        .chunks_exact(width)
        .collect::<Vec<_>>()
        .windows(3)
    {
        for x in 1..width - 1 {
            let cross = i64::from(rows[0][x])
                + i64::from(rows[2][x])
                + i64::from(rows[1][x - 1])
                + i64::from(rows[1][x + 1]);
            let value = cross - 4 * i64::from(rows[1][x]);
            sum += value;
            squares += value * value;
        }
    }
    let count = ((width - 2) * (height - 2)) as f64;
    let mean = sum as f64 / count;
    squares as f64 / count - mean * mean
}

fn entropy(samples: &[u8]) -> f64 {
    let mut histogram = [0u32; 256];
    for &sample in samples {
        histogram[usize::from(sample)] += 1;
    }
    let count = samples.len() as f64;
    histogram
        .iter()
        .filter(|&&bin| bin > 0)
        .map(|&bin| f64::from(bin) / count)
        .map(|p| -p * p.log2())
        .sum()
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
    fn blank_picture_is_flat_and_has_no_entropy() {
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
}
