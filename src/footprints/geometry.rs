//! Areas and distances of two tiles in a plane. Knows no place on earth.

/// A point.
pub(super) type Point = [f64; 2];

/// A convex polygon, its corners counter-clockwise.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Polygon(Vec<Point>);

impl Polygon {
    /// Of the corners of a parallelogram in their order around it.
    pub(super) fn of(corners: [Point; 4]) -> Self {
        let mut polygon = Self(corners.to_vec());
        if polygon.signed_area() < 0.0 {
            polygon.0.reverse();
        }
        polygon
    }

    /// What equal polygons share and others do not.
    pub(super) fn bits(&self) -> Vec<u64> {
        self.0.as_flattened().iter().map(|v| v.to_bits()).collect()
    }

    /// Its area.
    pub(super) fn area(&self) -> f64 {
        self.signed_area().abs()
    }

    fn signed_area(&self) -> f64 {
        let Some(&origin) = self.0.first() else {
            return 0.0;
        };
        // Coordinates are large against a tile: from one of its corners they are not.
        self.edges()
            .map(|(a, b)| cross(minus(a, origin), minus(b, origin)))
            .sum::<f64>()
            / 2.0
    }

    fn edges(&self) -> impl Iterator<Item = (Point, Point)> {
        let next = self.0.iter().cycle().skip(1);
        self.0.iter().copied().zip(next.copied())
    }

    /// What both share (Sutherland & Hodgman 1974).
    pub(super) fn shared_with(&self, other: &Self) -> Self {
        let mut shared = self.0.clone();
        for (a, b) in other.edges() {
            let along = minus(b, a);
            // Positive to the left of an edge, which is inside.
            let side = |point: Point| cross(along, minus(point, a));
            let mut clipped = Vec::with_capacity(shared.len() + 1);
            for (from, to) in Self(shared).edges() {
                let (of_from, of_to) = (side(from), side(to));
                if of_from >= 0.0 {
                    clipped.push(from);
                }
                if (of_from > 0.0 && of_to < 0.0) || (of_from < 0.0 && of_to > 0.0) {
                    let share = of_from / (of_from - of_to);
                    clipped.push([
                        from[0] + share * (to[0] - from[0]),
                        from[1] + share * (to[1] - from[1]),
                    ]);
                }
            }
            shared = clipped;
        }
        Self(shared)
    }

    /// How far both lie apart: the distance of a corner of one from an edge of the
    /// other. Not for polygons that share an area.
    pub(super) fn distance_to(&self, other: &Self) -> f64 {
        let of = |corners: &Self, edges: &Self| {
            let mut least = f64::INFINITY;
            for &corner in &corners.0 {
                for edge in edges.edges() {
                    least = least.min(distance(corner, edge));
                }
            }
            least
        };
        of(self, other).min(of(other, self))
    }

    /// Whether a point lies inside.
    pub(super) fn holds(&self, point: Point) -> bool {
        self.edges()
            .all(|(a, b)| cross(minus(b, a), minus(point, a)) >= 0.0)
    }

    /// With both coordinates in other units.
    pub(super) fn scaled(&self, by: Point) -> Self {
        let corners = self
            .0
            .iter()
            .map(|point| [point[0] * by[0], point[1] * by[1]]);
        Self(corners.collect())
    }

    /// The least and the greatest of either coordinate.
    pub(super) fn bounds(&self) -> [Point; 2] {
        let start = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
        self.0.iter().fold(start, |[low, high], point| {
            [
                [low[0].min(point[0]), low[1].min(point[1])],
                [high[0].max(point[0]), high[1].max(point[1])],
            ]
        })
    }
}

fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

fn cross(a: Point, b: Point) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

fn distance(point: Point, (a, b): (Point, Point)) -> f64 {
    let (along, from) = (minus(b, a), minus(point, a));
    let length = along[0] * along[0] + along[1] * along[1];
    let share = match length > 0.0 {
        true => ((from[0] * along[0] + from[1] * along[1]) / length).clamp(0.0, 1.0),
        false => 0.0,
    };
    let off = [from[0] - share * along[0], from[1] - share * along[1]];
    off[0].hypot(off[1])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Polygon {
        let (right, top) = (x + width, y + height);
        Polygon::of([[x, top], [right, top], [right, y], [x, y]])
    }

    #[test]
    fn turned_square_in_a_square_shares_its_area_and_others_lie_apart() {
        let square = rectangle(500_000.0, 5_000_000.0, 4.0, 4.0);
        let (x, y) = (500_002.0, 5_000_002.0);
        let turned = Polygon::of([[x, y + 1.0], [x + 1.0, y], [x, y - 1.0], [x - 1.0, y]]);
        assert!((square.shared_with(&turned).area() - 2.0).abs() < 1e-6);
        assert!(square.holds([x, y]) && !square.holds([x, y + 3.0]));
        let beside = rectangle(500_007.0, 5_000_008.0, 1.0, 1.0);
        assert_eq!(square.shared_with(&beside).area(), 0.0);
        assert!((square.distance_to(&beside) - 5.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn rectangles_share_what_their_sides_share(
            a in (-9.0..9.0f64, -9.0..9.0f64, 0.5..9.0f64, 0.5..9.0f64),
            b in (-9.0..9.0f64, -9.0..9.0f64, 0.5..9.0f64, 0.5..9.0f64),
        ) {
            let side = |a: f64, b: f64, of_a: f64, of_b: f64| {
                (a + of_a).min(b + of_b) - a.max(b)
            };
            let (x, y) = (side(a.0, b.0, a.2, b.2), side(a.1, b.1, a.3, b.3));
            let one = rectangle(a.0, a.1, a.2, a.3);
            let other = rectangle(b.0, b.1, b.2, b.3);
            let shared = one.shared_with(&other).area();
            prop_assert!((shared - x.max(0.0) * y.max(0.0)).abs() < 1e-9);
            prop_assert!((shared - other.shared_with(&one).area()).abs() < 1e-9);
            if x < 0.0 || y < 0.0 {
                let apart = (-x).max(0.0).hypot((-y).max(0.0));
                prop_assert!((one.distance_to(&other) - apart).abs() < 1e-9);
            }
        }
    }
}
