//! Range search by inner product on scalar-quantized descriptors, sixteen at a time. Knows
//! nothing of inverted lists or images.
//!
//! The database is quantized to 7 bits and interleaved, the queries to 8 bits. The
//! quantization error of each vector is known and bounds that of every product, so that no
//! product above a threshold is lost; the caller multiplies the remaining ones in full.
//! Integers throughout, so that every processor finds the same.

mod arithmetic;
mod kernels;
#[cfg(test)]
mod tests;

use arithmetic::run;
use kernels::{Above, All, Broadcast, Greatest, Interleave};

use super::descriptor::{DIM, Descriptor, ONE};

/// Database vectors in one block.
const LANES: usize = 16;
/// Pairs of numbers of a vector, which one instruction multiplies and adds.
const PAIRS: usize = DIM / 2;
/// The quantized one of the database, to which [`OFFSET`] is added so that no number is
/// negative; of the queries; and of an inner product.
const DATABASE_ONE: i32 = 63;
const OFFSET: i32 = 64;
const QUERY_ONE: i32 = 127;
pub(crate) const SCALE: f32 = (DATABASE_ONE * QUERY_ONE) as f32;
// The squares of 24 rounding errors of half a unit must fit 32 bits.
const _: () = assert!((DIM as u64) * (ONE as u64 / 2).pow(2) < u32::MAX as u64);
// The sum of a pair must fit 16 bits, and the inner product of two unit vectors with its
// rounding error, too.
const _: () = assert!(2 * (DATABASE_ONE + OFFSET) * QUERY_ONE < i16::MAX as i32);
/// Queries multiplied with the same blocks before the next are loaded.
const TOGETHER: usize = 4;
/// Blocks in a tile: half a level-one cache. And queries.
const TILE_BLOCKS: usize = 32;
const TILE_QUERIES: usize = 64;

/// Sixteen database vectors, interleaved by pairs of numbers.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Block([[u8; 2 * LANES]; PAIRS]);

/// Quantized database descriptors.
#[derive(Debug, Clone, Default)]
pub(crate) struct QuantizedDatabase {
    blocks: Vec<Block>,
    count: usize,
    /// The greatest quantization error of one, as a length.
    error: f32,
}

