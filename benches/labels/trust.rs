//! How far probabilities and flags are to be trusted, given the right labels:
//! reliability, calibration error, precision of each level. Judges nothing.

use std::fmt::Write;

use splitlint::finding::LabelFlag;
use splitlint::labelling::Labelling;

/// Bins of a reliability table, as in Guo et al. 2017 (they use 15; tenths are
/// read more easily).
const BINS: usize = 10;

/// A reliability table of `label_score` against whether the given label is
/// right, the expected calibration error, and how many of each level are wrong.
pub(super) fn table(said: &Labelling, right: &[u32], given: &[u32]) -> String {
    let mut bins = [(0_usize, 0.0, 0_usize); BINS];
    let mut levels = [(0_usize, 0_usize); 2];
    for ((opinion, right), given) in said.opinions.iter().zip(right).zip(given) {
        let Some(score) = opinion.score.map(f64::from) else {
            continue;
        };
        let (count, sum, good) = &mut bins[((score * BINS as f64) as usize).min(BINS - 1)];
        *count += 1;
        *sum += score;
        *good += usize::from(right == given);
        for (level, least) in [LabelFlag::Likely, LabelFlag::Strong]
            .into_iter()
            .enumerate()
        {
            if opinion.flag == least {
                levels[level].0 += 1;
                levels[level].1 += usize::from(right != given);
            }
        }
    }
    let total: usize = bins.iter().map(|bin| bin.0).sum();
    let mut text = "label_score    labels   mean  right\n".to_owned();
    let mut error = 0.0;
    for (place, (count, sum, good)) in bins.into_iter().enumerate() {
        if count == 0 {
            continue;
        }
        let (mean, share) = (sum / count as f64, good as f64 / count as f64);
        error += (mean - share).abs() * count as f64 / total.max(1) as f64;
        let (low, high) = (place as f64 / BINS as f64, (place + 1) as f64 / BINS as f64);
        let _ = writeln!(
            text,
            "{low:.1} to {high:.1}  {count:8}  {mean:.3}  {share:.3}"
        );
    }
    let _ = writeln!(text, "expected calibration error {error:.4}");
    for ((count, wrong), name) in levels.into_iter().zip(["likely only", "strong"]) {
        let share = wrong as f64 / count.max(1) as f64;
        let _ = writeln!(
            text,
            "{name}: {count} flags, {wrong} wrong labels ({share:.3})"
        );
    }
    text
}
