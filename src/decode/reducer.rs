//! Sums pixels into blocks, row by row. Knows nothing of file formats.

use super::matte::Matte;
use super::reduce::{Blocks, Reduced, to_sample};
use super::thumbnail::Plane;

/// One row of pixels, 8 bits a channel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Row<'a> {
    Gray(&'a [u8]),
    GrayAlpha(&'a [u8]),
    /// RGB, or YCbCr in a reducer of that.
    Colour(&'a [u8]),
    Rgba(&'a [u8]),
}

impl Row<'_> {
    /// Whether every pixel is opaque, and whether any is to be seen at all.
    pub(super) fn opacity(self) -> (bool, bool) {
        let of = |mut alpha: std::iter::StepBy<std::slice::Iter<'_, u8>>| {
            let opaque = alpha.clone().all(|&alpha| alpha == 255);
            (opaque, opaque || alpha.any(|&alpha| alpha > 0))
        };
        match self {
            Self::Gray(_) | Self::Colour(_) => (true, true),
            Self::GrayAlpha(bytes) => of(bytes.get(1..).unwrap_or_default().iter().step_by(2)),
            Self::Rgba(bytes) => of(bytes.get(3..).unwrap_or_default().iter().step_by(4)),
        }
    }
}

/// What a [`Reducer`] sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    Gray,
    Rgb,
    YCbCr,
}

impl Channels {
    pub(crate) fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb | Self::YCbCr => 3,
        }
    }
}

/// Sums pixels into blocks, row by row, holding only the sums.
///
/// Transparency is laid over white, the paper most programs assume when they
/// save an image as JPEG, unless another [matte](Matte) is asked for.
#[derive(Clone)]
pub(crate) struct Reducer {
    matte: Matte,
    width: u32,
    height: u32,
    block: u32,
    columns: usize,
    channels: Channels,
    sums: Sums,
}

/// One (gray) or three values a block.
#[derive(Clone)]
enum Sums {
    Many(Vec<u32>),
    /// Blocks of one pixel are their own means.
    One(Vec<u8>),
}

impl Reducer {
    /// For an image of `width` × `height` pixels, reduced to blocks of side
    /// `block`. One of gray takes only gray rows.
    pub(crate) fn new(width: u32, height: u32, block: u32, channels: Channels) -> Self {
        let columns = width.div_ceil(block) as usize;
        let values = columns * height.div_ceil(block) as usize * channels.count();
        Self {
            matte: Matte::White,
            width,
            height,
            block,
            columns,
            channels,
            sums: match block {
                1 => Sums::One(vec![0; values]),
                _ => Sums::Many(vec![0; values]),
            },
        }
    }

    /// The same, which lays what follows over another matte.
    pub(super) fn before(self, matte: Matte) -> Self {
        Self { matte, ..self }
    }

    /// Adds row `y`, whole.
    pub(crate) fn add_row(&mut self, y: u32, row: Row<'_>) {
        self.add_pixels(y, 0, 1, row);
    }

    /// Adds pixels of row `y` at columns `first`, `first + step`, …
    pub(crate) fn add_pixels(&mut self, y: u32, first: u32, step: u32, row: Row<'_>) {
        let values = self.columns * self.channels.count();
        let start = (y / self.block) as usize * values;
        let line = start..start + values;
        let at = Placement {
            first: first as usize,
            step: step as usize,
            block: self.block as usize,
            matte: self.matte,
        };
        match &mut self.sums {
            Sums::Many(sums) => {
                let add = |sum: &mut u32, value| *sum += u32::from(value);
                at.put_row(sums.get_mut(line), self.channels, row, add);
            }
            Sums::One(pixels) => {
                let set = |pixel: &mut u8, value| *pixel = value;
                at.put_row(pixels.get_mut(line), self.channels, row, set);
            }
        }
    }

