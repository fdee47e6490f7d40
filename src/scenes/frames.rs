//! Frames of clips: a camera that moves over a scene with things nearer and farther, and
//! a thing that moves by itself.

use super::descriptor::tests::textured;
use super::index::{Candidate, Index, Votes};
use super::{Features, LEAST_FEATURES, PARTNERS, Plane, features, fit, link};
use crate::executor::{Executor, StopFlag};

const CLIPS: usize = 10;
const FRAMES: usize = 6;
const SIZE: (u32, u32) = (320, 240);

/// The far ground moves a third as fast as the near one below it; the thing crosses both.
fn clip(number: u64) -> Vec<Plane> {
    let (far, near) = (
        textured(420, 240, 500 + number),
        textured(620, 90, 600 + number),
    );
    let thing = textured(60, 60, 700 + number);
    let frame = |time: u32| {
        let mut frame = Plane::filled(SIZE.0, SIZE.1, 0);
        for y in 0..SIZE.1 {
            for x in 0..SIZE.0 {
                let over_thing = (
                    x.wrapping_sub(20 + 45 * time),
                    y.wrapping_sub(90 + 6 * time),
                );
                let sample = if over_thing.0 < 60 && over_thing.1 < 60 {
                    thing.at(over_thing.0, over_thing.1)
                } else if y < 150 {
                    far.at(x + 15 * time, y)
                } else {
                    near.at(x + 45 * time, y - 150)
                };
                frame.samples[(y * SIZE.0 + x) as usize] = sample;
            }
        }
        frame
    };
    (0..FRAMES as u32).map(frame).collect()
}

#[test]
fn frames_are_linked_to_their_clip_and_to_no_other() {
    let frames = (0..CLIPS as u64).flat_map(clip);
    let all: Vec<Features> = frames.map(features).collect();
    assert!(all.iter().all(|frame| frame.list.len() >= LEAST_FEATURES));
    let executor = Executor::new(2, StopFlag::default()).expect("threads");
    let index = Index::new(&all, &executor).expect("not stopped");
    let mut votes = Votes::default();
    let mut pairs: Vec<Candidate> = (0..all.len())
        .flat_map(|i| index.candidates(i as u32, &all[i], &mut votes, PARTNERS))
        .filter(|pair| !pair.mirrored)
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let linked: Vec<(usize, usize)> = (pairs.iter())
        .map(|pair| (pair.first as usize, pair.second as usize))
        .filter(|&(a, b)| {
            let found = fit(&all[a], &all[b], false);
            found.is_some_and(|found| link(&found, all[a].size(), all[b].size()).is_ok())
        })
        .collect();
    let clip_of = |frame: usize| frame / FRAMES;
    let between = linked.iter().filter(|(a, b)| clip_of(*a) != clip_of(*b));
    assert_eq!(between.count(), 0, "{linked:?}");
    // Dealt so that each clip has frames of both kinds, and not in turn.
    let is_evaluated = |frame: usize| frame * 7 % 5 < 2;
    let (mut evaluated, mut reached) = (0, 0);
    for frame in (0..all.len()).filter(|&frame| is_evaluated(frame)) {
        let other = |&(a, b): &(usize, usize)| match frame {
            _ if a == frame => Some(b),
            _ if b == frame => Some(a),
            _ => None,
        };
        evaluated += 1;
        reached += usize::from(linked.iter().filter_map(other).any(|o| !is_evaluated(o)));
    }
    assert!(reached * 100 >= evaluated * 95, "{reached} of {evaluated}");
}
