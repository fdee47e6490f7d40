"""Scans on a Spark cluster of two worker processes, one of which is killed on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

import splitlint
from conftest import DEMO, REQUIRED, images, needs

#: Tables that are the same whoever fingerprinted the images.
TABLES = ("pairs", "findings", "samples", "classes", "drift", "links")


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """A session on two workers of one core each."""
    needs("pyarrow")
    pyspark = needs("pyspark")
    if shutil.which("java") is None and "pyspark" not in REQUIRED:
        pytest.skip("there is no Java")
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_HOME", os.path.dirname(pyspark.__file__))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    folder = tmp_path_factory.mktemp("spark")
    package = str(Path(splitlint.__file__).resolve().parents[1])
    builder = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .appName("splitlint")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.local.dir", str(folder / "local"))
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.executorEnv.PYTHONPATH", package)
        .config("spark.executorEnv.SPLITLINT_BINARY", splitlint.find_binary())
        .config("spark.worker.cleanup.enabled", "true")
    )
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def plain(tmp_path):
    """Images with labels and splits in a manifest, and the report of a scan of it."""
    folder = tmp_path / "data"
    lines = []
    for split in ("train", "val", "test"):
        for path, label in images(split):
            key = path.relative_to(DEMO).as_posix()
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / key)
            lines.append({"path": key, "label": label, "split": split})
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = splitlint.scan(manifest, report=tmp_path / "plain", no_cache=True)
    return folder, lines, report


def assert_same(one, other):
    for table in TABLES:
        read = [(report.folder / f"{table}.csv").read_text() for report in (one, other)]
        assert read[0] == read[1], table
    assert one.exit_code == other.exit_code


def executors(spark):
    """The processes of the workers' executors."""
    app = spark.sparkContext.applicationId
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if app.encode() in words and any(b"ExecutorBackend" in word for word in words):
                found.append(int(process.name))
    return sorted(found)


def test_path_that_all_workers_reach_is_scanned_as_by_one_process(spark, tmp_path):
    alone = splitlint.scan(DEMO, report=tmp_path / "alone", no_cache=True)
    from splitlint import spark as engine

    report = engine.scan(spark, DEMO, parts=5, report=tmp_path / "spark", no_cache=True)
    assert_same(report, alone)
    assert len(list(report.findings)) > 0


def test_frame_of_images_is_scanned_though_a_worker_is_killed(spark, plain, tmp_path):
    from splitlint import spark as engine

    folder, lines, alone = plain
    rows = [
        (f"s3a://bucket/{line['path']}", (folder / line["path"]).read_bytes(), *more)
        for line in lines
        for more in [(line["label"], line["split"])]
    ]
    frame = spark.createDataFrame(rows, "path string, content binary, label string, split string")
    frame = frame.repartition(6)
    before = executors(spark)
    assert len(before) == 2

    def kill():
        tracker = spark.sparkContext.statusTracker()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            for stage in tracker.getActiveStageIds():
                info = tracker.getStageInfo(stage)
                if info is not None and info.numTasks >= 6 and info.numCompletedTasks >= 1:
                    os.kill(before[0], signal.SIGKILL)
                    killed.append(before[0])
                    return
            time.sleep(0.02)

    killed = []
    killer = threading.Thread(target=kill)
    killer.start()
    report = engine.scan(
        spark, frame, root="s3a://bucket/", report=tmp_path / "spark", no_cache=True
    )
    killer.join()
    assert killed, "no worker was killed"
    assert_same(report, alone)
    # Images that only the workers had are shown on the page.
    shown = [
        (one.folder / "report.html").read_text().count("data:image/") for one in (report, alone)
    ]
    assert shown[0] == shown[1] > 0


def test_row_without_an_image_is_a_finding_and_a_wrong_column_an_error(spark, tmp_path):
    from splitlint import spark as engine

    path, label = images("train")[0]
    rows = [("a.jpg", path.read_bytes(), label), ("b.jpg", None, label)]
    frame = spark.createDataFrame(rows, "key string, image binary, label string")
    report = engine.scan(spark, frame, report=tmp_path / "report", no_cache=True)
    assert any("b.jpg" in row["message"] for row in report.findings)
    wrong = spark.createDataFrame([("../a.jpg", rows[0][1])], "key string, image binary")
    with pytest.raises(splitlint.SplitlintError, match="'../a.jpg' is no name for a sample"):
        engine.scan(spark, wrong, report=tmp_path / "report")
    with pytest.raises(splitlint.SplitlintError, match="no column `photo`"):
        engine.scan(spark, frame, image="photo")
    with pytest.raises(splitlint.SplitlintError, match="layout"):
        engine.scan(spark, frame, layout="folders")


def test_names_that_leave_the_folder_are_refused():
    from splitlint.spark import _key

    assert _key("file:/data/a/1.jpg", "") == "data/a/1.jpg"
    assert _key("s3a://bucket/set/a/1.jpg", "s3a://bucket/set") == "a/1.jpg"
    for wrong in ("../a.jpg", "a/../../b.jpg", "", None, "a//b.jpg", "/", "."):
        with pytest.raises(splitlint.SplitlintError):
            _key(wrong, "")
