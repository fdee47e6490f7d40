//! Integer arithmetic in sixteen lanes: AVX2 where the processor has it, portable code with
//! the same results elsewhere.

use super::LANES;

/// Arithmetic in sixteen lanes of 16 bits, modulo 2^16.
pub(super) trait Arithmetic: Copy {
    type Lanes: Copy;
    fn splat(self, value: i16) -> Self::Lanes;
    /// `sum` plus the products of the pairs.
    fn add(self, sum: Self::Lanes, database: &[u8; 32], query: &[i8; 32]) -> Self::Lanes;
    /// Which lanes of `a` are greater than those of `b`: two bits a lane.
    fn greater(self, a: Self::Lanes, b: Self::Lanes) -> u32;
    /// Of `ax = (a, x)` and `by = (b, y)` the one with the greater first part, lane by
    /// lane: `ax` where they are equal.
    fn greatest(
        self,
        ax: (Self::Lanes, Self::Lanes),
        by: (Self::Lanes, Self::Lanes),
    ) -> (Self::Lanes, Self::Lanes);
    fn max(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;
    fn array(self, lanes: Self::Lanes) -> [i16; LANES];
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

impl Arithmetic for Portable {
    type Lanes = [i16; LANES];

    #[inline(always)]
    fn splat(self, value: i16) -> Self::Lanes {
        [value; LANES]
    }

    #[inline(always)]
    fn add(self, mut sum: Self::Lanes, database: &[u8; 32], query: &[i8; 32]) -> Self::Lanes {
        for (l, sum) in sum.iter_mut().enumerate() {
            let product = |i: usize| i16::from(database[i]) * i16::from(query[i]);
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
    fn add(self, sum: Self::Lanes, database: &[u8; 32], query: &[i8; 32]) -> Self::Lanes {
        let pairs = (self.avx2)._mm256_maddubs_epi16(pulp::cast(*database), pulp::cast(*query));
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

/// Work in any arithmetic.
pub(super) trait Task {
    fn run(self, arithmetic: impl Arithmetic);
}

pub(super) fn run(task: impl Task) {
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
