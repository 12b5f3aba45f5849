"""What must hold of harm, prosody and listeners' events: ranges, and flags made again from scores and settings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from nonverbal.dataset.rows import Row
from nonverbal.verdicts import Reason, Reject

_TIME_EPS_S = 0.01

_RANGES = {
    "alone": (0.0, 1.0),
    "voiced": (0.0, 1.0),
    "pitch_hz": (20.0, 2000.0),
    "pitch_range_st": (0.0, 100.0),
    "pitch_slope_st_s": (-1e4, 1e4),
    "energy_db": (-200.0, 200.0),
    "syllables_s": (0.0, 100.0),
}
"""What a word's prosody may be, wide enough for any voice."""


def told_faults(row: Row, config: Mapping[str, Any]) -> Iterator[Reject]:
    """What is wrong with one row of the table ``dialogues``; each message names the dialogue and the place.

    Args:
        config: the resolved settings of a dataset's stages, from ``dataset.json``.
    """
    faults = (*_harm_faults(row, config), *_prosody_faults(row), *_event_faults(row))
    for place, message in faults:
        yield Reject(Reason.E_SCHEMA, f"dialogue {row['dialogue_id']}, {place}: {message}")


def _harm_faults(row: Row, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """`harm` is the highest of `harm_scores`, of those that ``harm_labels`` names where it names any; a turn is harmful
    where it is ``harm_threshold`` or more. A turn without a score has no flag. Datasets whose flags came from outside,
    such as imported ones, have no section ``harm`` and are not judged."""
    told = config.get("harm")
    if not isinstance(told, Mapping) or "harm_threshold" not in told:
        return
    labels, threshold = told.get("harm_labels") or (), told["harm_threshold"]
    for i, turn in enumerate(row["turns"]):
        if fault := _turn_fault(turn, labels, threshold):
            yield f"column 'turns', turn {i}", fault


def _turn_fault(turn: Row, labels: Any, threshold: float) -> str:
    harm, scores = turn["harm"], turn.get("harm_scores", [])
    for score in scores:
        if not 0 <= score["score"] <= 1:
            return f"harm_scores says {score['label']} {score['score']}, expected [0, 1]"
    counted = [score["score"] for score in scores if not labels or score["label"] in labels]
    if scores and (not counted or harm != max(counted)):
        return f"harm is {harm}, expected the highest score, {max(counted, default=None)}"
    flag = harm is not None and harm >= threshold
    if turn["harmful"] != flag:
        return f"harmful is {turn['harmful']}, expected {flag} with harm {harm} and the threshold {threshold}"
    return ""


def _prosody_faults(row: Row) -> Iterator[tuple[str, str]]:
    for i, turn in enumerate(row["turns"]):
        for word in turn["words"]:
            for name, value in (word.get("prosody") or {}).items():
                low, high = _RANGES[name]
                if value is not None and not low <= value <= high:
                    message = f"word {word['word']!r}: {name} is {value}, expected [{low:g}, {high:g}]"
                    yield f"column 'turns', turn {i}", message


def _event_faults(row: Row) -> Iterator[tuple[str, str]]:
    before_s = -math.inf
    for i, event in enumerate(row.get("events", [])):
        place = f"column 'events', event {i}"
        who, during, start_s, end_s = (event[key] for key in ("participant", "during", "start_s", "end_s"))
        if who == during or not {who, during} <= set(row["participants"]):
            yield place, f"is by {who!r} while {during!r} talks, expected two of {row['participants']}"
        if not -_TIME_EPS_S <= start_s <= end_s <= row["duration_s"] + _TIME_EPS_S:
            yield place, f"got the time [{start_s}, {end_s}) s, expected it in [0, {row['duration_s']}) s"
        if start_s < before_s:
            yield place, f"starts at {start_s} s, before the one ahead of it at {before_s} s"
        if not 0 <= event["confidence"] <= 1 or not 0 <= event["strength"] < math.inf:
            yield (
                place,
                f"got confidence {event['confidence']} and strength {event['strength']}, expected [0, 1] and >= 0",
            )
        before_s = max(before_s, start_s)
