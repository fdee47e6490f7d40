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
    /// Other shots of one place or thing.
    pub scenes: bool,
    /// Images that cover ground in common, or touch.
    pub footprints: bool,
}

/// Two samples that show one place or thing and are no copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scene {
    /// One.
    pub a: SampleId,
    /// The other.
    pub b: SampleId,
    /// Places of one image found in the other.
    pub places: u32,
}

/// Reasons to stay together besides copies and declared groups.
#[derive(Debug, Clone, Copy, Default)]
pub struct Suggested<'a> {
    /// Groups that file names or camera data suggest.
    pub inferred: &'a [Vec<SampleId>],
    /// Same-scene links.
    pub scenes: &'a [Scene],
    /// Links by ground: see [`super::ground_links`] and [`super::block_links`].
    pub ground: &'a [Link],
}

impl Together {
    /// Reads `copies,declared,inferred,scenes,footprints`.
    ///
    /// # Errors
    /// [`Error::Config`] with every word that is none of these.
    pub fn parse(words: &[String]) -> Result<Self> {
        let mut together = Self {
            copies: false,
            declared: false,
            inferred: false,
            scenes: false,
            footprints: false,
        };
        let mut mistakes = Vec::new();
        for word in words {
            match word.trim() {
                "copies" => together.copies = true,
                "declared" => together.declared = true,
                "inferred" => together.inferred = true,
                "scenes" => together.scenes = true,
                "footprints" => together.footprints = true,
                other => mistakes.push(format!(
                    "`--keep-together {other}`: use copies, declared, inferred, scenes and footprints"
                )),
            }
        }
        match mistakes.is_empty() {
            true => Ok(together),
            false => Err(Error::Config(mistakes)),
        }
    }
}

/// The links to hold. Demoted pairs hold nothing together.
pub fn links(
    listing: &Listing,
    duplicates: &Duplicates,
    suggested: Suggested<'_>,
    together: Together,
) -> Vec<Link> {
    let mut links = Vec::new();
    if together.copies {
        let believed = duplicates.pairs.iter().filter(|pair| !pair.demoted);
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
        for group in suggested.inferred {
            links.extend(chain(group, Why::Inferred));
        }
    }
    if together.scenes {
        links.extend(suggested.scenes.iter().map(|scene| Link {
            a: scene.a,
            b: scene.b,
            why: Why::Scene {
                places: scene.places,
            },
        }));
    }
    links.extend_from_slice(suggested.ground);
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
        assert!(both.copies && both.declared && !both.inferred && !both.scenes);
        assert!(Together::parse(&words("scenes")).is_ok_and(|all| all.scenes && !all.copies));
        match Together::parse(&words("scene,copys,inferred")) {
            Err(Error::Config(mistakes)) => assert_eq!(mistakes.len(), 2),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn scenes_hold_together_where_asked_and_not_otherwise() {
        let scene = Scene {
            a: SampleId(0),
            b: SampleId(4),
            places: 30,
        };
        let suggested = Suggested {
            scenes: &[scene],
            ..Suggested::default()
        };
        let of = |word: &str| {
            let together = Together::parse(&[word.to_owned()]).expect("known");
            links(
                &Listing::default(),
                &Duplicates::default(),
                suggested,
                together,
            )
        };
        assert_eq!(of("scenes").len(), 1);
        assert_eq!((of("scenes")[0].a, of("scenes")[0].b), (scene.a, scene.b));
        assert!(of("copies").is_empty());
        let strength = of("scenes")[0].why.strength();
        assert!(strength > Why::Inferred.strength() && strength < 0.1);
    }
}
