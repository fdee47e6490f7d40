//! A mosaic cut into overlapping tiles: dealt at random, found, split by place.

use std::collections::BTreeMap;
use std::io::Cursor;

use tiff::encoder::{TiffEncoder, colortype};
use tiff::tags::Tag;

use super::run::Place;

/// Tiles along either side, their pixels, and the pixels from one to the next.
const TILES: u32 = 10;
const SIDE: u32 = 32;
const STEP: u32 = 24;

/// A tile of a mosaic of 10 m a pixel in UTM zone 33: hills of 16 bits.
fn tile(column: u32, row: u32) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).expect("a file");
    let mut image = encoder
        .new_image::<colortype::Gray16>(SIDE, SIDE)
        .expect("an image");
    let tags = image.encoder();
    let corner = [
        500_000.0 + f64::from(column * STEP) * 10.0,
        5_000_000.0 - f64::from(row * STEP) * 10.0,
    ];
    let tie = [0.0, 0.0, 0.0, corner[0], corner[1], 0.0];
    let keys: [u16; 12] = [1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32_633];
    let written = [
        tags.write_tag(Tag::ModelPixelScaleTag, &[10.0, 10.0, 0.0][..]),
        tags.write_tag(Tag::ModelTiepointTag, &tie[..]),
        tags.write_tag(Tag::GeoKeyDirectoryTag, &keys[..]),
    ];
    assert!(written.iter().all(Result::is_ok));
    let pixels: Vec<u16> = (0..SIDE * SIDE)
        .map(|i| {
            let x = f64::from(column * STEP + i % SIDE);
            let y = f64::from(row * STEP + i / SIDE);
            let height = (x / 7.0).sin() * (y / 11.0).cos() + (x * y / 900.0).sin();
            (1200.0 + 500.0 * height) as u16
        })
        .collect();
    image.write_data(&pixels).expect("written");
    file.into_inner()
}

/// By column and row, whether the tile is in the test split: about a quarter, dealt as
/// by chance.
fn dealt() -> BTreeMap<(u32, u32), bool> {
    let all = (0..TILES).flat_map(|column| (0..TILES).map(move |row| (column, row)));
    all.map(|(column, row)| {
        let mixed = (column * 31 + row * 17 + column * row * 7).wrapping_mul(2_654_435_761);
        ((column, row), mixed >> 30 == 0)
    })
    .collect()
}

fn mosaic(place: &Place) -> BTreeMap<(u32, u32), bool> {
    let dealt = dealt();
    for (&(column, row), &in_test) in &dealt {
        let split = if in_test { "test" } else { "train" };
        let class = if (column / 2 + row) % 2 == 0 {
            "field"
        } else {
            "town"
        };
        let name = format!("data/{split}/{class}/{column:02}-{row:02}.tif");
        place.write(name, tile(column, row));
    }
    dealt
}

#[test]
fn tiles_that_overlap_across_splits_are_counted_and_blocks_cure_it() {
    let place = Place::new();
    let dealt = mosaic(&place);
    // Tiles overlap with all eight around them.
    let around = |&(column, row): &(u32, u32)| {
        dealt
            .iter()
            .any(|(&(c, r), &in_test)| !in_test && c.abs_diff(column) <= 1 && r.abs_diff(row) <= 1)
    };
    let test: Vec<_> = dealt.iter().filter(|(_, in_test)| **in_test).collect();
    let met = test.iter().filter(|(tile, _)| around(tile)).count();
    assert!(test.len() > 15 && met > 15, "{met} of {}", test.len());

    let scan = [
        "scan",
        "data",
        "--select",
        "LEAK009",
        "--jobs",
        "2",
        "--no-cache",
    ];
    place.splitlint(scan).exits(1);
    let findings = place.read("splitlint-report/findings.csv");
    let overall = format!("{met} of {} evaluation images", test.len());
    assert!(findings.contains(&overall), "{overall}: {findings}");
    assert!(findings.contains("spatial autocorrelation"), "{findings}");
    // A quarter of a side is common to neighbours.
    assert!(
        findings.contains("have 25% of the smaller one's ground in common"),
        "{findings}"
    );

    let blocks = [
        "resplit",
        "data",
        "--spatial-blocks",
        "960",
        "--fresh",
        "--to",
        "new",
    ];
    let sizes = ["--sizes", "train=0.7,test=0.3"];
    let answer = place.splitlint(blocks).args(sizes).exits(0);
    let rows = place.read("splitlint-resplit/splits.csv");
    let left_out = rows.matches("left out: its ground is near that of").count();
    assert!((1..60).contains(&left_out), "{left_out}: {}", answer.stdout);
    let scan = [
        "scan",
        "new",
        "--select",
        "LEAK009",
        "--no-cache",
        "--report",
        "again",
    ];
    place.splitlint(scan).exits(0);
    let findings = place.read("again/findings.csv");
    assert!(!findings.contains("ground in common"), "{findings}");
}

#[test]
fn mosaic_without_gaps_is_one_atom_by_footprints_and_photos_have_none() {
    let place = Place::new();
    mosaic(&place);
    let together = ["resplit", "data", "--keep-together", "footprints"];
    let answer = place.splitlint(together).exits(1);
    let large = format!("has {} samples", TILES * TILES);
    assert!(answer.stdout.contains(&large), "{}", answer.stdout);
    let other = Place::new();
    other.leaky_set();
    let answer = other
        .splitlint(["resplit", "data", "--spatial-blocks"])
        .exits(2);
    assert!(
        answer.stderr.contains("states where it lies on earth"),
        "{}",
        answer.stderr
    );
}

#[test]
fn world_files_place_images_and_are_no_stray_files() {
    let place = Place::new();
    for (split, shift) in [("train", 0), ("test", 40)] {
        let mut pixels = image::RgbImage::new(64, 64);
        for (x, y, pixel) in pixels.enumerate_pixels_mut() {
            pixel.0 = [(x * 3 + y) as u8, (y * 4) as u8, (x + shift) as u8];
        }
        let mut png = Cursor::new(Vec::new());
        pixels
            .write_to(&mut png, image::ImageFormat::Png)
            .expect("encoded");
        place.write(format!("data/{split}/a/{split}.png"), png.into_inner());
        let world = format!("1\n0\n0\n-1\n{}.5\n999.5\n", 1000 + shift);
        place.write(format!("data/{split}/a/{split}.pgw"), world);
    }
    let scan = ["scan", "data", "--select", "LEAK009,FILE004", "--no-cache"];
    let answer = place.splitlint(scan).exits(1);
    let said = &answer.stdout;
    assert!(
        said.contains("have 37.5% of the smaller one's ground"),
        "{said}"
    );
    assert!(said.contains("no file names the system"), "{said}");
    assert!(!said.contains("FILE004 `"), "{said}");
}
