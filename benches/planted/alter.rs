//! Makes altered copies of images, as real image bytes. Knows nothing of finding them.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// One way to alter a copy, with the recall that is wanted of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alteration {
    /// How the table calls it.
    pub(crate) name: &'static str,
    /// The least recall that is wanted.
    pub(crate) target: f64,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Bytes,
    Jpeg(u8),
    Png,
    WebP,
    Resize(f64),
    Gray,
    Brightness(f64),
    Contrast(f64),
    Gamma(f64),
    Blur,
    Noise,
    Jitter,
    ExifTurned,
    Mirror,
    UpsideDown,
    Turn(u8),
    Text,
    Banner,
    Pad,
    Crop(f64),
    Rotate(f64),
    MirrorCrop,
    RandomResizedCrop,
}

const fn row(name: &'static str, target: f64, kind: Kind) -> Alteration {
    Alteration { name, target, kind }
}

/// Every alteration of the table, in its order.
pub(crate) const ALL: [Alteration; 33] = [
    row("byte copy", 0.99, Kind::Bytes),
    row("JPEG q60", 0.99, Kind::Jpeg(60)),
    row("JPEG q20", 0.99, Kind::Jpeg(20)),
    row("PNG", 0.99, Kind::Png),
    row("WebP", 0.99, Kind::WebP),
    row("resized 50%", 0.99, Kind::Resize(0.5)),
    row("resized 150%", 0.99, Kind::Resize(1.5)),
    row("grayscale", 0.99, Kind::Gray),
    row("brightness +25%", 0.99, Kind::Brightness(1.25)),
    row("brightness -25%", 0.99, Kind::Brightness(0.75)),
    row("contrast +30%", 0.99, Kind::Contrast(1.3)),
    row("contrast -40%", 0.99, Kind::Contrast(0.6)),
    row("gamma 0.7", 0.99, Kind::Gamma(0.7)),
    row("gamma 1.5", 0.99, Kind::Gamma(1.5)),
    row("blur r=2", 0.99, Kind::Blur),
    row("noise sd 20", 0.99, Kind::Noise),
    row("colour jitter", 0.99, Kind::Jitter),
    row("EXIF-turned", 0.99, Kind::ExifTurned),
    row("mirrored", 0.99, Kind::Mirror),
    row("upside down", 0.99, Kind::UpsideDown),
    row("turned 90", 0.99, Kind::Turn(1)),
    row("turned 180", 0.99, Kind::Turn(2)),
    row("turned 270", 0.99, Kind::Turn(3)),
    row("text overlay", 0.97, Kind::Text),
    row("banner overlay", 0.97, Kind::Banner),
    row("padded 10%", 0.97, Kind::Pad),
    row("cropped 5% a side", 0.97, Kind::Crop(0.05)),
    row("cropped 10% a side", 0.97, Kind::Crop(0.10)),
    row("rotated 5 degrees", 0.97, Kind::Rotate(5.0)),
    row("mirrored, cropped 10%", 0.97, Kind::MirrorCrop),
    row("cropped 20% a side", 0.90, Kind::Crop(0.20)),
    row("rotated 15 degrees", 0.90, Kind::Rotate(15.0)),
    row("RandomResizedCrop 224", 0.85, Kind::RandomResizedCrop),
];

/// A number in `[0, 1)`.
pub(crate) fn unit(rng: &mut ChaCha8Rng) -> f64 {
    f64::from(rng.next_u32()) / (f64::from(u32::MAX) + 1.0)
}

fn between(rng: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * unit(rng)
}

