//! Unpacks strips and tiles of the kinds that the `tiff` crate refuses: fax,
//! Zstandard, numbers of 3, 5 to 7 and 9 to 15 bits, bits in reverse order, planes
//! of tiles (of which it takes the last for whole ones, and panics: 0.11.3) or of
//! which some are missing, and subsampled chroma outside JPEG. Knows nothing of
//! colours.

use std::io::Cursor;

use flate2::read::ZlibDecoder;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use super::failure;
use super::fields::{Fields, Kind};
use super::packing::{Units, add_up, fax, lzw, numbers_of, pack_bits, read_of, restore_floats};
use crate::decode::DecodeFailure;

const NONE: u16 = 1;
pub(super) const FAX_RUNS: u16 = 2;
pub(super) const FAX_3: u16 = 3;
pub(super) const FAX_4: u16 = 4;
const LZW: u16 = 5;
pub(super) const OLD_JPEG: u16 = 6;
pub(super) const JPEG: u16 = 7;
const DEFLATE: u16 = 8;
const OLD_DEFLATE: u16 = 32_946;
const PACK_BITS: u16 = 32_773;
const ZSTANDARD: u16 = 50_000;

/// Pixels of a tile at most, where the image is no larger: tiles of 4,096 are the
/// largest in use.
const MOST_PIXELS: usize = 1 << 24;

/// Whether the first page is of a kind that is unpacked here.
pub(super) fn are_ours(fields: &Fields) -> bool {
    match fields.compression {
        JPEG => return fields.planar && fields.tiled,
        NONE | FAX_RUNS..=LZW | DEFLATE | OLD_DEFLATE | PACK_BITS | ZSTANDARD => {}
        // Refused here by name.
        _ => return true,
    }
    matches!(fields.compression, FAX_RUNS | FAX_3 | FAX_4 | ZSTANDARD)
        || fields.reversed
        || !matches!(fields.bits, 1 | 2 | 4 | 8 | 16 | 32 | 64)
        || fields.is_subsampled()
        || fields.planar && (fields.tiled || fields.has_unknown_planes())
}

/// Where the chunks of a page lie, and their size in pixels.
pub(super) struct Layout {
    offsets: Vec<u64>,
    lengths: Vec<u64>,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Chunks from left to right.
    pub(super) across: usize,
    /// Bit 0 of T4Options: rows are coded after the row above.
    two_dimensional: bool,
    differences: Differences,
}

/// What rows hold instead of numbers (TIFF 6.0, section 14; Technical Note 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Differences {
    None,
    /// Differences of neighbours.
    Numbers,
    /// Differences of neighbouring bytes, the highest bytes of all floats first.
    Floats,
}

/// All numbers of the first page, as the `tiff` crate would give them: rows of
/// whole bytes below 8 bits, numbers of 16 up to 16; and the bytes of a plane.
pub(super) fn unpacked(
    bytes: &[u8],
    file: &mut Decoder<Cursor<&[u8]>>,
    fields: &Fields,
) -> Result<(DecodingResult, Option<usize>), DecodeFailure> {
    if fields.is_subsampled() && (fields.bits, fields.samples) != (8, 3) {
        let what = format!("TIFF of {} bits with subsampled chroma", fields.bits);
        return Err(DecodeFailure::unsupported(what));
    }
    let layout = Layout::of(file, fields)?;
    let (planes, samples) = match fields.planar {
        true => (fields.samples, 1),
        false => (1, fields.samples),
    };
    let mut all = Vec::new();
    for plane in 0..planes {
        all.extend(layout.plane(bytes, plane, planes, samples, fields)?);
    }
    let stride = fields.planar.then(|| all.len() / planes);
    let across = fields.width as usize * samples;
    Ok((
        typed(all, across, fields)?,
        stride.map(|stride| match fields.bits {
            9..=15 => fields.width as usize * fields.height as usize * 2,
            _ => stride,
        }),
    ))
}

