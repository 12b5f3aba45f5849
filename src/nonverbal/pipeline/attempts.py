"""How often a unit has failed, kept where no crash can tear it: in the names of empty files.

``UNIT.2.open`` means: two failures so far, and work on it has begun. A failure is counted when the supervisor saw
the worker fail on the unit, so three crashes are three crashes over any number of runs. When everything
is killed at once (power cut, `kill -9` of the group) nobody saw whose fault it was: the ``open`` mark stays and
counts as no failure, but the unit goes behind all others at the next start. Should it be what brings the
machine down, the others are done by then.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

MARK = re.compile(r"[0-9a-zA-Z_-]+\.[0-9]{1,6}\.(open|shut)")
"""What the name of a mark looks like."""


@dataclass
class Attempts:
    """The marks in one folder; `interrupted` are the units that were at hand when an earlier run died."""

    folder: Path
    interrupted: frozenset[str] = frozenset()
    _marks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Attempts:
        """Reads the marks, creating the folder where needed; what is no mark is left alone."""
        folder.mkdir(parents=True, exist_ok=True)
        names = sorted(name for name in os.listdir(folder) if MARK.fullmatch(name))
        marks = {name.partition(".")[0]: name for name in names}
        interrupted = frozenset(unit_id for unit_id, name in marks.items() if name.endswith(".open"))
        return cls(folder, interrupted, marks)

    def failures(self, unit_id: str) -> int:
        """How often the unit has failed so far, over all runs."""
        mark = self._marks.get(unit_id)
        return int(mark.split(".")[1]) if mark else 0

    def begin(self, unit_id: str) -> None:
        """Marks that work on the unit begins."""
        self._set(unit_id, f"{unit_id}.{self.failures(unit_id)}.open")

    def fail(self, unit_id: str) -> int:
        """Counts one more failure and returns how many there are now."""
        failures = self.failures(unit_id) + 1
        self._set(unit_id, f"{unit_id}.{failures}.shut")
        return failures

    def pause(self, unit_id: str) -> None:
        """The unit was stopped on request: its failures stand, nothing is held against it."""
        self._set(unit_id, f"{unit_id}.{self.failures(unit_id)}.shut")

    def forget(self, unit_id: str) -> None:
        """The unit is finished, one way or the other."""
        mark = self._marks.pop(unit_id, None)
        if mark:
            (self.folder / mark).unlink(missing_ok=True)

    def _set(self, unit_id: str, mark: str) -> None:
        old = self._marks.get(unit_id)
        if old is None:
            (self.folder / mark).touch()
        elif old != mark:
            os.rename(self.folder / old, self.folder / mark)
        self._marks[unit_id] = mark
