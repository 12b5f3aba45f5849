"""Places lines in time: gaps and overlaps as the script asks, nobody talking over themselves.

A  |----- a long line ------|      |--- next ---|
B               |yeah|   gap_s > 0
                <-------->
                gap_s < 0
"""

from __future__ import annotations

from nonverbal.studio.spoken import moved
from nonverbal.studio.talk import Line, SpokenLine, SpokenWord, Talk

LEAD_IN_S = 0.7
"""Silence before the first line."""
TAIL_S = 0.6
"""Silence after the last line."""
_OWN_PAUSE_S = 0.12
"""Least pause between two lines of one participant."""
_STEP_S = 0.1
"""Least time from the start of a line to the start of the next."""


class Layout:
    """Takes lines in order and says when each begins.

    A gap counts from the end of whatever lasts longest so far, so a "yeah" within a long line moves nothing.
    """

    def __init__(self, duration_s: float | None = None) -> None:
        self._lines: list[SpokenLine] = []
        self._own_end_s: dict[str, float] = {}
        self._end_s = LEAD_IN_S
        self._least_start_s = LEAD_IN_S
        self._duration_s = duration_s

    def put(self, line: Line, words: tuple[SpokenWord, ...], length_s: float) -> SpokenLine | None:
        """The line in its place, or None where the talk would become longer than it may.

        Args:
            line: what is said.
            words: its words, from any origin.
            length_s: time of a line without words.
        """
        gap_s = line.gap_s if self._lines else 0.0
        own_s = self._own_end_s.get(line.participant, 0.0) + _OWN_PAUSE_S
        start_s = max(self._end_s + gap_s, own_s, self._least_start_s)
        by_s = start_s - words[0].start_s if words else start_s
        end_s = words[-1].end_s + by_s if words else start_s + length_s
        if self._duration_s is not None and end_s > self._duration_s - TAIL_S:
            return None
        placed = SpokenLine(line, start_s, end_s, tuple(moved(word, by_s) for word in words))
        self._lines.append(placed)
        self._own_end_s[line.participant] = end_s
        self._end_s = max(self._end_s, end_s)
        self._least_start_s = start_s + _STEP_S
        return placed

    def talk(self) -> Talk:
        """Everything placed so far."""
        end_s = self._end_s + TAIL_S if self._duration_s is None else self._duration_s
        return Talk(tuple(self._lines), end_s)
