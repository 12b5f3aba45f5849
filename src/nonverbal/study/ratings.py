"""One answer of one rater, and the table of all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from nonverbal.media.names import printable
from nonverbal.study.durable_csv import read_rows
from nonverbal.verdicts import UserError

Kind = Literal["practice", "check", "pair"]
Answer = Literal["left", "right", "tie"]

COLUMNS = (
    "answered_at", "rater", "position", "kind", "item", "left", "right", "question", "answer", "preferred", "seconds",
    "plays_left", "plays_right", "seed", "design", "version",
)  # fmt: skip
"""Of the table of ratings, in order."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One line of the table.

    Attributes:
        answered_at: UTC, ISO 8601.
        rater: code of the rater, drawn at random; nothing else is known of a person.
        position: of the trial in what this rater sees; the practice pair is 0.
        kind: only what is of kind ``pair`` counts as a preference.
        item: name that the two clips share.
        left: name of the condition shown on the left; of an altered clip, NAME:frozen or NAME:shuffled.
        right: likewise.
        question: as it was asked.
        answer: which side, or a tie.
        seconds: from when the trial was shown until it was answered, by the server's clock.
        plays_left: how often the left clip was played to its end.
        plays_right: likewise.
        seed: of the design.
        design: the first characters of the design's hash.
        version: of this package.
    """

    answered_at: str
    rater: str
    position: int
    kind: Kind
    item: str
    left: str
    right: str
    question: str
    answer: Answer
    seconds: float
    plays_left: int
    plays_right: int
    seed: int
    design: str
    version: str

    @property
    def preferred(self) -> str:
        """Name of the condition that was preferred; empty for a tie."""
        return {"left": self.left, "right": self.right, "tie": ""}[self.answer]

    def row(self) -> tuple[str, ...]:
        """The cells of its line."""
        seconds = f"{self.seconds:.1f}"
        shown = (self.answered_at, self.rater, str(self.position), self.kind, self.item, self.left, self.right)
        told = (self.question, self.answer, self.preferred, seconds, str(self.plays_left), str(self.plays_right))
        return (*shown, *told, str(self.seed), self.design, self.version)


def read_ratings(path: Path) -> list[Rating]:
    """All ratings in the table at `path`; of answers given twice to one question, the last.

    Raises:
        UserError: it is missing or no such table; the message names the row.
    """
    found: dict[tuple[str, int, str], Rating] = {}
    for number, row in enumerate(read_rows(path, COLUMNS), 2):
        try:
            rating = _rating(row)
        except ValueError as error:
            raise UserError(f"{printable(path)}: row {number}: {error}; remove or mend it") from error
        found[rating.rater, rating.position, rating.question] = rating
    return list(found.values())


def _rating(row: tuple[str, ...]) -> Rating:
    held = dict(zip(COLUMNS, row, strict=True))
    seconds = float(held["seconds"])
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"seconds is {held['seconds']}, expected 0 or more")
    for name, kinds in (("kind", get_args(Kind)), ("answer", get_args(Answer))):
        if held[name] not in kinds:
            raise ValueError(f"{name} is {held[name]!r}, expected {', '.join(kinds)}")
    if not held["left"] or not held["right"] or held["left"] == held["right"]:
        raise ValueError(f"left is {held['left']!r} and right {held['right']!r}, expected two conditions")
    rating = Rating(
        held["answered_at"], held["rater"], int(held["position"]), held["kind"], held["item"], held["left"],  # type: ignore[arg-type]
        held["right"], held["question"], held["answer"], seconds, int(held["plays_left"]),  # type: ignore[arg-type]
        int(held["plays_right"]), int(held["seed"]), held["design"], held["version"],
    )  # fmt: skip
    if held["preferred"] != rating.preferred:
        raise ValueError(f"preferred is {held['preferred']!r} where the answer says {rating.preferred!r}")
    return rating
