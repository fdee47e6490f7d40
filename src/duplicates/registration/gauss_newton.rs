//! Finds the affine map and the gain that lay one image over another,
//! starting near. Does not judge the result.

use super::affine::Map;
use super::pyramid::{Level, Sloped};
use super::sampling::{Block, LANES, Lanes, Look, Slopes, add, each, sum, times, transformed};

const UNKNOWNS: usize = 8;
/// How far each unknown moves.
type Steps = [f32; UNKNOWNS];
/// Mean absolute residuals at which a sample's weight is down to a quarter:
/// two deviations of a normal spread.
const WIDE: f32 = 2.5;

/// Refines `start`, the map from `fixed` to `moving`, by at most `rounds` of
/// Gauss-Newton on geometry, gain and offset together (the criterion of
/// Evangelidis and Psarakis 2008), with residuals above the usual weighed down
/// so that a banner or a black corner does not pull. Looks at every `stride`th
/// sample of every `stride`th row. `None` when the overlap is lost or one of
/// the two is flat there.
pub(crate) fn align(
    fixed: &Level,
    moving: &Sloped,
    start: Map,
    rounds: usize,
    stride: usize,
) -> Option<Map> {
    let mut overlap = Overlap {
        fixed,
        moving,
        stride,
        cut_off: fixed.is_cut_off() || moving.level.is_cut_off(),
        blocks: Vec::new(),
    };
    let mut map = start;
    let mut light = None;
    for _ in 0..rounds {
        overlap.lay(&map);
        let now = match light {
            Some(light) => light,
            None => overlap.light()?,
        };
        let sums = overlap.sums(now)?;
        let Some((moved, next)) = (sums.solve()).and_then(|step| sums.moved(&step, &map, now))
        else {
            break;
        };
        let moves = map.0.iter().zip(&moved.0).map(|(a, b)| (a - b).abs());
        let farthest = moves.fold(0.0, f32::max);
        map = moved;
        if farthest * (fixed.width.max(fixed.height) as f32) < 0.03 {
            break;
        }
        light = Some(next);
    }
    Some(map)
}

/// Where one step of [`align`] led, and what is to be expected there, from the
/// sums that were needed for the step: nothing more is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) map: Map,
    /// Mean absolute residual before the step, in grey levels.
    pub(crate) residual: f32,
    /// Root of the mean square that the linear model leaves after the step.
    pub(crate) left: f32,
    /// Deviation of the fixed image.
    pub(crate) contrast: f32,
}

/// One step of [`align`] on all samples.
pub(crate) fn step(fixed: &Level, moving: &Sloped, start: &Map) -> Option<Step> {
    let mut overlap = Overlap {
        fixed,
        moving,
        stride: 1,
        cut_off: fixed.is_cut_off() || moving.level.is_cut_off(),
        blocks: Vec::new(),
    };
    overlap.lay(start);
    let light = overlap.light()?;
    let sums = overlap.sums(light)?;
    let step = sums.solve()?;
    let gained: f32 = step.iter().zip(&sums.right).map(|(a, b)| a * b).sum();
    Some(Step {
        map: sums.moved(&step, start, light)?.0,
        residual: sums.residual / sums.count as f32,
        left: ((sums.squares - gained).max(0.0) / sums.weight).sqrt(),
        contrast: sums.contrast(),
    })
}

/// fixed = gain × moving + offset, and the difference at which a sample's
/// weight is down to a quarter.
#[derive(Debug, Clone, Copy)]
struct Light {
    gain: f32,
    offset: f32,
    spread: f32,
}

/// Mean absolute value over deviation, of a normal spread.
const MEAN_OF_DEVIATION: f32 = 0.8;

/// Two images, and what they share under the map they were last laid by.
struct Overlap<'a> {
    fixed: &'a Level,
    moving: &'a Sloped,
    stride: usize,
    /// Whether one of the two has samples that may be.
    cut_off: bool,
    blocks: Vec<Block<Slopes>>,
}

