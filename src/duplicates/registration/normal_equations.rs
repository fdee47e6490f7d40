//! The normal equations of one Gauss–Newton step on six unknowns of geometry, gain and
//! offset, accumulated sample by sample, and their solution.

use super::affine::Affine;
use super::gauss_newton::{Photometric, WIDE};
use super::sampling::{Block, F32x8, LANES, WithGradient, add, lanewise, sum, times, unclipped};

/// Affine map, gain and offset.
const UNKNOWNS: usize = 8;
/// The step of each unknown.
pub(super) type Steps = [f32; UNKNOWNS];

/// Terms without coordinates: count, |r|, and the weighted 1, a, b, a², b², ar, r, r² of
/// moving a, fixed b and residual r.
const WHOLE: usize = 10;
/// Terms of a row: the products of two derivatives times 1, x, x²; then derivatives times
/// a, 1 and r, each times 1, x.
const ROW: usize = 9 + 12;
/// Terms of all rows: the products times x², xy, x, y², y, 1; the others times x, y, 1.
const FOLDED: usize = 18 + 18;

/// Accumulates the terms of all samples, row by row.
pub(super) struct Accumulate<'a> {
    blocks: &'a [Block<WithGradient>],
    /// Whether samples may be clipped.
    clipped: bool,
    photometric: Photometric,
    /// Width and height of the moving level, in samples.
    size: (f32, f32),
    whole: [F32x8; WHOLE],
    row: [F32x8; ROW],
    folded: [F32x8; FOLDED],
}

impl pulp::WithSimd for Accumulate<'_> {
    type Output = NormalEquations;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _: S) -> NormalEquations {
        let blocks = self.blocks;
        for row in blocks.chunk_by(|a, b| a.y == b.y) {
            for block in row {
                self.block(block);
            }
            if let Some(block) = row.first() {
                self.fold(block.y);
            }
        }
        self.equations()
    }
}

impl<'a> Accumulate<'a> {
    pub(super) fn new(
        blocks: &'a [Block<WithGradient>],
        clipped: bool,
        photometric: Photometric,
        size: (f32, f32),
    ) -> Self {
        Self {
            blocks,
            clipped,
            photometric,
            size,
            whole: [[0.0; LANES]; WHOLE],
            row: [[0.0; LANES]; ROW],
            folded: [[0.0; LANES]; FOLDED],
        }
    }

    #[inline(always)]
    fn block(&mut self, block: &Block<WithGradient>) {
        let Photometric {
            gain,
            offset,
            spread,
        } = self.photometric;
        let inverse = 1.0 / spread;
        let (x, b, valid) = (&block.x, &block.fixed, &block.valid);
        let a = &lanewise(|l| block.moving[l][0]);
        let r = lanewise(|l| b[l] - gain * a[l] - offset);
        let valid = &if self.clipped {
            times(valid, &unclipped(b, a, gain, offset))
        } else {
            *valid
        };
        let w = lanewise(|l| {
            let t = r[l] * inverse;
            let k = 1.0 / (1.0 + t * t);
            k * k * valid[l]
        });
        let (wa, wb) = (times(&w, a), times(&w, b));
        let whole = &mut self.whole;
        add(&mut whole[0], valid);
        add(&mut whole[1], &lanewise(|l| r[l].abs() * valid[l]));
        add(&mut whole[2], &w);
        add(&mut whole[3], &wa);
        add(&mut whole[4], &wb);
        add(&mut whole[5], &times(&wa, a));
        add(&mut whole[6], &times(&wb, b));
        let wr = times(&w, &r);
        add(&mut whole[7], &times(&wa, &r));
        add(&mut whole[8], &wr);
        add(&mut whole[9], &times(&wr, &r));
        let (kx, ky) = (gain * self.size.0, gain * self.size.1);
        let gx = lanewise(|l| block.moving[l][1] * kx);
        let gy = lanewise(|l| block.moving[l][2] * ky);
        let (wgx, wgy) = (times(&w, &gx), times(&w, &gy));
        let products = [times(&wgx, &gx), times(&wgx, &gy), times(&wgy, &gy)];
        for (to, product) in self.row.chunks_exact_mut(3).zip(&products) {
            let by_x = times(product, x);
            add(&mut to[0], product);
            add(&mut to[1], &by_x);
            add(&mut to[2], &times(&by_x, x));
        }
        let others = [
            times(&wgx, a),
            times(&wgy, a),
            wgx,
            wgy,
            times(&wgx, &r),
            times(&wgy, &r),
        ];
        for (to, product) in self.row[9..].chunks_exact_mut(2).zip(&others) {
            add(&mut to[0], product);
            add(&mut to[1], &times(product, x));
        }
    }