    /// The block means.
    pub(crate) fn finish(self) -> Reduced {
        let rows = self.height.div_ceil(self.block);
        let block = f64::from(self.block);
        let covered = (
            f64::from(self.width) / block,
            f64::from(self.height) / block,
        );
        let blocks = |samples: Vec<u8>| Blocks {
            plane: Plane {
                width: self.columns as u32,
                height: rows,
                samples,
            },
            covered,
        };
        let inverse = match self.sums {
            Sums::Many(_) => self.inverse_areas(),
            Sums::One(_) => Vec::new(),
        };
        let [luma, cb, cr] = match (self.sums, self.channels) {
            (Sums::One(pixels), Channels::Gray) => [pixels, Vec::new(), Vec::new()],
            (Sums::One(pixels), Channels::YCbCr) => {
                let (pixels, _) = pixels.as_chunks::<3>();
                [0, 1, 2].map(|channel| pixels.iter().map(|pixel| pixel[channel]).collect())
            }
            (Sums::One(pixels), Channels::Rgb) => planes(&pixels, None, f32::from, to_ycc),
            (Sums::Many(sums), Channels::Gray) => {
                let means = sums.iter().zip(&inverse);
                let means = means.map(|(&sum, &inverse)| to_sample(sum as f32 * inverse));
                [means.collect(), Vec::new(), Vec::new()]
            }
            (Sums::Many(sums), Channels::YCbCr) => {
                planes(&sums, Some(&inverse), |sum| sum as f32, |ycc| ycc)
            }
            (Sums::Many(sums), Channels::Rgb) => {
                planes(&sums, Some(&inverse), |sum| sum as f32, to_ycc)
            }
        };
        let chroma = (self.channels != Channels::Gray).then(|| [cb, cr].map(blocks));
        Reduced {
            width: self.width,
            height: self.height,
            luma: blocks(luma),
            chroma,
        }
    }

    /// One over the number of pixels of each block, in order.
    fn inverse_areas(&self) -> Vec<f32> {
        let extents = |length: u32| {
            let blocks = 0..length.div_ceil(self.block);
            blocks.map(move |index| self.block.min(length - index * self.block))
        };
        extents(self.height)
            .flat_map(|tall| extents(self.width).map(move |wide| 1.0 / (tall * wide) as f32))
            .collect()
    }
}

/// Where the pixels of a row lie.
struct Placement {
    first: usize,
    step: usize,
    block: usize,
    matte: Matte,
}

impl Placement {
    /// Puts a row's pixels, brought to the channels of `sums`, into these.
    #[inline]
    fn put_row<T>(
        &self,
        sums: Option<&mut [T]>,
        channels: Channels,
        row: Row<'_>,
        put: impl Fn(&mut T, u8),
    ) {
        match self.matte {
            Matte::White => self.put_over(sums, channels, row, over_white, put),
            Matte::Black => self.put_over(sums, channels, row, over_black, put),
            Matte::Dropped => self.put_over(sums, channels, row, |value, _| value, put),
        }
    }

    /// The same, with transparency laid `over` something.
    #[inline]
    fn put_over<T>(
        &self,
        sums: Option<&mut [T]>,
        channels: Channels,
        row: Row<'_>,
        over: impl Fn(u8, u8) -> u8,
        put: impl Fn(&mut T, u8),
    ) {
        let Some(sums) = sums else { return };
        match (row, channels) {
            (Row::Gray(bytes), Channels::Gray) => self.put::<1, 1, T>(sums, bytes, |p| *p, put),
            (Row::GrayAlpha(bytes), Channels::Gray) => {
                self.put::<2, 1, T>(sums, bytes, |&[v, a]| [over(v, a)], put);
            }
            (Row::Gray(bytes), _) => self.put::<1, 3, T>(sums, bytes, |&[v]| [v; 3], put),
            (Row::GrayAlpha(bytes), _) => {
                self.put::<2, 3, T>(sums, bytes, |&[v, a]| [over(v, a); 3], put);
            }
            (Row::Colour(bytes), _) => self.put::<3, 3, T>(sums, bytes, |p| *p, put),
            (Row::Rgba(bytes), _) => {
                let colour = |&[r, g, b, a]: &[u8; 4]| [r, g, b].map(|v| over(v, a));
                self.put::<4, 3, T>(sums, bytes, colour, put);
            }
        }
    }

    /// Puts pixels of `IN` bytes into sums of `OUT` channels.
    #[inline]
    fn put<const IN: usize, const OUT: usize, T>(
        &self,
        sums: &mut [T],
        bytes: &[u8],
        colour: impl Fn(&[u8; IN]) -> [u8; OUT],
        put: impl Fn(&mut T, u8),
    ) {
        let (pixels, _) = bytes.as_chunks::<IN>();
        let (sums, _) = sums.as_chunks_mut::<OUT>();
        let add = |sum: &mut [T; OUT], pixel: &[u8; IN]| {
            for (sum, value) in sum.iter_mut().zip(colour(pixel)) {
                put(sum, value);
            }
        };
        let whole_row = self.step == 1 && self.first == 0;
        match self.block {
            1 if whole_row => in_blocks::<1, _, _>(sums, pixels, add),
            2 if whole_row => in_blocks::<2, _, _>(sums, pixels, add),
            4 if whole_row => in_blocks::<4, _, _>(sums, pixels, add),
            8 if whole_row => in_blocks::<8, _, _>(sums, pixels, add),
            _ => {
                for (index, pixel) in pixels.iter().enumerate() {
                    let column = (self.first + index * self.step) / self.block;
                    if let Some(sum) = sums.get_mut(column) {
                        add(sum, pixel);
                    }
                }
            }
        }
    }
}

