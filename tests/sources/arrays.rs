//! Arrays: IDX files, CIFAR batches and NumPy archives.

use std::fs;
use std::io::Write;

use super::deflated::deflated_zip;
use super::*;

fn idx(kind: u8, shape: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, kind, shape.len() as u8];
    for side in shape {
        file.extend(side.to_be_bytes());
    }
    file.extend(bytes);
    file
}

/// Images of 6 × 4 levels, each of its number.
fn images(count: u32) -> Vec<u8> {
    let bytes: Vec<u8> = (0..count).flat_map(|number| [number as u8; 24]).collect();
    idx(8, &[count, 4, 6], &bytes)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).expect("written");
    packed.finish().expect("finished")
}

fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((head.len() as u16).to_le_bytes());
    file.extend(head.as_bytes());
    file.extend(bytes);
    file
}

fn npz(path: &Path, arrays: &[(&str, Vec<u8>)], deflated: bool) {
    if deflated {
        let members: Vec<(String, &[u8])> = (arrays.iter())
            .map(|(name, bytes)| (format!("{name}.npy"), &bytes[..]))
            .collect();
        fs::write(path, deflated_zip(&members)).expect("written");
        return;
    }
    let mut zip = zip::ZipWriter::new(fs::File::create(path).expect("created"));
    for (name, bytes) in arrays {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        zip.start_file(format!("{name}.npy"), options)
            .expect("started");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("finished");
}

/// `{b'data': uint8 array, b'labels': [...]}`, as Python 2 wrote it, with the
/// fields of CIFAR-100 where there are two labels.
fn batch(images: &[u8], labels: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\x80\x02}q\x01(U\x04dataq\x02".to_vec();
    bytes.extend(b"cnumpy.core.multiarray\n_reconstruct\nq\x03");
    bytes.extend(b"cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05");
    bytes.extend(
        [
            &b"(K\x01K"[..],
            &[(images.len() / 3072) as u8],
            b"M\x00\x0c\x86",
        ]
        .concat(),
    );
    bytes.extend(b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R");
    bytes.extend(b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T");
    bytes.extend((images.len() as u32).to_le_bytes());
    bytes.extend(images);
    bytes.extend(b"tb");
    for (name, labels) in labels {
        bytes.extend([&b"U"[..], &[name.len() as u8], name.as_bytes(), b"]("].concat());
        bytes.extend(labels.iter().flat_map(|&label| [b'K', label]));
        bytes.push(b'e');
    }
    bytes.extend(b"u.");
    bytes
}

fn names(field: &str, names: &[&str]) -> Vec<u8> {
    let mut bytes = [
        &b"\x80\x02}(U"[..],
        &[field.len() as u8],
        field.as_bytes(),
        b"](",
    ]
    .concat();
    for name in names {
        bytes.extend([&b"U"[..], &[name.len() as u8], name.as_bytes()].concat());
    }
    bytes.extend(b"eu.");
    bytes
}

/// The level of the first pixel of an image.
fn first(listed: &Listed, sample: usize) -> [u8; 3] {
    let bytes = listed.reader.read(SampleId(sample as u32)).expect("read");
    let image = image::load_from_memory(&bytes).expect("an image");
    image.to_rgb8().get_pixel(0, 0).0
}

/// As torchvision leaves it before unpacking.
pub(super) fn mnist() -> Set {
    let set = Set::of(&[]);
    for (name, bytes) in [
        ("train-images-idx3-ubyte", images(3)),
        ("train-labels-idx1-ubyte", idx(8, &[3], &[5, 0, 5])),
        ("t10k-images-idx3-ubyte", images(2)),
        ("t10k-labels-idx1-ubyte", idx(8, &[2], &[0, 9])),
    ] {
        set.put(&format!("MNIST/raw/{name}.gz"), &gzip(&bytes));
    }
    set
}

#[test]
fn idx_files_are_read_with_their_labels_packed_or_not() {
    for packed in [false, true] {
        let set = Set::of(&[]);
        let pack = |bytes: Vec<u8>| if packed { gzip(&bytes) } else { bytes };
        let end = if packed { ".gz" } else { "" };
        for (name, bytes) in [
            ("train-images-idx3-ubyte", images(3)),
            ("train-labels-idx1-ubyte", idx(8, &[3], &[5, 0, 5])),
            ("t10k-images-idx3-ubyte", images(2)),
            ("t10k-labels-idx1-ubyte", idx(8, &[2], &[0, 9])),
        ] {
            set.put(&format!("MNIST/raw/{name}{end}"), &pack(bytes.clone()));
            if !packed {
                // torchvision leaves the packed file beside the other.
                set.put(&format!("MNIST/raw/{name}.gz"), &gzip(&bytes));
            }
        }
        let listed = listed(&set.request());
        assert_eq!(
            rows(&listed.listing),
            [
                "test/00000 test 0",
                "test/00001 test 9",
                "train/00000 train 5",
                "train/00001 train 0",
                "train/00002 train 5"
            ]
        );
        assert!(
            listed.listing.problems.is_empty(),
            "{:?}",
            listed.listing.problems
        );
        assert_eq!(first(&listed, 4), [2; 3]);
        let bytes = listed.reader.read(SampleId(4)).expect("read");
        assert_eq!(bytes, [&b"P5\n6 4\n255\n"[..], &[2; 24]].concat());
        has_all(
            &listed.listing.layout.summary,
            &["IDX files (by `t10k-images-idx3-ubyte"],
        );
    }
}

#[test]
fn a_single_idx_file_is_a_split_that_is_named() {
    let set = Set::of(&[]);
    set.put("emnist-train-images-idx3-ubyte", &images(2))
        .put("emnist-train-labels-idx1-ubyte", &idx(8, &[2], &[1, 2]))
        .put("kmnist-train-images-idx3-ubyte", &images(1));
    has_all(
        &set.error(),
        &[
            "holds 2 sets of arrays",
            "--split train=",
            "emnist-train-images-idx3-ubyte` or",
        ],
    );
    let request = Request {
        splits: vec![split("val", &set.path("emnist-train-images-idx3-ubyte"))],
        ..Request::default()
    };
    let listing = listed(&request).listing;
    assert_eq!(
        rows(&listing),
        [
            "val/emnist-train-images-idx3-ubyte/00000 val 1",
            "val/emnist-train-images-idx3-ubyte/00001 val 2"
        ]
    );
}

#[test]
fn idx_files_that_are_cut_off_anywhere_are_reported() {
    let whole = images(3);
    let set = Set::of(&[]);
    set.put("train-labels-idx1-ubyte", &idx(8, &[3], &[5, 0, 5]));
    for end in 0..whole.len() {
        set.put("train-images-idx3-ubyte", &whole[..end]);
        match list(&set.request()) {
            Err(error) => {
                assert!(end < 16 + 24, "{end}: {error}");
                has_all(
                    &error.to_string(),
                    &["holds no image"][..usize::from(end >= 16)],
                );
            }
            Ok(Listed {
                listing, reader, ..
            }) => {
                assert_eq!(listing.samples.len(), (end - 16) / 24, "{end}");
                let messages = problems(&listing, ProblemKind::BadMember).join("\n");
                has_all(
                    &messages,
                    &["train-images-idx3-ubyte: it is cut off", "of the 3 images"],
                );
                for sample in &listing.samples {
                    assert!(reader.read(sample.id).is_ok());
                }
            }
        }
    }
    // Packed, the end is met only on reading.
    let packed = gzip(&whole);
    fs::remove_file(set.path("train-images-idx3-ubyte")).expect("removed");
    for end in 0..packed.len() {
        set.put("train-images-idx3-ubyte.gz", &packed[..end]);
        if let Ok(Listed {
            listing, reader, ..
        }) = list(&set.request())
        {
            let read = listing.samples.iter().map(|sample| reader.read(sample.id));
            assert!(read.filter(Result::is_err).count() <= 3, "{end}");
        }
    }
    let lost = set.put("train-labels-idx1-ubyte", &idx(8, &[2], &[5, 0]));
    lost.put("train-images-idx3-ubyte.gz", &packed);
    has_all(&set.error(), &["2 labels for 3 images"]);
}

#[test]
fn batches_of_cifar_10_are_numbered_through_and_named_by_their_notes() {
    let image = |red: u8| [[red; 1024], [7; 1024], [9; 1024]].concat();
    let binary = Set::of(&[]);
    let python = Set::of(&[]);
    for (name, images) in [
        ("data_batch_1", &[(1, 10), (0, 11)][..]),
        ("data_batch_2", &[(1, 12)]),
        ("test_batch", &[(0, 13)]),
    ] {
        let mut bytes = Vec::new();
        for &(label, red) in images {
            bytes.push(label);
            bytes.extend(image(red));
        }
        binary.put(&format!("cifar-10-batches-bin/{name}.bin"), &bytes);
        let pixels: Vec<u8> = images.iter().flat_map(|&(_, red)| image(red)).collect();
        let labels = images.iter().map(|&(label, _)| label).collect();
        let path = format!("cifar-10-batches-py/{name}");
        python.put(&path, &batch(&pixels, &[("labels", labels)]));
    }
    binary.put(
        "cifar-10-batches-bin/batches.meta.txt",
        b"airplane\nfrog\n\n",
    );
    let notes = names("label_names", &["airplane", "frog"]);
    python.put("cifar-10-batches-py/batches.meta", &notes);
    for set in [binary, python] {
        let listed = listed(&set.request());
        assert_eq!(
            rows(&listed.listing),
            [
                "test/00000 test airplane",
                "train/00000 train frog",
                "train/00001 train airplane",
                "train/00002 train frog"
            ]
        );
        assert!(
            listed.listing.problems.is_empty(),
            "{:?}",
            listed.listing.problems
        );
        assert_eq!(first(&listed, 3), [12, 7, 9]);
        assert_eq!(first(&listed, 0), [13, 7, 9]);
    }
}

#[test]
fn cifar_100_has_fine_labels_and_coarse_ones() {
    let pixels = vec![3; 2 * 3072];
    let set = Set::of(&[]);
    let fields = [("coarse_labels", vec![4, 0]), ("fine_labels", vec![49, 33])];
    set.put("train", &batch(&pixels, &fields))
        .put("test", &batch(&pixels[3072..], &fields[..0]));
    set.put("meta", &names("fine_label_names", &["a"; 50]));
    let mut request = set.request();
    let listing = listed(&request).listing;
    assert_eq!(
        rows(&listing),
        [
            "test/00000 test -",
            "train/00000 train a",
            "train/00001 train a"
        ]
    );
    request.columns.label = Some("coarse_labels".to_owned());
    assert_eq!(
        rows(&listed(&request).listing)[1..],
        ["train/00000 train 4", "train/00001 train 0"]
    );
    let binary = Set::of(&[]);
    let bytes = [&[4, 49][..], &pixels[..3072]].concat();
    binary
        .put("train.bin", &bytes)
        .put("fine_label_names.txt", b"x\n");
    assert_eq!(rows(&binary.list()), ["train/00000 train 49"]);
}

#[test]
fn pickles_that_ask_for_anything_else_or_are_cut_off_are_not_read() {
    let whole = batch(&[3; 3072], &[("labels", vec![1])]);
    let set = Set::of(&[]);
    let head = whole.len() - 3072 - 40;
    for end in (0..whole.len()).filter(|end| *end < head || end % 97 == 0) {
        set.put("test_batch", &whole[..end]);
        let error = set.error();
        // Without its first byte, the file is of no known kind.
        assert!(end == 0 || error.contains("as a pickle"), "{end}: {error}");
    }
    let place = whole
        .windows(5)
        .position(|w| w == b"numpy")
        .expect("a module");
    let mut other = whole.clone();
    other[place] = b'b';
    set.put("test_batch", &other);
    has_all(
        &set.error(),
        &[
            "test_batch",
            "asks for `bumpy.core.multiarray._reconstruct`",
        ],
    );
    // One bad batch of several is a finding, and the others are read.
    set.put("data_batch_1", &whole);
    let listing = set.list();
    assert_eq!(rows(&listing), ["train/00000 train 1"]);
    has_all(
        &problems(&listing, ProblemKind::BadMember).join("\n"),
        &["test_batch: as a pickle"],
    );
}

#[test]
fn archives_of_numpy_pair_images_and_labels_by_their_names() {
    for deflated in [false, true] {
        let set = Set::of(&[]);
        let rgb: Vec<u8> = (0..3_u8).flat_map(|n| [n, 50, 60].repeat(40)).collect();
        let labels = [1_i64, 0, 1].map(i64::to_le_bytes).concat();
        npz(
            &set.path("set.npz"),
            &[
                ("x_train", npy("|u1", "(3, 8, 5, 3)", &rgb)),
                ("y_train", npy("<i8", "(3, 1)", &labels)),
                ("x_test", npy("|u1", "(2, 8, 5, 3)", &rgb[120..])),
                ("y_test", npy("|u1", "(2, 2)", &[1, 1, 0, 0])),
                ("notes", npy("<U2", "(1,)", &[0; 8])),
            ],
            deflated,
        );
        let request = Request {
            root: Some(set.path("set.npz")),
            ..Request::default()
        };
        for request in [set.request(), request] {
            let listed = listed(&request);
            assert_eq!(
                rows(&listed.listing),
                [
                    "test/00000 test 0;1",
                    "test/00001 test -",
                    "train/00000 train 1",
                    "train/00001 train 0",
                    "train/00002 train 1"
                ]
            );
            assert_eq!(first(&listed, 1), [2, 50, 60]);
            assert_eq!(first(&listed, 2), [0, 50, 60]);
            let versions: Vec<_> = (0..5).map(|i| listed.reader.version(SampleId(i))).collect();
            for (index, one) in versions.iter().enumerate() {
                assert!(
                    one.is_some() && !versions[index + 1..].contains(one),
                    "{index}"
                );
            }
        }
    }
}

#[test]
fn archives_whose_arrays_do_not_fit_are_refused_with_the_reason() {
    let pixels = vec![7; 3 * 40];
    let request = |arrays: &[(&str, Vec<u8>)]| {
        let set = Set::of(&[]);
        npz(&set.path("set.npz"), arrays, false);
        let root = Some(set.path("set.npz"));
        let error = error(&Request {
            root,
            ..Request::default()
        });
        drop(set);
        error
    };
    let images = ("x", npy("|u1", "(3, 8, 5)", &pixels));
    let labels = ("y", npy("|u1", "(2,)", &[0, 1]));
    has_all(
        &request(&[images, labels]),
        &["`y` of shape [2] are no labels of the 3 images in `x`"],
    );
    let floats = vec![0; 3 * 40 * 4];
    has_all(
        &request(&[("x", npy("<f4", "(3, 8, 5)", &floats))]),
        &["`uint8`"],
    );
    has_all(
        &request(&[("z", npy("|u1", "(3, 8, 5)", &pixels))]),
        &["it holds `z`"],
    );
    has_all(&request(&[]), &["no array of it is called like images"]);
}

#[test]
fn an_archive_cut_off_anywhere_is_no_archive_and_damage_is_no_panic() {
    let set = Set::of(&[]);
    let path = set.path("set.npz");
    let arrays = [
        ("x_train", npy("|u1", "(3, 8, 5)", &[7; 120])),
        ("y_train", npy("|u1", "(3,)", &[1, 0, 1])),
    ];
    npz(&path, &arrays, true);
    let whole = fs::read(&path).expect("there");
    let request = Request {
        root: Some(path.clone()),
        ..Request::default()
    };
    for end in 0..whole.len() {
        fs::write(&path, &whole[..end]).expect("written");
        has_all(&error(&request), &["set.npz"]);
    }
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x11;
        fs::write(&path, &damaged).expect("written");
        if let Ok(Listed {
            listing, reader, ..
        }) = list(&request)
        {
            for sample in &listing.samples {
                let _ = reader.read(sample.id);
            }
        }
    }
}
