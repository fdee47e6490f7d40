"""Reports: tables with and without other packages, what is dropped, what a notebook shows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import splitlint
from conftest import DEMO, needs

TABLES = ("findings", "pairs", "samples", "classes", "drift", "drop", "decisions")


@pytest.fixture
def bare(monkeypatch):
    """An environment without packages for tables."""
    for name in ("pyarrow", "pyarrow.parquet", "polars", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)


def test_tables_are_read_without_any_other_package(demo, bare):
    counts = demo.summary["counts"]
    assert len(demo.findings) == sum(counts["findings"].values()) > 5
    assert len(demo.pairs) == counts["pairs"] > 3
    assert [len(t) for t in (demo.samples, demo.classes, demo.drift)] == [200, 12, 3]
    assert len(demo.drop) == 3 and len(demo.decisions) > 0
    assert all(len(list(getattr(demo, name))) == len(getattr(demo, name)) for name in TABLES)
    finding = next(iter(demo.findings))
    assert finding["code"] == "FILE001"
    assert finding["samples"] == ["train/forest/15.jpg"]
    broken = [row for row in demo.samples if row["problem"] is not None]
    assert [row["width"] for row in broken] == [None, None]
    whole = next(row for row in demo.samples if row["sample"] == "test/city/00.jpg")
    assert (whole["width"], whole["height"], whole["flaws"]) == (128, 96, [])
    assert isinstance(whole["brightness"], float)


def test_frames_without_their_package_are_refused_with_the_way_out(demo, bare):
    for method in ("to_polars", "to_pandas", "to_arrow", "__arrow_c_stream__"):
        with pytest.raises(splitlint.SplitlintError, match="pip install"):
            getattr(demo.pairs, method)()
    with pytest.raises(splitlint.SplitlintError, match="pandas"):
        demo.to_cleanlab("train")


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_the_same_by_iterating_and_by_pyarrow(demo, name):
    needs("pyarrow")
    table = getattr(demo, name)
    frame = table.to_arrow()
    assert frame.column_names == table.columns
    for row, theirs in zip(table, frame.to_pylist()):
        for column, cell in row.items():
            if isinstance(cell, float):
                assert cell == pytest.approx(theirs[column], rel=1e-6), column
            else:
                assert cell == theirs[column], column


@pytest.mark.parametrize("name", TABLES)
def test_polars_and_pandas_take_tables(demo, name):
    polars, pandas = needs("polars"), needs("pandas")
    table = getattr(demo, name)
    assert table.to_polars().shape == (len(table), len(table.columns))
    assert polars.DataFrame(table).equals(table.to_polars())
    frame = table.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert frame.shape == (len(table), len(table.columns))


def test_arrow_streams_are_handed_over(demo):
    pyarrow = needs("pyarrow")
    assert pyarrow.table(demo.pairs).num_rows == len(demo.pairs)


def test_pandas_frames_without_pyarrow_have_the_same_values(demo, monkeypatch):
    needs("pandas")
    needs("pyarrow")
    with_arrow = demo.samples.to_pandas()
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    without = demo.samples.to_pandas()
    assert list(with_arrow.columns) == list(without.columns)
    for name in with_arrow.columns:
        ours, theirs = without[name].tolist(), with_arrow[name].tolist()
        for mine, other in zip(ours, theirs):
            absent = (mine is None or mine != mine) and (other is None or other != other)
            same = absent or mine == other
            assert same or mine == pytest.approx(other, rel=1e-6), name


def test_drop_indices_are_positions_in_the_split(demo):
    order = [row["sample"] for row in demo.samples if row["split"] == "train"]
    dropped = [order[index] for index in demo.drop_indices("train", unreadable=False)]
    assert dropped == sorted(row["sample"] for row in demo.drop)
    everything = [order[index] for index in demo.drop_indices("train")]
    assert set(everything) - set(dropped) == {"train/forest/15.jpg", "train/lake/02.jpg"}
    assert demo.drop_indices("test") == []
    assert demo.drop_indices("validation") == demo.drop_indices("val") == []


def test_unknown_split_is_an_error_that_names_those_there_are(demo):
    with pytest.raises(splitlint.SplitlintError, match="`train`, `val`, `test`"):
        demo.drop_indices("holdout")
    with pytest.raises(splitlint.SplitlintError, match="name the split"):
        demo.drop_indices()


def test_data_cleaned_by_the_indices_has_no_leak(demo, data, tmp_path):
    order = [row["sample"] for row in demo.samples if row["split"] == "train"]
    for index in demo.drop_indices("train"):
        (data / order[index]).unlink()
    again = splitlint.scan(data, report=tmp_path / "again", no_cache=True)
    assert again.headlines[0].tone == "good"
    assert "LEAK001" not in {row["code"] for row in again.findings}


def test_report_is_compared_with_an_older_one(demo, data, tmp_path):
    same = demo.diff(demo)
    assert not same.worse and "0 new" in str(same)
    (data / "train" / "city" / "copy.jpg").write_bytes(
        (data / "test" / "lake" / "00.jpg").read_bytes()
    )
    worse = splitlint.scan(data, report=tmp_path / "worse", no_cache=True)
    assert worse.diff(demo).worse
    assert not demo.diff(worse.folder).worse


def test_notebook_shows_headlines_and_pairs_with_their_images(demo):
    page = demo._repr_html_()
    assert len(page) < 1_000_000
    assert "3 of 40 test images" in page
    # Two images each, and all of them inlined.
    assert page.count("<img") == page.count("data:image/jpeg;base64,") == 2 * len(demo.pairs)
    assert "http" not in page.replace("http://www.w3.org", "")


def test_names_are_escaped_where_a_notebook_shows_them(demo, tmp_path):
    evil = '<script>alert(1)</script>"&'
    folder = tmp_path / "report"
    folder.mkdir()
    for file in demo.folder.iterdir():
        text = file.read_bytes()
        if file.suffix in (".json", ".csv"):
            name = evil.encode()
            quoted = name.replace(b'"', b'\\"' if file.suffix == ".json" else b"")
            text = text.replace(b"test/city/00.jpg", quoted).replace(b"sample-data/demo", quoted)
        (folder / file.name).write_bytes(text)
    (folder / "pairs.parquet").unlink()
    page = splitlint.Report(folder)._repr_html_()
    assert "<script" not in page and "&lt;script" in page


def test_table_is_shown_in_a_notebook(demo):
    assert demo.samples._repr_html_().count("<tr>") == 21
    assert "180 more rows" in demo.samples._repr_html_()
    assert f"findings: {len(demo.findings)} rows" in repr(demo.findings)


def test_report_opens_in_a_browser(demo, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    demo.open()
    assert opened == [(demo.folder / "report.html").resolve().as_uri()]


def test_what_is_no_report_is_refused(tmp_path):
    with pytest.raises(splitlint.SplitlintError, match="is no report"):
        splitlint.Report(tmp_path)
    (tmp_path / "summary.json").write_text("{")
    with pytest.raises(splitlint.SplitlintError, match="cannot be read"):
        splitlint.Report(tmp_path)
    (tmp_path / "summary.json").write_text(json.dumps({"version": 99}))
    with pytest.raises(splitlint.SplitlintError, match="version 99"):
        splitlint.Report(tmp_path)


def test_cleanlab_frame_has_the_issues_of_a_split(demo):
    needs("pandas")
    frame = demo.to_cleanlab("val")
    assert len(frame) == 40 and list(frame.index) == list(range(40))
    suspicious = frame[frame["sample"] == "val/desert/09.jpg"].iloc[0]
    assert suspicious.is_label_issue and suspicious.given_label == "desert"
    assert suspicious.predicted_label == "lake"
    assert not frame[frame["sample"] == "val/city/00.jpg"].iloc[0].is_label_issue
    row = frame[frame["sample"] == "val/lake/03.jpg"].iloc[0]
    assert row.is_near_duplicate_issue and row.near_duplicate_score == 0
    assert frame.loc[row.near_duplicate_sets, "sample"].tolist() == ["val/desert/09.jpg"]
    train = demo.to_cleanlab("train")
    leaked = train[train["sample"] == "train/desert/07.jpg"].iloc[0]
    assert leaked.copies_in_other_splits == ["test/desert/03.jpg"]
    assert 0 < leaked.near_duplicate_score < 0.1


class FiftyOneSample(dict):
    def __init__(self, filepath):
        super().__init__()
        self.filepath, self.tags = str(filepath), ["mine"]


class FiftyOneDataset(list):
    def iter_samples(self, autosave=False):
        assert autosave
        return iter(self)


def test_fiftyone_samples_are_tagged_by_their_file(demo):
    dataset = FiftyOneDataset(FiftyOneSample(p) for p in sorted(DEMO.glob("*/*/*.jpg")))
    assert demo.to_fiftyone(dataset) == 200
    tags = {Path(s.filepath).relative_to(DEMO).as_posix(): s.tags for s in dataset}
    assert tags["test/city/00.jpg"] == ["mine", "LEAK001"]
    assert tags["test/city/01.jpg"] == ["mine"]
    wrong = next(s for s in dataset if s.filepath.endswith("val/desert/09.jpg"))
    assert wrong["splitlint_suggested_label"] == "lake"
    again = [list(s.tags) for s in dataset]
    demo.to_fiftyone(dataset)
    assert [s.tags for s in dataset] == again
    with pytest.raises(splitlint.SplitlintError, match="no sample"):
        demo.to_fiftyone(FiftyOneDataset([FiftyOneSample("/elsewhere/1.jpg")]))


def test_objects_are_a_table_of_detection_sets_only(tmp_path, demo):
    sets = DEMO.parent / "checks" / "OBJECT004"
    report = splitlint.scan(sets / "fires", report=tmp_path / "report", no_cache=True)
    rows = list(report.objects)
    assert len(rows) == len(report.objects) == 3
    assert [row["flags"] for row in rows] == [["duplicate"], ["duplicate"], []]
    assert rows[0]["label"] == "city" and rows[0]["size"] == "small"
    assert (rows[0]["x"], rows[0]["width"], rows[0]["object"]) == (5.0, 30.0, 0)
    assert list(report.cooccurrence) == []
    assert [row["objects"] for row in report.classes] == [2, 1]
    with pytest.raises(splitlint.SplitlintError, match="no objects"):
        _ = demo.objects
