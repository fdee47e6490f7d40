//! What is done with lanes of descriptors. Knows nothing of who asks.

use super::arithmetic::{Arithmetic, Task};
use super::{
    Block, DIM, Descriptor, LANES, PACKED, PAIRS, Packed, Rows, Spread, TOGETHER, Wide, length,
    rounded,
};

pub(super) struct Pack<'a, I> {
    pub(super) descriptors: I,
    pub(super) packed: &'a mut Packed,
}

impl<'a, I: Iterator<Item = &'a Descriptor>> Task for Pack<'_, I> {
    #[inline(always)]
    fn run(self, _: impl Arithmetic) {
        let packed = self.packed;
        let (mut last, mut slack) = ([0; DIM], 0);
        for (i, descriptor) in self.descriptors.enumerate() {
            let lost;
            (last, lost) = rounded::<PACKED>(descriptor);
            slack = slack.max(lost);
            packed.put(i, &last);
        }
        // The last once more in lanes left over, where it wins nothing.
        for i in packed.count..packed.blocks.len() * LANES {
            packed.put(i, &last);
        }
        packed.slack = length::<PACKED>(slack);
    }
}

pub(super) struct Widen<'a>(pub(super) &'a mut Spread);

impl Task for Widen<'_> {
    #[inline(always)]
    fn run(self, _: impl Arithmetic) {
        let Spread {
            vectors,
            wide,
            bias,
        } = self.0;
        wide.extend(vectors.iter().map(|vector| {
            let pairs = vector.values.as_chunks::<2>().0;
            Wide(std::array::from_fn(|pair| {
                std::array::from_fn(|i| pairs[pair][i % 2])
            }))
        }));
        bias.extend(vectors.iter().map(|vector| vector.bias));
    }
}

/// The products of some wide vectors with some blocks of lanes.
#[inline(always)]
fn multiply<A: Arithmetic, const BLOCKS: usize>(
    arithmetic: A,
    wide: &[Wide; TOGETHER],
    bias: &[i16; TOGETHER],
    blocks: &[Block; BLOCKS],
) -> [[A::Lanes; BLOCKS]; TOGETHER] {
    let mut sums = [[arithmetic.splat(0); BLOCKS]; TOGETHER];
    for (sums, &bias) in sums.iter_mut().zip(bias) {
        *sums = [arithmetic.splat(bias); BLOCKS];
    }
    for pair in 0..PAIRS {
        for (sums, wide) in sums.iter_mut().zip(wide) {
            for (sum, block) in sums.iter_mut().zip(blocks) {
                *sum = arithmetic.add(*sum, &block.0[pair], &wide.0[pair]);
            }
        }
    }
    sums
}

/// Pairs whose product and bias are above zero, as numbers of the wide vector
/// and of the lane.
pub(super) struct Above<'a> {
    pub(super) spread: &'a Spread,
    pub(super) biases: &'a [i16],
    pub(super) blocks: &'a [Block],
    pub(super) found: &'a mut Vec<(u16, u16)>,
}

impl Above<'_> {
    #[inline(always)]
    fn step<A: Arithmetic, const BLOCKS: usize>(
        &mut self,
        arithmetic: A,
        (first, wide, bias): (usize, &[Wide; TOGETHER], &[i16; TOGETHER]),
        (block, blocks): (usize, &[Block; BLOCKS]),
    ) {
        let sums = multiply(arithmetic, wide, bias, blocks);
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
        let (wide, _) = self.spread.wide.as_chunks::<TOGETHER>();
        let (bias, _) = self.biases.as_chunks::<TOGETHER>();
        let (twos, one) = self.blocks.as_chunks::<2>();
        for (step, (wide, bias)) in wide.iter().zip(bias).enumerate() {
            let queries = (step * TOGETHER, wide, bias);
            for (two, blocks) in twos.iter().enumerate() {
                self.step(arithmetic, queries, (2 * two, blocks));
            }
            if let [last] = one {
                self.step(arithmetic, queries, (2 * twos.len(), &[*last]));
            }
        }
    }
}

/// The greatest product of each wide vector, those that fill up included.
pub(super) struct Greatest<'a> {
    pub(super) spread: &'a Spread,
    pub(super) entries: &'a Packed,
    pub(super) out: &'a mut Vec<u16>,
}

impl Task for Greatest<'_> {
    #[inline(always)]
    fn run(self, arithmetic: impl Arithmetic) {
        let (wide, _) = self.spread.wide.as_chunks::<TOGETHER>();
        let (bias, _) = self.spread.bias.as_chunks::<TOGETHER>();
        for (wide, bias) in wide.iter().zip(bias) {
            let least = (arithmetic.splat(i16::MIN), arithmetic.splat(0));
            let mut best = [least; TOGETHER];
            for (number, block) in (0i16..).zip(&self.entries.blocks) {
                let sums = multiply(arithmetic, wide, bias, std::array::from_ref(block));
                let number = arithmetic.splat(number);
                for (best, [sum]) in best.iter_mut().zip(sums) {
                    *best = arithmetic.greatest(*best, (sum, number));
                }
            }
            for (top, block) in best {
                let (top, block) = (arithmetic.array(top), arithmetic.array(block));
                let place = |lane: usize| block[lane] as usize * LANES + lane;
                let lanes = (0..LANES).filter(|&lane| place(lane) < self.entries.count);
                let first = lanes.max_by_key(|&lane| (top[lane], std::cmp::Reverse(place(lane))));
                self.out.push(first.map_or(0, place) as u16);
            }
        }
    }
}

/// All products, those that fill up included.
pub(super) struct All<'a> {
    pub(super) entries: &'a Packed,
    pub(super) rows: &'a mut Rows,
}

impl Task for All<'_> {
    #[inline(always)]
    fn run(self, arithmetic: impl Arithmetic) {
        let Rows {
            spread,
            values,
            stride,
            ..
        } = self.rows;
        let (wide, _) = spread.wide.as_chunks::<TOGETHER>();
        let (bias, _) = spread.bias.as_chunks::<TOGETHER>();
        // Nothing is asked of no lanes.
        let stride = (*stride).max(1);
        let rows = values.chunks_exact_mut(TOGETHER * stride);
        for ((wide, bias), rows) in wide.iter().zip(bias).zip(rows) {
            for (number, block) in self.entries.blocks.iter().enumerate() {
                let sums = multiply(arithmetic, wide, bias, std::array::from_ref(block));
                for (row, [sum]) in rows.chunks_exact_mut(stride).zip(sums) {
                    let place = number * LANES;
                    row[place..place + LANES].copy_from_slice(&arithmetic.array(sum));
                }
            }
        }
    }
}
