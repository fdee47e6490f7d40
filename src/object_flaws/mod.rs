//! Objects in pixels, and what is wrong with each box. Judges no label and
//! opens no image.

mod convention;
mod exif_orientation;
mod figures;
mod flaw;
mod one_box;
mod overlap;
mod size;
mod typical;
mod visible;

pub use convention::{Misread, Reading};
pub use figures::{SplitObjects, Together};
pub use flaw::{BoxFlaw, BoxFlaws};
pub use overlap::MOST_OBJECTS;
pub use size::{CocoSize, CocoSizes};

use std::ops::Range;

use crate::executor::{Executor, Interrupted};
use crate::fingerprint::FingerprintTable;
use crate::sample::{Listing, ObjectId, Rect, Role, SampleId};

/// What is known of one object beyond its annotation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ObjectRow {
    /// In pixels of the upright image; `None` where the annotation has shares
    /// and the image's size is not known.
    pub rect: Option<Rect>,
    /// What is wrong with the box.
    pub flaws: BoxFlaws,
}

/// All objects of a data set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ObjectTable {
    /// In the order of [`Listing::objects`].
    rows: Vec<ObjectRow>,
    /// Splits whose boxes were written in another way than they are read.
    pub misread: Vec<Misread>,
    /// Images turned by EXIF whose boxes fit only the image as it is stored.
    pub turned: Vec<SampleId>,
    /// How many objects each split has; empty without any object.
    pub splits: Vec<SplitObjects>,
    /// Which classes occur in one image.
    pub together: Vec<Together>,
}

/// Samples judged by one thread at a time.
const BATCH: usize = 1024;

impl ObjectTable {
    /// Puts every object into pixels and judges its box: against its image,
    /// against the other boxes there, and against its class.
    ///
    /// # Errors
    /// When the user asks to stop.
    pub fn of(
        listing: &Listing,
        fingerprints: &FingerprintTable,
        executor: &Executor,
    ) -> Result<Self, Interrupted> {
        if listing.objects.is_empty() {
            return Ok(Self::default());
        }
        let sizes = Sizes {
            listing,
            fingerprints,
        };
        let misread = convention::find(sizes);
        let is_misread = |id: SampleId| {
            let split = listing.sample(id).split;
            misread.iter().any(|found| found.split == split)
        };
        let count = listing.samples.len();
        let batches = executor.map(count.div_ceil(BATCH), |batch| {
            let ids = (batch * BATCH..count.min((batch + 1) * BATCH)).map(|at| SampleId(at as u32));
            let judged = ids.map(|id| sizes.judge(id, is_misread(id)));
            judged.collect::<Vec<_>>()
        })?;
        let mut rows = vec![ObjectRow::default(); listing.objects.len()];
        let mut turned = Vec::new();
        for (sample, judged) in listing.samples.iter().zip(batches.into_iter().flatten()) {
            if judged.turned {
                turned.push(sample.id);
            }
            if let Some(of_sample) = rows.get_mut(range(&sample.objects)) {
                of_sample.copy_from_slice(&judged.rows);
            }
        }
        let mut table = Self {
            splits: figures::by_split(listing, &rows),
            together: figures::together(listing),
            rows,
            misread,
            turned,
        };
        typical::judge(sizes, &mut table.rows, executor)?;
        Ok(table)
    }

    /// What is known of an object.
    pub fn get(&self, id: ObjectId) -> Option<&ObjectRow> {
        self.rows.get(id.index())
    }

    /// What is known of a sample's objects, in the order of
    /// [`Listing::objects_of`].
    pub fn of_sample(&self, listing: &Listing, id: SampleId) -> &[ObjectRow] {
        (self.rows.get(range(&listing.sample(id).objects))).unwrap_or_default()
    }

    /// The objects with a flaw, those of data used before left out, each with
    /// its sample, in listing order.
    pub fn having<'a>(
        &'a self,
        listing: &'a Listing,
        flaw: BoxFlaw,
    ) -> impl Iterator<Item = (SampleId, ObjectId)> + 'a {
        own_samples(listing).flat_map(move |id| {
            let start = listing.sample(id).objects.start.0;
            (start..)
                .map(ObjectId)
                .zip(self.of_sample(listing, id))
                .filter(move |(_, row)| row.flaws.contains(flaw))
                .map(move |(object, _)| (id, object))
        })
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// All samples but those of data used before.
fn own_samples(listing: &Listing) -> impl Iterator<Item = SampleId> + '_ {
    (listing.samples.iter())
        .filter(|sample| listing.role(sample.id) != Some(Role::Reference))
        .map(|sample| sample.id)
}

fn range(objects: &Range<ObjectId>) -> Range<usize> {
    objects.start.index()..objects.end.index()
}

/// The samples with the sizes of their images.
#[derive(Clone, Copy)]
struct Sizes<'a> {
    listing: &'a Listing,
    fingerprints: &'a FingerprintTable,
}

/// What was found of one sample's objects.
struct Judged {
    rows: Vec<ObjectRow>,
    turned: bool,
}

impl Sizes<'_> {
    /// Width and height of the upright image, in pixels.
    fn of(&self, id: SampleId) -> Option<(u32, u32)> {
        let header = &self.fingerprints.facts(id)?.header;
        Some((header.width, header.height))
    }

    /// The objects of a sample in pixels, each box judged against its image and
    /// against the others there.
    fn judge(&self, id: SampleId, is_misread: bool) -> Judged {
        let objects = self.listing.objects_of(id);
        let size = self.of(id);
        let mut rows: Vec<ObjectRow> = objects
            .iter()
            .map(|object| ObjectRow {
                rect: match (object.bounds, size) {
                    (crate::sample::Bounds::Pixels(rect), _) => Some(rect),
                    (bounds, Some((width, height))) => Some(bounds.in_pixels(width, height)),
                    _ => None,
                },
                flaws: BoxFlaws::default(),
            })
            .collect();
        if is_misread {
            // One cause, one finding: nothing else is held against these boxes.
            for row in &mut rows {
                row.flaws.add(BoxFlaw::Misread);
            }
            return Judged {
                rows,
                turned: false,
            };
        }
        let facts = self.fingerprints.facts(id);
        let turned =
            facts.is_some_and(|facts| exif_orientation::fits_only_unturned(&rows, &facts.header));
        for (row, object) in rows.iter_mut().zip(objects) {
            let Some(rect) = row.rect else { continue };
            row.flaws = one_box::judge(&rect, object, size);
            if turned {
                row.flaws.add(BoxFlaw::Unturned);
                row.flaws.remove(BoxFlaw::Outside);
            }
        }
        overlap::judge(objects, &mut rows);
        Judged { rows, turned }
    }
}

#[cfg(test)]
mod tests;
