"""Which sample of a report stands where in a dataset in memory. Matches no pixel."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Dict, List, Optional

#: The file beside the report's own; a scan of a path takes it away.
NAME = "origins.json"


@dataclass
class Split:
    """A split as it was handed over."""

    #: Its name as given; ``None`` for data without splits.
    name: Optional[str]
    #: The key of the sample at each position; ``None`` for one that is no sample.
    keys: List[Optional[str]] = field(default_factory=list)
    #: What the dataset calls its own state, if it has such.
    fingerprint: Optional[str] = None


@dataclass
class Origins:
    """The dataset that a report is about."""

    #: What kind of object it was, for people.
    kind: str
    splits: List[Split]
    #: The digest of the report that this belongs to.
    digest: Optional[str] = None

    def save(self, folder: Path, digest: Optional[str]) -> None:
        """Writes this beside the report in ``folder``."""
        self.digest = digest
        text = json.dumps(asdict(self), ensure_ascii=False)
        (folder / NAME).write_text(text, encoding="utf-8")

    @staticmethod
    def load(folder: Path, digest: Optional[str]) -> Optional["Origins"]:
        """What was saved beside the report in ``folder``, if it belongs to it."""
        try:
            saved = json.loads((folder / NAME).read_text(encoding="utf-8"))
            splits = [Split(**split) for split in saved["splits"]]
            origins = Origins(saved["kind"], splits, saved["digest"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return origins if origins.digest == digest else None

    @staticmethod
    def forget(folder: Path) -> None:
        """Takes away what an earlier scan left beside its report."""
        try:
            (folder / NAME).unlink()
        except OSError:
            pass

    def positions(self) -> Dict[str, List[int]]:
        """Positions within their split, by key; one key may stand at several."""
        positions: Dict[str, List[int]] = {}
        for split in self.splits:
            for index, key in enumerate(split.keys):
                if key is not None:
                    positions.setdefault(key, []).append(index)
        return positions
