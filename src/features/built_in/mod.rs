//! Vectors made from the thumbnail alone, no weights needed. Sees shape, texture
//! and colour of the whole image, not what it means.

mod colour;
mod gradients;
mod hog;
mod image;
mod lbp;
mod projection;

pub(super) use self::image::SIDE;
pub use projection::{FIT_LIMIT, FitError, Projection};

use self::image::Image;
use crate::decode::Thumbnail;
use crate::executor::Executor;
use crate::features::Vectors;

/// Widths of the blocks of a descriptor, in their order: HOG, LBP, colour grid,
/// multi-scale gradients.
pub const BLOCKS: [usize; 4] = [hog::LEN, lbp::LEN, colour::LEN, gradients::LEN];

/// Numbers in one descriptor.
pub const DESCRIPTOR_LEN: usize = hog::LEN + lbp::LEN + colour::LEN + gradients::LEN;

/// The descriptor of one image: [`DESCRIPTOR_LEN`] numbers, not yet scaled
/// against each other. An empty thumbnail gives zeros.
pub fn extract(thumbnail: &Thumbnail) -> Box<[f32]> {
    let mut descriptor = vec![0.0; DESCRIPTOR_LEN].into_boxed_slice();
    if let Some(image) = Image::of(thumbnail) {
        let (hog, rest) = descriptor.split_at_mut(hog::LEN);
        let (lbp, rest) = rest.split_at_mut(lbp::LEN);
        let (colour, gradients) = rest.split_at_mut(colour::LEN);
        hog::write(&image, hog);
        lbp::write(&image, lbp);
        colour::write(&image, colour);
        gradients::write(&image, gradients);
    }
    descriptor
}

/// Descriptors held at once while those beyond the fitted ones are projected.
const BATCH: usize = 1_000;

/// The vectors of `count` images; `thumbnail(i)` gives image `i` and may be
/// asked twice. `done` receives how many more are finished.
///
/// # Errors
/// When the images do not differ, or a stop was asked for.
pub fn vectors(
    count: usize,
    thumbnail: impl Fn(usize) -> Thumbnail + Sync,
    executor: &Executor,
    done: impl Fn(u64) + Sync,
) -> Result<Vectors, FitError> {
    let describe = |index: usize| {
        let descriptor = extract(&thumbnail(index));
        done(1);
        descriptor
    };
    // Spread evenly, because listings are sorted by class.
    let fitted = count.min(FIT_LIMIT);
    let chosen: Vec<usize> = (0..fitted).map(|i| i * count / fitted).collect();
    let rows = executor.map(fitted, |i| describe(chosen[i]))?;
    let (projection, fitted) = Projection::fit(rows.concat(), executor)?;
    let width = projection.width();
    let mut data = vec![0.0; count * width];
    let put = |data: &mut [f32], index: usize, row: &[f32]| {
        data[index * width..(index + 1) * width].copy_from_slice(row);
    };
    for (&index, row) in chosen.iter().zip(fitted.chunks_exact(width)) {
        put(&mut data, index, row);
    }
    let rest: Vec<usize> = (0..count)
        .filter(|i| chosen.binary_search(i).is_err())
        .collect();
    for batch in rest.chunks(BATCH) {
        let rows = executor.map(batch.len(), |i| describe(batch[i]))?;
        let projected = projection.project(rows.concat(), executor)?;
        for (&index, row) in batch.iter().zip(projected.chunks_exact(width)) {
            put(&mut data, index, row);
        }
    }
    Ok(Vectors::new(width, data).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Plane;
    use crate::executor::StopFlag;

    fn stripes(period: u32, shift: u32) -> Thumbnail {
        let value = |i: u32| {
            if (i % 32 + shift) % period < period / 2 {
                40
            } else {
                220
            }
        };
        Thumbnail {
            luma: Plane {
                width: 32,
                height: 32,
                samples: (0..1024).map(value).collect(),
            },
            cb: Plane::filled(16, 16, 128),
            cr: Plane::filled(16, 16, 128),
        }
    }

    #[test]
    fn descriptor_is_finite_for_any_image() {
        let flat = Thumbnail {
            luma: Plane::filled(3, 1, 0),
            ..Thumbnail::default()
        };
        for thumbnail in [Thumbnail::default(), flat, stripes(8, 0)] {
            let descriptor = extract(&thumbnail);
            assert_eq!(descriptor.len(), DESCRIPTOR_LEN);
            assert!(descriptor.iter().all(|v| v.is_finite()));
        }
    }

    #[test]
    fn images_of_one_kind_lie_closer_than_images_of_two() {
        let executor = Executor::new(2, StopFlag::default()).expect("threads");
        let rows: Vec<f32> = (0..40)
            .flat_map(|i| extract(&stripes(if i < 20 { 8 } else { 4 }, i)))
            .collect();
        let (projection, fitted) = Projection::fit(rows.clone(), &executor).expect("they differ");
        let vectors = projection.project(rows, &executor).expect("not stopped");
        let same = fitted
            .iter()
            .zip(&vectors)
            .all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(same, "the two ways to a vector differ");
        let row = |i: usize| &vectors[i * projection.width()..(i + 1) * projection.width()];
        let cosine = |a, b| -> f32 { row(a).iter().zip(row(b)).map(|(x, y)| x * y).sum() };
        assert!(cosine(0, 8) > 0.0 && cosine(0, 30) < 0.0);
    }

    #[test]
    fn images_that_do_not_differ_give_no_projection() {
        let executor = Executor::new(1, StopFlag::default()).expect("threads");
        let rows = extract(&stripes(8, 0)).repeat(3);
        let fitted = Projection::fit(rows, &executor);
        assert_eq!(fitted, Err(projection::FitError::NoVariance));
    }
}
