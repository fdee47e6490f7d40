//! Under which ids labels are accepted. Accepts none.

use crate::finding::{FindingId, SUSPICIOUS_LABEL};
use crate::fingerprint::FingerprintTable;
use crate::sample::{Listing, SampleId};

/// The id of a doubt about each label given, with its sample, sorted.
pub fn label_ids(listing: &Listing, fingerprints: &FingerprintTable) -> Vec<(FindingId, SampleId)> {
    let mut ids: Vec<(FindingId, SampleId)> = (listing.samples.iter())
        .filter_map(|sample| Some((sample, fingerprints.get(sample.id)?.content?)))
        .flat_map(|(sample, content)| {
            let split = listing.split_name(sample.split);
            let classes = sample.labels.classes().iter();
            classes.map(move |&class| {
                let name = listing.class_name(class);
                let id = FindingId::of_label(SUSPICIOUS_LABEL, content, split, name);
                (id, sample.id)
            })
        })
        .collect();
    ids.sort_unstable();
    ids
}
