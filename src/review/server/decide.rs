//! Takes decisions, from several people at once, and writes them. Words none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::desk::{Decided, Inner, stamp};
use super::item::{self, REJECT, Verdict};
use super::log::{self, Entry};
use super::sheet::By;
use crate::calendar::Date;
use crate::error::{Error, Result};
use crate::finding::FindingId;
use crate::gate::Line;
use crate::scratch::write_file;

/// One decision, as a page sends it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    pub(super) code: String,
    pub(super) id: String,
    /// Blank to take the decision back.
    pub(super) choice: String,
    /// The state of the finding that the person saw.
    pub(super) seen: String,
}

/// Several decisions of one person.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Wishes {
    pub(super) wishes: Vec<Wish>,
    /// Also the open findings of the same check on the same group of copies.
    pub(super) whole_group: bool,
    pub(super) reviewer: String,
    pub(super) note: String,
    /// Why a finding is accepted, where no note says so.
    pub(super) reason: String,
    /// The last day on which it is accepted; blank for ever.
    pub(super) expires: String,
}

/// What became of a decision.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Outcome {
    pub(super) place: usize,
    pub(super) code: String,
    pub(super) id: String,
    /// `done`, or `overtaken`: somebody decided otherwise meanwhile, and nothing
    /// was written.
    pub(super) result: &'static str,
    pub(super) before: Option<Decided>,
    pub(super) now: Option<Decided>,
    pub(super) seen: String,
}

/// Why nothing was written.
#[derive(Debug)]
pub(super) enum Failed {
    /// The request is wrong.
    Wish(String),
    /// A file cannot be read or written.
    Files(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Files(error)
    }
}

/// Characters of a name or a note, at most: a note is a few sentences.
const TEXT: usize = 2000;

impl Inner {
    /// Takes decisions and writes them.
    pub(super) fn decide(
        &mut self,
        wishes: &Wishes,
        baseline: &Path,
        today: Date,
    ) -> Result<Vec<Outcome>, Failed> {
        for text in [&wishes.reviewer, &wishes.note, &wishes.reason] {
            if text.chars().count() > TEXT {
                return Err(Failed::Wish(format!("more than {TEXT} characters")));
            }
        }
        let expires = match wishes.expires.trim() {
            "" => None,
            day => Some(day.parse::<Date>().map_err(Failed::Wish)?),
        };
        if let Some(day) = expires.filter(|day| *day < today) {
            return Err(Failed::Wish(format!(
                "{day} has passed, so nothing would be accepted; name a day to come"
            )));
        }
        let mut outcomes = Vec::new();
        let mut files = Changed::default();
        for (place, choice, seen) in self.places(wishes)? {
            let effect = item::effect(&self.loaded.items[place], &choice, &self.loaded.listing);
            effect.map_err(Failed::Wish)?;
            let before = self.decided(place).cloned();
            let is_same = before
                .as_ref()
                .is_some_and(|decided| decided.choice == choice);
            let is_seen = seen.as_deref().is_none_or(|seen| seen == self.seen(place));
            if is_seen || is_same {
                self.take(place, &choice, wishes, expires, &mut files)?;
            }
            outcomes.push((place, is_seen || is_same, before));
        }
        self.write(files, baseline)?;
        let touched: BTreeSet<usize> = (outcomes.iter())
            .flat_map(|&(place, ..)| {
                let labels = self.loaded.items[place].acts_on.iter();
                let others = labels.filter_map(|id| self.about.get(id)).flatten();
                others.copied().chain([place]).collect::<Vec<_>>()
            })
            .collect();
        for place in touched {
            self.decided[place] = self.find_out(place, today).map(Box::new);
        }
        Ok((outcomes.into_iter())
            .map(|(place, is_done, before)| {
                let item = &self.loaded.items[place];
                Outcome {
                    place,
                    code: item.code.clone(),
                    id: item.id.to_string(),
                    result: if is_done { "done" } else { "overtaken" },
                    before,
                    now: self.decided(place).cloned(),
                    seen: self.seen(place),
                }
            })
            .collect())
    }

