//! The tone curve between two registered images: the grey level of one for each grey
//! level of the other. Ignores where the samples lie.

/// Bins of the curve: 8 grey levels each.
const BINS: usize = 32;
/// Share of all samples that a node of the curve is estimated from, at least, so that the
/// curve does not explain a region that only one image shows by a tone of its own.
const LEAST_SHARE: f32 = 0.05;

/// The grey level to expect of the fixed image for each sample of the moving one, by the
/// median for each bin: any tone curve, not only gain and offset (cf. the correlation
/// ratio, Roche et al. 1998, "The correlation ratio as a new similarity measure for
/// multimodal image registration"). `moving` is NaN where it does not cover the fixed
/// image.
pub(super) fn expected(fixed: &[f32], moving: &[f32]) -> Vec<f32> {
    let mut bins: Vec<Vec<f32>> = vec![Vec::new(); BINS];
    let step = 256.0 / BINS as f32;
    let bin = |u: f32| ((u / step) as usize).min(BINS - 1);
    let mut sizes = [0; BINS];
    for &u in moving.iter().filter(|u| !u.is_nan()) {
        sizes[bin(u)] += 1;
    }
    for (values, size) in bins.iter_mut().zip(sizes) {
        values.reserve_exact(size);
    }
    for (&f, &u) in fixed.iter().zip(moving) {
        if !u.is_nan() {
            bins[bin(u)].push(f - u);
        }
    }
    let count: usize = sizes.iter().sum();
    let least = (count as f32 * LEAST_SHARE) as usize;
    // Nodes: the mean grey level of the merged bins, and the median difference there.
    let mut nodes: Vec<(f32, f32)> = Vec::new();
    let (mut merged, mut centres) = (Vec::new(), 0.0);
    for (bin, differences) in bins.iter_mut().enumerate() {
        centres += differences.len() as f32 * (bin as f32 + 0.5) * step;
        merged.append(differences);
        if merged.len() > least {
            nodes.push((centres / merged.len() as f32, median(&mut merged)));
            merged.clear();
            centres = 0.0;
        }
    }
    // Extrapolated with the mean slope of the curve.
    let slope = match (nodes.first(), nodes.last()) {
        (Some(&(x0, y0)), Some(&(x1, y1))) if x1 > x0 => (y1 - y0) / (x1 - x0),
        _ => 0.0,
    };
    // For each whole grey level the first node above it, from where the search goes on.
    let above: Vec<usize> = (0..=256u16)
        .map(|level| nodes.partition_point(|(centre, _)| *centre < f32::from(level)))
        .collect();
    let difference = |u: f32| {
        let mut next = above[(u.max(0.0) as usize).min(256)];
        while nodes.get(next).is_some_and(|(centre, _)| *centre < u) {
            next += 1;
        }
        match (next.checked_sub(1).map(|i| nodes[i]), nodes.get(next)) {
            (Some((x0, y0)), Some(&(x1, y1))) => y0 + (y1 - y0) * (u - x0) / (x1 - x0),
            (Some((x, y)), None) | (None, Some(&(x, y))) => y + slope * (u - x),
            (None, None) => 0.0,
        }
    };
    moving.iter().map(|&u| u + difference(u)).collect()
}

/// The median of at least one value, the upper one of an even number.
pub(super) fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    // In the order of `f32::total_cmp`, by whole numbers: twice as fast.
    let key = |value: f32| {
        let bits = value.to_bits().cast_signed();
        bits ^ ((bits >> 31).cast_unsigned() >> 1).cast_signed()
    };
    *values
        .select_nth_unstable_by_key(middle, |&value| key(value))
        .1
}
