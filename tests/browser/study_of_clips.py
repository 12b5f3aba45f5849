"""Small studies, served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nonverbal.serve.background import serving
from nonverbal.study.analyse import design_path
from nonverbal.study.design import DESIGN_FILE, Design

ITEMS = ("adelaide", "benedict", "clementine")
"""Names too long to stand by chance in a random ticket."""
CONDITIONS = ("truth", "machine")
THREE_PAIRS = ("--pairs-per-rater", "3", "--checks", "1")
"""Five in all, with the one for practice."""


@dataclass(frozen=True)
class StudyRun:
    """Where a study is served, and the table that its answers go to."""

    address: str
    table: Path

    @property
    def design(self) -> Design:
        return DESIGN_FILE.read(Design, design_path(self.table))


@contextmanager
def study_of(table: Path, *arguments: str) -> Iterator[StudyRun]:
    """A study with these conditions and options."""
    with serving("study", *arguments, "--out", table) as address:
        yield StudyRun(address, table)
