//! All that decides what a closer look at a pair gives, and how the answer is
//! written down. Looks at nothing.

use crate::duplicates::scoring::differences::Differences;
use crate::duplicates::scoring::measurements::Agreement;
use crate::duplicates::scoring::{Aligned, Closer, Detail};

/// A closer look at two images under one alignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    /// Index of the fixed image.
    pub(crate) fixed: usize,
    /// Index of the moving image.
    pub(crate) moving: usize,
    /// What decides the answer beside the pixels of the two, bit by bit.
    pub(crate) terms: Vec<u8>,
}

impl Look {
    /// The look at `pair`, whose images are known as `fixed` and `moving`.
    pub(crate) fn new(pair: &Aligned, fixed: usize, moving: usize) -> Self {
        // All that thumbnails showed, needed or not: who changes how odds are
        // made of it need not think of this place. Named one by one, so that
        // what is added to it is not forgotten here.
        let Agreement {
            fine,
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
        } = pair.agreement;
        let agreement = [
            fine,
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
            .chain(&agreement)
            .map(|number| number.to_bits());
        let mattes = [pair.mattes.0, pair.mattes.1].map(|matte| matte as u32);
        let whole = [pair.sides.0, pair.sides.1, detail];
        Self {
            fixed,
            moving,
            terms: numbers
                .chain(whole)
                .chain(mattes)
                .flat_map(u32::to_le_bytes)
                .collect(),
        }
    }
}

/// What a look gave as it is kept: nothing where two images share too little,
/// the log odds, and what differs where that was looked for.
pub(crate) fn to_bytes(seen: Option<Closer>) -> Vec<u8> {
    let Some(seen) = seen else {
        return Vec::new();
    };
    let mut bytes = seen.odds.to_le_bytes().to_vec();
    if let Some(found) = seen.differences {
        for cells in [found.fixed, found.moving] {
            bytes.extend(cells.0.iter().flat_map(|word| word.to_le_bytes()));
        }
        let shares = [found.in_fixed, found.in_moving, found.in_both];
        bytes.extend(shares.iter().flat_map(|share| share.to_le_bytes()));
    }
    bytes
}

/// Reads what [`to_bytes`] wrote; `None` for anything else.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Option<Closer>> {
    if bytes.is_empty() {
        return Some(None);
    }
    let (&odds, rest) = bytes.split_first_chunk::<4>()?;
    let mut seen = Closer::sure(f32::from_le_bytes(odds));
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
        seen.differences = Some(found);
    }
    Some(Some(seen))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::decode::Matte;
    use crate::duplicates::registration::affine::Map;
    use crate::duplicates::scoring::grid::Cells;

    #[test]
    fn what_was_seen_comes_back_as_it_went_in_and_anything_else_is_refused() {
        for odds in [0.0, -7.25, f32::MAX] {
            let plain = Closer::sure(odds);
            let differences = Some(Differences {
                fixed: Cells([1, 0, u64::MAX, 7]),
                moving: Cells([0, 9, 0, 1 << 63]),
                in_fixed: 0.25,
                in_moving: 0.5,
                in_both: 0.125,
            });
            let full = Closer { odds, differences };
            for seen in [None, Some(plain), Some(full)] {
                assert_eq!(from_bytes(&to_bytes(seen)), Some(seen));
            }
        }
        for length in [1, 3, 5, 8, 72, 79, 81] {
            assert_eq!(from_bytes(&vec![0; length]), None);
        }
    }

    #[test]
    fn looks_of_other_terms_are_other_looks() {
        let pair = Aligned {
            fixed: 0,
            moving: 1,
            mattes: (Matte::White, Matte::White),
            map: Map::IDENTITY,
            agreement: Agreement::default(),
            detail: Detail::Full,
            sides: (256, 200),
            odds: 1.0,
        };
        let mut others = vec![pair.clone(); 8];
        others[1].map.0[5] = f32::EPSILON;
        others[2].agreement.mean = 0.5;
        others[3].agreement.skew = 0.5;
        others[4].detail = Detail::Double;
        others[5].sides = (200, 256);
        others[6].mattes.0 = Matte::Black;
        others[7].mattes.1 = Matte::Black;
        let terms: BTreeSet<Vec<u8>> =
            (others.iter().map(|pair| Look::new(pair, 0, 1).terms)).collect();
        assert_eq!(terms.len(), 8);
        assert_eq!(Look::new(&pair, 0, 1), Look::new(&others[0], 0, 1));
    }
}
