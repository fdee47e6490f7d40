//! The samples of a TIFF page as gray or as red, green and blue. Unpacks
//! nothing.

use super::super::whole::{Samples, Whole};
use super::fields::{Alpha, Fields, Lab, Photometric};
use super::numbers::Read;
use crate::decode::DecodeFailure;

/// A sample of either depth, as arithmetic wants it.
trait Sample: Copy + Into<u32> + TryFrom<u32> {
    const FULL: u32;

    fn of(value: u32) -> Self;
}

impl Sample for u8 {
    const FULL: u32 = 255;

    fn of(value: u32) -> Self {
        value.min(Self::FULL) as Self
    }
}

impl Sample for u16 {
    const FULL: u32 = 65_535;

    fn of(value: u32) -> Self {
        value.min(Self::FULL) as Self
    }
}

/// What the samples show.
pub(super) fn shown(read: Read, fields: &Fields) -> Result<Whole, DecodeFailure> {
    let gray = matches!(
        fields.photometric,
        Photometric::BlackIsZero | Photometric::WhiteIsZero
    );
    let alpha = usize::from(fields.alpha.is_some());
    let samples = match (fields.photometric, &read.samples) {
        (Photometric::Palette, samples) => Samples::Eight(looked_up(samples, fields)?),
        (_, Samples::Eight(samples)) => Samples::Eight(converted(samples, fields)),
        (_, Samples::Sixteen(samples)) => Samples::Sixteen(converted(samples, fields)),
    };
    Ok(Whole {
        width: fields.width,
        height: fields.height,
        channels: if gray { 1 } else { 3 } + alpha,
        samples,
        range: read.range,
    })
}

fn converted<S: Sample>(samples: &[S], fields: &Fields) -> Vec<S> {
    let mut shown = Vec::with_capacity(samples.len());
    for pixel in samples.chunks_exact(fields.samples) {
        let begin = shown.len();
        match (fields.photometric, pixel) {
            (Photometric::WhiteIsZero, [v, ..]) => shown.push(S::of(S::FULL - (*v).into())),
            (Photometric::Rgb, [r, g, b, ..]) => shown.extend([*r, *g, *b]),
            (Photometric::YCbCr, [y, cb, cr, ..]) => {
                shown.extend(rgb([*y, *cb, *cr], fields.reference));
            }
            (Photometric::Lab(form), [l, a, b, ..]) => shown.extend(from_lab([*l, *a, *b], form)),
            (Photometric::Cmyk, [c, m, y, k, ..]) => {
                let paper = |ink: S| S::FULL - ink.into();
                let printed = |ink: S| {
                    let both = u64::from(paper(ink)) * u64::from(paper(*k));
                    S::of(((both + u64::from(S::FULL) / 2) / u64::from(S::FULL)) as u32)
                };
                shown.extend([*c, *m, *y].map(printed));
            }
            (_, [v, ..]) => shown.push(*v),
            (_, []) => {}
        }
        if let Some(Alpha {
            sample,
            premultiplied,
        }) = fields.alpha
        {
            let alpha = pixel.get(sample).map_or(0, |&alpha| alpha.into());
            if premultiplied && alpha > 0 {
                for value in &mut shown[begin..] {
                    let full: u64 = u64::from((*value).into()) * u64::from(S::FULL);
                    *value = S::of((full / u64::from(alpha)).min(u64::from(S::FULL)) as u32);
                }
            }
            shown.push(S::of(alpha));
        }
    }
    shown
}

