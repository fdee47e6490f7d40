//! Decomposes a linear map into flip, quarter turns, rotation, scale and stretch.

/// The parts of a linear map.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) mirrored: bool,
    pub(crate) quarter_turns: u8,
    /// Degrees clockwise.
    pub(crate) rotation: f32,
    pub(crate) scale: f32,
    pub(crate) stretch: f32,
    /// Distance from both a rotated and a stretched image: 0 for either.
    pub(crate) skew: f32,
}

impl Shape {
    /// `linear` maps pixels of the second image to pixels of the first.
    pub(crate) fn of(linear: [f32; 4]) -> Self {
        let [a, b, c, d] = linear;
        let straight = a.abs() + d.abs() >= b.abs() + c.abs();
        // The flip and quarter turn of the second that leads back to the first: second →
        // first sends x to ±x or ±y.
        let (mirrored, quarter_turns) = match (straight, a >= 0.0, d >= 0.0, b >= 0.0, c >= 0.0) {
            (true, true, true, ..) => (false, 0),
            (true, false, true, ..) => (true, 0),
            (true, true, false, ..) => (true, 2),
            (true, false, false, ..) => (false, 2),
            // first.x = +second.y, first.y = −second.x: turned clockwise once.
            (false, _, _, true, false) => (false, 1),
            (false, _, _, false, true) => (false, 3),
            // Transposed: mirrored and then turned counter-clockwise.
            (false, _, _, true, true) => (true, 3),
            (false, _, _, false, false) => (true, 1),
        };
        // The rest, without the flip and turn.
        let (p, q, r, s) = if straight {
            (
                a * a.signum(),
                b * d.signum(),
                c * a.signum(),
                d * d.signum(),
            )
        } else {
            (
                b * b.signum(),
                a * c.signum(),
                d * b.signum(),
                c * c.signum(),
            )
        };
        let sum = (p + s).max(1e-4);
        let turned = ((p - s).abs() + (q + r).abs()) / sum;
        let stretched = (q.abs() + r.abs()) / sum;
        // The remaining rotation: second → first by −θ when the first was rotated by θ,
        // clockwise with y downwards.
        let angle = -(r - q).atan2(sum).to_degrees();
        let area = (p * s - q * r).abs().max(1e-6);
        let (rotation, stretch) = if turned < stretched {
            (angle, 1.0)
        } else {
            (0.0, s.max(1e-4) / p.max(1e-4))
        };
        Self {
            mirrored,
            quarter_turns,
            rotation,
            scale: area.sqrt(),
            stretch: if straight { stretch } else { 1.0 / stretch },
            skew: turned.min(stretched),
        }
    }
}
