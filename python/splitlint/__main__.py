"""``python -m splitlint``: the program itself."""

from __future__ import annotations

import os
import subprocess
import sys

from ._binary import find_binary
from ._errors import SplitlintError


def main() -> int:
    """Runs the program with this process's arguments; returns its exit code."""
    try:
        command = [find_binary(), *sys.argv[1:]]
    except SplitlintError as error:
        print(f"splitlint: {error}", file=sys.stderr)
        return 2
    if os.name == "nt":
        # Windows has no way to become another program: wait, and let Ctrl-C
        # reach the child, which ends itself.
        child = subprocess.Popen(command)
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main())
