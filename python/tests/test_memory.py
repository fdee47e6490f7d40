"""Datasets in memory: what is read, and that positions come back right."""

from __future__ import annotations

import struct
import zlib

import pytest

import splitlint
from conftest import DEMO, images, needs
from splitlint import _shards
from splitlint._intake import Columns, store
from splitlint._origins import Origins
from splitlint._pixels import Levels, OutOfUnit, encoded, png
from splitlint._progress import Progress


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Reports and notebooks of these tests lie in a folder of their own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=["pyarrow", "polars", "files"])
def stored(request, monkeypatch):
    """What the images of a dataset are written by."""
    if request.param != "files":
        needs(request.param)
    own = tuple(pair for pair in _shards.WRITERS if pair[0].startswith(request.param))
    monkeypatch.setattr(_shards, "WRITERS", own)
    return request.param


def leaked(report):
    return {
        (row["split_a"], row["split_b"]) for row in report.pairs if row["split_a"] != row["split_b"]
    }


def expected_drops(pairs):
    """Positions of the three copies that the demo set has in train."""
    names = [path.relative_to(DEMO).as_posix() for path, _ in pairs]
    copies = ("train/city/04.jpg", "train/desert/07.jpg", "train/forest/11.jpg")
    return [names.index(name) for name in copies]


def test_lists_of_paths_are_scanned_where_they_lie(tmp_path):
    data = {split: images(split) for split in ("train", "test")}
    report = splitlint.scan(data)
    assert report.folder == tmp_path / "splitlint-report"
    assert report.drop_indices("train") == expected_drops(data["train"])
    assert str(report.headlines[0]).startswith("3 of 40 test images")
    clean = report.clean(data)
    assert [len(clean[split]) for split in data] == [115, 40]
    assert not splitlint.scan(clean).drop_indices("train")


def test_report_of_data_in_memory_is_opened_again_with_its_positions():
    data = {split: images(split) for split in ("train", "test")}
    splitlint.scan(data)
    again = splitlint.Report("splitlint-report")
    assert again.drop_indices("train") == expected_drops(data["train"])
    # A scan of a path in the same place forgets them.
    splitlint.scan(DEMO, no_cache=True)
    assert splitlint.Report("splitlint-report").origins is None


def test_positions_of_another_report_are_not_taken_for_this_ones():
    data = {split: images(split) for split in ("train", "test")}
    report = splitlint.scan(data)
    origins = report.origins
    other = splitlint.scan({"train": data["train"][:50], "test": data["test"]}, report="other")
    origins.save(other.folder, report.digest)
    assert splitlint.Report("other").origins is None
    assert Origins.load(report.folder, report.digest).kind == "a mapping to list"


def test_bytes_of_files_are_scanned_as_they_are():
    data = {split: [(p.read_bytes(), c) for p, c in images(split)] for split in ("train", "test")}
    report = splitlint.scan(data)
    assert report.drop_indices("train") == expected_drops(images("train"))
    formats = {row["format"] for row in report.samples}
    assert formats == {"jpeg"}


def test_positions_are_right_however_the_images_are_stored(stored, monkeypatch):
    # In parts of a few images each.
    monkeypatch.setattr(_shards, "HELD", {"pyarrow": 200_000, "polars": 200_000})
    paths = {split: images(split) for split in ("train", "test")}
    # One name for all, every tenth without one, every seventh a file.
    data = {}
    for split, rows in paths.items():
        data[split] = []
        for index, (path, label) in enumerate(rows):
            image = {"bytes": path.read_bytes(), "path": "x.jpg" if index % 10 else None}
            data[split].append((path if index % 7 == 6 else image, label))
    report = splitlint.scan(data)
    assert report.drop_indices("train") == expected_drops(paths["train"])
    for split, rows in zip(report.origins.splits, paths.values()):
        assert len(set(split.keys)) == len(rows)
        assert None not in split.keys
    assert report.digest == splitlint.scan(paths, report="other").digest
    assert not splitlint.scan(report.clean(data), report="clean").drop_indices("train")


def test_splits_and_groups_of_columns_are_stored_with_the_images(stored):
    pandas = needs("pandas")
    rows = [(p.read_bytes(), c, s) for s in ("train", "test") for p, c in images(s)[:9]]
    frame = pandas.DataFrame(rows, columns=["image", "label", "split"])
    frame["patient"] = ["p1", *(f"p{number}" for number in range(len(rows) - 2)), "p1"]
    report = splitlint.scan(frame, select="LEAK005")
    assert report.splits == ["train", "test"]
    assert [row["code"] for row in report.findings] == ["LEAK005"]


