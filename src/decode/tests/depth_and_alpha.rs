//! Values of many bits, and what transparency hides.

use super::*;

#[test]
fn low_values_of_many_bits_are_stretched_by_one_rule_in_every_format() {
    let image = scene(120, 90);
    let deep = |top: f32, offset: u16| {
        image::ImageBuffer::<image::Luma<u16>, Vec<u16>>::from_fn(120, 90, |x, y| {
            let tone = f32::from(image.get_pixel(x, y).0[1]) / 255.0;
            image::Luma([offset + (tone * top) as u16])
        })
    };
    let plain = GrayImage::from_fn(120, 90, |x, y| image::Luma([image.get_pixel(x, y).0[1]]));
    let expected = thumbnail(&written(&plain.into(), ImageFormat::Png), "png");
    for (top, offset) in [(700.0, 0), (4095.0, 0), (4095.0, 30_000), (65_535.0, 0)] {
        let file = |format| written(&DynamicImage::ImageLuma16(deep(top, offset)), format);
        let small = thumbnail(&file(ImageFormat::Png), "png");
        assert_eq!(small, thumbnail(&file(ImageFormat::Tiff), "tiff"));
        assert_eq!(small, thumbnail(&file(ImageFormat::Pnm), "pgm"));
        // The darkest and the brightest of the image become black and white.
        let (low, high) = (
            *expected.luma.samples.iter().min().unwrap(),
            *expected.luma.samples.iter().max().unwrap(),
        );
        for (&seen, &tone) in small.luma.samples.iter().zip(&expected.luma.samples) {
            let stretched = f32::from(tone - low) / f32::from(high - low) * 255.0;
            let wanted = if top > 5000.0 {
                f32::from(tone)
            } else {
                stretched
            };
            assert!(
                (f32::from(seen) - wanted).abs() < 6.0,
                "{seen}, not {wanted}: {top}"
            );
        }
    }
}

#[test]
fn each_matte_shows_what_a_copy_saved_on_it_shows() {
    let colours = scene(300, 200);
    let image = RgbaImage::from_fn(300, 200, |x, y| {
        let Rgb([r, g, b]) = *colours.get_pixel(x, y);
        Rgba([r, g, b, if (x / 60 + y / 50) % 3 == 0 { 60 } else { 255 }])
    });
    let on = |matte: Option<u8>| {
        let flat = RgbImage::from_fn(300, 200, |x, y| {
            let Rgba([r, g, b, a]) = *image.get_pixel(x, y);
            let over = |value: u8| match matte {
                None => value,
                Some(matte) => {
                    let (value, matte, a) = (u32::from(value), u32::from(matte), u32::from(a));
                    ((value * a + matte * (255 - a) + 127) / 255) as u8
                }
            };
            Rgb([over(r), over(g), over(b)])
        });
        thumbnail(&written(&flat.into(), ImageFormat::Png), "png")
    };
    let file = DynamicImage::ImageRgba8(image.clone());
    for (format, extension) in [
        (ImageFormat::Png, "png"),
        (ImageFormat::WebP, "webp"),
        (ImageFormat::Tiff, "tiff"),
    ] {
        let file = written(&file, format);
        let decoded = decode(&file, Some(extension), &Limits::default()).unwrap();
        let [black, dropped] = *decoded.mattes.unwrap();
        for (seen, wanted) in [
            (decoded.thumbnail, on(Some(255))),
            (black, on(Some(0))),
            (dropped, on(None)),
        ] {
            assert!(difference(&seen.luma, &wanted.luma).0 <= 1, "{extension}");
            assert!(difference(&seen.cb, &wanted.cb).0 <= 1, "{extension}");
        }
        let close = |matte| {
            let close = close_up(&file, Some(extension), &Limits::default(), 64, matte);
            close.unwrap().luma(64).unwrap()
        };
        assert!(difference(&close(Matte::Black), &on(Some(0)).luma).1 < 2.0);
    }
}

#[test]
fn an_image_hidden_by_its_alpha_is_the_one_without() {
    let shown = scene(90, 70);
    let hidden = RgbaImage::from_fn(90, 70, |x, y| {
        let Rgb([r, g, b]) = *shown.get_pixel(x, y);
        Rgba([r, g, b, 0])
    });
    let (shown, hidden) = (DynamicImage::from(shown), DynamicImage::from(hidden));
    for (format, extension) in [(ImageFormat::Png, "png"), (ImageFormat::WebP, "webp")] {
        let files = [&shown, &hidden].map(|image| written(image, format));
        let [shown, hidden] = files.map(|file| {
            let decoded = decode(&file, Some(extension), &Limits::default()).unwrap();
            let hash = pixel_hash(&file, Some(extension), &Limits::default()).unwrap();
            (decoded.thumbnail, decoded.mattes, hash)
        });
        assert_eq!(shown, hidden, "{extension}");
    }
}
