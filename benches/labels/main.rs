//! Finds planted wrong labels: `cargo bench --bench labels -- FOLDER [SHARE] [SEED]...`,
//! or those that people made: `... -- FOLDER --truth FILE`, a CSV file with the columns
//! `sample` (its key) and `label` (the right one); further columns are labels that people
//! gave, each judged in turn, in place of those of the folder.
//!
//! `--model FILE [--size N] [--join]` judges by an ONNX model's vectors, at that size,
//! beside the built-in features. `--no-bursts` leaves out the planted bursts. `--rare`
//! does nothing but plant 0 to 10% of wrong labels, and compare what is expected of the
//! flags with what they are.
//!
//! Judges the folder as it is, then with `SHARE` (0.1 unless given) of its
//! labels changed, for each seed (1 to 3 unless given): symmetrically, by the
//! model's own confusion, and in coherent blocks. Prints AUROC, average
//! precision, precision at the number of errors, precision and recall of both
//! flag levels, clusters found and CPU seconds of the judging. At last twelve
//! bursts of jittered frames are planted, six under a wrong label, and the whole
//! folder is scanned.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

mod bursts;
mod figures;
mod flips;
mod rare;
mod source;
mod trust;
mod truth;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use figures::Figures;
use source::Asked;
use splitlint::config::{Options, resolve};
use splitlint::decode::Limits;
use splitlint::duplicates::{self, Duplicates};
use splitlint::executor::{Executor, StopFlag};
use splitlint::features::Vectors;
use splitlint::features::built_in;
use splitlint::finding::LabelFlag;
use splitlint::fingerprint::{self, Fingerprinted};
use splitlint::label_model::Settings;
use splitlint::labelling::{External, Labelling, Material, labelling};
use splitlint::progress::Silent;
use splitlint::sample::Listing;
use splitlint::source::{self as data, Listed};

/// A labelled set, looked at once and labelled in many ways.
struct Set {
    listing: Listing,
    seen: Fingerprinted,
    copies: Duplicates,
    executor: Executor,
    external: External,
}

impl Set {
    fn of(root: PathBuf, asked: &Asked) -> Result<Self, Box<dyn Error>> {
        let options = Options {
            root: Some(root),
            ..Options::default()
        };
        let settings = resolve(options).map_err(|e| format!("{e:?}"))?;
        let executor = Executor::new(0, StopFlag::default())?;
        let Listed {
            listing, reader, ..
        } = data::list(&settings.request, executor.stop(), &Silent)?;
        let limits = Limits::default();
        let reader = Arc::from(reader);
        let seen = fingerprint::compute(&listing, reader, limits, None, &executor, &Silent)?;
        let copies = duplicates::find(&seen.table, &seen.images, &executor)?;
        let before = cpu();
        let external = asked.bring(&listing, &seen, &executor)?;
        println!(
            "vectors: {:.1} CPU ms an image",
            (cpu() - before) * 1e3 / listing.samples.len().max(1) as f64
        );
        Ok(Self {
            listing,
            seen,
            copies,
            executor,
            external,
        })
    }

    /// What is said of `labels`, and the CPU seconds it took.
    fn judge(&self, labels: &[u32]) -> Result<(Labelling, f64), Box<dyn Error>> {
        let listing = flips::relabelled(&self.listing, labels);
        let material = Material {
            listing: &listing,
            fingerprints: &self.seen.table,
            duplicates: &self.copies,
            scenes: &[],
            images: &self.seen.images,
            external: &self.external,
        };
        let before = cpu();
        let said = labelling(material, &Settings::default(), &self.executor, &Silent)?;
        Ok((said, cpu() - before))
    }

    fn vectors(&self) -> Result<Vectors, Box<dyn Error>> {
        let thumbnail = |i: usize| {
            let id = self.listing.samples[i].id;
            self.seen.images.thumbnails.get(id).unwrap_or_default()
        };
        let count = self.listing.samples.len();
        let mut vectors = built_in::vectors(count, thumbnail, &self.executor, |_| ())?;
        vectors.normalize();
        Ok(vectors)
    }
}

/// The command line.
#[derive(Default)]
struct Command {
    words: Vec<String>,
    asked: Asked,
    truth: Option<PathBuf>,
    no_bursts: bool,
    rare: bool,
}

