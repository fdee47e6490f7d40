//! Learns what one image shows for each tone of another that is laid under it.
//! Knows no places.

/// Luma steps of 8 grey levels for which a tone is learnt.
const TONES: usize = 32;
/// Samples that a tone is learnt from, at least: a share of all, so that a tone
/// which only a thing has, that the other image lacks, does not explain it.
const LEAST_SHARE: f32 = 0.05;
/// What the fixed image is to be expected to show where the moving one shows
/// `under`, by the median for each tone: any curve of light, not only gain and
/// offset (cf. the correlation ratio of Roche et al. 1998).
pub(crate) fn toned(fixed: &[f32], under: &[f32]) -> Vec<f32> {
    let mut tones: Vec<Vec<f32>> = vec![Vec::new(); TONES];
    let step = 256.0 / TONES as f32;
    let mut count = 0;
    for (&f, &u) in fixed.iter().zip(under) {
        if !u.is_nan() {
            tones[((u / step) as usize).min(TONES - 1)].push(f - u);
            count += 1;
        }
    }
    let least = (count as f32 * LEAST_SHARE) as usize;
    // Centre of the tones taken together, and how much lighter the fixed image
    // shows them.
    let mut known: Vec<(f32, f32)> = Vec::new();
    let (mut gathered, mut centres) = (Vec::new(), 0.0);
    for (tone, lifts) in tones.iter_mut().enumerate() {
        centres += lifts.len() as f32 * (tone as f32 + 0.5) * step;
        gathered.append(lifts);
        if gathered.len() > least {
            known.push((centres / gathered.len() as f32, median(&mut gathered)));
            gathered.clear();
            centres = 0.0;
        }
    }
    // Beyond the outermost, as from the one to the other.
    let steep = match (known.first(), known.last()) {
        (Some(&(x0, y0)), Some(&(x1, y1))) if x1 > x0 => (y1 - y0) / (x1 - x0),
        _ => 0.0,
    };
    let lift = |u: f32| {
        let next = known.partition_point(|(centre, _)| *centre < u);
        match (next.checked_sub(1).map(|i| known[i]), known.get(next)) {
            (Some((x0, y0)), Some(&(x1, y1))) => y0 + (y1 - y0) * (u - x0) / (x1 - x0),
            (Some((x, y)), None) | (None, Some(&(x, y))) => y + steep * (u - x),
            (None, None) => 0.0,
        }
    };
    under.iter().map(|&u| u + lift(u)).collect()
}

/// The middle one of at least one value.
pub(crate) fn median(values: &mut [f32]) -> f32 {
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
