use super::*;
use crate::executor::StopFlag;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const DIM: usize = 16;

fn executor(jobs: usize) -> Executor {
    Executor::new(jobs, StopFlag::default()).expect("threads")
}

/// `count` directions about `centre`, by `spread`.
fn cloud(centre: usize, count: usize, spread: f32, random: &mut ChaCha8Rng) -> Vec<f32> {
    let mut rows = Vec::new();
    for _ in 0..count {
        let mut row: Vec<f32> = (0..DIM)
            .map(|d| {
                let noise = random.next_u32() as f32 / u32::MAX as f32 - 0.5;
                f32::from(u8::from(d == centre)) + spread * noise
            })
            .collect();
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        row.iter_mut().for_each(|v| *v /= norm);
        rows.extend(row);
    }
    rows
}

/// Three classes of 120 well separated samples.
fn three_classes() -> (Vec<f32>, Vec<u32>) {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let rows = (0..3)
        .flat_map(|class| cloud(class, 120, 1.0, &mut random))
        .collect();
    (rows, (0..360).map(|i| i / 120).collect())
}

fn labelled<'a>(rows: &'a [f32], labels: &'a [u32], groups: &'a [u32]) -> Labelled<'a> {
    Labelled {
        vectors: rows,
        dim: DIM,
        lengths: &[],
        labels,
        groups,
        classes: labels.iter().max().map_or(0, |&m| m as usize + 1),
    }
}

fn lonely(count: usize) -> Vec<u32> {
    (0..count as u32).collect()
}

fn suspected(judgement: &Judgement) -> Vec<usize> {
    (0..judgement.samples.len())
        .filter(|&i| judgement.samples[i].level.is_some())
        .collect()
}

#[test]
fn wrong_labels_are_suspected_with_the_right_suggestion_and_no_others() {
    let (rows, mut labels) = three_classes();
    for (sample, label) in [(5, 2), (140, 0), (300, 1)] {
        labels[sample] = label;
    }
    let groups = lonely(labels.len());
    let data = labelled(&rows, &labels, &groups);
    let judged = judge(data, &Settings::default(), &executor(2)).expect("not stopped");
    assert_eq!(suspected(&judged), [5, 140, 300]);
    let suggested: Vec<u32> = [5, 140, 300].map(|i| judged.samples[i].suggested).into();
    assert_eq!(suggested, [0, 1, 2]);
    assert!(
        judged
            .samples
            .iter()
            .all(|s| (0.0..=1.0).contains(&s.score))
    );
    assert!(judged.belief.accuracy > 0.95);
}

#[test]
fn number_of_threads_changes_nothing() {
    let (rows, labels) = three_classes();
    let groups = lonely(labels.len());
    let settings = Settings {
        chunk: 100,
        ..Settings::default()
    };
    let judge = |jobs| {
        judge(
            labelled(&rows, &labels, &groups),
            &settings,
            &executor(jobs),
        )
    };
    assert_eq!(judge(1), judge(3));
}

#[test]
fn labels_drawn_by_lot_are_not_judged() {
    let (rows, _) = three_classes();
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let labels: Vec<u32> = (0..360).map(|_| random.next_u32() % 3).collect();
    let groups = lonely(labels.len());
    let data = labelled(&rows, &labels, &groups);
    let judged = judge(data, &Settings::default(), &executor(1)).expect("not stopped");
    assert!(judged.belief.unusable.is_some());
    assert!(suspected(&judged).is_empty());
    assert!(judged.clusters.is_empty());
}

#[test]
fn mislabelled_burst_does_not_vouch_for_itself() {
    let (mut rows, mut labels) = three_classes();
    let mut groups = lonely(labels.len());
    let frame = rows[..DIM].to_vec();
    for _ in 0..20 {
        rows.extend_from_slice(&frame);
        labels.push(2);
        groups.push(1_000);
    }
    let data = labelled(&rows, &labels, &groups);
    let judged = judge(data, &Settings::default(), &executor(2)).expect("not stopped");
    assert_eq!(judged.clusters.len(), 1);
    let cluster = &judged.clusters[0];
    assert_eq!((cluster.given, cluster.suggested), (2, 0));
    assert!(cluster.samples.iter().copied().eq(360..380));

    labels[360..].fill(0);
    let data = labelled(&rows, &labels, &groups);
    let judged = judge(data, &Settings::default(), &executor(2)).expect("not stopped");
    assert!(judged.clusters.is_empty());
}