impl Command {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut command = Self::default();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or(format!("`{argument}` needs a value"))
            };
            match argument.as_str() {
                "--model" => command.asked.model = Some(value()?.into()),
                "--size" => command.asked.size = Some(value()?.parse()?),
                "--join" => command.asked.joined = true,
                "--truth" => command.truth = Some(value()?.into()),
                "--no-bursts" => command.no_bursts = true,
                "--rare" => command.rare = true,
                // Cargo's own.
                "--bench" => {}
                word => command.words.push(word.to_owned()),
            }
        }
        Ok(command)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let command = Command::read()?;
    let mut words = command.words.into_iter();
    let Some(folder) = words.next() else {
        println!("give a labelled folder");
        return Ok(());
    };
    let share: f64 = words.next().map_or(Ok(0.1), |a| a.parse())?;
    let mut seeds = words.map(|a| a.parse()).collect::<Result<Vec<u64>, _>>()?;
    if seeds.is_empty() {
        seeds = (1..=3).collect();
    }
    let set = Set::of(PathBuf::from(&folder), &command.asked)?;
    let given = flips::labels(&set.listing)?;
    let (clean, seconds) = set.judge(&given)?;
    as_it_is(&clean, seconds);
    if let Some(file) = &command.truth {
        let truth = truth::read(file, &set.listing, &given)?;
        for (name, given) in &truth.given {
            let (said, seconds) = set.judge(given)?;
            let figures = Figures::of(&said, &truth.right, given, seconds);
            println!("\n{}\n{name:<20}{figures}", figures::HEAD);
            println!("{}", trust::table(&said, &truth.right, given));
            println!("{}", rare::HEAD);
            println!("{}", rare::line(name, &said, &truth.right, given));
        }
        return Ok(());
    }

    let confusion = flips::confusion(&set.listing, &given, &clean);
    if command.rare {
        return plant_few(&set, &given, &confusion, &seeds);
    }
    println!("\n{}", figures::HEAD);
    for kind in flips::Kind::ALL {
        let (mut all, mut trusted) = (Vec::new(), String::new());
        for &seed in &seeds {
            let labels = flips::flip(kind, &given, &confusion, share, seed);
            let (said, seconds) = set.judge(&labels)?;
            if seed == seeds[0] {
                trusted = trust::table(&said, &given, &labels);
            }
            all.push(Figures::of(&said, &given, &labels, seconds));
        }
        println!("{:<20}{}", kind.name(), Figures::mean(&all));
        print!("{trusted}");
    }
    let vectors = set.vectors()?;
    let (mut planted, mut found, mut others) = (0, 0, 0);
    for &seed in &seeds {
        let (labels, blocks) = flips::blocks(&vectors, &given, set.listing.classes.len(), seed);
        let (said, _) = set.judge(&labels)?;
        let clusters = figures::clusters(&said);
        planted += blocks.len();
        found += blocks.iter().filter(|b| figures::hit(b, &clusters)).count();
        others += figures::elsewhere(&clusters, &given, &labels);
    }
    println!("coherent blocks: {found} of {planted} found, {others} other clusters");
    drop(set);
    if command.no_bursts {
        return Ok(());
    }
    for &seed in &seeds {
        println!(
            "{}",
            bursts::plant_and_find(&PathBuf::from(&folder), &command.asked, seed)?
        );
    }
    Ok(())
}

/// Plants wrong labels at each of the shares.
fn plant_few(
    set: &Set,
    given: &[u32],
    confusion: &[Vec<u64>],
    seeds: &[u64],
) -> Result<(), Box<dyn Error>> {
    println!("\n{}", rare::HEAD);
    for kind in [flips::Kind::Symmetric, flips::Kind::Confusable] {
        for share in rare::SHARES {
            for &seed in seeds.iter().take(if share > 0.0 { seeds.len() } else { 1 }) {
                let labels = flips::flip(kind, given, confusion, share, seed);
                let (said, _) = set.judge(&labels)?;
                let name = format!("{:4.1}% {} {seed}", share * 100.0, kind.name());
                println!("{}", rare::line(&name, &said, given, &labels));
            }
        }
    }
    Ok(())
}

fn as_it_is(said: &Labelling, seconds: f64) {
    let count = said.ids.len().max(1);
    let flagged = |least| {
        let flagged = said.opinions.iter().filter(|o| o.flag >= least).count();
        format!("{flagged} ({:.2}%)", flagged as f64 * 100.0 / count as f64)
    };
    let accuracy = said.belief().map_or(0.0, |belief| belief.accuracy);
    println!(
        "as it is: {count} labels, {} likely, {} strong, {} clusters; accuracy {accuracy:.3}; \
         {seconds:.1} CPU s, {:.1} for 10,000",
        flagged(LabelFlag::Likely),
        flagged(LabelFlag::Strong),
        figures::clusters(said).len(),
        seconds * 1e4 / count as f64
    );
}

/// CPU seconds of this process so far; 0 where the system does not say.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = (fields.split_whitespace().skip(11).take(2))
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    // A hundred ticks a second on every Linux in use.
    ticks / 100.0
}
