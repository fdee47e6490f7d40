"""Digests, and whether data are those that were audited."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import splitlint
from conftest import images


def test_digest_is_the_same_for_the_same_data_under_other_names(demo, data, tmp_path):
    assert demo.digest and len(demo.digests) == 3
    for number, file in enumerate(sorted((data / "train" / "lake").iterdir())):
        file.rename(file.with_name(f"z{1000 - number}.jpg"))
    renamed = splitlint.scan(data, report=tmp_path / "renamed", no_cache=True)
    assert renamed.digest == demo.digest
    (data / "test" / "lake" / "00.jpg").unlink()
    fewer = splitlint.scan(data, report=tmp_path / "fewer", no_cache=True)
    assert fewer.digest != demo.digest
    changed = {name for name in demo.digests if demo.digests[name] != fewer.digests[name]}
    assert changed == {"test"}


def test_the_audited_data_are_verified(demo, data):
    answer = splitlint.verify(data, demo)
    assert answer and answer.digest == demo.digest
    assert answer.raise_for_changes() is answer
    assert "the same data" in str(answer)
    # Without data, those that the report is about.
    assert splitlint.verify(None, demo.folder)


def test_every_change_is_named(demo, data):
    train, test = data / "train", data / "test"
    shutil.move(train / "city" / "00.jpg", test / "city" / "moved.jpg")
    shutil.move(train / "city" / "01.jpg", train / "lake" / "relabelled.jpg")
    (train / "city" / "02.jpg").unlink()
    (train / "city" / "03.jpg").write_bytes((train / "city" / "09.jpg").read_bytes() + b"\0")
    shutil.copy(train / "lake" / "07.jpg", train / "lake" / "added.jpg")
    answer = splitlint.verify(data, demo)
    assert not answer
    assert answer.added == ["train/lake/added.jpg"]
    assert answer.removed == ["train/city/02.jpg"]
    assert answer.replaced == ["train/city/03.jpg"]
    assert answer.relabelled == [("train/lake/relabelled.jpg", "city", "lake")]
    assert answer.moved == [("test/city/moved.jpg", "train", "test")]
    with pytest.raises(splitlint.SplitlintError, match="1 added, 1 removed, 1 with another image"):
        answer.raise_for_changes()


def test_lists_written_by_the_program_are_checked_too(demo, data, tmp_path):
    audited = tmp_path / "audited.csv"
    subprocess.run([splitlint.find_binary(), "digest", str(data), f"--write={audited}"], check=True)
    assert splitlint.verify(data, audited)
    (data / "val" / "lake" / "00.jpg").unlink()
    assert splitlint.verify(data, audited).removed == ["val/lake/00.jpg"]


def test_data_in_memory_are_verified(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = {s: [(p.read_bytes(), c) for p, c in images(s)] for s in ("train", "test")}
    report = splitlint.scan(data)
    assert splitlint.verify(data, report)
    data["test"][0] = (data["test"][0][0], "lake")
    moved = data["train"].pop(0)
    data["test"].append(moved)
    answer = splitlint.verify(data, report)
    assert len(answer.relabelled) == 1 and len(answer.moved) == 1
    with pytest.raises(splitlint.SplitlintError, match="hand over the dataset"):
        splitlint.verify(None, report)


def test_a_report_that_did_not_open_every_image_is_refused(demo, data, tmp_path):
    folder = tmp_path / "partial"
    shutil.copytree(demo.folder, folder)
    summary = (folder / "summary.json").read_text()
    start = summary.index('"digest": {')
    depth, end = 0, start + len('"digest": ')
    while True:
        depth += {"{": 1, "}": -1}.get(summary[end], 0)
        end += 1
        if depth == 0:
            break
    (folder / "summary.json").write_text(summary[:start] + '"digest": null' + summary[end:])
    with pytest.raises(splitlint.SplitlintError, match="did not open every image"):
        splitlint.verify(data, folder)
