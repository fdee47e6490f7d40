//! Refutes pairs that share only the view of a fixed camera: each of the two shows regions
//! that no other image shows. Reads no pixels.

use super::grid::GridMask;
use super::{Refined, Registered};

/// Pairs of an image, at least, for its own regions to be known.
const LEAST_PAIRS: usize = 5;

/// Share of these that must differ in a cell for the cell to be the image's own.
const OWN: f32 = 0.7;

/// Share of an image's own cells in which a pair must differ to share only the view.
const LACKING: f32 = 0.25;

/// Which of `pairs` share only a view that many of `count` images show; `refined` holds the
/// refinement of each.
pub(super) fn share_only_the_view(
    count: usize,
    pairs: &[Registered],
    refined: &[Option<Refined>],
) -> Vec<bool> {
    let mut differing: Vec<Vec<(usize, GridMask)>> = vec![Vec::new(); count];
    for (i, (pair, refined)) in pairs.iter().zip(refined).enumerate() {
        let Some(found) = refined.and_then(|refined| refined.differences) else {
            continue;
        };
        for (image, cells) in [(pair.fixed, found.fixed), (pair.moving, found.moving)] {
            differing[image as usize].push((i, cells));
        }
    }
    // Share of each image's own cells in which the pair differs.
    let mut lacking = vec![[None::<f32>; 2]; pairs.len()];
    for (image, pairs_of_image) in differing.iter().enumerate() {
        if pairs_of_image.len() < LEAST_PAIRS {
            continue;
        }
        let mut times = [0u32; GridMask::CELLS];
        for (_, cells) in pairs_of_image {
            cells.indices().for_each(|cell| times[cell] += 1);
        }
        let mut own = GridMask::default();
        for (cell, &times) in times.iter().enumerate() {
            if times as f32 >= OWN * pairs_of_image.len() as f32 {
                own.mark(cell);
            }
        }
        // Most copies of one image do not differ at all; most images of one empty view do.
        let plain = pairs_of_image
            .iter()
            .filter(|(_, cells)| cells.count() == 0)
            .count();
        let is_view = (plain as f32) < (1.0 - OWN) * pairs_of_image.len() as f32;
        for &(i, cells) in pairs_of_image {
            let side = usize::from(pairs[i].moving as usize == image);
            lacking[i][side] = match own.count() {
                0 if is_view => None,
                0 => Some(0.0),
                all => Some(cells.and(&own).count() as f32 / all as f32),
            };
        }
    }
    (lacking.into_iter())
        .map(|sides| {
            let mut sides = sides.into_iter().flatten().peekable();
            // Where one of the two has no cells of its own (the empty view), the other
            // decides.
            sides.peek().is_some() && sides.all(|share| share >= LACKING)
        })
        .collect()
}
