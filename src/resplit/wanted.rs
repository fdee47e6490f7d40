//! What a new assignment should be, as a person asks for it. Assigns nothing.

use crate::error::{Error, Result};
use crate::sample::{Listing, Role, SampleId, Split, SplitId, canonical_split};

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// How.
    pub mode: Mode,
    /// Names of splits and their sizes in relation to each other; empty for
    /// those of today.
    pub sizes: Vec<(String, f64)>,
    /// Splits that stay as they are.
    pub keep: Vec<String>,
    /// Samples that stay where they are.
    pub keep_samples: Vec<SampleId>,
    /// Seconds to look for a proof that the answer is the best; 0 for none.
    pub prove: f64,
}

/// How samples are assigned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// From today's splits, with the fewest moves.
    #[default]
    Repair,
    /// Anew.
    Fresh,
    /// Anew, to so many folds of one size.
    Folds(u16),
    /// The oldest to train on, the newest to be measured on.
    Temporal {
        /// What is nearer than this behind a cut is left out, in milliseconds.
        gap: i64,
    },
}

/// The splits of a new assignment.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// All of them: train, val, test, then others by name; data used before
    /// last.
    pub(super) splits: Vec<Split>,
    /// What becomes of each split of today; `None` for one that is dissolved.
    pub(super) of_today: Vec<Option<SplitId>>,
    /// Splits that samples are dealt to, with their sizes in relation to each
    /// other where they were given.
    pub(super) open: Vec<(SplitId, Option<f64>)>,
    /// Whether each split stays as it is.
    pub(super) kept: Vec<bool>,
}

/// The sizes of splits where a data set has none and none are given.
const USUAL: [(&str, f64); 3] = [("train", 0.8), ("val", 0.1), ("test", 0.1)];

/// Works out the splits; all mistakes are reported at once.
pub(super) fn shape(listing: &Listing, wanted: &Wanted) -> Result<Shape> {
    let today: Vec<&Split> = listing.splits.iter().collect();
    let ours = |split: &&&Split| split.role != Role::Reference;
    let mut mistakes = Vec::new();
    let keep: Vec<String> = wanted.keep.iter().map(|name| canonical(name)).collect();
    for name in &keep {
        if !today.iter().filter(ours).any(|split| split.name == *name) {
            let names: Vec<String> = today
                .iter()
                .filter(ours)
                .map(|split| format!("`{}`", split.name))
                .collect();
            mistakes.push(match names.is_empty() {
                true => format!("`--keep {name}`: the data set has no splits"),
                false => format!("`--keep {name}`: the splits are {}", names.join(", ")),
            });
        }
    }
    let mut sizes: Vec<(String, f64)> = Vec::new();
    for (name, size) in &wanted.sizes {
        let name = canonical(name);
        if !(size.is_finite() && *size > 0.0) {
            mistakes.push(format!("`--sizes {name}={size}`: a size is above 0"));
        } else if sizes.iter().any(|(other, _)| *other == name) {
            mistakes.push(format!("`--sizes`: `{name}` is named twice"));
        } else if !keep.contains(&name) {
            sizes.push((name, *size));
        }
    }
    let open: Vec<(String, Option<f64>)> = match wanted.mode {
        Mode::Folds(count) => {
            if count < 2 {
                mistakes.push(format!("`--kfold {count}`: give 2 folds at least"));
            }
            if !wanted.sizes.is_empty() {
                mistakes.push("`--kfold` makes folds of one size; leave `--sizes` out".to_owned());
            }
            let digits = count.to_string().len();
            (1..=count)
                .map(|fold| (format!("fold-{fold:0digits$}"), Some(1.0)))
                .collect()
        }
        _ if !sizes.is_empty() => {
            let is_old = |split: &&&Split| {
                !keep.contains(&split.name) && !sizes.iter().any(|(name, _)| *name == split.name)
            };
            let forgotten: Vec<String> = (today.iter().filter(ours).filter(is_old))
                .map(|split| format!("`{}`", split.name))
                .collect();
            if wanted.mode == Mode::Repair && !forgotten.is_empty() {
                mistakes.push(format!(
                    "`--sizes` does not name {}; give each split a size, keep it with `--keep`, or \
                     split anew with `--fresh`",
                    forgotten.join(", ")
                ));
            }
            sizes
                .into_iter()
                .map(|(name, size)| (name, Some(size)))
                .collect()
        }
        _ => {
            let names = today.iter().filter(ours).map(|split| split.name.clone());
            let open: Vec<String> = names.filter(|name| !keep.contains(name)).collect();
            match open.len() + keep.len() {
                0 | 1 if wanted.mode == Mode::Repair => {
                    mistakes.push(
                        "the data set has no two splits to repair; `--fresh --sizes \
                         train=0.8,val=0.1,test=0.1` makes new ones"
                            .to_owned(),
                    );
                    Vec::new()
                }
                0 | 1 => USUAL
                    .iter()
                    .map(|&(name, size)| (name.to_owned(), Some(size)))
                    .collect(),
                _ => open.into_iter().map(|name| (name, None)).collect(),
            }
        }
    };
    if open.is_empty() && mistakes.is_empty() {
        mistakes.push("every split is kept: nothing may move".to_owned());
    }
    if !mistakes.is_empty() {
        return Err(Error::Config(mistakes));
    }
    Ok(build(&today, &keep, open))
}