    /// Ends the row at height `y`: multiplies its terms with powers of `y`.
    #[inline(always)]
    fn fold(&mut self, y: f32) {
        for (to, row) in (self.folded.chunks_exact_mut(6)).zip(self.row[..9].chunks_exact(3)) {
            add(&mut to[0], &row[2]);
            add(&mut to[1], &lanewise(|l| row[1][l] * y));
            add(&mut to[2], &row[1]);
            add(&mut to[3], &lanewise(|l| row[0][l] * y * y));
            add(&mut to[4], &lanewise(|l| row[0][l] * y));
            add(&mut to[5], &row[0]);
        }
        for (to, row) in (self.folded[18..].chunks_exact_mut(3)).zip(self.row[9..].chunks_exact(2))
        {
            add(&mut to[0], &row[1]);
            add(&mut to[1], &lanewise(|l| row[0][l] * y));
            add(&mut to[2], &row[0]);
        }
        self.row = [[0.0; LANES]; ROW];
    }

    /// Unknowns in order: gx·x, gx·y, gx, gy·x, gy·y, gy, a, 1.
    #[inline(always)]
    fn equations(&self) -> NormalEquations {
        let whole = |i: usize| sum(&self.whole[i]);
        let mut out = NormalEquations {
            matrix: [[0.0; UNKNOWNS]; UNKNOWNS],
            right: [0.0; UNKNOWNS],
            weight: whole(2),
            count: whole(0) as u32,
            residual: whole(1),
            squares: whole(9),
            fixed: [whole(4), whole(6)],
        };
        let m = &mut out.matrix;
        for (c, (row, column)) in [(0, 0), (3, 0), (3, 3)].into_iter().enumerate() {
            let s = |i: usize| sum(&self.folded[6 * c + i]);
            let block = [[s(0), s(1), s(2)], [s(1), s(3), s(4)], [s(2), s(4), s(5)]];
            for (i, values) in block.into_iter().enumerate() {
                m[row + i][column..column + 3].copy_from_slice(&values);
            }
        }
        for k in 0..3 {
            let s = |group: usize| sum(&self.folded[18 + 3 * group + k]);
            m[6][k] = s(0);
            m[6][3 + k] = s(1);
            m[7][k] = s(2);
            m[7][3 + k] = s(3);
            out.right[k] = s(4);
            out.right[3 + k] = s(5);
        }
        m[6][6] = whole(5);
        m[7][6] = whole(3);
        m[7][7] = whole(2);
        out.right[6] = whole(7);
        out.right[7] = whole(8);
        out
    }
}

/// The lower half of the normal equations, and the sums that gates need.
pub(super) struct NormalEquations {
    matrix: [[f32; UNKNOWNS]; UNKNOWNS],
    pub(super) right: [f32; UNKNOWNS],
    /// Sum of the weights.
    pub(super) weight: f32,
    /// Number of samples.
    pub(super) count: u32,
    /// Sum of |r|, not weighted.
    pub(super) residual: f32,
    /// Weighted sum of r².
    pub(super) squares: f32,
    /// Weighted sums of b and b².
    fixed: [f32; 2],
}

impl NormalEquations {
    /// Weighted standard deviation of the fixed image.
    pub(super) fn contrast(&self) -> f32 {
        let [b, bb] = self.fixed.map(|v| v / self.weight);
        (bb - b * b).max(0.0).sqrt()
    }

    /// Map and photometric model after `step`.
    pub(super) fn moved(
        &self,
        step: &Steps,
        map: &Affine,
        photometric: Photometric,
    ) -> Option<(Affine, Photometric)> {
        let mut moved = *map;
        for (value, delta) in moved.0.iter_mut().zip(step) {
            *value += delta.clamp(-0.12, 0.12);
        }
        let next = Photometric {
            gain: photometric.gain + step[6],
            offset: photometric.offset + step[7],
            spread: (WIDE * self.residual / self.count as f32).max(1.5),
        };
        (next.gain.is_finite() && next.gain.abs() >= 0.02).then_some((moved, next))
    }

    /// The step of the damped equations (Levenberg 1944), by Cholesky decomposition.
    pub(super) fn solve(&self) -> Option<Steps> {
        let mut l = self.matrix;
        for (i, row) in l.iter_mut().enumerate() {
            // A hundredth: bounds the step in directions that the image does not determine
            // (along a straight edge), at the cost of a few more rounds.
            row[i] += row[i] * 0.01 + 1e-3;
        }
        for i in 0..UNKNOWNS {
            for j in 0..=i {
                let dot: f32 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
                let rest = l[i][j] - dot;
                if i == j {
                    if rest.is_nan() || rest <= 1e-6 {
                        return None;
                    }
                    l[i][i] = rest.sqrt();
                } else {
                    l[i][j] = rest / l[j][j];
                }
            }
        }
        let mut step = self.right;
        for i in 0..UNKNOWNS {
            let dot: f32 = (0..i).map(|k| l[i][k] * step[k]).sum();
            step[i] = (step[i] - dot) / l[i][i];
        }
        for i in (0..UNKNOWNS).rev() {
            let dot: f32 = (i + 1..UNKNOWNS).map(|k| l[k][i] * step[k]).sum();
            step[i] = (step[i] - dot) / l[i][i];
        }
        step.iter().all(|v| v.is_finite()).then_some(step)
    }
}