impl Alteration {
    /// The altered copy of the image that `bytes` hold, as a file of its
    /// own, with the extension it should carry.
    pub(crate) fn apply(
        &self,
        bytes: &[u8],
        rng: &mut ChaCha8Rng,
    ) -> image::ImageResult<(Vec<u8>, &'static str)> {
        if matches!(self.kind, Kind::Bytes) {
            return Ok((bytes.to_vec(), "jpg"));
        }
        let source = image::load_from_memory(bytes)?.to_rgb8();
        let jpeg = |image: &RgbImage| encode_jpeg(image, 88).map(|bytes| (bytes, "jpg"));
        let (w, h) = source.dimensions();
        match self.kind {
            Kind::Bytes => unreachable!("answered above"),
            Kind::Jpeg(quality) => encode_jpeg(&source, quality).map(|bytes| (bytes, "jpg")),
            Kind::Png => encode(&source, ImageFormat::Png).map(|bytes| (bytes, "png")),
            Kind::WebP => encode(&source, ImageFormat::WebP).map(|bytes| (bytes, "webp")),
            Kind::Resize(scale) => {
                let size = |side: u32| (f64::from(side) * scale).round().max(1.0) as u32;
                jpeg(&imageops::resize(
                    &source,
                    size(w),
                    size(h),
                    FilterType::CatmullRom,
                ))
            }
            Kind::Gray => {
                let gray: GrayImage = DynamicImage::ImageRgb8(source).to_luma8();
                jpeg(&DynamicImage::ImageLuma8(gray).to_rgb8())
            }
            Kind::Brightness(factor) => jpeg(&map(source, |v| v * factor)),
            Kind::Contrast(factor) => jpeg(&contrast(source, factor)),
            Kind::Gamma(gamma) => jpeg(&map(source, |v| 255.0 * (v / 255.0).powf(gamma))),
            Kind::Blur => jpeg(&imageops::blur(&source, 2.0)),
            Kind::Noise => jpeg(&noise(source, 20.0, rng)),
            Kind::Jitter => jpeg(&jitter(source, rng)),
            Kind::ExifTurned => {
                let turned = imageops::rotate270(&source);
                Ok((with_orientation(&encode_jpeg(&turned, 88)?, 6), "jpg"))
            }
            Kind::Mirror => jpeg(&imageops::flip_horizontal(&source)),
            Kind::UpsideDown => jpeg(&imageops::flip_vertical(&source)),
            Kind::Turn(1) => jpeg(&imageops::rotate90(&source)),
            Kind::Turn(2) => jpeg(&imageops::rotate180(&source)),
            Kind::Turn(_) => jpeg(&imageops::rotate270(&source)),
            Kind::Text => jpeg(&text(source, rng)),
            Kind::Banner => jpeg(&banner(source, rng)),
            Kind::Pad => jpeg(&pad(&source, 0.10, rng)),
            Kind::Crop(share) => jpeg(&crop(&source, share)),
            Kind::Rotate(degrees) => {
                let sign = if unit(rng) < 0.5 { -1.0 } else { 1.0 };
                jpeg(&rotate(&source, sign * degrees))
            }
            Kind::MirrorCrop => jpeg(&imageops::flip_horizontal(&crop(&source, 0.10))),
            Kind::RandomResizedCrop => {
                let mut image = random_resized_crop(&source, rng);
                if unit(rng) < 0.5 {
                    image = imageops::flip_horizontal(&image);
                }
                jpeg(&jitter(image, rng))
            }
        }
    }
}

fn encode_jpeg(image: &RgbImage, quality: u8) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(image)?;
    Ok(bytes)
}

fn encode(image: &RgbImage, format: ImageFormat) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format)?;
    Ok(bytes.into_inner())
}

/// Puts an EXIF block that holds nothing but the orientation behind the
/// start-of-image marker.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let exif = [
        0xFF,
        0xE1,
        0x00,
        0x22,
        b'E',
        b'x',
        b'i',
        b'f',
        0,
        0,
        b'M',
        b'M',
        0,
        42,
        0,
        0,
        0,
        8,
        0,
        1,
        0x01,
        0x12,
        0,
        3,
        0,
        0,
        0,
        1,
        0,
        orientation,
        0,
        0,
        0,
        0,
        0,
        0,
    ];
    [&jpeg[..2], &exif, &jpeg[2..]].concat()
}

