//! Finds the affine map and the gain that lay one picture over another,
//! starting near. Does not judge the result.

use super::pyramid::Level;

/// An affine map between two pictures, each with x and y running from −½ to ½
/// over its width and height: `(x, y) → (m[0]·x + m[1]·y + m[2], m[3]·x + m[4]·y + m[5])`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Map(pub(crate) [f32; 6]);

impl Map {
    /// Every point stays.
    pub(crate) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);

    /// Where a point goes.
    #[inline]
    pub(crate) fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        let m = &self.0;
        (m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5])
    }

    /// Area of the image of a unit square; negative when mirrored.
    pub(crate) fn determinant(&self) -> f32 {
        self.0[0] * self.0[4] - self.0[1] * self.0[3]
    }

    /// `self` after `first`.
    pub(crate) fn after(&self, first: &Self) -> Self {
        let (a, b) = (&self.0, &first.0);
        Self([
            a[0] * b[0] + a[1] * b[3],
            a[0] * b[1] + a[1] * b[4],
            a[0] * b[2] + a[1] * b[5] + a[2],
            a[3] * b[0] + a[4] * b[3],
            a[3] * b[1] + a[4] * b[4],
            a[3] * b[2] + a[4] * b[5] + a[5],
        ])
    }

    /// The way back; `None` when the map flattens the picture.
    pub(crate) fn inverse(&self) -> Option<Self> {
        let det = self.determinant();
        if det.is_nan() || det.abs() <= 1e-6 {
            return None;
        }
        let m = &self.0;
        let (a, b, c, d) = (m[4] / det, -m[1] / det, -m[3] / det, m[0] / det);
        Some(Self([
            a,
            b,
            -(a * m[2] + b * m[5]),
            c,
            d,
            -(c * m[2] + d * m[5]),
        ]))
    }
}

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

/// Sums of one pass over the overlap.
struct Normal {
    matrix: [[f32; UNKNOWNS]; UNKNOWNS],
    right: [f32; UNKNOWNS],
    weight: f32,
    count: u32,
    residual: f32,
    moments: [f32; 5],
}

/// Refines `start`, the map from `fixed` to `moving`, by at most `rounds` of
/// Gauss-Newton on geometry, gain and offset together (the criterion of
/// Evangelidis and Psarakis 2008), with residuals above the usual weighed down
/// so that a banner or a black corner does not pull. `None` when the overlap
/// is lost or one of the two is flat there.
pub(crate) fn align(
    fixed: &Level,
    moving: &Level,
    start: Map,
    rounds: usize,
    stride: usize,
) -> Option<Fit> {
    let mut map = start;
    let (mut gain, mut offset) = (1.0, 0.0);
    let mut spread = f32::INFINITY;
    let mut fit = None;
    for round in 0..=rounds {
        if round == 0 {
            (gain, offset, spread) = photometry(fixed, moving, &map, stride)?;
        }
        let sums = pass(fixed, moving, &map, gain, offset, spread, stride);
        let total = fixed.width.div_ceil(stride) * fixed.height.div_ceil(stride);
        if (sums.count as usize) * 5 < total || sums.weight < 8.0 {
            return None;
        }
        fit = Some(Fit {
            map,
            correlation: correlation(&sums),
        });
        if round == rounds {
            break;
        }
        let next = WIDE * sums.residual / sums.count as f32;
        let Some(step) = solve(&sums) else { break };
        spread = next.max(1.5);
        let mut moved = map;
        for (value, delta) in moved.0.iter_mut().zip(&step) {
            *value += delta.clamp(-0.12, 0.12);
        }
        gain += step[6];
        offset += step[7];
        if !gain.is_finite() || gain.abs() < 0.02 {
            break;
        }
        let size: f32 = step[..6].iter().map(|d| d.abs()).fold(0.0, f32::max);
        map = moved;
        if size * (fixed.width.max(fixed.height) as f32) < 0.03 {
            let sums = pass(fixed, moving, &map, gain, offset, spread, stride);
            if (sums.count as usize) * 5 >= total && sums.weight >= 8.0 {
                fit = Some(Fit {
                    map,
                    correlation: correlation(&sums),
                });
            }
            break;
        }
    }
    fit.filter(|fit| fit.correlation.is_finite())
}

