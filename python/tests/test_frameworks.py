"""Datasets and trainings of other packages; each test needs its package."""

from __future__ import annotations

import subprocess
import sys

import pytest

import splitlint
from conftest import DEMO, ROOT, images, needs
from splitlint import callbacks


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


TRAIN_DROPS = [4, 37, 71, 75, 92]


def test_hugging_face_imagefolder_is_scanned_by_its_files(tmp_path):
    datasets = needs("datasets")
    loaded = datasets.load_dataset(
        "imagefolder", data_dir=str(DEMO), cache_dir=str(tmp_path / "cache")
    )
    report = splitlint.scan(loaded)
    assert str(report.headlines[0]).startswith("3 of 40 test images")
    assert {row["label"] for row in report.classes} == {"city", "desert", "forest", "lake"}
    # The broken files were handed over undecoded, and are reported.
    assert report.drop_indices("train") == TRAIN_DROPS
    assert report.drop_indices("validation") == []
    clean = report.clean(loaded)
    assert isinstance(clean, datasets.DatasetDict)
    assert [part.num_rows for part in clean.values()] == [115, 40, 40]
    with pytest.raises(splitlint.SplitlintError, match="was changed since"):
        report.clean(loaded["train"].shuffle(seed=1), "train")
    # A report of the folder cleans what was loaded from it.
    by_path = splitlint.scan(DEMO, report="by-path", no_cache=True)
    assert by_path.clean(loaded["train"], "train").num_rows == 115
    assert splitlint.verify(loaded, report)


def test_hugging_face_images_in_memory_keep_their_bytes():
    datasets = needs("datasets")
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=["city", "desert", "forest", "lake"]),
        }
    )
    parts = {
        split: datasets.Dataset.from_list(
            [
                {"image": {"bytes": p.read_bytes(), "path": None}, "label": c}
                for p, c in images(split)
            ],
            features=features,
        )
        for split in ("train", "test")
    }
    report = splitlint.scan(datasets.DatasetDict(parts))
    assert {row["format"] for row in report.samples} == {"jpeg"}
    by_path = {row["content_hash"] for row in splitlint.scan(DEMO, report="by-path").samples}
    assert {row["content_hash"] for row in report.samples} <= by_path
    alone = splitlint.scan(parts["test"], report="alone")
    assert alone.clean(parts["test"]).num_rows == 40


def test_hugging_face_lists_of_classes_are_label_sets():
    datasets = needs("datasets")
    classes = datasets.ClassLabel(names=["city", "desert", "forest", "lake"])
    kind = getattr(datasets, "List", datasets.Sequence)
    rows = [{"image": str(p), "labels": [0, 1]} for p, _ in images("test")]
    dataset = datasets.Dataset.from_list(
        rows, features=datasets.Features({"image": datasets.Image(), "labels": kind(classes)})
    )
    report = splitlint.scan(dataset, select="DIST")
    assert {row["label"] for row in report.samples} == {"city;desert"}


def test_torch_image_folder_is_scanned_by_its_files():
    torch, torchvision = needs("torch"), needs("torchvision")
    steps = torchvision.transforms.RandomCrop(16)
    data = {
        split: torchvision.datasets.ImageFolder(str(DEMO / split), transform=steps)
        for split in ("train", "test")
    }
    report = splitlint.scan(data)
    assert report.drop_indices("train") == TRAIN_DROPS
    clean = report.clean(data)
    assert isinstance(clean["train"], torch.utils.data.Subset)
    assert [len(part) for part in clean.values()] == [115, 40]
    by_path = splitlint.scan(DEMO, report="by-path", no_cache=True)
    assert len(by_path.clean(data["train"], "train")) == 115


def test_torch_subsets_and_joined_datasets_keep_their_positions():
    torch, torchvision = needs("torch"), needs("torchvision")
    both = torch.utils.data.ConcatDataset(
        [torchvision.datasets.ImageFolder(str(DEMO / split)) for split in ("train", "test")]
    )
    # The other way round: test first, so that train begins behind it.
    train = torch.utils.data.Subset(both, list(range(119, -1, -1)))
    test = torch.utils.data.Subset(both, range(120, 160))
    report = splitlint.scan({"train": train, "test": test})
    assert report.drop_indices("train") == sorted(119 - index for index in TRAIN_DROPS)


class Asked:
    """A dataset that can only be asked."""

    classes = ["city", "desert", "forest", "lake"]

    def __init__(self, split, transform):
        self.rows = images(split)
        self.transform = transform

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        from PIL import Image

        path, label = self.rows[index]
        image = Image.open(path).convert("RGB")
        change = self.transform or (lambda image: image)
        return change(image), self.classes.index(label)


def test_transforms_are_left_out_with_a_warning():
    needs("torch")
    steps = needs("torchvision.transforms")
    both = steps.Compose([steps.Resize(32), steps.ToTensor(), steps.Normalize([0.5], [0.5])])
    with pytest.warns(splitlint.SplitlintWarning, match="Resize, ToTensor, Normalize.*left out"):
        report = splitlint.scan({s: Asked(s, both) for s in ("train", "test")})
    assert {(row["width"], row["height"]) for row in report.samples} <= {(128, 96), (96, 72)} | {
        (row["width"], row["height"]) for row in splitlint.scan(DEMO, report="p").samples
    }
    assert str(report.headlines[0]).startswith("3 of 40 test images")


def test_harmless_transforms_are_no_reason_for_a_warning(recwarn):
    needs("torch")
    steps = needs("torchvision.transforms")
    splitlint.scan(Asked("test", steps.ToTensor()))
    assert not [w for w in recwarn if w.category is splitlint.SplitlintWarning]


