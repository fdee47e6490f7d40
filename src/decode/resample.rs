//! Resizes planes by bilinear convolution. Knows nothing of images.
//!
//! The arithmetic is that of the `fast_image_resize` crate (after Pillow), bit
//! for bit; what that crate works out anew for each image, the weights, is
//! kept here: for small images they cost more than their use.

use std::cell::RefCell;
use std::rc::Rc;

use super::thumbnail::Plane;

/// The part of `plane` that begins at (`left`, `top`) and is `columns` × `rows`
/// samples large, fractions allowed, resized to `width` × `height`. `None` where
/// a side is nothing or the part reaches beyond the plane.
pub(crate) fn resampled(
    plane: &Plane,
    [left, top, columns, rows]: [f64; 4],
    width: u32,
    height: u32,
) -> Option<Plane> {
    let across = Window::new(plane.width, left, columns, width)?;
    let down = Window::new(plane.height, top, rows, height)?;
    let lines = match down.shift() {
        Some(first) => {
            let stride = plane.width as usize;
            let lines = plane.samples.get(first * stride..)?;
            lines.get(..height as usize * stride)?.to_vec()
        }
        None => pass(&plane.samples, plane.width as usize, &down.weights()),
    };
    let samples = match across.shift() {
        Some(0) if plane.width == width => lines,
        Some(first) => {
            let lines = lines.chunks_exact(plane.width as usize);
            lines
                .flat_map(|line| &line[first..first + width as usize])
                .copied()
                .collect()
        }
        // Along a column is how vectors are read.
        None => {
            let columns = transposed(&lines, plane.width as usize);
            let columns = pass(&columns, height as usize, &across.weights());
            transposed(&columns, height as usize)
        }
    };
    Some(Plane {
        width,
        height,
        samples,
    })
}

/// What of a line of `length` samples becomes how many.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Window {
    length: u32,
    from: f64,
    span: f64,
    wanted: u32,
}

impl Window {
    fn new(length: u32, from: f64, span: f64, wanted: u32) -> Option<Self> {
        let inside = from >= 0.0 && span > 0.0 && from + span <= f64::from(length);
        (inside && wanted > 0).then_some(Self {
            length,
            from,
            span,
            wanted,
        })
    }

    /// Where the samples wanted begin, if they are there as they are.
    fn shift(self) -> Option<usize> {
        let unchanged = f64::from(self.wanted) == self.span && self.from == self.from.round();
        unchanged.then_some(self.from as usize)
    }

    fn weights(self) -> Rc<Weights> {
        KEPT.with_borrow_mut(|kept| {
            if let Some(index) = kept.iter().position(|(window, _)| *window == self) {
                // Most recently used first.
                kept[..=index].rotate_right(1);
            } else {
                kept.truncate(MOST_KEPT - 1);
                kept.insert(0, (self, Rc::new(Weights::new(self))));
            }
            Rc::clone(&kept[0].1)
        })
    }
}

/// An image takes eight: two each for luma, chroma and two hashes. Room for
/// the shapes of three cameras, upright and lying.
const MOST_KEPT: usize = 48;

thread_local! {
    static KEPT: RefCell<Vec<(Window, Rc<Weights>)>> = const { RefCell::new(Vec::new()) };
}

/// How much of which samples goes into each wanted one, in integers.
#[derive(Debug, PartialEq)]
struct Weights {
    /// A weight of one is this power of two.
    precision: u32,
    /// Most weights that a sample has.
    most: usize,
    /// The first sample of each and how many count.
    spans: Vec<(usize, usize)>,
    /// `most` weights of each.
    values: Vec<i16>,
}

