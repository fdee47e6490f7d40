//! Brings samples of more than 8 bits to 8. Knows nothing of file formats.

/// Values that span less than this much of 16 bits are stretched: cameras of 12
/// and scanners of 10 bits store theirs as they are, and the upper 8 bits of
/// these would show next to nothing.
const SPAN: u16 = 1 << 14;

/// The share of samples, at either end, that may lie beyond the range that is
/// stretched: a hot pixel or a burnt-in mark is not what an image holds.
const BEYOND: f64 = 0.001;

/// How often each 16-bit value occurs.
pub(super) struct Histogram(Vec<u32>);

impl Histogram {
    /// Of nothing.
    pub(super) fn new() -> Self {
        Self(vec![0; 1 << 16])
    }

    /// Adds samples.
    pub(super) fn add(&mut self, samples: impl Iterator<Item = u16>) {
        for sample in samples {
            self.0[usize::from(sample)] += 1;
        }
    }

    /// How the values are brought to 8 bits.
    pub(super) fn narrowing(&self) -> Narrowing {
        let used = |range: std::ops::Range<usize>| range.into_iter().find(|&v| self.0[v] > 0);
        let (Some(least), Some(most)) = (used(0..1 << 16), self.0.iter().rposition(|&n| n > 0))
        else {
            return Narrowing::UpperBits;
        };
        // A sample widened from 8 bits has two equal bytes.
        let deep = (self.0.iter().enumerate()).any(|(v, &n)| n > 0 && v >> 8 != v & 0xFF);
        if !deep || least == most {
            return Narrowing::UpperBits;
        }
        let total: u64 = self.0.iter().map(|&n| u64::from(n)).sum();
        let beyond = (total as f64 * BEYOND) as u64;
        let nth = |mut values: Box<dyn Iterator<Item = usize>>| {
            let mut passed = 0;
            let mut last = |v: &usize| {
                passed += u64::from(self.0[*v]);
                passed > beyond
            };
            values.by_ref().find(|v| last(v))
        };
        let low = nth(Box::new(least..=most)).unwrap_or(least);
        let high = nth(Box::new((least..=most).rev())).unwrap_or(most);
        let (low, high) = if low < high {
            (low, high)
        } else {
            (least, most)
        };
        if high - low >= usize::from(SPAN) {
            return Narrowing::UpperBits;
        }
        let span = (high - low) as u64;
        let stretched = (0..1u64 << 16).map(|value| {
            let above = value.saturating_sub(low as u64).min(span);
            ((above * 255 + span / 2) / span) as u8
        });
        Narrowing::Stretched(stretched.collect())
    }
}

/// A map from 16 bits to 8.
pub(super) enum Narrowing {
    /// Of data that use a good part of their range.
    UpperBits,
    /// Of all others: black and white are where the data begin and end.
    Stretched(Vec<u8>),
}

impl Narrowing {
    /// Brings `samples` of `channels` a pixel to 8 bits. Opacity, the last of
    /// two or four channels, has a range of its own.
    pub(super) fn narrow(
        &self,
        samples: impl Iterator<Item = u16>,
        channels: usize,
        narrowed: &mut Vec<u8>,
    ) {
        narrowed.clear();
        match self {
            Self::UpperBits => narrowed.extend(samples.map(|sample| (sample >> 8) as u8)),
            Self::Stretched(table) => {
                let alpha = alpha(channels);
                narrowed.extend(samples.zip((0..channels).cycle()).map(|(sample, channel)| {
                    match alpha == Some(channel) {
                        true => (sample >> 8) as u8,
                        false => table[usize::from(sample)],
                    }
                }));
            }
        }
    }
}

/// Which of `channels` channels is opacity.
pub(super) fn alpha(channels: usize) -> Option<usize> {
    (channels.is_multiple_of(2)).then(|| channels - 1)
}

/// The samples of `channels` a pixel that are no opacity.
pub(super) fn shown(
    samples: impl Iterator<Item = u16>,
    channels: usize,
) -> impl Iterator<Item = u16> {
    let alpha = alpha(channels);
    samples
        .zip((0..channels).cycle())
        .filter(move |&(_, channel)| alpha != Some(channel))
        .map(|(sample, _)| sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrowed(samples: &[u16], channels: usize) -> Vec<u8> {
        let mut histogram = Histogram::new();
        histogram.add(shown(samples.iter().copied(), channels));
        let mut bytes = Vec::new();
        let narrowing = histogram.narrowing();
        narrowing.narrow(samples.iter().copied(), channels, &mut bytes);
        bytes
    }

    #[test]
    fn low_values_fill_the_range_and_full_ones_keep_their_upper_bits() {
        for top in [1, 3, 700, 4095, 16383] {
            let all: Vec<u16> = (0..=top).collect();
            let bytes = narrowed(&all, 1);
            assert_eq!((bytes[0], bytes[bytes.len() - 1]), (0, 255), "{top}");
            assert!(bytes.is_sorted());
            let shifted: Vec<u16> = all.iter().map(|v| v + 40_000).collect();
            assert_eq!(narrowed(&shifted, 1), bytes, "{top} above an offset");
        }
        assert_eq!(narrowed(&[0, 0x40FF, 0xFF12], 1), [0, 0x40, 0xFF]);
    }

    #[test]
    fn widened_samples_are_not_stretched_however_dark() {
        assert_eq!(narrowed(&[0, 257, 20 * 257], 1), [0, 1, 20]);
    }

    #[test]
    fn a_hot_pixel_does_not_darken_all_others() {
        let mut all: Vec<u16> = (0..700).cycle().take(70_000).collect();
        all[7] = u16::MAX;
        let bytes = narrowed(&all, 1);
        assert!(bytes[699] > 250);
        assert_eq!(bytes[7], 255);
    }

    #[test]
    fn opacity_is_left_alone_and_blank_images_stay_blank() {
        assert_eq!(narrowed(&[0, 0x8000, 900, 0xFFFF], 2), [0, 0x80, 255, 0xFF]);
        assert_eq!(narrowed(&[300; 5], 1), [1; 5]);
        assert!(narrowed(&[], 1).is_empty());
    }
}
