//! What holds of every new assignment, over made-up data sets.

use proptest::prelude::*;

use super::*;
use crate::executor::StopFlag;
use crate::finding::Relation;
use crate::sample::{
    ClassId, ContentHash, Labels, Listing, Sample, SampleId, SampleKey, Split, SplitId,
};
use crate::statistics::Random;

/// A sample: its split of 0 to 2 or none, its classes, and the number of its
/// group.
type Made = (Option<u16>, Vec<u32>, u32);

struct Set {
    listing: Listing,
    contents: Vec<Option<ContentHash>>,
    links: Vec<Link>,
}

impl Set {
    /// A data set of `made` samples; those of one group below `linked` are
    /// copies of each other. Names end in the sample's number so that more
    /// samples come last.
    fn of(made: &[Made], linked: u32) -> Self {
        let samples: Vec<Sample> = (0..)
            .map(SampleId)
            .zip(made)
            .map(|(id, (split, classes, _))| Sample {
                id,
                key: SampleKey::from_path(format!("{:06}.png", id.0).as_ref()),
                split: split.map(SplitId),
                labels: Labels::from_classes(classes.iter().copied().map(ClassId).collect()),
                group: None,
                objects: crate::sample::NO_OBJECTS,
            })
            .collect();
        let contents = samples
            .iter()
            .map(|s| Some(ContentHash::of(s.key.as_str().as_bytes())));
        let mut links = Vec::new();
        for group in 0..linked {
            let members: Vec<SampleId> = samples
                .iter()
                .map(|s| s.id)
                .filter(|id| made[id.index()].2 == group)
                .collect();
            links.extend(members.windows(2).map(|two| Link {
                a: two[0],
                b: two[1],
                why: Why::Copy {
                    relation: Relation::Exact,
                    similarity: 1.0,
                },
            }));
        }
        Self {
            contents: contents.collect(),
            listing: Listing {
                splits: ["train", "val", "test"].map(Split::named).to_vec(),
                classes: (0..6).map(|class| format!("class {class}")).collect(),
                samples,
                ..Listing::default()
            },
            links,
        }
    }

    fn plan(&self, wanted: &Wanted) -> Plan {
        self.timed(wanted, &[])
    }

    fn timed(&self, wanted: &Wanted, times: &[Option<i64>]) -> Plan {
        let material = Material {
            listing: &self.listing,
            contents: &self.contents,
            links: &self.links,
            times,
        };
        plan(material, wanted, &StopFlag::default()).expect("sound")
    }
}

fn fresh() -> Wanted {
    Wanted {
        mode: Mode::Fresh,
        sizes: [("train", 0.7), ("val", 0.1), ("test", 0.2)]
            .map(|(name, size)| (name.to_owned(), size))
            .to_vec(),
        ..Wanted::default()
    }
}

