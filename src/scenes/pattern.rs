//! The points that a descriptor samples around a corner, and the pairs of them that it
//! compares. Samples nothing.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use super::descriptor::{TURNS, WORDS};

/// Radius in samples, points, and half the width of the box that a point means over.
const RINGS: [(f32, usize, usize); 6] = [
    (0.0, 1, 1),
    (2.6, 6, 1),
    (5.2, 10, 1),
    (8.2, 12, 2),
    (11.2, 14, 2),
    (14.0, 16, 3),
];
/// Points on all rings.
pub(super) const POINTS: usize = 59;
/// Common multiple of the boxes' areas: means stay whole numbers.
pub(super) const UNIT: u32 = 11_025;

/// Points compared, numbered from the inside. Chosen greedily for even outcomes and little
/// correlation (Rublee et al. 2011, section 4.3) on 20,480 corners of photos.
const TESTS: [(u8, u8); 32 * WORDS] = [
    (34, 52),
    (11, 51),
    (1, 19),
    (3, 33),
    (8, 40),
    (22, 35),
    (17, 43),
    (29, 58),
    (34, 49),
    (22, 36),
    (8, 31),
    (19, 46),
    (30, 44),
    (7, 44),
    (19, 55),
    (30, 57),
    (11, 37),
    (2, 14),
    (10, 53),
    (0, 2),
    (17, 57),
    (7, 27),
    (2, 9),
    (10, 48),
    (11, 34),
    (35, 51),
    (11, 22),
    (2, 39),
    (7, 18),
    (9, 32),
    (18, 56),
    (9, 39),
    (17, 42),
    (43, 57),
    (34, 50),
    (21, 49),
    (3, 10),
    (49, 51),
    (17, 30),
    (18, 45),
    (30, 43),
    (22, 52),
    (35, 50),
    (21, 37),
    (7, 58),
    (33, 53),
    (22, 34),
    (31, 56),
    (1, 15),
    (21, 51),
    (20, 54),
    (20, 47),
    (7, 17),
    (29, 44),
    (10, 24),
    (35, 49),
    (18, 30),
    (10, 21),
    (31, 45),
    (1, 56),
    (33, 48),
    (18, 58),
    (21, 48),
    (3, 52),
    (10, 50),
    (17, 27),
    (21, 35),
    (48, 52),
    (20, 38),
    (21, 23),
    (32, 54),
    (8, 57),
    (8, 19),
    (19, 40),
    (18, 31),
    (8, 18),
    (44, 45),
    (17, 45),
    (31, 55),
    (7, 15),
    (21, 38),
    (32, 55),
    (20, 33),
    (1, 14),
    (2, 33),
    (10, 12),
    (48, 49),
    (29, 56),
    (9, 25),
    (10, 25),
    (3, 32),
    (7, 8),
    (1, 44),
    (32, 47),
    (19, 31),
    (22, 53),
];

/// Where a corner is sampled and what is compared.
pub(super) struct Pattern {
    /// Where the points lie for each orientation.
    pub(super) turned: Vec<[(isize, isize); POINTS]>,
    /// Half the width of each point's box.
    pub(super) halves: [usize; POINTS],
    /// Test `2i` and its mirror image `2i + 1`.
    pub(super) tests: [(u8, u8); 64 * WORDS],
}

pub(super) static PATTERN: LazyLock<Pattern> = LazyLock::new(|| {
    let mut points = [(0.0, 0.0); POINTS];
    let mut mirror = [0u8; POINTS];
    let mut halves = [0; POINTS];
    let mut first = 0;
    for (radius, count, half) in RINGS {
        for i in 0..count {
            let angle = (i as f32 + 0.5) / count as f32 * TAU;
            points[first + i] = (radius * angle.cos(), radius * angle.sin());
            mirror[first + i] = (first + count - 1 - i) as u8;
            halves[first + i] = half;
        }
        first += count;
    }
    let turned = (0..TURNS).map(|turn| {
        let (sin, cos) = (f32::from(turn) / f32::from(TURNS) * TAU).sin_cos();
        let round = |(x, y): (f32, f32)| {
            let turned = (cos * x - sin * y, sin * x + cos * y);
            (turned.0.round() as isize, turned.1.round() as isize)
        };
        points.map(round)
    });
    let mut tests = [(0, 0); 64 * WORDS];
    for (pair, &(a, b)) in tests.as_chunks_mut::<2>().0.iter_mut().zip(&TESTS) {
        *pair = [(a, b), (mirror[usize::from(a)], mirror[usize::from(b)])];
    }
    Pattern {
        turned: turned.collect(),
        halves,
        tests,
    }
});
