//! Images that hold the same pixels, stored anew without loss. Compares whole images for
//! equality only.

use std::collections::{BTreeMap, BTreeSet};

use super::images::ContentImages;
use super::pipeline::{Verified, VerifiedPair};
use crate::executor::{Executor, Interrupted};
use crate::finding::Relation;

/// Greatest residual of two images that may hold the same pixels, over the contrast:
/// thumbnails of one image by two decoders differ by rounding.
pub(super) const UNTOUCHED: f32 = 0.03;

/// Greatest difference of the mean luma, of 255, between thumbnails of one image by two
/// decoders.
const ROUNDING: f32 = 1.5;

/// Columns or rows below which an image is too thin to be registered.
const THIN: u32 = 16;

/// The pairs that hold the same pixels.
pub(super) struct SamePixels {
    /// For each verified pair, in order.
    pub(super) verified: Vec<bool>,
    /// Further pairs `(a, b)`, `a < b`, that were not verified otherwise; sorted.
    pub(super) others: Vec<(u32, u32)>,
    /// Further groups, each sorted, of images with too little contrast to be compared in any
    /// other way.
    pub(super) groups: Vec<Vec<u32>>,
}

/// Compares the pixels of all verified pairs without a residual, of unresolved pairs, and of
/// images that took no part: each that may have an equal is decoded once.
pub(super) fn same_pixels(
    found: &Verified,
    source: &ContentImages<'_>,
    executor: &Executor,
) -> Result<SamePixels, Interrupted> {
    let same_size = |a: u32, b: u32| source.size(a as usize) == source.size(b as usize);
    let untouched = |pair: &VerifiedPair| {
        pair.relation == Relation::Near
            && pair.residual < UNTOUCHED
            && same_size(pair.first, pair.second)
    };
    let verified: BTreeSet<(u32, u32)> =
        (found.pairs.iter().map(|pair| (pair.first, pair.second))).collect();
    let unresolved: BTreeSet<(u32, u32)> = (found.unresolved.iter().copied())
        .filter(|pair| same_size(pair.0, pair.1) && !verified.contains(pair))
        .collect();
    let not_compared = not_compared(source);
    let mut wanted: BTreeSet<usize> = not_compared
        .iter()
        .flatten()
        .map(|&index| index as usize)
        .collect();
    for pair in found.pairs.iter().filter(|pair| untouched(pair)) {
        wanted.extend([pair.first as usize, pair.second as usize]);
    }
    for &(a, b) in &unresolved {
        wanted.extend([a as usize, b as usize]);
    }
    let digests = source.digests(&wanted, executor)?;
    let digest = |index: u32| digests.get(&(index as usize));
    let same = |a: u32, b: u32| digest(a).is_some() && digest(a) == digest(b);
    let mut groups: BTreeMap<_, Vec<u32>> = BTreeMap::new();
    for &index in not_compared.iter().flatten() {
        if let Some(digest) = digest(index) {
            groups.entry(digest).or_default().push(index);
        }
    }
    let mut groups: Vec<Vec<u32>> = groups.into_values().filter(|g| g.len() > 1).collect();
    groups.sort();
    Ok(SamePixels {
        verified: (found.pairs.iter())
            .map(|pair| untouched(pair) && same(pair.first, pair.second))
            .collect(),
        others: (unresolved.into_iter())
            .filter(|&(a, b)| same(a, b))
            .collect(),
        groups,
    })
}

