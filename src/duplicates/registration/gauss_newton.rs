//! Refines an affine map and a photometric model by Gauss–Newton steps. Needs a start
//! near the solution, and does not judge the result.

use super::affine::Affine;
use super::normal_equations::{Accumulate, NormalEquations};
use super::pyramid::{GradientLevel, Level};
use super::sampling::{Block, F32x8, LANES, SampleGrid, WithGradient, add, lanewise, sum, times};

/// Mean absolute residuals at which the weight of a sample is a quarter: two standard
/// deviations of a normal distribution.
pub(super) const WIDE: f32 = 2.5;

/// Refines `start`, the map from `fixed` to `moving`, by at most `rounds` Gauss–Newton
/// steps on geometry, gain and offset together (the criterion of Evangelidis & Psarakis
/// 2008, "Parametric image alignment using enhanced correlation coefficient
/// maximization"). Large residuals weigh less (iteratively reweighted least squares), so
/// that a banner or a black corner does not bias the map. Uses every `stride`th sample of
/// every `stride`th row. `None` when the overlap is lost or one of the two is flat there.
pub(crate) fn register(
    fixed: &Level,
    moving: &GradientLevel,
    start: Affine,
    rounds: usize,
    stride: usize,
) -> Option<Affine> {
    let mut overlap = Overlap::new(fixed, moving, stride);
    let mut map = start;
    let mut photometric = None;
    for _ in 0..rounds {
        overlap.resample(&map);
        let now = match photometric {
            Some(photometric) => photometric,
            None => overlap.photometric()?,
        };
        let equations = overlap.equations(now)?;
        let Some((moved, next)) =
            (equations.solve()).and_then(|step| equations.moved(&step, &map, now))
        else {
            break;
        };
        let moves = map.0.iter().zip(&moved.0).map(|(a, b)| (a - b).abs());
        let farthest = moves.fold(0.0, f32::max);
        map = moved;
        if farthest * (fixed.width.max(fixed.height) as f32) < 0.03 {
            break;
        }
        photometric = Some(next);
    }
    Some(map)
}

/// The result of one step of [`register`] and its expected residual, from the sums that
/// the step needs anyway: no sample is read again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) map: Affine,
    /// Mean absolute residual before the step, in grey levels.
    pub(crate) residual: f32,
    /// Root mean square residual of the linear model after the step, in grey levels.
    pub(crate) left: f32,
    /// Standard deviation of the fixed image, in grey levels.
    pub(crate) contrast: f32,
}

/// One step of [`register`] on all samples.
pub(crate) fn step(fixed: &Level, moving: &GradientLevel, start: &Affine) -> Option<Step> {
    let mut overlap = Overlap::new(fixed, moving, 1);
    overlap.resample(start);
    let photometric = overlap.photometric()?;
    let equations = overlap.equations(photometric)?;
    let step = equations.solve()?;
    let gained: f32 = step.iter().zip(&equations.right).map(|(a, b)| a * b).sum();
    Some(Step {
        map: equations.moved(&step, start, photometric)?.0,
        residual: equations.residual / equations.count as f32,
        left: ((equations.squares - gained).max(0.0) / equations.weight).sqrt(),
        contrast: equations.contrast(),
    })
}

/// fixed = gain × moving + offset, and the residual at which the weight of a sample is a
/// quarter, in grey levels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Photometric {
    pub(super) gain: f32,
    pub(super) offset: f32,
    pub(super) spread: f32,
}

/// Mean absolute value over standard deviation, of a normal distribution.
const MEAN_OF_DEVIATION: f32 = 0.8;

/// Two images, and their overlap under the last map.
struct Overlap<'a> {
    fixed: &'a Level,
    moving: &'a GradientLevel,
    stride: usize,
    /// Whether one of the two may have clipped samples.
    clipped: bool,
    blocks: Vec<Block<WithGradient>>,
}

impl<'a> Overlap<'a> {
    fn new(fixed: &'a Level, moving: &'a GradientLevel, stride: usize) -> Self {
        Self {
            fixed,
            moving,
            stride,
            clipped: fixed.is_clipped() || moving.level.is_clipped(),
            blocks: Vec::new(),
        }
    }

    fn resample(&mut self, map: &Affine) {
        let grid = SampleGrid {
            fixed: self.fixed,
            lines: 0..self.fixed.height,
            moving: self.moving,
            map,
            stride: self.stride,
        };
        grid.resample(&mut self.blocks);
    }

    /// Gain and offset by plain regression, and the spread of their residuals.
    fn photometric(&self) -> Option<Photometric> {
        let [n, sa, sb, saa, sab, sbb] = pulp::Arch::new().dispatch(Regression(&self.blocks));
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
        Some(Photometric {
            gain,
            offset: (sb - gain * sa) / n,
            spread: (WIDE * MEAN_OF_DEVIATION * left.sqrt()).max(1.5),
        })
    }

    /// The normal equations of the next step. `None` when too little is left of the
    /// overlap.
    fn equations(&self, photometric: Photometric) -> Option<NormalEquations> {
        let moving = &self.moving.level;
        let size = (moving.width as f32, moving.height as f32);
        let accumulate = Accumulate::new(&self.blocks, self.clipped, photometric, size);
        let equations = pulp::Arch::new().dispatch(accumulate);
        let samples = |side: usize| side.div_ceil(self.stride);
        let total = samples(self.fixed.width) * samples(self.fixed.height);
        let enough = (equations.count as usize) * 5 >= total && equations.weight >= 8.0;
        enough.then_some(equations)
    }
}

/// The sums of a plain regression: number, moving, fixed, and their products.
struct Regression<'a>(&'a [Block<WithGradient>]);

impl pulp::WithSimd for Regression<'_> {
    type Output = [f32; 6];

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> [f32; 6] {
        let mut sums: [F32x8; 6] = [[0.0; LANES]; 6];
        for block in self.0 {
            let a = lanewise(|l| block.moving[l][0] * block.valid[l]);
            let b = times(&block.fixed, &block.valid);
            add(&mut sums[0], &block.valid);
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
