//! Planted copies among painted scenes: found, named, and nothing else.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::scenes::{Painted, Scene, Tone, pairs, unit, verified};
use crate::duplicates::pipeline::Verified;
use crate::finding::{Extent, Relation};

/// Thirty scenes and the copy that `change` makes of scene 4, as number 30.
fn planted(change: impl Fn(&Scene, f32, f32) -> f32 + Sync) -> Verified {
    let scenes: Vec<Scene> = (0..30).map(Scene::new).collect();
    let mut tones: Vec<Tone<'_>> = (scenes.iter())
        .map(|scene| Box::new(|x, y| scene.tone(x, y)) as Tone<'_>)
        .collect();
    tones.push(Box::new(|x, y| change(&scenes[4], x, y)));
    let painted = Painted::new(tones, 200, 150);
    let found = verified(&painted, 2);
    assert_eq!(pairs(&found), [(4, 30)], "{:?}", found.pairs);
    found
}

#[test]
fn brighter_copy_is_near() {
    let found = planted(|scene, x, y| scene.tone(x, y) * 1.12);
    let alike = &found.pairs[0];
    assert_eq!(alike.relation, Relation::Near);
    assert!(
        (alike.transform.brightness - 1.12).abs() < 0.03,
        "{}",
        alike.transform
    );
}

#[test]
fn mirrored_copy_is_transformed() {
    let found = planted(|scene, x, y| scene.tone(1.0 - x, y));
    let alike = &found.pairs[0];
    assert_eq!(alike.relation, Relation::Transformed);
    assert_eq!(alike.transform.to_string(), "mirrored");
}

#[test]
fn turned_copies_are_described_by_their_turn() {
    // Clockwise by a quarter: the left edge of the first is the top of the second.
    let clockwise = planted(|scene, x, y| scene.tone(y, 1.0 - x));
    let transform = &clockwise.pairs[0].transform;
    assert_eq!((transform.mirrored, transform.quarter_turns), (false, 1));
    let back = planted(|scene, x, y| scene.tone(1.0 - y, x));
    let transform = &back.pairs[0].transform;
    assert_eq!((transform.mirrored, transform.quarter_turns), (false, 3));
    let half = planted(|scene, x, y| scene.tone(1.0 - x, 1.0 - y));
    assert_eq!(half.pairs[0].transform.to_string(), "rotated 180°");
}

#[test]
fn small_rotation_is_measured() {
    // Images of 64 × 48: turning is done in pixels, clockwise by 8°.
    let (sin, cos) = 8.0f32.to_radians().sin_cos();
    let found = planted(|scene, x, y| {
        let (px, py) = ((x - 0.5) * 64.0, (y - 0.5) * 48.0);
        let (qx, qy) = (cos * px + sin * py, -sin * px + cos * py);
        let (u, v) = (qx / 64.0 + 0.5, qy / 48.0 + 0.5);
        let inside = (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v);
        if inside { scene.tone(u, v) } else { 0.0 }
    });
    let alike = &found.pairs[0];
    assert_eq!(alike.relation, Relation::Transformed);
    assert!(
        (alike.transform.rotation - 8.0).abs() < 0.7,
        "{}",
        alike.transform
    );
}

#[test]
fn mirrored_crop_is_a_crop_of_the_right_part() {
    let found = planted(|scene, x, y| scene.tone(0.9 - 0.8 * x, 0.05 + 0.8 * y));
    let alike = &found.pairs[0];
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
    let found = planted(|scene, x, y| {
        let (u, v) = ((x - 0.1) / 0.8, (y - 0.1) / 0.8);
        let inside = (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v);
        if inside { scene.tone(u, v) } else { 255.0 }
    });
    let alike = &found.pairs[0];
    assert_eq!(alike.relation, Relation::Transformed);
    assert!(
        matches!(alike.transform.extent, Extent::Padded(_)),
        "{}",
        alike.transform
    );
}

#[test]
fn threads_do_not_change_the_answer() {
    let scenes: Vec<Scene> = (0..20).map(Scene::new).collect();
    let tone = |i: usize| {
        let (scene, gain) = (&scenes[i / 2], 1.0 + 0.1 * (i % 2) as f32);
        Box::new(move |x, y| scene.tone(x, y) * gain) as Tone<'_>
    };
    let painted = Painted::new((0..40).map(tone).collect(), 150, 200);
    let (one, four) = (verified(&painted, 1), verified(&painted, 4));
    assert_eq!(one.pairs.len(), 20);
    assert_eq!(pairs(&one), pairs(&four));
    for (a, b) in one.pairs.iter().zip(&four.pairs) {
        assert_eq!(a.similarity.to_bits(), b.similarity.to_bits());
        assert_eq!(a.transform, b.transform);
    }
}

#[test]
fn flat_images_are_no_copies_of_each_other() {
    let painted = Painted::new(
        (0..50)
            .map(|i| Box::new(move |x, _| 100.0 + i as f32 + x) as Tone<'_>)
            .collect(),
        64,
        64,
    );
    assert!(verified(&painted, 2).pairs.is_empty());
}

#[test]
fn images_of_one_pixel_and_lines_are_passed_over() {
    for (width, height) in [(1, 1), (64, 1), (2, 64), (4, 4), (5, 5)] {
        let painted = Painted::new(
            (0..4)
                .map(|i| Box::new(move |x: f32, y: f32| 255.0 * x * y + i as f32) as Tone<'_>)
                .collect(),
            width,
            height,
        );
        let _ = verified(&painted, 1);
    }
}

/// A digit as a pen draws it on 28 × 28: a bent line, thick and dark.
fn stroke(seed: u64) -> Tone<'static> {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let points: Vec<[f32; 2]> = (0..6)
        .map(|i| [0.3 + 0.4 * unit(rng), 0.15 + 0.14 * i as f32])
        .collect();
    let thick = 0.04 + 0.03 * unit(rng);
    Box::new(move |x, y| {
        let far = points.windows(2).map(|ends| {
            let ([ax, ay], [bx, by]) = (ends[0], ends[1]);
            let (dx, dy) = (bx - ax, by - ay);
            let along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy);
            let along = along.clamp(0.0, 1.0);
            (x - ax - along * dx).hypot(y - ay - along * dy)
        });
        let nearest = far.fold(1.0, f32::min);
        if nearest < thick { 255.0 } else { 0.0 }
    })
}

#[test]
fn copies_among_strokes_of_28_pixels_are_found_and_look_alikes_are_not() {
    let mut tones: Vec<Tone<'_>> = (0..400).map(stroke).collect();
    for copied in 0..10 {
        let tone = stroke(copied);
        tones.push(Box::new(move |x, y| 20.0 + 0.8 * tone(x, y)));
    }
    let painted = Painted::new(tones, 28, 28);
    let found = pairs(&verified(&painted, 2));
    for copied in 0..10 {
        assert!(found.contains(&(copied, 400 + copied)), "{copied}");
    }
    // Of 80,000 other pairs some are as good as the same to any eye.
    assert!(found.len() <= 11, "{found:?}");
}

/// A garment, a bottle, a part on a table: one smooth thing before a ground
/// that all images share, its pattern so many gray levels strong.
fn thing(seed: u64, ground: f32) -> impl Fn(f32, f32) -> f32 + Sync {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let (wide, tall) = (0.25 + 0.1 * unit(rng), 0.3 + 0.1 * unit(rng));
    let (tone, print) = (10.0 + 60.0 * unit(rng), Scene::new(seed + 1000));
    move |x: f32, y: f32| {
        let (u, v) = ((x - 0.5) / wide, (y - 0.5) / tall);
        if u.abs().powi(4) + v.abs().powi(4) > 1.0 {
            return 190.0 + ground * (40.0 * x).sin() * (30.0 * y).cos();
        }
        tone + 0.7 * print.tone(x, y)
    }
}

/// What is found among 40 things and copies of the first eight, of which
/// `kept` along each side is left.
fn things(side: u32, kept: f32, ground: f32) -> Vec<(u32, u32)> {
    let boxed = |i| Box::new(thing(i, ground)) as Tone<'_>;
    let mut tones: Vec<Tone<'_>> = (0..40).map(boxed).collect();
    for copied in 0..8 {
        let thing = thing(copied, ground);
        let from = (1.0 - kept) / 2.0;
        tones.push(Box::new(move |x, y| {
            thing(from + kept * x, from + kept * y) * 0.9
        }));
    }
    pairs(&verified(&Painted::new(tones, side, side), 2))
}

fn copies_of_things() -> Vec<(u32, u32)> {
    (0..8).map(|i| (i, 40 + i)).collect()
}

#[test]
fn crops_of_things_before_one_plain_ground_are_found() {
    assert_eq!(things(200, 0.9, 4.0), copies_of_things());
}

#[test]
fn darker_copies_of_things_before_one_plain_ground_are_found_at_32_pixels() {
    assert_eq!(things(32, 1.0, 4.0), copies_of_things());
}

#[test]
fn crops_are_found_among_frames_of_one_camera_and_few_others() {
    let found = things(200, 0.9, 20.0);
    for copy in copies_of_things() {
        assert!(found.contains(&copy), "{copy:?} in {found:?}");
    }
    assert!(found.len() < 12, "{found:?}");
}

/// A page of text: lines of words of the same letters, other words on each.
fn page(seed: u64) -> impl Fn(f32, f32) -> f32 + Sync {
    move |x: f32, y: f32| {
        let (line, column) = ((y * 30.0) as u64, (x * 60.0) as u64);
        let margin = !(0.08..0.92).contains(&x) || !(0.06..0.94).contains(&y);
        let gap = (y * 30.0).fract() > 0.6;
        let mut word = seed ^ (line << 20) ^ (column << 8);
        word = word.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let blank = (word >> 40).is_multiple_of(5);
        if margin || gap || blank {
            return 250.0;
        }
        let stem = ((x * 60.0).fract() * 3.0) as u32 + ((y * 90.0) as u32 % 3) * 3;
        if (word >> 20 >> stem) & 1 == 1 {
            30.0
        } else {
            250.0
        }
    }
}

#[test]
fn copied_pages_are_found_and_other_pages_are_not() {
    let mut tones: Vec<Tone<'_>> = (0..60).map(|i| Box::new(page(i)) as Tone<'_>).collect();
    for copied in 0..5 {
        let page = page(copied);
        tones.push(Box::new(move |x, y| 20.0 + 0.85 * page(x, y)));
    }
    let painted = Painted::new(tones, 150, 200);
    let expected: Vec<(u32, u32)> = (0..5).map(|i| (i, 60 + i)).collect();
    assert_eq!(pairs(&verified(&painted, 2)), expected);
}

