//! What an earlier scan found among the very same images. Finds nothing itself.

use serde::{Deserialize, Serialize};

use super::{Link, Scenes};
use crate::duplicates::{Pair, PairRow};
use crate::finding::Share;
use crate::fingerprint::cache::Key;
use crate::fingerprint::{FingerprintTable, Images};
use crate::sample::SampleId;

/// Names what is kept of the whole set. The number counts changes to how links and copies
/// are found: raise it with every such change.
const METHOD: &str = "scenes 3";

/// The links and copies of this set that an earlier scan kept, or else those that `search`
/// finds, which are kept for later scans.
///
/// # Errors
/// Those of `search`.
pub(super) fn known_or<E>(
    table: &FingerprintTable,
    images: &Images,
    search: impl FnOnce() -> Result<Scenes, E>,
) -> Result<Scenes, E> {
    let memo = &images.memo;
    let key = memo
        .is_kept()
        .then(|| Key::of_table(METHOD, table))
        .flatten();
    let known = key
        .and_then(|key| memo.verdict(key))
        .and_then(|bytes| from_bytes(&bytes, table.len()));
    if let Some(known) = known {
        return Ok(known);
    }
    let found = search()?;
    // What could not be opened now may be there next time.
    let is_whole = images.access.unopened().is_empty();
    if let (Some(key), Some(bytes)) = (key.filter(|_| is_whole), to_bytes(&found)) {
        memo.keep_verdict(key, bytes);
    }
    Ok(found)
}

fn to_bytes(scenes: &Scenes) -> Option<Vec<u8>> {
    let row = Row {
        copies: scenes.copies.iter().map(PairRow::of).collect(),
        links: scenes.links.iter().map(LinkRow::of).collect(),
        compared: scenes.compared,
    };
    postcard::to_stdvec(&row).ok()
}

/// Reads what [`to_bytes`] wrote of a set of `count` samples; `None` for anything else.
fn from_bytes(bytes: &[u8], count: usize) -> Option<Scenes> {
    let row: Row = postcard::from_bytes(bytes).ok()?;
    let copies: Option<Vec<Pair>> = row.copies.into_iter().map(PairRow::into_pair).collect();
    let copies = copies?;
    let links: Vec<Link> = row.links.into_iter().map(LinkRow::into_link).collect();
    let ids = copies.iter().map(|pair| (pair.a, pair.b));
    let mut ids = ids.chain(links.iter().map(|link| (link.a, link.b)));
    let known = ids.all(|(a, b)| a < b && b.index() < count);
    known.then(|| Scenes {
        kept: vec![
            ("links known from an earlier scan", links.len() as u64),
            ("proven on pixels", copies.len() as u64),
        ],
        copies,
        links,
        compared: row.compared,
    })
}

/// The format on disk: types of its own, so that it changes only on purpose.
#[derive(Serialize, Deserialize)]
struct Row {
    copies: Vec<PairRow>,
    links: Vec<LinkRow>,
    compared: u64,
}

#[derive(Serialize, Deserialize)]
struct LinkRow {
    a: u32,
    b: u32,
    /// x, y, width, height.
    region_a: [f32; 4],
    region_b: [f32; 4],
    matrix: [f32; 6],
    inliers: u32,
    log_nfa: f64,
    still: bool,
}

impl LinkRow {
    fn of(link: &Link) -> Self {
        let bounds = |share: Share| [share.x, share.y, share.width, share.height];
        Self {
            a: link.a.0,
            b: link.b.0,
            region_a: bounds(link.region_a),
            region_b: bounds(link.region_b),
            matrix: link.matrix,
            inliers: link.inliers,
            log_nfa: link.log_nfa,
            still: link.still,
        }
    }

    fn into_link(self) -> Link {
        let share = |[x, y, width, height]: [f32; 4]| Share {
            x,
            y,
            width,
            height,
        };
        Link {
            a: SampleId(self.a),
            b: SampleId(self.b),
            region_a: share(self.region_a),
            region_b: share(self.region_b),
            matrix: self.matrix,
            inliers: self.inliers,
            log_nfa: self.log_nfa,
            still: self.still,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back_and_anything_else_is_refused() {
        let share = |x| Share {
            x,
            y: 0.25,
            width: 0.5,
            height: 0.125,
        };
        let scenes = Scenes {
            links: vec![Link {
                a: SampleId(1),
                b: SampleId(4),
                region_a: share(0.0),
                region_b: share(0.5),
                matrix: [1.0, 0.0, 0.5, 0.0, 1.0, 0.0],
                inliers: 12,
                log_nfa: -17.5,
                still: true,
            }],
            compared: 5,
            ..Scenes::default()
        };
        let bytes = to_bytes(&scenes).expect("kept");
        let back = from_bytes(&bytes, 5).expect("read");
        assert_eq!((back.links, back.compared), (scenes.links.clone(), 5));
        assert_eq!(from_bytes(&bytes, 4), None, "a sample that is not there");
        for end in 0..bytes.len() {
            assert_eq!(from_bytes(&bytes[..end], 5), None);
        }
    }
}
