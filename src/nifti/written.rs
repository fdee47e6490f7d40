//! Writes volumes for tests.

/// A volume of these sides and type code, as NIfTI-2 or NIfTI-1, in either byte order.
pub(crate) fn volume(
    size: [u32; 3],
    code: u16,
    (second, big_endian): (bool, bool),
    value: impl Fn(u32, u32, u32) -> i32,
) -> Vec<u8> {
    let digits = |number: u64, length: usize| match big_endian {
        true => number.to_be_bytes()[8 - length..].to_vec(),
        false => number.to_le_bytes()[..length].to_vec(),
    };
    let (length, offset) = if second { (540, 544u32) } else { (348, 352) };
    let mut file = vec![0; offset as usize];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &digits(length, 4));
    let sides = [
        3,
        u64::from(size[0]),
        u64::from(size[1]),
        u64::from(size[2]),
    ];
    for (index, side) in sides.into_iter().enumerate() {
        match second {
            true => put(16 + 8 * index, &digits(side, 8)),
            false => put(40 + 2 * index, &digits(side, 2)),
        }
    }
    match second {
        true => {
            put(4, b"n+2\0");
            put(12, &digits(code.into(), 2));
            put(168, &digits(offset.into(), 8));
        }
        false => {
            put(344, b"n+1\0");
            put(70, &digits(code.into(), 2));
            put(108, &digits((offset as f32).to_bits().into(), 4));
        }
    }
    for z in 0..size[2] {
        for y in 0..size[1] {
            for x in 0..size[0] {
                let value = value(x, y, z);
                let (bits, length) = match code {
                    2 => (value as u64, 1),
                    4 | 512 => (value as u64, 2),
                    16 => (u64::from((value as f32).to_bits()), 4),
                    64 => (f64::from(value).to_bits(), 8),
                    _ => (value as u64, 4),
                };
                file.extend(digits(bits, length));
            }
        }
    }
    file
}
