//! Findings with their images, as many as the page has room for. Chooses
//! none.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::chosen_images::{Section, faces};
use super::{Crops, Originals, Thumbnails};
use crate::decisions::content_cell;
use crate::finding::{CountsAs, Family, Finding, LabelFlag, Measured, Transform};
use crate::report::Report;
use crate::sample::{ObjectId, Role, SampleId};
use crate::words::{counted, percent, shown};

/// Bytes of inlined images, at most: with the rest, the page stays below
/// 5 MB.
const IMAGE_BYTES: usize = 3_600_000;

/// Hands out images until there is no more room for them.
pub(super) struct Cards<'a> {
    report: &'a Report<'a>,
    thumbnails: &'a Thumbnails,
    crops: &'a Crops,
    originals: &'a Originals,
    /// Bytes of Base64 that still fit.
    room: usize,
    /// Images that did not fit.
    left: usize,
}

impl<'a> Cards<'a> {
    /// The cards of `thumbnails`, empty so far.
    pub(super) fn new(
        report: &'a Report<'a>,
        (thumbnails, crops): (&'a Thumbnails, &'a Crops),
        originals: &'a Originals,
    ) -> Self {
        Self {
            report,
            thumbnails,
            crops,
            originals,
            room: IMAGE_BYTES,
            left: 0,
        }
    }

    /// Images left out because the page would have grown too large.
    pub(super) fn left_out(&self) -> usize {
        self.left
    }

    /// The findings of a check with their images.
    pub(super) fn section(&mut self, section: &Section<'_>) -> Option<SectionView> {
        let first = section.findings.first()?;
        Some(SectionView {
            code: first.check.code,
            name: first.check.name,
            summary: first.check.summary,
            next_step: first.check.next_step,
            severity: first.severity.name(),
            count: counted(section.all as u64, "finding", "findings"),
            left: section.all - section.findings.len(),
            cards: (section.findings.iter()).map(|f| self.card(f)).collect(),
        })
    }

    fn card(&mut self, finding: &Finding) -> Card {
        let faces = faces(finding);
        let asks = self.asks(finding, &faces);
        let (pair, figures) = match &finding.measured {
            Measured::None => (None, Vec::new()),
            Measured::Pair(pair) => (
                Some(PairView {
                    relation: pair.relation.name(),
                    laid: faces.first().and_then(|&id| self.laid(id, &pair.transform)),
                    similarity: percent(pair.similarity),
                    distance: pair.distance,
                }),
                Vec::new(),
            ),
            Measured::Figures(figures) => (
                None,
                (figures.iter())
                    .map(|f| (f.name.replace('_', " "), figure(f.value)))
                    .collect(),
            ),
        };
        let opinion = (finding.samples.first())
            .filter(|_| pair.is_none() && finding.check.family == Family::Label)
            .filter(|_| finding.check.counts_as != CountsAs::SuspectObject)
            .and_then(|id| Some((*id, self.report.opinions().get(id.index())?)))
            .filter(|(_, opinion)| opinion.suggested.is_some());
        let suggested = |(class, _)| shown(self.report.listing.class_name(class));
        Card {
            id: finding.id.to_string(),
            severity: finding.severity.name(),
            about: shown(&finding.message),
            message: finding.message.clone(),
            labels: labels(self.report, finding),
            asks,
            more: finding.samples.len() - faces.len(),
            given: opinion.and_then(|(id, _)| self.report.label(id)),
            suggested: opinion.and_then(|(_, o)| o.suggested).map(suggested),
            score: opinion
                .and_then(|(_, opinion)| opinion.score)
                .map(|score| percent(f64::from(score))),
            images: (faces.iter().enumerate())
                .map(|(place, &id)| {
                    let boxes = draws_boxes(finding).then(|| Boxes::of(self.report, finding, id));
                    let crop = finding.objects.get(place);
                    let crop = crop.and_then(|object| self.crops.get(object));
                    Image {
                        boxes: boxes.flatten(),
                        crop: crop.and_then(|jpeg| self.fitting(jpeg)),
                        ..self.image(id)
                    }
                })
                .collect(),
            pair,
            figures,
        }
    }

    /// The labels that a finding asks about: the one it doubts, or those of both
    /// sides of a conflict.
    fn asks(&self, finding: &Finding, faces: &[SampleId]) -> Vec<Ask> {
        let asked: &[SampleId] = match (finding.check.family, &finding.measured) {
            (Family::Label, Measured::Pair(_))
                if finding.check.counts_as == CountsAs::LabelConflict =>
            {
                faces
            }
            // What is thought of an object is no label of its image.
            _ if finding.check.counts_as == CountsAs::SuspectObject => &[],
            (Family::Label, _) => {
                let opinion = |id: &SampleId| self.report.opinions().get(id.index());
                let first = faces.first().and_then(opinion);
                match first.is_some_and(|opinion| opinion.flag >= LabelFlag::Likely) {
                    true => &faces[..1],
                    false => &[],
                }
            }
            _ => &[],
        };
        let is_own = |id: &&SampleId| self.report.listing.role(**id) != Some(Role::Reference);
        let own: Vec<SampleId> = asked.iter().filter(is_own).copied().collect();
        own.iter()
            .filter_map(|&id| {
                let content = self.report.fingerprints.get(id)?.content?;
                let opinion = self
                    .report
                    .opinions()
                    .get(id.index())
                    .and_then(|o| o.suggested);
                let of_copy = || {
                    let other = asked.iter().find(|&&other| other != id)?;
                    self.report.label(*other)
                };
                let suggested = opinion
                    .filter(|_| asked.len() == 1)
                    .map(|(class, _)| self.report.listing.class_name(class).to_owned());
                Some(Ask {
                    sample: shown(&self.report.key(id)),
                    given: self.report.label(id).map(|label| shown(&label))?,
                    suggested: suggested.or_else(of_copy).map(|label| shown(&label)),
                    content: content_cell(&content.to_string()),
                })
            })
            .collect()
    }

