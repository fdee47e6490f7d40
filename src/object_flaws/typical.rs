//! Sizes and shapes of boxes that hardly fit their class. Compares no images.

use super::{BoxFlaw, ObjectRow, Sizes, own_samples};
use crate::executor::{Executor, Interrupted};
use crate::sample::{ClassId, ObjectId, Rect};

/// With fewer boxes of a class, what is usual for it is not known: ten beyond
/// each quartile.
const FEWEST: usize = 40;

/// How often a sound data set may have a box reported, by all classes and
/// directions together.
const LEVEL: f64 = 0.01;

/// The factor that a box must differ by from the nearer quartile of its class:
/// less is no mistake, however rare it is.
const LEAST_FACTOR: f64 = 3.0;

/// A larger share of odd boxes is no mistake but another kind of object under
/// the same name.
const MOST_ODD: f64 = 0.02;

/// The share of the image's side near its edge in which an object is taken for
/// cut off: then its size and shape are those of the visible part.
const EDGE: f32 = 0.01;

/// A box on the way to be judged.
#[derive(Debug, Clone, Copy)]
struct Measured {
    object: ObjectId,
    /// The logarithm of the side of a square of its share of the image.
    size: f64,
    /// The logarithm of width over height.
    aspect: f64,
}

/// Flags boxes whose size or aspect is beyond what the others of their class
/// make likely.
pub(super) fn judge(
    sizes: Sizes<'_>,
    rows: &mut [ObjectRow],
    executor: &Executor,
) -> Result<(), Interrupted> {
    let mut classes: Vec<Vec<Measured>> = vec![Vec::new(); sizes.listing.classes.len()];
    for id in own_samples(sizes.listing) {
        let Some(size) = sizes.of(id) else { continue };
        let start = sizes.listing.sample(id).objects.start.0;
        for (index, object) in (start..).zip(sizes.listing.objects_of(id)) {
            let row = rows[index as usize];
            let (Some(rect), true) = (row.rect, row.flaws.is_empty()) else {
                continue;
            };
            if !object.flags.crowd && !is_cut_off(&rect, size) {
                classes[object.class.index()].push(measured(ObjectId(index), &rect, size));
            }
        }
    }
    let judged: Vec<ClassId> = (0..classes.len() as u32)
        .map(ClassId)
        .filter(|class| classes[class.index()].len() >= FEWEST)
        .collect();
    // Two figures, two directions each.
    let level = LEVEL / (4 * judged.len().max(1)) as f64;
    let odd = executor.map(judged.len(), |index| {
        let boxes = &classes[judged[index].index()];
        [
            (BoxFlaw::OddSize, beyond(boxes, |m| m.size, level)),
            (BoxFlaw::OddAspect, beyond(boxes, |m| m.aspect, level)),
        ]
    })?;
    for (flaw, objects) in odd.into_iter().flatten() {
        for object in objects {
            rows[object.index()].flaws.add(flaw);
        }
    }
    Ok(())
}

fn measured(object: ObjectId, rect: &Rect, (width, height): (u32, u32)) -> Measured {
    let share = rect.area() / (f64::from(width) * f64::from(height)).max(1.0);
    Measured {
        object,
        size: share.max(f64::MIN_POSITIVE).ln() / 2.0,
        aspect: (f64::from(rect.width) / f64::from(rect.height)).ln(),
    }
}

fn is_cut_off(rect: &Rect, (width, height): (u32, u32)) -> bool {
    let (width, height) = (width as f32, height as f32);
    rect.x <= EDGE * width
        || rect.y <= EDGE * height
        || rect.right() >= (1.0 - EDGE) * width
        || rect.bottom() >= (1.0 - EDGE) * height
}

/// The boxes beyond what the quarter of the boxes on either side makes likely.
///
/// Distances beyond a quartile are taken for exponential, the tail that sizes
/// with a power law have on a logarithmic scale; a normal one is lighter, so
/// that fewer are flagged. The scale comes from their median, which a few odd
/// boxes do not move.
fn beyond(boxes: &[Measured], figure: impl Fn(&Measured) -> f64, level: f64) -> Vec<ObjectId> {
    let mut odd = Vec::new();
    for sign in [1.0, -1.0] {
        let mut values: Vec<(f64, ObjectId)> = (boxes.iter())
            .map(|measured| (sign * figure(measured), measured.object))
            .collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let tail = &values[values.len() * 3 / 4..];
        let Some(&(quartile, _)) = tail.first() else {
            continue;
        };
        let median = tail[tail.len() / 2].0 - quartile;
        // A class drawn with boxes of one size has no tail: then the factor
        // alone decides, and a sixteenth of it stands for the scale.
        let scale = (median / std::f64::consts::LN_2).max(LEAST_FACTOR.ln() / 16.0);
        // The standard error of a median of exponential values is 1/√n of the
        // mean, and so 1/(ln 2 √n) of this scale.
        let error = 1.0 + 1.0 / (std::f64::consts::LN_2 * (tail.len() as f64).sqrt());
        let bar = (scale * error * (tail.len() as f64 / level).ln()).max(LEAST_FACTOR.ln());
        let first = tail.partition_point(|&(value, _)| value - quartile <= bar);
        let found = &tail[first..];
        if found.len() as f64 <= (MOST_ODD * boxes.len() as f64).max(1.0) {
            odd.extend(found.iter().map(|&(_, object)| object));
        }
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Random;

    fn drawn(count: u32, random: &mut Random, draw: fn(&mut Random) -> f64) -> Vec<Measured> {
        (0..count)
            .map(|index| Measured {
                object: ObjectId(index),
                size: draw(random),
                aspect: 0.0,
            })
            .collect()
    }

    /// A standard exponential value of either sign: a heavier tail than any that
    /// sizes of one class have on a logarithmic scale.
    fn laplace(random: &mut Random) -> f64 {
        let value = -(1.0 - random.uniform()).ln();
        if random.uniform() < 0.5 {
            value
        } else {
            -value
        }
    }

    fn sum_of_twelve(random: &mut Random) -> f64 {
        (0..12).map(|_| random.uniform()).sum::<f64>() - 6.0
    }

    #[test]
    fn sound_classes_are_flagged_no_more_often_than_the_level_says() {
        let mut random = Random::seeded(21);
        for draw in [laplace as fn(&mut Random) -> f64, sum_of_twelve, |r| {
            3.0 * r.uniform()
        }] {
            let mut flagged = 0;
            for round in 0..400 {
                let boxes = drawn(60 + 5 * round, &mut random, draw);
                flagged += u32::from(!beyond(&boxes, |m| m.size, LEVEL / 2.0).is_empty());
            }
            // 1% of 400 is 4; a scale known from few values makes it some more.
            assert!(flagged <= 12, "{flagged} of 400");
        }
    }

    #[test]
    fn single_boxes_of_another_order_are_flagged_and_a_second_kind_is_not() {
        let mut random = Random::seeded(22);
        let mut boxes = drawn(200, &mut random, |r| 0.3 * sum_of_twelve(r));
        boxes[17].size = 4.0;
        boxes[50].size = -4.0;
        let mut found = beyond(&boxes, |m| m.size, LEVEL / 4.0);
        found.sort_unstable();
        assert_eq!(found, [ObjectId(17), ObjectId(50)]);
        for measured in &mut boxes[100..112] {
            measured.size = 4.0;
        }
        assert_eq!(beyond(&boxes, |m| m.size, LEVEL / 4.0), [ObjectId(50)]);
    }
}
