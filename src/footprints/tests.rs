//! Footprints of files written here.

use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::executor::StopFlag;

/// A TIFF file without pixels: fields of shorts, doubles or text.
pub(super) fn tiff(fields: &[(u16, Value)]) -> Vec<u8> {
    let mut bytes = b"II*\0".to_vec();
    let directory = 8 + fields
        .iter()
        .map(|(_, value)| value.bytes().len().next_multiple_of(2))
        .sum::<usize>();
    bytes.extend((directory as u32).to_le_bytes());
    let mut places = Vec::new();
    for (_, value) in fields {
        places.push(bytes.len() as u32);
        bytes.extend(value.bytes());
        bytes.resize(bytes.len().next_multiple_of(2), 0);
    }
    bytes.extend((fields.len() as u16).to_le_bytes());
    for ((tag, value), place) in fields.iter().zip(places) {
        let (kind, size) = value.kind();
        let held = value.bytes();
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(((held.len() / size) as u32).to_le_bytes());
        match held.len() {
            0..=4 => bytes.extend([&held[..], &[0; 4][held.len()..]].concat()),
            _ => bytes.extend(place.to_le_bytes()),
        }
    }
    bytes.extend([0; 4]);
    bytes
}

pub(super) enum Value {
    Shorts(Vec<u16>),
    Doubles(Vec<f64>),
    Text(&'static str),
}

impl Value {
    fn kind(&self) -> (u16, usize) {
        match self {
            Self::Shorts(_) => (3, 2),
            Self::Doubles(_) => (12, 8),
            Self::Text(_) => (2, 1),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Shorts(all) => all.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::Doubles(all) => all.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::Text(text) => text.as_bytes().to_vec(),
        }
    }
}

/// A tile of 100 × 50 pixels of 10 m.
fn tile(x: f64, y: f64, keys: Vec<u16>) -> Vec<u8> {
    tiff(&[
        (256, Value::Shorts(vec![100])),
        (257, Value::Shorts(vec![50])),
        (33_550, Value::Doubles(vec![10.0, 10.0, 0.0])),
        (33_922, Value::Doubles(vec![0.0, 0.0, 0.0, x, y, 0.0])),
        (34_735, Value::Shorts(keys)),
        (34_737, Value::Text("my own grid|")),
    ])
}

const UTM_33: [u16; 12] = [1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32_633];

fn placed(bytes: &[u8]) -> Found {
    of_tiff(tags::read(Cursor::new(bytes)).expect("a TIFF file"), None).expect("a place")
}

#[test]
fn tags_place_a_tile_by_its_corner_or_by_the_middle_of_its_pixel() {
    let area = placed(&tile(500_000.0, 5_000_000.0, UTM_33.to_vec()));
    assert_eq!(
        area.polygon.bounds(),
        [[500_000.0, 4_999_500.0], [501_000.0, 5_000_000.0]]
    );
    assert_eq!(
        (area.pixel, area.system.name.as_str()),
        (10.0, "EPSG:32633")
    );
    assert_eq!(area.system.units, Units::Metres(1.0));
    let mut keys = UTM_33.to_vec();
    keys[3] = 3;
    keys.splice(8..8, [1025, 0, 1, 2]);
    let point = placed(&tile(500_000.0, 5_000_000.0, keys));
    assert_eq!(point.polygon.bounds()[0], [499_995.0, 4_999_505.0]);
}

#[test]
fn matrix_turns_a_tile_and_degrees_and_own_systems_are_known() {
    let turned = tiff(&[
        (256, Value::Shorts(vec![10])),
        (257, Value::Shorts(vec![10])),
        (
            34_264,
            Value::Doubles(vec![
                0.0, 1.0, 0.0, 5.0, 1.0, 0.0, 0.0, 45.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0,
            ]),
        ),
        (
            34_735,
            Value::Shorts(vec![1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326]),
        ),
    ]);
    let found = placed(&turned);
    assert_eq!(found.polygon.bounds(), [[5.0, 45.0], [15.0, 55.0]]);
    assert_eq!(
        (found.system.name.as_str(), found.system.units),
        ("EPSG:4326", Units::Degrees)
    );
    let own = |value: u16| {
        let keys = [
            1, 1, 0, 3, 1024, 0, 1, 1, 1026, 34_737, 12, 0, 3075, 0, 1, value,
        ];
        placed(&tile(1.0, 2.0, keys.to_vec())).system.name
    };
    assert!(own(1).starts_with("my own grid ("), "{}", own(1));
    assert_ne!(own(1), own(2), "another projection under the same name");
}

#[test]
fn numbering_of_pixels_is_no_place() {
    let plain = tiff(&[
        (256, Value::Shorts(vec![100])),
        (257, Value::Shorts(vec![50])),
        (33_550, Value::Doubles(vec![1.0, 1.0, 0.0])),
        (33_922, Value::Doubles(vec![0.0; 6])),
    ]);
    assert!(of_tiff(tags::read(Cursor::new(&plain)).expect("a TIFF file"), None).is_none());
}

#[test]
fn world_file_names_the_middle_of_the_first_pixel() {
    let affine = world::parse("10,0\n0\n0\n-10.0\n500005\n4999995\n").expect("six numbers");
    assert_eq!(affine.at([0.0, 0.0]), [500_000.0, 5_000_000.0]);
    assert_eq!(affine.at([100.0, 50.0]), [501_000.0, 4_999_500.0]);
    assert!(
        world::parse("10\n0\n0\n").is_none()
            && world::parse("not a number at all, is it").is_none()
    );
}

#[test]
fn every_prefix_of_a_file_is_refused_or_lies_nowhere_else() {
    let whole = tile(500_000.0, 5_000_000.0, UTM_33.to_vec());
    let bounds = placed(&whole).polygon.bounds();
    for end in 0..whole.len() {
        let read = tags::read(Cursor::new(&whole[..end]));
        let found = read.and_then(|placed| of_tiff(placed, None));
        assert!(
            found.is_none_or(|found| found.polygon.bounds() == bounds),
            "{end}"
        );
    }
}

/// Squares of these corners and sides in one system.
fn squares(all: &[(f64, f64, f64)], units: Units) -> Footprints {
    let found = all.iter().map(|&(x, y, side)| Found {
        polygon: Polygon::of([[x, y], [x + side, y], [x + side, y + side], [x, y + side]]),
        pixel: side / 64.0,
        system: System {
            name: "EPSG:1".to_owned(),
            units,
        },
    });
    numbered((0..).map(SampleId).zip(found).collect(), all.len())
}

fn executor() -> Executor {
    Executor::new(2, StopFlag::default()).expect("threads")
}

#[test]
fn neighbours_overlap_touch_or_lie_within_the_buffer() {
    let all = [
        (0.0, 0.0, 64.0),
        (48.0, 0.0, 64.0),
        (0.0, 64.0, 64.0),
        (200.0, 0.0, 64.0),
    ];
    let footprints = squares(&all, Units::Metres(1.0));
    let near = |buffer| footprints.near(buffer, &executor()).expect("not stopped");
    let pair = |a, b, share, distance| Near {
        a,
        b,
        share,
        distance,
    };
    assert_eq!(
        near(0.0),
        [
            pair(0, 1, 0.25, 0.0),
            pair(0, 2, 0.0, 0.0),
            pair(1, 2, 0.0, 0.0)
        ]
    );
    assert_eq!(near(90.0)[3], pair(1, 3, 0.0, 88.0));
    assert_eq!(near(87.0).len(), 3);
    assert!((footprints.covered(0, [1, 2].into_iter()) - 0.25).abs() < 1e-9);
    // A degree of longitude at 60° north is half as long.
    let degrees = squares(&[(10.0, 60.0, 0.01), (10.02, 60.0, 0.01)], Units::Degrees);
    let near = |buffer| {
        degrees
            .near(buffer, &executor())
            .expect("not stopped")
            .len()
    };
    assert_eq!((near(500.0), near(600.0)), (0, 1));
}

#[test]
fn blocks_hold_what_lies_in_one_square_and_feet_are_converted() {
    let all: Vec<(f64, f64, f64)> = (0..16)
        .map(|i| (f64::from(i % 4) * 100.0, f64::from(i / 4) * 100.0, 100.0))
        .collect();
    let blocks = squares(&all, Units::Metres(1.0)).blocks(200.0);
    assert_eq!(blocks.iter().map(Vec::len).collect::<Vec<_>>(), [4; 4]);
    assert_eq!(blocks[0], [0, 1, 4, 5].map(SampleId));
    let blocks = squares(&all, Units::Metres(0.5)).blocks(100.0);
    assert_eq!(blocks.len(), 4);
    let side = usual_side(&squares(&all, Units::Metres(1.0))).expect("ground");
    assert!((side - 400.0).abs() < 1e-6, "{side}");
}

proptest! {
    #[test]
    fn grid_finds_what_comparing_all_with_all_finds(
        all in prop::collection::vec((-500.0..500.0f64, -500.0..500.0f64, 0.1..300.0f64), 2..40),
        buffer in prop_oneof![Just(0.0), 0.0..50.0f64],
    ) {
        let footprints = squares(&all, Units::Metres(1.0));
        let found = footprints.near(buffer, &executor()).expect("not stopped");
        let mut expected = Vec::new();
        for a in 0..all.len() {
            for b in a + 1..all.len() {
                let ((x, y, of_a), (u, v, of_b)) = (all[a], all[b]);
                let gap = |x: f64, u: f64| (u - x - of_a).max(x - u - of_b);
                let (across, down) = (gap(x, u), gap(y, v));
                let half = of_a.min(of_b) / 128.0;
                let apart = across.max(0.0).hypot(down.max(0.0));
                if apart <= half.max(buffer) {
                    expected.push((a as u32, b as u32));
                }
            }
        }
        let pairs: Vec<(u32, u32)> = found.iter().map(|pair| (pair.a, pair.b)).collect();
        prop_assert_eq!(pairs, expected);
    }
}
