//! The flaws an image may have, each with its bar and the bar's source.

use super::typical::{Typical, has_colour, pixels};
use crate::decode::{ColourMode, Thumbnail};
use crate::fingerprint::ImageFacts;

/// Something wrong with an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// Ten times the pixels of the middle image, or a tenth.
    OddSize,
    /// Much longer than wide or wider than long.
    OddAspect,
    /// One colour all over.
    Blank,
    /// Even the bright parts are dark.
    TooDark,
    /// Even the dark parts are white.
    TooBright,
    /// Hardly any difference between dark and bright.
    LowContrast,
    /// No detail even in the thumbnail.
    Blurry,
    /// Without colour in a set of colour images.
    Grayscale,
    /// The name's ending belongs to another format.
    WrongExtension,
    /// A colour mode or bit depth that hardly any other image has.
    UnusualMode,
}

impl Flaw {
    /// Whether it is one only beside other images: then what most images
    /// of a split or a class share is no flaw of theirs (cleanvision 0.3 drops
    /// an issue of more than half of all images too), and the SHORTCUT checks
    /// tell of it where it gives the split or the class away.
    pub(super) fn is_relative(self) -> bool {
        !matches!(self, Self::Blank | Self::WrongExtension)
    }

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::OddSize => "odd-size",
            Self::OddAspect => "odd-aspect",
            Self::Blank => "blank",
            Self::TooDark => "too-dark",
            Self::TooBright => "too-bright",
            Self::LowContrast => "low-contrast",
            Self::Blurry => "blurry",
            Self::Grayscale => "grayscale",
            Self::WrongExtension => "wrong-extension",
            Self::UnusualMode => "unusual-mode",
        }
    }
}

/// Cleanvision 0.3 calls an image dark whose 99th percentile of brightness is
/// below 0.32.
const DARK: f64 = 0.32 * 255.0;

/// Cleanvision 0.3 calls an image light whose 5th percentile is above 0.95.
const LIGHT: f64 = 0.95 * 255.0;

/// scikit-image's `is_low_contrast` warns when the 1st to 99th percentile span
/// less than 5% of the range, which a blank page does; 15% is what a page seen
/// through fog spans.
const CONTRAST_SPAN: f64 = 0.15 * 255.0;

/// Cleanvision 0.3: a short side below 0.35 of the long one.
const ASPECT: f64 = 0.35;

/// Cleanvision 0.3: ten times the typical size or a tenth of it.
const SIZE: f64 = 10.0;

/// Sharpness of the strongest edges of a thumbnail of 64 pixels. Edges, because
/// haze and plain sky are smooth without being blurred. Of 250 photos of clothes
/// all lie above 1.0, under a plain sky and in haze too; blurred by 2% of their
/// long side (standard deviation of the Gaussian) four fifths lie below 0.5, by
/// 3% all.
const SHARPNESS: f64 = 0.5;

/// Grayscale is odd only where nearly all others have colour.
const MOSTLY_COLOURED: f64 = 0.95;

/// A mode is unusual below one image in twenty, of twenty at least.
const RARE_MODE: f64 = 0.05;
const ENOUGH_IMAGES: usize = 20;

/// All flaws of one image, each with a score below 1 that says how bad it is.
pub(super) fn judge(key: &str, facts: &ImageFacts, typical: &Typical) -> Vec<(Flaw, f64)> {
    let scores = [
        (Flaw::OddSize, size(facts, typical)),
        (Flaw::OddAspect, aspect(facts)),
        (Flaw::Blank, blankness(facts)),
        (Flaw::TooDark, darkness(facts)),
        (Flaw::TooBright, lightness(facts)),
        (Flaw::LowContrast, contrast(facts)),
        (Flaw::Blurry, sharpness(facts)),
        (Flaw::Grayscale, colour(facts, typical)),
        (Flaw::WrongExtension, extension(key, facts)),
        (Flaw::UnusualMode, mode(facts, typical)),
    ];
    scores
        .into_iter()
        .filter(|&(_, score)| score < 1.0)
        .collect()
}