fn build(today: &[&Split], keep: &[String], open: Vec<(String, Option<f64>)>) -> Shape {
    let reference = today.iter().filter(|split| split.role == Role::Reference);
    let names = open
        .iter()
        .map(|(name, _)| name.clone())
        .chain(keep.iter().cloned());
    let mut splits: Vec<Split> = names.map(|name| Split::named(&name)).collect();
    let place = |name: &str| {
        ["train", "val", "test"]
            .iter()
            .position(|&usual| usual == name)
    };
    splits.sort_by(|a, b| {
        let key = |split: &Split| place(&split.name).unwrap_or(usize::MAX);
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
    splits.dedup();
    splits.extend(reference.map(|&split| split.clone()));
    let find = |name: &str, role: Option<Role>| {
        let same = |split: &&(SplitId, &Split)| {
            split.1.name == name
                && role.is_none_or(|role| {
                    (split.1.role == Role::Reference) == (role == Role::Reference)
                })
        };
        (0..)
            .map(SplitId)
            .zip(&splits)
            .collect::<Vec<_>>()
            .iter()
            .find(same)
            .map(|&(id, _)| id)
    };
    Shape {
        of_today: today
            .iter()
            .map(|split| find(&split.name, Some(split.role)))
            .collect(),
        open: open
            .iter()
            .filter_map(|(name, size)| Some((find(name, None)?, *size)))
            .collect(),
        kept: splits
            .iter()
            .map(|split| split.role == Role::Reference || keep.contains(&split.name))
            .collect(),
        splits,
    }
}

fn canonical(name: &str) -> String {
    canonical_split(name).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(splits: &[&str]) -> Listing {
        Listing {
            splits: splits.iter().map(|name| Split::named(name)).collect(),
            ..Listing::default()
        }
    }

    fn names(shape: &Shape) -> Vec<&str> {
        shape
            .splits
            .iter()
            .map(|split| split.name.as_str())
            .collect()
    }

    #[test]
    fn kept_split_stays_beside_folds() {
        let wanted = Wanted {
            mode: Mode::Folds(3),
            keep: vec!["Test".to_owned()],
            ..Wanted::default()
        };
        let shape = shape(&listing(&["train", "test"]), &wanted).expect("sound");
        assert_eq!(names(&shape), ["test", "fold-1", "fold-2", "fold-3"]);
        assert_eq!(shape.of_today, [None, Some(SplitId(0))]);
        assert_eq!(shape.kept, [true, false, false, false]);
        assert_eq!(shape.open.len(), 3);
    }

    #[test]
    fn data_without_splits_gets_the_usual_ones_when_split_anew() {
        let wanted = Wanted {
            mode: Mode::Fresh,
            ..Wanted::default()
        };
        let shape = shape(&listing(&[]), &wanted).expect("sound");
        assert_eq!(names(&shape), ["train", "val", "test"]);
        assert_eq!(shape.open[0], (SplitId(0), Some(0.8)));
    }

    #[test]
    fn mistakes_come_together() {
        let wanted = Wanted {
            sizes: vec![("train".to_owned(), 0.0), ("val".to_owned(), 1.0)],
            keep: vec!["holdback".to_owned()],
            ..Wanted::default()
        };
        match shape(&listing(&["train", "val", "test"]), &wanted) {
            Err(Error::Config(mistakes)) => assert_eq!(mistakes.len(), 3, "{mistakes:?}"),
            other => panic!("{other:?}"),
        }
        assert!(shape(&listing(&[]), &Wanted::default()).is_err());
    }
}
