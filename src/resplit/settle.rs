//! Deals equal atoms anew among the places an answer has for them: where they
//! are today if there is one, else by content hash. Changes no count.

use std::cmp::Reverse;

use super::problem::Problem;

/// The same answer by its counts, with as many samples where they are today as
/// equal atoms allow, and the rest in the order of their content, so that what
/// is added to a data set does not reshuffle what was there.
pub(super) fn settle(problem: &Problem, answer: &mut [u16]) {
    let atoms = &problem.atoms;
    let profile = |index: u32| {
        let atom = &atoms[index as usize];
        (atom.size, &atom.labels)
    };
    let mut order: Vec<u32> = (0..atoms.len() as u32)
        .filter(|&index| atoms[index as usize].pin.is_none())
        .collect();
    order.sort_unstable_by(|&a, &b| {
        let tie = |index: u32| (atoms[index as usize].tie, index);
        profile(a)
            .cmp(&profile(b))
            .then_with(|| tie(a).cmp(&tie(b)))
    });
    for equal in order.chunk_by(|&a, &b| profile(a) == profile(b)) {
        if equal.len() > 1 {
            deal(problem, equal, answer);
        }
    }
}

fn deal(problem: &Problem, equal: &[u32], answer: &mut [u16]) {
    let mut places = vec![0u32; problem.splits()];
    for &index in equal {
        places[usize::from(answer[index as usize])] += 1;
    }
    let mut stays: Vec<(Reverse<u32>, usize, u16)> = Vec::new();
    for (place, &index) in equal.iter().enumerate() {
        let today = problem.atoms[index as usize].today.iter();
        stays.extend(today.map(|&(split, count)| (Reverse(count), place, split)));
    }
    stays.sort_unstable();
    let mut dealt = vec![false; equal.len()];
    for (_, place, split) in stays {
        if !dealt[place] && places[usize::from(split)] > 0 {
            dealt[place] = true;
            places[usize::from(split)] -= 1;
            answer[equal[place] as usize] = split;
        }
    }
    let mut split = 0;
    for (place, &index) in equal.iter().enumerate().filter(|&(place, _)| !dealt[place]) {
        let _ = place;
        while places[split] == 0 {
            split += 1;
        }
        places[split] -= 1;
        answer[index as usize] = split as u16;
    }
}
