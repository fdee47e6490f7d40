//! The DC reader against a whole decoder, and against broken files.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;

const MAX: u64 = 1 << 30;

/// An image with edges, gradients and noise, so that every table is used.
pub(super) fn image(width: u16, height: u16, channels: usize) -> Vec<u8> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut samples = Vec::new();
    for y in 0..usize::from(height) {
        for x in 0..usize::from(width) {
            for channel in 0..channels {
                let slope = (x * (channel + 2) + y * 3) % 256;
                let edge = if (x / 11 + y / 17 + channel) % 3 == 0 {
                    90
                } else {
                    0
                };
                let noise = random.next_u32() as usize % 24;
                samples.push(((slope + edge + noise) % 256) as u8);
            }
        }
    }
    samples
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) size: (u16, u16),
    pub(super) sampling: SamplingFactor,
    pub(super) colours: ColorType,
    pub(super) scans: Option<u8>,
    pub(super) restart: u16,
    pub(super) optimised: bool,
    pub(super) quality: u8,
}

pub(super) const PLAIN: Kind = Kind {
    size: (83, 61),
    sampling: SamplingFactor::F_2_2,
    colours: ColorType::Rgb,
    scans: None,
    restart: 0,
    optimised: false,
    quality: 85,
};

pub(super) fn encoded(kind: Kind) -> Vec<u8> {
    let (width, height) = kind.size;
    let channels = match kind.colours {
        ColorType::Luma => 1,
        ColorType::Rgb => 3,
        _ => 4,
    };
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, kind.quality);
    encoder.set_sampling_factor(kind.sampling);
    encoder.set_restart_interval(kind.restart);
    encoder.set_optimized_huffman_tables(kind.optimised);
    if let Some(scans) = kind.scans {
        encoder.set_progressive_scans(scans);
    }
    let samples = image(width, height, channels);
    encoder
        .encode(&samples, width, height, kind.colours)
        .unwrap();
    file
}

pub(super) fn every_kind() -> Vec<Kind> {
    use SamplingFactor::*;
    let mut kinds = Vec::new();
    for sampling in [
        F_1_1, F_2_1, F_1_2, F_2_2, F_4_1, F_4_2, F_1_4, F_2_4, R_4_4_4, R_4_2_0,
    ] {
        for scans in [None, Some(4), Some(7)] {
            for restart in [0, 1, 5] {
                for optimised in [false, true] {
                    if optimised && restart > 0 {
                        // The encoder counts its symbols without restarts.
                        continue;
                    }
                    kinds.push(Kind {
                        sampling,
                        scans,
                        restart,
                        optimised,
                        ..PLAIN
                    });
                }
            }
        }
    }
    for size in [(1, 1), (8, 8), (9, 7), (16, 17), (200, 3), (3, 200)] {
        for quality in [3, 60, 100] {
            for scans in [None, Some(5)] {
                for colours in [ColorType::Luma, ColorType::Rgb, ColorType::Cmyk] {
                    kinds.push(Kind {
                        size,
                        quality,
                        scans,
                        colours,
                        ..PLAIN
                    });
                }
            }
        }
    }
    kinds
}

/// The library's decode at an eighth of the size, channel by channel.
/// Subsampled channels come smoothed and are of no use here.
fn library(file: &[u8], jpeg: &Jpeg<'_>) -> Vec<Vec<u8>> {
    let channels = jpeg.frame.components.len();
    let mut decoder = jpeg_decoder::Decoder::new(file);
    // The transforms that change nothing, but for CMYK being inverted.
    let inverted = match channels {
        1 => false,
        3 => {
            decoder.set_color_transform(jpeg_decoder::ColorTransform::RGB);
            false
        }
        _ => {
            decoder.set_color_transform(jpeg_decoder::ColorTransform::CMYK);
            true
        }
    };
    let (width, height) = (jpeg.width.div_ceil(8), jpeg.height.div_ceil(8));
    let size = decoder.scale(width as u16, height as u16).unwrap();
    assert_eq!(size, (width as u16, height as u16));
    let samples = decoder.decode().unwrap();
    let stored = |sample: &u8| if inverted { 255 - sample } else { *sample };
    (0..channels)
        .map(|channel| {
            samples
                .iter()
                .skip(channel)
                .step_by(channels)
                .map(stored)
                .collect()
        })
        .collect()
}

