//! Refutes pairs whose images share no more than the view of a fixed camera:
//! what stands in each of them stands in no other. Looks at no pixels.

use super::grid::Cells;
use super::{Aligned, Closer};

/// Images that resemble an image, at least, for what sets it apart from them to
/// be known.
const LIKES: usize = 5;

/// Share of these that must differ from it in a cell for the cell to be its own.
const OWN: f32 = 0.7;

/// Share of an image's own cells in which a pair must differ to have no more in
/// common than the view.
const LACKING: f32 = 0.25;

/// Which of `pairs` have no more in common than a view that many images share.
/// `seen` is what a closer look gave of each.
pub(crate) fn of_one_view(count: usize, pairs: &[Aligned], seen: &[Option<Closer>]) -> Vec<bool> {
    let mut differing: Vec<Vec<(usize, Cells)>> = vec![Vec::new(); count];
    for (i, (pair, seen)) in pairs.iter().zip(seen).enumerate() {
        let Some(found) = seen.and_then(|seen| seen.differences) else {
            continue;
        };
        for (image, cells) in [(pair.fixed, found.fixed), (pair.moving, found.moving)] {
            differing[image as usize].push((i, cells));
        }
    }
    // 0 where the two share what is an image's own, 1 where they do not.
    let mut lacking = vec![[None::<f32>; 2]; pairs.len()];
    for (image, looks) in differing.iter().enumerate() {
        if looks.len() < LIKES {
            continue;
        }
        let mut times = [0u32; Cells::ALL];
        for (_, cells) in looks {
            cells.indices().for_each(|cell| times[cell] += 1);
        }
        let mut own = Cells::default();
        for (cell, &times) in times.iter().enumerate() {
            if times as f32 >= OWN * looks.len() as f32 {
                own.add(cell);
            }
        }
        // Most of the copies of one image do not differ at all; most of those that
        // share an empty view do.
        let plain = looks.iter().filter(|(_, cells)| cells.count() == 0).count();
        let is_view = (plain as f32) < (1.0 - OWN) * looks.len() as f32;
        for &(i, cells) in looks {
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
            // Where one of the two has nothing of its own (the empty view), the
            // other's thing decides.
            sides.peek().is_some() && sides.all(|share| share >= LACKING)
        })
        .collect()
}
