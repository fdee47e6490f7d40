//! The decode paths against each other, and every format cut and broken.

mod depth_and_alpha;
mod kinds;

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;

/// Shapes in several colours on a gradient: something a hash can hold on to.
fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
        let disc = (u - 0.3).hypot(v - 0.6) < 0.2;
        let bar = ((u * 5.0) as u32).is_multiple_of(2) && v < 0.3;
        match (disc, bar) {
            (true, _) => Rgb([210, 60, 30]),
            (_, true) => Rgb([20, 90, 170]),
            _ => Rgb([(u * 200.0) as u8, (v * 220.0) as u8, 128]),
        }
    })
}

fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

const ALL: [(ImageFormat, &str); 10] = [
    (ImageFormat::Jpeg, "jpg"),
    (ImageFormat::Png, "png"),
    (ImageFormat::Gif, "gif"),
    (ImageFormat::WebP, "webp"),
    (ImageFormat::Bmp, "bmp"),
    (ImageFormat::Tiff, "tiff"),
    (ImageFormat::Pnm, "ppm"),
    (ImageFormat::Qoi, "qoi"),
    (ImageFormat::Ico, "ico"),
    (ImageFormat::Tga, "tga"),
];

fn thumbnail(bytes: &[u8], extension: &str) -> Thumbnail {
    decode(bytes, Some(extension), &Limits::default())
        .unwrap()
        .thumbnail
}

/// The greatest and the mean difference of two planes of equal size.
fn difference(a: &Plane, b: &Plane) -> (u8, f64) {
    assert_eq!((a.width, a.height), (b.width, b.height));
    let differences = a
        .samples
        .iter()
        .zip(&b.samples)
        .map(|(a, b)| a.abs_diff(*b));
    let sum: u32 = differences.clone().map(u32::from).sum();
    (
        differences.max().unwrap(),
        f64::from(sum) / a.samples.len() as f64,
    )
}

#[test]
fn one_image_gives_nearly_one_thumbnail_on_every_road() {
    for (width, height) in [(48, 32), (200, 150), (300, 280), (400, 533), (640, 480)] {
        let image = DynamicImage::ImageRgb8(scene(width, height));
        let reference = thumbnail(&written(&image, ImageFormat::Bmp), "bmp");
        for (format, extension) in ALL {
            if format == ImageFormat::Ico && width.max(height) > 256 {
                continue;
            }
            let other = thumbnail(&written(&image, format), extension);
            // JPEG at the encoder's usual quality and the GIF palette lose
            // colour, all others nothing.
            let (luma, chroma) = match format {
                ImageFormat::Jpeg => (2.0, 4.0),
                ImageFormat::Gif => (3.0, 4.0),
                _ => (0.0, 0.0),
            };
            let what = format!("{extension} of {width} × {height}");
            assert!(difference(&reference.luma, &other.luma).1 <= luma, "{what}");
            assert!(difference(&reference.cb, &other.cb).1 <= chroma, "{what}");
            assert!(difference(&reference.cr, &other.cr).1 <= chroma, "{what}");
        }
    }
}

#[test]
fn headers_tell_size_and_format() {
    let image = DynamicImage::ImageRgb8(scene(40, 30));
    for (format, extension) in ALL {
        let decoded = decode(
            &written(&image, format),
            Some(extension),
            &Limits::default(),
        )
        .unwrap();
        let header = &decoded.header;
        assert_eq!((header.width, header.height), (40, 30), "{extension}");
        assert!(
            header.format.extensions().contains(&extension),
            "{extension}"
        );
        let thumbnail = &decoded.thumbnail;
        assert_eq!((thumbnail.luma.width, thumbnail.luma.height), (40, 30));
        assert_eq!((thumbnail.cb.width, thumbnail.cb.height), (32, 24));
    }
}

#[test]
fn every_prefix_of_every_format_is_refused() {
    let image = DynamicImage::ImageRgb8(scene(19, 13));
    for (format, extension) in ALL {
        let whole = written(&image, format);
        // Not image data: the padding and end marker of QOI, the footer of
        // TGA, the last chunk of PNG, the trailer of GIF.
        let needed = match format {
            ImageFormat::Qoi => whole.len() - 8,
            ImageFormat::Png => whole.len() - 12,
            ImageFormat::Gif => whole.len() - 1,
            _ => whole.len(),
        };
        for length in 0..needed {
            let result = decode(&whole[..length], Some(extension), &Limits::default());
            assert!(result.is_err(), "{extension}: {length} of {}", whole.len());
            let result = pixels(&whole[..length], Some(extension), &Limits::default());
            assert!(result.is_err(), "{extension}: {length} of {}", whole.len());
        }
        assert!(
            decode(&whole, Some(extension), &Limits::default()).is_ok(),
            "{extension}"
        );
    }
}

