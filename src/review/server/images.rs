//! Images as a browser shows them: files of its formats as they are, others as
//! PNG. Reads samples of the data set and nothing else.

use std::io::Cursor;
use std::sync::{Mutex, PoisonError};

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::http::Response;
use super::loaded::Loaded;
use crate::decode::{self, Depth, Limits};
use crate::image_format::{Format, Sniffed, sniff};
use crate::sample::{ContentHash, SampleId};

/// Pixels of an image that is shown whole: at four bytes each a browser holds
/// 200 MB. A larger one is shown smaller.
const WHOLE: u64 = 50_000_000;

/// The long side of what is shown of a larger image, in pixels: as large as
/// screens are.
const LARGE: u32 = 4096;

/// The long side of a small image, in pixels, at most.
const SMALL: u32 = 1024;

/// Blocks do not show at this quality.
const QUALITY: u8 = 88;

/// Held while an image is decoded whole: two at once could take as much memory as
/// a machine has.
static DECODING: Mutex<()> = Mutex::new(());

/// What the address of a sample's image ends in: its number, and the content that
/// it had when it was scanned.
pub(super) fn name(loaded: &Loaded, id: SampleId) -> String {
    let content = loaded.facts[id.index()].content;
    let content = content.map_or_else(String::new, |content| content.to_string());
    format!("{}-{content}", id.0)
}

/// The image of a sample, its long side at most `side` pixels, or whole.
pub(super) fn image(loaded: &Loaded, id: SampleId, side: Option<u32>) -> Response {
    let facts = &loaded.facts[id.index()];
    let Some(content) = facts.content else {
        return Response::text(422, "the image could not be read when it was scanned");
    };
    if facts.size.is_none() {
        let problem = facts.problem.as_deref().unwrap_or("unknown");
        return Response::text(422, &format!("the image cannot be decoded: {problem}"));
    }
    let bytes = match loaded.reader.read(id) {
        Ok(bytes) => bytes,
        Err(failure) => {
            return Response::text(422, &format!("the image cannot be read: {failure}"));
        }
    };
    // Nobody may decide on another image than the one that the finding is about.
    if ContentHash::of(&bytes) != content {
        return Response::text(409, "the image has changed since the scan; scan again");
    }
    let extension = loaded.reader.location(id).extension();
    match shown(&bytes, extension.as_deref(), facts.size, side) {
        Ok(response) => Response {
            may_be_kept: true,
            ..response
        },
        Err(why) => Response::text(422, &format!("the image cannot be shown: {why}")),
    }
}

fn shown(
    bytes: &[u8],
    extension: Option<&str>,
    size: Option<(u32, u32)>,
    side: Option<u32>,
) -> Result<Response, String> {
    let limits = Limits::default();
    let pixels = size.map_or(u64::MAX, |(w, h)| u64::from(w) * u64::from(h));
    let side = match side {
        Some(side) => Some(side.clamp(16, SMALL)),
        None => (pixels > WHOLE).then_some(LARGE),
    };
    if let Some(side) = side {
        let small = decode::preview(bytes, extension, &limits, side).map_err(|e| e.to_string())?;
        let mut jpeg = Cursor::new(Vec::new());
        JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
            .encode_image(&small)
            .map_err(|e| e.to_string())?;
        return Ok(Response::new(200, "image/jpeg", jpeg.into_inner()));
    }
    let as_it_is = match sniff(bytes, extension) {
        // A browser turns it as EXIF says.
        Sniffed::Known(Format::Jpeg) => Some("image/jpeg"),
        // Not every browser turns these.
        Sniffed::Known(Format::Png) if !contains(bytes, b"eXIf") => Some("image/png"),
        Sniffed::Known(Format::WebP) if !contains(bytes, b"EXIF") => Some("image/webp"),
        Sniffed::Known(Format::Gif) => Some("image/gif"),
        _ => None,
    };
    if let Some(content_type) = as_it_is {
        return Ok(Response::new(200, content_type, bytes));
    }
    let _one_at_a_time = DECODING.lock().unwrap_or_else(PoisonError::into_inner);
    let whole = decode::pixels(bytes, extension, &limits).map_err(|e| e.to_string())?;
    let (mut rgba, colour) = (whole.rgba, ExtendedColorType::Rgba8);
    if whole.depth == Depth::Sixteen {
        // The upper byte of each channel: screens show no more.
        rgba = rgba.chunks_exact(2).map(|two| two[0]).collect();
    }
    let mut png = Cursor::new(Vec::new());
    image::codecs::png::PngEncoder::new(&mut png)
        .write_image(&rgba, whole.width, whole.height, colour)
        .map_err(|e| e.to_string())?;
    Ok(Response::new(200, "image/png", png.into_inner()))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat, RgbImage};

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let image = RgbImage::from_fn(40, 20, |x, y| image::Rgb([x as u8 * 5, y as u8 * 9, 77]));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(image)
            .write_to(&mut bytes, format)
            .expect("encodes");
        bytes.into_inner()
    }

    fn whole(bytes: &[u8]) -> Response {
        shown(bytes, None, Some((40, 20)), None).expect("shown")
    }

    #[test]
    fn files_of_a_browser_s_formats_go_out_as_they_are() {
        for (format, content_type) in [
            (ImageFormat::Jpeg, "image/jpeg"),
            (ImageFormat::Png, "image/png"),
            (ImageFormat::WebP, "image/webp"),
            (ImageFormat::Gif, "image/gif"),
        ] {
            let bytes = encoded(format);
            let response = whole(&bytes);
            assert_eq!(
                (response.content_type, response.body),
                (content_type, bytes)
            );
        }
    }

    #[test]
    fn other_formats_become_png_of_the_same_pixels() {
        let expected = image::load_from_memory(&encoded(ImageFormat::Png)).expect("reads");
        for format in [ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::Qoi] {
            let response = whole(&encoded(format));
            assert_eq!(response.content_type, "image/png");
            let read = image::load_from_memory(&response.body).expect("reads");
            assert_eq!(read.to_rgb8(), expected.to_rgb8(), "{format:?}");
        }
    }

    #[test]
    fn image_that_is_larger_than_screens_and_a_small_one_are_made_smaller() {
        let bytes = encoded(ImageFormat::Png);
        let small = shown(&bytes, None, Some((40, 20)), Some(20)).expect("shown");
        let read = image::load_from_memory(&small.body).expect("reads");
        assert_eq!(
            (small.content_type, read.width(), read.height()),
            ("image/jpeg", 20, 10)
        );
        let large = shown(&bytes, None, Some((90_000, 90_000)), None).expect("shown");
        assert_eq!(large.content_type, "image/jpeg");
    }

    #[test]
    fn markup_is_no_image_whatever_it_is_called() {
        for bytes in [&b"<svg onload='alert(1)'/>"[..], b"<html>", b"GIF", b""] {
            assert!(shown(bytes, Some("png"), Some((1, 1)), None).is_err());
        }
    }
}