/// Gain and offset by plain regression at the start, and the spread that goes
/// with what they leave.
fn photometry(fixed: &Level, moving: &Level, map: &Map, stride: usize) -> Option<(f32, f32, f32)> {
    let m = &map.0;
    let (mw, mh) = (moving.width as f32, moving.height as f32);
    let mut n = 0.0f32;
    let mut s = [0.0f32; 5];
    for line in (0..fixed.height).step_by(stride) {
        let y = (line as f32 + 0.5) / fixed.height as f32 - 0.5;
        let pixels = &fixed.pixels[line * fixed.width..(line + 1) * fixed.width];
        for (column, pixel) in pixels.iter().enumerate().step_by(stride) {
            let x = (column as f32 + 0.5) / fixed.width as f32 - 0.5;
            let px = (m[0] * x + m[1] * y + m[2] + 0.5) * mw - 0.5;
            let py = (m[3] * x + m[4] * y + m[5] + 0.5) * mh - 0.5;
            if px >= -0.5 && py >= -0.5 && px <= mw - 0.5 && py <= mh - 0.5 {
                let (a, b) = (moving.value(px, py), pixel[0]);
                n += 1.0;
                for (sum, v) in s.iter_mut().zip([a, b, a * a, a * b, b * b]) {
                    *sum += v;
                }
            }
        }
    }
    if n < 8.0 {
        return None;
    }
    let [sa, sb, saa, sab, sbb] = s;
    let var = saa - sa * sa / n;
    if var < n {
        return None;
    }
    let cov = sab - sa * sb / n;
    let gain = (cov / var).max(0.1);
    let offset = (sb - gain * sa) / n;
    let left = (sbb - sb * sb / n - 2.0 * gain * cov + gain * gain * var).max(0.0) / n;
    Some((
        gain,
        offset,
        (WIDE * MEAN_OF_DEVIATION * left.sqrt()).max(1.5),
    ))
}

/// Mean absolute value over deviation, of a normal spread.
const MEAN_OF_DEVIATION: f32 = 0.8;

/// Samples of a row handled together; a thumbnail row is at most 64 long.
const LANES: usize = 8;
const ROW: usize = 64 + LANES;

/// One row of the overlap, as columns of numbers.
struct Row {
    x: [f32; ROW],
    fixed: [f32; ROW],
    value: [f32; ROW],
    slope_x: [f32; ROW],
    slope_y: [f32; ROW],
    count: usize,
}

/// Calls `f(y, row)` for each row of `fixed` that `moving` covers somewhere,
/// `stride` samples apart.
#[inline(always)]
fn rows(fixed: &Level, moving: &Level, map: &Map, stride: usize, mut f: impl FnMut(f32, &mut Row)) {
    let m = &map.0;
    let (fw, fh) = (fixed.width as f32, fixed.height as f32);
    let (mw, mh) = (moving.width as f32, moving.height as f32);
    let (right, bottom) = (mw - 0.5, mh - 0.5);
    let mut row = Row {
        x: [0.0; ROW],
        fixed: [0.0; ROW],
        value: [0.0; ROW],
        slope_x: [0.0; ROW],
        slope_y: [0.0; ROW],
        count: 0,
    };
    for line in (0..fixed.height).step_by(stride) {
        let y = (line as f32 + 0.5) / fh - 0.5;
        let base_x = (m[1] * y + m[2] + 0.5) * mw - 0.5;
        let base_y = (m[4] * y + m[5] + 0.5) * mh - 0.5;
        let (dx, dy) = (m[0] * mw, m[3] * mh);
        let pixels = &fixed.pixels[line * fixed.width..(line + 1) * fixed.width];
        row.count = 0;
        for (column, pixel) in pixels.iter().enumerate().step_by(stride).take(64) {
            let x = (column as f32 + 0.5) / fw - 0.5;
            let px = base_x + dx * x;
            let py = base_y + dy * x;
            // Half a sample beyond the outermost centres still is picture.
            if px >= -0.5 && py >= -0.5 && px <= right && py <= bottom {
                let [value, slope_x, slope_y, _] = moving.sample(px, py);
                let i = row.count;
                row.x[i] = x;
                row.fixed[i] = pixel[0];
                row.value[i] = value;
                row.slope_x[i] = slope_x;
                row.slope_y[i] = slope_y;
                row.count += 1;
            }
        }
        if row.count > 0 {
            f(y, &mut row);
        }
    }
}

type Lanes = [f32; LANES];

#[inline(always)]
fn times(a: &Lanes, b: &Lanes) -> Lanes {
    std::array::from_fn(|l| a[l] * b[l])
}

/// Sums of a row that the normal equations are made of; each times the weight.
const TERMS: usize = 29;