/// Bytes as numbers; `across`: numbers in a row.
fn typed(all: Vec<u8>, across: usize, fields: &Fields) -> Result<DecodingResult, DecodeFailure> {
    macro_rules! words {
        ($kind:ident $type:ty) => {{
            let words = all.as_chunks::<{ size_of::<$type>() }>().0.iter();
            DecodingResult::$kind(match fields.little {
                true => words.map(|&word| <$type>::from_le_bytes(word)).collect(),
                false => words.map(|&word| <$type>::from_be_bytes(word)).collect(),
            })
        }};
    }
    Ok(match (fields.bits, fields.kind) {
        (8, Kind::Signed) => DecodingResult::I8(all.iter().map(|v| v.cast_signed()).collect()),
        (0..=8, _) => DecodingResult::U8(all),
        (16, Kind::Unsigned) => words!(U16 u16),
        (16, Kind::Signed) => words!(I16 i16),
        (32, Kind::Unsigned) => words!(U32 u32),
        (32, Kind::Signed) => words!(I32 i32),
        (32, Kind::Float) => words!(F32 f32),
        (64, Kind::Float) => words!(F64 f64),
        (9..=15, Kind::Unsigned) => {
            let row = (across * usize::from(fields.bits)).div_ceil(8);
            let rows = all.chunks_exact(row.max(1));
            let numbers = rows.flat_map(|row| numbers_of(row, across, fields.bits));
            DecodingResult::U16(numbers.collect())
        }
        (bits, _) => {
            let what = format!("TIFF of {bits} bits a sample in this packing");
            return Err(DecodeFailure::unsupported(what));
        }
    })
}

impl Layout {
    pub(super) fn of(
        file: &mut Decoder<Cursor<&[u8]>>,
        fields: &Fields,
    ) -> Result<Self, DecodeFailure> {
        let mut many = |tag: Tag| {
            let values = file.find_tag_unsigned_vec::<u64>(tag).map_err(failure)?;
            Ok(values.unwrap_or_default())
        };
        let (offsets, lengths, size) = match fields.tiled {
            true => {
                let mut side = |tag| -> Result<usize, DecodeFailure> {
                    let side = many(tag)?.first().copied().unwrap_or(0);
                    // A tile larger than any image would claim memory for nothing.
                    match usize::try_from(side)
                        .ok()
                        .filter(|side| (1..=1 << 16).contains(side))
                    {
                        Some(side) => Ok(side),
                        None => Err(DecodeFailure::corrupt("its tiles have no size")),
                    }
                };
                let size = (side(Tag::TileWidth)?, side(Tag::TileLength)?);
                (many(Tag::TileOffsets)?, many(Tag::TileByteCounts)?, size)
            }
            false => {
                let rows = many(Tag::RowsPerStrip)?.first().copied();
                let rows = rows.unwrap_or(u64::MAX).min(fields.height.into()).max(1);
                let size = (fields.width as usize, rows as usize);
                (many(Tag::StripOffsets)?, many(Tag::StripByteCounts)?, size)
            }
        };
        let tile = size.0.saturating_mul(size.1);
        if tile > MOST_PIXELS.max(fields.width as usize * fields.height as usize) {
            return Err(DecodeFailure::corrupt(
                "its tiles are larger than any image",
            ));
        }
        let first = |values: Vec<u64>| values.first().copied();
        Ok(Self {
            across: (fields.width as usize).div_ceil(size.0),
            two_dimensional: first(many(Tag::Unknown(292))?).is_some_and(|options| options & 1 > 0),
            differences: match first(many(Tag::Predictor)?) {
                Some(2) => Differences::Numbers,
                Some(3) if fields.kind == Kind::Float => Differences::Floats,
                None | Some(1) => Differences::None,
                Some(_) => return Err(DecodeFailure::corrupt("it has no known predictor")),
            },
            offsets,
            lengths,
            width: size.0,
            height: size.1,
        })
    }

