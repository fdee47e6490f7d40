//! What was done to an image to get another, in words and numbers. Finds out
//! nothing itself.

use std::fmt;

/// A box inside an image, in shares of its width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Left edge, 0 to 1.
    pub x: f32,
    /// Top edge, 0 to 1.
    pub y: f32,
    /// Width, up to 1.
    pub width: f32,
    /// Height, up to 1.
    pub height: f32,
}

impl Share {
    /// The whole image.
    pub const ALL: Self = Self {
        x: 0.0,
        y: 0.0,
        width: 1.0,
        height: 1.0,
    };

    /// Share of the area.
    pub fn area(&self) -> f32 {
        self.width * self.height
    }
}

/// How the edges of the two images relate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Extent {
    /// Both show the same.
    #[default]
    Same,
    /// The second shows only this part of the first.
    Cropped(Share),
    /// The first shows only this part of the second.
    Uncropped(Share),
    /// The second has plain borders; the first is this part of it.
    Padded(Share),
    /// The second had plain borders taken off; it is this part of the first.
    Unpadded(Share),
    /// Each shows something that the other does not: they share this part of
    /// the first.
    Shifted(Share),
}

/// What became of the colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// As they were.
    #[default]
    Kept,
    /// The second is gray.
    Lost,
    /// The first is gray.
    Gained,
    /// Hue or saturation differ.
    Changed,
}

/// What was done to the first image of a pair to get the second. The default
/// is nothing at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform {
    /// Mirrored left to right, before any turn.
    pub mirrored: bool,
    /// Quarter turns clockwise, 0 to 3, after mirroring.
    pub quarter_turns: u8,
    /// Degrees clockwise on top of the quarter turns.
    pub rotation: f32,
    /// Crop, border or shift.
    pub extent: Extent,
    /// Pixels of the second for one of the first, along the sides; less than 1
    /// when the second is smaller.
    pub scale: f32,
    /// How much more the second was widened than heightened, 1 for not at all.
    pub stretch: f32,
    /// Mean luma of the second over that of the first.
    pub brightness: f32,
    /// Luma contrast of the second over that of the first.
    pub contrast: f32,
    /// What became of the colours.
    pub colour: Colour,
    /// Lays the second over the first: a point `(x, y)` of the second, in
    /// shares of its width and height, is at `(m[0]x + m[1]y + m[2],
    /// m[3]x + m[4]y + m[5])` of the first.
    pub matrix: [f32; 6],
}

impl Default for Transform {
    fn default() -> Self {
        Self {
            mirrored: false,
            quarter_turns: 0,
            rotation: 0.0,
            extent: Extent::Same,
            scale: 1.0,
            stretch: 1.0,
            brightness: 1.0,
            contrast: 1.0,
            colour: Colour::Kept,
            matrix: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        }
    }
}

/// Below these, a measured change is as likely an error of the measurement.
const LEAST_ROTATION: f32 = 0.75;
const LEAST_SCALE: f32 = 0.03;
const LEAST_STRETCH: f32 = 0.03;
const LEAST_BRIGHTNESS: f32 = 0.04;
const LEAST_CONTRAST: f32 = 0.10;

impl Transform {
    /// Whether more than size and colours changed, crops aside.
    pub fn is_geometric(&self) -> bool {
        self.mirrored
            || self.quarter_turns != 0
            || self.rotation.abs() >= LEAST_ROTATION
            || (self.stretch - 1.0).abs() >= LEAST_STRETCH
            || self.extent != Extent::Same
    }

    /// Whether the second shows more than the first did.
    pub fn shows_more(&self) -> bool {
        matches!(self.extent, Extent::Uncropped(_) | Extent::Unpadded(_))
    }

    /// Whether nothing that was measured can be put in words: at most the
    /// encoding differs.
    pub fn is_same_view(&self) -> bool {
        self.words().is_empty()
    }

    /// What was done to the second image to get the first.
    pub fn reversed(&self) -> Self {
        let turned = self.quarter_turns % 2 == 1;
        Self {
            mirrored: self.mirrored,
            // A flip undoes itself, whatever turn it is followed by.
            quarter_turns: if self.mirrored {
                self.quarter_turns
            } else {
                (4 - self.quarter_turns % 4) % 4
            },
            rotation: if self.mirrored {
                self.rotation
            } else {
                -self.rotation
            },
            extent: match self.extent {
                Extent::Cropped(part) => Extent::Uncropped(part),
                Extent::Uncropped(part) => Extent::Cropped(part),
                Extent::Padded(part) => Extent::Unpadded(part),
                Extent::Unpadded(part) => Extent::Padded(part),
                Extent::Same | Extent::Shifted(_) => self.extent,
            },
            scale: 1.0 / self.scale.max(1e-6),
            stretch: if turned {
                self.stretch
            } else {
                1.0 / self.stretch.max(1e-6)
            },
            brightness: 1.0 / self.brightness.max(1e-6),
            contrast: 1.0 / self.contrast.max(1e-6),
            colour: match self.colour {
                Colour::Lost => Colour::Gained,
                Colour::Gained => Colour::Lost,
                kept => kept,
            },
            matrix: inverted(&self.matrix),
        }
    }

