use super::*;
use crate::decode::{ColourMode, Format, Header, Orientation};
use crate::executor::StopFlag;
use crate::fingerprint::{Fingerprint, ImageFacts, Statistics};
use crate::sample::{
    Bounds, ClassId, Labels, NO_OBJECTS, Object, ObjectFlags, Sample, SampleKey, Split, SplitId,
};
use crate::statistics::Random;

/// Images of 640 × 480 with boxes, each image in a split of its own number.
struct Made {
    listing: Listing,
    fingerprints: Vec<Option<Fingerprint>>,
}

fn header(width: u32, height: u32, orientation: Orientation) -> Header {
    Header {
        format: Format::Jpeg,
        width,
        height,
        orientation,
        colour: ColourMode::Rgb,
        bit_depth: 8,
        animated: false,
        exif: None,
        jpeg: None,
        icc: None,
    }
}

impl Made {
    fn new() -> Self {
        Self {
            listing: Listing {
                splits: ["train", "val"].map(Split::named).into(),
                classes: vec!["cat".to_owned(), "dog".to_owned()],
                ..Listing::default()
            },
            fingerprints: Vec::new(),
        }
    }

    fn add(&mut self, split: u16, header: Header, objects: &[(u32, Bounds)]) {
        let id = SampleId(self.listing.samples.len() as u32);
        let start = ObjectId(self.listing.objects.len() as u32);
        let made = objects.iter().map(|&(class, bounds)| Object {
            class: ClassId(class),
            bounds,
            flags: ObjectFlags::default(),
        });
        self.listing.objects.extend(made);
        self.listing.samples.push(Sample {
            id,
            key: SampleKey::from_path(format!("{}.jpg", id.0).as_ref()),
            split: Some(SplitId(split)),
            labels: Labels::from_classes(objects.iter().map(|&(c, _)| ClassId(c)).collect()),
            objects: match objects {
                [] => NO_OBJECTS,
                _ => start..ObjectId(self.listing.objects.len() as u32),
            },
            group: None,
        });
        self.fingerprints.push(Some(Fingerprint {
            content: None,
            bytes: 1,
            image: Ok(ImageFacts {
                header,
                statistics: Statistics {
                    brightness: 0.0,
                    contrast: 0.0,
                    mean_cb: 0.0,
                    mean_cr: 0.0,
                    colourfulness: 0.0,
                    sharpness: 0.0,
                    edge_sharpness: None,
                    entropy: 0.0,
                    luma_p1: 0.0,
                    luma_p5: 0.0,
                    luma_p99: 0.0,
                    border_luma: 0.0,
                    border_width: 0.0,
                },
                hashes: None,
                mattes: false,
            }),
        }));
    }

    fn table(&self) -> ObjectTable {
        let fingerprints = FingerprintTable::new(self.fingerprints.clone());
        let executor = Executor::new(1, StopFlag::default()).expect("a thread");
        ObjectTable::of(&self.listing, &fingerprints, &executor).expect("not stopped")
    }

    /// The flaws of all objects of one image of 640 × 480.
    fn flaws(objects: &[(u32, Bounds)]) -> Vec<Vec<BoxFlaw>> {
        let mut made = Self::new();
        made.add(0, header(640, 480, Orientation::Upright), objects);
        let table = made.table();
        table
            .rows
            .iter()
            .map(|row| row.flaws.iter().collect())
            .collect()
    }
}

fn pixels(x: f32, y: f32, width: f32, height: f32) -> Bounds {
    Bounds::Pixels(Rect {
        x,
        y,
        width,
        height,
    })
}

fn shares(x: f32, y: f32, width: f32, height: f32) -> Bounds {
    Bounds::Shares(Rect {
        x,
        y,
        width,
        height,
    })
}

#[test]
fn each_flaw_of_a_box_is_found_and_a_sound_box_has_none() {
    let found = Made::flaws(&[
        (0, pixels(10.0, 10.0, 100.0, 50.0)),
        (0, pixels(600.0, 10.0, 60.0, 50.0)),
        (0, pixels(10.0, 100.0, 0.0, 50.0)),
        (0, pixels(0.0, 0.0, 640.0, 479.0)),
        (0, pixels(f32::NAN, 0.0, 64.0, 47.0)),
        (0, pixels(10.0, 200.0, -20.0, 50.0)),
    ]);
    assert_eq!(
        found,
        [
            vec![],
            vec![BoxFlaw::Outside],
            vec![BoxFlaw::Degenerate],
            vec![BoxFlaw::CoversImage],
            vec![BoxFlaw::Degenerate],
            vec![BoxFlaw::Degenerate],
        ]
    );
}