impl Overlap<'_> {
    fn lay(&mut self, map: &Map) {
        let look = Look {
            fixed: self.fixed,
            lines: 0..self.fixed.height,
            moving: self.moving,
            map,
            stride: self.stride,
        };
        look.at(&mut self.blocks);
    }

    /// Gain and offset by plain regression, and the spread that goes with what
    /// they leave.
    fn light(&self) -> Option<Light> {
        let [n, sa, sb, saa, sab, sbb] = pulp::Arch::new().dispatch(Plain(&self.blocks));
        if n < 8.0 {
            return None;
        }
        let var = saa - sa * sa / n;
        if var < n {
            return None;
        }
        let cov = sab - sa * sb / n;
        let gain = (cov / var).max(0.1);
        let left = (sbb - sb * sb / n - 2.0 * gain * cov + gain * gain * var).max(0.0) / n;
        Some(Light {
            gain,
            offset: (sb - gain * sa) / n,
            spread: (WIDE * MEAN_OF_DEVIATION * left.sqrt()).max(1.5),
        })
    }

    /// The sums of the next step. `None` when too little is left of the overlap.
    fn sums(&self, light: Light) -> Option<Normal> {
        let moving = &self.moving.level;
        let size = (moving.width as f32, moving.height as f32);
        let sums = pulp::Arch::new().dispatch(Sums::new(self, light, size));
        let samples = |side: usize| side.div_ceil(self.stride);
        let total = samples(self.fixed.width) * samples(self.fixed.height);
        ((sums.count as usize) * 5 >= total && sums.weight >= 8.0).then_some(sums)
    }
}

/// Sums for a plain regression: number, moving, fixed, and their products.
struct Plain<'a>(&'a [Block<Slopes>]);

impl pulp::WithSimd for Plain<'_> {
    type Output = [f32; 6];

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> [f32; 6] {
        let mut sums = [[0.0; LANES]; 6];
        for block in self.0 {
            let a = each(|l| block.under[l][0] * block.live[l]);
            let b = times(&block.fixed, &block.live);
            add(&mut sums[0], &block.live);
            add(&mut sums[1], &a);
            add(&mut sums[2], &b);
            add(&mut sums[3], &times(&a, &a));
            add(&mut sums[4], &times(&a, &b));
            add(&mut sums[5], &times(&b, &b));
        }
        let mut out = [0.0; 6];
        for (out, lanes) in out.iter_mut().zip(&sums) {
            *out = sum(lanes);
        }
        out
    }
}

/// Terms without coordinates: count, |r|, and the weighted 1, a, b, a², b², ar,
/// r, r² of moving a, fixed b and residual r.
const WHOLE: usize = 10;
/// Of a row: the products of two slopes times 1, x, x²; then slopes times a, 1
/// and r, each times 1, x.
const ROW: usize = 9 + 12;
/// Of all rows: the products times x², xy, x, y², y, 1; the others times x, y, 1.
const FOLDED: usize = 18 + 18;

struct Sums<'a> {
    blocks: &'a [Block<Slopes>],
    cut_off: bool,
    light: Light,
    /// Of the moving level.
    size: (f32, f32),
    whole: [Lanes; WHOLE],
    row: [Lanes; ROW],
    folded: [Lanes; FOLDED],
}

impl pulp::WithSimd for Sums<'_> {
    type Output = Normal;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _: S) -> Normal {
        let blocks = self.blocks;
        for row in blocks.chunk_by(|a, b| a.y == b.y) {
            for block in row {
                self.block(block);
            }
            if let Some(block) = row.first() {
                self.fold(block.y);
            }
        }
        self.normal()
    }
}

impl<'a> Sums<'a> {
    fn new(overlap: &'a Overlap<'_>, light: Light, size: (f32, f32)) -> Self {
        Self {
            blocks: &overlap.blocks,
            cut_off: overlap.cut_off,
            light,
            size,
            whole: [[0.0; LANES]; WHOLE],
            row: [[0.0; LANES]; ROW],
            folded: [[0.0; LANES]; FOLDED],
        }
    }

