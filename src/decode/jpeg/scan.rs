//! Reads the DC coefficients of one scan. Knows nothing of other segments.

use std::rc::Rc;

use super::bits::{Bits, ScanBytes};
use super::facts::Quantisation;
use super::frame::Frame;
use super::huffman::{AcTable, DcTable, ac_table, dc_table};
use super::standard;
use crate::decode::DecodeFailure;

/// Tables as the last DHT segments left them: definitions, not yet built.
#[derive(Default, Clone, Copy)]
pub(super) struct Definitions<'a> {
    pub(super) dc: [Option<&'a [u8]>; 4],
    pub(super) ac: [Option<&'a [u8]>; 4],
}

impl<'a> Definitions<'a> {
    /// The same with the standard tables in the places that none was put into.
    pub(super) fn or_standard(mut self) -> Self
    where
        'static: 'a,
    {
        for (place, tables) in standard::TABLES.iter().enumerate() {
            self.dc[place] = self.dc[place].or(Some(tables.dc));
            self.ac[place] = self.ac[place].or(Some(tables.ac));
        }
        self
    }
}

/// What the SOS segment says (ITU-T T.81, B.2.3).
pub(super) struct ScanHeader {
    /// (index of the component, DC table, AC table).
    components: Vec<(usize, usize, usize)>,
    spectral_start: u8,
    approximation_high: u8,
    approximation_low: u8,
}

impl ScanHeader {
    pub(super) fn parse(segment: &[u8], frame: &Frame) -> Result<Self, DecodeFailure> {
        let broken = || DecodeFailure::corrupt("a scan header contradicts itself");
        let (&count, rest) = segment.split_first().ok_or_else(broken)?;
        let count = usize::from(count);
        let (selectors, rest) = rest.split_at_checked(2 * count).ok_or_else(broken)?;
        let &[spectral_start, _, approximation] = rest else {
            return Err(broken());
        };
        let mut components: Vec<(usize, usize, usize)> = Vec::with_capacity(count);
        for selector in selectors.chunks_exact(2) {
            let index = frame
                .components
                .iter()
                .position(|component| component.id == selector[0])
                .ok_or_else(broken)?;
            let (dc, ac) = (usize::from(selector[1] >> 4), usize::from(selector[1] & 15));
            if dc > 3 || ac > 3 || components.iter().any(|&(known, ..)| known == index) {
                return Err(broken());
            }
            components.push((index, dc, ac));
        }
        if components.is_empty() {
            return Err(broken());
        }
        Ok(Self {
            components,
            spectral_start,
            approximation_high: approximation >> 4,
            approximation_low: approximation & 15,
        })
    }

    /// Whether components of the frame are left to other scans.
    pub(super) fn is_part(&self, frame: &Frame) -> bool {
        self.components.len() < frame.components.len()
    }

    /// Whether the scan uses a table that is not among `definitions`.
    pub(super) fn lacks_tables(&self, frame: &Frame, definitions: &Definitions<'_>) -> bool {
        let codes_dc = self.has_dc() && self.approximation_high == 0;
        let codes_ac = !frame.progressive || !self.has_dc();
        (self.components.iter()).any(|&(_, dc, ac)| {
            (codes_dc && definitions.dc[dc].is_none()) || (codes_ac && definitions.ac[ac].is_none())
        })
    }

    /// Whether the scan brings anything for a DC reader.
    pub(super) fn has_dc(&self) -> bool {
        self.spectral_start == 0
    }

    /// Gives each component of the scan the quantisation table in force, unless
    /// an earlier scan did.
    pub(super) fn latch_tables(
        &self,
        frame: &mut Frame,
        tables: &[Option<Quantisation>; 4],
    ) -> Result<(), DecodeFailure> {
        for &(index, ..) in &self.components {
            let component = &mut frame.components[index];
            if component.table.is_none() {
                component.table = tables[component.quantisation];
            }
            if component.table.is_none() {
                return Err(DecodeFailure::corrupt("a quantisation table is missing"));
            }
        }
        Ok(())
    }
}

/// What to do with each block.
enum Coding {
    /// DC difference, then AC coefficients to step over.
    Sequential,
    /// The upper bits of a DC difference, the rest `low` bits down.
    First { low: u32 },
    /// Bit `low` of each DC coefficient.
    Refinement { low: u32 },
}

/// A block of the MCU: where it lies and how it is coded.
struct Unit {
    component: usize,
    /// Blocks right of and below the MCU's first of this component.
    right: u32,
    down: u32,
    dc: Option<Rc<DcTable>>,
    ac: Option<Rc<AcTable>>,
}

/// Reads a scan whose header [has DC](ScanHeader::has_dc). Gives whether a
/// restart marker stands behind its last interval, where cameras put one and
/// no reader looks.
pub(super) fn read(
    frame: &mut Frame,
    header: &ScanHeader,
    definitions: &Definitions<'_>,
    restart_interval: u32,
    scan: &ScanBytes,
) -> Result<bool, DecodeFailure> {
    let coding = coding(frame, header)?;
    let (units, mcus_wide, mcus_high) = layout(frame, header, definitions, &coding)?;
    let mcus = u64::from(mcus_wide) * u64::from(mcus_high);
    let interval = if restart_interval == 0 {
        mcus
    } else {
        u64::from(restart_interval)
    };
    let wanted = mcus.div_ceil(interval);
    let surplus = scan.intervals() as u64 == wanted + 1 && scan.last_is_empty();
    let intervals = scan.intervals() - usize::from(surplus);
    if intervals as u64 != wanted {
        return Err(if (intervals as u64) < wanted {
            DecodeFailure::Truncated
        } else {
            DecodeFailure::corrupt("restart markers where none belong")
        });
    }
    // The number of one that separates nothing means nothing.
    if !scan.restarts_in_order(intervals) {
        return Err(DecodeFailure::corrupt("restart markers out of order"));
    }
    let mut walk = Walk {
        frame,
        units: &units,
        mcus_wide,
        interleaved: header.components.len() > 1,
        predictions: [0; 4],
        places: Vec::with_capacity(units.len()),
    };
    let last = intervals - 1;
    for index in 0..=last {
        let first = index as u64 * interval;
        let count = interval.min(mcus - first);
        let mut bits = scan.interval(index);
        walk.predictions = [0; 4];
        let whole = match coding {
            Coding::Sequential => walk.sequential(&mut bits, first, count)?,
            Coding::First { low } => walk.first(&mut bits, first, count, low)?,
            Coding::Refinement { low } => walk.refinement(&mut bits, first, count, low),
        };
        if !whole {
            return Err(if index == last {
                DecodeFailure::Truncated
            } else {
                DecodeFailure::corrupt("a restart interval ends too early")
            });
        }
    }
    Ok(surplus)
}

fn coding(frame: &Frame, header: &ScanHeader) -> Result<Coding, DecodeFailure> {
    let low = u32::from(header.approximation_low);
    if !frame.progressive {
        return Ok(Coding::Sequential);
    }
    // T.81 table B.3 allows 13.
    if low > 13 {
        return Err(DecodeFailure::corrupt("a scan header contradicts itself"));
    }
    Ok(if header.approximation_high == 0 {
        Coding::First { low }
    } else {
        Coding::Refinement { low }
    })
}

/// The blocks of an MCU, and how many MCUs there are across and down. A scan
/// of one component has one block an MCU, whatever its sampling factors.
fn layout(
    frame: &Frame,
    header: &ScanHeader,
    definitions: &Definitions<'_>,
    coding: &Coding,
) -> Result<(Vec<Unit>, u32, u32), DecodeFailure> {
    let missing = || DecodeFailure::corrupt("a scan uses a Huffman table that is not defined");
    let mut units = Vec::new();
    for &(component, dc, ac) in &header.components {
        let dc = match coding {
            Coding::Refinement { .. } => None,
            _ => Some(dc_table(definitions.dc[dc].ok_or_else(missing)?)?),
        };
        let ac = match coding {
            Coding::Sequential => Some(ac_table(definitions.ac[ac].ok_or_else(missing)?)?),
            _ => None,
        };
        let shape = &frame.components[component];
        let (across, down) = match header.components.len() {
            1 => (1, 1),
            _ => (shape.horizontal, shape.vertical),
        };
        for y in 0..down {
            for x in 0..across {
                units.push(Unit {
                    component,
                    right: x,
                    down: y,
                    dc: dc.clone(),
                    ac: ac.clone(),
                });
            }
        }
    }
    Ok(match header.components.as_slice() {
        [(component, ..)] => {
            let shape = &frame.components[*component];
            (units, shape.blocks_wide, shape.blocks_high)
        }
        _ => (units, frame.mcus_wide(), frame.mcus_high()),
    })
}

/// Goes through MCUs in order.
struct Walk<'a> {
    frame: &'a mut Frame,
    units: &'a [Unit],
    mcus_wide: u32,
    interleaved: bool,
    /// The last DC value of each component.
    predictions: [i32; 4],
    /// Of each unit in the row at hand: component, the place of its block in
    /// the first MCU, and the step to that of the next.
    places: Vec<(usize, usize, usize)>,
}

