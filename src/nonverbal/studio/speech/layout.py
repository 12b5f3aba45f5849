"""Places lines in time: gaps and overlaps as the script asks, nobody talking over themselves.

A  |----- a long line ------|      |--- next ---|
B               |yeah|   gap_s > 0
                <-------->
                gap_s < 0
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile

from nonverbal.studio.speech.spoken import moved
from nonverbal.studio.talk import Line, SpokenLine, SpokenWord, Talk

Say = Callable[[int, Line], tuple[tuple[SpokenWord, ...], float]]
"""Says line number i: its words from any origin, and how long it takes if it has no words."""

LEAD_IN_S = 0.7
"""Silence before the first line."""
TAIL_S = 0.6
"""Silence after the last line."""
_OWN_PAUSE_S = 0.12
"""Least pause between two lines of one participant."""
_STEP_S = 0.1
"""Least time from the start of a line to the start of the next."""
_FAREWELL_S = 9.0
_FAREWELL_FROM_S = 40.0
"""A shorter talk ends without goodbyes."""
_SENTENCE_ENDS = (".", "?", "!")


def lay_out(lines: Sequence[Line], say: Say, duration_s: float | None) -> tuple[Talk, list[int]]:
    """The lines in their places, and the number of each.

    Goodbyes at the end of `lines` stay at the end of the talk. The last line before that may lose sentences to fit, and
    what comes after it is left out.

    Args:
        lines: what is said.
        say: called for each line in order, until no more fit.
        duration_s: length of the talk; None for as long as it takes.
    """
    ending = len(list(takewhile(lambda line: line.act == "part", reversed(lines))))
    layout, numbers = _Layout(), []
    end_s = None if duration_s is None else duration_s - TAIL_S
    body_end_s = end_s if end_s is None or end_s < _FAREWELL_FROM_S else end_s - _FAREWELL_S * (ending > 0)
    for i, line in enumerate(lines[: len(lines) - ending]):
        fits = layout.put_what_fits(i, line, say, body_end_s)
        numbers += [i] if fits else []
        if fits is not line:
            break
    if end_s is None or end_s >= _FAREWELL_FROM_S:
        for i in range(len(lines) - ending, len(lines)):
            numbers += [i] if layout.put_what_fits(i, lines[i], say, end_s) else []
    return layout.talk(duration_s), numbers


class _Layout:
    """Takes lines in order and says when each begins.

    A gap counts from the end of whatever lasts longest so far, so a "yeah" within a long line moves nothing.
    """

    def __init__(self) -> None:
        self._lines: list[SpokenLine] = []
        self._own_end_s: dict[str, float] = {}
        self._end_s = LEAD_IN_S
        self._least_start_s = LEAD_IN_S

    def put_what_fits(self, number: int, line: Line, say: Say, until_s: float | None) -> Line | None:
        """Places the line, or as many of its first sentences as end before `until_s`; returns what was placed."""
        fits: Line | None = line
        while fits is not None and not self._put(fits, *say(number, fits), until_s):
            fits = _shortened(fits)
        return fits

    def _put(self, line: Line, words: tuple[SpokenWord, ...], length_s: float, until_s: float | None) -> bool:
        gap_s = line.gap_s if self._lines else 0.0
        own_s = self._own_end_s.get(line.participant, 0.0) + _OWN_PAUSE_S
        start_s = max(self._end_s + gap_s, own_s, self._least_start_s)
        by_s = start_s - words[0].start_s if words else start_s
        end_s = words[-1].end_s + by_s if words else start_s + length_s
        if until_s is not None and end_s > until_s:
            return False
        self._lines.append(SpokenLine(line, start_s, end_s, tuple(moved(word, by_s) for word in words)))
        self._own_end_s[line.participant] = end_s
        self._end_s = max(self._end_s, end_s)
        self._least_start_s = start_s + _STEP_S
        return True

    def talk(self, duration_s: float | None) -> Talk:
        """Everything placed so far."""
        return Talk(tuple(self._lines), self._end_s + TAIL_S if duration_s is None else duration_s)


def _shortened(line: Line) -> Line | None:
    """The line without its last sentence; None where it has but one."""
    words = line.text.split(" ")
    count = max((i + 1 for i, word in enumerate(words[:-1]) if word.endswith(_SENTENCE_ENDS)), default=0)
    if not count:
        return None
    emphasis = tuple(i for i in line.emphasis if i < count)
    cues = tuple(cue for cue in line.cues if cue.word < count)
    return replace(line, text=" ".join(words[:count]), emphasis=emphasis, cues=cues)
