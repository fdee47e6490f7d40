//! The objects of one image carried over to a copy of it, and what differs
//! there. Knows no samples.

use crate::sample::{ClassId, Rect};

/// An object of one of the two images, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boxed {
    /// Its place among the objects of its image.
    pub place: usize,
    /// What it shows.
    pub class: ClassId,
    /// Where.
    pub rect: Rect,
    /// A crowd, or marked as difficult: it may be missing.
    pub optional: bool,
}

/// A way in which the objects of two copies differ; `Ok` places are those of the
/// first image's objects, the others of the second's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Difference {
    /// Only the first image has it.
    Missing(Boxed),
    /// Only the second image has it.
    Extra(Boxed),
    /// Both have it under different classes: in the first, in the second.
    Relabelled(Boxed, Boxed),
    /// Both have it at different places.
    Shifted(Boxed, Boxed),
}

/// Two images of which the second is laid over the first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Laid {
    /// Width and height of the first, in pixels.
    pub(super) first: (f32, f32),
    /// Of the second.
    pub(super) second: (f32, f32),
    /// As in [`Transform::matrix`](crate::finding::Transform::matrix).
    pub(super) matrix: [f32; 6],
    /// The two are the same pixels.
    pub(super) exact: bool,
}

/// Boxes of one class that overlap as much are the same object: COCO's loosest
/// threshold.
const MATCHED: f64 = 0.5;

/// Below this overlap, two boxes of one object are drawn differently: two people
/// who draw one object agree to about 0.8 to 0.9.
const SHIFTED: f64 = 0.75;

/// Below this overlap, two boxes are no one object.
const APART: f64 = 0.1;

/// The part of a box that both images must show for its lack to be reported: tools
/// that crop drop objects of which less is left.
const VISIBLE: f64 = 0.75;

/// The side in pixels that an object must have in both images for its lack to be
/// reported: smaller ones are left out when images are made smaller.
const CLEAR_SIDE: f32 = 8.0;

/// The error of a registration, as a share of the shorter side of what both
/// images show: it is measured at 256 pixels and exact to about two of them.
const REGISTRATION: f32 = 0.01;

/// Rounding of coordinates, in pixels.
const ROUNDING: f32 = 1.5;

/// The tangent of a rotation from which the hull of a turned box is larger than
/// the object, so that sizes say little: 3 degrees.
const TURNED: f32 = 0.05;

/// Objects of an image up to which all pairs of boxes are compared.
pub const MOST: usize = 2_000;

/// What differs between the objects of the two images, those of the first in
/// order, then what only the second has.
pub(super) fn compare(laid: &Laid, first: &[Boxed], second: &[Boxed]) -> Vec<Difference> {
    let view = laid.shared_view();
    let scale = laid.scale();
    let error = match laid.exact {
        true => ROUNDING,
        false => ROUNDING.max(ROUNDING * scale) + REGISTRATION * view.width.min(view.height),
    };
    let own: Vec<Seen> = first
        .iter()
        .map(|&boxed| Seen::of(boxed, boxed.rect, &view, 1.0 / scale.max(1e-6)))
        .collect();
    let carried: Vec<Seen> = second
        .iter()
        .map(|&boxed| Seen::of(boxed, laid.carry(&boxed.rect), &view, 1.0 / scale.max(1e-6)))
        .collect();
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (i, a) in own.iter().enumerate() {
        for (j, b) in carried.iter().enumerate() {
            let overlap = a.in_view.iou(&nearer(&b.in_view, &a.in_view, error));
            if overlap >= APART {
                pairs.push((overlap, i, j));
            }
        }
    }
    pairs.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    let shifted = if laid.is_turned() { APART } else { SHIFTED };
    let mut matched = Matched {
        first: vec![None; own.len()],
        second: vec![false; carried.len()],
    };
    let same = |i: usize, j: usize| own[i].boxed.class == carried[j].boxed.class;
    matched.take(&pairs, |overlap, i, j| same(i, j) && overlap >= MATCHED);
    matched.take(&pairs, |overlap, i, j| !same(i, j) && overlap >= MATCHED);
    matched.take(&pairs, same_class(&same));
    let mut found = Vec::new();
    for (i, a) in own.iter().enumerate() {
        match matched.first[i] {
            Some((overlap, j)) => {
                let b = &carried[j];
                if a.boxed.class != b.boxed.class {
                    found.push(Difference::Relabelled(a.boxed, b.boxed));
                } else if overlap < shifted && (a.is_clear || b.is_clear) {
                    found.push(Difference::Shifted(a.boxed, b.boxed));
                }
            }
            None if a.is_clear => found.push(Difference::Missing(a.boxed)),
            None => {}
        }
    }
    for (b, matched) in carried.iter().zip(&matched.second) {
        if !matched && b.is_clear {
            found.push(Difference::Extra(b.boxed));
        }
    }
    found
}