fn clamp(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

fn map(mut image: RgbImage, change: impl Fn(f64) -> f64) -> RgbImage {
    let table: Vec<u8> = (0..=255u8).map(|v| clamp(change(f64::from(v)))).collect();
    for pixel in image.pixels_mut() {
        for channel in &mut pixel.0 {
            *channel = table[usize::from(*channel)];
        }
    }
    image
}

fn luma(pixel: &Rgb<u8>) -> f64 {
    let [r, g, b] = pixel.0.map(f64::from);
    0.299 * r + 0.587 * g + 0.114 * b
}

fn contrast(image: RgbImage, factor: f64) -> RgbImage {
    let mean = image.pixels().map(luma).sum::<f64>() / f64::from(image.width() * image.height());
    map(image, |v| mean + (v - mean) * factor)
}

fn saturation(mut image: RgbImage, factor: f64) -> RgbImage {
    for pixel in image.pixels_mut() {
        let gray = luma(pixel);
        for channel in &mut pixel.0 {
            *channel = clamp(gray + (f64::from(*channel) - gray) * factor);
        }
    }
    image
}

/// Turns the hue by a share of the full circle, as HSV has it.
fn hue(mut image: RgbImage, shift: f64) -> RgbImage {
    for pixel in image.pixels_mut() {
        let [r, g, b] = pixel.0.map(f64::from);
        let max = r.max(g).max(b);
        let min = r.min(g).min(b);
        let chroma = max - min;
        if chroma <= 0.0 {
            continue;
        }
        let sector = if max == r {
            ((g - b) / chroma).rem_euclid(6.0)
        } else if max == g {
            (b - r) / chroma + 2.0
        } else {
            (r - g) / chroma + 4.0
        };
        let turned = (sector + shift * 6.0).rem_euclid(6.0);
        let x = chroma * (1.0 - (turned.rem_euclid(2.0) - 1.0).abs());
        let (r, g, b) = match turned as u8 {
            0 => (chroma, x, 0.0),
            1 => (x, chroma, 0.0),
            2 => (0.0, chroma, x),
            3 => (0.0, x, chroma),
            4 => (x, 0.0, chroma),
            _ => (chroma, 0.0, x),
        };
        pixel.0 = [clamp(r + min), clamp(g + min), clamp(b + min)];
    }
    image
}

/// Brightness, contrast and saturation by up to 40%, hue by up to a tenth of
/// the circle, in a random order.
fn jitter(mut image: RgbImage, rng: &mut ChaCha8Rng) -> RgbImage {
    let mut order = [0, 1, 2, 3];
    for last in (1..order.len()).rev() {
        order.swap(last, (unit(rng) * (last + 1) as f64) as usize);
    }
    for step in order {
        let factor = between(rng, 0.6, 1.4);
        image = match step {
            0 => map(image, |v| v * factor),
            1 => contrast(image, factor),
            2 => saturation(image, factor),
            _ => hue(image, (factor - 1.0) * 0.25),
        };
    }
    image
}

fn noise(mut image: RgbImage, deviation: f64, rng: &mut ChaCha8Rng) -> RgbImage {
    for pixel in image.pixels_mut() {
        for channel in &mut pixel.0 {
            let radius = (-2.0 * (1.0 - unit(rng)).ln()).sqrt();
            let normal = radius * (std::f64::consts::TAU * unit(rng)).cos();
            *channel = clamp(f64::from(*channel) + deviation * normal);
        }
    }
    image
}

fn fill(image: &mut RgbImage, x: i64, y: i64, w: i64, h: i64, colour: Rgb<u8>) {
    let (width, height) = (i64::from(image.width()), i64::from(image.height()));
    for row in y.max(0)..(y + h).min(height) {
        for column in x.max(0)..(x + w).min(width) {
            image.put_pixel(column as u32, row as u32, colour);
        }
    }
}

/// Letters of 5 × 7 dots, enough for a watermark.
const LETTERS: [[u8; 7]; 8] = [
    [0x0E, 0x11, 0x11, 0x1F, 0x11, 0x11, 0x11],
    [0x1E, 0x11, 0x11, 0x1E, 0x11, 0x11, 0x1E],
    [0x0E, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0E],
    [0x1F, 0x10, 0x10, 0x1E, 0x10, 0x10, 0x1F],
    [0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11],
    [0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1F],
    [0x0E, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0E],
    [0x1F, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04],
];

fn write(
    image: &mut RgbImage,
    x: i64,
    y: i64,
    dot: i64,
    count: usize,
    colour: Rgb<u8>,
    rng: &mut ChaCha8Rng,
) {
    for letter in 0..count {
        let shape = LETTERS[(rng.next_u32() % 8) as usize];
        for (row, bits) in shape.iter().enumerate() {
            for column in 0..5 {
                if bits >> (4 - column) & 1 == 1 {
                    let left = x + (letter as i64 * 6 + column) * dot;
                    fill(image, left, y + row as i64 * dot, dot, dot, colour);
                }
            }
        }
    }
}

/// A line of large letters somewhere on the image.
fn text(mut image: RgbImage, rng: &mut ChaCha8Rng) -> RgbImage {
    let (w, h) = (i64::from(image.width()), i64::from(image.height()));
    let count = 8 + (rng.next_u32() % 6) as usize;
    let dot = (w * 8 / 10 / (6 * count as i64)).max(1);
    let y = (unit(rng) * (h - 8 * dot).max(1) as f64) as i64;
    let colour = if unit(rng) < 0.5 {
        Rgb([255, 255, 255])
    } else {
        Rgb([230, 30, 30])
    };
    write(&mut image, w / 10, y, dot, count, colour, rng);
    image
}

/// A plain strip with a line of text over the top or the bottom 15%.
fn banner(mut image: RgbImage, rng: &mut ChaCha8Rng) -> RgbImage {
    let (w, h) = (i64::from(image.width()), i64::from(image.height()));
    let strip = (h * 15 / 100).max(1);
    let y = if unit(rng) < 0.5 { 0 } else { h - strip };
    let back = Rgb([0, 0, 0].map(|_: u8| (rng.next_u32() % 256) as u8));
    fill(&mut image, 0, y, w, strip, back);
    let dot = (strip / 11).max(1);
    let colour = if luma(&back) > 128.0 {
        Rgb([0, 0, 0])
    } else {
        Rgb([255, 255, 255])
    };
    write(&mut image, w / 20, y + 2 * dot, dot, 10, colour, rng);
    image
}

fn pad(source: &RgbImage, share: f64, rng: &mut ChaCha8Rng) -> RgbImage {
    let (w, h) = source.dimensions();
    let (dx, dy) = ((f64::from(w) * share) as u32, (f64::from(h) * share) as u32);
    let colour =
        [Rgb([0, 0, 0]), Rgb([255, 255, 255]), Rgb([128, 128, 128])][(rng.next_u32() % 3) as usize];
    let mut padded = RgbImage::from_pixel(w + 2 * dx, h + 2 * dy, colour);
    imageops::replace(&mut padded, source, i64::from(dx), i64::from(dy));
    padded
}

fn crop(source: &RgbImage, share: f64) -> RgbImage {
    let (w, h) = source.dimensions();
    let (dx, dy) = ((f64::from(w) * share) as u32, (f64::from(h) * share) as u32);
    imageops::crop_imm(source, dx, dy, w - 2 * dx, h - 2 * dy).to_image()
}

/// Turned about the middle on a canvas of the same size, corners black.
fn rotate(source: &RgbImage, degrees: f64) -> RgbImage {
    let (w, h) = source.dimensions();
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (cx, cy) = ((f64::from(w) - 1.0) / 2.0, (f64::from(h) - 1.0) / 2.0);
    RgbImage::from_fn(w, h, |x, y| {
        let (dx, dy) = (f64::from(x) - cx, f64::from(y) - cy);
        bilinear(source, cx + cos * dx - sin * dy, cy + sin * dx + cos * dy)
    })
}

fn bilinear(source: &RgbImage, x: f64, y: f64) -> Rgb<u8> {
    let (w, h) = (f64::from(source.width()), f64::from(source.height()));
    if x < 0.0 || y < 0.0 || x > w - 1.0 || y > h - 1.0 {
        return Rgb([0, 0, 0]);
    }
    let (left, top) = (x.floor(), y.floor());
    let (right, bottom) = ((left + 1.0).min(w - 1.0), (top + 1.0).min(h - 1.0));
    let at = |x: f64, y: f64, c: usize| f64::from(source.get_pixel(x as u32, y as u32).0[c]);
    let (fx, fy) = (x - left, y - top);
    let mut pixel = [0; 3];
    for (c, channel) in pixel.iter_mut().enumerate() {
        let upper = at(left, top, c) * (1.0 - fx) + at(right, top, c) * fx;
        let lower = at(left, bottom, c) * (1.0 - fx) + at(right, bottom, c) * fx;
        *channel = clamp(upper * (1.0 - fy) + lower * fy);
    }
    Rgb(pixel)
}

/// As the usual training augmentation: a box of 50 to 100% of the area and a
/// ratio of 3/4 to 4/3, made 224 × 224.
fn random_resized_crop(source: &RgbImage, rng: &mut ChaCha8Rng) -> RgbImage {
    let (w, h) = (f64::from(source.width()), f64::from(source.height()));
    let mut chosen = None;
    for _ in 0..10 {
        let area = w * h * between(rng, 0.5, 1.0);
        let ratio = between(rng, (0.75f64).ln(), (4.0f64 / 3.0).ln()).exp();
        let (bw, bh) = ((area * ratio).sqrt().round(), (area / ratio).sqrt().round());
        if bw <= w && bh <= h {
            let x = (unit(rng) * (w - bw + 1.0)).floor();
            let y = (unit(rng) * (h - bh + 1.0)).floor();
            chosen = Some((x, y, bw, bh));
            break;
        }
    }
    // Ten misses: the largest middle box within the ratios, as the usual
    // implementation falls back to.
    let (x, y, bw, bh) = chosen.unwrap_or_else(|| {
        let (bw, bh) = if w / h < 0.75 {
            (w, (w / 0.75).round())
        } else {
            ((h * 4.0 / 3.0).round().min(w), h)
        };
        (((w - bw) / 2.0).floor(), ((h - bh) / 2.0).floor(), bw, bh)
    });
    let part = imageops::crop_imm(source, x as u32, y as u32, bw as u32, bh as u32).to_image();
    imageops::resize(&part, 224, 224, FilterType::Triangle)
}
