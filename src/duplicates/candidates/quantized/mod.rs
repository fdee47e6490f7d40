//! Finds which products of descriptors are large, sixteen at a time and
//! without storing the others. Knows nothing of cells or images.
//!
//! One side is rounded to 7 bits and laid side by side in lanes, the other to
//! 8 bits. What the rounding can hide is known for each vector, so that no
//! product above a cut escapes; those that remain are multiplied in full by
//! the caller. Whole numbers throughout, so that every processor finds the
//! same.

mod arithmetic;
mod kernels;
#[cfg(test)]
mod tests;

use arithmetic::run;
use kernels::{Above, All, Greatest, Pack, Widen};

use super::descriptor::{DIM, Descriptor, ONE};

/// Vectors side by side.
const LANES: usize = 16;
/// Numbers of a vector multiplied and added in one step.
const PAIRS: usize = DIM / 2;
/// What 1 becomes on the packed side, to which [`MIDDLE`] is added so that
/// nothing is below zero; on the other side; and in a product of whole numbers.
const PACKED: i32 = 63;
const MIDDLE: i32 = 64;
const WIDE: i32 = 127;
pub(crate) const BOTH: f32 = (PACKED * WIDE) as f32;
// The squares of 24 rests of half a part must not leave 32 bits.
const _: () = assert!((DIM as u64) * (ONE as u64 / 2).pow(2) < u32::MAX as u64);
// The sum of a pair must not leave 16 bits, nor the product of two vectors of
// length 1 with what rounding adds.
const _: () = assert!(2 * (PACKED + MIDDLE) * WIDE < i16::MAX as i32);
/// Wide vectors multiplied with the same lanes before the next are loaded.
const TOGETHER: usize = 4;
/// Blocks of lanes in a tile: half a level-one cache. And wide vectors.
const TILE_BLOCKS: usize = 32;
const TILE_WIDE: usize = 64;

/// Sixteen vectors, by pairs of numbers.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Block([[u8; 2 * LANES]; PAIRS]);

/// Descriptors laid side by side.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packed {
    blocks: Vec<Block>,
    count: usize,
    /// The greatest length that rounding took from or gave to one.
    slack: f32,
}

