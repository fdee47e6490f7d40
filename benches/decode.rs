//! What a picture costs from bytes to thumbnail, beside a whole decode by the
//! `image` crate followed by the same reduction of its luma.
//!
//! `cargo bench --bench decode [-- FOLDER COUNT]`: JPEG files below FOLDER
//! (`../shared/data/clothing/test` if it is there, else generated pictures).
//! One thread, both roads in turn over the same files; CPU seconds on Linux.

#![expect(clippy::print_stdout, reason = "a table for the terminal")]

use std::path::PathBuf;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use splitlint::decode::{Limits, decode};

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with('-'));
    let folder = arguments
        .next()
        .unwrap_or_else(|| "../shared/data/clothing/test".to_owned());
    let count = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(200);
    let mut files = photos(folder.into(), count);
    if files.is_empty() {
        files = (0..count.min(40))
            .map(|seed| encoded(&generated(seed), None))
            .collect();
    }
    let whole = |file: &Vec<u8>| image::load_from_memory(file).ok().map(|p| p.to_rgb8());
    println!("files                 ours µs  whole µs   ratio");
    run("as found", &files);
    let again: Vec<_> = files.iter().filter_map(whole).collect();
    let progressive: Vec<_> = again.iter().map(|p| encoded(p, Some(8))).collect();
    run("progressive", &progressive);
    let small: Vec<_> = again
        .iter()
        .map(|p| encoded(&image::imageops::thumbnail(p, 32, 32), None))
        .collect();
    run("32 × 32", &small);
}

fn run(name: &str, files: &[Vec<u8>]) {
    let (mut ours, mut theirs) = (0.0, 0.0);
    // In turns of a few files, so that a busy machine is busy for both.
    for turn in files.chunks(10) {
        let begin = seconds();
        for file in turn {
            std::hint::black_box(decode(file, Some("jpg"), &Limits::default()).ok());
        }
        let between = seconds();
        for file in turn {
            std::hint::black_box(whole_decode(file));
        }
        ours += between - begin;
        theirs += seconds() - between;
    }
    let each = 1e6 / files.len().max(1) as f64;
    println!(
        "{name:20} {:8.1} {:9.1} {:7.2}",
        ours * each,
        theirs * each,
        theirs / ours
    );
}

/// Decode everything, take luma, shrink to 32 × 32.
fn whole_decode(file: &[u8]) -> Option<Vec<u8>> {
    let luma = image::load_from_memory(file).ok()?.to_luma8();
    let source = ImageRef::new(luma.width(), luma.height(), &luma, PixelType::U8).ok()?;
    let mut target = Image::new(32, 32, PixelType::U8);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize(&source, &mut target, &options).ok()?;
    Some(target.into_vec())
}

/// Every n-th of the files below `folder`, in order of their paths.
fn photos(folder: PathBuf, count: usize) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|found| found.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|e| e == "jpg"))
        .collect();
    paths.sort();
    let step = (paths.len() / count.max(1)).max(1);
    let chosen = paths.iter().step_by(step).take(count);
    chosen.filter_map(|path| std::fs::read(path).ok()).collect()
}

fn generated(seed: usize) -> image::RgbImage {
    image::RgbImage::from_fn(400, 533, |x, y| {
        let (x, y) = (x as usize, y as usize);
        let grain = (x * 7919 + y * 104_729 + seed * 31) % 23;
        let shape = if (x / 40 + y / 50 + seed).is_multiple_of(3) {
            90
        } else {
            0
        };
        image::Rgb([(x / 3 + grain) as u8, (shape + y / 5 + grain) as u8, 120])
    })
}

/// As most photos are: quality 85, 4:2:0; progressive in `scans` scans.
fn encoded(picture: &image::RgbImage, scans: Option<u8>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 85);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    if let Some(scans) = scans {
        encoder.set_progressive_scans(scans);
    }
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    // A picture that cannot be encoded is left out of the measurement.
    let _ = encoder.encode(picture, width, height, ColorType::Rgb);
    file
}

/// CPU time of this thread where the system tells, else time.
fn seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(
        || {
            static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
            START
                .get_or_init(std::time::Instant::now)
                .elapsed()
                .as_secs_f64()
        },
        |nanoseconds| nanoseconds / 1e9,
    )
}