#[test]
fn a_file_cut_in_half_is_truncated_and_not_merely_corrupt() {
    let image = DynamicImage::ImageRgb8(scene(90, 70));
    for (format, extension) in ALL {
        let whole = written(&image, format);
        let failure = decode(
            &whole[..whole.len() / 2],
            Some(extension),
            &Limits::default(),
        );
        assert_eq!(failure.err(), Some(DecodeFailure::Truncated), "{extension}");
    }
}

#[test]
fn an_image_whose_pixels_are_whole_is_read_whatever_follows_them() {
    let image = DynamicImage::ImageRgb8(scene(19, 13));
    for (format, end) in [(ImageFormat::Png, 12), (ImageFormat::Gif, 1)] {
        let whole = written(&image, format);
        let hash = |file: &[u8]| pixel_hash(file, None, &Limits::default());
        let expected = hash(&whole).unwrap();
        let cut = &whole[..whole.len() - end];
        for tail in [&b""[..], b"\0", b"\x77", b"\0\0\0\0wEND\xAE\x42\x60\x82"] {
            let file = [cut, tail].concat();
            assert_eq!(hash(&file).as_ref(), Ok(&expected), "{format:?} {tail:?}");
            let small = decode(&file, None, &Limits::default()).unwrap();
            assert_eq!(small, decode(&whole, None, &Limits::default()).unwrap());
        }
    }
}

#[test]
fn mutated_files_of_every_format_neither_panic_nor_hang() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let image = DynamicImage::ImageRgb8(scene(23, 17));
    let limits = Limits {
        max_pixels: 1_000_000,
    };
    for (format, extension) in ALL {
        let whole = written(&image, format);
        for _ in 0..400 {
            let mut file = whole.clone();
            for _ in 0..3 {
                let at = random.next_u32() as usize % file.len();
                file[at] = random.next_u32() as u8;
            }
            // A panic inside a decoder would come back as a failure; one of
            // ours must not hide behind that.
            let result = decode(&file, Some(extension), &limits);
            if let Err(DecodeFailure::Panicked(said)) = result {
                assert!(!said.contains("decode"), "{extension}: {said}");
            }
        }
    }
}

#[test]
fn lossless_formats_agree_on_every_pixel() {
    let image = DynamicImage::ImageRgb8(scene(61, 47));
    let hash = |format, extension| {
        pixel_hash(
            &written(&image, format),
            Some(extension),
            &Limits::default(),
        )
        .unwrap()
    };
    let png = hash(ImageFormat::Png, "png");
    for (format, extension) in ALL {
        if !matches!(format, ImageFormat::Jpeg | ImageFormat::Gif) {
            assert_eq!(hash(format, extension), png, "{extension}");
        }
    }
    assert_ne!(hash(ImageFormat::Jpeg, "jpg"), png);
}

#[test]
fn equal_bytes_in_another_shape_are_another_image() {
    let flat = |width, height| {
        let image = DynamicImage::ImageLuma8(GrayImage::new(width, height));
        pixel_hash(&written(&image, ImageFormat::Png), None, &Limits::default()).unwrap()
    };
    assert_ne!(flat(8, 2), flat(2, 8));
}

#[test]
fn widened_samples_are_the_same_image_and_finer_ones_another() {
    let eight = DynamicImage::ImageRgb8(scene(20, 20));
    let sixteen = DynamicImage::ImageRgb16(eight.to_rgb16());
    let mut finer = eight.to_rgb16();
    finer.get_pixel_mut(3, 3).0[1] ^= 1;
    let hash = |image: &DynamicImage| {
        pixel_hash(&written(image, ImageFormat::Png), None, &Limits::default()).unwrap()
    };
    assert_eq!(hash(&eight), hash(&sixteen));
    assert_ne!(hash(&eight), hash(&DynamicImage::ImageRgb16(finer)));
    assert_eq!(
        thumbnail(&written(&eight, ImageFormat::Png), "png"),
        thumbnail(&written(&sixteen, ImageFormat::Tiff), "tiff"),
    );
}

