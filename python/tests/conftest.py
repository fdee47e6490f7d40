"""What the tests share. Packages that are absent are passed over, unless they are required."""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path

import pytest

import splitlint

#: Packages without which the tests may not pass, as a pipeline sets it.
REQUIRED = os.environ.get("SPLITLINT_TEST_REQUIRE", "").split()

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "sample-data" / "demo"


def needs(name):
    """The package ``name``; skips the test where it is absent and not required."""
    try:
        return importlib.import_module(name)
    except ImportError:
        if name.partition(".")[0] in REQUIRED:
            raise
        return pytest.skip(f"{name} is not installed")


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The report of the demo set, scanned as a path."""
    return splitlint.scan(DEMO, report=tmp_path_factory.mktemp("demo") / "report", no_cache=True)


@pytest.fixture
def data(tmp_path):
    """A copy of the demo set that may be changed."""
    return Path(shutil.copytree(DEMO, tmp_path / "data"))


def images(split):
    """Path and class of every image of a split of the demo set that can be decoded."""
    broken = {"train/forest/15.jpg", "train/lake/02.jpg"}
    found = sorted((DEMO / split).glob("*/*.jpg"))
    return [
        (path, path.parent.name)
        for path in found
        if path.relative_to(DEMO).as_posix() not in broken
    ]
