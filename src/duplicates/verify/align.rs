//! Finds the affine map and the gain that lay one picture over another,
//! starting near. Does not judge the result.

use super::lanes::{Block, LANES, Lanes, Visitor, add, each, sum, times, visit};
use super::map::Map;
use super::pyramid::Level;

/// Where an alignment ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    /// From the fixed picture to the moving one.
    pub(crate) map: Map,
    /// Correlation of the two over the overlap, outliers weighed down.
    pub(crate) correlation: f32,
}

const UNKNOWNS: usize = 8;
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
    moving: &Level,
    start: Map,
    rounds: usize,
    stride: usize,
) -> Option<Fit> {
    let total = fixed.width.div_ceil(stride) * fixed.height.div_ceil(stride);
    let look = |map: &Map, light: Light, last: bool| {
        let pass = Pass {
            fixed,
            moving,
            map,
            light,
            stride,
        };
        let sums = if last { pass.moments() } else { pass.normal() };
        ((sums.count as usize) * 5 >= total && sums.weight >= 8.0).then_some(sums)
    };
    let mut map = start;
    let mut light = photometry(fixed, moving, &map, stride)?;
    let mut fit = None;
    for round in 0..=rounds {
        let last = round == rounds;
        let sums = look(&map, light, last)?;
        let correlation = sums.correlation();
        fit = Some(Fit { map, correlation });
        if last {
            break;
        }
        let Some(step) = sums.solve() else { break };
        light.spread = (WIDE * sums.residual / sums.count as f32).max(1.5);
        for (value, delta) in map.0.iter_mut().zip(&step) {
            *value += delta.clamp(-0.12, 0.12);
        }
        light.gain += step[6];
        light.offset += step[7];
        if !light.gain.is_finite() || light.gain.abs() < 0.02 {
            break;
        }
        let size: f32 = step[..6].iter().map(|d| d.abs()).fold(0.0, f32::max);
        if size * (fixed.width.max(fixed.height) as f32) < 0.03 {
            if let Some(sums) = look(&map, light, true) {
                let correlation = sums.correlation();
                fit = Some(Fit { map, correlation });
            }
            break;
        }
    }
    fit.filter(|fit| fit.correlation.is_finite())
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

/// Gain and offset by plain regression, and the spread that goes with what
/// they leave.
fn photometry(fixed: &Level, moving: &Level, map: &Map, stride: usize) -> Option<Light> {
    let sums = pulp::Arch::new().dispatch(Plain {
        fixed,
        moving,
        map,
        stride,
    });
    let [n, sa, sb, saa, sab, sbb] = sums;
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

/// Sums for a plain regression: number, moving, fixed, and their products.
struct Plain<'a> {
    fixed: &'a Level,
    moving: &'a Level,
    map: &'a Map,
    stride: usize,
}

impl pulp::WithSimd for Plain<'_> {
    type Output = [f32; 6];

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> [f32; 6] {
        let mut sums = PlainSums([[0.0; LANES]; 6]);
        let fixed = (self.fixed, 0..self.fixed.height);
        visit(fixed, self.moving, self.map, self.stride, &mut sums);
        let mut out = [0.0; 6];
        for (out, lanes) in out.iter_mut().zip(&sums.0) {
            *out = sum(lanes);
        }
        out
    }
}

struct PlainSums([Lanes; 6]);

impl Visitor for PlainSums {
    const SLOPES: bool = false;

    #[inline(always)]
    fn block(&mut self, _: usize, _: usize, block: &Block) {
        let (a, b) = (
            times(&block.value, &block.live),
            times(&block.fixed, &block.live),
        );
        add(&mut self.0[0], &block.live);
        add(&mut self.0[1], &a);
        add(&mut self.0[2], &b);
        add(&mut self.0[3], &times(&a, &a));
        add(&mut self.0[4], &times(&a, &b));
        add(&mut self.0[5], &times(&b, &b));
    }

    #[inline(always)]
    fn row(&mut self, _: f32) {}
}

/// One look at the overlap.
struct Pass<'a> {
    fixed: &'a Level,
    moving: &'a Level,
    map: &'a Map,
    light: Light,
    stride: usize,
}