    #[inline(always)]
    fn block(&mut self, block: &Block<Slopes>) {
        let Light {
            gain,
            offset,
            spread,
        } = self.light;
        let inverse = 1.0 / spread;
        let (x, b, live) = (&block.x, &block.fixed, &block.live);
        let a = &each(|l| block.under[l][0]);
        let r = each(|l| b[l] - gain * a[l] - offset);
        let live = &if self.cut_off {
            times(live, &transformed(b, a, gain, offset))
        } else {
            *live
        };
        let w = each(|l| {
            let t = r[l] * inverse;
            let k = 1.0 / (1.0 + t * t);
            k * k * live[l]
        });
        let (wa, wb) = (times(&w, a), times(&w, b));
        let whole = &mut self.whole;
        add(&mut whole[0], live);
        add(&mut whole[1], &each(|l| r[l].abs() * live[l]));
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
        let gx = each(|l| block.under[l][1] * kx);
        let gy = each(|l| block.under[l][2] * ky);
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

    /// The row at height `y` has ended.
    #[inline(always)]
    fn fold(&mut self, y: f32) {
        for (to, row) in (self.folded.chunks_exact_mut(6)).zip(self.row[..9].chunks_exact(3)) {
            add(&mut to[0], &row[2]);
            add(&mut to[1], &each(|l| row[1][l] * y));
            add(&mut to[2], &row[1]);
            add(&mut to[3], &each(|l| row[0][l] * y * y));
            add(&mut to[4], &each(|l| row[0][l] * y));
            add(&mut to[5], &row[0]);
        }
        for (to, row) in (self.folded[18..].chunks_exact_mut(3)).zip(self.row[9..].chunks_exact(2))
        {
            add(&mut to[0], &row[1]);
            add(&mut to[1], &each(|l| row[0][l] * y));
            add(&mut to[2], &row[0]);
        }
        self.row = [[0.0; LANES]; ROW];
    }

    /// Unknowns in order: gx·x, gx·y, gx, gy·x, gy·y, gy, a, 1.
    #[inline(always)]
    fn normal(&self) -> Normal {
        let whole = |i: usize| sum(&self.whole[i]);
        let mut out = Normal {
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

/// What one look gave: the lower half of the normal equations, and more sums.
struct Normal {
    matrix: [[f32; UNKNOWNS]; UNKNOWNS],
    right: [f32; UNKNOWNS],
    weight: f32,
    count: u32,
    /// Sum of |r|, not weighted.
    residual: f32,
    /// Weighted sum of r².
    squares: f32,
    /// Weighted sums of b and b².
    fixed: [f32; 2],
}

impl Normal {
    /// Deviation of the fixed image, weighted.
    fn contrast(&self) -> f32 {
        let [b, bb] = self.fixed.map(|v| v / self.weight);
        (bb - b * b).max(0.0).sqrt()
    }

    /// Map and light after `step`.
    fn moved(&self, step: &Steps, map: &Map, light: Light) -> Option<(Map, Light)> {
        let mut moved = *map;
        for (value, delta) in moved.0.iter_mut().zip(step) {
            *value += delta.clamp(-0.12, 0.12);
        }
        let next = Light {
            gain: light.gain + step[6],
            offset: light.offset + step[7],
            spread: (WIDE * self.residual / self.count as f32).max(1.5),
        };
        (next.gain.is_finite() && next.gain.abs() >= 0.02).then_some((moved, next))
    }

    /// The step of the damped equations, by Cholesky.
    fn solve(&self) -> Option<Steps> {
        let mut l = self.matrix;
        for (i, row) in l.iter_mut().enumerate() {
            // A hundredth: keeps directions that the image does not fix (along
            // a straight edge) from running away, at a few more rounds.
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
