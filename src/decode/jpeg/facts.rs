//! What quantisation tables tell of how a JPEG was made.

use super::frame::Frame;
use crate::decode::header::{JpegFacts, Subsampling};

/// ITU-T T.81, table K.1, in zigzag order as files store it.
const STANDARD_LUMA: [u16; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37,
    29, 40, 58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81,
    87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/// A quantisation table in zigzag order.
pub(super) type Quantisation = [u16; 64];

pub(super) fn facts(frame: &Frame) -> JpegFacts {
    let used: Vec<&Quantisation> = frame
        .components
        .iter()
        .filter_map(|component| component.table.as_ref())
        .collect();
    let (quality, standard_tables) = used.first().map_or((0, false), |luma| quality(luma));
    JpegFacts {
        progressive: frame.progressive,
        quantisation: identity(&used),
        quality,
        standard_tables,
        subsampling: subsampling(frame),
    }
}

/// The IJG encoder's tables at qualities 1 to 100 (`jpeg_quality_scaling` and
/// `jpeg_add_quant_table` of libjpeg, baseline).
static STANDARD: [Quantisation; 100] = standard();

const fn standard() -> [Quantisation; 100] {
    let mut tables = [[0; 64]; 100];
    let mut quality = 1;
    while quality <= 100 {
        let scale = match quality {
            0..50 => 5000 / quality,
            _ => 200 - 2 * quality,
        };
        let mut place = 0;
        while place < 64 {
            let step = (STANDARD_LUMA[place] as usize * scale + 50) / 100;
            tables[quality - 1][place] = match step {
                0 => 1,
                1..=255 => step as u16,
                _ => 255,
            };
            place += 1;
        }
        quality += 1;
    }
    tables
}

/// The quality whose table differs least, and whether it is equal.
fn quality(luma: &Quantisation) -> (u8, bool) {
    let difference = |table: &Quantisation| -> u32 {
        let steps = table.iter().zip(luma);
        steps.map(|(&a, &b)| u32::from(a.abs_diff(b))).sum()
    };
    // Among equals the highest: 100 is what an all-ones table was asked for.
    let nearest = (1..=100u8)
        .zip(&STANDARD)
        .rev()
        .map(|(quality, table)| (difference(table), quality))
        .min_by_key(|&(difference, _)| difference);
    nearest.map_or((0, false), |(difference, quality)| {
        (quality, difference == 0)
    })
}

fn identity(tables: &[&Quantisation]) -> u64 {
    let bytes: Vec<u8> = (tables.iter().copied().flatten())
        .flat_map(|step| step.to_le_bytes())
        .collect();
    let digest = blake3::hash(&bytes);
    digest
        .as_bytes()
        .first_chunk()
        .map_or(0, |head| u64::from_le_bytes(*head))
}

fn subsampling(frame: &Frame) -> Subsampling {
    let [luma, cb, cr] = frame.components.as_slice() else {
        return Subsampling(1, 1);
    };
    let ratio = |full: u32, part: u32| {
        if full.is_multiple_of(part) {
            (full / part) as u8
        } else {
            0
        }
    };
    let ratios = |part: &super::frame::Component| {
        (
            ratio(luma.horizontal, part.horizontal),
            ratio(luma.vertical, part.vertical),
        )
    };
    let (across, down) = ratios(cb);
    if ratios(cr) == (across, down) && across > 0 && down > 0 {
        Subsampling(across, down)
    } else {
        Subsampling(0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quality_asked_for_is_found() {
        for (asked, table) in (1..=100u8).zip(&STANDARD) {
            let (found, exact) = quality(table);
            assert!(exact);
            // The lowest qualities clamp to the same table.
            assert!(found == asked || STANDARD[usize::from(found) - 1] == *table);
        }
        assert_eq!(STANDARD[49], STANDARD_LUMA);
        assert_eq!(STANDARD[99], [1; 64]);
    }

    #[test]
    fn a_foreign_table_gets_the_nearest_quality() {
        let table = STANDARD[79].map(|step| step + 1);
        let (found, exact) = quality(&table);
        assert!(!exact);
        assert!((70..80).contains(&found), "{found}");
    }
}
