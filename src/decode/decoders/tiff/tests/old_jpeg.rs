//! JPEG as TIFF 6.0 described it: a file of its own, or its tables apart.

use super::*;

/// A baseline JPEG of 16 × 16 pixels in three equally sampled components.
pub(super) fn jpeg() -> Vec<u8> {
    let pixels: Vec<u8> = (0..16 * 16)
        .flat_map(|i| [(i % 16 * 9) as u8, (i / 16 * 7) as u8, 90])
        .collect();
    let mut jpeg = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, 95);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
    encoder
        .encode(&pixels, 16, 16, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    jpeg
}

/// The tables of a JPEG (quantisation, DC, AC, each by place) and its scan.
fn parts(jpeg: &[u8]) -> ([Vec<Vec<u8>>; 3], Vec<u8>) {
    let mut tables: [Vec<Vec<u8>>; 3] = Default::default();
    let mut at = 2;
    loop {
        let marker = jpeg[at + 1];
        let length = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        let mut content = &jpeg[at + 4..at + 2 + length];
        at += 2 + length;
        while matches!(marker, 0xC4 | 0xDB) && !content.is_empty() {
            let (place, rest) = content.split_first().unwrap();
            let size = match marker {
                0xDB => 64,
                _ => {
                    16 + rest[..16]
                        .iter()
                        .map(|&count| usize::from(count))
                        .sum::<usize>()
                }
            };
            let kind = if marker == 0xDB {
                0
            } else {
                1 + usize::from(place >> 4)
            };
            tables[kind].push(rest[..size].to_vec());
            content = &rest[size..];
        }
        if marker == 0xDA {
            return (tables, jpeg[at..].to_vec());
        }
    }
}

#[test]
fn old_jpeg_is_read_as_a_file_and_from_its_parts() {
    let jpeg = jpeg();
    let whole = crate::decode::pixels(&jpeg, None, &Limits::default()).unwrap();
    let wanted: Vec<u8> = (whole.rgba.chunks(4))
        .flat_map(|pixel| pixel[..3].to_vec())
        .collect();
    let near = |file: &[u8], what: &str| {
        for (seen, wanted) in eight(file).iter().zip(&wanted) {
            assert!(seen.abs_diff(*wanted) <= 3, "{what}");
        }
    };
    let base = || {
        let mut all = fields((16, 16), 8, 3, 6, 6);
        all.push((530, vec![1, 1]));
        all
    };
    // The JPEG file is where the strip is, behind the eight bytes of the header.
    let mut all = base();
    all.push((513, vec![8]));
    near(&file(true, all, std::slice::from_ref(&jpeg)), "a file");

    let (tables, scan) = parts(&jpeg);
    let strip = [scan, tables.concat().concat()].concat();
    let mut at = 8 + strip.len() as u32 - tables.concat().concat().len() as u32;
    let mut all = base();
    for (tag, tables) in (519..).zip(&tables) {
        let mut places = Vec::new();
        for table in tables {
            places.push(at);
            at += table.len() as u32;
        }
        // Luma has the first table, both chromas the last.
        let last = *places.last().unwrap();
        all.push((tag, vec![places[0], last, last]));
    }
    near(&file(false, all, &[strip]), "parts");
}