impl Packed {
    pub(crate) fn new<'a>(descriptors: impl ExactSizeIterator<Item = &'a Descriptor>) -> Self {
        let count = descriptors.len();
        let nothing = Block([[MIDDLE as u8; 2 * LANES]; PAIRS]);
        let mut packed = Self {
            blocks: vec![nothing; count.div_ceil(LANES)],
            count,
            slack: 0.0,
        };
        run(Pack {
            descriptors,
            packed: &mut packed,
        });
        packed
    }

    #[inline(always)]
    fn put(&mut self, place: usize, rounded: &[i8; DIM]) {
        let lane = 2 * (place % LANES);
        let block = &mut self.blocks[place / LANES].0;
        for (pair, values) in block.iter_mut().zip(rounded.as_chunks::<2>().0) {
            pair[lane] = (i32::from(values[0]) + MIDDLE) as u8;
            pair[lane + 1] = (i32::from(values[1]) + MIDDLE) as u8;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

/// A descriptor in whole numbers of which `SCALE` are 1, and the square of
/// what that took from it, in parts of [`ONE`] · `SCALE`.
#[inline(always)]
fn rounded<const SCALE: i32>(descriptor: &Descriptor) -> ([i8; DIM], u32) {
    let mut out = [0; DIM];
    let mut lost = 0;
    for (out, &value) in out.iter_mut().zip(descriptor) {
        let exact = i32::from(value) * SCALE;
        let whole = (exact + ONE / 2) >> ONE.trailing_zeros();
        *out = whole as i8;
        let rest = exact - whole * ONE;
        lost += (rest * rest) as u32;
    }
    (out, lost)
}

/// The length of a rest whose square is `lost`.
fn length<const SCALE: i32>(lost: u32) -> f32 {
    f64::from(lost).sqrt() as f32 / (ONE * SCALE) as f32
}

/// A descriptor rounded to 8 bits, to be multiplied with packed ones.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Rounded {
    values: [i8; DIM],
    /// Minus what [`MIDDLE`] adds to each product.
    bias: i16,
    /// The length that rounding took from or gave to it.
    slack: f32,
}

impl Rounded {
    /// All zeros, which fill up a step.
    const NOTHING: Self = Self {
        values: [0; DIM],
        bias: 0,
        slack: 0.0,
    };

    #[inline(always)]
    pub(crate) fn new(descriptor: &Descriptor) -> Self {
        let (values, lost) = rounded::<WIDE>(descriptor);
        let sum: i32 = values.iter().map(|&v| i32::from(v)).sum();
        Self {
            values,
            // Modulo 2^16, as the sum of which it becomes part.
            bias: (-MIDDLE * sum) as i16,
            slack: length::<WIDE>(lost),
        }
    }
}

/// A vector, each pair of numbers in all lanes.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Wide([[i8; 2 * LANES]; PAIRS]);

/// Some vectors to be multiplied with packed ones, up to a whole number of
/// steps.
#[derive(Debug, Default)]
struct Spread {
    vectors: Vec<Rounded>,
    wide: Vec<Wide>,
    bias: Vec<i16>,
}

impl Spread {
    fn fill(&mut self, vectors: impl Iterator<Item = Rounded>) {
        // First all are fetched: they may lie anywhere, and need not wait for
        // one another.
        self.vectors.clear();
        self.vectors.extend(vectors);
        let whole = self.vectors.len().next_multiple_of(TOGETHER);
        self.vectors.resize(whole, Rounded::NOTHING);
        self.wide.clear();
        self.bias.clear();
        run(Widen(self));
    }
}

/// What looks for large products.
pub(crate) trait Seek {
    /// The cosine of interest from here on, for query number `query`: above
    /// 0.1. It may rise.
    fn cut(&self, query: usize) -> f32;

    /// Called for every product of at least the cut, and for some below it.
    fn found(&mut self, query: usize, entry: usize);
}

/// Tells `seek` of the large products of `queries` and `entries`.
pub(crate) fn above(
    queries: impl ExactSizeIterator<Item = Rounded>,
    entries: &Packed,
    seek: &mut impl Seek,
) {
    let (mut spread, mut biases, mut found) = (Spread::default(), Vec::new(), Vec::new());
    let (mut queries, mut first) = (queries, 0);
    while queries.len() > 0 {
        let count = queries.len().min(TILE_WIDE);
        spread.fill(queries.by_ref().take(count));
        for (tile, blocks) in entries.blocks.chunks(TILE_BLOCKS).enumerate() {
            biases.clear();
            biases.extend((0..spread.wide.len()).map(|query| {
                if query >= count {
                    // What fills up meets nothing.
                    return i16::MIN / 2;
                }
                let lost = spread.vectors[query].slack;
                // A thousandth for lengths a little above 1.
                let hidden = 1.001 * lost + (1.001 + lost) * entries.slack;
                let cut = ((seek.cut(first + query) - hidden) * BOTH).ceil() as i16 - 1;
                spread.bias[query].wrapping_sub(cut)
            }));
            run(Above {
                spread: &spread,
                biases: &biases,
                blocks,
                found: &mut found,
            });
            for (query, lane) in found.drain(..) {
                let entry = tile * TILE_BLOCKS * LANES + usize::from(lane);
                if entry < entries.count {
                    seek.found(first + usize::from(query), entry);
                }
            }
        }
        first += count;
    }
}

/// For each of `vectors` the number of the entry with the greatest product,
/// by rounded numbers, and the first of equals. `entries` are 2^16 at most.
pub(crate) fn nearest<'a>(
    vectors: impl ExactSizeIterator<Item = &'a Descriptor>,
    entries: &Packed,
) -> Vec<u16> {
    let mut out = Vec::with_capacity(vectors.len());
    let mut spread = Spread::default();
    let mut vectors = vectors;
    while vectors.len() > 0 {
        let count = vectors.len().min(TILE_WIDE);
        spread.fill(vectors.by_ref().take(count).map(Rounded::new));
        let before = out.len();
        run(Greatest {
            spread: &spread,
            entries,
            out: &mut out,
        });
        out.truncate(before + count);
    }
    out
}

/// All products of a few vectors with some entries by rounded numbers, in
/// parts of [`BOTH`].
#[derive(Debug, Default)]
pub(crate) struct Rows {
    spread: Spread,
    /// Of one vector after the other, those that fill up included.
    values: Vec<i16>,
    /// Lanes of one vector, and how many of them are entries.
    stride: usize,
    count: usize,
}

impl Rows {
    /// Vectors at a time.
    pub(crate) const MOST: usize = TILE_WIDE;

    /// Multiplies up to [`Self::MOST`] vectors with all entries.
    pub(crate) fn fill<'a>(
        &mut self,
        vectors: impl Iterator<Item = &'a Descriptor>,
        entries: &Packed,
    ) {
        self.spread.fill(vectors.take(Self::MOST).map(Rounded::new));
        self.stride = entries.blocks.len() * LANES;
        self.count = entries.count;
        self.values.resize(self.spread.wide.len() * self.stride, 0);
        run(All {
            entries,
            rows: self,
        });
    }

    /// The products of vector number `vector` of these.
    pub(crate) fn of(&self, vector: usize) -> &[i16] {
        &self.values[vector * self.stride..vector * self.stride + self.count]
    }
}
