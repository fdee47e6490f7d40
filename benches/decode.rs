//! What an image costs from bytes to thumbnail, beside a whole decode by the
//! `image` crate followed by the same reduction of its luma.
//!
//! `cargo bench --bench decode [-- FOLDER COUNT]`: JPEG files below FOLDER
//! (`../shared/data/clothing/test` if it is there, else generated images).
//! One thread, both decoders in turn over the same files; CPU seconds on Linux.
//!
//! Then the whole fingerprint stage of all images below FOLDER, files read
//! and two hashes taken, beside `image` and one hash: CPU of the process.

#![expect(clippy::print_stdout, reason = "a table for the terminal")]

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use img_hash::{HashAlg, HasherConfig};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use splitlint::config::{CacheOption, Options, resolve};
use splitlint::decode::{Limits, decode};
use splitlint::executor::{Executor, StopFlag};
use splitlint::progress::{Progress, Stage};
use splitlint::scan::scan;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with('-'));
    let folder = arguments
        .next()
        .unwrap_or_else(|| "../shared/data/clothing/test".to_owned());
    let count = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(200);
    let mut files = photos(Path::new(&folder), count);
    if files.is_empty() {
        files = (0..count.min(40))
            .map(|seed| encoded(&generated(seed), None))
            .collect();
    }
    let whole = |file: &Vec<u8>| image::load_from_memory(file).ok().map(|p| p.to_rgb8());
    println!("files                 ours µs  whole µs   ratio");
    run("as found", &files, 10);
    let again: Vec<_> = files.iter().filter_map(whole).collect();
    let progressive: Vec<_> = again.iter().map(|p| encoded(p, Some(8))).collect();
    run("progressive", &progressive, 10);
    let small: Vec<_> = again
        .iter()
        .map(|p| encoded(&image::imageops::thumbnail(p, 32, 32), None))
        .collect();
    run("32 × 32", &small, 300);
    stage(Path::new(&folder));
}

/// CPU seconds of this process at the end of the fingerprint stage.
#[derive(Default)]
struct Clock(Mutex<(f64, f64)>);

impl Progress for Clock {
    fn begin(&self, stage: Stage, _: Option<u64>) {
        if let (Stage::Fingerprint, Ok(mut times)) = (stage, self.0.lock()) {
            times.0 = process_seconds();
        }
    }

    fn advance(&self, _: u64) {}

    fn end(&self, stage: Stage, _: &str) {
        if let (Stage::Fingerprint, Ok(mut times)) = (stage, self.0.lock()) {
            times.1 = process_seconds();
        }
    }
}

/// Both ways over all of a folder, twice in turns, on one thread each.
fn stage(folder: &Path) {
    let files: Vec<PathBuf> = jpegs(folder);
    let hasher = (HasherConfig::new().hash_alg(HashAlg::Median)).preproc_dct();
    let hasher = hasher.to_hasher();
    let Ok(executor) = Executor::new(1, StopFlag::default()) else {
        return;
    };
    for turn in 0..3 {
        let options = Options {
            root: Some(folder.to_owned()),
            select: Some(vec!["FILE001".to_owned()]),
            cache: Some(CacheOption::Use(false)),
            ..Options::default()
        };
        let clock = Clock::default();
        if resolve(options).is_ok_and(|settings| scan(&settings, &executor, &clock).is_err()) {
            return;
        }
        let ours = clock.0.lock().map_or(0.0, |times| times.1 - times.0);
        let begin = process_seconds();
        for file in &files {
            let small = std::fs::read(file)
                .ok()
                .and_then(|file| whole_decode(&file));
            let small = small.and_then(|small| image::GrayImage::from_raw(32, 32, small));
            std::hint::black_box(small.map(|small| hasher.hash_image(&small)));
        }
        let theirs = process_seconds() - begin;
        // The first turn is to warm up.
        if turn > 0 {
            let each = 1e6 / files.len().max(1) as f64;
            let (ours, theirs) = (ours * each, theirs * each);
            println!(
                "fingerprint stage    {ours:8.1} {theirs:9.1} {:7.2}",
                theirs / ours
            );
        }
    }
}

/// CPU seconds of all threads, to a hundredth; time where no system tells.
fn process_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let mut fields = text
        .rsplit(") ")
        .next()
        .unwrap_or_default()
        .split(' ')
        .skip(11);
    let ticks = |field: Option<&str>| field?.parse::<f64>().ok();
    let (user, system) = (ticks(fields.next()), ticks(fields.next()));
    user.zip(system)
        .map_or_else(seconds, |(user, system)| (user + system) / 100.0)
}

/// `together` files take some milliseconds, which is as fine as the system tells.
fn run(name: &str, files: &[Vec<u8>], together: usize) {
    let (mut ours, mut theirs) = (0.0, 0.0);
    // In turns of a few files, so that a busy machine is busy for both.
    for turn in files.chunks(together) {
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

/// The JPEG files below `folder`, in order of their paths.
fn jpegs(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|found| found.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|e| e == "jpg"))
        .collect();
    paths.sort();
    paths
}

/// Every n-th of the files below `folder`, in order of their paths.
fn photos(folder: &Path, count: usize) -> Vec<Vec<u8>> {
    let paths = jpegs(folder);
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
fn encoded(image: &image::RgbImage, scans: Option<u8>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 85);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    if let Some(scans) = scans {
        encoder.set_progressive_scans(scans);
    }
    let (width, height) = (image.width() as u16, image.height() as u16);
    // An image that cannot be encoded is left out of the measurement.
    let _ = encoder.encode(image, width, height, ColorType::Rgb);
    file
}

/// CPU time of this thread where the system tells, else time.
fn seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = text.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
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
