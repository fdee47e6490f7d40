//! What cameras wrote down of groups: bursts by camera and time, and images
//! taken at one place. Looks at no split and no pixel.

use std::collections::BTreeMap;

use crate::checks::CheckContext;
use crate::decode::ExifFacts;
use crate::sample::SampleId;

/// Longest pause within a burst of one camera body: shots of one motif follow
/// each other within seconds.
const BURST_MS: i64 = 5_000;

/// The same where the body's serial number is unknown and two cameras of one
/// model may have been at work.
const BURST_UNNUMBERED_MS: i64 = 2_000;

/// Longest pause between two images of one visit to a place.
const VISIT_MS: i64 = 10 * 60_000;

/// Side of the squares that count as one place, in degrees: 22 metres of
/// latitude, about what a phone's position is good for.
const PLACE_DEGREES: f64 = 0.0002;

/// Samples taken by one camera within seconds of each other, two at least.
pub(super) fn bursts(data: &CheckContext<'_>) -> Vec<Vec<SampleId>> {
    type Camera<'a> = (&'a str, &'a str, &'a str);
    let mut by_camera: BTreeMap<Camera<'_>, Vec<(i64, SampleId)>> = BTreeMap::new();
    for (id, exif) in facts(data) {
        let camera = (text(&exif.make), text(&exif.model), text(&exif.serial));
        if let Some(time) = exif.captured_ms
            && camera != ("", "", "")
        {
            by_camera.entry(camera).or_default().push((time, id));
        }
    }
    let mut bursts = Vec::new();
    for ((_, _, serial), mut shots) in by_camera {
        let pause = if serial.is_empty() {
            BURST_UNNUMBERED_MS
        } else {
            BURST_MS
        };
        shots.sort_unstable();
        bursts.extend(chains(&shots, |a, b| b - a <= pause));
    }
    bursts
}

/// Samples taken within the same square of about 20 metres, on one visit where
/// the time is known; two at least.
pub(super) fn places(data: &CheckContext<'_>) -> Vec<Vec<SampleId>> {
    type Shot = (Option<i64>, SampleId);
    let mut by_square: BTreeMap<(i64, i64), Vec<Shot>> = BTreeMap::new();
    for (id, exif) in facts(data) {
        if let Some((north, east)) = exif.gps {
            let square = |degrees: f64| (degrees / PLACE_DEGREES).floor() as i64;
            let members = by_square.entry((square(north), square(east))).or_default();
            members.push((exif.captured_ms, id));
        }
    }
    let mut places = Vec::new();
    for (_, mut shots) in by_square {
        shots.sort_unstable();
        places.extend(chains(&shots, |a, b| match (a, b) {
            (Some(a), Some(b)) => b - a <= VISIT_MS,
            _ => true,
        }));
    }
    places
}

fn text(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or("")
}

fn facts<'a>(data: &CheckContext<'a>) -> impl Iterator<Item = (SampleId, &'a ExifFacts)> + use<'a> {
    let fingerprints = &data.evidence.fingerprints;
    fingerprints
        .iter()
        .filter_map(|(id, row)| Some((id, row.image.as_ref().ok()?.header.exif.as_deref()?)))
}

/// Runs of at least two in which each is `close` to the one before.
fn chains<T: Copy>(shots: &[(T, SampleId)], close: impl Fn(T, T) -> bool) -> Vec<Vec<SampleId>> {
    shots
        .chunk_by(|a, b| close(a.0, b.0))
        .filter(|chain| chain.len() > 1)
        .map(|chain| chain.iter().map(|&(_, id)| id).collect())
        .collect()
}
