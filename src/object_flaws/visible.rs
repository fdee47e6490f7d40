//! What images show of their objects. Cuts nothing out.

use super::{BoxFlaw, ObjectTable};
use crate::fingerprint::FingerprintTable;
use crate::sample::{Listing, ObjectId, Rect, SampleId};

impl ObjectTable {
    /// The part of each object of a sample that its image shows, in pixels of the upright
    /// image; `None` for a crowd, a box that is not meant so, one of which less than `least`
    /// pixels a side are shown, and one whose image was not decoded.
    pub fn visible(
        &self,
        listing: &Listing,
        fingerprints: &FingerprintTable,
        id: SampleId,
        least: f32,
    ) -> impl Iterator<Item = (ObjectId, Option<Rect>)> {
        let whole = fingerprints.facts(id).map(|facts| Rect {
            x: 0.0,
            y: 0.0,
            width: facts.header.width as f32,
            height: facts.header.height as f32,
        });
        let first = listing.sample(id).objects.start.0;
        let annotated = listing.objects_of(id).iter();
        let rows = annotated.zip(self.of_sample(listing, id));
        (first..).zip(rows).map(move |(place, (object, row))| {
            let is_meant = [BoxFlaw::Misread, BoxFlaw::Unturned, BoxFlaw::Degenerate]
                .iter()
                .all(|&flaw| !row.flaws.contains(flaw));
            let shown = row.rect.zip(whole).filter(|(rect, _)| rect.is_finite());
            let shown = shown.map(|(rect, whole)| rect.intersection(&whole));
            let is_large = |rect: &Rect| rect.width.min(rect.height) >= least;
            let is_one = is_meant && !object.flags.crowd;
            (ObjectId(place), shown.filter(is_large).filter(|_| is_one))
        })
    }
}
