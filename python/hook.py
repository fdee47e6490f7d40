#!/usr/bin/env python3
"""The pre-commit hook: installs the wheel of this version once, and runs the program.

The environment lies beside this file, in the clone that pre-commit keeps of each version.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def version() -> str:
    """The version of the program that belongs to this file."""
    manifest = (HERE.parent / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.+)"$', manifest, re.MULTILINE)
    if found is None:
        raise SystemExit("splitlint: Cargo.toml names no version")
    return found.group(1)


def program(place: Path) -> Path:
    """Where the program lies in an environment."""
    return place / ("Scripts/splitlint.exe" if os.name == "nt" else "bin/splitlint")


def main() -> int:
    """Runs the program with this process's arguments; returns its exit code."""
    place = HERE / f".hook-{version()}"
    if not program(place).is_file():
        venv.create(place, with_pip=True, clear=True)
        pip = [str(program(place).with_name("python")), "-m", "pip", "--quiet", "install"]
        wanted = os.environ.get("SPLITLINT_HOOK_WHEEL", f"splitlint=={version()}")
        done = subprocess.run([*pip, "--only-binary", "splitlint", wanted], stdout=sys.stderr)
        if done.returncode:
            return 2
    return subprocess.run([str(program(place)), *sys.argv[1:]]).returncode


if __name__ == "__main__":
    sys.exit(main())
