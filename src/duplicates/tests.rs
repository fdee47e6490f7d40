//! Planted copies among painted scenes: found, named, and nothing else.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::prove::{Proof, Thumbnails, prove};
use crate::decode::{Plane, Thumbnail};
use crate::executor::{Executor, StopFlag};
use crate::finding::{Extent, Relation};

pub(super) fn unit(rng: &mut ChaCha8Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / (1u32 << 24) as f32
}

/// A scene as a function of the place: overlapping discs before a slope.
pub(super) struct Scene(Vec<[f32; 4]>);

impl Scene {
    pub(super) fn new(seed: u64) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let disc = |rng: &mut ChaCha8Rng| {
            let radius = 0.03 + 0.17 * unit(rng) * unit(rng);
            [unit(rng), unit(rng), radius, 30.0 + 200.0 * unit(rng)]
        };
        Self((0..60).map(|_| disc(rng)).collect())
    }

    pub(super) fn tone(&self, x: f32, y: f32) -> f32 {
        let inside = |disc: &&[f32; 4]| (x - disc[0]).hypot(y - disc[1]) < disc[2];
        self.0
            .iter()
            .rev()
            .find(inside)
            .map_or(60.0 + 80.0 * x, |d| d[3])
    }
}

/// A thumbnail of what `tone` shows over the unit square, as a camera sees it.
pub(super) fn photo(width: u32, height: u32, tone: impl Fn(f32, f32) -> f32) -> Thumbnail {
    let mut samples = Vec::new();
    for row in 0..height {
        for column in 0..width {
            let mut sum = 0.0;
            for part in 0..16 {
                let x = (column as f32 + (part % 4) as f32 / 4.0 + 0.125) / width as f32;
                let y = (row as f32 + (part / 4) as f32 / 4.0 + 0.125) / height as f32;
                sum += tone(x, y).clamp(0.0, 255.0);
            }
            samples.push((sum / 16.0).round() as u8);
        }
    }
    Thumbnail {
        luma: Plane {
            width,
            height,
            samples,
        },
        cb: Plane::filled(width / 2, height / 2, 128),
        cr: Plane::filled(width / 2, height / 2, 128),
    }
}

struct Shown(Vec<Thumbnail>);

impl Thumbnails for Shown {
    fn get(&self, index: usize) -> Option<(Thumbnail, u32, u32)> {
        let thumbnail = self.0.get(index)?.clone();
        let (width, height) = (thumbnail.luma.width * 8, thumbnail.luma.height * 8);
        Some((thumbnail, width, height))
    }
}

pub(super) fn proof(thumbnails: Vec<Thumbnail>, jobs: usize) -> Proof {
    let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
    let shown = Shown(thumbnails);
    prove(shown.0.len(), &shown, &[], 0.5, &executor).expect("not stopped")
}

fn pairs(proof: &Proof) -> Vec<(u32, u32)> {
    proof.pairs.iter().map(|p| (p.first, p.second)).collect()
}

/// Thirty scenes and the copy that `change` makes of scene 4, as number 30.
fn planted(change: impl Fn(&Scene, f32, f32) -> f32) -> Proof {
    let scenes: Vec<Scene> = (0..30).map(Scene::new).collect();
    let mut shown: Vec<_> = (scenes.iter())
        .map(|scene| photo(64, 48, |x, y| scene.tone(x, y)))
        .collect();
    shown.push(photo(64, 48, |x, y| change(&scenes[4], x, y)));
    let proof = proof(shown, 2);
    assert_eq!(pairs(&proof), [(4, 30)], "{:?}", proof.pairs);
    proof
}

#[test]
fn brighter_copy_is_near() {
    let proof = planted(|scene, x, y| scene.tone(x, y) * 1.12);
    let alike = &proof.pairs[0].alike;
    assert_eq!(alike.relation, Relation::Near);
    assert!(
        (alike.transform.brightness - 1.12).abs() < 0.03,
        "{}",
        alike.transform
    );
}

#[test]
fn mirrored_copy_is_transformed() {
    let proof = planted(|scene, x, y| scene.tone(1.0 - x, y));
    let alike = &proof.pairs[0].alike;
    assert_eq!(alike.relation, Relation::Transformed);
    assert_eq!(alike.transform.to_string(), "mirrored");
}

