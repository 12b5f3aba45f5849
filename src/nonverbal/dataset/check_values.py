"""What must hold of the values of one dialogue: ranges, order in time, zeros where nothing was seen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from nonverbal.dataset.rows import Row
from nonverbal.dataset.schema import PARTS_OF_COLUMN, check_motion
from nonverbal.spaces import get_space
from nonverbal.types import F32, PARTS, Motion
from nonverbal.verdicts import Reason, Reject, RejectedError

MOST_PARTICIPANTS = 6
"""More people than this in one dialogue are a mistake: nothing here makes such."""

_TIME_EPS_S = 0.01
_ANGLE_EPS_RAD = 1e-3
_RANGE_EPS = 1e-6


def motion_faults(motion: Motion) -> Iterator[Reject]:
    """What is wrong with one participant's motion; each message names the column."""
    try:
        check_motion(motion)
    except RejectedError as error:
        yield error.reject
        return
    for name in ("validity", "speaking"):
        if (getattr(motion, name) > 1).any():
            yield _fault(motion, name, f"holds {int(getattr(motion, name).max())}, expected 0 or 1")
    unit = {"confidence": motion.confidence} | ({"face": motion.face} if motion.face_space == "arkit52" else {})
    for name, values in unit.items():
        if values.size and (values.min() < -_RANGE_EPS or values.max() > 1 + _RANGE_EPS):
            yield _fault(motion, name, f"ranges over [{values.min():.4g}, {values.max():.4g}], expected [0, 1]")
    for name, rotations in (("body", motion.body), ("head_pose", motion.head_pose[:, :3])):
        angle = float(np.linalg.norm(rotations.reshape(-1, 3), axis=1).max(initial=0.0))
        if angle > np.pi + _ANGLE_EPS_RAD:
            yield _fault(motion, name, f"holds a rotation by {angle:.4f} rad, expected at most pi")
    yield from _values_without_validity(motion)


def _values_without_validity(motion: Motion) -> Iterator[Reject]:
    for name, part, values in _columns_of_parts(motion):
        unseen = motion.validity[:, PARTS.index(part)] == 0
        if (values[unseen] != 0).any():
            yield _fault(motion, name, f"is not zero in a frame where {part} is invalid, expected zeros there")


def _columns_of_parts(motion: Motion) -> Iterator[tuple[str, str, F32]]:
    for name, parts in PARTS_OF_COLUMN.items():
        yield name, parts[0], getattr(motion, name)
    for part, columns in get_space(motion.body_space).groups.items():
        yield "body", part, motion.body[:, columns]
    for i, part in enumerate(PARTS):
        yield "confidence", part, motion.confidence[:, i]


def _fault(motion: Motion, column: str, message: str) -> Reject:
    return Reject(Reason.E_SCHEMA, f"participant {motion.participant}, column {column!r} {message}")


def row_faults(row: Row) -> Iterator[Reject]:
    """What is wrong with one row of the table ``dialogues``; each message names the dialogue and the turn."""
    if fault := _people_fault(row["participants"]):
        yield Reject(Reason.E_SCHEMA, f"dialogue {row['dialogue_id']}, column 'participants': {fault}")
    for i, turn in enumerate(row["turns"]):
        for message in _turn_faults(turn, row):
            yield Reject(Reason.E_SCHEMA, f"dialogue {row['dialogue_id']}, column 'turns', turn {i}: {message}")
    for i, (one, other) in enumerate(pairwise(row["turns"])):
        if other["start_s"] < one["start_s"]:
            message = f"turn {i + 1} starts at {other['start_s']} s, before turn {i} at {one['start_s']} s"
            yield Reject(Reason.E_SCHEMA, f"dialogue {row['dialogue_id']}, column 'turns': {message}")


def _people_fault(names: list[str]) -> str:
    if len(set(names)) != len(names) or not all(names):
        return f"got the names {names}, expected different ones"
    if not 2 <= len(names) <= MOST_PARTICIPANTS:
        return f"got {len(names)} people, expected 2 to {MOST_PARTICIPANTS}"
    return ""


def _turn_faults(turn: Row, row: Row) -> Iterator[str]:
    if turn["participant"] not in row["participants"]:
        yield f"participant {turn['participant']!r} is none of {row['participants']}"
    if fault := _span_fault(turn, row["duration_s"]):
        yield fault
    for word in turn["words"]:
        if fault := _span_fault(word, row["duration_s"]):
            yield f"word {word['word']!r}: {fault}"
        if not 0 <= word["prob"] <= 1:
            yield f"word {word['word']!r}: prob is {word['prob']}, expected [0, 1]"
    for one, other in pairwise(turn["words"]):
        if other["start_s"] < one["start_s"]:
            yield f"word {other['word']!r} starts at {other['start_s']} s, before {one['word']!r} at {one['start_s']} s"
    sentences = turn["sentences"]
    if sentences != sorted(set(sentences)) or not all(0 <= s < max(len(turn["words"]), 1) for s in sentences):
        yield f"sentences {sentences} are no rising word indices below {len(turn['words'])}"
    if turn["harm"] is not None and not 0 <= turn["harm"] <= 1:
        yield f"harm is {turn['harm']}, expected [0, 1]"


def _span_fault(span: Row, duration_s: float) -> str:
    start_s, end_s = span["start_s"], span["end_s"]
    if -_TIME_EPS_S <= start_s <= end_s <= duration_s + _TIME_EPS_S:
        return ""
    return f"got the time [{start_s}, {end_s}) s, expected it in order and inside [0, {duration_s}) s"