#[test]
fn colours_hidden_under_transparency_never_show() {
    let painted = |hidden: [u8; 3]| {
        let [r, g, b] = hidden;
        let image = RgbaImage::from_fn(80, 60, |x, _| match x < 40 {
            true => Rgba([200, 10, 10, 255]),
            false => Rgba([r, g, b, 0]),
        });
        DynamicImage::ImageRgba8(image)
    };
    for (format, extension) in [
        (ImageFormat::Png, "png"),
        (ImageFormat::WebP, "webp"),
        (ImageFormat::Tiff, "tiff"),
    ] {
        let [one, other] =
            [[0, 0, 0], [9, 200, 77]].map(|hidden| written(&painted(hidden), format));
        let small = thumbnail(&one, extension);
        assert_eq!(small, thumbnail(&other, extension));
        assert_eq!(
            small.luma.at(small.luma.width - 1, 5),
            255,
            "white shows through"
        );
        let hash = |file: &[u8]| pixel_hash(file, Some(extension), &Limits::default()).unwrap();
        assert_eq!(hash(&one), hash(&other));
    }
}

/// A TIFF structure that holds the orientation tag alone.
fn orientation_exif(value: u8) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([value, 0, 0, 0, 0, 0, 0]);
    exif
}

#[test]
fn stored_orientation_is_applied_on_every_road() {
    for (width, height) in [(40, 30), (500, 300)] {
        let image = scene(width, height);
        let mut file = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut file, 95);
        encoder.add_exif_metadata(&orientation_exif(6)).unwrap();
        let (w, h) = (width as u16, height as u16);
        encoder
            .encode(&image, w, h, jpeg_encoder::ColorType::Rgb)
            .unwrap();
        let turned = decode(&file, None, &Limits::default()).unwrap();
        assert_eq!((turned.header.width, turned.header.height), (height, width));
        assert_eq!(turned.header.orientation, Orientation::QuarterTurn);

        let upright = DynamicImage::ImageRgb8(image).rotate90();
        let upright = thumbnail(&written(&upright, ImageFormat::Png), "png");
        assert!(difference(&upright.luma, &turned.thumbnail.luma).1 < 3.0);

        let whole = pixels(&file, None, &Limits::default()).unwrap();
        assert_eq!((whole.width, whole.height), (height, width));
        let shown = preview(&file, None, &Limits::default(), 20).unwrap();
        assert_eq!(shown.height(), 20);
    }
}

#[test]
fn more_pixels_than_allowed_are_refused_from_the_header() {
    let image = DynamicImage::ImageRgb8(scene(100, 100));
    let limits = Limits { max_pixels: 9_999 };
    let too_large = DecodeFailure::TooLarge {
        pixels: 10_000,
        limit: 9_999,
    };
    for (format, extension) in ALL {
        let whole = written(&image, format);
        let failure = decode(&whole, Some(extension), &limits).err();
        assert_eq!(failure.as_ref(), Some(&too_large), "{extension}");
    }
}

#[test]
fn previews_fit_and_are_never_enlarged() {
    let file = written(&DynamicImage::ImageRgb8(scene(900, 700)), ImageFormat::Png);
    let size = |side| {
        preview(&file, None, &Limits::default(), side)
            .unwrap()
            .dimensions()
    };
    assert_eq!(size(90), (90, 70));
    assert_eq!(size(2000), (900, 700));
    let exact = preview(&file, None, &Limits::default(), 900).unwrap();
    let differs = |(a, b): (&u8, &u8)| a.abs_diff(*b) > 2;
    assert!(
        !exact
            .as_raw()
            .iter()
            .zip(scene(900, 700).as_raw())
            .any(differs)
    );
}

#[test]
fn a_panic_becomes_a_failure_that_repeats_it() {
    let result: Result<(), _> = guarded(|| panic!("index 7 out of range"));
    assert_eq!(
        result,
        Err(DecodeFailure::Panicked("index 7 out of range".to_owned()))
    );
}

#[test]
fn kinds_of_failure_are_all_listed() {
    let failures = [
        DecodeFailure::Empty,
        DecodeFailure::NotAnImage,
        DecodeFailure::unsupported(""),
        DecodeFailure::TooLarge {
            pixels: 2,
            limit: 1,
        },
        DecodeFailure::Truncated,
        DecodeFailure::corrupt(""),
        DecodeFailure::Panicked(String::new()),
        DecodeFailure::Unreadable(String::new()),
        DecodeFailure::LfsPointer,
    ];
    assert_eq!(failures.map(|failure| failure.kind()), DecodeFailure::KINDS);
}
