//! What benches that plant images in a set share: photos of a folder, and the CPU time of
//! one stage.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use splitlint::progress::{Progress, Stage};

/// Takes the CPU time of one stage.
pub(crate) struct Clock {
    stage: Stage,
    /// Its start, then its length, in seconds.
    times: Mutex<(f64, f64)>,
}

impl Clock {
    pub(crate) fn of(stage: Stage) -> Self {
        Self {
            stage,
            times: Mutex::default(),
        }
    }

    /// CPU seconds of the stage.
    pub(crate) fn seconds(&self) -> f64 {
        self.times.lock().expect("not poisoned").1
    }
}

impl Progress for Clock {
    fn begin(&self, stage: Stage, _: Option<u64>) {
        if stage == self.stage {
            self.times.lock().expect("not poisoned").0 = cpu();
        }
    }

    fn advance(&self, _: u64) {}

    fn end(&self, stage: Stage, _: &str) {
        if stage == self.stage {
            let mut times = self.times.lock().expect("not poisoned");
            times.1 = cpu() - times.0;
        }
    }
}

/// CPU seconds of this process so far; 0 where the system does not say.
pub(crate) fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = (fields.split_whitespace().skip(11).take(2))
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    // A hundred ticks a second on every Linux in use.
    ticks / 100.0
}

/// The JPEG files below `folder`, sorted.
///
/// # Errors
/// When there are fewer than `needed`, or one cannot be listed.
pub(crate) fn photos(folder: &Path, needed: usize) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder) {
        let path = entry?.into_path();
        if path.extension().is_some_and(|e| e == "jpg" || e == "jpeg") {
            files.push(path);
        }
    }
    files.sort();
    match files.len() < needed {
        true => Err(format!("only {} JPEG files of {needed}", files.len()).into()),
        false => Ok(files),
    }
}
