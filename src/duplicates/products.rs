//! Finds which products of descriptors are large, sixteen at a time and
//! without storing the others. Knows nothing of cells or pictures.
//!
//! One side is rounded to 7 bits and laid side by side in lanes, the other to
//! 8 bits. What the rounding can hide is known for each vector, so that no
//! product above a cut escapes; those that remain are multiplied in full by
//! the caller. Whole numbers throughout, so that every processor finds the
//! same.

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

/// Arithmetic in sixteen lanes of 16 bits, modulo 2^16.
trait Arithmetic: Copy {
    type Lanes: Copy;
    fn splat(self, value: i16) -> Self::Lanes;
    /// `sum` and the products of the pairs.
    fn add(self, sum: Self::Lanes, packed: &[u8; 32], wide: &[i8; 32]) -> Self::Lanes;
    /// Which lanes of `a` are greater than those of `b`: two bits a lane.
    fn greater(self, a: Self::Lanes, b: Self::Lanes) -> u32;
    /// Of `ax = (a, x)` and `by = (b, y)` the one with the greater first part,
    /// lane by lane: `ax` where they are equal.
    fn greatest(
        self,
        ax: (Self::Lanes, Self::Lanes),
        by: (Self::Lanes, Self::Lanes),
    ) -> (Self::Lanes, Self::Lanes);
    fn max(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;
    fn array(self, lanes: Self::Lanes) -> [i16; LANES];
}

#[derive(Debug, Clone, Copy)]
struct Portable;

impl Arithmetic for Portable {
    type Lanes = [i16; LANES];

    #[inline(always)]
    fn splat(self, value: i16) -> Self::Lanes {
        [value; LANES]
    }

    #[inline(always)]
    fn add(self, mut sum: Self::Lanes, packed: &[u8; 32], wide: &[i8; 32]) -> Self::Lanes {
        for (l, sum) in sum.iter_mut().enumerate() {
            let product = |i: usize| i16::from(packed[i]) * i16::from(wide[i]);
            *sum = sum.wrapping_add(product(2 * l) + product(2 * l + 1));
        }
        sum
    }

    #[inline(always)]
    fn greater(self, a: Self::Lanes, b: Self::Lanes) -> u32 {
        (0..LANES).fold(0, |all, l| all | (u32::from(a[l] > b[l]) * 3) << (2 * l))
    }

    #[inline(always)]
    fn greatest(
        self,
        (a, x): (Self::Lanes, Self::Lanes),
        (b, y): (Self::Lanes, Self::Lanes),
    ) -> (Self::Lanes, Self::Lanes) {
        let (mut top, mut with) = (a, x);
        for l in 0..LANES {
            top[l] = if b[l] > a[l] { b[l] } else { a[l] };
            with[l] = if b[l] > a[l] { y[l] } else { x[l] };
        }
        (top, with)
    }

    #[inline(always)]
    fn max(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes {
        std::array::from_fn(|l| if b[l] > a[l] { b[l] } else { a[l] })
    }

    #[inline(always)]
    fn array(self, lanes: Self::Lanes) -> [i16; LANES] {
        lanes
    }
}

#[cfg(target_arch = "x86_64")]
impl Arithmetic for pulp::x86::V3 {
    type Lanes = std::arch::x86_64::__m256i;

    #[inline(always)]
    fn splat(self, value: i16) -> Self::Lanes {
        pulp::cast([value; LANES])
    }

    #[inline(always)]
    fn add(self, sum: Self::Lanes, packed: &[u8; 32], wide: &[i8; 32]) -> Self::Lanes {
        let pairs = (self.avx2)._mm256_maddubs_epi16(pulp::cast(*packed), pulp::cast(*wide));
        self.avx2._mm256_add_epi16(sum, pairs)
    }

    #[inline(always)]
    fn greater(self, a: Self::Lanes, b: Self::Lanes) -> u32 {
        let greater = self.avx2._mm256_cmpgt_epi16(a, b);
        self.avx2._mm256_movemask_epi8(greater).cast_unsigned()
    }

    #[inline(always)]
    fn greatest(
        self,
        (a, x): (Self::Lanes, Self::Lanes),
        (b, y): (Self::Lanes, Self::Lanes),
    ) -> (Self::Lanes, Self::Lanes) {
        let greater = self.avx2._mm256_cmpgt_epi16(b, a);
        let with = self.avx2._mm256_blendv_epi8(x, y, greater);
        (self.avx2._mm256_max_epi16(a, b), with)
    }

