"""A new split from Python: what it is made of, and that samples come into their new splits."""

from __future__ import annotations

import pytest

import splitlint
from conftest import DEMO, images, needs

SIZES = {"train": 0.6, "test": 0.4}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """New splits of these tests lie in a folder of their own."""
    monkeypatch.chdir(tmp_path)


def data_of(*splits):
    return {split: images(split) for split in splits}


def everything(parts):
    return sorted(str(path) for part in parts.values() for path, _ in part)


def leaks(report):
    return [row for row in report.pairs if row["split_a"] != row["split_b"]]


def test_mapping_of_lists_is_dealt_without_leaks_and_nothing_is_lost():
    data = data_of("train", "test")
    assert leaks(splitlint.scan(data))
    new = splitlint.resplit(data)
    parts = new.apply(data)
    assert everything(parts) == everything(data)
    assert {name: len(part) for name, part in parts.items()} == new.sizes
    assert not leaks(splitlint.scan(parts))


def test_sizes_are_given_as_a_mapping():
    data = data_of("train", "test")
    new = splitlint.resplit(data, fresh=True, sizes=SIZES)
    total = sum(new.sizes.values())
    assert abs(new.sizes["train"] - 0.6 * total) <= 2
    assert set(new.apply(data)) == {"train", "test"}


def test_samples_of_one_group_come_into_one_split():
    data = images("train")
    groups = [f"patient {index % 12}" for index in range(len(data))]
    new = splitlint.resplit(data, groups, sizes=SIZES)
    split_of = {str(path): name for name, part in new.apply(data).items() for path, _ in part}
    of_group = {}
    for (path, _), group in zip(data, groups):
        of_group.setdefault(group, set()).add(split_of[str(path)])
    assert all(len(splits) == 1 for splits in of_group.values())


def test_groups_of_another_length_are_refused():
    with pytest.raises(splitlint.SplitlintError, match="2 groups for 115|2 groups for"):
        splitlint.resplit(images("train"), ["a", "b"])


def test_groups_of_files_are_a_mapping(data):
    keys = [f"train/{path.parent.name}/{path.name}" for path, _ in images("train")]
    new = splitlint.resplit(data, {keys[0]: "g", keys[-1]: "g"}, no_cache=True)
    rows = {row["sample"]: row for row in new.rows}
    assert rows[keys[0]]["atom"] == rows[keys[-1]]["atom"]
    with pytest.raises(splitlint.SplitlintError, match="mapping"):
        splitlint.resplit(data, ["g"])


def test_report_stands_for_its_data_and_files_are_matched(demo):
    new = splitlint.resplit(demo, no_cache=True)
    data = data_of("train", "test")
    with_val = data_of("train", "val", "test") if (DEMO / "val").is_dir() else data
    parts = new.apply(with_val)
    assert everything(parts) == everything(with_val)


def test_report_of_data_in_memory_is_no_data():
    report = splitlint.scan(data_of("train", "test"))
    with pytest.raises(splitlint.SplitlintError, match="hand over the dataset"):
        splitlint.resplit(report)


def test_dataset_that_was_changed_or_never_split_is_refused():
    data = data_of("train", "test")
    new = splitlint.resplit(data)
    with pytest.raises(splitlint.SplitlintError, match="changed since"):
        new.apply({**data, "train": data["train"][:-1]})
    with pytest.raises(splitlint.SplitlintError, match="splits"):
        new.apply(data["train"])


def test_files_that_were_not_split_are_refused(data, tmp_path):
    new = splitlint.resplit(data, no_cache=True)
    with pytest.raises(splitlint.SplitlintError, match="not split"):
        new.apply(images("train"))


def test_faults_of_a_new_split_raise_on_request():
    data = data_of("train", "test")
    new = splitlint.resplit(data)
    if new:
        assert new.raise_for_verdict() is new
    else:
        with pytest.raises(splitlint.SplitlintError, match="would not pass"):
            new.raise_for_verdict()


def test_hugging_face_dataset_becomes_a_dataset_dict():
    datasets = needs("datasets")

    def of(split):
        rows = images(split)
        made = datasets.Dataset.from_dict(
            {"image": [str(path) for path, _ in rows], "label": [label for _, label in rows]}
        )
        return made.cast_column("image", datasets.Image())

    data = datasets.DatasetDict({split: of(split) for split in ("train", "test")})
    parts = splitlint.resplit(data).apply(data)
    assert isinstance(parts, datasets.DatasetDict)
    assert sum(map(len, parts.values())) == sum(map(len, data.values()))


def test_frame_with_a_column_of_splits_is_dealt():
    pandas = needs("pandas")
    rows = [
        {"path": str(path), "label": label, "split": split}
        for split, part in data_of("train", "test").items()
        for path, label in part
    ]
    frame = pandas.DataFrame(rows)
    parts = splitlint.resplit(frame).apply(frame)
    assert sum(map(len, parts.values())) == len(frame)
    dealt = pandas.concat(list(parts.values())).path
    assert sorted(dealt) == sorted(frame.path)


def test_polars_frame_is_dealt_as_it_is():
    polars = needs("polars")
    rows = [
        {"path": str(path), "label": label, "split": split}
        for split, part in data_of("train", "test").items()
        for path, label in part
    ]
    frame = polars.DataFrame(rows)
    new = splitlint.resplit(frame, sizes=SIZES, fresh=True)
    parts = new.apply(frame)
    assert {name: part.height for name, part in parts.items()} == new.sizes
    assert sorted(polars.concat(list(parts.values()))["path"]) == sorted(frame["path"])


def test_one_hugging_face_dataset_with_groups_becomes_a_dataset_dict():
    datasets = needs("datasets")
    rows = images("train")
    data = datasets.Dataset.from_dict(
        {
            "image": [str(path) for path, _ in rows],
            "label": [label for _, label in rows],
            "number": list(range(len(rows))),
        }
    ).cast_column("image", datasets.Image())
    groups = [f"patient {index % 12}" for index in range(len(rows))]
    parts = splitlint.resplit(data, groups, sizes=SIZES).apply(data)
    assert isinstance(parts, datasets.DatasetDict)
    numbers = {name: set(part["number"]) for name, part in parts.items()}
    assert sorted(n for part in numbers.values() for n in part) == list(range(len(rows)))
    patients = [{number % 12 for number in part} for part in numbers.values()]
    assert sum(map(len, patients)) == 12, "no patient is in two splits"


def test_torch_datasets_become_subsets_without_a_copy():
    torch, torchvision = needs("torch"), needs("torchvision")
    data = {
        split: torchvision.datasets.ImageFolder(str(DEMO / split)) for split in ("train", "test")
    }
    new = splitlint.resplit(data)
    parts = new.apply(data)
    assert {name: len(part) for name, part in parts.items()} == new.sizes
    kinds = (torch.utils.data.Subset, torch.utils.data.ConcatDataset)
    assert all(isinstance(part, kinds) for part in parts.values())