fn made() -> impl Strategy<Value = Vec<Made>> {
    let split = prop_oneof![1 => Just(None), 6 => (0u16..3).prop_map(Some)];
    let classes = prop::collection::vec(0u32..6, 0..3);
    prop::collection::vec((split, classes, 0u32..40), 30..90)
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let folds = Wanted {
        mode: Mode::Folds(4),
        ..Wanted::default()
    };
    let kept = Wanted {
        keep: vec!["test".to_owned()],
        ..Wanted::default()
    };
    prop_oneof![
        Just(Wanted::default()),
        Just(fresh()),
        Just(folds),
        Just(kept)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_atom_is_crossed_and_every_sample_has_one_place(
        made in made(), linked in 0u32..12, wanted in wanted()
    ) {
        let set = Set::of(&made, linked);
        let plan = set.plan(&wanted);
        prop_assert_eq!(plan.new.len(), made.len());
        for link in &set.links {
            let (a, b) = (plan.new[link.a.index()], plan.new[link.b.index()]);
            prop_assert!(a == b || a.is_none() || b.is_none(), "{link:?}");
        }
        prop_assert_eq!(crossing(&plan.atoms, &plan.new), 0);
        for (sample, new) in set.listing.samples.iter().zip(&plan.new) {
            let was_kept = wanted.keep.iter().any(|kept| {
                set.listing.split_name(sample.split) == Some(kept.as_str())
            });
            let name = plan.split_name(*new);
            if was_kept {
                prop_assert_eq!(name, set.listing.split_name(sample.split));
            } else if !wanted.keep.is_empty() {
                prop_assert!(name != Some("test"), "nothing joins a split that is kept");
            } else {
                prop_assert!(new.is_some(), "nothing is left out without need");
            }
        }
        let places = plan.places(&set.listing);
        let mut taken: Vec<&String> = places.iter().flatten().collect();
        let all = taken.len();
        taken.sort();
        taken.dedup();
        prop_assert_eq!(taken.len(), all);
    }

    #[test]
    fn pinned_samples_stay(made in made(), linked in 0u32..12, pinned in 0usize..30) {
        let set = Set::of(&made, linked);
        prop_assume!(made[pinned].0.is_some());
        let wanted = Wanted { keep_samples: vec![SampleId(pinned as u32)], ..Wanted::default() };
        let plan = set.plan(&wanted);
        prop_assert_eq!(plan.new[pinned], plan.today[pinned]);
        prop_assert!(matches!(plan.reasons[pinned], Reason::Kept));
    }

    #[test]
    fn nothing_trained_on_is_newer_than_what_is_measured(
        made in made(), linked in 0u32..12, days in prop::collection::vec(0i64..50, 90)
    ) {
        let set = Set::of(&made, linked);
        let gap = 2 * DAY_MS;
        let wanted = Wanted { mode: Mode::Temporal { gap }, ..fresh() };
        let times: Vec<Option<i64>> =
            days.iter().take(made.len()).map(|&day| Some(day * DAY_MS)).collect();
        let plan = set.timed(&wanted, &times);
        let latest = |atom: &Vec<SampleId>| {
            atom.iter().filter_map(|id| times[id.index()]).max().unwrap_or(0)
        };
        let (new, members) = (&plan.new, &plan.atoms.members);
        let of = |split: u16| {
            let there = move |atom: &&Vec<SampleId>| new[atom[0].index()] == Some(SplitId(split));
            members.iter().filter(there).map(latest)
        };
        if let (Some(trained), Some(measured)) = (of(0).max(), of(1).chain(of(2)).min()) {
            prop_assert!(measured > trained + gap, "{measured} {trained}");
        }
    }

    #[test]
    fn search_keeps_every_class_and_is_the_proven_optimum(
        sizes in prop::collection::vec((1u32..9, 0u32..3), 8..14)
    ) {
        let atoms: Vec<Atom> = (0..).zip(&sizes).map(|(tie, &(size, label))| Atom {
            size,
            labels: [(label, size)].into(),
            tie,
            ..Atom::default()
        }).collect();
        let total: u64 = sizes.iter().map(|&(size, _)| u64::from(size)).sum();
        let problem = Problem {
            atoms,
            targets: super::sizes(total, &[0.7, 0.3]),
            tolerance: vec![0; 2],
            labels: 3,
            judged: 3,
            first: vec![0, 1],
        };
        let ours = solve(&problem, Start::Fresh, &StopFlag::default()).expect("not stopped");
        if let Proof::Optimal(best) = prove(&problem, vec![0; problem.atoms.len()], 5.0) {
            let (ours, best) = (problem.measure(&ours), problem.measure(&best));
            prop_assert_eq!(ours.missing, best.missing);
            prop_assert_eq!(ours.size, best.size);
            prop_assert!((ours.worst - best.worst).abs() < 1e-6, "{ours:?} {best:?}");
        }
    }
}

#[test]
fn objects_are_shared_out_evenly_though_every_image_has_the_same_classes() {
    let made: Vec<Made> = (0..40).map(|_| (None, vec![0], 100)).collect();
    let mut set = Set::of(&made, 0);
    // Eight images of twenty cars, the others of one.
    for sample in &mut set.listing.samples {
        let first = set.listing.objects.len() as u32;
        let count = if sample.id.0 % 5 == 0 { 20 } else { 1 };
        let object = crate::sample::Object {
            class: ClassId(0),
            bounds: crate::sample::Bounds::Pixels(crate::sample::Rect {
                x: 0.0,
                y: 0.0,
                width: 9.0,
                height: 9.0,
            }),
            flags: crate::sample::ObjectFlags::default(),
        };
        set.listing
            .objects
            .extend(std::iter::repeat_n(object, count));
        let end = crate::sample::ObjectId(first + count as u32);
        sample.objects = crate::sample::ObjectId(first)..end;
    }
    let wanted = Wanted {
        sizes: [("train", 0.5), ("test", 0.5)]
            .map(|(name, size)| (name.to_owned(), size))
            .to_vec(),
        ..fresh()
    };
    let plan = set.plan(&wanted);
    let crowded = (0..40).step_by(5).map(|i| plan.split_name(plan.new[i]));
    assert_eq!(crowded.filter(|split| *split == Some("test")).count(), 4);
}

/// Classes of about Zipf shares and a split drawn at random, in a fixed way.
fn drawn(count: usize, seed: u64) -> Vec<Made> {
    let mut random = crate::statistics::Random::seeded(seed);
    (0..count)
        .map(|_| {
            let class = [0, 0, 0, 1, 1, 2, 2, 3, 4, 5][random.below(10)];
            let split = [0, 0, 0, 0, 0, 0, 0, 0, 1, 2][random.below(10)];
            (Some(split), vec![class], random.below(count) as u32)
        })
        .collect()
}

#[test]
fn random_split_becomes_stratified_by_a_few_moves() {
    let set = Set::of(&drawn(3_000, 5), 0);
    let plan = set.plan(&Wanted::default());
    let (listing, _) = plan.listing(&set.listing);
    let moved = plan.moved(&set.listing);
    assert!(moved < 3_000 / 20, "{moved} moved");
    let executor = crate::executor::Executor::new(1, StopFlag::default()).expect("a thread");
    let counts = crate::distribution::count(&listing);
    let drift = crate::distribution::drift(&listing, &counts, &executor).expect("not stopped");
    for pair in drift {
        assert_eq!(
            pair.division,
            crate::distribution::Division::Stratified,
            "{pair:?}"
        );
    }
}

#[test]
fn films_dealt_frame_by_frame_come_out_as_even_as_in_a_split_anew() {
    let mut random = Random::seeded(3);
    let films: Vec<Atom> = (0..36u32)
        .map(|film| {
            let mut today = [0u32; 3];
            let size = 8 + random.below(33) as u32;
            for _ in 0..size {
                today[[0, 0, 0, 0, 0, 0, 0, 0, 1, 2][random.below(10)]] += 1;
            }
            Atom {
                size,
                labels: [(film % 6, size)].into(),
                today: (0..).zip(today).filter(|&(_, count)| count > 0).collect(),
                pin: None,
                tie: u64::from(film).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            }
        })
        .collect();
    let total = films.iter().map(|film| u64::from(film.size)).sum();
    let problem = Problem {
        atoms: films,
        targets: sizes(total, &[0.8, 0.1, 0.1]),
        tolerance: vec![0; 3],
        labels: 6,
        judged: 6,
        first: vec![0, 1, 2],
    };
    let [repaired, anew] = [Start::Today, Start::Fresh].map(|start| {
        let answer = solve(&problem, start, &StopFlag::default()).expect("no stop");
        problem.measure(&answer)
    });
    assert_eq!((repaired.missing, repaired.size), (0, anew.size));
    assert!(repaired.worst <= 1.25 * anew.worst, "{repaired:?} {anew:?}");
}

#[test]
fn one_percent_more_samples_moves_hardly_any_of_the_old() {
    for (wanted, linked) in [
        (Wanted::default(), 0),
        (Wanted::default(), 900),
        (fresh(), 0),
    ] {
        let mut made = drawn(5_000, 8);
        if wanted.mode == Mode::Fresh {
            // Split anew, with nothing known of a split before.
            made.iter_mut().for_each(|sample| sample.0 = None);
        }
        let first = Set::of(&made, linked).plan(&wanted);
        if wanted.mode == Mode::Repair {
            for (sample, new) in made.iter_mut().zip(&first.new) {
                sample.0 = new.map(|split| split.0);
            }
        }
        let more = drawn(50, 99)
            .into_iter()
            .map(|(_, classes, group)| (None, classes, group));
        made.extend(more);
        let second = Set::of(&made, linked).plan(&wanted);
        let changed = (0..5_000)
            .filter(|&i| first.new[i] != second.new[i])
            .count();
        assert!(
            changed <= 50,
            "{changed} of the old moved, {:?} {linked}",
            wanted.mode
        );
    }
}

#[test]
fn what_leaks_into_a_kept_split_leaves_the_other_side() {
    let mut made: Vec<Made> = (0..20)
        .map(|i| (Some(u16::from(i >= 12)), vec![0], 100))
        .collect();
    made[3].2 = 0;
    made[15].2 = 0;
    let set = Set::of(&made, 1);
    let wanted = Wanted {
        keep: vec!["val".to_owned()],
        ..Wanted::default()
    };
    let plan = set.plan(&wanted);
    assert_eq!(plan.new[3], None);
    assert_eq!(plan.reasons[3], Reason::LeavesKept(SampleId(15)));
    assert_eq!(plan.split_name(plan.new[15]), Some("val"));
    assert_eq!(plan.left_out(), 1);
    let row = plan.row(&set.listing, SampleId(3));
    assert!(row.reason.contains("000015.png"), "{row:?}");
}

#[test]
fn two_kept_samples_of_one_atom_in_two_splits_are_a_fault_with_names() {
    let mut made: Vec<Made> = (0..20)
        .map(|i| (Some(u16::from(i >= 12)), vec![0], 100))
        .collect();
    made[3].2 = 0;
    made[15].2 = 0;
    let set = Set::of(&made, 1);
    let wanted = Wanted {
        keep_samples: vec![SampleId(3), SampleId(15)],
        ..Wanted::default()
    };
    let plan = set.plan(&wanted);
    assert_eq!(plan.faults.len(), 1);
    assert!(plan.faults[0].contains("000003.png"), "{:?}", plan.faults);
}

#[test]
fn class_of_one_atom_is_proven_to_be_in_one_split_only() {
    let mut made: Vec<Made> = (0..40).map(|_| (Some(0), vec![0], 100)).collect();
    for sample in &mut made[..4] {
        *sample = (Some(0), vec![3], 0);
    }
    let set = Set::of(&made, 1);
    let plan = set.plan(&fresh());
    assert_eq!(plan.proofs.len(), 1, "{:?}", plan.proofs);
    assert!(plan.proofs[0].contains("`class 3` lives in one atom (4 samples)"));
    assert!(plan.faults.is_empty(), "{:?}", plan.faults);
    assert!(plan.scarce.contains(&ClassId(3)));
    assert_eq!(
        plan.split_name(plan.new[0]),
        Some("train"),
        "it is learnt first"
    );
}

#[test]
fn atom_larger_than_a_split_is_told_with_its_weakest_link_first() {
    let made: Vec<Made> = (0..40)
        .map(|i| (Some(0), vec![0], u32::from(i >= 9)))
        .collect();
    let mut set = Set::of(&made, 1);
    if let Why::Copy { similarity, .. } = &mut set.links[4].why {
        *similarity = 0.7;
    }
    let plan = set.plan(&fresh());
    assert_eq!(plan.large.len(), 1);
    assert_eq!(plan.large[0].samples, 9);
    assert_eq!(plan.large[0].links[0], set.links[4]);
}
