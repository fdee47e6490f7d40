//! Finds the name of an embedded ICC profile. Does not apply it.

/// The profile's description, empty if it has none that can be read.
pub(crate) fn name(profile: &[u8]) -> String {
    description(profile).unwrap_or_default()
}

/// ICC.1:2022 §7.3: 128 bytes of header, a count, then (signature, offset,
/// size) for each tag; `desc` is a textDescriptionType in version 2 and a
/// multiLocalizedUnicodeType since version 4.
fn description(profile: &[u8]) -> Option<String> {
    let count = be32(profile, 128)?;
    // A profile has a few dozen tags.
    for index in 0..count.min(256) {
        let at = 132 + 12 * index;
        if profile.get(at..at + 4)? != b"desc" {
            continue;
        }
        let start = be32(profile, at + 4)?;
        let size = be32(profile, at + 8)?;
        let tag = profile.get(start..start.checked_add(size)?.min(profile.len()))?;
        return match tag.get(..4)? {
            b"desc" => {
                let length = be32(tag, 8)?;
                let text = tag.get(12..12usize.checked_add(length)?)?;
                Some(clean(&String::from_utf8_lossy(text)))
            }
            b"mluc" => {
                let length = be32(tag, 20)?;
                let offset = be32(tag, 24)?;
                let text = tag.get(offset..offset.checked_add(length)?)?;
                let units: Vec<u16> = text
                    .chunks_exact(2)
                    .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                    .collect();
                Some(clean(&String::from_utf16_lossy(&units)))
            }
            _ => None,
        };
    }
    None
}

/// Names end up in tables: no control characters, and no novels.
fn clean(text: &str) -> String {
    let text = text.split('\0').next().unwrap_or_default();
    text.chars()
        .filter(|character| !character.is_control())
        .take(80)
        .collect::<String>()
        .trim()
        .to_owned()
}

fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_be_bytes([four[0], four[1], four[2], four[3]])).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(tag: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 128];
        bytes.extend(1u32.to_be_bytes());
        bytes.extend(b"desc");
        bytes.extend(144u32.to_be_bytes());
        bytes.extend((tag.len() as u32).to_be_bytes());
        bytes.extend(tag);
        bytes
    }

    #[test]
    fn both_ways_to_write_a_name_are_read() {
        let mut old = b"desc\0\0\0\0\0\0\0\x05".to_vec();
        old.extend(b"sRGB\0");
        assert_eq!(name(&profile(&old)), "sRGB");

        let mut new = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0CenUS".to_vec();
        new.extend(8u32.to_be_bytes());
        new.extend(28u32.to_be_bytes());
        new.extend(b"\0s\0R\0G\0B");
        assert_eq!(name(&profile(&new)), "sRGB");
    }

    #[test]
    fn a_cut_profile_has_no_name_and_does_no_harm() {
        let whole = profile(b"desc\0\0\0\0\0\0\0\x05sRGB\0");
        for length in 0..whole.len() {
            assert_eq!(name(&whole[..length]), "");
        }
    }
}