/// How that library makes a sample of a DC coefficient: it rounds towards
/// zero where we round to the nearest.
fn as_library(component: &frame::Component) -> Vec<u8> {
    let step = i32::from(component.table.unwrap()[0]);
    component
        .dc
        .chunks(component.stride)
        .take(component.blocks_high as usize)
        .flat_map(|row| &row[..component.blocks_wide as usize])
        .map(|&dc| ((i32::from(dc) * step + 1024) / 8).clamp(0, 255) as u8)
        .collect()
}

fn assert_same_dc(file: &[u8], what: &dyn std::fmt::Debug) {
    let jpeg = read(file, MAX).unwrap_or_else(|failure| panic!("{what:?}: {failure}"));
    let theirs = library(file, &jpeg);
    for (component, theirs) in jpeg.frame.components.iter().zip(theirs) {
        let full = component.horizontal == jpeg.frame.max_horizontal
            && component.vertical == jpeg.frame.max_vertical;
        if full {
            assert!(
                as_library(component) == theirs,
                "{what:?}, channel {}",
                component.id
            );
        }
    }
}

#[test]
fn dc_equals_that_of_a_whole_decode_for_every_kind_of_file() {
    for kind in every_kind() {
        assert_same_dc(&encoded(kind), &kind);
    }
}

#[test]
fn sequential_and_progressive_of_one_image_have_equal_dc_in_every_channel() {
    for sampling in [
        SamplingFactor::F_1_1,
        SamplingFactor::F_2_2,
        SamplingFactor::F_4_1,
    ] {
        let eighth = |scans| {
            let file = encoded(Kind {
                scans,
                sampling,
                ..PLAIN
            });
            read(&file, MAX).unwrap().eighth()
        };
        assert_eq!(eighth(None), eighth(Some(6)));
    }
}

/// Some of the clothing photos where they are at hand; every one below a folder
/// that `PHOTOS` names. With `PROGRESSIVE` too, a folder of the same files after
/// `jpegtran -progressive`, which keeps all coefficients, chroma is compared as
/// well.
#[test]
fn dc_equals_that_of_a_whole_decode_over_real_photos() {
    let folder = |name: &str| std::env::var_os(name).map(std::path::PathBuf::from);
    let (named, progressive) = (folder("PHOTOS"), folder("PROGRESSIVE"));
    let every = if named.is_some() { 1 } else { 4 };
    let at_hand =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/clothing/validation");
    if named.is_none() && !at_hand.is_dir() {
        return;
    }
    let photos = named.unwrap_or(at_hand);
    let found = walkdir::WalkDir::new(&photos).sort_by_file_name();
    let paths = found.into_iter().map(|found| found.unwrap().into_path());
    let jpegs = paths.filter(|path| path.extension().is_some_and(|extension| extension == "jpg"));
    let mut read_photos = 0;
    for path in jpegs.step_by(every) {
        let file = std::fs::read(&path).unwrap();
        assert_same_dc(&file, &path);
        read_photos += 1;
        let Some(folder) = &progressive else { continue };
        let again = folder.join(path.strip_prefix(&photos).unwrap());
        let again = std::fs::read(again).unwrap();
        assert_same_dc(&again, &path);
        let (once, twice) = (read(&file, MAX).unwrap(), read(&again, MAX).unwrap());
        assert!(twice.facts.progressive, "{path:?}");
        assert!(once.eighth() == twice.eighth(), "{path:?}");
    }
    assert!(read_photos > 0, "no photo in {photos:?}");
}

