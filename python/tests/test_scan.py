"""Scans of paths: keywords, verdicts, errors, a stop."""

from __future__ import annotations

import inspect
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import splitlint
from conftest import DEMO, ROOT
from splitlint import _generated


def test_verdict_reasons_and_headlines_are_those_of_the_summary(demo):
    assert (demo.verdict, demo.exit_code) == ("breached", 1)
    assert "`fail-on`" in demo.reasons[0]
    leaks = demo.headlines[0]
    assert (leaks.topic, leaks.tone) == ("leaks", "bad")
    assert str(leaks).startswith("3 of 40 test images (7.5%)")
    assert demo.splits == ["train", "val", "test"]


def test_bad_verdict_raises_with_the_headlines(demo):
    with pytest.raises(splitlint.VerdictError, match="3 of 40 test images") as caught:
        demo.raise_for_verdict()
    assert caught.value.exit_code == 1
    assert caught.value.report is demo


def test_clean_verdict_returns_the_report(tmp_path):
    report = splitlint.scan(DEMO, fail_on="never", report=tmp_path / "report", no_cache=True)
    assert report.raise_for_verdict() is report


def test_splits_are_given_as_a_mapping_of_paths(tmp_path):
    splits = {"train": DEMO / "train", "holdout": DEMO / "test"}
    report = splitlint.scan(splits, select=["LEAK"], report=tmp_path / "report", no_cache=True)
    assert report.splits[0] == "train"
    assert {row["code"] for row in report.findings} >= {"LEAK001", "LEAK002"}


def test_errors_are_exceptions_with_the_message_of_the_program(tmp_path, capfd):
    with pytest.raises(splitlint.SplitlintError, match="no such file or folder") as caught:
        splitlint.scan(tmp_path / "nowhere")
    assert caught.value.exit_code == 2
    assert not str(caught.value).startswith("splitlint:")
    with pytest.raises(splitlint.SplitlintError, match="invalid value 'bad'"):
        splitlint.scan(DEMO, fail_on="bad")
    with pytest.raises(splitlint.SplitlintError, match="given twice"):
        splitlint.scan({"train": DEMO}, split={"test": DEMO})
    with pytest.raises(splitlint.SplitlintError, match="`quiet` is True or False"):
        splitlint.scan(DEMO, quiet="yes")
    # The message is in the exception, and nowhere else.
    assert capfd.readouterr() == ("", "")


def test_unknown_keywords_are_refused_by_python_itself():
    with pytest.raises(TypeError, match="no_such_flag"):
        splitlint.scan(DEMO, no_such_flag=1)


def test_every_flag_of_the_help_is_a_keyword_with_a_docstring():
    helped = subprocess.run(
        [splitlint.find_binary(), "scan", "--help"], capture_output=True, encoding="utf-8"
    ).stdout
    flags = {word.strip(",") for word in helped.split() if word.startswith("--")}
    flags = {f for f in flags if f[2:].replace("-", "").isalpha()} - {"--help", "--version"}
    assert len(flags) > 25
    keywords = inspect.signature(splitlint.scan).parameters
    listed = {flag.name for flag in _generated.SCAN_FLAGS.values()}
    for flag in flags:
        keyword = flag[2:].replace("-", "_")
        if flag in listed or flag in helped.partition("Options:")[2]:
            assert keyword in keywords, flag
            assert f"{keyword}:" in splitlint.scan.__doc__, flag
    assert listed <= flags


def test_lists_switches_and_mappings_reach_the_program(tmp_path, capfd):
    out = tmp_path / "leaks.sarif"
    report = splitlint.scan(
        DEMO,
        select="LEAK,FILE",
        ignore=["LEAK003", "LEAK004"],
        output={"sarif": out},
        format="markdown",
        jobs=1,
        quiet=True,
        no_cache=True,
        report=tmp_path / "report",
    )
    codes = {row["code"] for row in report.findings}
    assert codes >= {"LEAK001", "LEAK002", "FILE001"}
    assert all(code.startswith(("LEAK", "FILE")) for code in codes)
    assert not codes & {"LEAK003", "LEAK004"}
    assert out.is_file()
    assert "splitlint" in capfd.readouterr().out


def test_version_of_the_package_is_that_of_the_program():
    said = subprocess.run(
        [splitlint.find_binary(), "--version"], capture_output=True, encoding="utf-8"
    ).stdout
    assert said.split() == ["splitlint", splitlint.__version__]


def test_python_m_splitlint_is_the_program():
    run = subprocess.run(
        [sys.executable, "-m", "splitlint", "explain", "stuck-at-one"],
        capture_output=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("# Why is my accuracy stuck at 1?")


def test_missing_program_is_named(monkeypatch):
    monkeypatch.setenv("SPLITLINT_BINARY", "/no/such/splitlint")
    with pytest.raises(splitlint.SplitlintError, match="/no/such/splitlint"):
        splitlint.scan(DEMO)


def test_progress_is_shown_when_asked_for(tmp_path, capfd):
    splitlint.scan(DEMO, progress=True, report=tmp_path / "report", no_cache=True)
    err = capfd.readouterr().err
    assert "reading images" in err
    # The last thing drawn is nothing.
    assert err.rstrip(" \r").endswith("\r") or err.endswith(" \r")


@pytest.mark.skipif(os.name == "nt", reason="signals are sent to processes")
def test_ctrl_c_stops_the_program_and_raises(tmp_path):
    big = tmp_path / "data"
    # Bytes behind the end of a JPEG change its content and no pixel: every file is read anew.
    image = (DEMO / "train" / "city" / "00.jpg").read_bytes()
    for split in ("train", "test"):
        (big / split / "cat").mkdir(parents=True)
    for number in range(20_000):
        split = "train" if number % 2 else "test"
        (big / split / "cat" / f"{number}.jpg").write_bytes(image + number.to_bytes(4, "big"))
    code = (
        "import splitlint, sys\n"
        "try: splitlint.scan(sys.argv[1], report=sys.argv[2], no_cache=True, jobs=1)\n"
        "except KeyboardInterrupt: print('stopped')"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(big), str(tmp_path / "report")],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    ours = _children(child.pid)
    waited = time.monotonic()
    while not ours and time.monotonic() - waited < 30:
        time.sleep(0.05)
        ours = _children(child.pid)
    time.sleep(0.3)
    asked = time.monotonic()
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=30)[0] == "stopped\n"
    assert time.monotonic() - asked < 10
    assert ours and not any(Path(f"/proc/{pid}").exists() for pid in ours)


def _children(pid):
    if not Path("/proc").is_dir():
        pytest.skip("there is no /proc")
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in found]


def test_scans_in_threads_do_not_disturb_each_other(tmp_path):
    reports = {}

    def work(name):
        reports[name] = splitlint.scan(DEMO, report=tmp_path / name, no_cache=True)

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reports["a"].summary == reports["b"].summary


def test_generated_module_is_what_the_program_prints():
    said = subprocess.run(
        [splitlint.find_binary(), "python"], capture_output=True, encoding="utf-8"
    ).stdout
    file = ROOT / "python" / "splitlint" / "_generated.py"
    assert file.read_text(encoding="utf-8") == said