/// Three classes, and 25 samples of a form of class 0 that is rare in it, under `label`.
fn with_rare_form(label: u32) -> Judgement {
    let (mut rows, mut labels) = three_classes();
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut form = cloud(0, 25, 0.8, &mut random);
    for row in form.chunks_exact_mut(DIM) {
        row[7] += 0.5;
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        row.iter_mut().for_each(|v| *v /= norm);
    }
    rows.extend(form);
    labels.extend([label; 25]);
    let groups = lonely(labels.len());
    let data = labelled(&rows, &labels, &groups);
    judge(data, &Settings::default(), &executor(2)).expect("not stopped")
}

#[test]
fn different_images_under_one_wrong_label_do_not_vouch_for_each_other() {
    let judged = with_rare_form(2);
    let [cluster] = &judged.clusters[..] else {
        panic!("{:?}", judged.clusters);
    };
    assert_eq!((cluster.given, cluster.suggested), (2, 0));
    assert!(cluster.samples.iter().all(|&sample| sample >= 360));
    assert!(cluster.samples.len() > 12, "{cluster:?}");
    // One by one, most are predicted to be what they are called.
    let doubted = judged.samples[360..].iter().filter(|s| s.log_odds > 0.7);
    assert!(doubted.count() < 13);
    assert_eq!(with_rare_form(0).clusters, []);
}

#[test]
fn label_that_no_other_group_carries_is_not_suspected() {
    let (rows, mut labels) = three_classes();
    labels[7] = 3;
    let groups = lonely(labels.len());
    let data = labelled(&rows, &labels, &groups);
    let judged = judge(data, &Settings::default(), &executor(1)).expect("not stopped");
    assert!(suspected(&judged).is_empty());
}

#[test]
fn class_of_two_far_apart_halves_is_told() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut rows = Vec::new();
    // Classes 0 and 1 lie beside the halves of class 2.
    for centre in [0, 1, 2, 3] {
        let mut part = cloud(centre, 60, 0.4, &mut random);
        if centre >= 2 {
            for row in part.chunks_exact_mut(DIM) {
                row[centre - 2] += 0.6;
            }
        }
        rows.extend(part);
    }
    rows.chunks_exact_mut(DIM).for_each(|row| {
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        row.iter_mut().for_each(|v| *v /= norm);
    });
    let labels: Vec<u32> = (0..240).map(|i| (i / 60).min(2)).collect();
    let groups = lonely(labels.len());
    let data = labelled(&rows, &labels, &groups);
    let advice = judge(data, &Settings::default(), &executor(1))
        .expect("not stopped")
        .advice;
    assert_eq!(
        advice.split.iter().map(|s| s.class).collect::<Vec<_>>(),
        [2]
    );
    assert_eq!(advice.merged, []);
}

#[test]
fn two_classes_of_one_kind_are_told() {
    let (rows, labels) = three_classes();
    let labels: Vec<u32> = (labels.iter().enumerate())
        .map(|(i, &label)| if label == 1 && i % 2 == 0 { 3 } else { label })
        .collect();
    let groups = lonely(labels.len());
    let data = labelled(&rows, &labels, &groups);
    let advice = judge(data, &Settings::default(), &executor(1))
        .expect("not stopped")
        .advice;
    assert_eq!(
        advice.merged.iter().map(|m| m.classes).collect::<Vec<_>>(),
        [[1, 3]]
    );
}

#[test]
fn each_of_several_labels_is_judged_against_the_rest() {
    let (rows, classes) = three_classes();
    // Label 3 goes with class 0 and with class 1.
    let mut labels: Vec<Vec<u32>> = classes
        .iter()
        .map(|&c| if c < 2 { vec![c, 3] } else { vec![c] })
        .collect();
    labels[10] = vec![0];
    labels[250] = vec![2, 3];
    let groups = lonely(labels.len());
    let data = Labelled {
        vectors: &rows,
        dim: DIM,
        lengths: &[],
        labels: &[],
        groups: &groups,
        classes: 4,
    };
    let judged = judge_many(data, &labels, &Settings::default(), &executor(2)).expect("ran");
    let doubted: Vec<(usize, u32, bool)> = (judged.samples.iter().enumerate())
        .flat_map(|(i, s)| s.doubts.iter().map(move |d| (i, d.label, d.given)))
        .collect();
    assert_eq!(doubted, [(10, 3, false), (250, 3, true)]);
}

#[test]
fn degenerate_sets_are_survived() {
    let settings = Settings::default();
    let same = [1.0_f32, 0.0].repeat(6);
    for labels in [vec![], vec![0], vec![0, 1], vec![0, 0, 0, 1, 1, 1]] {
        let groups = lonely(labels.len());
        let data = Labelled {
            vectors: &same[..labels.len() * 2],
            dim: 2,
            lengths: &[],
            labels: &labels,
            groups: &groups,
            classes: 2,
        };
        let judged = judge(data, &settings, &executor(1)).expect("not stopped");
        assert_eq!(judged.samples.len(), labels.len());
        assert!(judged.belief.unusable.is_some());
        assert!(judged.samples.iter().all(|s| s.score.is_finite()));
    }
}

