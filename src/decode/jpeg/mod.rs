//! Reads a JPEG's DC coefficients and facts, and checks that the file is
//! whole. Decodes no AC coefficient.
//!
//! A DC coefficient is eight times the mean of its 8 × 8 block, so these are
//! the image at an eighth of its size, for about a tenth of the cost of
//! decoding it. Baseline, extended and progressive Huffman-coded JPEG of 8
//! bits, of any subsampling.

mod bits;
mod facts;
mod frame;
mod huffman;
mod mended;
#[cfg(test)]
mod route_tests;
mod scan;
mod standard;
#[cfg(test)]
mod tests;

use bits::{ScanBytes, skip_scan};
use facts::Quantisation;
use frame::Frame;
pub(crate) use mended::{mended, without_second_height};
use scan::{Definitions, ScanHeader};

use super::DecodeFailure;
use super::header::JpegFacts;
use super::reduce::Blocks;
use super::thumbnail::Plane;

/// What the channels mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    /// One channel: luma.
    Gray,
    /// Luma and two chroma planes.
    YCbCr,
    /// Red, green, blue.
    Rgb,
    /// Four printing colours, in whatever coding.
    Cmyk,
}

/// A JPEG of which every part was found in place.
pub(crate) struct Jpeg<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) colours: Colours,
    pub(crate) facts: JpegFacts,
    /// The TIFF structure of the first EXIF segment.
    pub(crate) exif: Option<&'a [u8]>,
    /// The first part of the ICC profile.
    pub(crate) icc: Option<&'a [u8]>,
    /// Some sequential scan holds a part of the components only.
    pub(crate) scan_by_scan: bool,
    /// Some scan uses a Huffman table that no segment before it defines, and
    /// means the standard one.
    pub(crate) lacks_tables: bool,
    /// A restart marker stands behind the last restart interval of some scan.
    pub(crate) surplus_restart: bool,
    /// A segment behind a scan repeats the height.
    pub(crate) repeats_height: bool,
    frame: Frame,
}

/// The file with the standard Huffman tables defined before all else.
pub(crate) fn with_tables(file: &[u8]) -> Vec<u8> {
    let (start, rest) = file.split_at(file.len().min(2));
    [start, &standard::segment(), rest].concat()
}

impl Jpeg<'_> {
    /// Whether a progressive image holds more luma for its chroma in one
    /// direction than in the other, as 4:2:2 turned by a quarter does.
    pub(crate) fn is_progressive_and_uneven(&self) -> bool {
        self.frame.progressive && self.frame.max_horizontal != self.frame.max_vertical
    }

    /// The channels at an eighth of the size: block means as an inverse
    /// transform of the DC coefficient alone gives them, rounded.
    pub(crate) fn eighth(&self) -> Vec<Blocks> {
        let components = self.frame.components.iter();
        components
            .map(|component| {
                let step = component.table.map_or(1, |table| i32::from(table[0]));
                let (wide, high) = (component.blocks_wide, component.blocks_high);
                let mut samples = Vec::with_capacity(wide as usize * high as usize);
                let rows = component.dc.chunks(component.stride.max(1));
                for row in rows.take(high as usize) {
                    samples.extend(row[..wide as usize].iter().map(|&dc| {
                        let sample = ((i32::from(dc) * step + 4) >> 3) + 128;
                        sample.clamp(0, 255) as u8
                    }));
                }
                let share = |length: u32, factor: u32, max: u32| {
                    f64::from(length) * f64::from(factor) / f64::from(max * 8)
                };
                Blocks {
                    plane: Plane {
                        width: wide,
                        height: high,
                        samples,
                    },
                    covered: (
                        share(self.width, component.horizontal, self.frame.max_horizontal),
                        share(self.height, component.vertical, self.frame.max_vertical),
                    ),
                }
            })
            .collect()
    }
}

/// What has been read so far.
#[derive(Default)]
struct State<'a> {
    frame: Option<Frame>,
    quantisation: [Option<Quantisation>; 4],
    definitions: Definitions<'a>,
    restart_interval: u32,
    exif: Option<&'a [u8]>,
    icc: Option<&'a [u8]>,
    jfif: bool,
    scan_by_scan: bool,
    lacks_tables: bool,
    surplus_restart: bool,
    repeats_height: bool,
    /// The colour transform of an Adobe segment.
    adobe: Option<u8>,
}

