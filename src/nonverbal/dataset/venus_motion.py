"""Frames of a published VENUS row onto the 25 Hz grid of its segment, for the participant whose utterance they show.

Frame numbers count from 0 at the start of the segment, not of the utterance: the segment is cut at 25 frames a second,
the paper's example (figure 9) gives frame 2 to an utterance that begins at 0.109 s, and the release compares numbers
with 25 times the start and end of the utterance. So a frame number is a row of the grid::

    utterance 3 of A, 1.00 to 1.20 s        frames 25 26 27 28 29 30 as published, here without 27
    grid of A     ... 24 25 26 27 28 29 30 31 ...
    valid              0  1  1  0  1  1  1  0          gaps stay gaps: nothing is interpolated or shifted
    grid of B          0  0  0  0  0  0  0  0          only who talks is published

Each part is placed by utterance and number for itself, so a missing face moves no body.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.dataset.venus_rows import BODY, FACE, UNKNOWN_PROB, Frames, VenusRow
from nonverbal.dataset.venus_turns import PARTICIPANTS, SEGMENT_S, Spoken
from nonverbal.motion.rotations import shortest_axis_angle
from nonverbal.spaces import get_space
from nonverbal.timeline import FPS, frame_at, n_frames, spans_to_mask
from nonverbal.types import F32, PARTS, Bool, Motion, Span
from nonverbal.verdicts import Reason, RejectedError

SLACK_FRAMES = 5
"""How far a frame may lie outside its utterance: 0.2 s, since cuts and times of words are rounded."""

MOST_OUTSIDE = 0.5
"""Share of frames outside their utterances from which the numbers do not count from the segment's start."""

KEPT, NOT_FINITE, NO_FEATURES = "kept", "invalid: NaN or infinite", "invalid: no features"
DUPLICATE, OUTSIDE, UNKNOWN, NO_NUMBER = (
    "dropped: a second time",
    "dropped: outside its utterance",
    "dropped: of no known utterance",
    "dropped: no frame number",
)
FATES = (KEPT, NOT_FINITE, NO_FEATURES, DUPLICATE, OUTSIDE, UNKNOWN, NO_NUMBER)
"""What can become of a published frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """One part of both participants: values [2, T, D], valid [2, T], and what became of the published frames."""

    values: F32
    valid: Bool
    fates: Counter[str]


def place_motion(row: VenusRow, spoken: Sequence[Spoken], where: str) -> tuple[tuple[Motion, ...], Placed, Placed]:
    """The motion of both participants, and how face and body were placed.

    Raises:
        RejectedError: E_AV_SYNC, most frames lie outside their utterances; E_NO_PERSON, not one frame is left.
    """
    face, body = place(row.face, spoken), place(row.body, spoken)
    fates = face.fates + body.fates
    if fates[OUTSIDE] > MOST_OUTSIDE * fates.total():
        raise RejectedError(
            Reason.E_AV_SYNC,
            f"{where}: {fates[OUTSIDE]} of {fates.total()} frames lie outside their utterances; expected numbers that "
            f"count 25 a second from the segment's start",
        )
    if not fates[KEPT]:
        raise RejectedError(Reason.E_NO_PERSON, f"{where}: none of {fates.total()} frames shows who talks")
    motions = (_motion(i, face, body, spoken) for i in range(len(PARTICIPANTS)))
    return tuple(motions), face, body


def place(frames: Frames, spoken: Sequence[Spoken]) -> Placed:
    """Frames of one part to where they belong, whatever their order; of two for one place the first counts."""
    count = n_frames(SEGMENT_S)
    owner = _owners(frames, spoken)
    first, last, person = _windows(spoken)
    known, readable = owner >= 0, frames.numbers >= 0
    inside = known & readable & (frames.numbers < count)
    inside &= (frames.numbers >= first[owner]) & (frames.numbers <= last[owner])
    rows = np.flatnonzero(inside)
    cell = person[owner[rows]] * count + frames.numbers[rows]
    # Utterances of one participant may touch; the earlier one comes first, so that the file's order does not tell.
    _, chosen = np.unique(cell[order := np.argsort(owner[rows], kind="stable")], return_index=True)
    rows, cell = rows[order][chosen], cell[order][chosen]
    good = frames.finite[rows] & frames.given[rows]
    values = np.zeros((len(PARTICIPANTS) * count, frames.values.shape[1]), np.float32)
    valid = np.zeros(len(values), np.bool_)
    values[cell[good]], valid[cell[good]] = frames.values[rows[good]], True
    fates = Counter(
        {
            KEPT: int(good.sum()),
            NOT_FINITE: int((frames.given[rows] & ~frames.finite[rows]).sum()),
            NO_FEATURES: int((~frames.given[rows]).sum()),
            DUPLICATE: int(inside.sum()) - len(rows),
            OUTSIDE: int((known & readable & ~inside).sum()),
            UNKNOWN: int((readable & ~known).sum()),
            NO_NUMBER: int((~readable).sum()),
        }
    )
    shape = (len(PARTICIPANTS), count)
    return Placed(values.reshape(*shape, -1), valid.reshape(shape), fates)


def _owners(frames: Frames, spoken: Sequence[Spoken]) -> NDArray[np.int64]:
    """[N] index into `spoken`, -1 where a frame belongs to none."""
    places: dict[str, int] = {}
    for i, one in enumerate(spoken):
        places.setdefault(one.utterance_id, i)
    return np.array([places.get(utterance, -1) for utterance in frames.utterance_ids], np.int64)


def _windows(spoken: Sequence[Spoken]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """First and last frame, and the index of the participant, of each utterance."""
    first = [frame_at(one.turn.start_s) - SLACK_FRAMES for one in spoken]
    last = [frame_at(one.turn.end_s) + SLACK_FRAMES for one in spoken]
    person = [PARTICIPANTS.index(one.turn.participant) for one in spoken]
    return np.array(first, np.int64), np.array(last, np.int64), np.array(person, np.int64)


def _motion(index: int, face: Placed, body: Placed, spoken: Sequence[Spoken]) -> Motion:
    count = face.values.shape[1]
    validity = np.zeros((count, len(PARTS)), np.uint8)
    validity[:, PARTS.index("face")] = face.valid[index]
    for part in get_space(BODY.space).groups:
        validity[:, PARTS.index(part)] = body.valid[index]
    turns = (one.turn for one in spoken if one.turn.participant == PARTICIPANTS[index])
    spans = (Span(turn.start_s, turn.end_s) for turn in turns)
    return Motion(
        participant=PARTICIPANTS[index],
        face_space=FACE.space,
        body_space=BODY.space,
        fps=FPS,
        face=face.values[index],
        body=shortest_axis_angle(body.values[index]),
        validity=validity,
        confidence=(validity * UNKNOWN_PROB).astype(np.float32),
        head_pose=np.zeros((count, 6), np.float32),
        gaze=np.zeros((count, 4), np.float32),
        bbox=np.zeros((count, 4), np.float32),
        speaking=spans_to_mask(spans, count).astype(np.uint8),
    )
