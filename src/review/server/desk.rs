//! What is decided of every finding, as the files say it. Takes no decision.
//!
//! What is decided of labels is in `decisions.csv`, what is accepted in the
//! baseline: these are what commands read, and what a person changes there holds
//! here, too. `review.csv` says who decided and keeps what was overruled. Each file
//! is written whole beside its place and renamed, in this order, so that a process
//! that is killed leaves no decision half written and none that was answered out.

use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use serde::Serialize;

use super::decide::{Failed, Outcome, Wishes};
use super::item::{self, Item, Label};
use super::loaded::Loaded;
use super::log::{self, Entry, Log};
use super::sheet::Sheet;
use crate::calendar::Date;
use crate::decisions;
use crate::error::{Error, Result};
use crate::finding::FindingId;
use crate::gate::Baseline;
use crate::review::baseline_in;
use crate::sample::SampleId;

/// Reads the report and its data set.
pub(super) type Open = dyn Fn() -> Result<Loaded> + Send + Sync;

/// Where decisions are taken.
pub(super) struct Desk {
    open: Box<Open>,
    baseline: PathBuf,
    /// The day of the review, for acceptances that have expired.
    today: Date,
    inner: Mutex<Inner>,
}

/// What is decided of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Decided {
    pub(super) choice: String,
    pub(super) note: String,
    /// Blank where it was decided elsewhere.
    pub(super) reviewer: String,
}

/// A file as it was when we last read or wrote it.
pub(super) type Stamp = Option<(SystemTime, u64)>;

pub(super) fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// The report and all decisions on it.
pub(super) struct Inner {
    pub(super) loaded: Arc<Loaded>,
    pub(super) log: Log,
    pub(super) sheet: Sheet,
    pub(super) baseline: Baseline,
    /// By place in the queue.
    pub(super) decided: Vec<Option<Box<Decided>>>,
    /// The findings that a label decides on.
    pub(super) about: HashMap<SampleId, Vec<usize>>,
    pub(super) by_id: HashMap<(String, FindingId), usize>,
    /// The findings of a check on a group.
    of_group: HashMap<Group, Vec<usize>>,
    pub(super) stamps: [Stamp; 4],
}

/// A check, whether the group is one of copies, and its number.
type Group = (String, bool, u32);

/// The group that a finding is about.
fn group_of(loaded: &Loaded, item: &Item) -> Option<Group> {
    let first = *item.samples.first()?;
    let copies = loaded.copies.of(first).map(|(group, _)| (true, group));
    let scenes = || loaded.scenes.of(first).map(|(group, _)| (false, group));
    let (is_copies, group) = copies.or_else(scenes)?;
    Some((item.code.clone(), is_copies, group))
}

impl Desk {
    /// A desk over the report that `open` reads, with `baseline` for what is
    /// accepted.
    pub(super) fn new(open: Box<Open>, baseline: PathBuf, today: Date) -> Result<Self> {
        let inner = Inner::read(open()?, &baseline, today)?;
        Ok(Self {
            open,
            baseline,
            today,
            inner: Mutex::new(inner),
        })
    }

    /// The state of now: what another program wrote meanwhile is read again.
    pub(super) fn now(&self) -> Result<MutexGuard<'_, Inner>> {
        let mut inner = match self.inner.lock() {
            Ok(inner) => inner,
            Err(poisoned) => {
                // A panic left it half changed: what is in the files counts.
                let mut inner = poisoned.into_inner();
                inner.stamps = [None; 4];
                self.inner.clear_poison();
                inner
            }
        };
        let stamps = inner.files(&self.baseline).map(|file| stamp(&file));
        if stamps[0] != inner.stamps[0] {
            *inner = Inner::read((self.open)()?, &self.baseline, self.today)?;
        } else if stamps != inner.stamps {
            inner.reread(&self.baseline, self.today)?;
        }
        Ok(inner)
    }

    /// Takes decisions and writes them.
    pub(super) fn decide(&self, wishes: &Wishes) -> Result<Vec<Outcome>, Failed> {
        let mut inner = self.now()?;
        let outcomes = inner.decide(wishes, &self.baseline, self.today);
        if matches!(outcomes, Err(Failed::Files(_))) {
            // What is in memory may be more than what was written.
            inner.reread(&self.baseline, self.today)?;
        }
        outcomes
    }
}

impl Inner {
    fn read(loaded: Loaded, baseline: &Path, today: Date) -> Result<Self> {
        let mut about: HashMap<SampleId, Vec<usize>> = HashMap::new();
        let mut by_id = HashMap::new();
        let mut of_group: HashMap<Group, Vec<usize>> = HashMap::new();
        for (place, item) in loaded.items.iter().enumerate() {
            for &id in &item.acts_on {
                about.entry(id).or_default().push(place);
            }
            by_id.insert((item.code.clone(), item.id), place);
            if let Some(group) = group_of(&loaded, item) {
                of_group.entry(group).or_default().push(place);
            }
        }
        let mut inner = Self {
            decided: vec![None; loaded.items.len()],
            loaded: Arc::new(loaded),
            log: Log::default(),
            sheet: Sheet::default(),
            baseline: Baseline::default(),
            about,
            by_id,
            of_group,
            stamps: [None; 4],
        };
        inner.reread(baseline, today)?;
        Ok(inner)
    }