fn size(facts: &ImageFacts, typical: &Typical) -> f64 {
    if typical.median_pixels <= 0.0 {
        return 1.0;
    }
    let ratio = pixels(facts) / typical.median_pixels;
    (SIZE * ratio.min(1.0 / ratio)).min(1.0)
}

fn aspect(facts: &ImageFacts) -> f64 {
    let (w, h) = (
        f64::from(facts.header.width),
        f64::from(facts.header.height),
    );
    (w.min(h) / w.max(h) / ASPECT).min(1.0)
}

fn blankness(facts: &ImageFacts) -> f64 {
    if facts.statistics.is_flat() { 0.0 } else { 1.0 }
}

fn darkness(facts: &ImageFacts) -> f64 {
    // A blank image is reported as blank.
    if facts.statistics.is_flat() {
        return 1.0;
    }
    (f64::from(facts.statistics.luma_p99) / DARK).min(1.0)
}

fn lightness(facts: &ImageFacts) -> f64 {
    if facts.statistics.is_flat() {
        return 1.0;
    }
    ((255.0 - f64::from(facts.statistics.luma_p5)) / (255.0 - LIGHT)).min(1.0)
}

fn contrast(facts: &ImageFacts) -> f64 {
    // An image blank, too dark or too bright has no contrast either: one flaw
    // is enough.
    if facts.statistics.is_flat() || darkness(facts) < 1.0 || lightness(facts) < 1.0 {
        return 1.0;
    }
    let span = f64::from(facts.statistics.luma_p99 - facts.statistics.luma_p1);
    (span / CONTRAST_SPAN).min(1.0)
}

fn sharpness(facts: &ImageFacts) -> f64 {
    // An image no larger than a thumbnail is its own thumbnail. It was not
    // made smaller, which is what sharpens all but blurred images: a drawing in
    // soft colours and a photo enlarged from 20 pixels look the same there.
    let (width, height) = (facts.header.width, facts.header.height);
    let is_tiny = width.max(height) <= Thumbnail::LUMA_SIDE || width.min(height) < 32;
    match facts.statistics.edge_sharpness {
        Some(sharp) if !is_tiny => (f64::from(sharp) / SHARPNESS).min(1.0),
        _ => 1.0,
    }
}

fn colour(facts: &ImageFacts, typical: &Typical) -> f64 {
    let odd = typical.coloured >= MOSTLY_COLOURED && !has_colour(facts);
    // Odd rather than bad: half.
    if odd { 0.5 } else { 1.0 }
}

fn extension(key: &str, facts: &ImageFacts) -> f64 {
    let name = key.rsplit('/').next().unwrap_or(key);
    let Some((_, extension)) = name.rsplit_once('.') else {
        return 1.0;
    };
    let extension = extension.to_ascii_lowercase();
    // Odd rather than bad: half. An ending that belongs to no format says
    // nothing false.
    let known = crate::decode::Format::ALL
        .iter()
        .any(|format| format.extensions().contains(&extension.as_str()));
    let fits = facts
        .header
        .format
        .extensions()
        .contains(&extension.as_str());
    if known && !fits { 0.5 } else { 1.0 }
}

fn mode(facts: &ImageFacts, typical: &Typical) -> f64 {
    let (colour, depth) = (facts.header.colour, facts.header.bit_depth);
    let count = typical.modes.get(&(colour, depth)).copied().unwrap_or(0);
    let rare =
        typical.images >= ENOUGH_IMAGES && (count as f64) < RARE_MODE * typical.images as f64;
    // Plain gray is reported as an image without colour.
    let plain_gray = matches!(colour, ColourMode::Gray | ColourMode::GrayAlpha) && depth == 8;
    // Odd rather than bad: half.
    if rare && !plain_gray { 0.5 } else { 1.0 }
}