/// Two classes of `count` samples each, `spread` apart, with every `wrong`th label
/// wrong.
fn two_classes(count: usize, spread: f32, wrong: usize, seed: u64) -> (Vec<f32>, Vec<u32>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let rows = (0..2)
        .flat_map(|class| cloud(class, count, spread, &mut random))
        .collect();
    let labels = (0..2 * count).map(|i| {
        let label = u32::from(i >= count);
        label ^ u32::from(wrong > 0 && i % wrong == wrong - 1)
    });
    (rows, labels.collect())
}

/// The judgement of such a set, and the share of its wrong labels that is found.
fn judged_two(count: usize, spread: f32, wrong: usize, seed: u64) -> (Judgement, Vec<usize>, f64) {
    let (rows, labels) = two_classes(count, spread, wrong, seed);
    let groups = lonely(labels.len());
    let data = labelled(&rows, &labels, &groups);
    let judged = judge(data, &Settings::default(), &executor(2)).expect("not stopped");
    let found = suspected(&judged);
    let right = found.iter().filter(|&&i| i % wrong == wrong - 1).count();
    let recall = right as f64 / (labels.len() / wrong) as f64;
    (judged, found, recall)
}

#[test]
fn wrong_labels_of_two_classes_are_found_where_the_classes_are_told_apart() {
    let (judged, found, recall) = judged_two(200, 0.6, 10, 1);
    let queue = judged.belief.queue.expect("estimated");
    assert!(recall > 0.5, "{recall} {queue:?}");
    assert!(found.iter().all(|i| i % 10 == 9), "{found:?}");
    assert!((0.04..0.2).contains(&queue.noise.best.rate), "{queue:?}");
    assert!(queue.precision[0] > 0.9, "{queue:?}");
    // What one temperature allows: 9 to 1 against a label, and no flag.
    let old = (judged.samples.iter())
        .filter(|s| f64::from(s.log_odds) > Settings::default().likely.ln())
        .count();
    assert!(old < found.len(), "{old} of {}", found.len());
}

#[test]
fn where_few_wrong_labels_of_two_small_classes_are_found_that_is_known() {
    for (wrong, seed) in [(10, 1), (10, 2), (5, 3), (5, 4)] {
        let (judged, _, recall) = judged_two(80, 1.0, wrong, seed);
        let queue = judged.belief.queue.expect("estimated");
        assert!(recall > 0.3 || queue.detectable < 0.5, "{recall} {queue:?}");
    }
}

#[test]
fn sets_without_a_wrong_label_are_cleared_of_none() {
    for seed in 0..12 {
        // From classes that are separated to such that overlap.
        let spread = [0.8, 1.5, 2.5][seed as usize % 3];
        let (rows, labels) = two_classes(60, spread, 0, seed);
        let groups = lonely(labels.len());
        let data = labelled(&rows, &labels, &groups);
        let judged = judge(data, &Settings::default(), &executor(2)).expect("not stopped");
        let queue = judged.belief.queue.clone().expect("estimated");
        assert!(!queue.noise.is_certain(), "{seed}: {queue:?}");
        // So that every flag is one that the odds as they are allow.
        let least = Settings::default().likely.ln();
        for i in suspected(&judged) {
            assert!(f64::from(judged.samples[i].log_odds) > least, "{seed}: {i}");
        }
    }
}

#[test]
fn flags_that_overlap_explains_are_left_out_as_the_setting_says() {
    let (rows, labels) = two_classes(400, 2.6, 0, 7);
    let groups = lonely(labels.len());
    let data = labelled(&rows, &labels, &groups);
    let counts = [0.0, 0.3, 1.0].map(|least_precision| {
        let settings = Settings {
            likely: 3.0,
            least_precision,
            ..Settings::default()
        };
        let judged = judge(data, &settings, &executor(2)).expect("not stopped");
        let cut = judged.belief.queue.as_ref().map_or(0, |queue| queue.cut);
        (suspected(&judged).len(), cut as usize)
    });
    let [all, some, none] = counts;
    assert!(all.0 > 0 && all.1 == 0, "{counts:?}");
    assert_eq!(some.0 + some.1, all.0, "{counts:?}");
    assert_eq!(none, (0, all.0), "{counts:?}");
    assert!(some.1 > 0, "{counts:?}");
}
