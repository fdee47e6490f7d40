//! Bursts of jittered frames planted beside a folder's own images, and the
//! whole scanned.

use std::error::Error;
use std::fs;
use std::path::Path;

use image::{RgbImage, imageops};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use splitlint::config::{Options, resolve};
use splitlint::executor::{Executor, StopFlag};
use splitlint::labelling::Said;
use splitlint::progress::Silent;
use splitlint::scan::scan;
use splitlint::source;

use super::source::Asked;
use super::{figures, flips};

/// Bursts, of which the first half carries a wrong label, and their frames.
const BURSTS: usize = 12;
const FRAMES: usize = 30;

/// Copies `folder` as class folders, adds the bursts, scans by the model `asked` for, if
/// any, and says which were found as clusters.
pub(super) fn plant_and_find(
    folder: &Path,
    asked: &Asked,
    seed: u64,
) -> Result<String, Box<dyn Error>> {
    let options = |root: &Path| Options {
        root: Some(root.to_path_buf()),
        select: Some(vec!["LABEL003".to_owned()]),
        model: asked.model.clone(),
        model_size: asked.size,
        ..Options::default()
    };
    let executor = Executor::new(0, StopFlag::default())?;
    let settings = resolve(options(folder)).map_err(|e| format!("{e:?}"))?;
    let listed = source::list(&settings.request, executor.stop(), &Silent)?;
    let labels = flips::labels(&listed.listing)?;
    let classes = &listed.listing.classes;
    let set = tempfile::tempdir()?;
    for class in classes {
        fs::create_dir_all(set.path().join(class))?;
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let scenes = flips::drawn(labels.len(), BURSTS, &mut random);
    for (sample, &label) in listed.listing.samples.iter().zip(&labels) {
        let class = set.path().join(&classes[label as usize]);
        if let Ok(bytes) = listed.reader.read(sample.id) {
            let name = format!("{:06}", sample.id.index());
            fs::write(class.join(name).with_extension("jpg"), &bytes)?;
            let Some(burst) = scenes.iter().position(|&s| s == sample.id.index()) else {
                continue;
            };
            let step = 1 + (random.next_u64() % (classes.len() as u64 - 1).max(1)) as usize;
            let shown = match burst < BURSTS / 2 {
                true => &classes[(label as usize + step) % classes.len()],
                false => &classes[label as usize],
            };
            let image = image::load_from_memory(&bytes)?.to_rgb8();
            for frame in 0..FRAMES {
                let name = format!("burst-{burst:02}-{frame:02}.jpg");
                jitter(&image, &mut random).save(set.path().join(shown).join(name))?;
            }
        }
    }
    let settings = resolve(options(set.path())).map_err(|e| format!("{e:?}"))?;
    let scan = scan(&settings, &executor, &Silent)?;
    let clusters = scan.evidence.labelling.as_ref().map(figures::clusters);
    let clusters = clusters.unwrap_or_default();
    let frames = |burst: usize| -> Vec<usize> {
        let name = format!("burst-{burst:02}-");
        let own = |sample: &&splitlint::sample::Sample| sample.key.as_str().contains(&name);
        let samples = scan.evidence.listing.samples.iter().filter(own);
        samples.map(|sample| sample.id.index()).collect()
    };
    let found: Vec<bool> = (0..BURSTS)
        .map(|burst| figures::hit(&frames(burst), &clusters))
        .collect();
    let (wrong, right) = found.split_at(BURSTS / 2);
    let odds = scan.evidence.labelling.as_ref().map_or(Vec::new(), |said| {
        let Said::One(judgement) = &said.said else {
            return Vec::new();
        };
        let odds = |burst: usize| {
            let rows = said.ids.iter().zip(&judgement.samples);
            let frames = frames(burst);
            let mut own: Vec<f32> = rows
                .filter(|(id, _)| frames.contains(&id.index()))
                .map(|(_, judged)| judged.log_odds)
                .collect();
            own.sort_by(f32::total_cmp);
            own.get(own.len() / 2).copied().unwrap_or(f32::NAN)
        };
        (0..BURSTS).map(odds).collect()
    });
    let count = |found: &[bool]| found.iter().filter(|t| **t).count();
    Ok(format!(
        "bursts of seed {seed}: {} of {} wrong ones found, {} of {} right ones found, {} clusters \
         in all; median log-odds {odds:.1?}",
        count(wrong),
        wrong.len(),
        count(right),
        right.len(),
        clusters.len()
    ))
}

/// Another frame of the scene: a crop of 88% to 100%, other light, noise.
fn jitter(image: &RgbImage, random: &mut ChaCha8Rng) -> RgbImage {
    let unit = |random: &mut ChaCha8Rng| f64::from(random.next_u32()) / f64::from(u32::MAX);
    let (width, height) = image.dimensions();
    let side = 0.88 + 0.12 * unit(random);
    let size = |whole: u32| ((f64::from(whole) * side) as u32).max(1);
    let (w, h) = (size(width), size(height));
    let x = (unit(random) * f64::from(width - w)) as u32;
    let y = (unit(random) * f64::from(height - h)) as u32;
    let gain = 0.85 + 0.3 * unit(random);
    let mut frame = imageops::crop_imm(image, x, y, w, h).to_image();
    for value in frame.pixels_mut().flat_map(|pixel| &mut pixel.0) {
        let noise = unit(random) * 16.0 - 8.0;
        *value = (f64::from(*value) * gain + noise).clamp(0.0, 255.0) as u8;
    }
    frame
}