impl Weights {
    fn new(window: Window) -> Self {
        let scale = window.span / f64::from(window.wanted);
        // The triangle is two samples wide, or as wide as two wanted ones.
        let radius = scale.max(1.0);
        let inverse = 1.0 / radius;
        let most = radius.ceil() as usize * 2 + 1;
        let mut exact = vec![0.0; most * window.wanted as usize];
        let mut spans = Vec::with_capacity(window.wanted as usize);
        for (index, values) in exact.chunks_exact_mut(most).enumerate() {
            let middle = window.from + (index as f64 + 0.5) * scale;
            let first = (middle - radius).floor().max(0.0) as u32;
            let end = (middle + radius).ceil().min(f64::from(window.length)) as u32;
            let weight = |at: u32| {
                let distance = ((f64::from(at) - (middle - 0.5)) * inverse).abs();
                if distance < 1.0 { 1.0 - distance } else { 0.0 }
            };
            let first = (first..end).find(|&at| weight(at) != 0.0).unwrap_or(end);
            let last = (first..end).rev().find(|&at| weight(at) != 0.0);
            let count = last.map_or(0, |last| (last + 1 - first) as usize);
            let mut sum = 0.0;
            for (value, at) in values.iter_mut().zip(first..).take(count) {
                *value = weight(at);
                sum += *value;
            }
            if sum != 0.0 {
                values.iter_mut().for_each(|value| *value /= sum);
            }
            spans.push((first as usize, count));
        }
        let precision = precision(&exact);
        let one = f64::from(1u32 << precision);
        Self {
            precision,
            most,
            spans,
            values: exact.iter().map(|&v| (v * one).round() as i16).collect(),
        }
    }
}

/// The greatest with which the weights stay within 16 bits, and sums within 32.
fn precision(weights: &[f64]) -> u32 {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let fits = |bits: u32| (largest * f64::from(1u32 << bits)).round() < f64::from(1u32 << 15);
    (0..21).find(|&bits| !fits(bits + 1)).unwrap_or(21)
}

/// Samples handled together.
const LANES: usize = 16;

/// Replaces the lines of `samples`, each `stride` long, by weighted means of
/// them.
fn pass(samples: &[u8], stride: usize, weights: &Weights) -> Vec<u8> {
    let mut out = vec![0; weights.spans.len() * stride];
    pulp::Arch::new().dispatch(Pass {
        samples,
        stride,
        weights,
        out: &mut out,
    });
    out
}

struct Pass<'a> {
    samples: &'a [u8],
    stride: usize,
    weights: &'a Weights,
    out: &'a mut [u8],
}

impl pulp::WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self {
            samples,
            stride,
            weights,
            out,
        } = self;
        let lines = out.chunks_exact_mut(stride.max(1));
        let each = weights
            .spans
            .iter()
            .zip(weights.values.chunks_exact(weights.most));
        for (line, (&(first, count), values)) in lines.zip(each) {
            let Some(under) = samples.get(first * stride..(first + count) * stride) else {
                continue;
            };
            let values = &values[..count];
            let precision = weights.precision;
            let mut at = 0;
            while at < stride {
                // The last samples of a line once more rather than one by one.
                at = at.min(stride.saturating_sub(LANES));
                let mut sums = [1i32 << precision >> 1; LANES];
                for (source, &value) in under.chunks_exact(stride).zip(values) {
                    match source[at..].first_chunk::<LANES>() {
                        Some(source) => add(&mut sums, source, value),
                        None => add(&mut sums, &padded(&source[at..]), value),
                    }
                }
                let mut mixed = [0; LANES];
                for (mixed, sum) in mixed.iter_mut().zip(sums) {
                    *mixed = (sum >> precision).clamp(0, 255) as u8;
                }
                match line[at..].first_chunk_mut::<LANES>() {
                    Some(line) => *line = mixed,
                    None => line[at..].copy_from_slice(&mixed[..stride - at]),
                }
                at += LANES;
            }
        }
    }
}

#[inline(always)]
fn add(sums: &mut [i32; LANES], samples: &[u8; LANES], weight: i16) {
    for (sum, &sample) in sums.iter_mut().zip(samples) {
        *sum += i32::from(sample) * i32::from(weight);
    }
}

