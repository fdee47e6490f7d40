//! What the queue of suspected labels is worth where few are wrong: its precision as
//! expected and as it is. Judges nothing.

use splitlint::finding::LabelFlag;
use splitlint::labelling::Labelling;

/// Shares of wrong labels that are planted.
pub(super) const SHARES: [f64; 5] = [0.0, 0.005, 0.01, 0.02, 0.1];

/// Above lines of [`line`].
pub(super) const HEAD: &str =
    "labels changed          flags  wrong  right precision  expected (from to)  recall  left out";

/// One labelling under `name`: its flags, how many of them were planted, and what was
/// expected of them.
pub(super) fn line(name: &str, said: &Labelling, right: &[u32], given: &[u32]) -> String {
    let is_wrong = |i: &usize| right[*i] != given[*i];
    let flagged: Vec<usize> = (0..right.len())
        .filter(|&i| said.opinions[i].flag > LabelFlag::None)
        .collect();
    let found = flagged.iter().filter(|i| is_wrong(i)).count();
    let planted = (0..right.len()).filter(is_wrong).count();
    let queue = said.belief().and_then(|belief| belief.queue);
    let [expected, low, high] = queue
        .as_ref()
        .map_or([f64::NAN; 3], |queue| queue.precision);
    format!(
        "{name:<24} {:4}  {found:5}      {:5.2}     {expected:5.2} ({low:.2} {high:.2})   {:5.2}  {:8}",
        flagged.len(),
        found as f64 / flagged.len().max(1) as f64,
        found as f64 / planted.max(1) as f64,
        queue.map_or(0, |queue| queue.cut),
    )
}