impl QuantizedDatabase {
    pub(crate) fn new<'a>(descriptors: impl ExactSizeIterator<Item = &'a Descriptor>) -> Self {
        let count = descriptors.len();
        let nothing = Block([[OFFSET as u8; 2 * LANES]; PAIRS]);
        let mut database = Self {
            blocks: vec![nothing; count.div_ceil(LANES)],
            count,
            error: 0.0,
        };
        run(Interleave {
            descriptors,
            database: &mut database,
        });
        database
    }

    #[inline(always)]
    fn put(&mut self, index: usize, quantized: &[i8; DIM]) {
        let lane = 2 * (index % LANES);
        let block = &mut self.blocks[index / LANES].0;
        for (pair, values) in block.iter_mut().zip(quantized.as_chunks::<2>().0) {
            pair[lane] = (i32::from(values[0]) + OFFSET) as u8;
            pair[lane + 1] = (i32::from(values[1]) + OFFSET) as u8;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

/// A descriptor in units of 1/`ONE_IS`, and its squared quantization error, in units of
/// 1/([`ONE`] · `ONE_IS`).
#[inline(always)]
fn quantize<const ONE_IS: i32>(descriptor: &Descriptor) -> ([i8; DIM], u32) {
    let mut out = [0; DIM];
    let mut lost = 0;
    for (out, &value) in out.iter_mut().zip(descriptor) {
        let exact = i32::from(value) * ONE_IS;
        let whole = (exact + ONE / 2) >> ONE.trailing_zeros();
        *out = whole as i8;
        let rest = exact - whole * ONE;
        lost += (rest * rest) as u32;
    }
    (out, lost)
}

/// The length of a quantization error whose square is `lost`.
fn length<const ONE_IS: i32>(lost: u32) -> f32 {
    f64::from(lost).sqrt() as f32 / (ONE * ONE_IS) as f32
}

/// A query descriptor quantized to 8 bits.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(crate) struct QuantizedQuery {
    values: [i8; DIM],
    /// Minus what [`OFFSET`] adds to each product.
    bias: i16,
    /// Its quantization error, as a length.
    error: f32,
}

impl QuantizedQuery {
    /// Fills up a step.
    const ZERO: Self = Self {
        values: [0; DIM],
        bias: 0,
        error: 0.0,
    };

    #[inline(always)]
    pub(crate) fn new(descriptor: &Descriptor) -> Self {
        let (values, lost) = quantize::<QUERY_ONE>(descriptor);
        let sum: i32 = values.iter().map(|&v| i32::from(v)).sum();
        Self {
            values,
            // Modulo 2^16, as the sum that it is added to.
            bias: (-OFFSET * sum) as i16,
            error: length::<QUERY_ONE>(lost),
        }
    }
}

/// A query, each pair of numbers repeated in all lanes.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Repeated([[i8; 2 * LANES]; PAIRS]);

/// A tile of queries, filled up to a whole number of steps.
#[derive(Debug, Default)]
struct QueryTile {
    queries: Vec<QuantizedQuery>,
    repeated: Vec<Repeated>,
    bias: Vec<i16>,
}

impl QueryTile {
    fn fill(&mut self, queries: impl Iterator<Item = QuantizedQuery>) {
        // All are fetched first: they may lie anywhere in memory, and their loads overlap.
        self.queries.clear();
        self.queries.extend(queries);
        let whole = self.queries.len().next_multiple_of(TOGETHER);
        self.queries.resize(whole, QuantizedQuery::ZERO);
        self.repeated.clear();
        self.bias.clear();
        run(Broadcast(self));
    }
}

/// The thresholds and the hits of a range search.
pub(crate) trait RangeSearch {
    /// The least cosine of interest for query number `query`: above 0.1. May rise during
    /// the search.
    fn least(&self, query: usize) -> f32;

    /// Called for every product of at least [`Self::least`], and for some below it.
    fn found(&mut self, query: usize, entry: usize);
}

/// Reports the products of `queries` and `entries` above the thresholds of `search`.
pub(crate) fn range_search(
    queries: impl ExactSizeIterator<Item = QuantizedQuery>,
    entries: &QuantizedDatabase,
    search: &mut impl RangeSearch,
) {
    let (mut tile, mut biases, mut found) = (QueryTile::default(), Vec::new(), Vec::new());
    let (mut queries, mut first) = (queries, 0);
    while queries.len() > 0 {
        let count = queries.len().min(TILE_QUERIES);
        tile.fill(queries.by_ref().take(count));
        for (number, blocks) in entries.blocks.chunks(TILE_BLOCKS).enumerate() {
            biases.clear();
            biases.extend((0..tile.repeated.len()).map(|query| {
                if query >= count {
                    // Fill-up queries hit nothing.
                    return i16::MIN / 2;
                }
                let error = tile.queries[query].error;
                // A thousandth for lengths a little above 1.
                let hidden = 1.001 * error + (1.001 + error) * entries.error;
                let least = search.least(first + query) - hidden;
                let threshold = (least * SCALE).ceil() as i16 - 1;
                tile.bias[query].wrapping_sub(threshold)
            }));
            run(Above {
                tile: &tile,
                biases: &biases,
                blocks,
                found: &mut found,
            });
            for (query, lane) in found.drain(..) {
                let entry = number * TILE_BLOCKS * LANES + usize::from(lane);
                if entry < entries.count {
                    search.found(first + usize::from(query), entry);
                }
            }
        }
        first += count;
    }
}

/// For each of `vectors` the number of the entry with the greatest quantized product, the
/// first of equals. `entries` are 2^16 at most.
pub(crate) fn nearest<'a>(
    vectors: impl ExactSizeIterator<Item = &'a Descriptor>,
    entries: &QuantizedDatabase,
) -> Vec<u16> {
    let mut out = Vec::with_capacity(vectors.len());
    let mut tile = QueryTile::default();
    let mut vectors = vectors;
    while vectors.len() > 0 {
        let count = vectors.len().min(TILE_QUERIES);
        tile.fill(vectors.by_ref().take(count).map(QuantizedQuery::new));
        let before = out.len();
        run(Greatest {
            tile: &tile,
            entries,
            out: &mut out,
        });
        out.truncate(before + count);
    }
    out
}

/// All quantized products of a few vectors with some entries, in units of 1/[`SCALE`].
#[derive(Debug, Default)]
pub(crate) struct InnerProducts {
    tile: QueryTile,
    /// Those of one vector after the other, fill-up vectors included.
    values: Vec<i16>,
    /// Lanes of one vector, and the number of entries among them.
    stride: usize,
    count: usize,
}

impl InnerProducts {
    /// Vectors at a time.
    pub(crate) const MOST: usize = TILE_QUERIES;

    /// Multiplies up to [`Self::MOST`] vectors with all entries.
    pub(crate) fn fill<'a>(
        &mut self,
        vectors: impl Iterator<Item = &'a Descriptor>,
        entries: &QuantizedDatabase,
    ) {
        self.tile
            .fill(vectors.take(Self::MOST).map(QuantizedQuery::new));
        self.stride = entries.blocks.len() * LANES;
        self.count = entries.count;
        self.values
            .resize(self.tile.repeated.len() * self.stride, 0);
        run(All {
            entries,
            products: self,
        });
    }

    /// The products of vector number `vector`.
    pub(crate) fn of(&self, vector: usize) -> &[i16] {
        &self.values[vector * self.stride..vector * self.stride + self.count]
    }
}