    /// The rows of one plane, each of whole bytes.
    fn plane(
        &self,
        bytes: &[u8],
        plane: usize,
        planes: usize,
        samples: usize,
        fields: &Fields,
    ) -> Result<Vec<u8>, DecodeFailure> {
        let bits = usize::from(fields.bits);
        let (width, height) = (fields.width as usize, fields.height as usize);
        let row_of = |pixels: usize| (pixels * samples * bits).div_ceil(8);
        let row = row_of(width);
        let mut rows = vec![0; row * height];
        let down = height.div_ceil(self.height);
        for index in 0..self.across * down {
            let (left, top) = (
                index % self.across * self.width,
                index / self.across * self.height,
            );
            let chunk = plane * self.across * down + index;
            // A tile is whole, a strip ends with the image.
            let chunk_rows = match fields.tiled {
                true => self.height,
                false => self.height.min(height - top),
            };
            let packed = self.packed(bytes, chunk, fields);
            let packed = match packed {
                Some(packed) => packed,
                // What is neither shown nor covers anything may be missing.
                None if planes > 1 && !fields.shows(plane) => continue,
                None => return Err(DecodeFailure::Truncated),
            };
            let unpacked = self.chunk(&packed, samples, chunk_rows, fields)?;
            let chunk_row = row_of(self.width);
            // Tiles are a multiple of 16 wide, so that none begins within a byte.
            let at = row_of(left);
            let copied = chunk_row.min(row - at.min(row));
            for (y, from) in unpacked.chunks_exact(chunk_row).enumerate() {
                if top + y < height {
                    let place = (top + y) * row + at;
                    rows[place..place + copied].copy_from_slice(&from[..copied]);
                }
            }
        }
        Ok(rows)
    }

    /// The bytes of a chunk as stored. Some writers of one strip leave its length
    /// out.
    pub(super) fn packed(&self, bytes: &[u8], chunk: usize, fields: &Fields) -> Option<Vec<u8>> {
        let offset = usize::try_from(*self.offsets.get(chunk)?).ok()?;
        let stored = match self.lengths.get(chunk) {
            None | Some(0) if self.offsets.len() == 1 => bytes.get(offset..)?,
            length => {
                let length = usize::try_from(*length?).ok()?;
                bytes.get(offset..offset.checked_add(length)?)?
            }
        };
        Some(match fields.reversed {
            true => stored.iter().map(|byte| byte.reverse_bits()).collect(),
            false => stored.to_vec(),
        })
        .filter(|stored| !stored.is_empty())
    }

    /// The rows of a chunk.
    fn chunk(
        &self,
        packed: &[u8],
        samples: usize,
        rows: usize,
        fields: &Fields,
    ) -> Result<Vec<u8>, DecodeFailure> {
        let row = (self.width * samples * usize::from(fields.bits)).div_ceil(8);
        let units = fields.is_subsampled().then_some(fields.subsampling);
        let size = match units {
            Some(by) => Units::of(by, self.width, rows).bytes(),
            None => row.checked_mul(rows).ok_or(DecodeFailure::Truncated)?,
        };
        let mut unpacked = match fields.compression {
            NONE => packed.get(..size).ok_or(DecodeFailure::Truncated)?.to_vec(),
            FAX_RUNS | FAX_3 | FAX_4 => fax(
                packed,
                (self.width, rows),
                fields.compression,
                self.two_dimensional,
            )?,
            LZW => lzw(packed, size)?,
            DEFLATE | OLD_DEFLATE => read_of(ZlibDecoder::new(packed), size)?,
            PACK_BITS => pack_bits(packed, size)?,
            ZSTANDARD => {
                let reader = zstd::stream::read::Decoder::new(packed);
                read_of(
                    reader.map_err(|e| DecodeFailure::corrupt(e.to_string()))?,
                    size,
                )?
            }
            method => return Err(packed_by(method)),
        };
        if unpacked.len() < size {
            return Err(DecodeFailure::Truncated);
        }
        unpacked.truncate(size);
        if let Some(by) = units {
            return Ok(Units::of(by, self.width, rows).spread(&unpacked, self.width, rows));
        }
        for row in unpacked.chunks_exact_mut(row.max(1)) {
            match self.differences {
                Differences::None => {}
                Differences::Numbers => add_up(row, samples, fields)?,
                Differences::Floats => restore_floats(row, samples, fields),
            }
        }
        Ok(unpacked)
    }
}

/// The failure for a compression method that nobody here unpacks.
pub(super) fn packed_by(method: u16) -> DecodeFailure {
    let name = match method {
        JPEG => "JPEG in this arrangement",
        9 | 10 | 34_661 => "JBIG",
        32_766 => "NeXT",
        32_809 => "ThunderScan",
        33_003 | 33_005 | 34_712 => "JPEG 2000",
        34_676 | 34_677 => "LogLuv",
        34_887 => "LERC",
        34_892 => "lossy DNG",
        34_925 => "LZMA",
        50_001 => "WebP",
        50_002 | 52_546 => "JPEG XL",
        _ => return DecodeFailure::unsupported(format!("TIFF of compression method {method}")),
    };
    DecodeFailure::unsupported(format!("TIFF packed by {name}"))
}
