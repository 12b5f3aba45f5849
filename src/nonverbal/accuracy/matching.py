"""Truth and finding side by side: the truth cut to the clip, and who in one is who in the other.

Participants are matched by where their faces are in the picture, never by their names: what one calls A the other may
call B.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import scipy  # loads its parts when they are used

from nonverbal.motion.rotations import F
from nonverbal.timeline import n_frames
from nonverbal.types import PARTS, Bool, Clip, Dialogue, Motion, Turn

_ARRAYS = ("face", "body", "validity", "confidence", "head_pose", "gaze", "bbox", "speaking")
_FACE = PARTS.index("face")


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """One clip of which the truth is known.

    Attributes:
        truth: as it is known, from the clip's start to its end.
        found: as it was found; without turns and participants where the clip was turned down.
        people: each true participant with the found one who has the same face, or None; of equal length T.
    """

    truth: Dialogue
    found: Dialogue
    people: tuple[tuple[Motion, Motion | None], ...]

    @property
    def names(self) -> dict[str, str]:
        """Found participant -> true participant, by face."""
        return {found.participant: truth.participant for truth, found in self.people if found}


def match(truth: Dialogue, found: Dialogue | None, clip: Clip | None = None) -> Match:
    """Cuts `truth` to the clip of `found` and matches the people.

    Args:
        found: None where the pipeline turned the clip down: everything true is then missed.
        clip: which clip that was; the whole truth when left out.
    """
    target = found.clip if found else clip or truth.clip
    known = cut(truth, target.start_s, target.end_s)
    got = found or Dialogue(target, "", (), ())
    count = min([m.n_frames for m in (*known.participants, *got.participants)], default=0)
    true_people = [_rows(m, 0, count) for m in known.participants]
    found_people = [_rows(m, 0, count) for m in got.participants]
    same = same_face(true_people, found_people)
    return Match(
        replace(known, participants=tuple(true_people)),
        replace(got, participants=tuple(found_people)),
        tuple((m, found_people[same[i]] if i in same else None) for i, m in enumerate(true_people)),
    )


def same_face(truth: list[Motion], found: list[Motion]) -> dict[int, int]:
    """Index of a true participant -> index of the found one whose face boxes cover the true ones best."""
    if not truth or not found:
        return {}
    shared = np.array([[_box_overlap(a, b).sum() for b in found] for a in truth])
    return dict(zip(*(side.tolist() for side in scipy.optimize.linear_sum_assignment(-shared)), strict=True))


def _box_overlap(a: Motion, b: Motion) -> F:
    """[T] intersection over union of the face boxes, 0 where either face is not valid."""
    low, high = np.maximum(a.bbox[:, :2], b.bbox[:, :2]), np.minimum(a.bbox[:, 2:], b.bbox[:, 2:])
    both = np.prod(np.maximum(high - low, 0.0), axis=1, dtype=np.float64)
    either = _area(a) + _area(b) - both
    return np.divide(both, either, out=np.zeros_like(both), where=valid_in_both(a, b, _FACE) & (either > 0))


def _area(motion: Motion) -> F:
    return np.prod(np.maximum(motion.bbox[:, 2:] - motion.bbox[:, :2], 0.0), axis=1, dtype=np.float64)


def valid_in_both(a: Motion, b: Motion, part: int) -> Bool:
    """[T] whether the part with that index in `PARTS` is valid in both."""
    return np.asarray((a.validity[:, part] == 1) & (b.validity[:, part] == 1))


def cut(dialogue: Dialogue, start_s: float, end_s: float) -> Dialogue:
    """The stretch ``[start_s, end_s)``, in seconds of the source, of a dialogue as a dialogue of its own.

    A word belongs to it where its middle does; turns are cut at the edges and those without a word left are dropped.
    """
    lead_s, duration_s = start_s - dialogue.clip.start_s, end_s - start_s
    first = round(lead_s * (dialogue.participants[0].fps if dialogue.participants else 1.0))
    participants = tuple(_rows(m, first, n_frames(duration_s, m.fps)) for m in dialogue.participants)
    turns = tuple(_cut_turns(dialogue.turns, lead_s, duration_s))
    return Dialogue(replace(dialogue.clip, start_s=start_s, end_s=end_s), dialogue.language, turns, participants)


def _cut_turns(turns: Iterable[Turn], lead_s: float, duration_s: float) -> Iterable[Turn]:
    for turn in turns:
        inside = [w for w in turn.words if 0.0 <= 0.5 * (w.start_s + w.end_s) - lead_s < duration_s]
        words = tuple(replace(w, start_s=w.start_s - lead_s, end_s=w.end_s - lead_s) for w in inside)
        start_s, end_s = max(turn.start_s - lead_s, 0.0), min(turn.end_s - lead_s, duration_s)
        if end_s > start_s and (words or not turn.words):
            yield replace(turn, start_s=start_s, end_s=end_s, words=words, sentences=(0,))


def _rows(motion: Motion, first: int, count: int) -> Motion:
    """Rows ``[first, first + count)``, as far as there are any."""
    rows = slice(max(first, 0), max(first + count, 0))
    if rows.start == 0 and rows.stop >= motion.n_frames:
        return motion
    return replace(motion, **{name: getattr(motion, name)[rows] for name in _ARRAYS})