#[test]
fn boxes_on_each_other_are_duplicates_conflicts_or_a_crowd() {
    let found = Made::flaws(&[
        (0, pixels(10.0, 10.0, 100.0, 100.0)),
        (0, pixels(11.0, 10.0, 100.0, 100.0)),
        (0, pixels(300.0, 10.0, 100.0, 100.0)),
        (1, pixels(301.0, 10.0, 100.0, 100.0)),
        (1, pixels(10.0, 300.0, 100.0, 100.0)),
        (1, pixels(20.0, 300.0, 100.0, 100.0)),
        (0, pixels(300.0, 300.0, 100.0, 100.0)),
        (1, pixels(310.0, 300.0, 100.0, 100.0)),
    ]);
    let (same, two, crowd) = (
        vec![BoxFlaw::Duplicate],
        vec![BoxFlaw::TwoClasses],
        vec![BoxFlaw::Crowded],
    );
    let none = Vec::new();
    let expected = [&same, &same, &two, &two, &crowd, &crowd, &none, &none];
    assert!(found.iter().eq(expected));
}

#[test]
fn overlaps_are_those_of_comparing_all_boxes() {
    let mut random = Random::seeded(5);
    let boxes: Vec<(u32, Bounds)> = (0..200)
        .map(|_| {
            let mut part = |most: f32| (random.uniform() as f32 * most).floor();
            let class = u32::from(part(2.0) > 0.0);
            (
                class,
                pixels(part(9.0), part(9.0), 40.0 + part(4.0), 40.0 + part(4.0)),
            )
        })
        .collect();
    let found = Made::flaws(&boxes);
    for (i, (class, a)) in boxes.iter().enumerate() {
        let overlaps = |same: bool, above: f64, up_to: f64| {
            boxes.iter().enumerate().any(|(j, (other, b))| {
                let overlap = a.in_pixels(1, 1).iou(&b.in_pixels(1, 1));
                i != j && (class == other) == same && overlap > above && overlap <= up_to
            })
        };
        assert_eq!(
            found[i].contains(&BoxFlaw::Duplicate),
            overlaps(true, 0.95, 1.0)
        );
        assert_eq!(
            found[i].contains(&BoxFlaw::Crowded),
            overlaps(true, 0.7, 0.95)
        );
        assert_eq!(
            found[i].contains(&BoxFlaw::TwoClasses),
            overlaps(false, 0.95, 1.0)
        );
    }
}

#[test]
fn shares_become_pixels_of_the_upright_image() {
    let mut made = Made::new();
    let turned = header(480, 640, Orientation::QuarterTurn);
    made.add(0, turned, &[(0, shares(0.5, 0.25, 0.25, 0.5))]);
    let rect = made.table().rows[0].rect.expect("a size");
    assert_eq!(
        (rect.x, rect.y, rect.width, rect.height),
        (240.0, 160.0, 120.0, 320.0)
    );
}

#[test]
fn boxes_that_fit_only_the_stored_image_are_of_the_unturned_one() {
    let mut made = Made::new();
    let turned = || header(480, 640, Orientation::QuarterTurn);
    made.add(
        0,
        turned(),
        &[
            (0, pixels(500.0, 10.0, 100.0, 300.0)),
            (0, pixels(9.0, 9.0, 50.0, 50.0)),
        ],
    );
    // Upright: outside is outside.
    made.add(
        0,
        header(480, 640, Orientation::Upright),
        &[(0, pixels(500.0, 10.0, 100.0, 300.0))],
    );
    // Fits both: nothing can be said.
    made.add(0, turned(), &[(0, pixels(9.0, 9.0, 50.0, 60.0))]);
    let table = made.table();
    assert_eq!(table.turned, [SampleId(0)]);
    let flaws: Vec<Vec<BoxFlaw>> = table
        .rows
        .iter()
        .map(|row| row.flaws.iter().collect())
        .collect();
    let unturned = vec![BoxFlaw::Unturned];
    assert_eq!(
        flaws,
        [unturned.clone(), unturned, vec![BoxFlaw::Outside], vec![]]
    );
}