fn pass(
    fixed: &Level,
    moving: &Level,
    map: &Map,
    gain: f32,
    offset: f32,
    spread: f32,
    stride: usize,
) -> Normal {
    let mut sums = Normal {
        matrix: [[0.0; UNKNOWNS]; UNKNOWNS],
        right: [0.0; UNKNOWNS],
        weight: 0.0,
        count: 0,
        residual: 0.0,
        moments: [0.0; 5],
    };
    let inverse = 1.0 / spread;
    let (kx, ky) = (gain * moving.width as f32, gain * moving.height as f32);
    rows(fixed, moving, map, stride, |y, row| {
        let mut lanes = [[0.0f32; LANES]; TERMS];
        let padded = row.count.next_multiple_of(LANES);
        let mut start = 0;
        while start < padded {
            let take = |from: &[f32; ROW]| -> Lanes { std::array::from_fn(|l| from[start + l]) };
            let (x, b, a) = (take(&row.x), take(&row.fixed), take(&row.value));
            let live: Lanes =
                std::array::from_fn(|l| if start + l < row.count { 1.0 } else { 0.0 });
            let r: Lanes = std::array::from_fn(|l| b[l] - gain * a[l] - offset);
            let w: Lanes = std::array::from_fn(|l| {
                let t = r[l] * inverse;
                let k = 1.0 / (1.0 + t * t);
                k * k * live[l]
            });
            let gx = take(&row.slope_x).map(|v| v * kx);
            let gy = take(&row.slope_y).map(|v| v * ky);
            let (wgx, wgy, wa) = (times(&w, &gx), times(&w, &gy), times(&w, &a));
            let mut term = 0;
            let mut add = |v: &Lanes| {
                for (sum, v) in lanes[term].iter_mut().zip(v) {
                    *sum += v;
                }
                term += 1;
            };
            for product in [times(&wgx, &gx), times(&wgx, &gy), times(&wgy, &gy)] {
                let by_x = times(&product, &x);
                add(&product);
                add(&by_x);
                add(&times(&by_x, &x));
            }
            for product in [times(&wgx, &a), times(&wgy, &a), wgx, wgy] {
                add(&product);
                add(&times(&product, &x));
            }
            add(&times(&wa, &a));
            add(&wa);
            add(&w);
            for product in [times(&wgx, &r), times(&wgy, &r)] {
                add(&product);
                add(&times(&product, &x));
            }
            add(&times(&wa, &r));
            add(&times(&w, &r));
            add(&times(&live, &r.map(f32::abs)));
            add(&times(&times(&w, &b), &b));
            add(&times(&wa, &b));
            start += LANES;
        }
        let s = lanes.map(|lane| lane.iter().sum::<f32>());
        // Unknowns in order: gx·x, gx·y, gx, gy·x, gy·y, gy, a, 1.
        let block = |c: usize| {
            [
                [s[c + 2], s[c + 1] * y, s[c + 1]],
                [s[c + 1] * y, s[c] * y * y, s[c] * y],
                [s[c + 1], s[c] * y, s[c]],
            ]
        };
        let (bxx, bxy, byy) = (block(0), block(3), block(6));
        let m = &mut sums.matrix;
        for i in 0..3 {
            for j in 0..3 {
                m[i][j] += bxx[i][j];
                m[i + 3][j] += bxy[i][j];
                m[i + 3][j + 3] += byy[i][j];
            }
        }
        for (i, c) in [(0, 9), (3, 11)] {
            for (k, v) in [s[c + 1], s[c] * y, s[c]].into_iter().enumerate() {
                m[6][i + k] += v;
            }
            for (k, v) in [s[c + 5], s[c + 4] * y, s[c + 4]].into_iter().enumerate() {
                m[7][i + k] += v;
            }
        }
        m[6][6] += s[17];
        m[7][6] += s[18];
        m[7][7] += s[19];
        let right = [
            s[21],
            s[20] * y,
            s[20],
            s[23],
            s[22] * y,
            s[22],
            s[24],
            s[25],
        ];
        for (cell, v) in sums.right.iter_mut().zip(right) {
            *cell += v;
        }
        sums.weight += s[19];
        sums.count += row.count as u32;
        sums.residual += s[26];
        // w·b = w·r + gain·w·a + offset·w.
        let wb = s[25] + gain * s[18] + offset * s[19];
        for (cell, v) in sums
            .moments
            .iter_mut()
            .zip([s[18], wb, s[17], s[27], s[28]])
        {
            *cell += v;
        }
    });
    sums
}

fn correlation(sums: &Normal) -> f32 {
    let [a, b, aa, bb, ab] = sums.moments.map(|v| v / sums.weight);
    let (va, vb) = (aa - a * a, bb - b * b);
    if va <= 0.05 || vb <= 0.05 {
        return 0.0;
    }
    (ab - a * b) / (va * vb).sqrt()
}

/// The step of the damped normal equations, by Cholesky.
fn solve(sums: &Normal) -> Option<[f32; UNKNOWNS]> {
    let mut l = sums.matrix;
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
    let mut step = sums.right;
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