impl Walk<'_> {
    /// False if the bits ran out.
    fn sequential(
        &mut self,
        bits: &mut Bits<'_>,
        first: u64,
        count: u64,
    ) -> Result<bool, DecodeFailure> {
        for_each_row(first, count, self.mcus_wide, |y, columns| {
            self.enter(y);
            for x in columns {
                for (unit, &place) in self.units.iter().zip(&self.places) {
                    let (Some(dc), Some(ac)) = (&unit.dc, &unit.ac) else {
                        continue;
                    };
                    bits.refill();
                    let difference = dc.difference(bits)?;
                    ac.skip_block(bits)?;
                    let value = predicted(&mut self.predictions, unit.component, difference);
                    *block(self.frame, place, x) = value as i16;
                }
            }
            Ok(!bits.overrun())
        })
    }

    /// False if the bits ran out.
    fn first(
        &mut self,
        bits: &mut Bits<'_>,
        first: u64,
        count: u64,
        low: u32,
    ) -> Result<bool, DecodeFailure> {
        for_each_row(first, count, self.mcus_wide, |y, columns| {
            self.enter(y);
            for x in columns {
                for (index, (unit, &place)) in self.units.iter().zip(&self.places).enumerate() {
                    let Some(dc) = &unit.dc else {
                        continue;
                    };
                    // Four differences take 48 of 56 bits, or refill.
                    if index.is_multiple_of(4) {
                        bits.refill();
                    }
                    let difference = dc.difference(bits)?;
                    let value = predicted(&mut self.predictions, unit.component, difference);
                    *block(self.frame, place, x) = (value << low) as i16;
                }
            }
            Ok(!bits.overrun())
        })
    }

    /// False if the bits ran out.
    fn refinement(&mut self, bits: &mut Bits<'_>, first: u64, count: u64, low: u32) -> bool {
        let whole = for_each_row(first, count, self.mcus_wide, |y, columns| {
            self.enter(y);
            for x in columns {
                for (index, &place) in self.places.iter().enumerate() {
                    // One bit each of 56.
                    if index.is_multiple_of(32) {
                        bits.refill();
                    }
                    let bit = bits.peek(1) as i16;
                    bits.take(1);
                    *block(self.frame, place, x) |= bit << low;
                }
            }
            Ok(!bits.overrun())
        });
        matches!(whole, Ok(true))
    }

    /// Prepares for row `y` of MCUs.
    fn enter(&mut self, y: u32) {
        self.places.clear();
        self.places.extend(self.units.iter().map(|unit| {
            let component = &self.frame.components[unit.component];
            let (line, step) = match self.interleaved {
                true => (y * component.vertical + unit.down, component.horizontal),
                false => (y, 1),
            };
            let first = line as usize * component.stride + unit.right as usize;
            (unit.component, first, step as usize)
        }));
    }
}

#[inline(always)]
fn predicted(predictions: &mut [i32; 4], component: usize, difference: i32) -> i32 {
    // At most four components: `Frame::parse`.
    let prediction = &mut predictions[component & 3];
    *prediction = prediction.wrapping_add(difference);
    *prediction
}

/// The coefficient of a unit in MCU `x` of its row.
#[inline(always)]
fn block(frame: &mut Frame, (component, first, step): (usize, usize, usize), x: u32) -> &mut i16 {
    &mut frame.components[component].dc[first + x as usize * step]
}

/// Splits `count` MCUs from number `first` on into rows and calls `row` with
/// each row's number and columns, until it says false.
fn for_each_row(
    first: u64,
    count: u64,
    mcus_wide: u32,
    mut row: impl FnMut(u32, std::ops::Range<u32>) -> Result<bool, DecodeFailure>,
) -> Result<bool, DecodeFailure> {
    let wide = u64::from(mcus_wide);
    let end = first + count;
    let mut at = first;
    while at < end {
        let (y, x) = (at / wide, at % wide);
        let columns = (end - at).min(wide - x);
        if !row(y as u32, x as u32..(x + columns) as u32)? {
            return Ok(false);
        }
        at += columns;
    }
    Ok(true)
}
