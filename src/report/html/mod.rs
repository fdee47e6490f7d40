//! The report as one page for people: opens from disk, asks for nothing,
//! reads without JavaScript.

mod cards;
mod charts;
mod chosen_images;
mod docs;
mod model;
mod scatter;
mod text;

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};

pub(in crate::report) use text::escape_into;

use super::Report;
use crate::error::{Error, Result};
use crate::sample::{ObjectId, SampleId};

/// JPEG files of the images shown, by sample. One that could not be made is
/// left out.
pub type Thumbnails = BTreeMap<SampleId, Vec<u8>>;

/// JPEG files of the objects shown, each cut out of its image. One that could not be made
/// is left out.
pub type Crops = BTreeMap<ObjectId, Vec<u8>>;

/// Where the files of the images shown lie, as a link from the page. One that no
/// link leads to is left out.
pub type Originals = BTreeMap<SampleId, String>;

/// The long side of a thumbnail in pixels: two of them fit beside each other
/// on a telephone, and show what was done to an image.
pub const THUMBNAIL_SIDE: u32 = 192;

/// The samples whose images the page shows, each once: the few that
/// [`render`] wants thumbnails of.
pub fn shown(report: &Report<'_>) -> Vec<SampleId> {
    chosen_images::ChosenImages::plan(report).samples()
}

/// The long side of a crop in pixels.
pub const CROP_SIDE: u32 = 128;

/// The objects that the page shows, each once, in listing order, with their samples.
pub fn shown_objects(report: &Report<'_>) -> Vec<(SampleId, ObjectId)> {
    chosen_images::ChosenImages::plan(report).objects()
}

/// The page, with `thumbnails` for the images that [`shown`] names, and `crops` for the
/// objects of [`shown_objects`].
///
/// # Errors
/// [`Error::Internal`] when the page's own template fails.
pub fn render(
    report: &Report<'_>,
    thumbnails: &Thumbnails,
    crops: &Crops,
    originals: &Originals,
) -> Result<String> {
    let failed = |e: minijinja::Error| Error::Internal(format!("report.html: {e:#}"));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .map_err(failed)?;
    environment.set_syntax(syntax);
    environment.add_filter("ticked", text::ticked);
    for (name, source) in [
        ("page", include_str!("page.html")),
        ("leaks", include_str!("leaks.html")),
        ("distribution", include_str!("distribution.html")),
        ("findings", include_str!("findings.html")),
        ("macros", include_str!("macros.html")),
    ] {
        environment.add_template(name, source).map_err(failed)?;
    }
    let page = model::Page::of(report, (thumbnails, crops), originals);
    environment
        .get_template("page")
        .and_then(|template| {
            template.render(context! {
                page => Serde(&page),
                style => include_str!("style.css"),
                script => include_str!("script.js"),
            })
        })
        .map_err(failed)
}

#[cfg(test)]
mod tests;