/// Reads a file that begins with SOI.
///
/// # Errors
/// `Truncated` when the file ends before its image and its end-of-image
/// marker do, `TooLarge` above `max_pixels`, `Corrupt`, or `Unsupported`
/// naming the variant. Bytes behind the end-of-image marker are ignored.
pub(crate) fn read(file: &[u8], max_pixels: u64) -> Result<Jpeg<'_>, DecodeFailure> {
    let mut state = State::default();
    let mut at = 2;
    loop {
        let (marker, behind) = next_marker(file, at).ok_or(DecodeFailure::Truncated)?;
        at = match marker {
            0xD9 => return state.finish(),
            // TEM, restarts and a repeated SOI stand alone.
            0x01 | 0xD0..=0xD8 => behind,
            _ => {
                let (segment, behind) = segment(file, behind)?;
                state.segment(marker, segment, file.len(), max_pixels)?;
                if marker == 0xDA {
                    state.scan(segment, file, behind)?
                } else {
                    behind
                }
            }
        };
    }
}

/// The next marker and the position behind it. Passes over bytes that belong
/// to nothing, as every decoder does.
fn next_marker(file: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr::memchr(0xFF, file.get(at..)?)?;
        match file.get(at + 1)? {
            0xFF => at += 1,
            0 => at += 2,
            &marker => return Some((marker, at + 2)),
        }
    }
}

/// A segment's content and the position behind it.
fn segment(file: &[u8], at: usize) -> Result<(&[u8], usize), DecodeFailure> {
    let length = file.get(at..at + 2).ok_or(DecodeFailure::Truncated)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    if length < 2 {
        return Err(DecodeFailure::corrupt(
            "a segment is shorter than its length",
        ));
    }
    let content = file
        .get(at + 2..at + length)
        .ok_or(DecodeFailure::Truncated)?;
    Ok((content, at + length))
}

impl<'a> State<'a> {
    fn segment(
        &mut self,
        marker: u8,
        content: &'a [u8],
        file_bytes: usize,
        max_pixels: u64,
    ) -> Result<(), DecodeFailure> {
        match marker {
            0xC0..=0xC2 => {
                if self.frame.is_some() {
                    return Err(DecodeFailure::corrupt("there are two frames"));
                }
                let mut frame = Frame::parse(content, marker == 0xC2, max_pixels)?;
                frame.allocate(file_bytes)?;
                self.frame = Some(frame);
            }
            0xC4 => self.huffman(content)?,
            0xDB => self.quantisation(content)?,
            0xDD => {
                let &[high, low] = content else {
                    return Err(DecodeFailure::corrupt("a restart interval of odd length"));
                };
                self.restart_interval = u32::from(u16::from_be_bytes([high, low]));
            }
            0xE0 => self.jfif |= content.starts_with(b"JFIF\0"),
            0xE1 if self.exif.is_none() => self.exif = content.strip_prefix(b"Exif\0\0"),
            // Behind the name come the part's number and the number of parts.
            0xE2 if self.icc.is_none() => {
                self.icc = content
                    .strip_prefix(b"ICC_PROFILE\0")
                    .and_then(|part| part.get(2..));
            }
            0xDC => self.repeats_height = true,
            0xEE if content.starts_with(b"Adobe") => self.adobe = content.get(11).copied(),
            _ => {
                if let Some(what) = unsupported(marker) {
                    return Err(DecodeFailure::unsupported(what));
                }
            }
        }
        Ok(())
    }

    /// Keeps the definitions of a DHT segment; scans build what they use.
    fn huffman(&mut self, mut content: &'a [u8]) -> Result<(), DecodeFailure> {
        let broken = || DecodeFailure::corrupt("a Huffman table contradicts itself");
        while let Some((&place, rest)) = content.split_first() {
            let counts = rest.get(..16).ok_or_else(broken)?;
            let symbols: usize = counts.iter().map(|&count| usize::from(count)).sum();
            let (definition, rest) = rest.split_at_checked(16 + symbols).ok_or_else(broken)?;
            let tables = match place >> 4 {
                0 => &mut self.definitions.dc,
                1 => &mut self.definitions.ac,
                _ => return Err(broken()),
            };
            let table = tables.get_mut(usize::from(place & 15)).ok_or_else(broken)?;
            *table = Some(definition);
            content = rest;
        }
        Ok(())
    }

