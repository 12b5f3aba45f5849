"""Whether a part of a person is found where it is in view, and not where it is not."""

from __future__ import annotations

from dataclasses import dataclass

from nonverbal.accuracy.matching import Match
from nonverbal.types import PARTS


@dataclass(frozen=True, slots=True)
class Detection:
    """Counts of (person, frame) pairs of one part."""

    in_view: int = 0
    found_in_view: int = 0
    out_of_view: int = 0
    found_out_of_view: int = 0

    def __add__(self, other: Detection) -> Detection:
        return Detection(
            self.in_view + other.in_view,
            self.found_in_view + other.found_in_view,
            self.out_of_view + other.out_of_view,
            self.found_out_of_view + other.found_out_of_view,
        )

    @property
    def rate(self) -> float:
        """Share of the pairs truly in view that were found, in [0, 1]."""
        return self.found_in_view / self.in_view if self.in_view else 0.0

    @property
    def false_alarm(self) -> float:
        """Share of the pairs truly out of view that were found all the same, in [0, 1]."""
        return self.found_out_of_view / self.out_of_view if self.out_of_view else 0.0


def score_detection(pair: Match) -> dict[str, Detection]:
    """Part -> counts. A participant who was not found counts as never found."""
    scores = dict.fromkeys(PARTS, Detection())
    for truth, estimate in pair.people:
        in_view = truth.validity == 1
        found = (estimate.validity == 1) if estimate else (in_view & False)
        for column, part in enumerate(PARTS):
            seen, hit = in_view[:, column], found[:, column]
            scores[part] += Detection(
                int(seen.sum()), int((seen & hit).sum()), int((~seen).sum()), int((~seen & hit).sum())
            )
    return scores
