//! How many objects there are: by split and size, and which classes occur
//! together. Judges none.

use std::collections::HashMap;

use super::{CocoSize, CocoSizes, ObjectRow, own_samples, range};
use crate::sample::{ClassId, Listing, Role, SplitId};

/// The objects of one split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitObjects {
    /// Which; `None` for samples outside any split.
    pub split: Option<SplitId>,
    /// Images with an object.
    pub images: u64,
    /// Images without.
    pub background: u64,
    /// Objects.
    pub objects: u64,
    /// Those whose size in pixels is known.
    pub sizes: CocoSizes,
}

/// Two classes that occur in one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Together {
    /// The first in class order.
    pub a: ClassId,
    /// The other.
    pub b: ClassId,
    /// Images with objects of both.
    pub images: u64,
    /// Images with objects of the first.
    pub images_of_a: u64,
    /// Images with objects of the other.
    pub images_of_b: u64,
}

impl Together {
    /// The images of both that independent classes would have, among `images`.
    pub fn expected(&self, images: u64) -> f64 {
        self.images_of_a as f64 * self.images_of_b as f64 / images.max(1) as f64
    }
}

/// Classes of one image whose pairs are counted at most: an image of all 1,203
/// classes of LVIS has 723,003 pairs, and no real one has 200 classes.
const MOST_CLASSES: usize = 200;

/// The objects of every split in listing order, data used before last; samples
/// outside any split come first. Splits without a sample are left out.
pub(super) fn by_split(listing: &Listing, rows: &[ObjectRow]) -> Vec<SplitObjects> {
    let empty = |split| SplitObjects {
        split,
        images: 0,
        background: 0,
        objects: 0,
        sizes: CocoSizes::default(),
    };
    let ids = (0..listing.splits.len()).filter_map(|index| u16::try_from(index).ok());
    let mut splits: Vec<SplitObjects> = [empty(None)]
        .into_iter()
        .chain(ids.map(|index| empty(Some(SplitId(index)))))
        .collect();
    for sample in &listing.samples {
        let place = sample.split.map_or(0, |split| split.index() + 1);
        let of_split = &mut splits[place];
        let of_sample = rows.get(range(&sample.objects)).unwrap_or_default();
        match of_sample.is_empty() {
            true => of_split.background += 1,
            false => of_split.images += 1,
        }
        of_split.objects += of_sample.len() as u64;
        for rect in of_sample.iter().filter_map(|row| row.rect.as_ref()) {
            of_split.sizes.add(CocoSize::of(rect));
        }
    }
    splits.retain(|split| split.images + split.background > 0);
    splits.sort_by_key(|split| {
        let role = split.split.map(|id| listing.splits[id.index()].role);
        role == Some(Role::Reference)
    });
    splits
}

/// All pairs of classes that occur in one image, in class order.
pub(super) fn together(listing: &Listing) -> Vec<Together> {
    let mut images = vec![0u64; listing.classes.len()];
    // Only looked up and sorted, so that its order reaches nothing.
    let mut pairs: HashMap<(ClassId, ClassId), u64> = HashMap::new();
    let mut classes: Vec<ClassId> = Vec::new();
    for id in own_samples(listing) {
        classes.clear();
        classes.extend(listing.objects_of(id).iter().map(|object| object.class));
        classes.sort_unstable();
        classes.dedup();
        for class in &classes {
            images[class.index()] += 1;
        }
        classes.truncate(MOST_CLASSES);
        for (place, &a) in classes.iter().enumerate() {
            for &b in &classes[place + 1..] {
                *pairs.entry((a, b)).or_default() += 1;
            }
        }
    }
    let mut together: Vec<Together> = (pairs.into_iter())
        .map(|((a, b), count)| Together {
            a,
            b,
            images: count,
            images_of_a: images[a.index()],
            images_of_b: images[b.index()],
        })
        .collect();
    together.sort_unstable_by_key(|pair| (pair.a, pair.b));
    together
}