    fn quantisation(&mut self, mut content: &[u8]) -> Result<(), DecodeFailure> {
        let broken = || DecodeFailure::corrupt("a quantisation table contradicts itself");
        while let Some((&place, rest)) = content.split_first() {
            let wide = match place >> 4 {
                0 => 1,
                1 => 2,
                _ => return Err(broken()),
            };
            let (steps, rest) = rest.split_at_checked(64 * wide).ok_or_else(broken)?;
            let mut table = [0; 64];
            for (value, step) in table.iter_mut().zip(steps.chunks_exact(wide)) {
                *value = step
                    .iter()
                    .fold(0, |value, &byte| value << 8 | u16::from(byte));
            }
            let slot = usize::from(place & 15);
            *self.quantisation.get_mut(slot).ok_or_else(broken)? = Some(table);
            content = rest;
        }
        Ok(())
    }

    /// Reads or passes over the scan behind its header; gives the position of
    /// the marker that ends it.
    fn scan(&mut self, content: &[u8], file: &[u8], at: usize) -> Result<usize, DecodeFailure> {
        let Some(frame) = &mut self.frame else {
            return Err(DecodeFailure::corrupt("a scan comes before its frame"));
        };
        let header = ScanHeader::parse(content, frame)?;
        self.scan_by_scan |= !frame.progressive && header.is_part(frame);
        self.lacks_tables |= header.lacks_tables(frame, &self.definitions);
        if frame.progressive && !header.has_dc() {
            return skip_scan(file, at).ok_or(DecodeFailure::Truncated);
        }
        header.latch_tables(frame, &self.quantisation)?;
        let scan = ScanBytes::read(file, at);
        let next = scan.next_marker.ok_or(DecodeFailure::Truncated)?;
        let definitions = self.definitions.or_standard();
        self.surplus_restart |=
            scan::read(frame, &header, &definitions, self.restart_interval, &scan)?;
        Ok(next)
    }

    fn finish(self) -> Result<Jpeg<'a>, DecodeFailure> {
        let frame = self.frame.ok_or(DecodeFailure::Truncated)?;
        if frame
            .components
            .iter()
            .any(|component| component.table.is_none())
        {
            return Err(DecodeFailure::Truncated);
        }
        let ids: Vec<u8> = frame
            .components
            .iter()
            .map(|component| component.id)
            .collect();
        let colours = match (ids.len(), self.adobe) {
            (1, _) => Colours::Gray,
            (3, Some(0)) => Colours::Rgb,
            // What libjpeg assumes when nothing else is said.
            (3, None) if !self.jfif && ids == *b"RGB" => Colours::Rgb,
            (3, _) => Colours::YCbCr,
            _ => Colours::Cmyk,
        };
        Ok(Jpeg {
            width: frame.width,
            height: frame.height,
            colours,
            facts: facts::facts(&frame),
            exif: self.exif,
            icc: self.icc,
            scan_by_scan: self.scan_by_scan,
            lacks_tables: self.lacks_tables,
            surplus_restart: self.surplus_restart,
            repeats_height: self.repeats_height,
            frame,
        })
    }
}

/// Names what a marker announces that is not decoded here.
fn unsupported(marker: u8) -> Option<&'static str> {
    match marker {
        0xC3 => Some("lossless JPEG"),
        0xC5..=0xC7 | 0xDE | 0xDF => Some("hierarchical JPEG"),
        0xC9 | 0xCA | 0xCC => Some("arithmetic-coded JPEG"),
        0xCB => Some("lossless arithmetic-coded JPEG"),
        0xCD..=0xCF => Some("hierarchical arithmetic-coded JPEG"),
        0xF7 => Some("JPEG-LS"),
        _ => None,
    }
}
