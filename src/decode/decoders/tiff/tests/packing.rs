//! Bytes and numbers packed in every way, fax codes among them.

use super::*;

/// Every way to pack bytes that is unpacked here.
pub(super) fn ways(bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
    use std::io::Write;

    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(bytes).unwrap();
    let lzw = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
        .encode(bytes)
        .unwrap();
    let runs = bytes.chunks(100).flat_map(|run| {
        let mut packed = vec![run.len() as u8 - 1];
        packed.extend(run);
        packed
    });
    vec![
        (1, bytes.to_vec()),
        (5, lzw),
        (8, zlib.finish().unwrap()),
        (32_773, runs.collect()),
        (50_000, zstd::encode_all(bytes, 3).unwrap()),
    ]
}

#[test]
fn planes_of_tiles_are_unpacked_whatever_packs_them() {
    let (width, height, side) = (37, 21, 16);
    let expected: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| (0..3).map(move |c| sample(x, y, c)))
        .collect();
    for way in 0..ways(&[0]).len() {
        let mut tiles = Vec::new();
        let mut method = 0;
        for channel in 0..3 {
            for top in (0..height).step_by(side) {
                for left in (0..width).step_by(side) {
                    let tile: Vec<u8> = (top..top + side)
                        .flat_map(|y| (left..left + side).map(move |x| sample(x, y, channel)))
                        .collect();
                    let (number, packed) = ways(&tile).swap_remove(way);
                    method = number;
                    tiles.push(packed);
                }
            }
        }
        let mut all = fields((width as u32, height as u32), 8, 3, method, 2);
        all.extend([(284, vec![2]), (322, vec![16]), (323, vec![16])]);
        assert_eq!(eight(&file(true, all, &tiles)), expected, "method {method}");
    }
}

#[test]
fn floats_in_a_modern_packing_are_those_that_were_written() {
    let floats: Vec<f32> = (0..9 * 4).map(|v| v as f32 / 36.0).collect();
    for little in [true, false] {
        for predictor in [1, 3] {
            let strip: Vec<u8> = match predictor {
                1 => floats
                    .iter()
                    .flat_map(|v| {
                        if little {
                            v.to_le_bytes()
                        } else {
                            v.to_be_bytes()
                        }
                    })
                    .collect(),
                _ => floats.chunks(9).flat_map(differences_of_floats).collect(),
            };
            let mut all = fields((9, 4), 32, 1, 50_000, 1);
            all.extend([(317, vec![predictor]), (339, vec![3])]);
            let file = file(little, all, &[zstd::encode_all(&strip[..], 3).unwrap()]);
            for (seen, wanted) in sixteen(&file).iter().zip(&floats) {
                let near = (f32::from(*seen) - wanted * 65_535.0).abs() <= 1.0;
                assert!(
                    near,
                    "{seen}, not {wanted}: predictor {predictor}, {little}"
                );
            }
        }
    }
}

/// A row as Technical Note 3 stores it: the highest bytes of all numbers first, then
/// differences of bytes.
fn differences_of_floats(row: &[f32]) -> Vec<u8> {
    let planes: Vec<u8> = (0..4)
        .flat_map(|place| row.iter().map(move |v| v.to_be_bytes()[place]))
        .collect();
    let before = std::iter::once(0).chain(planes.iter().copied());
    planes
        .iter()
        .zip(before)
        .map(|(now, before)| now.wrapping_sub(before))
        .collect()
}

/// Eight by two pixels: four white and four black, twice; in each code of T.4 and T.6,
/// by their tables: white 4 = 1011, black 4 = 011, end of line = 000000000001,
/// horizontal = 001, vertical 0 = 1.
pub(super) const FAX: [(u32, u32, &str); 4] = [
    (2, 0, "10110110 10110110"),
    (3, 0, "000000000001 1011011 000000000001 1011011"),
    (3, 1, "0000000000011 1011011 0000000000010 1 1"),
    (4, 0, "001 1011011 1 1 000000000001 000000000001"),
];

pub(super) fn from_bits(text: &str) -> Vec<u8> {
    let bits: Vec<u8> = text
        .bytes()
        .filter(|b| *b != b' ')
        .map(|b| b - b'0')
        .collect();
    (bits.chunks(8))
        .map(|eight| (0..8).fold(0, |byte, i| byte << 1 | eight.get(i).copied().unwrap_or(0)))
        .collect()
}

#[test]
fn fax_codes_draw_black_runs_on_white() {
    let row = [255, 255, 255, 255, 0, 0, 0, 0];
    for (compression, options, code) in FAX {
        for reversed in [false, true] {
            let mut strip = from_bits(code);
            let mut all = fields((8, 2), 1, 1, compression, 0);
            all.push((292, vec![options]));
            if reversed {
                strip
                    .iter_mut()
                    .for_each(|byte| *byte = byte.reverse_bits());
                all.push((266, vec![2]));
            }
            let file = file(true, all, &[strip]);
            assert_eq!(eight(&file), [row, row].concat(), "{compression} {options}");
        }
    }
}

#[test]
fn fax_of_fewer_rows_than_announced_is_truncated() {
    for (compression, options, code) in FAX {
        let mut all = fields((8, 9), 1, 1, compression, 0);
        all.push((292, vec![options]));
        let cut = read(&file(true, all, &[from_bits(code)])).map(|whole| whole.width);
        assert_eq!(
            cut,
            Err(DecodeFailure::Truncated),
            "{compression} {options}"
        );
    }
}
