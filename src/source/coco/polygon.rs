//! What a `segmentation` covers, where an annotation has no box. Unpacks no mask.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::sample::Rect;

/// The box around the polygons of a `segmentation`; `None` for a run-length mask
/// and for what has no corners.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct Hull(pub(super) Option<Rect>);

/// A polygon, or a number of one that is written without a list around it.
enum Part {
    Polygon(Corners),
    Number(f32),
}

/// Least and greatest of every second number.
#[derive(Clone, Copy)]
struct Corners {
    least: [f32; 2],
    most: [f32; 2],
    count: usize,
}

impl Corners {
    const NONE: Self = Self {
        least: [f32::INFINITY; 2],
        most: [f32::NEG_INFINITY; 2],
        count: 0,
    };

    fn add(&mut self, number: f32) {
        let axis = self.count % 2;
        self.least[axis] = self.least[axis].min(number);
        self.most[axis] = self.most[axis].max(number);
        self.count += 1;
    }

    fn join(&mut self, other: &Self) {
        for axis in 0..2 {
            self.least[axis] = self.least[axis].min(other.least[axis]);
            self.most[axis] = self.most[axis].max(other.most[axis]);
        }
        self.count += other.count;
    }

    /// Three corners at least, as a polygon has.
    fn rect(&self) -> Option<Rect> {
        let [x, y] = self.least;
        let [width, height] = [self.most[0] - x, self.most[1] - y];
        (self.count >= 6 && width.is_finite() && height.is_finite()).then_some(Rect {
            x,
            y,
            width,
            height,
        })
    }
}

impl<'de> Deserialize<'de> for Hull {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Hull;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("polygons or a mask")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Hull, S::Error> {
                let mut all = Corners::NONE;
                while let Some(part) = list.next_element::<Part>()? {
                    match part {
                        Part::Polygon(corners) => all.join(&corners),
                        Part::Number(number) => all.add(number),
                    }
                }
                Ok(Hull(all.rect()))
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Hull, M::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Hull(None))
            }

            fn visit_str<E>(self, _: &str) -> Result<Hull, E> {
                Ok(Hull(None))
            }

            fn visit_unit<E>(self) -> Result<Hull, E> {
                Ok(Hull(None))
            }
        }
        from.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Part;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers or a number")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Part, S::Error> {
                let mut corners = Corners::NONE;
                while let Some(number) = list.next_element::<f32>()? {
                    corners.add(number);
                }
                Ok(Part::Polygon(corners))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Part, E> {
                Ok(Part::Number(number as f32))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Part, E> {
                Ok(Part::Number(number as f32))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Part, E> {
                Ok(Part::Number(number as f32))
            }
        }
        from.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polygons_are_what_they_cover_together() {
        let hull = |text: &str| serde_json::from_str::<Hull>(text).expect("JSON").0;
        let rect = Some(Rect {
            x: 1.0,
            y: -2.0,
            width: 9.0,
            height: 7.5,
        });
        assert_eq!(hull("[[1, 2, 10.0, 2, 5, 5.5], [2, -2, 3, 3, 4, 0]]"), rect);
        assert_eq!(hull("[1, -2, 10, 2, 5, 5.5]"), rect);
        for none in [
            "[]",
            "[[]]",
            "[[1, 2, 3, 4]]",
            "{\"counts\": [1, 2], \"size\": [3, 4]}",
            "\"packed\"",
            "null",
        ] {
            assert_eq!(hull(none), None, "{none}");
        }
    }
}
