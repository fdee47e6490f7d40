//! Which links a person wants to hold, and those there are. Finds none itself.

use std::collections::BTreeMap;

use super::atoms::{Link, Why};
use crate::duplicates::Duplicates;
use crate::error::{Error, Result};
use crate::finding::Relation;
use crate::sample::{GroupId, Listing, SampleId};

/// What stays together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Together {
    /// Verified copies.
    pub copies: bool,
    /// Declared groups.
    pub declared: bool,
    /// Groups that file names or camera data suggest.
    pub inferred: bool,
}

impl Together {
    /// Reads `copies,declared,inferred`.
    ///
    /// # Errors
    /// [`Error::Config`] with every word that is none of these.
    pub fn parse(words: &[String]) -> Result<Self> {
        let mut together = Self {
            copies: false,
            declared: false,
            inferred: false,
        };
        let mut mistakes = Vec::new();
        for word in words {
            match word.trim() {
                "copies" => together.copies = true,
                "declared" => together.declared = true,
                "inferred" => together.inferred = true,
                "scenes" => mistakes.push(
                    "`--keep-together scenes`: this version finds no same-scene links; leave it \
                     out, or declare the groups with `--group-regex` or `--group-file`"
                        .to_owned(),
                ),
                other => mistakes.push(format!(
                    "`--keep-together {other}`: use copies, declared and inferred"
                )),
            }
        }
        match mistakes.is_empty() {
            true => Ok(together),
            false => Err(Error::Config(mistakes)),
        }
    }
}

/// The links to hold. `inferred` are groups that something suggests. Demoted
/// pairs hold nothing together.
pub fn links(
    listing: &Listing,
    duplicates: &Duplicates,
    inferred: &[Vec<SampleId>],
    together: Together,
) -> Vec<Link> {
    let mut links = Vec::new();
    if together.copies {
        let believed = duplicates.pairs.iter().filter(|pair| !pair.doubtful);
        links.extend(believed.map(|pair| Link {
            a: pair.a,
            b: pair.b,
            why: Why::Copy {
                relation: pair.evidence.relation,
                similarity: pair.evidence.similarity,
            },
        }));
        // Of a giant group not every pair is listed.
        for group in &duplicates.groups {
            links.extend(chain(
                group,
                Why::Copy {
                    relation: Relation::Exact,
                    similarity: 1.0,
                },
            ));
        }
    }
    if together.declared {
        let mut groups: BTreeMap<GroupId, Vec<SampleId>> = BTreeMap::new();
        for sample in &listing.samples {
            if let Some(group) = sample.group {
                groups.entry(group).or_default().push(sample.id);
            }
        }
        for (group, samples) in groups {
            links.extend(chain(&samples, Why::Declared(group)));
        }
    }
    if together.inferred {
        for group in inferred {
            links.extend(chain(group, Why::Inferred));
        }
    }
    links
}

/// Each sample with the next.
fn chain(samples: &[SampleId], why: Why) -> impl Iterator<Item = Link> {
    samples.windows(2).map(move |two| Link {
        a: two[0],
        b: two[1],
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood_or_named() {
        let words = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let both = Together::parse(&words("copies,declared")).expect("known");
        assert!(both.copies && both.declared && !both.inferred);
        match Together::parse(&words("scenes,copys,inferred")) {
            Err(Error::Config(mistakes)) => assert_eq!(mistakes.len(), 2),
            other => panic!("{other:?}"),
        }
    }
}
