//! Files of many bands, and measurements of ground.

use super::*;

#[test]
fn three_of_many_bands_are_shown_and_ground_is_stretched() {
    // Five bands of 16 bits on earth; the second is far brighter than those shown.
    let value = |pixel: u16, band: u16| 1000 * band + pixel + if band == 3 { 50_000 } else { 0 };
    let strip =
        |pixels: u16| (0..pixels).flat_map(|p| (0..5).flat_map(move |b| value(p, b).to_le_bytes()));
    let bytes = |fields: &[(u16, Vec<u32>)]| {
        let usual = vec![
            (256, vec![20]),
            (257, vec![20]),
            (258, vec![16; 5]),
            (259, vec![1]),
            (262, vec![1]),
            (277, vec![5]),
            (278, vec![20]),
            (338, vec![0; 4]),
        ];
        file(
            true,
            [usual, fields.to_vec()].concat(),
            &[strip(400).collect()],
        )
    };
    let read = |bytes: &[u8]| match whole(bytes, &Limits::default()).expect("read").samples {
        Samples::Sixteen(samples) => samples,
        Samples::Eight(_) => panic!("eight bits"),
    };
    let plain = read(&bytes(&[]));
    assert_eq!(plain[3 * 7..3 * 8], [7, 1007, 2007]);
    let ground = read(&bytes(&[(33_550, vec![1, 1, 0])]));
    assert_eq!(ground.len(), 3 * 400);
    // The least and greatest 2% of what is shown lie beyond black and white.
    assert_eq!((ground[0], ground[3 * 400 - 1]), (0, 65_535));
    let middle = f64::from(ground[3 * 200 + 1]) / 65_535.0;
    assert!(
        (middle - (1200.0 - 24.0) / (2399.0 - 48.0)).abs() < 0.01,
        "{middle}"
    );
    for end in (0..bytes(&[]).len()).step_by(97) {
        assert!(
            whole(&bytes(&[])[..end], &Limits::default()).is_err(),
            "{end}"
        );
    }
}

#[test]
fn number_for_nothing_is_black_and_does_not_stretch() {
    let mut out = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut out).expect("a file");
    let mut image =
        (encoder.new_image::<tiff::encoder::colortype::Gray16>(20, 20)).expect("an image");
    let tags = image.encoder();
    let written = [
        tags.write_tag(tiff::tags::Tag::Unknown(33_550), &[1.0, 1.0, 0.0][..]),
        tags.write_tag(tiff::tags::Tag::Unknown(42_113), "60000"),
    ];
    assert!(written.iter().all(Result::is_ok));
    let pixels: Vec<u16> = (0..400)
        .map(|i| if i < 100 { 60_000 } else { 500 + i })
        .collect();
    image.write_data(&pixels).expect("written");
    let read = whole(&out.into_inner(), &Limits::default()).expect("read");
    let Samples::Sixteen(samples) = read.samples else {
        panic!("eight bits");
    };
    assert_eq!(
        (samples[0], samples[99], samples[100], samples[399]),
        (0, 0, 0, 65_535)
    );
    assert!((30_000..36_000).contains(&samples[250]), "{}", samples[250]);
}