class Hidden:
    """A dataset whose transform nobody sees."""

    def __init__(self, base, steps):
        self._base, self._steps = base, steps

    def __len__(self):
        return len(self._base)

    def __getitem__(self, index):
        image, label = self._base[index]
        return self._steps(image), label


def test_random_transforms_that_cannot_be_left_out_are_noticed():
    needs("torch")
    steps = needs("torchvision.transforms")
    crop = steps.Compose([steps.RandomCrop(40), steps.ToTensor()])
    with pytest.warns(splitlint.SplitlintWarning, match="another image each time"):
        splitlint.scan(Hidden(Asked("test", None), crop), select="FILE")


def test_torchvision_datasets_of_arrays_are_read_before_their_transforms():
    numpy, torchvision = needs("numpy"), needs("torchvision")
    cifar = torchvision.datasets.CIFAR10.__new__(torchvision.datasets.CIFAR10)
    cifar.data = numpy.random.default_rng(1).integers(0, 255, (30, 32, 32, 3), dtype=numpy.uint8)
    cifar.targets = [index % 3 for index in range(30)]
    cifar.classes = ["a", "b", "c"]
    cifar.transform = torchvision.transforms.RandomCrop(8)
    cifar.target_transform = None
    report = splitlint.scan({"train": cifar, "test": cifar}, select="LEAK")
    assert str(report.headlines[0]).startswith("30 of 30 test images")
    assert {row["label"] for row in report.classes} == {"a", "b", "c"}


# Trainings.


def test_guard_of_a_plain_loop_stops_at_the_second_epoch_in_a_row(capsys):
    guard = callbacks.AccuracyGuard(DEMO, no_cache=True)
    epochs = [guard.update(value) for value in (0.9991, 0.5, 1.0, 1.0)]
    assert epochs == [False, False, False, True]
    assert guard.report.verdict == "breached"
    said = capsys.readouterr().err
    assert "too good to be true" in said
    assert "3 of 40 test images" in said
    assert "Why is my accuracy stuck at 1?" in said
    assert guard.update(0.1)


def test_guard_shows_a_report_that_is_there(demo, capsys):
    guard = callbacks.AccuracyGuard(report=demo, threshold=0.9, epochs=1)
    assert guard.update(0.95)
    assert str(demo.page) in capsys.readouterr().err


def test_guard_stops_even_where_the_scan_fails(capsys):
    guard = callbacks.AccuracyGuard("/no/such/data", epochs=1)
    assert guard.update(1)
    assert "could not be scanned" in capsys.readouterr().err
    for wrong in ({"threshold": 99}, {"epochs": 0}):
        with pytest.raises(splitlint.SplitlintError):
            callbacks.AccuracyGuard(**wrong)


def separable(numpy):
    """Data that any model gets right, and test data that are copies of it."""
    x = numpy.zeros((64, 8, 8, 1), numpy.float32)
    y = numpy.arange(64) % 2
    x[y == 1] = 1
    x += numpy.random.default_rng(2).random(x.shape, dtype=numpy.float32) * 0.001
    return x.clip(0, 1), y


@pytest.mark.filterwarnings("ignore::splitlint.SplitlintWarning")
def test_keras_training_is_stopped():
    numpy, keras = needs("numpy"), needs("keras")
    x, y = separable(numpy)
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.05), loss, metrics=["accuracy"])
    guard = callbacks.KerasGuard({"train": (x, y), "val": (x[:16], y[:16])}, select="LEAK")
    history = model.fit(
        x, y, epochs=50, validation_data=(x[:16], y[:16]), callbacks=[guard], verbose=0
    )
    assert guard.guard.tripped
    assert 2 <= len(history.epoch) < 50
    assert "16 of 16 validation images" in guard.guard.message


def test_keras_guard_warns_where_nothing_is_logged():
    numpy, keras = needs("numpy"), needs("keras")
    x, y = separable(numpy)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(splitlint.SplitlintWarning, match="finds no validation accuracy"):
        model.fit(x, y, epochs=1, callbacks=[callbacks.KerasGuard(DEMO)], verbose=0)


def test_lightning_training_is_stopped():
    torch, numpy = needs("torch"), needs("numpy")
    lightning = needs("lightning.pytorch")
    x, y = (torch.tensor(part) for part in separable(numpy))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=16)

    class Model(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(64, 2)

        def training_step(self, batch, index):
            return torch.nn.functional.cross_entropy(self.layer(batch[0].flatten(1)), batch[1])

        def validation_step(self, batch, index):
            right = self.layer(batch[0].flatten(1)).argmax(1) == batch[1]
            self.log("val_acc", right.float().mean())

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), 0.05)

    guard = callbacks.LightningGuard(DEMO, no_cache=True)
    trainer = lightning.Trainer(
        max_epochs=50, callbacks=[guard], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, accelerator="cpu",
    )  # fmt: skip
    trainer.fit(Model(), loader, loader)
    assert guard.guard.tripped
    assert 2 <= trainer.current_epoch < 50
    assert guard.guard.report.verdict == "breached"


def test_notebook_runs_and_shows_the_report(tmp_path):
    needs("nbconvert")
    needs("ipykernel")
    notebook = ROOT / "python" / "demo.ipynb"
    run = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--execute", "--to", "html",
         f"--output-dir={tmp_path}", str(notebook)],
        capture_output=True, encoding="utf-8", cwd=ROOT,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    page = (tmp_path / "demo.html").read_text(encoding="utf-8")
    assert "3 of 40 test images" in page
    assert page.count("data:image/jpeg;base64,") >= 12