/// Images that take no part because they are flat or thin, in runs of one size and nearly
/// one mean luma: equals are only within a run.
fn not_compared(source: &ContentImages<'_>) -> Vec<Vec<u32>> {
    let mut images: Vec<((u32, u32), f32, u32)> = (0u32..)
        .zip(source.contents)
        .filter_map(|(index, samples)| {
            let facts = source.table.facts(*samples.first()?)?;
            let size = (facts.header.width, facts.header.height);
            let takes_part = facts.hashes.is_some() && size.0.min(size.1) >= THIN;
            (!takes_part).then_some((size, facts.statistics.brightness, index))
        })
        .collect();
    images.sort_by(|a, b| {
        (a.0.cmp(&b.0))
            .then(a.1.total_cmp(&b.1))
            .then(a.2.cmp(&b.2))
    });
    images
        .chunk_by(|a, b| a.0 == b.0 && b.1 - a.1 < ROUNDING)
        .filter(|run| run.len() > 1)
        .map(|run| run.iter().map(|&(.., index)| index).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

    use super::super::Pair;
    use super::super::tests::files::{files, scan_with};
    use super::super::tests::scenes::Scene;
    use crate::finding::Relation;

    fn written(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        (image.into())
            .write_to(&mut file, format)
            .expect("written to memory");
        file.into_inner()
    }

    fn pairs(all: Vec<Vec<u8>>) -> Vec<Pair> {
        let found = scan_with(&files(all.clone()), None, "a", 1).0;
        assert_eq!(scan_with(&files(all), None, "a", 3).0, found);
        found.pairs
    }

    fn names(pairs: &[Pair]) -> Vec<(u32, u32)> {
        pairs.iter().map(|pair| (pair.a.0, pair.b.0)).collect()
    }

    /// A page of one colour with a mark of another, both nearly white.
    fn page(mark: u8, side: u32) -> RgbImage {
        RgbImage::from_fn(side, side, |x, _| match x == 9 {
            true => Rgb([mark; 3]),
            false => Rgb([250; 3]),
        })
    }

    #[test]
    fn flat_and_thin_images_of_equal_pixels_are_exact_copies_and_others_no_pairs() {
        let thin =
            |shade: u32| RgbImage::from_fn(300, 2, |x, _| Rgb([(x * shade % 251) as u8, 7, 9]));
        let found = pairs(vec![
            written(page(249, 60), ImageFormat::Png),
            written(page(249, 60), ImageFormat::Bmp),
            written(page(248, 60), ImageFormat::Png),
            written(page(249, 61), ImageFormat::Png),
            written(thin(1), ImageFormat::Png),
            written(thin(1), ImageFormat::Tiff),
            written(thin(3), ImageFormat::Png),
        ]);
        assert_eq!(names(&found), [(0, 1), (4, 5)]);
        let exact = |pair: &Pair| pair.evidence.relation == Relation::Exact;
        assert!(found.iter().all(exact));
    }

    /// A scene whose left part is seen through a window in something else.
    fn cut_out(scene: &Scene, other: &Scene) -> RgbaImage {
        RgbaImage::from_fn(160, 120, |x, y| {
            let (u, v) = (x as f32 / 160.0, y as f32 / 120.0);
            let shown = (u - 0.4).hypot(v - 0.5) < 0.36;
            let tone = if shown {
                scene.tone(u, v)
            } else {
                other.tone(u, v)
            };
            let tone = tone.clamp(0.0, 255.0) as u8;
            Rgba([tone, tone / 2, 90, if shown { 255 } else { 0 }])
        })
    }

    fn flattened(image: &RgbaImage, matte: Option<u8>) -> RgbImage {
        let flat = |x, y| match (*image.get_pixel(x, y), matte) {
            (Rgba([.., 0]), Some(matte)) => Rgb([matte; 3]),
            (Rgba([r, g, b, _]), _) => Rgb([r, g, b]),
        };
        RgbImage::from_fn(image.width(), image.height(), flat)
    }

    #[test]
    fn transparent_image_is_found_in_copies_on_white_on_black_and_without_alpha() {
        let scenes: Vec<Scene> = (0..24).map(Scene::new).collect();
        for matte in [Some(255), Some(0), None] {
            let mut all = Vec::new();
            for scene in 0..12 {
                let image = cut_out(&scenes[scene], &scenes[scene + 12]);
                all.push(written(image, ImageFormat::Png));
            }
            let copied = flattened(&cut_out(&scenes[4], &scenes[16]), matte);
            let mut copy = Vec::new();
            jpeg_encoder::Encoder::new(&mut copy, 88)
                .encode(&copied, 160, 120, jpeg_encoder::ColorType::Rgb)
                .expect("encoded");
            all.push(copy);
            assert_eq!(names(&pairs(all)), [(4, 12)], "{matte:?}");
        }
    }

    #[test]
    fn image_hidden_by_its_alpha_equals_the_one_without() {
        let scenes = [Scene::new(3), Scene::new(5)];
        let mut hidden = cut_out(&scenes[0], &scenes[1]);
        hidden.pixels_mut().for_each(|pixel| pixel.0[3] = 0);
        let shown = flattened(&hidden, None);
        let found = pairs(vec![
            written(hidden, ImageFormat::Png),
            written(shown, ImageFormat::Bmp),
        ]);
        assert_eq!(names(&found), [(0, 1)]);
        assert_eq!(found[0].evidence.relation, Relation::Exact);
    }
}
