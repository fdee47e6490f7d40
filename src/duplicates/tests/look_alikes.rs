//! Images that are alike and no copies, and copies that are many.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::scenes::{Painted, Scene, Tone, pairs, unit, verified};

/// A thing of `size` at a place of its own before one scene, lighter or darker
/// than all of it.
fn before_a_camera(scene: &Scene, seed: u64, size: f32) -> impl Fn(f32, f32) -> f32 {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed + 1_000);
    let (left, top) = (0.85 * unit(rng), 0.8 * unit(rng));
    let paint = if seed.is_multiple_of(2) { 15.0 } else { 245.0 };
    move |x, y| {
        let inside = (left..left + size).contains(&x) && (top..top + 1.5 * size).contains(&y);
        if inside { paint } else { scene.tone(x, y) }
    }
}

fn shown_before_a_camera(scene: &Scene, count: u64, more: Vec<Tone<'_>>) -> Vec<(u32, u32)> {
    let mut tones: Vec<Tone<'_>> = (0..count)
        .map(|seed| Box::new(before_a_camera(scene, seed, 0.1)) as Tone<'_>)
        .collect();
    tones.extend(more);
    pairs(&verified(&Painted::new(tones, 256, 192), 2))
}

#[test]
fn things_moved_before_one_camera_are_no_copies_and_a_darker_copy_among_them_is() {
    let scene = Scene::new(3);
    assert_eq!(shown_before_a_camera(&scene, 24, Vec::new()), []);
    let again = before_a_camera(&scene, 1, 0.1);
    let copy = Box::new(move |x, y| 0.8 * again(x, y)) as Tone<'_>;
    assert_eq!(shown_before_a_camera(&scene, 24, vec![copy]), [(1, 24)]);
}

#[test]
fn sticker_text_and_banner_on_one_of_two_are_no_other_thing() {
    let scene = Scene::new(9);
    let sticker = |x: f32, y: f32| (x - 0.5).hypot(y - 0.6) < 0.1;
    let text = |x: f32, y: f32| (0.1..0.15).contains(&y) && x < 0.5 && (40.0 * x).fract() < 0.4;
    let banner = |_: f32, y: f32| y > 0.88;
    for covered in [sticker, text as fn(f32, f32) -> bool, banner] {
        let plain = Box::new(|x, y| scene.tone(x, y)) as Tone<'_>;
        let tone = |x, y| {
            if covered(x, y) {
                235.0
            } else {
                scene.tone(x, y)
            }
        };
        let tones = vec![plain, Box::new(tone) as Tone<'_>];
        assert_eq!(
            pairs(&verified(&Painted::new(tones, 256, 192), 2)),
            [(0, 1)]
        );
    }
}

#[test]
fn four_and_six_copies_of_one_tiny_image_support_each_other() {
    for count in [4u32, 6] {
        let scenes: Vec<Scene> = (0..60).map(Scene::new).collect();
        let mut tones: Vec<Tone<'_>> = (scenes.iter())
            .map(|scene| Box::new(|x, y| scene.tone(x, y)) as Tone<'_>)
            .collect();
        // What an encoder of another quality leaves: waves of a few grey levels.
        for copy in 1..count {
            let scene = &scenes[0];
            let (turn, loud) = (copy as f32, 1.0 + copy as f32 / 6.0);
            tones.push(Box::new(move |x, y| {
                let wave = (turn * 9.0 * x + y).sin() + (turn * 7.0 * y - x).cos();
                scene.tone(x, y) + loud * wave
            }));
        }
        let mut expected = Vec::new();
        let all: Vec<u32> = [0].into_iter().chain(60..59 + count).collect();
        for (i, &a) in all.iter().enumerate() {
            expected.extend(all[i + 1..].iter().map(|&b| (a, b)));
        }
        assert_eq!(
            pairs(&verified(&Painted::new(tones, 48, 48), 2)),
            expected,
            "{count}"
        );
    }
}

/// One scene of 32 pixels in `count` versions among 24 others, as `version` changes it.
fn versions(count: u32, version: impl Fn(&Scene, u32, f32, f32) -> f32 + Sync) -> Vec<(u32, u32)> {
    let scenes: Vec<Scene> = (0..25).map(Scene::new).collect();
    let others = scenes[1..].iter();
    let mut tones: Vec<Tone<'_>> = others
        .map(|scene| Box::new(|x, y| scene.tone(x, y)) as Tone<'_>)
        .collect();
    let (scene, version) = (&scenes[0], &version);
    tones.extend((0..count).map(|i| Box::new(move |x, y| version(scene, i, x, y)) as Tone<'_>));
    pairs(&verified(&Painted::new(tones, 32, 32), 2))
}

/// All pairs of the last `count` images.
fn all_of_last(count: u32) -> Vec<(u32, u32)> {
    let last = 24..24 + count;
    let pairs_of = |a: u32| (a + 1..24 + count).map(move |b| (a, b));
    last.flat_map(pairs_of).collect()
}

/// What an encoder leaves: waves of a few grey levels, other ones in each version.
fn waves(version: u32, x: f32, y: f32) -> f32 {
    let turn = 1.0 + version as f32;
    2.0 * (turn * 9.0 * x + y).sin() + 2.0 * (turn * 7.0 * y - x).cos()
}

#[test]
fn eight_crops_of_one_tiny_image_are_all_copies_of_each_other() {
    let found = versions(8, |scene, version, x, y| {
        let rng = &mut ChaCha8Rng::seed_from_u64(u64::from(version));
        let kept = 0.95 + 0.05 * unit(rng);
        let (left, top) = ((1.0 - kept) * unit(rng), (1.0 - kept) * unit(rng));
        let gain = 0.95 + 0.1 * unit(rng);
        gain * scene.tone(left + kept * x, top + kept * y) + waves(version, x, y)
    });
    assert_eq!(found, all_of_last(8));
}

#[test]
fn six_tiny_images_that_differ_by_a_number_in_front_are_no_copies() {
    // Two of four bars each.
    const NUMBERS: [u32; 6] = [0b0011, 0b0101, 0b0110, 0b1001, 0b1010, 0b1100];
    let found = versions(6, |scene, version, x, y| {
        let (from_centre, column) = ((x - 0.5).hypot(y - 0.5), (x * 8.0) as u32);
        let bar = from_centre < 0.25 && NUMBERS[version as usize] >> (column % 4) & 1 == 1;
        let tone = match (from_centre, bar) {
            (0.3.., _) => scene.tone(x, y),
            (_, true) => 30.0,
            _ => 225.0,
        };
        tone + waves(version, x, y)
    });
    assert_eq!(found, []);
}

/// A sign as a drive-by camera sees it in the dark: a ring and a number of bars,
/// in whole grey levels, with the noise of its sensor.
fn sign(seed: u64, bars: u64, light: f32) -> impl Fn(f32, f32) -> f32 {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let phases: Vec<f32> = (0..6).map(|_| 6.3 * unit(rng)).collect();
    move |x, y| {
        let from_centre = (x - 0.5).hypot(y - 0.5);
        let bar = from_centre < 0.28 && (x * (4.0 + bars as f32)).fract() < 0.5;
        let tone = match (from_centre, bar) {
            (0.33..0.43, _) => 200.0,
            (_, true) => 30.0,
            _ => 90.0,
        };
        let noise: f32 = (phases.iter().enumerate())
            .map(|(i, phase)| ((9.0 + 4.0 * i as f32) * (x + (i as f32) * y) + phase).sin())
            .sum();
        (light * tone + 4.0 + noise).round()
    }
}

#[test]
fn other_signs_in_the_dark_are_no_copies() {
    let tones: Vec<Tone<'_>> = (0..80u64)
        .map(|n| {
            let light = [0.05, 0.1, 0.3, 1.0][(n / 8 % 4) as usize];
            Box::new(sign(n, n % 8, light)) as Tone<'_>
        })
        .collect();
    let found = pairs(&verified(&Painted::new(tones, 34, 34), 2));
    let other: Vec<_> = (found.into_iter())
        .filter(|(a, b)| a % 8 != b % 8)
        .collect();
    assert_eq!(other, []);
}
