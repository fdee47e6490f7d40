//! Windows, turns, mirror images and other shots of textured grounds: linked,
//! proven, and nothing else.

use super::descriptor::tests::textured;
use super::geometry::{Fit, fit};
use super::links::link;
use super::proof::prove;
use super::{Features, features};
use crate::decode::Plane;

/// The part of `plane` of this size whose upper left corner is at `(x, y)`.
fn window(plane: &Plane, (x, y): (u32, u32), (width, height): (u32, u32)) -> Plane {
    let rows = (y..y + height).flat_map(|row| {
        let start = (row * plane.width + x) as usize;
        plane.samples[start..start + width as usize].iter().copied()
    });
    Plane {
        width,
        height,
        samples: rows.collect(),
    }
}

/// `plane` turned about its centre, black where it does not reach.
fn turned(plane: &Plane, degrees: f32) -> Plane {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (cx, cy) = (plane.width as f32 / 2.0, plane.height as f32 / 2.0);
    let mut out = Plane::filled(plane.width, plane.height, 0);
    for y in 0..plane.height {
        for x in 0..plane.width {
            let (dx, dy) = (x as f32 + 0.5 - cx, y as f32 + 0.5 - cy);
            let (u, v) = (
                cx + cos * dx + sin * dy - 0.5,
                cy - sin * dx + cos * dy - 0.5,
            );
            if u < 0.0 || v < 0.0 || u as u32 + 1 >= plane.width || v as u32 + 1 >= plane.height {
                continue;
            }
            let (i, j, s, t) = (u as u32, v as u32, u.fract(), v.fract());
            let at = |x, y| f32::from(plane.at(x, y));
            let upper = at(i, j) * (1.0 - s) + at(i + 1, j) * s;
            let lower = at(i, j + 1) * (1.0 - s) + at(i + 1, j + 1) * s;
            let sample = (upper * (1.0 - t) + lower * t).round() as u8;
            out.samples[(y * plane.width + x) as usize] = sample;
        }
    }
    out
}

fn mirror(plane: &Plane) -> Plane {
    let mut flipped = plane.clone();
    let width = plane.width as usize;
    flipped
        .samples
        .chunks_exact_mut(width)
        .for_each(<[u8]>::reverse);
    flipped
}

fn linked(a: &Features, b: &Features, flip: bool) -> Option<Fit> {
    let found = fit(a, b, flip)?;
    link(&found, a.size(), b.size()).ok()?;
    Some(found)
}

fn is_copy(a: &Plane, b: &Plane, flip: bool) -> bool {
    let (of_a, of_b) = (features(a.clone()), features(b.clone()));
    linked(&of_a, &of_b, flip)
        .and_then(|found| prove(a, b, &found.map))
        .is_some_and(|proof| proof.is_copy())
}

#[test]
fn windows_of_one_image_are_copies_down_to_a_third_of_their_width() {
    let whole = textured(480, 240, 11);
    for shift in [30, 100, 160, 200] {
        let (a, b) = (
            window(&whole, (0, 0), (280, 240)),
            window(&whole, (shift, 0), (280, 240)),
        );
        assert!(is_copy(&a, &b, false), "moved by {shift} of 280");
    }
}

#[test]
fn turned_and_mirrored_images_are_copies_at_any_angle() {
    let image = textured(320, 320, 12);
    for degrees in [20.0, 45.0, 100.0, 163.0] {
        assert!(
            is_copy(&image, &turned(&image, degrees), false),
            "{degrees}"
        );
        let flipped = turned(&mirror(&image), degrees);
        assert!(is_copy(&image, &flipped, true), "mirrored, {degrees}");
    }
}

#[test]
fn another_thing_on_the_same_ground_is_a_link_and_no_copy() {
    let ground = textured(400, 240, 13);
    let shot = |left: u32, thing: u64| {
        let mut shot = window(&ground, (left, 0), (320, 240));
        let thing = textured(150, 120, thing);
        for y in 0..120 {
            for x in 0..150 {
                shot.samples[((y + 60) * 320 + x + 85) as usize] = thing.at(x, y);
            }
        }
        shot
    };
    let (a, b) = (shot(0, 71), shot(60, 72));
    let found = linked(&features(a.clone()), &features(b.clone()), false).expect("a link");
    let proof = prove(&a, &b, &found.map);
    assert!(!proof.is_some_and(|proof| proof.is_copy()), "{proof:?}");
}

#[test]
fn unrelated_images_are_not_linked() {
    let all: Vec<Features> = (100..120)
        .map(|seed| features(textured(320, 240, seed)))
        .collect();
    for (i, a) in all.iter().enumerate() {
        for b in &all[i + 1..] {
            for flip in [false, true] {
                assert_eq!(linked(a, b, flip), None);
            }
        }
    }
}
