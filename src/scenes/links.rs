//! Which fits are same-scene links, and the groups they form. Fits no map.

use super::geometry::{Fit, apply, inverse};
use crate::finding::Share;

/// Why a fit is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Chance gives as much among so many images.
    Chance,
    /// The matched region is small on both images: a logo, a word, a button.
    Small,
    /// Only a frame or caption along the border matches, in the same place.
    Border,
}

/// Decimal logarithm of the number of false alarms that a link, or a map whose pixels are
/// compared, may have in one comparison. With 10⁶ comparisons 0.001 would be expected at −9 were matches
/// independent; things drawn or made alike (windows of a house, one sprite twice) reach
/// −11. Of planted windows, turns, crops and insets that pixels prove, .99 are below.
pub(super) const LEAST: f32 = -12.0;
/// Share of an image that the matched region covers, on one of the two.
const LEAST_REGION: f32 = 0.06;
/// And on the other.
const LEAST_OTHER: f32 = 0.02;
/// Samples that the matched region covers on each image: one and a half of a descriptor's
/// disc (31 samples wide). Descriptors of places that lie closer describe the same samples,
/// and agree together by chance: in images of 64 pixels that hold noise a third were linked.
const LEAST_SAMPLES: f32 = 1_500.0;
/// Share of an image's sides that counts as its border.
const BORDER: f32 = 0.12;
/// Share of the inliers that must lie inside it, where a map moves nothing.
const LEAST_INSIDE: f32 = 0.3;
/// Share of the long side by which a map that moves nothing may move a corner.
const STILL: f32 = 0.02;

/// The matched regions of the two images, in shares, or why there is no link.
pub(super) fn link(
    fit: &Fit,
    first: (f32, f32),
    second: (f32, f32),
) -> Result<(Share, Share), Refused> {
    if fit.log_nfa > LEAST {
        return Err(Refused::Chance);
    }
    let one: Vec<(f32, f32)> = fit.inliers.iter().map(|twin| twin.0).collect();
    let two: Vec<(f32, f32)> = fit.inliers.iter().map(|twin| twin.1).collect();
    let samples = (hull(one.clone()), hull(two.clone()));
    if samples.0.min(samples.1) < LEAST_SAMPLES {
        return Err(Refused::Small);
    }
    let covered = (
        samples.0 / (first.0 * first.1),
        samples.1 / (second.0 * second.1),
    );
    if covered.0.max(covered.1) < LEAST_REGION || covered.0.min(covered.1) < LEAST_OTHER {
        return Err(Refused::Small);
    }
    if is_still(fit, first, second) && inside(&one, first) < LEAST_INSIDE {
        return Err(Refused::Border);
    }
    Ok((region(&one, first), region(&two, second)))
}

/// Whether the second image lies over the first as it is: one camera that did not
/// move, or one template.
pub(super) fn is_still(fit: &Fit, first: (f32, f32), second: (f32, f32)) -> bool {
    let Some(back) = inverse(&fit.map) else {
        return false;
    };
    let farthest = |map, from: (f32, f32), to: (f32, f32)| {
        let corners = [(0.0, 0.0), (from.0, 0.0), (0.0, from.1), from];
        let off = corners.map(|corner: (f32, f32)| {
            let at = apply(map, corner);
            let wanted = (corner.0 / from.0 * to.0, corner.1 / from.1 * to.1);
            (at.0 - wanted.0).abs().max((at.1 - wanted.1).abs()) / to.0.max(to.1)
        });
        off.into_iter().fold(0.0, f32::max)
    };
    farthest(&fit.map, first, second).max(farthest(&back, second, first)) <= STILL
}

fn inside(points: &[(f32, f32)], (width, height): (f32, f32)) -> f32 {
    let within = |v: f32, side: f32| v > BORDER * side && v < (1.0 - BORDER) * side;
    let count = points
        .iter()
        .filter(|p| within(p.0, width) && within(p.1, height));
    count.count() as f32 / points.len().max(1) as f32
}

fn region(points: &[(f32, f32)], (width, height): (f32, f32)) -> Share {
    let (mut low, mut high) = ((f32::MAX, f32::MAX), (0f32, 0f32));
    for &(x, y) in points {
        low = (low.0.min(x), low.1.min(y));
        high = (high.0.max(x), high.1.max(y));
    }
    Share {
        x: low.0 / width,
        y: low.1 / height,
        width: (high.0 - low.0) / width,
        height: (high.1 - low.1) / height,
    }
}

/// Area of the convex hull, by monotone chains (Andrew 1979).
fn hull(mut points: Vec<(f32, f32)>) -> f32 {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let cross = |o: (f32, f32), a: (f32, f32), b: (f32, f32)| {
        (a.0 - o.0) * (b.1 - o.1) - (a.1 - o.1) * (b.0 - o.0)
    };
    let chain = |points: &mut dyn Iterator<Item = &(f32, f32)>| {
        let mut chain: Vec<(f32, f32)> = Vec::new();
        for &point in points {
            while let [.., a, b] = chain[..]
                && cross(a, b, point) <= 0.0
            {
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut outline = chain(&mut points.iter());
    outline.extend(chain(&mut points.iter().rev()));
    let next = outline.iter().cycle().skip(1);
    let sum: f32 = outline
        .iter()
        .zip(next)
        .map(|(a, b)| a.0 * b.1 - a.1 * b.0)
        .sum();
    sum.abs() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(points: &[(f32, f32)], by: (f32, f32)) -> Fit {
        Fit {
            map: [1.0, 0.0, by.0, 0.0, 1.0, by.1],
            log_nfa: -40.0,
            inliers: points
                .iter()
                .map(|&(x, y)| ((x, y), (x + by.0, y + by.1)))
                .collect(),
        }
    }

    const SIZE: (f32, f32) = (320.0, 240.0);

    #[test]
    fn hull_of_a_square_with_points_inside_is_the_square() {
        let points = vec![
            (0.0, 0.0),
            (4.0, 0.0),
            (4.0, 3.0),
            (0.0, 3.0),
            (2.0, 1.0),
            (4.0, 1.5),
        ];
        assert_eq!(hull(points), 12.0);
        assert_eq!(hull(vec![(1.0, 1.0)]), 0.0);
    }

    #[test]
    fn a_logo_is_no_scene_and_a_frame_is_none_but_a_room_is() {
        let corner: Vec<_> = (0..30)
            .map(|i| (10.0 + (i % 6) as f32 * 5.0, 10.0 + (i / 6) as f32 * 4.0))
            .collect();
        assert_eq!(
            link(&fit(&corner, (30.0, 5.0)), SIZE, SIZE),
            Err(Refused::Small)
        );
        let frame: Vec<_> = (0..40)
            .map(|i| (8.0 * i as f32, if i % 2 == 0 { 5.0 } else { 236.0 }))
            .collect();
        assert_eq!(
            link(&fit(&frame, (0.0, 0.0)), SIZE, SIZE),
            Err(Refused::Border)
        );
        let room: Vec<_> = (0..40)
            .map(|i| (7.0 * i as f32 + 20.0, 20.0 + (i * 37 % 200) as f32))
            .collect();
        assert!(link(&fit(&room, (0.0, 0.0)), SIZE, SIZE).is_ok());
        let chance = Fit {
            log_nfa: -3.0,
            ..fit(&room, (0.0, 0.0))
        };
        assert_eq!(link(&chance, SIZE, SIZE), Err(Refused::Chance));
    }
}
