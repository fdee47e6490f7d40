//! The inner loops over blocks of quantized descriptors.

use super::arithmetic::{Arithmetic, Task};
use super::{
    Block, DATABASE_ONE, DIM, Descriptor, InnerProducts, LANES, PAIRS, QuantizedDatabase,
    QueryTile, Repeated, TOGETHER, length, quantize,
};

/// Quantizes and interleaves database descriptors.
pub(super) struct Interleave<'a, I> {
    pub(super) descriptors: I,
    pub(super) database: &'a mut QuantizedDatabase,
}

impl<'a, I: Iterator<Item = &'a Descriptor>> Task for Interleave<'_, I> {
    #[inline(always)]
    fn run(self, _: impl Arithmetic) {
        let database = self.database;
        let (mut last, mut error) = ([0; DIM], 0);
        for (i, descriptor) in self.descriptors.enumerate() {
            let lost;
            (last, lost) = quantize::<DATABASE_ONE>(descriptor);
            error = error.max(lost);
            database.put(i, &last);
        }
        // The last is repeated in the remaining lanes, where it changes no result.
        for i in database.count..database.blocks.len() * LANES {
            database.put(i, &last);
        }
        database.error = length::<DATABASE_ONE>(error);
    }
}

/// Repeats each pair of numbers of the queries in all lanes.
pub(super) struct Broadcast<'a>(pub(super) &'a mut QueryTile);

impl Task for Broadcast<'_> {
    #[inline(always)]
    fn run(self, _: impl Arithmetic) {
        let QueryTile {
            queries,
            repeated,
            bias,
        } = self.0;
        repeated.extend(queries.iter().map(|query| {
            let pairs = query.values.as_chunks::<2>().0;
            Repeated(std::array::from_fn(|pair| {
                std::array::from_fn(|i| pairs[pair][i % 2])
            }))
        }));
        bias.extend(queries.iter().map(|query| query.bias));
    }
}

/// The inner products of some queries with some blocks.
#[inline(always)]
fn multiply<A: Arithmetic, const BLOCKS: usize>(
    arithmetic: A,
    queries: &[Repeated; TOGETHER],
    bias: &[i16; TOGETHER],
    blocks: &[Block; BLOCKS],
) -> [[A::Lanes; BLOCKS]; TOGETHER] {
    let mut sums = [[arithmetic.splat(0); BLOCKS]; TOGETHER];
    for (sums, &bias) in sums.iter_mut().zip(bias) {
        *sums = [arithmetic.splat(bias); BLOCKS];
    }
    for pair in 0..PAIRS {
        for (sums, query) in sums.iter_mut().zip(queries) {
            for (sum, block) in sums.iter_mut().zip(blocks) {
                *sum = arithmetic.add(*sum, &block.0[pair], &query.0[pair]);
            }
        }
    }
    sums
}

/// Appends the pairs whose product and bias are above zero to `found`, as numbers of the
/// query and of the lane.
pub(super) struct Above<'a> {
    pub(super) tile: &'a QueryTile,
    pub(super) biases: &'a [i16],
    pub(super) blocks: &'a [Block],
    pub(super) found: &'a mut Vec<(u16, u16)>,
}

impl Above<'_> {
    #[inline(always)]
    fn step<A: Arithmetic, const BLOCKS: usize>(
        &mut self,
        arithmetic: A,
        (first, queries, bias): (usize, &[Repeated; TOGETHER], &[i16; TOGETHER]),
        (block, blocks): (usize, &[Block; BLOCKS]),
    ) {
        let sums = multiply(arithmetic, queries, bias, blocks);
        let zero = arithmetic.splat(0);
        let all = sums.as_flattened().iter();
        let most = all.fold(zero, |most, &sum| arithmetic.max(most, sum));
        if arithmetic.greater(most, zero) == 0 {
            return;
        }
        for (query, sums) in (first..).zip(sums) {
            for (block, sum) in (block..).zip(sums) {
                let mut greater = arithmetic.greater(sum, zero);
                while greater != 0 {
                    let bit = greater.trailing_zeros();
                    greater &= !(3 << bit);
                    let lane = block * LANES + (bit / 2) as usize;
                    self.found.push((query as u16, lane as u16));
                }
            }
        }
    }
}

