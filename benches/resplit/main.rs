//! Splits made-up problems and writes the answers, for `compare.py`; without a
//! file, times a million samples. Judges nothing by itself.
//!
//! `cargo bench --bench resplit [-- PROBLEMS.jsonl ANSWERS.jsonl]`

use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use splitlint::executor::StopFlag;
use splitlint::resplit::{Atom, Problem, Start, solve};
use splitlint::statistics::Random;

/// Size and labels of an atom, and the split where it is today.
type AtomRow = (u32, Vec<(u32, u32)>, Option<u16>);

/// A line of the file of problems.
#[derive(Deserialize)]
struct Question {
    targets: Vec<u64>,
    tolerance: Vec<u64>,
    labels: usize,
    atoms: Vec<AtomRow>,
    /// Whether every label has to be in every split.
    everywhere: bool,
}

/// A line of the file of answers.
#[derive(Serialize)]
struct Answer {
    answer: Vec<u16>,
    seconds: f64,
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    match &arguments[..] {
        [problems, answers] => compare(problems, answers),
        _ => {
            million();
            Ok(())
        }
    }
}

fn compare(problems: &str, answers: &str) -> io::Result<()> {
    let mut out = BufWriter::new(fs::File::create(answers)?);
    for line in BufReader::new(fs::File::open(problems)?).lines() {
        let question: Question = serde_json::from_str(&line?)?;
        let problem = problem(question);
        let begun = Instant::now();
        let answer =
            solve(&problem, Start::Fresh, &StopFlag::default()).map_err(io::Error::other)?;
        let seconds = begun.elapsed().as_secs_f64();
        serde_json::to_writer(&mut out, &Answer { answer, seconds })?;
        writeln!(out)?;
    }
    out.flush()
}

fn problem(question: Question) -> Problem {
    let mut random = Random::seeded(7);
    let atoms = question
        .atoms
        .into_iter()
        .map(|(size, labels, today)| Atom {
            size,
            labels: labels.into(),
            today: today.map(|split| (split, size)).into_iter().collect(),
            pin: None,
            tie: random.below(usize::MAX) as u64,
        });
    Problem {
        atoms: atoms.collect(),
        first: match question.everywhere {
            true => (0..question.targets.len() as u16).collect(),
            false => Vec::new(),
        },
        targets: question.targets,
        tolerance: question.tolerance,
        labels: question.labels,
        judged: question.labels,
    }
}

/// A million samples in 200,000 atoms and 1,000 classes of Zipf shares, one to
/// some hundred samples an atom, one class for most atoms; once from nothing,
/// once as a repair of a random split.
fn million() {
    const SAMPLES: u32 = 1_000_000;
    const ATOMS: usize = 200_000;
    const CLASSES: usize = 1_000;
    let mut random = Random::seeded(11);
    let shares: Vec<f64> = (1..=CLASSES).map(|rank| 1.0 / rank as f64).collect();
    let ends: Vec<f64> = shares
        .iter()
        .scan(0.0, |end, share| {
            *end += share;
            Some(*end)
        })
        .collect();
    let draw = |random: &mut Random| {
        let at = random.uniform() * ends[CLASSES - 1];
        ends.partition_point(|&end| end < at).min(CLASSES - 1) as u32
    };
    let mut sizes = vec![1u32; ATOMS];
    // Preferential attachment: a few atoms grow large.
    let mut owners: Vec<u32> = (0..ATOMS as u32).collect();
    while owners.len() < SAMPLES as usize {
        let owner = match random.below(3) {
            0 => random.below(ATOMS) as u32,
            _ => owners[random.below(owners.len())],
        };
        sizes[owner as usize] += 1;
        owners.push(owner);
    }
    let atoms = sizes.iter().map(|&size| {
        let first = draw(&mut random);
        let second = draw(&mut random);
        let mut labels = vec![(first, size)];
        // One atom in ten shows two classes.
        if size > 1 && random.below(10) == 0 && second != first {
            labels = vec![(first, size - size / 2), (second, size / 2)];
            labels.sort_unstable();
        }
        let at = random.uniform();
        let today = if at < 0.8 { 0 } else { 1 + u16::from(at < 0.9) };
        Atom {
            size,
            labels: labels.into(),
            today: [(today, size)].into(),
            pin: None,
            tie: random.below(usize::MAX) as u64,
        }
    });
    let problem = Problem {
        atoms: atoms.collect(),
        targets: vec![800_000, 100_000, 100_000],
        tolerance: vec![0; 3],
        labels: CLASSES,
        judged: CLASSES,
        first: vec![0, 1, 2],
    };
    for start in [Start::Fresh, Start::Today] {
        let begun = Instant::now();
        let Ok(answer) = solve(&problem, start, &StopFlag::default()) else {
            return;
        };
        let took = begun.elapsed();
        #[allow(clippy::print_stdout, reason = "a bench prints")]
        {
            println!("{start:?}: {took:.1?}, {:?}", problem.measure(&answer));
        }
    }
}