#[test]
fn turned_copies_are_told_by_their_turn() {
    // Clockwise by a quarter: the left edge of the first is the top of the second.
    let clockwise = planted(|scene, x, y| scene.tone(y, 1.0 - x));
    let transform = &clockwise.pairs[0].alike.transform;
    assert_eq!((transform.mirrored, transform.quarter_turns), (false, 1));
    let back = planted(|scene, x, y| scene.tone(1.0 - y, x));
    let transform = &back.pairs[0].alike.transform;
    assert_eq!((transform.mirrored, transform.quarter_turns), (false, 3));
    let half = planted(|scene, x, y| scene.tone(1.0 - x, 1.0 - y));
    assert_eq!(half.pairs[0].alike.transform.to_string(), "turned 180°");
}

#[test]
fn small_rotation_is_measured() {
    // Pictures of 64 × 48: turning is done in pixels, clockwise by 8°.
    let (sin, cos) = 8.0f32.to_radians().sin_cos();
    let proof = planted(|scene, x, y| {
        let (px, py) = ((x - 0.5) * 64.0, (y - 0.5) * 48.0);
        let (qx, qy) = (cos * px + sin * py, -sin * px + cos * py);
        let (u, v) = (qx / 64.0 + 0.5, qy / 48.0 + 0.5);
        let inside = (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v);
        if inside { scene.tone(u, v) } else { 0.0 }
    });
    let alike = &proof.pairs[0].alike;
    assert_eq!(alike.relation, Relation::Transformed);
    assert!(
        (alike.transform.rotation - 8.0).abs() < 0.7,
        "{}",
        alike.transform
    );
}

#[test]
fn mirrored_crop_is_a_crop_of_the_right_part() {
    let proof = planted(|scene, x, y| scene.tone(0.9 - 0.8 * x, 0.05 + 0.8 * y));
    let alike = &proof.pairs[0].alike;
    assert_eq!(alike.relation, Relation::Crop);
    assert!(alike.transform.mirrored);
    let Extent::Cropped(part) = alike.transform.extent else {
        panic!("not a crop: {}", alike.transform);
    };
    for (found, real) in [
        (part.x, 0.1),
        (part.y, 0.05),
        (part.width, 0.8),
        (part.height, 0.8),
    ] {
        assert!((found - real).abs() < 0.015, "{part:?}");
    }
    // The matrix takes corners of the copy to where they came from.
    let m = alike.transform.matrix;
    assert!((m[2] - 0.9).abs() < 0.02 && (m[5] - 0.05).abs() < 0.02);
}

#[test]
fn plain_border_is_padding() {
    let proof = planted(|scene, x, y| {
        let (u, v) = ((x - 0.1) / 0.8, (y - 0.1) / 0.8);
        let inside = (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v);
        if inside { scene.tone(u, v) } else { 255.0 }
    });
    let alike = &proof.pairs[0].alike;
    assert_eq!(alike.relation, Relation::Transformed);
    assert!(
        matches!(alike.transform.extent, Extent::Padded(_)),
        "{}",
        alike.transform
    );
}

#[test]
fn threads_do_not_change_the_answer() {
    let shown = || {
        let scenes = (0..40).map(|i| Scene::new(i / 2));
        let bright = |i: usize| 1.0 + 0.1 * (i % 2) as f32;
        (scenes.enumerate())
            .map(|(i, scene)| photo(48, 64, |x, y| scene.tone(x, y) * bright(i)))
            .collect()
    };
    let (one, four) = (proof(shown(), 1), proof(shown(), 4));
    assert_eq!(one.pairs.len(), 20);
    assert_eq!(pairs(&one), pairs(&four));
    for (a, b) in one.pairs.iter().zip(&four.pairs) {
        assert_eq!(a.alike.similarity.to_bits(), b.alike.similarity.to_bits());
        assert_eq!(a.alike.transform, b.alike.transform);
    }
}

#[test]
fn flat_pictures_are_no_copies_of_each_other() {
    let shown = (0..50)
        .map(|i| photo(64, 64, |x, _| 100.0 + i as f32 + x))
        .collect();
    assert!(proof(shown, 2).pairs.is_empty());
}

#[test]
fn pictures_of_one_pixel_and_lines_are_passed_over() {
    let shown = vec![
        photo(1, 1, |_, _| 5.0),
        photo(64, 1, |x, _| 255.0 * x),
        photo(2, 64, |_, y| 255.0 * y),
        photo(4, 4, |x, y| 255.0 * x * y),
        photo(5, 5, |x, y| 255.0 * x * y),
    ];
    let _ = proof(shown, 1);
}