/// Rec. 601, full-range as the JPEG inside a TIFF stores colours, unless `reference`
/// gives other numbers for black, white and the ends of the chromas.
fn rgb<S: Sample>(ycc: [S; 3], reference: Option<[f32; 6]>) -> [S; 3] {
    let full = S::FULL as f32;
    let middle = (full + 1.0) / 2.0;
    let mut ycc = ycc.map(|sample| sample.into() as f32);
    if let Some([black, white, blue, most_blue, red, most_red]) = reference {
        // TIFF 6.0, section 20; codes of no width leave the samples alone.
        let scaled = |code: f32, zero: f32, one: f32, range: f32| match one > zero {
            true => (code - zero) * range / (one - zero),
            false => code,
        };
        let half = middle - 1.0;
        ycc = [
            scaled(ycc[0], black, white, full),
            scaled(ycc[1], blue, most_blue, half) + middle,
            scaled(ycc[2], red, most_red, half) + middle,
        ];
    }
    let [y, cb, cr] = ycc;
    let (cb, cr) = (cb - middle, cr - middle);
    let colours = [
        y + 1.402 * cr,
        y - 0.344_136 * cb - 0.714_136 * cr,
        y + 1.772 * cb,
    ];
    // The cast clamps.
    colours.map(|value| S::of((value + 0.5) as u32))
}

/// CIE L*a*b* before D50 as sRGB (CIE 15; IEC 61966-2-1; Bradford adaptation).
fn from_lab<S: Sample>(lab: [S; 3], form: Lab) -> [S; 3] {
    let full = S::FULL as f32;
    // Numbers of one step of a* and b*.
    let step = (full + 1.0) / 256.0;
    let [l, a, b] = lab.map(|sample| sample.into() as f32);
    let axis = |stored: f32| match form {
        Lab::Signed if stored > full / 2.0 => stored / step - 256.0,
        Lab::Signed => stored / step,
        Lab::Offset => stored / step - 128.0,
    };
    let y = (l / full * 100.0 + 16.0) / 116.0;
    let linear = |t: f32| match t > 6.0 / 29.0 {
        true => t.powi(3),
        false => 3.0 * (6.0f32 / 29.0).powi(2) * (t - 4.0 / 29.0),
    };
    let x = 0.964_22 * linear(y + axis(a) / 500.0);
    let z = 0.825_21 * linear(y - axis(b) / 200.0);
    let y = linear(y);
    let colours = [
        3.133_856 * x - 1.616_867 * y - 0.490_615 * z,
        -0.978_768 * x + 1.916_142 * y + 0.033_454 * z,
        0.071_945 * x - 0.228_991 * y + 1.405_243 * z,
    ];
    colours.map(|value| {
        let value = value.clamp(0.0, 1.0);
        let coded = match value <= 0.003_130_8 {
            true => 12.92 * value,
            false => 1.055 * value.powf(1.0 / 2.4) - 0.055,
        };
        S::of((coded * full + 0.5) as u32)
    })
}

/// Indices looked up in the palette, of which the upper 8 bits count unless
/// they are all empty: then a program wrote 8 where 16 belong.
fn looked_up(samples: &Samples, fields: &Fields) -> Result<Vec<u8>, DecodeFailure> {
    let broken = || DecodeFailure::corrupt("its palette is too short");
    let size = fields.palette.len() / 3;
    if size == 0 {
        return Err(broken());
    }
    let shift = match fields.palette.iter().all(|&colour| colour < 256) {
        true => 0,
        false => 8,
    };
    let one = |index: usize, alpha: Option<u8>, shown: &mut Vec<u8>| {
        for channel in 0..3 {
            let colour = (index < size).then(|| fields.palette[channel * size + index]);
            shown.push((colour.ok_or_else(broken)? >> shift) as u8);
        }
        shown.extend(alpha);
        Ok(())
    };
    let mut shown = Vec::new();
    let opacity = fields.alpha.map(|alpha| alpha.sample);
    match samples {
        Samples::Eight(samples) => {
            for pixel in samples.chunks_exact(fields.samples) {
                let alpha = opacity.and_then(|at| pixel.get(at).copied());
                one(pixel[0].into(), alpha, &mut shown)?;
            }
        }
        Samples::Sixteen(samples) => {
            for pixel in samples.chunks_exact(fields.samples) {
                let alpha = opacity.and_then(|at| Some((pixel.get(at)? >> 8) as u8));
                one(pixel[0].into(), alpha, &mut shown)?;
            }
        }
    }
    Ok(shown)
}