    /// The transform's matrix is in shares of each image's sides; a style
    /// sheet's is in pixels of a box that has the first one's shape, which
    /// both images fill.
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

    /// A sample with its image, if there is room for it.
    pub(super) fn image(&mut self, id: SampleId) -> Image {
        let facts = self.report.fingerprints.facts(id);
        let data = self.thumbnails.get(&id);
        let data = data.and_then(|jpeg| self.fitting(jpeg));
        Image {
            key: shown(&self.report.key(id)),
            split: self.report.split(id),
            label: self.report.label(id).map(|label| shown(&label)),
            original: self.originals.get(&id).cloned(),
            data,
            size: facts.map(|facts| format!("{} × {}", facts.header.width, facts.header.height)),
            boxes: None,
            crop: None,
        }
    }

    /// A JPEG file in Base64, if there is room for it.
    fn fitting(&mut self, jpeg: &[u8]) -> Option<String> {
        // Base64 makes four characters of three bytes.
        let length = jpeg.len().div_ceil(3) * 4;
        if length > self.room {
            self.left += 1;
            return None;
        }
        self.room -= length;
        Some(STANDARD.encode(jpeg))
    }
}

/// Whether a finding is about the objects of its images.
fn draws_boxes(finding: &Finding) -> bool {
    let is_pair = matches!(finding.measured, Measured::Pair(_));
    match finding.check.family {
        Family::Object => true,
        Family::Leak => !finding.objects.is_empty(),
        Family::Label => is_pair || finding.check.counts_as == CountsAs::SuspectObject,
        _ => false,
    }
}

/// Boxes drawn on one image: more hide it.
const BOXES: usize = 60;

impl Boxes {
    /// The boxes of a sample, those that the finding names, or else those with a flaw,
    /// first; `None` where it has none.
    fn of(report: &Report<'_>, finding: &Finding, id: SampleId) -> Option<Self> {
        let header = &report.fingerprints.facts(id)?.header;
        let listing = &report.evidence.listing;
        let start = listing.sample(id).objects.start.0;
        let objects = (start..).map(ObjectId).zip(listing.objects_of(id));
        let rows = report.objects.of_sample(listing, id).iter();
        let is_named = |object: ObjectId| finding.objects.contains(&object);
        let mut all: Vec<BoxView> = objects
            .zip(rows)
            .filter_map(|((place, object), row)| {
                let rect = row.rect.filter(|rect| rect.is_finite())?;
                Some(BoxView {
                    x: rect.x,
                    y: rect.y,
                    width: rect.width.max(0.0),
                    height: rect.height.max(0.0),
                    label: shown(listing.class_name(object.class)),
                    is_odd: match finding.objects.is_empty() {
                        false => is_named(place),
                        true => !row.flaws.is_empty(),
                    },
                })
            })
            .collect();
        all.sort_by_key(|view| !view.is_odd);
        all.truncate(BOXES);
        (!all.is_empty()).then_some(Self {
            width: header.width,
            height: header.height,
            all,
        })
    }
}

/// What is shown of one check.
#[derive(Debug, Serialize)]
pub(super) struct SectionView {
    code: &'static str,
    name: &'static str,
    summary: &'static str,
    next_step: &'static str,
    severity: &'static str,
    count: String,
    left: usize,
    cards: Vec<Card>,
}

/// A finding with its images.
#[derive(Debug, Serialize)]
struct Card {
    id: String,
    severity: &'static str,
    message: String,
    /// The same without anything that steers.
    about: String,
    /// Its classes, a line each.
    labels: String,
    /// Labels to decide on.
    asks: Vec<Ask>,
    images: Vec<Image>,
    /// Samples of the finding whose images are not shown.
    more: usize,
    /// What was done to the first image to get the second, and how sure.
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
    laid: Option<Laid>,
    similarity: String,
    distance: Option<u32>,
}

/// A label to decide on.
#[derive(Debug, Serialize)]
struct Ask {
    sample: String,
    given: String,
    suggested: Option<String>,
    content: String,
}

/// The classes of a finding, a line each.
pub(super) fn labels(report: &Report<'_>, finding: &Finding) -> String {
    let names = finding
        .labels
        .iter()
        .map(|&id| shown(report.listing.class_name(id)));
    names.collect::<Vec<_>>().join("\n")
}

/// How the second image is laid over the first, for a style sheet.
#[derive(Debug, Serialize)]
struct Laid {
    /// Width over height of the first.
    ratio: f64,
    /// A CSS transformation about the top left corner.
    transform: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Image {
    key: String,
    split: Option<String>,
    label: Option<String>,
    /// A link to the file.
    original: Option<String>,
    /// JPEG in Base64.
    data: Option<String>,
    size: Option<String>,
    /// The boxes of its objects, where the finding is about these.
    boxes: Option<Boxes>,
    /// The object that the finding is about, cut out: JPEG in Base64.
    crop: Option<String>,
}

/// Boxes over an image of that size.
#[derive(Debug, Serialize)]
struct Boxes {
    width: u32,
    height: u32,
    all: Vec<BoxView>,
}

/// A box in pixels of the upright image.
#[derive(Debug, Serialize)]
struct BoxView {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
    label: String,
    is_odd: bool,
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
