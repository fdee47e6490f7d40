//! Flaws of boxes that other boxes of the same image show.

use super::{BoxFlaw, ObjectRow};
use crate::sample::{Object, Rect};

/// Boxes that overlap above this show one and the same thing: two people who
/// draw one object agree to about 0.9 at best.
const SAME: f64 = 0.95;

/// Non-maximum suppression drops the weaker of two boxes of one class that
/// overlap above this: the default of Ultralytics 8.3 (`iou=0.7`), and looser
/// than that of Detectron2 (0.5).
const SUPPRESSED: f64 = 0.7;

/// COCO's evaluation counts this many detections of an image at most
/// (`maxDets`), so that of more objects some are always missed.
pub const MOST_OBJECTS: usize = 100;

/// Boxes to the right that a box is compared with at most: bounds the time for
/// an image with thousands of boxes on one spot, all of which are found all the
/// same because each is compared with its neighbours.
const MOST_NEIGHBOURS: usize = 256;

/// Finds duplicates, boxes under two classes and crowded ones among the objects
/// of one image.
pub(super) fn judge(objects: &[Object], rows: &mut [ObjectRow]) {
    let mut order: Vec<(Rect, usize)> = (rows.iter().enumerate())
        .filter(|(at, row)| !objects[*at].flags.crowd && !row.flaws.contains(BoxFlaw::Degenerate))
        .filter_map(|(at, row)| Some((row.rect?, at)))
        .collect();
    order.sort_by(|(a, i), (b, j)| a.x.total_cmp(&b.x).then(i.cmp(j)));
    for (place, (a, i)) in order.iter().enumerate() {
        for (b, j) in order[place + 1..].iter().take(MOST_NEIGHBOURS) {
            // What lies further right shares less than this of the width.
            if f64::from(b.x - a.x) > (1.0 - SUPPRESSED) * f64::from(a.width) {
                break;
            }
            let overlap = a.iou(b);
            let same_class = objects[*i].class == objects[*j].class;
            let flaw = match same_class {
                true if overlap > SAME => BoxFlaw::Duplicate,
                true if overlap > SUPPRESSED => BoxFlaw::Crowded,
                false if overlap > SAME => BoxFlaw::TwoClasses,
                _ => continue,
            };
            rows[*i].flaws.add(flaw);
            rows[*j].flaws.add(flaw);
        }
    }
}
