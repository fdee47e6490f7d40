//! Zip archives as most tools write them, by hand (APPNOTE.TXT 6.3.10): the crate
//! has its packer left out.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// An archive of these members.
pub(crate) fn deflated_zip(members: &[(String, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(bytes).expect("written");
        let packed = packer.finish().expect("finished");
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let mut facts = Vec::new();
        for field in [20_u16, 0, 8, 0, 33] {
            facts.extend(field.to_le_bytes());
        }
        for field in [crc.sum(), packed.len() as u32, bytes.len() as u32] {
            facts.extend(field.to_le_bytes());
        }
        facts.extend((name.len() as u16).to_le_bytes());
        facts.extend(0_u16.to_le_bytes());
        let offset = file.len() as u32;
        file.extend(b"PK\x03\x04");
        file.extend(&facts);
        file.extend(name.as_bytes());
        file.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&facts);
        // Comment, disk, attributes: none.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (offset, count) = (file.len() as u32, members.len() as u16);
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(count.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(offset.to_le_bytes());
    file.extend([0, 0]);
    file
}