    /// The findings that are decided on: their places, what is decided, and what
    /// was seen of those that a person looked at.
    fn places(&self, wishes: &Wishes) -> Result<Vec<(usize, String, Option<String>)>, Failed> {
        let mut places: BTreeMap<usize, (String, Option<String>)> = BTreeMap::new();
        for wish in &wishes.wishes {
            let id = FindingId::parse(&wish.id);
            let place = id.and_then(|id| self.by_id.get(&(wish.code.clone(), id)));
            let Some(&place) = place else {
                let words = "the report does not have this finding any more; reload the page";
                return Err(Failed::Wish(words.to_owned()));
            };
            let seen = Some(wish.seen.clone());
            places.insert(place, (wish.choice.clone(), seen));
            let others = if wishes.whole_group {
                self.beside(place)
            } else {
                Vec::new()
            };
            for other in others {
                let is_possible = item::effect(
                    &self.loaded.items[other],
                    &wish.choice,
                    &self.loaded.listing,
                );
                if is_possible.is_ok() && self.decided(other).is_none() {
                    places.entry(other).or_insert((wish.choice.clone(), None));
                }
            }
        }
        let listed = places.into_iter();
        Ok(listed
            .map(|(place, (choice, seen))| (place, choice, seen))
            .collect())
    }

    /// Takes one decision in memory.
    fn take(
        &mut self,
        place: usize,
        choice: &str,
        wishes: &Wishes,
        expires: Option<Date>,
        files: &mut Changed,
    ) -> Result<(), Failed> {
        let loaded = Arc::clone(&self.loaded);
        let item = &loaded.items[place];
        let effect = item::effect(item, choice, &loaded.listing).map_err(Failed::Wish)?;
        let by = By {
            reviewer: wishes.reviewer.trim(),
            note: wishes.note.trim(),
        };
        // What this finding decided before and does not decide any more is taken
        // back; what another decided stays.
        let earlier = self.decided(place).map(|decided| decided.choice.clone());
        let earlier =
            earlier.and_then(|earlier| item::effect(item, &earlier, &loaded.listing).ok());
        let earlier = earlier.unwrap_or_default();
        let listing = &loaded.listing;
        for (id, label) in &earlier.labels {
            let is_same = self.sheet.label(*id, &listing.classes).as_ref() == Some(label);
            if is_same && !effect.labels.iter().any(|(other, _)| other == id) {
                self.sheet.set(*id, None, by, listing, &loaded.facts);
                files.sheet = true;
            }
        }
        if item.kind.is_about_labels() && choice.is_empty() {
            // Decided one by one, or by hand.
            for &id in &item.acts_on {
                if self.sheet.label(id, &listing.classes).is_some() {
                    self.sheet.set(id, None, by, listing, &loaded.facts);
                    files.sheet = true;
                }
            }
        }
        for (id, label) in &effect.labels {
            self.sheet.set(*id, Some(label), by, listing, &loaded.facts);
            files.sheet = true;
        }
        let is_accepted = self.baseline.get(&item.code, item.id).is_some();
        if let Some(reason) = effect.accepts {
            let given = match (by.note, wishes.reason.trim()) {
                ("", reason) if choice != REJECT => reason,
                (note, _) => note,
            };
            self.baseline.add(Line {
                code: item.code.clone(),
                id: item.id,
                reason: if given.is_empty() { reason } else { given }.to_owned(),
                who: by.reviewer.to_owned(),
                expires: expires.filter(|_| choice == item::ACCEPT),
                about: item.message.clone(),
            });
            files.baseline = true;
        } else if is_accepted {
            let (code, id) = (&item.code, item.id);
            self.baseline
                .prune(|line| line.code == *code && line.id == id);
            files.baseline = true;
        }
        self.log.push(Entry {
            finding: item.id,
            code: item.code.clone(),
            choice: choice.to_owned(),
            verdict: Verdict::of(choice),
            note: by.note.to_owned(),
            reviewer: by.reviewer.to_owned(),
            about: item.message.clone(),
        });
        files.log = true;
        Ok(())
    }

    /// Writes what changed.
    fn write(&mut self, changed: Changed, baseline: &Path) -> Result<()> {
        let files = self.files(baseline);
        if changed.sheet {
            write_file(&files[1], &self.sheet.text())?;
        }
        if changed.baseline {
            write_file(baseline, &self.baseline.render())?;
        }
        if changed.log {
            write_file(&files[2], self.log.text())?;
            write_file(
                &self.loaded.folder.join(log::PRECISION),
                &self.log.precision(),
            )?;
        }
        self.stamps = files.each_ref().map(|file| stamp(file));
        Ok(())
    }
}

/// Which files have to be written.
#[derive(Debug, Clone, Copy, Default)]
struct Changed {
    sheet: bool,
    baseline: bool,
    log: bool,
}
