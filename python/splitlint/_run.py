"""Runs the program and listens to it. Knows no report and no data set."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import IO, Any, Dict, List, Optional, Sequence, Tuple

from ._binary import find_binary
from ._errors import SplitlintError
from ._progress import Progress

#: Seconds in which an interrupted program may still write what is whole.
GRACE = 5.0

#: Seconds between two looks for Ctrl-C where waiting would hide it (Windows).
GLANCE = 0.1


@dataclass
class Finished:
    """What a run left behind."""

    code: int
    stdout: str
    #: Lines for people from standard error, progress taken out.
    messages: List[str] = field(default_factory=list)
    #: The folder of the report, where one was written.
    report: Optional[str] = None

    def error(self) -> SplitlintError:
        """The run's failure in the program's own words."""
        message = "\n".join(self.messages).strip() or self.stdout.strip()
        if message.startswith("splitlint: "):
            message = message[len("splitlint: ") :]
        if not message and self.code < 0:
            message = f"the program was ended by signal {-self.code}"
        return SplitlintError(message or f"exit code {self.code}", self.code)


def run(
    arguments: Sequence[str],
    *,
    progress: Optional[Progress] = None,
    show_notes: bool = False,
) -> Finished:
    """Runs ``splitlint`` with ``arguments`` to its end.

    Args:
        arguments: The command and its flags.
        progress: Shown while the program works, if it was asked for JSON progress.
        show_notes: Notes also go to this process's standard error.

    Returns:
        Exit code and output. No exit code raises.

    Raises:
        KeyboardInterrupt: Ctrl-C; the program was stopped first.
        SplitlintError: The program cannot be started.
    """
    binary = find_binary()
    try:
        child = subprocess.Popen(
            [binary, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            **_apart(),
        )
    except OSError as error:
        raise SplitlintError(f"`{binary}` cannot be started: {error}") from error
    lines: "queue.SimpleQueue[Tuple[str, Optional[str]]]" = queue.SimpleQueue()
    readers = [
        threading.Thread(target=_listen, args=(name, pipe, lines), daemon=True)
        for name, pipe in (("out", child.stdout), ("err", child.stderr))
    ]
    for reader in readers:
        reader.start()
    finished = Finished(0, "")
    out: List[str] = []
    try:
        open_pipes = len(readers)
        while open_pipes:
            try:
                name, line = lines.get(timeout=GLANCE)
            except queue.Empty:
                continue
            if line is None:
                open_pipes -= 1
            elif name == "out":
                out.append(line)
            else:
                _take(line.rstrip("\r\n"), finished, progress, show_notes)
        finished.code = child.wait()
    except BaseException:
        _stop(child)
        raise
    finally:
        if progress is not None:
            progress.close()
        for pipe in (child.stdout, child.stderr):
            if pipe is not None and child.poll() is not None:
                for reader in readers:
                    reader.join(GRACE)
                pipe.close()
    finished.stdout = "".join(out)
    return finished


def _apart() -> Dict[str, Any]:
    """A group of its own, so that Ctrl-C reaches the program once, by us."""
    if os.name == "nt":
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    return {"start_new_session": True}


def _listen(name: str, pipe: Optional[IO[str]], lines: Any) -> None:
    try:
        for line in pipe or ():
            lines.put((name, line))
    except ValueError:
        pass  # Closed while it was read, by a stop.
    lines.put((name, None))


def _take(line: str, finished: Finished, progress: Optional[Progress], show_notes: bool) -> None:
    """A line of standard error: an event for us, or a note for people."""
    event = _event(line)
    if event is None:
        finished.messages.append(line)
        if show_notes:
            print(line, file=sys.stderr)
    elif "report" in event:
        finished.report = event["report"]
    elif progress is not None:
        progress.show(event.get("doing", ""), event.get("done", 0), event.get("total"))


def _event(line: str) -> Optional[Dict[str, Any]]:
    if not line.startswith('{"splitlint":'):
        return None
    try:
        event = json.loads(line)["splitlint"]
    except (ValueError, KeyError):
        return None
    return event if isinstance(event, dict) else None


def _stop(child: "subprocess.Popen[str]") -> None:
    """Asks the program to stop as Ctrl-C does, and ends it if it will not."""
    if child.poll() is not None:
        return
    try:
        if os.name == "nt":
            child.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
        else:
            child.send_signal(signal.SIGINT)
        child.wait(GRACE)
    except (OSError, subprocess.TimeoutExpired, KeyboardInterrupt):
        child.kill()
        child.wait()
