//! Label files of an Ultralytics set: a line for each object. Opens none.

use super::config::Config;
use crate::sample::{Bounds, ClassId, Object, ObjectFlags, Rect};

/// What is wrong with a label file, and on which line first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The kind, the same words for the same kind.
    pub(super) kind: &'static str,
    /// The first line it is on, from 1.
    pub(super) line: usize,
    /// What stands there.
    pub(super) detail: String,
}

/// Kinds of [`Fault`]: for each of them Ultralytics 8.3 leaves the whole image
/// out of training with no more than a line in a log.
pub(super) const NO_LABEL: &str = "a line of a label file does not describe an object";
pub(super) const NO_CLASS: &str = "a class number is outside `names`";
pub(super) const NO_SHARE: &str = "a coordinate is not a share of the image's size";

/// The objects of a label file, `class` giving a class by its number; or the
/// first fault.
pub(super) fn parse(
    bytes: &[u8],
    config: &Config,
    mut class: impl FnMut(u64) -> Option<ClassId>,
) -> Result<Vec<Object>, Fault> {
    let text = String::from_utf8_lossy(bytes);
    let mut objects = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let cells: Vec<&str> = text.split_whitespace().collect();
        if cells.is_empty() {
            continue;
        }
        let fault = |kind, detail: String| Fault { kind, line, detail };
        let no_label = || fault(NO_LABEL, shown(text));
        let numbers: Option<Vec<f64>> = cells.iter().map(|cell| cell.parse().ok()).collect();
        let numbers = numbers
            .filter(|n| n.iter().all(|n| n.is_finite()))
            .ok_or_else(no_label)?;
        let (number, values) = numbers.split_first().ok_or_else(no_label)?;
        let bounds = bounds(values, config.keypoints).ok_or_else(no_label)?;
        // A hundredth below zero passes, as in Ultralytics.
        let outside = values.iter().take(coordinates(values, config.keypoints));
        if let Some(value) = outside
            .into_iter()
            .find(|value| **value > 1.0 || **value < -0.01)
        {
            return Err(fault(NO_SHARE, value.to_string()));
        }
        let whole = (*number >= 0.0 && number.fract() == 0.0).then_some(*number as u64);
        let class = whole.and_then(&mut class);
        let class = class.ok_or_else(|| fault(NO_CLASS, shown(cells[0])))?;
        objects.push(Object {
            class,
            bounds: Bounds::Shares(bounds),
            flags: ObjectFlags::default(),
        });
    }
    Ok(objects)
}

/// How many of the values are places: visibility of keypoints is not.
fn coordinates(values: &[f64], keypoints: usize) -> usize {
    if keypoints > 0 { 4 } else { values.len() }
}

/// The box of a line: centre and size, or what a polygon of three corners or
/// more covers. `None` for any other count of numbers.
fn bounds(values: &[f64], keypoints: usize) -> Option<Rect> {
    let rect = |x: f64, y: f64, width: f64, height: f64| Rect {
        x: x as f32,
        y: y as f32,
        width: width as f32,
        height: height as f32,
    };
    if values.len() == 4 || keypoints > 0 && values.len() == 4 + keypoints {
        let (width, height) = (values[2], values[3]);
        return Some(rect(
            values[0] - width / 2.0,
            values[1] - height / 2.0,
            width,
            height,
        ));
    }
    if keypoints > 0 || values.len() < 6 || !values.len().is_multiple_of(2) {
        return None;
    }
    let (mut least, mut most) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for corner in values.chunks_exact(2) {
        for axis in 0..2 {
            least[axis] = least[axis].min(corner[axis]);
            most[axis] = most[axis].max(corner[axis]);
        }
    }
    Some(rect(
        least[0],
        least[1],
        most[0] - least[0],
        most[1] - least[1],
    ))
}

/// The beginning of a line for a message.
fn shown(text: &str) -> String {
    let start: String = text.trim().chars().take(40).collect();
    format!("`{}`", crate::sample::escaped(start.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Object>, Fault> {
        parse(text.as_bytes(), &Config::default(), |number| {
            (number < 3).then_some(ClassId(number as u32))
        })
    }

    #[test]
    fn boxes_polygons_and_blank_lines_are_read() {
        let objects = read("0 0.5 0.5 0.5 0.25\n\n2 0.1 0.1 0.3 0.1 0.3 0.5 \r\n").expect("read");
        assert_eq!(objects.len(), 2);
        let Bounds::Shares(first) = objects[0].bounds else {
            panic!("shares")
        };
        assert_eq!(
            (first.x, first.y, first.width, first.height),
            (0.25, 0.375, 0.5, 0.25)
        );
        let Bounds::Shares(second) = objects[1].bounds else {
            panic!("shares")
        };
        assert!((second.width - 0.2).abs() < 1e-6 && (second.height - 0.4).abs() < 1e-6);
        assert_eq!(objects[1].class, ClassId(2));
        assert_eq!(read("").expect("a background image"), []);
    }

    #[test]
    fn faults_name_their_kind_and_line() {
        for (text, kind, line) in [
            ("0 0.5 0.5 0.5 0.25\ncat 0 0 1 1\n", NO_LABEL, 2),
            ("0 0.5 0.5 0.5\n", NO_LABEL, 1),
            ("0 0.5 nan 0.5 0.5\n", NO_LABEL, 1),
            ("3 0.5 0.5 0.5 0.5\n", NO_CLASS, 1),
            ("-1 0.5 0.5 0.5 0.5\n", NO_CLASS, 1),
            ("0.5 0.5 0.5 0.5 0.5\n", NO_CLASS, 1),
            ("0 50 60 20 20\n", NO_SHARE, 1),
        ] {
            let fault = read(text).expect_err(text);
            assert_eq!((fault.kind, fault.line), (kind, line), "{text}");
        }
    }

    #[test]
    fn keypoints_follow_the_box() {
        let config = Config {
            keypoints: 6,
            ..Config::default()
        };
        let line = b"0 0.5 0.5 0.5 0.5 0.1 0.1 2 0.2 0.2 1";
        let objects = parse(line, &config, |_| Some(ClassId(0))).expect("read");
        assert_eq!(objects.len(), 1);
        assert!(parse(b"0 0.5 0.5 0.5 0.5", &config, |_| Some(ClassId(0))).is_ok());
        assert!(parse(b"0 0.5 0.5 0.5 0.5 0.1", &config, |_| Some(ClassId(0))).is_err());
    }
}
