//! What an earlier scan found among the very same objects. Finds nothing itself.

use super::Material;
use crate::duplicates::{self, Pair, PairRow};
use crate::features::crops::Crop;
use crate::fingerprint::cache::Key;

/// Names what is kept. The number counts changes to which objects are compared and how they
/// are cut out; with that of whole images, to how they are compared.
const METHOD: &str = "object copies 1";

/// The pairs that an earlier scan kept, or else those that `search` finds, which are kept
/// for later scans.
///
/// # Errors
/// Those of `search`.
pub(super) fn known_or<E>(
    material: Material<'_>,
    boxes: &[Crop],
    search: impl FnOnce() -> Result<Vec<Pair>, E>,
) -> Result<Vec<Pair>, E> {
    let memo = &material.images.memo;
    let key = memo.is_kept().then(|| key(material, boxes)).flatten();
    let known = key
        .and_then(|key| memo.verdict(key))
        .and_then(|bytes| from_bytes(&bytes, boxes.len()));
    if let Some(known) = known {
        return Ok(known);
    }
    let found = search()?;
    let mut samples: Vec<_> = boxes.iter().map(|cut| cut.sample).collect();
    samples.dedup();
    // What was seen of a file that was written to since belongs to another content.
    let is_unchanged = |&id| material.images.access.is_unchanged(id);
    if let Some(key) = key.filter(|_| samples.iter().all(is_unchanged)) {
        let rows: Vec<PairRow> = found.iter().map(PairRow::of).collect();
        if let Ok(bytes) = postcard::to_stdvec(&rows) {
            memo.keep_verdict(key, bytes);
        }
    }
    Ok(found)
}

/// What the pairs depend on: contents, boxes, and which images copies and scenes connect.
fn key(material: Material<'_>, boxes: &[Crop]) -> Option<Key> {
    let mut all = blake3::Hasher::new();
    let mut numbers = |numbers: &[u32]| {
        for number in numbers {
            all.update(&number.to_le_bytes());
        }
    };
    for group in &material.duplicates.groups {
        numbers(&[group.len() as u32]);
        group.iter().for_each(|id| numbers(&[id.0]));
    }
    for (a, b) in material.scenes {
        numbers(&[a.0, b.0]);
    }
    for cut in boxes {
        let rect = [cut.rect.x, cut.rect.y, cut.rect.width, cut.rect.height];
        numbers(&[cut.sample.0]);
        numbers(&rect.map(f32::to_bits));
    }
    for cut in boxes {
        all.update(&material.fingerprints.get(cut.sample)?.content?.0);
    }
    let method = format!("{METHOD}, {}", duplicates::METHOD);
    Some(Key::of_parts(&method, [&all.finalize().as_bytes()[..]]))
}

/// Pairs of `count` objects; `None` for anything else.
fn from_bytes(bytes: &[u8], count: usize) -> Option<Vec<Pair>> {
    let rows: Vec<PairRow> = postcard::from_bytes(bytes).ok()?;
    let pairs: Option<Vec<Pair>> = rows.into_iter().map(PairRow::into_pair).collect();
    pairs.filter(|pairs| {
        let known = |pair: &Pair| pair.a < pair.b && pair.b.index() < count;
        pairs.iter().all(known)
    })
}