    /// The steps in words, in the order in which they may have been done.
    fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        match (self.mirrored, self.quarter_turns % 4) {
            (false, 0) => {}
            (true, 0) => words.push("mirrored".to_owned()),
            (true, 2) => words.push("flipped upside down".to_owned()),
            (mirrored, turns) => {
                if mirrored {
                    words.push("mirrored".to_owned());
                }
                words.push(format!("rotated {}°", 90 * u32::from(turns)));
            }
        }
        if self.rotation.abs() >= LEAST_ROTATION {
            words.push(format!("rotated {:.0}°", self.rotation));
        }
        let percent = |share: &Share| (share.area() * 100.0).round();
        match &self.extent {
            Extent::Same => {}
            Extent::Cropped(part) => words.push(format!("cropped to {}%", percent(part))),
            Extent::Uncropped(part) => {
                words.push(format!(
                    "with more around it ({}% is shared)",
                    percent(part)
                ));
            }
            Extent::Padded(part) => {
                words.push(format!("padded (the original fills {}%)", percent(part)));
            }
            Extent::Unpadded(part) => {
                words.push(format!("without its borders ({}% is kept)", percent(part)));
            }
            Extent::Shifted(part) => {
                words.push(format!("shifted ({}% is shared)", percent(part)));
            }
        }
        if (self.stretch - 1.0).abs() >= LEAST_STRETCH {
            let (amount, how) = if self.stretch > 1.0 {
                (self.stretch - 1.0, "wider")
            } else {
                (1.0 / self.stretch - 1.0, "taller")
            };
            words.push(format!("stretched {:.0}% {how}", amount * 100.0));
        }
        if (self.scale - 1.0).abs() >= LEAST_SCALE {
            words.push(format!("resized to {:.0}%", self.scale * 100.0));
        }
        let change = (self.brightness - 1.0) * 100.0;
        if change.abs() >= LEAST_BRIGHTNESS * 100.0 {
            let how = if change > 0.0 { "brighter" } else { "darker" };
            words.push(format!("{:.0}% {how}", change.abs()));
        }
        let change = (self.contrast - 1.0) * 100.0;
        if change.abs() >= LEAST_CONTRAST * 100.0 {
            let how = if change > 0.0 { "more" } else { "less" };
            words.push(format!("{:.0}% {how} contrast", change.abs()));
        }
        match self.colour {
            Colour::Kept => {}
            Colour::Lost => words.push("made gray".to_owned()),
            Colour::Gained => words.push("coloured".to_owned()),
            Colour::Changed => words.push("recoloured".to_owned()),
        }
        words
    }
}

/// The map back; the identity for one that flattens the image.
fn inverted(m: &[f32; 6]) -> [f32; 6] {
    let det = m[0] * m[4] - m[1] * m[3];
    if det.abs() < 1e-9 {
        return Transform::default().matrix;
    }
    let [a, b, c, d] = [m[4] / det, -m[1] / det, -m[3] / det, m[0] / det];
    [a, b, -(a * m[2] + b * m[5]), c, d, -(c * m[2] + d * m[5])]
}

impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("identical");
        }
        let words = self.words();
        if words.is_empty() {
            f.write_str("same view")
        } else {
            f.write_str(&words.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_done_reads_identical() {
        assert_eq!(Transform::default().to_string(), "identical");
    }

    #[test]
    fn steps_read_in_order_with_numbers() {
        let transform = Transform {
            mirrored: true,
            extent: Extent::Cropped(Share {
                x: 0.05,
                y: 0.05,
                width: 0.9,
                height: 0.9,
            }),
            brightness: 1.12,
            ..Transform::default()
        };
        assert_eq!(
            transform.to_string(),
            "mirrored, cropped to 81%, 12% brighter"
        );
        assert!(transform.is_geometric());
    }

    #[test]
    fn reversing_twice_changes_nothing() {
        let transform = Transform {
            quarter_turns: 1,
            rotation: 5.0,
            extent: Extent::Cropped(Share::ALL),
            scale: 0.5,
            colour: Colour::Lost,
            matrix: [0.0, 0.5, 0.1, -0.5, 0.0, 0.9],
            ..Transform::default()
        };
        let back = transform.reversed();
        assert_eq!(back.quarter_turns, 3);
        assert_eq!(back.extent, Extent::Uncropped(Share::ALL));
        let again = back.reversed();
        assert_eq!(again.quarter_turns, 1);
        for (a, b) in again.matrix.iter().zip(transform.matrix) {
            assert!((a - b).abs() < 1e-5);
        }
    }

    #[test]
    fn changes_too_small_to_measure_are_not_told() {
        let transform = Transform {
            scale: 1.01,
            brightness: 0.99,
            rotation: 0.2,
            ..Transform::default()
        };
        assert_eq!(transform.to_string(), "same view");
        assert!(!transform.is_geometric());
    }
}
