//! The key and the bytes of one refinement in the cache. Refines nothing.

use crate::duplicates::scoring::differences::Differences;
use crate::duplicates::scoring::measurements::Measurements;
use crate::duplicates::scoring::{Detail, Refined, Registered};

/// What the memo holds of one refinement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Recalled {
    /// Nothing that can be used.
    Unknown,
    /// The result; `None` where the two images have too little in common.
    Known(Option<Refined>),
}

/// The refinement of two images from one registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefinementKey {
    /// Index of the fixed image.
    pub(crate) fixed: usize,
    /// Index of the moving image.
    pub(crate) moving: usize,
    /// All parameters that determine the result beside the pixels of the two, bit by bit.
    pub(crate) parameters: Vec<u8>,
}

impl RefinementKey {
    /// The key of `pair`, whose images have the indices `fixed` and `moving`.
    pub(crate) fn new(pair: &Registered, fixed: usize, moving: usize) -> Self {
        // All measurements, used or not: a change to how odds are computed from them needs
        // no change here. Named one by one, so that an added one is not forgotten.
        let Measurements {
            pooled,
            mean,
            median,
            trimmed,
            quartile,
            texture,
            correlation,
            overlap,
            covered,
            residual,
            hue,
            gain,
            offset,
            contrast,
            skew,
        } = pair.measured;
        let measured = [
            pooled,
            mean,
            median,
            trimmed,
            quartile,
            texture,
            correlation,
            overlap,
            covered,
            residual,
            hue,
            gain,
            offset,
            contrast,
            skew,
        ];
        let detail = match pair.detail {
            Detail::Thumbnail => 0,
            Detail::Double => 1,
            Detail::Full => 2,
        };
        let numbers = (pair.map.0.iter())
            .chain(&measured)
            .map(|number| number.to_bits());
        let mattes = [pair.mattes.0, pair.mattes.1].map(|matte| matte as u32);
        let whole = [pair.sides.0, pair.sides.1, detail];
        Self {
            fixed,
            moving,
            parameters: numbers
                .chain(whole)
                .chain(mattes)
                .flat_map(u32::to_le_bytes)
                .collect(),
        }
    }
}

/// The bytes of a refinement: none where two images have too little in common, else the log
/// odds, and the differences where they were searched.
pub(crate) fn to_bytes(refined: Option<Refined>) -> Vec<u8> {
    let Some(refined) = refined else {
        return Vec::new();
    };
    let mut bytes = refined.odds.to_le_bytes().to_vec();
    if let Some(found) = refined.differences {
        for cells in [found.fixed, found.moving] {
            bytes.extend(cells.0.iter().flat_map(|word| word.to_le_bytes()));
        }
        let shares = [found.in_fixed, found.in_moving, found.in_both];
        bytes.extend(shares.iter().flat_map(|share| share.to_le_bytes()));
    }
    bytes
}

/// Reads what [`to_bytes`] wrote; anything else is unknown.
pub(crate) fn from_bytes(bytes: &[u8]) -> Recalled {
    if bytes.is_empty() {
        return Recalled::Known(None);
    }
    match refined(bytes) {
        Some(refined) => Recalled::Known(Some(refined)),
        None => Recalled::Unknown,
    }
}

fn refined(bytes: &[u8]) -> Option<Refined> {
    let (&odds, rest) = bytes.split_first_chunk::<4>()?;
    let mut refined = Refined::without_differences(f32::from_le_bytes(odds));
    if !rest.is_empty() {
        let (words, rest) = rest.split_at_checked(64)?;
        let (words, _) = words.as_chunks::<8>();
        let mut found = Differences::default();
        for (word, &bytes) in (found.fixed.0.iter_mut())
            .chain(&mut found.moving.0)
            .zip(words)
        {
            *word = u64::from_le_bytes(bytes);
        }
        let shares: [u8; 12] = rest.try_into().ok()?;
        let (shares, _) = shares.as_chunks::<4>();
        let to = [
            &mut found.in_fixed,
            &mut found.in_moving,
            &mut found.in_both,
        ];
        for (share, &bytes) in to.into_iter().zip(shares) {
            *share = f32::from_le_bytes(bytes);
        }
        refined.differences = Some(found);
    }
    Some(refined)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::decode::Matte;
    use crate::duplicates::registration::affine::Affine;
    use crate::duplicates::scoring::grid::GridMask;

    #[test]
    fn refinements_come_back_as_they_went_in_and_anything_else_is_unknown() {
        for odds in [0.0, -7.25, f32::MAX] {
            let plain = Refined::without_differences(odds);
            let differences = Some(Differences {
                fixed: GridMask([1, 0, u64::MAX, 7]),
                moving: GridMask([0, 9, 0, 1 << 63]),
                in_fixed: 0.25,
                in_moving: 0.5,
                in_both: 0.125,
            });
            let full = Refined { odds, differences };
            for refined in [None, Some(plain), Some(full)] {
                assert_eq!(from_bytes(&to_bytes(refined)), Recalled::Known(refined));
            }
        }
        for length in [1, 3, 5, 8, 72, 79, 81] {
            assert_eq!(from_bytes(&vec![0; length]), Recalled::Unknown);
        }
    }

    #[test]
    fn refinements_with_other_parameters_have_other_keys() {
        let pair = Registered {
            fixed: 0,
            moving: 1,
            mattes: (Matte::White, Matte::White),
            map: Affine::IDENTITY,
            measured: Measurements::default(),
            detail: Detail::Full,
            sides: (256, 200),
            odds: 1.0,
        };
        let mut others = vec![pair.clone(); 8];
        others[1].map.0[5] = f32::EPSILON;
        others[2].measured.mean = 0.5;
        others[3].measured.skew = 0.5;
        others[4].detail = Detail::Double;
        others[5].sides = (200, 256);
        others[6].mattes.0 = Matte::Black;
        others[7].mattes.1 = Matte::Black;
        let keys: BTreeSet<Vec<u8>> = (others
            .iter()
            .map(|pair| RefinementKey::new(pair, 0, 1).parameters))
        .collect();
        assert_eq!(keys.len(), 8);
        assert_eq!(
            RefinementKey::new(&pair, 0, 1),
            RefinementKey::new(&others[0], 0, 1)
        );
    }
}