/// Adds each `BLOCK` pixels to one sum: a number that is known when this is
/// compiled, because the row of a large image is long.
#[inline]
fn in_blocks<const BLOCK: usize, S, P>(sums: &mut [S], pixels: &[P], add: impl Fn(&mut S, &P)) {
    let (blocks, rest) = pixels.as_chunks::<BLOCK>();
    for (sum, block) in sums.iter_mut().zip(blocks) {
        for pixel in block {
            add(sum, pixel);
        }
    }
    if let Some(sum) = sums.get_mut(blocks.len()) {
        for pixel in rest {
            add(sum, pixel);
        }
    }
}

/// `value` of opacity `alpha` before white, rounded.
fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// `value` of opacity `alpha` before black, rounded.
fn over_black(value: u8, alpha: u8) -> u8 {
    ((u32::from(value) * u32::from(alpha) + 127) / 255) as u8
}

/// Colours handled together.
const LANES: usize = 16;
type Lanes = [f32; LANES];

/// The planes of colours of three channels each, which are multiplied by
/// `factors`, one a colour, and converted.
fn planes<T: Copy + Default>(
    colours: &[T],
    factors: Option<&[f32]>,
    value: impl Fn(T) -> f32,
    convert: impl Fn([f32; 3]) -> [f32; 3],
) -> [Vec<u8>; 3] {
    let (colours, _) = colours.as_chunks::<3>();
    let mut planes = [(); 3].map(|()| vec![0; colours.len()]);
    pulp::Arch::new().dispatch(Planes {
        colours,
        factors,
        planes: planes.each_mut().map(Vec::as_mut_slice),
        value,
        convert,
    });
    planes
}

struct Planes<'a, T, V, F> {
    colours: &'a [[T; 3]],
    factors: Option<&'a [f32]>,
    planes: [&'a mut [u8]; 3],
    value: V,
    convert: F,
}

impl<T, V, F> pulp::WithSimd for Planes<'_, T, V, F>
where
    T: Copy + Default,
    V: Fn(T) -> f32,
    F: Fn([f32; 3]) -> [f32; 3],
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let [y, cb, cr] = self.planes;
        let (colours, last) = self.colours.as_chunks::<LANES>();
        for (index, colours) in colours.iter().enumerate() {
            let at = index * LANES..(index + 1) * LANES;
            let factors = self
                .factors
                .and_then(|factors| factors[at.clone()].first_chunk());
            let converted = lanes(colours, factors, &self.value, &self.convert);
            for (plane, samples) in [&mut *y, cb, cr].into_iter().zip(converted) {
                if let Some(plane) = plane[at.clone()].first_chunk_mut() {
                    *plane = samples;
                }
            }
        }
        let first = colours.len() * LANES;
        let mut filled = [[T::default(); 3]; LANES];
        filled[..last.len()].copy_from_slice(last);
        let mut factors = [1.0; LANES];
        if let Some(given) = self.factors {
            factors[..last.len()].copy_from_slice(&given[first..]);
        }
        let converted = lanes(&filled, Some(&factors), &self.value, &self.convert);
        for (plane, samples) in [y, cb, cr].into_iter().zip(converted) {
            plane[first..].copy_from_slice(&samples[..last.len()]);
        }
    }
}

#[inline(always)]
fn lanes<T: Copy>(
    colours: &[[T; 3]; LANES],
    factors: Option<&Lanes>,
    value: impl Fn(T) -> f32,
    convert: impl Fn([f32; 3]) -> [f32; 3],
) -> [[u8; LANES]; 3] {
    let mut channels: [Lanes; 3] = [[0.0; LANES]; 3];
    for (lane, colour) in colours.iter().enumerate() {
        for (channel, &sample) in channels.iter_mut().zip(colour) {
            channel[lane] = value(sample);
        }
    }
    if let Some(factors) = factors {
        for channel in &mut channels {
            for (value, factor) in channel.iter_mut().zip(factors) {
                *value *= factor;
            }
        }
    }
    let mut converted = [[0; LANES]; 3];
    for lane in 0..LANES {
        let colour = convert([channels[0][lane], channels[1][lane], channels[2][lane]]);
        for (channel, value) in converted.iter_mut().zip(colour) {
            channel[lane] = to_sample(value);
        }
    }
    converted
}

/// Full-range Rec. 601 as in JFIF. Linear, so that the mean of a block may be
/// converted rather than each of its pixels.
#[inline(always)]
fn to_ycc([r, g, b]: [f32; 3]) -> [f32; 3] {
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [
        y,
        (b - y) * (0.5 / 0.886) + 128.0,
        (r - y) * (0.5 / 0.701) + 128.0,
    ]
}