fn padded(samples: &[u8]) -> [u8; LANES] {
    let mut lanes = [0; LANES];
    for (lane, &sample) in lanes.iter_mut().zip(samples) {
        *lane = sample;
    }
    lanes
}

/// Lines of `stride` samples as columns.
fn transposed(samples: &[u8], stride: usize) -> Vec<u8> {
    /// Lines taken together, so that columns are written eight bytes at a time.
    const LINES: usize = 8;
    let stride = stride.max(1);
    let count = samples.len() / stride;
    let mut out = vec![0; samples.len()];
    let together = samples.chunks_exact(LINES * stride);
    let rest = together.remainder();
    for (y, lines) in (0..).step_by(LINES).zip(together) {
        for (x, column) in out[y..].chunks_mut(count).take(stride).enumerate() {
            let mut samples = [0; LINES];
            for (line, sample) in samples.iter_mut().enumerate() {
                *sample = lines[line * stride + x];
            }
            column[..LINES].copy_from_slice(&samples);
        }
    }
    for (y, line) in (count - rest.len() / stride..).zip(rest.chunks_exact(stride)) {
        for (out, &sample) in out[y..].iter_mut().step_by(count).zip(line) {
            *out = sample;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use fast_image_resize::images::{Image, ImageRef};
    use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    fn noise(width: u32, height: u32, random: &mut ChaCha8Rng) -> Plane {
        let mut plane = Plane::filled(width, height, 0);
        random.fill_bytes(&mut plane.samples);
        plane
    }

    fn library(plane: &Plane, [left, top, columns, rows]: [f64; 4], size: (u32, u32)) -> Vec<u8> {
        let source = ImageRef::new(plane.width, plane.height, &plane.samples, PixelType::U8);
        let mut target = Image::new(size.0, size.1, PixelType::U8);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(left, top, columns, rows)
            .use_alpha(false);
        let done = Resizer::new().resize(&source.expect("a plane"), &mut target, &options);
        done.expect("resized");
        target.into_vec()
    }

    #[test]
    fn samples_are_those_of_the_library_whatever_the_sizes() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        for round in 0..600 {
            let mut below = |limit: u32| 1 + random.next_u32() % limit;
            let (width, height) = (below(90), below(90));
            let size = (below(70), below(70));
            let part = match round % 3 {
                0 => [0.0, 0.0, f64::from(width), f64::from(height)],
                1 => {
                    let covered = |side: u32, lost: u32| f64::from(side) - f64::from(lost) / 8.0;
                    let (right, bottom) = (below(8) - 1, below(8) - 1);
                    [0.0, 0.0, covered(width, right), covered(height, bottom)]
                }
                _ => {
                    let (left, top) = (f64::from(width) / 7.0, f64::from(below(height) - 1));
                    [
                        left,
                        top,
                        (f64::from(width) - left) * 0.9,
                        f64::from(height) - top,
                    ]
                }
            };
            let plane = noise(width, height, &mut random);
            let ours = resampled(&plane, part, size.0, size.1).expect("inside");
            assert_eq!((ours.width, ours.height), size);
            assert!(
                ours.samples == library(&plane, part, size),
                "{width} × {height}, {part:?} to {size:?}"
            );
        }
    }

    #[test]
    fn parts_that_are_not_there_give_nothing() {
        let plane = Plane::filled(4, 4, 9);
        for part in [
            [0.0, 0.0, 5.0, 4.0],
            [-1.0, 0.0, 4.0, 4.0],
            [0.0, 1.0, 4.0, 4.0],
            [0.0, 0.0, 0.0, 4.0],
            [0.0, 0.0, f64::NAN, 4.0],
        ] {
            assert_eq!(resampled(&plane, part, 2, 2), None, "{part:?}");
        }
        assert_eq!(resampled(&plane, [0.0, 0.0, 4.0, 4.0], 0, 2), None);
    }
}