def test_pillow_images_are_scanned_without_loss():
    pillow = needs("PIL.Image")
    data = {
        split: [(pillow.open(path), label) for path, label in images(split)]
        for split in ("train", "test")
    }
    report = splitlint.scan(data)
    assert report.drop_indices("train") == expected_drops(images("train"))
    assert {row["format"] for row in report.samples} == {"png"}


def test_arrays_as_keras_has_them_are_scanned():
    numpy, pillow = needs("numpy"), needs("PIL.Image")
    names = ["city", "desert", "forest", "lake"]

    def arrays(split, scale):
        rows = images(split)
        x = numpy.stack([numpy.asarray(pillow.open(p).resize((64, 48))) for p, _ in rows])
        return (x * scale).astype(type(scale)), numpy.array([[names.index(c)] for _, c in rows])

    whole = {"train": arrays("train", numpy.uint8(1)), "test": arrays("test", numpy.uint8(1))}
    report = splitlint.scan(whole, ignore="SHORTCUT")
    assert {frozenset(pair) for pair in leaked(report)} == {frozenset({"test", "train"})}
    assert {row["label"] for row in report.classes} == {"0", "1", "2", "3"}
    x, y = report.clean(whole)["train"]
    assert len(x) == len(y) == len(images("train")) - len(report.drop_indices("train"))
    # As floats of 0 to 1 they are the same images.
    unit = {k: (v[0] / 255, v[1]) for k, v in whole.items()}
    assert splitlint.verify(unit, report)


def test_one_hot_and_many_labels_are_understood():
    numpy = needs("numpy")
    x = numpy.random.default_rng(1).integers(0, 255, (6, 16, 16, 3), dtype=numpy.uint8)
    report = splitlint.scan((x, numpy.eye(3)[[0, 1, 2, 0, 1, 2]]), select="DIST")
    assert {(row["label"], row["count"]) for row in report.classes} == {
        ("0", 2),
        ("1", 2),
        ("2", 2),
    }
    many = numpy.array([[1, 1, 0]] * 6)
    report = splitlint.scan((x, many), select="DIST")
    assert {row["label"] for row in report.samples} == {"0;1"}


def test_images_without_splits_have_positions_too():
    rows = images("train")
    report = splitlint.scan(rows + [rows[3]], select="LEAK,FILE")
    assert report.splits == [None]
    assert report.drop_indices() == []
    assert len(report.clean(rows + [rows[3]])) == len(rows) + 1


def test_normalised_numbers_are_refused_and_the_sample_is_named():
    numpy = needs("numpy")
    bad = [(numpy.zeros((8, 8, 3), numpy.float32), 0), (numpy.full((8, 8), -2.0), 0)]
    with pytest.raises(splitlint.SplitlintError, match=r"sample 1 of `train`.*normalisation"):
        splitlint.scan({"train": bad})
    with pytest.raises(splitlint.SplitlintError, match="not finite"):
        splitlint.scan([(numpy.full((8, 8), numpy.nan), 0)])
    with pytest.raises(splitlint.SplitlintError, match=r"shape \(8,\)"):
        splitlint.scan([(numpy.zeros(8), 0)])


def test_numbers_between_the_levels_are_rounded_with_a_warning():
    numpy = needs("numpy")
    rows = [(numpy.linspace(0, 1, 64).reshape(8, 8), 0)] * 2
    with pytest.warns(splitlint.SplitlintWarning, match="rounded") as caught:
        splitlint.scan(rows, select="FILE")
    assert caught[0].filename == __file__


def test_range_of_floats_is_that_of_the_whole_split(stored):
    numpy = needs("numpy")
    # The first image is dark enough to be within 0 and 1.
    rows = [(numpy.ones((8, 8)), 0), (numpy.full((8, 8), 200.0), 0)]
    with store(rows, Columns(), Progress()) as made:
        if stored == "files":
            first = sorted(made.folder.glob("images/*.png"))[0].read_bytes()
        else:
            [shard] = made.folder.glob("*.parquet")
            table = needs("pyarrow.parquet").read_table(shard)
            assert table.num_rows == 2
            first = table["image"][0].as_py()["bytes"]
    assert first == png(bytes([1] * 64), 8, 8, 1, 8)


def test_what_is_no_dataset_is_refused():
    for data in (5, object(), iter([]), {"train": 5}):
        with pytest.raises(splitlint.SplitlintError):
            splitlint.scan(data)
    with pytest.raises(splitlint.SplitlintError, match="is empty"):
        splitlint.scan([])
    with pytest.raises(splitlint.SplitlintError, match="sample 0: a float is no image"):
        splitlint.scan([(0.5, 1)])


