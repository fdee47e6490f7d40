//! Makes `report.html` with its images and crops. Chooses none of them.

use std::path::Path;

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};

use super::links;
use crate::error::Result;
use crate::executor::Executor;
use crate::features::crops::{Crop, Crops};
use crate::fingerprint::cache::Key;
use crate::report::{Report, html};
use crate::scan::Scan;

/// `report.html` of a report in `folder`, without images where the user asked to stop.
pub(super) fn page(
    report: &Report<'_>,
    scan: &Scan,
    folder: &Path,
    executor: &Executor,
) -> Result<String> {
    let shown = html::shown(report);
    let jpegs = executor.map(shown.len(), |index| {
        scan.images.access.jpeg(shown[index], html::THUMBNAIL_SIDE)
    });
    let jpegs = jpegs.unwrap_or_default();
    let folder = std::path::absolute(folder).map(|folder| links::resolved(&folder));
    let originals = (shown.iter())
        .filter_map(|&id| {
            let file = scan.images.access.place(id)?;
            Some((id, links::from_folder(folder.as_ref().ok()?, &file)?))
        })
        .collect();
    let thumbnails = (shown.into_iter().zip(jpegs))
        .filter_map(|(id, jpeg)| Some((id, jpeg?)))
        .collect();
    html::render(
        report,
        &thumbnails,
        &crops(report, scan, executor),
        &originals,
    )
}

/// The objects shown, cut out of their images.
fn crops(report: &Report<'_>, scan: &Scan, executor: &Executor) -> html::Crops {
    let objects = html::shown_objects(report).into_iter();
    let objects = objects.filter_map(|(sample, object)| {
        let rect = report.objects.get(object)?.rect?;
        rect.is_finite().then_some((object, Crop { sample, rect }))
    });
    let (ids, boxes): (Vec<_>, Vec<Crop>) = objects.unzip();
    let crops = Crops::new(&boxes, &scan.images, &report.fingerprints, executor.jobs());
    let memo = &scan.images.memo;
    let made = executor.map(boxes.len(), |index| {
        let key = key(report, &boxes[index]);
        key.and_then(|key| memo.verdict(key)).or_else(|| {
            let jpeg = jpeg(&crops.cut(index, html::CROP_SIDE).ok()?)?;
            if let Some(key) = key.filter(|_| scan.images.access.is_unchanged(boxes[index].sample))
            {
                memo.keep_verdict(key, jpeg.clone());
            }
            Some(jpeg)
        })
    });
    let made = made.unwrap_or_default();
    (ids.into_iter().zip(made))
        .filter_map(|(id, jpeg)| Some((id, jpeg?)))
        .collect()
}

/// The name of a crop in the cache.
fn key(report: &Report<'_>, cut: &Crop) -> Option<Key> {
    let content = report.fingerprints.get(cut.sample)?.content?;
    let rect = [cut.rect.x, cut.rect.y, cut.rect.width, cut.rect.height].map(f32::to_bits);
    let method = format!("crop of the page 1, {} {rect:?}", html::CROP_SIDE);
    Some(Key::of_content(&method, content))
}

fn jpeg(cut: &RgbImage) -> Option<Vec<u8>> {
    let long = cut.width().max(cut.height()).max(1);
    let share = (f64::from(html::CROP_SIDE) / f64::from(long)).min(1.0);
    let side = |length: u32| ((f64::from(length) * share).round() as u32).max(1);
    let small = imageops::resize(
        cut,
        side(cut.width()),
        side(cut.height()),
        FilterType::Triangle,
    );
    let mut file = Vec::new();
    // Blocks do not show yet at this quality.
    (JpegEncoder::new_with_quality(&mut file, 75))
        .encode_image(&small)
        .ok()?;
    Some(file)
}
