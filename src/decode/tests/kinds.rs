//! Kinds of single formats: interlaced GIF, icons, bitmaps of OS/2, JPEG with its height last.

use super::*;

#[test]
fn gif_rows_come_out_as_the_library_gives_them_interlaced_or_not() {
    for interlaced in [false, true] {
        for (left, top, width, height) in [(0, 0, 61, 45), (7, 5, 40, 33), (50, 40, 61, 45)] {
            let mut file = Vec::new();
            let mut encoder = gif::Encoder::new(&mut file, 61, 45, &[]).unwrap();
            let palette: Vec<u8> = (0..=255u8).flat_map(|v| [v, 255 - v, v / 2]).collect();
            let rows = (0..height).map(|y| if interlaced { stored(y, height) } else { y });
            let pixels: Vec<u8> = rows
                .flat_map(|y| (0..width).map(move |x| ((x * 3 + y * 5) % 256) as u8))
                .collect();
            let frame = gif::Frame {
                left,
                top,
                width,
                height,
                interlaced,
                transparent: Some(17),
                palette: Some(palette),
                buffer: pixels.into(),
                ..gif::Frame::default()
            };
            encoder.write_frame(&frame).unwrap();
            drop(encoder);
            let shown = preview(&file, None, &Limits::default(), 61).unwrap();
            let whole = pixels_of(&file);
            for (seen, &[r, g, b, a]) in shown.pixels().zip(whole.as_chunks::<4>().0) {
                let wanted = if a == 0 { [255; 3] } else { [r, g, b] };
                let near = seen.0.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 3);
                assert!(near, "{seen:?} {wanted:?}");
            }
        }
    }
}

/// The row that an interlaced frame stores as number `place`.
fn stored(place: u16, height: u16) -> u16 {
    let passes = [(0u16, 8usize), (4, 8), (2, 4), (1, 2)];
    let order = passes
        .iter()
        .flat_map(|&(first, step)| (first..height).step_by(step));
    order.collect::<Vec<_>>()[usize::from(place)]
}

fn pixels_of(file: &[u8]) -> Vec<u8> {
    pixels(file, None, &Limits::default()).unwrap().rgba
}

#[test]
fn an_icon_shows_its_largest_image() {
    let one = |image: &DynamicImage| written(image, ImageFormat::Png);
    let small = one(&DynamicImage::ImageRgba8(RgbaImage::from_pixel(
        8,
        8,
        Rgba([9, 9, 9, 255]),
    )));
    let large = one(&DynamicImage::ImageRgb8(scene(40, 30)));
    for (first, second) in [(&small, &large), (&large, &small)] {
        let mut file = b"\0\0\x01\0\x02\0".to_vec();
        let mut at = 6 + 2 * 16;
        for image in [first, second] {
            // The small one claims more bits a pixel.
            let (side, bits) = if image == &small { (8, 32) } else { (40, 8) };
            file.extend([side, side, 0, 0, 1, 0, bits, 0]);
            file.extend((image.len() as u32).to_le_bytes());
            file.extend((at as u32).to_le_bytes());
            at += image.len();
        }
        let file = [file, first.clone(), second.clone()].concat();
        let shown = pixels(&file, None, &Limits::default()).unwrap();
        assert_eq!(shown, pixels(&large, None, &Limits::default()).unwrap());
    }
}

#[test]
fn bitmaps_of_os2_are_those_of_windows() {
    let image = DynamicImage::ImageLuma8(DynamicImage::ImageRgb8(scene(40, 30)).to_luma8());
    let windows = written(&image, ImageFormat::Bmp);
    let header = u32::from_le_bytes([windows[14], windows[15], windows[16], windows[17]]);
    let pixels_at = u32::from_le_bytes([windows[10], windows[11], windows[12], windows[13]]);
    // Colours of the palette, four bytes each, lie between the header and the pixels.
    for length in [16u32, 64] {
        let mut file = windows[..14].to_vec();
        file[10..14].copy_from_slice(&(pixels_at + length - header).to_le_bytes());
        file.extend(length.to_le_bytes());
        file.extend(&windows[18..14 + header.min(length).min(40) as usize]);
        file.resize(14 + length as usize, 0);
        file.extend(&windows[14 + header as usize..]);
        let [os2, windows] =
            [&file, &windows].map(|file| pixel_hash(file, None, &Limits::default()));
        assert_eq!(os2, windows, "{length}");
        for end in 0..file.len() {
            assert!(
                decode(&file[..end], None, &Limits::default()).is_err(),
                "{end}"
            );
        }
    }
}

#[test]
fn a_jpeg_may_define_its_height_behind_the_scan() {
    let image = DynamicImage::ImageRgb8(scene(400, 300));
    let whole = written(&image, ImageFormat::Jpeg);
    let frame = whole
        .windows(2)
        .position(|two| two == [0xFF, 0xC0])
        .unwrap();
    let mut late = whole.clone();
    let height = late[frame + 5..frame + 7].to_vec();
    let lines = [&[0xFF, 0xDC, 0, 4][..], &height].concat();
    let end = late.len() - 2;
    late.splice(end..end, lines.iter().copied());
    let twice = late.clone();
    late[frame + 5..frame + 7].fill(0);
    // Cut short, an Adobe segment says nothing; before the frame, lines do not either.
    let mut odd = whole.clone();
    odd.splice(2..2, [0xFF, 0xEE, 0, 4, 1, 2, 0xFF, 0xDC, 0, 4, 9, 9]);
    for file in [late, twice, odd] {
        let seen = decode(&file, None, &Limits::default()).unwrap();
        assert_eq!(seen, decode(&whole, None, &Limits::default()).unwrap());
        let hash = |file: &[u8]| pixel_hash(file, None, &Limits::default()).unwrap();
        assert_eq!(hash(&file), hash(&whole));
    }
    let nowhere: Vec<u8> = (whole.iter().enumerate())
        .map(|(at, &byte)| {
            if (frame + 5..frame + 7).contains(&at) {
                0
            } else {
                byte
            }
        })
        .collect();
    assert!(decode(&nowhere, None, &Limits::default()).is_err());
}