/// Any overlap will do between boxes of one class.
fn same_class<'a>(
    same: &'a impl Fn(usize, usize) -> bool,
) -> impl Fn(f64, usize, usize) -> bool + 'a {
    move |_, i, j| same(i, j)
}

/// Which objects belong together.
struct Matched {
    first: Vec<Option<(f64, usize)>>,
    second: Vec<bool>,
}

impl Matched {
    /// Takes the free pairs that `wanted` wants, in their order.
    fn take(&mut self, pairs: &[(f64, usize, usize)], wanted: impl Fn(f64, usize, usize) -> bool) {
        for &(overlap, i, j) in pairs {
            if self.first[i].is_none() && !self.second[j] && wanted(overlap, i, j) {
                self.first[i] = Some((overlap, j));
                self.second[j] = true;
            }
        }
    }
}

/// An object in the pixels of the first image, as far as both images show it.
struct Seen {
    boxed: Boxed,
    in_view: Rect,
    /// Its lack in the other image is no accident.
    is_clear: bool,
}

impl Seen {
    /// `rect` is the box in the first image; `scale` is pixels of the second for
    /// one of the first.
    fn of(boxed: Boxed, rect: Rect, view: &Rect, scale: f32) -> Self {
        let in_view = rect.intersection(view);
        let side = in_view.width.min(in_view.height);
        let is_visible = rect.area() > 0.0 && in_view.area() >= VISIBLE * rect.area();
        Self {
            boxed,
            in_view,
            is_clear: !boxed.optional && is_visible && side * scale.min(1.0) >= CLEAR_SIDE,
        }
    }
}

impl Laid {
    /// A box of the second image in pixels of the first: the hull where it is
    /// turned.
    pub(super) fn carry(&self, rect: &Rect) -> Rect {
        hull(rect, self.second, self.first, self.matrix)
    }

    /// A box of the first image in pixels of the second; `None` where the map is singular.
    pub(super) fn carry_back(&self, rect: &Rect) -> Option<Rect> {
        Some(hull(rect, self.first, self.second, self.back()?))
    }

    /// The map from the first image to the second, both in shares.
    pub(super) fn back(&self) -> Option<[f32; 6]> {
        let m = self.matrix;
        let determinant = m[0] * m[4] - m[1] * m[3];
        let (a, b) = (m[4] / determinant, -m[1] / determinant);
        let (c, d) = (-m[3] / determinant, m[0] / determinant);
        let back = [a, b, -(a * m[2] + b * m[5]), c, d, -(c * m[2] + d * m[5])];
        back.iter().all(|number| number.is_finite()).then_some(back)
    }

    /// What both images show, in pixels of the first.
    fn shared_view(&self) -> Rect {
        let whole = |(width, height): (f32, f32)| Rect {
            x: 0.0,
            y: 0.0,
            width,
            height,
        };
        whole(self.first).intersection(&self.carry(&whole(self.second)))
    }

    /// Pixels of the first image for one of the second, by area.
    pub(super) fn scale(&self) -> f32 {
        let m = self.matrix;
        let area = (m[0] * m[4] - m[1] * m[3]).abs() * self.first.0 * self.first.1;
        (area / (self.second.0 * self.second.1).max(1.0)).sqrt()
    }

    /// Whether one image is turned against the other by more than quarters.
    fn is_turned(&self) -> bool {
        let (width, height) = self.first;
        let (across, down) = self.second;
        let m = self.matrix;
        // In pixels on both sides.
        let m = [
            m[0] * width / across,
            m[1] * width / down,
            m[3] * height / across,
            m[4] * height / down,
        ]
        .map(f32::abs);
        let (straight, crossed) = (m[0] + m[3], m[1] + m[2]);
        straight.min(crossed) > TURNED * straight.max(crossed)
    }
}

/// The hull of a box of an image of one size under a map, in shares, to one of another.
fn hull(rect: &Rect, from: (f32, f32), to: (f32, f32), m: [f32; 6]) -> Rect {
    let corners = [
        (rect.x, rect.y),
        (rect.right(), rect.y),
        (rect.x, rect.bottom()),
        (rect.right(), rect.bottom()),
    ];
    let (mut least, mut most) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for (x, y) in corners {
        let (x, y) = (x / from.0, y / from.1);
        let at = [
            (m[0] * x + m[1] * y + m[2]) * to.0,
            (m[3] * x + m[4] * y + m[5]) * to.1,
        ];
        for axis in 0..2 {
            least[axis] = least[axis].min(at[axis]);
            most[axis] = most[axis].max(at[axis]);
        }
    }
    Rect {
        x: least[0],
        y: least[1],
        width: most[0] - least[0],
        height: most[1] - least[1],
    }
}

