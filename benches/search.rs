//! Seconds and pairs of the Hamming join on random and on skewed hashes.
//!
//! `cargo bench --bench search [-- 1000000 256]`: the largest count, and the
//! bits of a hash (64 or 256). One thread; CPU seconds on Linux, else seconds.

#![expect(clippy::print_stdout, reason = "a table for the terminal")]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use splitlint::duplicates::hash::{HashBits, Joined, pairs_within};
use splitlint::executor::{Executor, StopFlag};

/// As many as a scan lists for one sample.
const CAP: usize = 32;

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let largest = numbers.first().copied().unwrap_or(1_000_000);
    let counts = [10_000, 20_000, 100_000, 1_000_000, 10_000_000];
    let counts = counts.into_iter().filter(|&count| count <= largest);
    println!("hashes          count  bits radius   seconds      listed  not listed");
    for count in counts {
        if numbers.get(1) == Some(&256) {
            run("random", &random::<4>(count), &[31]);
            run("skewed", &skewed(random::<4>(count)), &[31]);
        } else {
            let one = |hashes: Vec<Option<[u64; 1]>>| -> Vec<Option<u64>> {
                hashes.into_iter().map(|h| h.map(|[word]| word)).collect()
            };
            run("random", &one(random(count)), &[6, 8, 10]);
            run("skewed", &one(skewed(random(count))), &[6, 8, 10]);
        }
    }
}

fn run<H: HashBits>(name: &str, hashes: &[Option<H>], radii: &[u32]) {
    let Ok(executor) = Executor::new(1, StopFlag::default()) else {
        return;
    };
    for &radius in radii {
        let begin = seconds();
        let joined = pairs_within(hashes, radius, CAP, &executor);
        let Joined { pairs, not_listed } = joined.unwrap_or_default();
        println!(
            "{name:8} {:12} {:5} {radius:6} {:9.3} {:11} {not_listed:11}",
            hashes.len(),
            H::BITS,
            seconds() - begin,
            pairs.len()
        );
    }
}

/// Those this process has spent computing: its 14th and 15th figure, in ticks
/// of a hundredth (`man 5 proc`).
fn seconds() -> f64 {
    let ticks = std::fs::read_to_string("/proc/self/stat")
        .ok()
        .and_then(|line| {
            let figures: Vec<&str> = line.rsplit(')').next()?.split_whitespace().collect();
            Some(figures.get(11)?.parse::<f64>().ok()? + figures.get(12)?.parse::<f64>().ok()?)
        });
    ticks.map_or_else(
        || {
            let now = std::time::SystemTime::now();
            now.duration_since(std::time::UNIX_EPOCH)
                .map_or(0.0, |t| t.as_secs_f64())
        },
        |ticks| ticks / 100.0,
    )
}

/// Even bits, with one hash in a hundred a copy that has two bits changed.
fn random<const N: usize>(count: usize) -> Vec<Option<[u64; N]>> {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut hashes: Vec<[u64; N]> = Vec::with_capacity(count);
    for index in 0..count {
        let mut hash = [(); N].map(|()| rng.next_u64());
        if index % 100 == 99 {
            hash = hashes[index - 50];
            hash[0] ^= 1 << (rng.next_u32() % 64) | 1;
        }
        hashes.push(hash);
    }
    hashes.into_iter().map(Some).collect()
}

/// One group of a twentieth of equal hashes (50,000 of a million), and a
/// twentieth of nearly flat images: few bits set, so that they crowd.
fn skewed<const N: usize>(mut hashes: Vec<Option<[u64; N]>>) -> Vec<Option<[u64; N]>> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for (index, hash) in hashes.iter_mut().enumerate() {
        match index % 20 {
            0 => *hash = Some([0x00FF_00FF_00FF_00FF; N]),
            1 => {
                let mut flat = [0; N];
                for _ in 0..7 {
                    let bit = rng.next_u32() as usize % (64 * N);
                    flat[bit / 64] |= 1 << (bit % 64);
                }
                *hash = Some(flat);
            }
            _ => {}
        }
    }
    hashes
}
