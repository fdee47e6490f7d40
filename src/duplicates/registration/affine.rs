//! Affine maps between two images. Reads no pixels.

/// An affine map between two images, each with x and y running from −½ to ½
/// over its width and height: `(x, y) → (m[0]·x + m[1]·y + m[2], m[3]·x + m[4]·y + m[5])`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Affine(pub(crate) [f32; 6]);

impl Affine {
    /// The identity.
    pub(crate) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);

    /// The image of a point.
    #[inline]
    pub(crate) fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        let m = &self.0;
        (m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5])
    }

    /// Area of the image of a unit square; negative when mirrored.
    pub(crate) fn determinant(&self) -> f32 {
        self.0[0] * self.0[4] - self.0[1] * self.0[3]
    }

    /// The greatest distance, of the four corners, between their images under the two maps.
    pub(crate) fn max_corner_distance(&self, other: &Self) -> f32 {
        let corners = [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)];
        let distances = corners.map(|(x, y)| {
            let (a, b) = (self.apply(x, y), other.apply(x, y));
            (a.0 - b.0).hypot(a.1 - b.1)
        });
        distances.into_iter().fold(0.0, f32::max)
    }

    /// The composition: `self` after `first`.
    pub(crate) fn after(&self, first: &Self) -> Self {
        let (a, b) = (&self.0, &first.0);
        Self([
            a[0] * b[0] + a[1] * b[3],
            a[0] * b[1] + a[1] * b[4],
            a[0] * b[2] + a[1] * b[5] + a[2],
            a[3] * b[0] + a[4] * b[3],
            a[3] * b[1] + a[4] * b[4],
            a[3] * b[2] + a[4] * b[5] + a[5],
        ])
    }

    /// The inverse; `None` when the map is singular.
    pub(crate) fn inverse(&self) -> Option<Self> {
        let det = self.determinant();
        if det.is_nan() || det.abs() <= 1e-6 {
            return None;
        }
        let m = &self.0;
        let (a, b, c, d) = (m[4] / det, -m[1] / det, -m[3] / det, m[0] / det);
        Some(Self([
            a,
            b,
            -(a * m[2] + b * m[5]),
            c,
            d,
            -(c * m[2] + d * m[5]),
        ]))
    }
}