impl Task for Above<'_> {
    #[inline(always)]
    fn run(mut self, arithmetic: impl Arithmetic) {
        let (queries, _) = self.tile.repeated.as_chunks::<TOGETHER>();
        let (bias, _) = self.biases.as_chunks::<TOGETHER>();
        let (twos, one) = self.blocks.as_chunks::<2>();
        for (step, (queries, bias)) in queries.iter().zip(bias).enumerate() {
            let queries = (step * TOGETHER, queries, bias);
            for (two, blocks) in twos.iter().enumerate() {
                self.step(arithmetic, queries, (2 * two, blocks));
            }
            if let [last] = one {
                self.step(arithmetic, queries, (2 * twos.len(), &[*last]));
            }
        }
    }
}

/// Appends the number of the entry with the greatest product for each query, fill-up
/// queries included, to `out`.
pub(super) struct Greatest<'a> {
    pub(super) tile: &'a QueryTile,
    pub(super) entries: &'a QuantizedDatabase,
    pub(super) out: &'a mut Vec<u16>,
}

impl Task for Greatest<'_> {
    #[inline(always)]
    fn run(self, arithmetic: impl Arithmetic) {
        let (queries, _) = self.tile.repeated.as_chunks::<TOGETHER>();
        let (bias, _) = self.tile.bias.as_chunks::<TOGETHER>();
        for (queries, bias) in queries.iter().zip(bias) {
            let least = (arithmetic.splat(i16::MIN), arithmetic.splat(0));
            let mut best = [least; TOGETHER];
            for (number, block) in (0i16..).zip(&self.entries.blocks) {
                let sums = multiply(arithmetic, queries, bias, std::array::from_ref(block));
                let number = arithmetic.splat(number);
                for (best, [sum]) in best.iter_mut().zip(sums) {
                    *best = arithmetic.greatest(*best, (sum, number));
                }
            }
            for (top, block) in best {
                let (top, block) = (arithmetic.array(top), arithmetic.array(block));
                let index = |lane: usize| block[lane] as usize * LANES + lane;
                let lanes = (0..LANES).filter(|&lane| index(lane) < self.entries.count);
                let first = lanes.max_by_key(|&lane| (top[lane], std::cmp::Reverse(index(lane))));
                self.out.push(first.map_or(0, index) as u16);
            }
        }
    }
}

/// All products, fill-up queries included.
pub(super) struct All<'a> {
    pub(super) entries: &'a QuantizedDatabase,
    pub(super) products: &'a mut InnerProducts,
}

impl Task for All<'_> {
    #[inline(always)]
    fn run(self, arithmetic: impl Arithmetic) {
        let InnerProducts {
            tile,
            values,
            stride,
            ..
        } = self.products;
        let (queries, _) = tile.repeated.as_chunks::<TOGETHER>();
        let (bias, _) = tile.bias.as_chunks::<TOGETHER>();
        // Chunks of length 0 would panic.
        let stride = (*stride).max(1);
        let rows = values.chunks_exact_mut(TOGETHER * stride);
        for ((queries, bias), rows) in queries.iter().zip(bias).zip(rows) {
            for (number, block) in self.entries.blocks.iter().enumerate() {
                let sums = multiply(arithmetic, queries, bias, std::array::from_ref(block));
                for (row, [sum]) in rows.chunks_exact_mut(stride).zip(sums) {
                    let first = number * LANES;
                    row[first..first + LANES].copy_from_slice(&arithmetic.array(sum));
                }
            }
        }
    }
}