    #[inline(always)]
    fn max(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes {
        self.avx2._mm256_max_epi16(a, b)
    }

    #[inline(always)]
    fn array(self, lanes: Self::Lanes) -> [i16; LANES] {
        pulp::cast(lanes)
    }
}

/// Something to do in one arithmetic or another.
trait Task {
    fn run(self, arithmetic: impl Arithmetic);
}

fn run(task: impl Task) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        struct Vectorized<T>(pulp::x86::V3, T);
        impl<T: Task> pulp::NullaryFnOnce for Vectorized<T> {
            type Output = ();

            #[inline(always)]
            fn call(self) {
                self.1.run(self.0);
            }
        }
        return simd.vectorize(Vectorized(simd, task));
    }
    task.run(Portable);
}

struct Pack<'a, I> {
    descriptors: I,
    packed: &'a mut Packed,
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

struct Widen<'a>(&'a mut Spread);

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
struct Above<'a> {
    spread: &'a Spread,
    biases: &'a [i16],
    blocks: &'a [Block],
    found: &'a mut Vec<(u16, u16)>,
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
struct Greatest<'a> {
    spread: &'a Spread,
    entries: &'a Packed,
    out: &'a mut Vec<u16>,
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
struct All<'a> {
    entries: &'a Packed,
    rows: &'a mut Rows,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::descriptor::cosine;
    use super::*;

    struct All {
        cut: f32,
        found: BTreeSet<(usize, usize)>,
    }

    impl Seek for All {
        fn cut(&self, _: usize) -> f32 {
            self.cut
        }

        fn found(&mut self, query: usize, entry: usize) {
            assert!(self.found.insert((query, entry)), "told twice");
        }
    }

    /// Vectors of up to unit length, some alone on an axis.
    fn vectors() -> impl Strategy<Value = Vec<Descriptor>> {
        let vector = (
            proptest::array::uniform24(-1.0f32..1.0),
            0u32..4,
            0.2f32..1.0,
        );
        let made = vector.prop_map(|(mut values, sharp, length)| {
            for value in &mut values {
                *value = value.powi(1 + 2 * sharp as i32);
            }
            let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-6);
            values.map(|v| (v / norm * length * ONE as f32).round() as i16)
        });
        let axis = (0..DIM, any::<bool>()).prop_map(|(place, minus)| {
            let mut values = [0; DIM];
            values[place] = if minus { -ONE as i16 } else { ONE as i16 };
            values
        });
        proptest::collection::vec(prop_oneof![4 => made, 1 => axis], 0..150)
    }

    proptest! {
        #[test]
        fn every_product_above_the_cut_is_found(
            (mut queries, entries) in (vectors(), vectors()),
            cut in 0.3f32..0.95,
        ) {
            queries.extend(entries.iter().take(20));
            let mut all = All { cut, found: BTreeSet::new() };
            above(queries.iter().map(Rounded::new), &Packed::new(entries.iter()), &mut all);
            for (q, query) in queries.iter().enumerate() {
                for (e, entry) in entries.iter().enumerate() {
                    let score = cosine(query, entry);
                    let found = all.found.contains(&(q, e));
                    prop_assert!(found || score < cut, "{score} was lost");
                    prop_assert!(!found || score > cut - 0.1, "{score} is far below");
                }
            }
        }

        #[test]
        fn the_nearest_has_about_the_greatest_product(
            (vectors, entries) in (vectors(), vectors()),
        ) {
            prop_assume!(!entries.is_empty());
            let nearest = nearest(vectors.iter(), &Packed::new(entries.iter()));
            prop_assert_eq!(nearest.len(), vectors.len());
            for (vector, nearest) in vectors.iter().zip(nearest) {
                let most = entries.iter().map(|e| cosine(vector, e)).fold(-1.0, f32::max);
                prop_assert!(cosine(vector, &entries[usize::from(nearest)]) > most - 0.1);
            }
        }

        #[test]
        fn every_processor_finds_the_same((vectors, entries) in (vectors(), vectors())) {
            let packed = Packed::new(entries.iter());
            let mut rows = Rows::default();
            for part in vectors.chunks(Rows::MOST) {
                rows.fill(part.iter(), &packed);
                let here = rows.values.clone();
                Task::run(super::All { entries: &packed, rows: &mut rows }, Portable);
                prop_assert_eq!(&rows.values, &here);
                let (mut found, mut portably) = (Vec::new(), Vec::new());
                let above = |found| Above {
                    spread: &rows.spread,
                    biases: &rows.spread.bias,
                    blocks: &packed.blocks,
                    found,
                };
                run(above(&mut found));
                Task::run(above(&mut portably), Portable);
                prop_assert_eq!(found, portably);
                let (mut nearest, mut portably) = (Vec::new(), Vec::new());
                let greatest = |out| Greatest { spread: &rows.spread, entries: &packed, out };
                run(greatest(&mut nearest));
                Task::run(greatest(&mut portably), Portable);
                prop_assert_eq!(nearest, portably);
            }
        }
    }
}