/// `rect` with each edge moved towards that of `to` by up to `error`.
fn nearer(rect: &Rect, to: &Rect, error: f32) -> Rect {
    let edge = |own: f32, other: f32| own + (other - own).clamp(-error, error);
    let (x, y) = (edge(rect.x, to.x), edge(rect.y, to.y));
    Rect {
        x,
        y,
        width: edge(rect.right(), to.right()) - x,
        height: edge(rect.bottom(), to.bottom()) - y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRAIGHT: [f32; 6] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    const MIRRORED: [f32; 6] = [-1.0, 0.0, 1.0, 0.0, 1.0, 0.0];

    fn boxed(place: usize, class: u32, [x, y, width, height]: [f32; 4]) -> Boxed {
        Boxed {
            place,
            class: ClassId(class),
            rect: Rect {
                x,
                y,
                width,
                height,
            },
            optional: false,
        }
    }

    fn laid(matrix: [f32; 6], second: (f32, f32)) -> Laid {
        Laid {
            first: (640.0, 480.0),
            second,
            matrix,
            exact: matrix == STRAIGHT,
        }
    }

    fn first() -> Vec<Boxed> {
        vec![
            boxed(0, 0, [100.0, 100.0, 80.0, 60.0]),
            boxed(1, 1, [300.0, 200.0, 60.0, 90.0]),
            boxed(2, 1, [340.0, 210.0, 60.0, 90.0]),
        ]
    }

    #[test]
    fn objects_of_a_mirrored_smaller_copy_are_the_same() {
        let second: Vec<Boxed> = first()
            .into_iter()
            .map(|boxed| Boxed {
                rect: Rect {
                    x: (640.0 - boxed.rect.right()) / 2.0,
                    y: boxed.rect.y / 2.0,
                    width: boxed.rect.width / 2.0,
                    height: boxed.rect.height / 2.0,
                },
                ..boxed
            })
            .collect();
        let laid = laid(MIRRORED, (320.0, 240.0));
        assert_eq!(compare(&laid, &first(), &second), []);
        // And not if they are left where they were.
        assert!(!compare(&laid, &first(), &first()).is_empty());
    }

    #[test]
    fn each_kind_of_difference_is_named_with_its_boxes() {
        let laid = laid(STRAIGHT, (640.0, 480.0));
        let all = first();
        let without = |place: usize| {
            let mut rest = first();
            rest.remove(place);
            rest
        };
        assert_eq!(
            compare(&laid, &all, &without(1)),
            [Difference::Missing(all[1])]
        );
        assert_eq!(
            compare(&laid, &without(1), &all),
            [Difference::Extra(all[1])]
        );
        let mut other = first();
        other[0].class = ClassId(1);
        assert_eq!(
            compare(&laid, &all, &other),
            [Difference::Relabelled(all[0], other[0])]
        );
        let mut other = first();
        other[0].rect.x += 40.0;
        assert_eq!(
            compare(&laid, &all, &other),
            [Difference::Shifted(all[0], other[0])]
        );
        let mut other = first();
        other[0].rect.x += 5.0;
        assert_eq!(compare(&laid, &all, &other), []);
    }

    #[test]
    fn what_a_crop_does_not_show_is_not_missed() {
        // The right half: the first object is outside, the second is kept.
        let right = [0.5, 0.0, 0.5, 0.0, 1.0, 0.0];
        let laid = laid(right, (320.0, 480.0));
        let all = first();
        let kept = [
            boxed(0, 1, [0.0, 200.0, 40.0, 90.0]),
            boxed(1, 1, [20.0, 210.0, 60.0, 90.0]),
        ];
        assert_eq!(compare(&laid, &all, &kept), []);
        // The third lies in the crop as a whole, two thirds of the second do.
        assert_eq!(compare(&laid, &all, &[]), [Difference::Missing(all[2])]);
    }

    #[test]
    fn crowds_and_tiny_objects_may_be_missing() {
        let laid = laid(STRAIGHT, (640.0, 480.0));
        let mut crowd = boxed(0, 0, [100.0, 100.0, 80.0, 60.0]);
        crowd.optional = true;
        let tiny = boxed(1, 0, [300.0, 100.0, 7.0, 7.0]);
        assert_eq!(compare(&laid, &[crowd, tiny], &[]), []);
        assert_eq!(compare(&laid, &[], &[crowd, tiny]), []);
    }

    #[test]
    fn turned_copies_are_compared_by_hull_and_not_for_shifts() {
        let (sin, cos) = 0.2_f32.sin_cos();
        // About the centre, in shares of 640 × 480.
        let matrix = [
            cos,
            -sin * 0.75,
            0.5 - 0.5 * cos + 0.375 * sin,
            sin / 0.75,
            cos,
            0.5 - 0.5 * sin / 0.75 - 0.5 * cos,
        ];
        let laid = laid(matrix, (640.0, 480.0));
        let back = boxed(0, 0, [280.0, 200.0, 80.0, 60.0]);
        assert!(laid.is_turned());
        assert_eq!(compare(&laid, &[back], &[back]), []);
    }
}