/// Boxes all over 640 × 480, by corner and size.
fn sound(count: usize) -> Vec<[f32; 4]> {
    let mut random = Random::seeded(7);
    let mut part = |least: f32, most: f32| least + (most - least) * random.uniform() as f32;
    (0..count)
        .map(|_| {
            let (width, height) = (part(20.0, 200.0), part(20.0, 200.0));
            [
                part(0.0, 640.0 - width),
                part(0.0, 480.0 - height),
                width,
                height,
            ]
        })
        .collect()
}

fn reading(write: impl Fn([f32; 4]) -> Bounds) -> Vec<(Option<SplitId>, Reading)> {
    let mut made = Made::new();
    for (index, rect) in sound(400).into_iter().enumerate() {
        let [x, y, width, height] = rect;
        // One split is written as its format says.
        let bounds = match (index % 2, write(rect)) {
            (0, Bounds::Pixels(_)) => pixels(x, y, width, height),
            (0, Bounds::Shares(_)) => shares(x / 640.0, y / 480.0, width / 640.0, height / 480.0),
            (_, other) => other,
        };
        made.add(
            (index % 2) as u16,
            header(640, 480, Orientation::Upright),
            &[(0, bounds)],
        );
    }
    let found = made.table().misread;
    found
        .into_iter()
        .map(|misread| (misread.split, misread.reading))
        .collect()
}

#[test]
fn every_wrong_convention_is_recognised_in_the_split_that_has_it() {
    let val = |reading: Reading| vec![(Some(SplitId(1)), reading)];
    // As YOLO reads four shares: centre and size.
    let yolo = |a: f32, b: f32, c: f32, d: f32| {
        let (x, y, width, height) = (a / 640.0, b / 480.0, c / 640.0, d / 480.0);
        shares(x - width / 2.0, y - height / 2.0, width, height)
    };
    assert_eq!(
        reading(|[x, y, w, h]| pixels(x, y, x + w, y + h)),
        val(Reading::Corners)
    );
    assert_eq!(
        reading(|[x, y, w, h]| pixels(x + w / 2.0, y + h / 2.0, w, h)),
        val(Reading::Centre)
    );
    assert_eq!(
        reading(|[x, y, w, h]| pixels(y, x, h, w)),
        val(Reading::Swapped)
    );
    assert_eq!(
        reading(|[x, y, w, h]| pixels(x / 640.0, y / 480.0, w / 640.0, h / 480.0)),
        val(Reading::Shares)
    );
    assert_eq!(
        reading(|[x, y, w, h]| yolo(x, y, x + w, y + h)),
        val(Reading::Corners)
    );
    assert_eq!(
        reading(|[x, y, w, h]| yolo(x, y, w, h)),
        val(Reading::UpperLeft)
    );
    assert_eq!(
        reading(|[x, y, w, h]| yolo(
            (x + w / 2.0) / 640.0,
            (y + h / 2.0) / 480.0,
            w / 640.0,
            h / 480.0
        )),
        val(Reading::DividedTwice)
    );
    assert_eq!(reading(|[x, y, w, h]| pixels(x, y, w, h)), vec![]);
}

#[test]
fn careless_boxes_that_reach_out_to_all_sides_are_no_other_convention() {
    let found = reading(|[x, y, width, height]| {
        // Twice as large about the same centre: a fifth and more reach out.
        pixels(x - width / 2.0, y - height / 2.0, 2.0 * width, 2.0 * height)
    });
    assert_eq!(found, vec![]);
}

#[test]
fn data_used_before_is_not_judged() {
    let mut made = Made::new();
    made.listing.splits[1].role = Role::Reference;
    let outside = [(0, pixels(600.0, 10.0, 60.0, 50.0))];
    made.add(0, header(640, 480, Orientation::Upright), &outside);
    made.add(1, header(640, 480, Orientation::Upright), &outside);
    let table = made.table();
    let found: Vec<_> = table.having(&made.listing, BoxFlaw::Outside).collect();
    assert_eq!(found, [(SampleId(0), ObjectId(0))]);
}
