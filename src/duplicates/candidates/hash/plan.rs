//! Which bands of bits to join on, chosen by what it would cost. Joins nothing.

use super::bits::HashBits;

/// A band: two hashes whose keys here differ in at most `slack` bits meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Band {
    /// First bit of the key.
    pub(super) start: u32,
    /// Bits of the key; 0 puts all hashes into one bucket: brute force.
    pub(super) width: u32,
    /// Bits that may differ in the key.
    pub(super) slack: u32,
}

impl Band {
    /// Whether two hashes meet in this band.
    #[inline(always)]
    pub(super) fn meet<H: HashBits>(&self, a: &H, b: &H) -> bool {
        (a.run(self.start, self.width) ^ b.run(self.start, self.width)).count_ones() <= self.slack
    }

    /// Differences of keys that meet, fewest bits first.
    pub(super) fn masks(&self) -> Vec<u32> {
        let mut masks: Vec<u32> = vec![0];
        let mut shortest = 0;
        for _ in 0..self.slack.min(self.width) {
            let longest = masks.len();
            for index in shortest..longest {
                let mask = masks[index];
                let above = 32 - mask.leading_zeros();
                masks.extend((above..self.width).map(|bit| mask | 1 << bit));
            }
            shortest = longest;
        }
        masks
    }
}

/// The widest key: 2²² offsets of 4 bytes still fit a last-level cache.
const WIDEST: u32 = 22;
/// Hashes sampled to estimate how uneven the bands are.
const SAMPLE: usize = 16_384;

// Nanoseconds measured by `benches/search.rs`; only their ratios matter.

/// One distance, for each 64 bits.
const TEST: f64 = 0.4;
/// One access to the bucket table, while it fits the second-level cache.
const PROBE: f64 = 2.0;
/// The same when it does not.
const FAR_PROBE: f64 = 6.0;
/// Placing one hash.
const SORT: f64 = 12.0;

/// The cheapest set of bands that misses no pair within `radius`.
///
/// If two hashes differ in at most `radius` bits, then, whatever the bands,
/// they differ by no more than the slack in one of them as long as the sum of
/// `slack + 1` over the bands is `radius + 1` (Norouzi, Punjani & Fleet 2012,
/// "Fast search in Hamming space with multi-index hashing").
pub(super) fn plan<H: HashBits>(rows: usize, table: &[H], radius: u32) -> Vec<Band> {
    let brute = Band {
        start: 0,
        width: 0,
        slack: 0,
    };
    let words = f64::from(H::BITS / 64);
    let mut best = (rows as f64 * table.len() as f64 * TEST * words, vec![brute]);
    if radius >= H::BITS {
        return best.1;
    }
    let stride = table.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<H> = table.iter().copied().step_by(stride).collect();
    for count in 1..=radius + 1 {
        let width = (H::BITS / count).min(WIDEST);
        // Narrower keys than 6 bits save nothing over brute force.
        if width < 6 {
            break;
        }
        let bands = (0..count)
            .map(|i| i * H::BITS / count)
            .map(|start| Candidate {
                start,
                width,
                meeting: meeting(&sample, start, width),
                slack: None,
            });
        let size = Size {
            rows: rows as f64,
            table: table.len() as f64,
            words,
        };
        let (cost, bands) = spread(bands.collect(), radius, &size);
        if cost < best.0 {
            best = (cost, bands);
        }
    }
    best.1
}

struct Size {
    rows: f64,
    table: f64,
    words: f64,
}

struct Candidate {
    start: u32,
    width: u32,
    /// Chance that two hashes share the key.
    meeting: f64,
    slack: Option<u32>,
}

impl Candidate {
    fn cost(&self, slack: Option<u32>, size: &Size) -> f64 {
        let Some(slack) = slack else {
            return 0.0;
        };
        let masks = ball(self.width, slack);
        let tests = (size.rows * size.table * self.meeting * masks).min(size.rows * size.table);
        let buckets = f64::from(1u32 << self.width);
        let probe = if self.width > 17 { FAR_PROBE } else { PROBE };
        tests * TEST * size.words
            + buckets.min(size.rows) * masks * probe
            + (size.rows + size.table) * SORT
            + buckets
    }
}

/// Hands out `radius + 1` steps of slack, each where it costs least.
fn spread(mut bands: Vec<Candidate>, radius: u32, size: &Size) -> (f64, Vec<Band>) {
    for _ in 0..=radius {
        let wider = |band: &Candidate| band.slack.map_or(0, |slack| slack + 1);
        let cheapest = (bands.iter().enumerate())
            .filter(|(_, band)| wider(band) <= band.width)
            .map(|(i, band)| {
                let extra = band.cost(Some(wider(band)), size) - band.cost(band.slack, size);
                (i, extra)
            })
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let Some((index, _)) = cheapest else {
            return (f64::INFINITY, Vec::new());
        };
        bands[index].slack = Some(wider(&bands[index]));
    }
    let cost = bands.iter().map(|band| band.cost(band.slack, size)).sum();
    let used = bands.iter().filter_map(|band| {
        Some(Band {
            start: band.start,
            width: band.width,
            slack: band.slack?,
        })
    });
    (cost, used.collect())
}

/// How many keys differ from one of `width` bits in at most `slack`.
fn ball(width: u32, slack: u32) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for bit in 1..=slack.min(width) {
        term *= f64::from(width + 1 - bit) / f64::from(bit);
        sum += term;
    }
    sum
}

/// The share of pairs of the sample that have the same key, but not less than
/// even keys would give, so that a small sample does not promise too much.
fn meeting<H: HashBits>(sample: &[H], start: u32, width: u32) -> f64 {
    let mut keys: Vec<u32> = sample.iter().map(|hash| hash.run(start, width)).collect();
    keys.sort_unstable();
    let same: f64 = keys
        .chunk_by(|a, b| a == b)
        .map(|run| run.len() as f64 * (run.len() as f64 - 1.0))
        .sum();
    let all = sample.len() as f64 * (sample.len() as f64 - 1.0);
    let even = 1.0 / f64::from(1u32 << width);
    if all > 0.0 {
        (same / all).max(even)
    } else {
        even
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_leaves_no_pair_out() {
        for radius in [0, 1, 3, 6, 8, 10, 16, 31, 63] {
            for count in [100, 20_000, 1_000_000] {
                let table: Vec<u64> = (0..count as u64)
                    .map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15))
                    .collect();
                let bands = plan(count, &table, radius);
                let steps: u32 = bands.iter().map(|band| band.slack + 1).sum();
                let brute = bands.len() == 1 && bands[0].width == 0;
                assert!(brute || steps == radius + 1, "{radius} {count} {bands:?}");
                let mut end = 0;
                for band in bands {
                    assert!(band.start >= end && band.start + band.width <= 64);
                    end = band.start + band.width;
                }
            }
        }
    }

    #[test]
    fn masks_are_all_keys_near_enough_each_once() {
        for (width, slack) in [(6, 0), (6, 2), (9, 3), (5, 5), (4, 9), (0, 3)] {
            let band = Band {
                start: 0,
                width,
                slack,
            };
            let mut masks = band.masks();
            assert!(masks.is_sorted_by_key(|mask| mask.count_ones()));
            masks.sort_unstable();
            let all = (0..1u32 << width).filter(|mask| mask.count_ones() <= slack);
            assert_eq!(masks, all.collect::<Vec<_>>());
        }
    }
}
