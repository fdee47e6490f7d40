//! All evidence on a data set, which checks, headlines and reports read. Finds nothing itself.

pub mod carried;
mod demoted;
mod directed;

pub use demoted::{DemotedBand, demote, demote_by};
pub use directed::Directed;

use carried::CarriedObjects;

use crate::digest::DatasetDigest;
use crate::distribution::{ClassCounts, Drift};
use crate::duplicates::Duplicates;
use crate::finding::LabelOpinion;
use crate::fingerprint::FingerprintTable;
use crate::footprints::Footprints;
use crate::labelling::{Labelling, ObjectLabels};
use crate::object_copies::ObjectCopies;
use crate::object_flaws::ObjectTable;
use crate::quality::QualityTable;
use crate::sample::Listing;
use crate::scenes::Scenes;

/// What checks, headlines and reports read. What no selected check needs is
/// empty.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The samples.
    pub listing: Listing,
    /// What was computed of each.
    pub fingerprints: FingerprintTable,
    /// Of contents and labels; `None` where not every image was opened.
    pub digest: Option<DatasetDigest>,
    /// Verified pairs and their groups.
    pub duplicates: Duplicates,
    /// Bands of weak pairs that were demoted.
    pub demoted: Vec<DemotedBand>,
    /// Links between images of one scene; `None` where they were not searched.
    pub scenes: Option<Scenes>,
    /// The ground that images cover; `None` where no selected check asks.
    pub footprints: Option<Footprints>,
    /// Samples by split and class.
    pub classes: ClassCounts,
    /// How far each two splits lie apart.
    pub drift: Vec<Drift>,
    /// What is wrong with single images.
    pub quality: QualityTable,
    /// The objects in pixels, and what is wrong with their boxes.
    pub objects: ObjectTable,
    /// Images that show the same under other objects; `None` where no selected check asks.
    pub carried: Option<CarriedObjects>,
    /// Objects that images which are no copies have in common; `None` where no selected
    /// check asks.
    pub object_copies: Option<ObjectCopies>,
    /// What is thought of the labels; `None` where no selected check asks.
    pub labelling: Option<Labelling>,
    /// The same of objects' classes.
    pub object_labels: Option<ObjectLabels>,
}

impl Evidence {
    /// What is thought of each sample's label, in listing order; empty where
    /// no label was judged.
    pub fn opinions(&self) -> &[LabelOpinion] {
        (self.labelling.as_ref()).map_or(&[], |labelling| &labelling.opinions)
    }

    /// [`Evidence::opinions`], where they may be believed.
    pub fn usable_opinions(&self) -> &[LabelOpinion] {
        match &self.labelling {
            Some(labelling) if labelling.unusable().is_none() => &labelling.opinions,
            _ => &[],
        }
    }
}