    /// The files whose change is noticed; the first makes a new report.
    pub(super) fn files(&self, baseline: &Path) -> [PathBuf; 4] {
        let folder = &self.loaded.folder;
        [
            folder.join("summary.json"),
            folder.join(decisions::FILE),
            folder.join(log::FILE),
            baseline.to_owned(),
        ]
    }

    /// Reads what is decided.
    fn reread(&mut self, baseline: &Path, today: Date) -> Result<()> {
        let files = self.files(baseline);
        self.stamps = files.each_ref().map(|file| stamp(file));
        let Loaded { listing, facts, .. } = &*self.loaded;
        let wrong = |file: &Path| {
            let file = file.display().to_string();
            move |fact: String| Error::Input(format!("cannot read `{file}`: {fact}"))
        };
        let sheet = Sheet::parse(&bytes(&files[1])?, listing, facts).map_err(wrong(&files[1]))?;
        self.log = Log::parse(&bytes(&files[2])?).map_err(wrong(&files[2]))?;
        self.baseline = baseline_in(baseline)?;
        self.sheet = sheet;
        for place in 0..self.decided.len() {
            self.decided[place] = self.find_out(place, today).map(Box::new);
        }
        Ok(())
    }

    /// What is decided of the finding at a place of the queue.
    pub(super) fn decided(&self, place: usize) -> Option<&Decided> {
        self.decided[place].as_deref()
    }

    /// How many are decided.
    pub(super) fn count(&self) -> usize {
        self.decided.iter().flatten().count()
    }

    /// What the state of a finding is called: another after every decision that
    /// touches it.
    pub(super) fn seen(&self, place: usize) -> String {
        let item = &self.loaded.items[place];
        let mut hasher = DefaultHasher::new();
        let count = self.log.last(&item.code, item.id).map(|(_, count)| count);
        count.hash(&mut hasher);
        self.decided(place).map(|d| &d.choice).hash(&mut hasher);
        let is_about_labels = item.kind.is_about_labels();
        for &id in item.acts_on.iter().filter(|_| is_about_labels) {
            let label = self.sheet.label(id, &self.loaded.listing.classes);
            format!("{label:?}").hash(&mut hasher);
        }
        format!("{:016x}", hasher.finish())
    }

    /// What the files say of a finding: the log where they bear it out.
    pub(super) fn find_out(&self, place: usize, today: Date) -> Option<Decided> {
        let item = &self.loaded.items[place];
        let listing = &self.loaded.listing;
        let last = self.log.last(&item.code, item.id).map(|(entry, _)| entry);
        let line = (self.baseline.get(&item.code, item.id))
            .filter(|line| line.expires.is_none_or(|day| day >= today));
        let labels: Option<Vec<Label>> = (item.acts_on.iter())
            .map(|&id| self.sheet.label(id, &listing.classes))
            .collect();
        let labels = labels.unwrap_or_default();
        let holds = |entry: &&Entry| {
            let Ok(effect) = item::effect(item, &entry.choice, listing) else {
                return false;
            };
            !entry.choice.is_empty()
                && (effect.accepts.is_none() || !effect.labels.is_empty() || line.is_some())
                && (effect.labels.is_empty()
                    || (effect.labels.iter().map(|(_, label)| label)).eq(&labels))
        };
        if let Some(entry) = last.filter(holds) {
            return Some(Decided {
                choice: entry.choice.clone(),
                note: entry.note.clone(),
                reviewer: entry.reviewer.clone(),
            });
        }
        if let Some(choice) = item::choice_of(item, &labels, listing) {
            let by = self.sheet.by(item.acts_on[0]);
            return Some(Decided {
                choice,
                note: by.note.to_owned(),
                reviewer: by.reviewer.to_owned(),
            });
        }
        line.map(|line| Decided {
            choice: item::ACCEPT.to_owned(),
            note: line.reason.clone(),
            reviewer: line.who.clone(),
        })
    }

    /// The other findings of the same check on the same group of copies, or of
    /// scenes where it is in none.
    pub(super) fn beside(&self, place: usize) -> Vec<usize> {
        let key = group_of(&self.loaded, &self.loaded.items[place]);
        let all = key
            .and_then(|key| self.of_group.get(&key))
            .into_iter()
            .flatten();
        all.copied().filter(|&other| other != place).collect()
    }
}

/// The bytes of a file; none where it is not there.
fn bytes(path: &Path) -> Result<Vec<u8>> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(Error::Input(format!(
            "cannot read `{}`: {e}",
            path.display()
        ))),
    }
}
