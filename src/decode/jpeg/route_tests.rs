//! The routes by which a JPEG is decoded, against each other and a reference,
//! over kinds, sizes and subsamplings.

use jpeg_encoder::{ColorType, SamplingFactor};

use super::tests::{Kind, PLAIN, encoded, every_kind, image};
use super::{read, with_tables};
use crate::decode::{
    DecodeFailure, Depth, Limits, Matte, Plane, close_up, decode, pixels, preview,
};

/// Sizes around the borders of blocks and of routes, with every subsampling;
/// each in one scan, in a scan for each component, and in progressive scans.
fn matrix() -> Vec<Kind> {
    use SamplingFactor::*;
    let mut kinds = every_kind();
    for size in [(64, 64), (200, 150), (150, 200), (97, 33), (400, 300)] {
        for sampling in [F_1_1, F_2_1, F_1_2, F_2_2, F_4_1] {
            for (scans, optimised) in [(None, false), (None, true), (Some(6), false)] {
                for colours in [ColorType::Luma, ColorType::Rgb] {
                    kinds.push(Kind {
                        size,
                        sampling,
                        scans,
                        optimised,
                        colours,
                        ..PLAIN
                    });
                }
            }
        }
    }
    kinds
}

/// The same image, in ways that cameras write it.
fn variants(kind: Kind) -> Vec<(&'static str, Vec<u8>)> {
    let plain = encoded(kind);
    let mut late = plain.clone();
    let number = match kind.restart {
        0 => 0xD0,
        // What comes in turn is not looked at there.
        _ => 0xD3,
    };
    late.splice(late.len() - 2..late.len() - 2, [0xFF, number]);
    let mut variants = vec![("plain", plain.clone())];
    if kind.scans.is_none() {
        variants.push(("with a restart marker at the end", late));
        if !kind.optimised {
            variants.push(("without tables", without_tables(&plain)));
        }
    }
    variants
}

/// The file without its DHT segments.
fn without_tables(file: &[u8]) -> Vec<u8> {
    let mut kept = file[..2].to_vec();
    let mut at = 2;
    loop {
        let length = 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        if file[at + 1] != 0xC4 {
            kept.extend(&file[at..at + length]);
        }
        at += length;
        if file[at - length + 1] == 0xDA {
            kept.extend(&file[at..]);
            return kept;
        }
    }
}

fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum: u64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.len().max(1) as f64
}

/// Means of blocks of 8 × 8, of whole blocks only.
fn blocks(plane: &Plane) -> Vec<u8> {
    let (wide, high) = (plane.width / 8, plane.height / 8);
    (0..high)
        .flat_map(|y| (0..wide).map(move |x| (x, y)))
        .map(|(x, y)| {
            let inside = (0..64).map(|i| u32::from(plane.at(8 * x + i % 8, 8 * y + i / 8)));
            ((inside.sum::<u32>() + 32) / 64) as u8
        })
        .collect()
}

/// What the reference shows, in red, green and blue or gray; it reads the
/// plain file, whose image all variants hold.
fn reference(file: &[u8]) -> Vec<u8> {
    jpeg_decoder::Decoder::new(file).decode().unwrap()
}

#[test]
fn every_route_shows_the_same_image_for_every_kind_of_file() {
    let limits = Limits::default();
    for kind in matrix() {
        if kind.colours == ColorType::Cmyk {
            continue;
        }
        let long = u32::from(kind.size.0.max(kind.size.1));
        let plain = encoded(kind);
        let expected = reference(&plain);
        for (name, file) in variants(kind) {
            let what = format!("{name}: {kind:?}");
            let jpeg = read(&file, limits.max_pixels).unwrap_or_else(|e| panic!("{what}: {e}"));
            // Every pixel's luma, which is never subsampled: decoders round it in
            // their ways.
            let luma = close_up(&file, None, &limits, long, Matte::White).unwrap();
            let luma = luma.luma(long).unwrap();
            let own = close_up(&plain, None, &limits, long, Matte::White).unwrap();
            let own = own.luma(long).unwrap();
            let difference = mean_difference(&luma.samples, &own.samples);
            assert!(difference <= 0.6, "{what}: {difference}");
            // The coefficients' luma: alike but for what clipping hides.
            let eighth = &jpeg.eighth()[0];
            if eighth.covered.0 * 8.0 == f64::from(jpeg.width)
                && eighth.covered.1 * 8.0 == f64::from(jpeg.height)
            {
                let (wide, high) = (luma.width / 8, luma.height / 8);
                let whole: Vec<u8> = (0..high)
                    .flat_map(|y| (0..wide).map(move |x| (x, y)))
                    .map(|(x, y)| eighth.plane.at(x, y))
                    .collect();
                let clipped = if kind.quality < 60 { 12.0 } else { 2.5 };
                let difference = mean_difference(&blocks(&luma), &whole);
                assert!(difference <= clipped, "{what}: {difference}");
            }
            // Colours, to which decoders bring subsampled chroma in their ways.
            let shown = preview(&file, None, &limits, long).unwrap();
            let all = pixels(&file, None, &limits).unwrap();
            assert_eq!(
                (all.width, all.height, all.depth),
                (jpeg.width, jpeg.height, Depth::Eight)
            );
            let opaque = all.rgba.as_chunks::<4>().0.iter();
            let all: Vec<u8> = opaque.flat_map(|&[r, g, b, _]| [r, g, b]).collect();
            let expected: Vec<u8> = match kind.colours {
                ColorType::Luma => expected.iter().flat_map(|&v| [v; 3]).collect(),
                _ => expected.clone(),
            };
            let subsampled = !matches!(
                kind.sampling,
                SamplingFactor::F_1_1 | SamplingFactor::R_4_4_4
            );
            let least = match (kind.colours, subsampled) {
                (ColorType::Luma, _) => 0.6,
                (_, false) => 1.5,
                (_, true) => 12.0,
            };
            for (route, colours) in [("preview", shown.as_raw()), ("pixels", &all)] {
                let difference = mean_difference(colours, &expected);
                assert!(difference <= least, "{what}, {route}: {difference}");
            }
            decode(&file, None, &limits).unwrap_or_else(|e| panic!("{what}: {e}"));
        }
    }
}

#[test]
fn the_image_is_the_one_that_was_encoded() {
    // A check of the matrix itself: a reference that reads rubbish would agree.
    let kind = Kind {
        size: (200, 150),
        quality: 100,
        sampling: SamplingFactor::F_1_1,
        ..PLAIN
    };
    let difference = mean_difference(&reference(&encoded(kind)), &image(200, 150, 3));
    assert!(difference < 2.0, "{difference}");
}

#[test]
fn standard_tables_are_those_of_the_encoder() {
    let file = without_tables(&encoded(PLAIN));
    assert!(read(&file, u64::MAX).unwrap().lacks_tables);
    let whole = with_tables(&file);
    assert!(!read(&whole, u64::MAX).unwrap().lacks_tables);
}

#[test]
fn a_restart_marker_in_the_middle_of_a_scan_is_still_a_fault() {
    let file = encoded(PLAIN);
    let scan = file
        .windows(2)
        .position(|pair| pair == [0xFF, 0xDA])
        .unwrap();
    let mut broken = file.clone();
    let middle = (scan + file.len()) / 2;
    broken.splice(middle..middle, [0xFF, 0xD0]);
    assert!(matches!(
        read(&broken, u64::MAX).err(),
        Some(DecodeFailure::Corrupt(_) | DecodeFailure::Truncated)
    ));
}