impl Pass<'_> {
    /// With the normal equations of the next step.
    fn normal(self) -> Normal {
        pulp::Arch::new().dispatch(WithSteps::<true>(self))
    }

    /// Without.
    fn moments(self) -> Normal {
        pulp::Arch::new().dispatch(WithSteps::<false>(self))
    }
}

struct WithSteps<'a, const STEPS: bool>(Pass<'a>);

impl<const STEPS: bool> pulp::WithSimd for WithSteps<'_, STEPS> {
    type Output = Normal;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Normal {
        let Pass {
            fixed,
            moving,
            map,
            light,
            stride,
        } = self.0;
        let mut sums = Sums::<STEPS> {
            light,
            size: (moving.width as f32, moving.height as f32),
            whole: [[0.0; LANES]; WHOLE],
            row: [[0.0; LANES]; ROW],
            folded: [[0.0; LANES]; FOLDED],
        };
        visit((fixed, 0..fixed.height), moving, map, stride, &mut sums);
        sums.normal()
    }
}

/// Terms without coordinates: count, |r|, and the weighted 1, a, b, a², b², ab,
/// ar, r of moving a, fixed b and residual r.
const WHOLE: usize = 10;
/// Of a row: the products of two slopes times 1, x, x²; then slopes times a, 1
/// and r, each times 1, x.
const ROW: usize = 9 + 12;
/// Of all rows: the products times x², xy, x, y², y, 1; the others times x, y, 1.
const FOLDED: usize = 18 + 18;

struct Sums<const STEPS: bool> {
    light: Light,
    /// Of the moving level.
    size: (f32, f32),
    whole: [Lanes; WHOLE],
    row: [Lanes; ROW],
    folded: [Lanes; FOLDED],
}

impl<const STEPS: bool> Visitor for Sums<STEPS> {
    const SLOPES: bool = STEPS;

    #[inline(always)]
    fn block(&mut self, _: usize, _: usize, block: &Block) {
        let Light {
            gain,
            offset,
            spread,
        } = self.light;
        let inverse = 1.0 / spread;
        let (x, a, b, live) = (&block.x, &block.value, &block.fixed, &block.live);
        let r = each(|l| b[l] - gain * a[l] - offset);
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
        add(&mut whole[7], &times(&wa, b));
        if !STEPS {
            return;
        }
        let wr = times(&w, &r);
        add(&mut whole[8], &times(&wa, &r));
        add(&mut whole[9], &wr);
        let (kx, ky) = (gain * self.size.0, gain * self.size.1);
        let gx = each(|l| block.slope_x[l] * kx);
        let gy = each(|l| block.slope_y[l] * ky);
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

    #[inline(always)]
    fn row(&mut self, y: f32) {
        if !STEPS {
            return;
        }
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
}

impl<const STEPS: bool> Sums<STEPS> {
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
            moments: [whole(3), whole(4), whole(5), whole(6), whole(7)],
        };
        if !STEPS {
            return out;
        }
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
        out.right[6] = whole(8);
        out.right[7] = whole(9);
        out
    }
}

/// What one look gave: the lower half of the normal equations, and the weighted
/// moments a, b, a², b², ab.
struct Normal {
    matrix: [[f32; UNKNOWNS]; UNKNOWNS],
    right: [f32; UNKNOWNS],
    weight: f32,
    count: u32,
    residual: f32,
    moments: [f32; 5],
}

impl Normal {
    fn correlation(&self) -> f32 {
        let [a, b, aa, bb, ab] = self.moments.map(|v| v / self.weight);
        let (va, vb) = (aa - a * a, bb - b * b);
        if va <= 0.05 || vb <= 0.05 {
            return 0.0;
        }
        (ab - a * b) / (va * vb).sqrt()
    }

    /// The step of the damped equations, by Cholesky.
    fn solve(&self) -> Option<[f32; UNKNOWNS]> {
        let mut l = self.matrix;
        for (i, row) in l.iter_mut().enumerate() {
            // A hundredth: keeps directions that the picture does not fix (along
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
