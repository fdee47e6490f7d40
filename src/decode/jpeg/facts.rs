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

/// The IJG encoder's table at a quality (`jpeg_quality_scaling` and
/// `jpeg_add_quant_table` of libjpeg, baseline).
fn standard(quality: u16) -> impl Iterator<Item = u16> {
    let scale = match quality {
        0..50 => 5000 / u32::from(quality.max(1)),
        _ => 200 - 2 * u32::from(quality),
    };
    STANDARD_LUMA
        .iter()
        .map(move |&step| ((u32::from(step) * scale + 50) / 100).clamp(1, 255) as u16)
}

/// The quality whose table differs least, and whether it is equal.
fn quality(luma: &Quantisation) -> (u8, bool) {
    let difference = |quality: u16| -> u32 {
        standard(quality)
            .zip(luma)
            .map(|(theirs, &ours)| u32::from(theirs.abs_diff(ours)))
            .sum()
    };
    // Among equals the highest: 100 is what an all-ones table was asked for.
    let nearest = (1..=100u16)
        .rev()
        .map(|quality| (difference(quality), quality))
        .min_by_key(|&(difference, _)| difference);
    nearest.map_or((0, false), |(difference, quality)| {
        (quality as u8, difference == 0)
    })
}

fn identity(tables: &[&Quantisation]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for table in tables {
        for step in *table {
            hasher.update(&step.to_le_bytes());
        }
    }
    let digest = hasher.finalize();
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
        for asked in 1..=100u16 {
            let mut table = [0; 64];
            for (step, value) in table.iter_mut().zip(standard(asked)) {
                *step = value;
            }
            let (found, exact) = quality(&table);
            assert!(exact);
            // The lowest qualities clamp to the same table.
            assert!(u16::from(found) == asked || standard(asked).eq(standard(found.into())));
        }
    }

    #[test]
    fn a_foreign_table_gets_the_nearest_quality() {
        let mut table = [0; 64];
        for (step, value) in table.iter_mut().zip(standard(80)) {
            *step = value + 1;
        }
        let (found, exact) = quality(&table);
        assert!(!exact);
        assert!((70..80).contains(&found), "{found}");
    }
}