#[test]
fn every_prefix_is_reported_as_truncated() {
    for scans in [None, Some(4)] {
        for restart in [0, 3] {
            let file = encoded(Kind {
                scans,
                restart,
                size: (40, 33),
                ..PLAIN
            });
            for length in 2..file.len() {
                let failure = read(&file[..length], MAX).err();
                assert_eq!(
                    failure,
                    Some(DecodeFailure::Truncated),
                    "{length} of {}",
                    file.len()
                );
            }
        }
    }
}

#[test]
fn a_scan_that_stops_early_is_noticed_though_the_end_marker_is_there() {
    let file = encoded(Kind {
        size: (200, 160),
        ..PLAIN
    });
    for keep in [file.len() / 2, file.len() * 3 / 4, file.len() - 40] {
        let mut cut = file[..keep].to_vec();
        if cut.last() == Some(&0xFF) {
            cut.pop();
        }
        cut.extend([0xFF, 0xD9]);
        assert_eq!(read(&cut, MAX).err(), Some(DecodeFailure::Truncated));
    }
}

#[test]
fn bytes_behind_the_end_are_ignored() {
    let mut file = encoded(PLAIN);
    file.extend(b"appended by some camera \xFF\xD8\xFF");
    assert!(read(&file, MAX).is_ok());
}

#[test]
fn mutated_files_neither_panic_nor_hang() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut below = |limit: usize| random.next_u32() as usize % limit;
    for kind in [
        PLAIN,
        Kind {
            scans: Some(6),
            ..PLAIN
        },
        Kind {
            restart: 2,
            ..PLAIN
        },
        Kind {
            optimised: true,
            ..PLAIN
        },
    ] {
        let whole = encoded(kind);
        for _ in 0..3000 {
            let mut file = whole.clone();
            for _ in 0..1 + below(4) {
                let at = below(file.len());
                match below(3) {
                    0 => file[at] = below(256) as u8,
                    1 => drop(file.drain(at..(at + 1 + below(20)).min(file.len()))),
                    _ => file.insert(at, below(256) as u8),
                }
            }
            if let Ok(jpeg) = read(&file, MAX) {
                let _ = jpeg.eighth();
            }
        }
    }
}

#[test]
fn a_tiny_file_cannot_claim_much_memory() {
    let mut file = encoded(PLAIN);
    let frame = file
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    file[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xFF, 0x7F, 0xFF]);
    assert_eq!(read(&file, u64::MAX).err(), Some(DecodeFailure::Truncated));
    assert!(matches!(
        read(&file, MAX).err(),
        Some(DecodeFailure::TooLarge { .. })
    ));
}

#[test]
fn what_is_not_decoded_is_named() {
    let whole = encoded(PLAIN);
    let frame = whole
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    for (marker, name) in [
        (0xC9, "arithmetic-coded JPEG"),
        (0xC3, "lossless JPEG"),
        (0xC5, "hierarchical JPEG"),
        (0xF7, "JPEG-LS"),
    ] {
        let mut file = whole.clone();
        file[frame + 1] = marker;
        assert_eq!(
            read(&file, MAX).err(),
            Some(DecodeFailure::unsupported(name))
        );
    }
    let mut file = whole.clone();
    file[frame + 4] = 12;
    assert_eq!(
        read(&file, MAX).err(),
        Some(DecodeFailure::unsupported("12-bit JPEG"))
    );
}

#[test]
fn facts_tell_how_the_file_was_encoded() {
    let file = encoded(Kind {
        quality: 85,
        scans: Some(4),
        sampling: SamplingFactor::F_2_1,
        ..PLAIN
    });
    let jpeg = read(&file, MAX).unwrap();
    assert!(jpeg.facts.progressive);
    assert_eq!(jpeg.facts.subsampling.name(), "4:2:2");
    let again = encoded(Kind {
        quality: 85,
        ..PLAIN
    });
    let other = encoded(Kind {
        quality: 86,
        ..PLAIN
    });
    let identity = |file: &[u8]| read(file, MAX).unwrap().facts.quantisation;
    assert_eq!(identity(&again), jpeg.facts.quantisation);
    assert_ne!(identity(&other), jpeg.facts.quantisation);
}