/// A rendering: three shaded balls of other sizes and tones at other places, on
/// the one chequered floor, under the one lamp and before the one sky of all.
fn render(seed: u64) -> impl Fn(f32, f32) -> f32 + Sync {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let balls: [[f32; 4]; 3] = std::array::from_fn(|i| {
        let (x, y) = (0.2 + 0.3 * i as f32, 0.45 + 0.3 * unit(rng));
        [
            x + 0.1 * unit(rng),
            y,
            0.08 + 0.08 * unit(rng),
            90.0 + 150.0 * unit(rng),
        ]
    });
    move |x: f32, y: f32| {
        let hit = balls.iter().rev().find_map(|&[bx, by, radius, tone]| {
            let (u, v) = ((x - bx) / radius, (y - by) / radius);
            let toward = 1.0 - u * u - v * v;
            (toward > 0.0).then(|| {
                // A lamp at the upper left, in front.
                let lit = (-0.5 * u - 0.6 * v + 0.62 * toward.sqrt()).max(0.0);
                tone * (0.15 + 0.85 * lit)
            })
        });
        hit.unwrap_or_else(|| {
            if y < 0.4 {
                return 200.0 - 120.0 * y;
            }
            let depth = 0.3 / (y - 0.3);
            let (column, row) = ((x - 0.5) * depth * 8.0, depth * 8.0);
            let dark = (column.floor() as i32 + row.floor() as i32) % 2 == 0;
            let shaded = balls.iter().any(|&[bx, by, radius, _]| {
                let (u, v) = (
                    (x - bx - 0.4 * radius) / radius,
                    (y - by - radius) / (0.3 * radius),
                );
                u * u + v * v < 1.0
            });
            (if dark { 70.0 } else { 150.0 }) * (if shaded { 0.5 } else { 1.0 })
        })
    }
}

#[test]
fn copied_renders_are_found_and_other_renders_of_the_scene_are_not() {
    let mut tones: Vec<Tone<'_>> = (0..80).map(|i| Box::new(render(i)) as Tone<'_>).collect();
    for copied in 0..4 {
        let render = render(copied);
        tones.push(Box::new(move |x, y| {
            10.0 + 0.8 * render(0.05 + 0.9 * x, 0.05 + 0.9 * y)
        }));
    }
    for copied in 4..8 {
        let render = render(copied);
        tones.push(Box::new(move |x, y| render(1.0 - x, y)));
    }
    let painted = Painted::new(tones, 176, 176);
    let expected: Vec<(u32, u32)> = (0..8).map(|i| (i, 80 + i)).collect();
    assert_eq!(pairs(&verified(&painted, 2)), expected);
}
