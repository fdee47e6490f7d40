//! Findings with their pictures, as many as the page has room for. Chooses
//! none.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::Thumbnails;
use super::gallery::{Shelf, faces};
use crate::finding::{Evidence, Finding, Transform};
use crate::report::Report;
use crate::sample::SampleId;
use crate::words::{counted, percent, shown};

/// Bytes of inlined pictures, at most: with the rest, the page stays below
/// 5 MB.
const PICTURE_BYTES: usize = 3_600_000;

/// Hands out pictures until there is no more room for them.
pub(super) struct Album<'a> {
    report: &'a Report<'a>,
    thumbnails: &'a Thumbnails,
    /// Bytes of Base64 that still fit.
    room: usize,
    /// Pictures that did not fit.
    left: usize,
}

impl<'a> Album<'a> {
    /// An album of `thumbnails`, empty so far.
    pub(super) fn new(report: &'a Report<'a>, thumbnails: &'a Thumbnails) -> Self {
        Self {
            report,
            thumbnails,
            room: PICTURE_BYTES,
            left: 0,
        }
    }

    /// Pictures left out because the page would have grown too large.
    pub(super) fn left_out(&self) -> usize {
        self.left
    }

    /// The findings of a check with their pictures.
    pub(super) fn shelf(&mut self, shelf: &Shelf<'_>) -> Option<ShelfView> {
        let first = shelf.findings.first()?;
        Some(ShelfView {
            code: first.check.code,
            name: first.check.name,
            summary: first.check.summary,
            next_step: first.check.next_step,
            severity: first.severity.name(),
            count: counted(shelf.all as u64, "finding", "findings"),
            left: shelf.all - shelf.findings.len(),
            cards: (shelf.findings.iter()).map(|f| self.card(f)).collect(),
        })
    }

    fn card(&mut self, finding: &Finding) -> Card {
        let faces = faces(finding);
        let (pair, figures) = match &finding.evidence {
            Evidence::None => (None, Vec::new()),
            Evidence::Pair(pair) => (
                Some(PairView {
                    relation: pair.relation.name(),
                    transform: pair.transform.to_string(),
                    laid: faces.first().and_then(|&id| self.laid(id, &pair.transform)),
                    similarity: percent(pair.similarity),
                    distance: pair.distance,
                }),
                Vec::new(),
            ),
            Evidence::Figures(figures) => (
                None,
                (figures.iter())
                    .map(|f| (f.name.replace('_', " "), figure(f.value)))
                    .collect(),
            ),
        };
        let opinion = (finding.samples.first())
            .filter(|_| pair.is_none())
            .and_then(|id| Some((*id, self.report.opinions().get(id.index())?)))
            .filter(|(_, opinion)| opinion.suggested.is_some());
        let suggested = |(class, _)| shown(self.report.listing.class_name(class));
        Card {
            id: finding.id.to_string(),
            severity: finding.severity.name(),
            message: finding.message.clone(),
            more: finding.samples.len() - faces.len(),
            given: opinion.and_then(|(id, _)| self.report.label(id)),
            suggested: opinion.and_then(|(_, o)| o.suggested).map(suggested),
            score: opinion
                .and_then(|(_, opinion)| opinion.score)
                .map(|score| percent(f64::from(score))),
            pictures: faces.iter().map(|&id| self.picture(id)).collect(),
            pair,
            figures,
        }
    }

    /// The transform's matrix is in shares of each picture's sides; a style
    /// sheet's is in pixels of a box that has the first one's shape, which
    /// both pictures fill.
    fn laid(&self, first: SampleId, transform: &Transform) -> Option<Laid> {
        let header = &self.report.fingerprints.facts(first)?.header;
        let ratio = f64::from(header.width) / f64::from(header.height.max(1));
        let m = transform.matrix.map(f64::from);
        let is_sound = ratio.is_finite() && ratio > 0.0 && m.iter().all(|v| v.is_finite());
        is_sound.then(|| Laid {
            ratio,
            transform: format!(
                "translate({:.3}%, {:.3}%) matrix({:.5}, {:.5}, {:.5}, {:.5}, 0, 0)",
                m[2] * 100.0,
                m[5] * 100.0,
                m[0],
                m[3] / ratio,
                m[1] * ratio,
                m[4],
            ),
        })
    }

    /// A sample with its picture, if there is room for it.
    pub(super) fn picture(&mut self, id: SampleId) -> Picture {
        let facts = self.report.fingerprints.facts(id);
        let data = self.thumbnails.get(&id).and_then(|jpeg| {
            // Base64 makes four characters of three bytes.
            let length = jpeg.len().div_ceil(3) * 4;
            if length > self.room {
                self.left += 1;
                return None;
            }
            self.room -= length;
            Some(STANDARD.encode(jpeg))
        });
        Picture {
            key: shown(&self.report.key(id)),
            split: self.report.split(id),
            label: self.report.label(id).map(|label| shown(&label)),
            data,
            size: facts.map(|facts| format!("{} × {}", facts.header.width, facts.header.height)),
        }
    }
}

/// What is shown of one check.
#[derive(Debug, Serialize)]
pub(super) struct ShelfView {
    code: &'static str,
    name: &'static str,
    summary: &'static str,
    next_step: &'static str,
    severity: &'static str,
    count: String,
    left: usize,
    cards: Vec<Card>,
}

/// A finding with its pictures.
#[derive(Debug, Serialize)]
struct Card {
    id: String,
    severity: &'static str,
    message: String,
    pictures: Vec<Picture>,
    /// Samples of the finding whose pictures are not shown.
    more: usize,
    /// What was done to the first picture to get the second, and how sure.
    pair: Option<PairView>,
    /// Named numbers.
    figures: Vec<(String, String)>,
    given: Option<String>,
    suggested: Option<String>,
    score: Option<String>,
}

#[derive(Debug, Serialize)]
struct PairView {
    relation: &'static str,
    transform: String,
    laid: Option<Laid>,
    similarity: String,
    distance: Option<u32>,
}

/// How the second picture is laid over the first, for a style sheet.
#[derive(Debug, Serialize)]
struct Laid {
    /// Width over height of the first.
    ratio: f64,
    /// A CSS transformation about the top left corner.
    transform: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Picture {
    key: String,
    split: Option<String>,
    label: Option<String>,
    /// JPEG in Base64.
    data: Option<String>,
    size: Option<String>,
}

/// A number as short as is useful.
pub(super) fn figure(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 0.001 => format!("{value:.3}"),
        _ => format!("{value:.1e}"),
    }
}