def test_nothing_is_left_in_the_temporary_folder(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    splitlint.scan([(p.read_bytes(), c) for p, c in images("test")])
    with pytest.raises(splitlint.SplitlintError):
        splitlint.scan([(b"x", 0), (1, 0)])
    assert list((tmp_path / "t").iterdir()) == []


# Tables.


def table(make, paths=str):
    rows = [(p, c, split) for split in ("train", "test") for p, c in images(split)]
    return make(
        {
            "Image_Path": [paths(p) for p, _, _ in rows],
            "label": [c for _, c, _ in rows],
            "split": [s for _, _, s in rows],
            "note": ["x" for _ in rows],
        }
    )


@pytest.mark.parametrize(
    "package, make",
    [
        ("pandas", lambda p: p.DataFrame),
        ("polars", lambda p: p.DataFrame),
        ("pyarrow", lambda p: p.table),
    ],
)
def test_tables_with_paths_are_scanned_and_cleaned(package, make):
    frame = table(make(needs(package)))
    report = splitlint.scan(frame)
    drops = expected_drops(images("train"))
    clean = report.clean(frame)
    assert type(clean) is type(frame)
    assert len(clean) == len(frame) - len(drops)
    assert not leaked(splitlint.scan(clean))


def test_columns_are_named_where_they_are_not_understood():
    pandas = needs("pandas")
    frame = table(pandas.DataFrame).rename(columns={"label": "kind_of_thing", "split": "part"})
    report = splitlint.scan(frame, label_column="kind_of_thing", split_column="part")
    assert report.splits == ["train", "test"]
    assert leaked(report)
    with pytest.raises(splitlint.SplitlintError, match="no column `nope`.*`kind_of_thing`"):
        splitlint.scan(frame, label_column="nope")
    with pytest.raises(splitlint.SplitlintError, match="no column of the table holds the path"):
        splitlint.scan(pandas.DataFrame({"path": ["nowhere.jpg"], "label": ["x"]}))


def test_a_file_in_two_rows_is_found_in_both():
    pandas = needs("pandas")
    (one, label), (two, other) = images("train")[0], images("train")[40]
    frame = pandas.DataFrame(
        {
            "path": [str(one), str(two), str(one), str(one)],
            "label": [label, other, label, label],
            "split": ["train", "train", "train", "test"],
        }
    )
    report = splitlint.scan(frame, select="LEAK")
    split = report.origins.splits[0]
    assert split.keys[0] == split.keys[2] != split.keys[3]
    # Both rows of the training image go.
    clean = report.clean(frame)
    assert clean.index.tolist() == [1, 3]


# The files that arrays become.


def test_png_files_are_what_a_decoder_expects():
    data = bytes(range(256)) * 3
    file = png(data, 16, 16, 3, 8)
    assert file.startswith(b"\x89PNG\r\n\x1a\n")
    at = file.index(b"IDAT")
    length = struct.unpack(">I", file[at - 4 : at])[0]
    rows = zlib.decompress(file[at + 4 : at + 4 + length])
    assert rows[:49] == b"\0" + data[:48]
    assert len(rows) == 16 * 49


@pytest.mark.parametrize("mode, size", [
    ("1", (9, 5)), ("L", (300, 300)), ("LA", (3, 4)), ("P", (8, 8)), ("RGB", (7, 2)),
    ("RGBA", (5, 5)), ("I;16", (6, 3)), ("I", (4, 4)), ("CMYK", (4, 4)), ("YCbCr", (4, 4)),
])  # fmt: skip
def test_pillow_reads_back_the_pixels_it_gave(mode, size, tmp_path):
    pillow = needs("PIL.Image")
    numpy = needs("numpy")
    draw = numpy.random.default_rng(3)
    if mode in ("I;16", "I"):
        values = draw.integers(0, 65_535, size[::-1], dtype=numpy.uint16)
        image = pillow.fromarray(values)
        image = image.convert("I") if mode == "I" else image
    else:
        image = pillow.fromarray(draw.integers(0, 255, (*size[::-1], 3), dtype=numpy.uint8))
        image = image.convert(mode)
    (tmp_path / "x.png").write_bytes(encoded(image, Levels())[0])
    back = pillow.open(tmp_path / "x.png")
    wanted = image if mode in ("I", "I;16") else image.convert("RGBA")
    back = back if mode in ("I", "I;16") else back.convert("RGBA")
    assert (numpy.asarray(back) == numpy.asarray(wanted)).all()


def test_arrays_of_every_layout_give_the_same_file():
    numpy = needs("numpy")
    image = numpy.random.default_rng(5).integers(0, 255, (20, 30, 3), dtype=numpy.uint8)
    file = encoded(image, Levels())
    for other in (
        image.transpose(2, 0, 1),
        image[None],
        image.astype(numpy.int64),
        (image / 255).astype(numpy.float32),
        image[:, ::-1][:, ::-1],
    ):
        assert encoded(other, Levels()) == file
    assert encoded(image.astype(float), Levels(highest=255.0)) == file
    with pytest.raises(OutOfUnit):
        encoded(image.astype(float), Levels())
