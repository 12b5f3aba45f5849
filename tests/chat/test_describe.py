"""Stage directions: found where the motion is made to have them, and put between the right words."""

from __future__ import annotations

import numpy as np

from nonverbal.chat.describe import Direction, Running, describe, directions
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.types import F32, Word

COUNT = 150


def motion() -> tuple[F32, F32]:
    """Six seconds: a broad smile from 1 to 2 s, raised brows from 1.2 to 1.8 s, two nods at 3.4 and 3.8 s."""
    face = np.zeros((COUNT, 52), np.float32)
    face[25:50, [ARKIT52_NAMES.index(f"mouthSmile{side}") for side in ("Left", "Right")]] = 0.6
    brows = ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
    face[30:45, [ARKIT52_NAMES.index(name) for name in brows]] = 0.5
    body = np.zeros((COUNT, 39, 3), np.float32)
    at_s = (np.arange(COUNT) + 0.5) / 25
    nods = sum(np.exp(-(((at_s - peak_s) / 0.12) ** 2)) for peak_s in (3.4, 3.8))
    body[:, SMPLX117_JOINTS.index("head"), 0] = np.radians(8.0) * nods
    return face, body.reshape(COUNT, -1)


def said(*words: tuple[str, float]) -> list[Word]:
    return [Word(word, at_s, at_s + 0.2, 1.0) for word, at_s in words]


def test_events_become_directions_in_order() -> None:
    told = directions(*motion())
    assert [d.text for d in told] == ["smiles broadly", "brows up", "nods"]
    assert [round(d.start_s, 1) for d in told[:2]] == [1.0, 1.2]
    assert 3.0 < told[2].start_s < 3.4
    assert 3.8 < told[2].end_s < 4.4


def test_who_does_nothing_is_told_of_by_nothing() -> None:
    assert directions(np.zeros((COUNT, 52), np.float32), np.zeros((COUNT, 117), np.float32)) == ()
    assert directions(np.zeros((0, 52), np.float32), np.zeros((0, 117), np.float32)) == ()
    assert describe([], ()) == ""


def test_a_faint_or_short_smile_is_none() -> None:
    face, body = motion()
    assert "smiles" not in describe([], directions(face * 0.3, body))
    face[:44] = face[48:] = 0
    assert directions(face, np.zeros_like(body)) == ()


def test_directions_stand_between_the_words_they_fall_between() -> None:
    told = [Direction("smiles", 0.9, 2.0), Direction("brows up", 1.0, 1.5), Direction("nods", 1.3, 2.0)]
    assert describe(said(("Really?", 0.96)), told) == "[smiles, brows up] Really? [nods]"
    assert describe(said(("So,", 0.0), ("yes.", 1.6)), told) == "So, [smiles, brows up, nods] yes."
    assert describe([], told) == "[smiles, brows up, nods]"


def test_the_same_direction_stands_once_in_a_place() -> None:
    told = [Direction("nods", 1.0, 1.2), Direction("nods", 3.0, 3.2)]
    assert describe(said(("Yes.", 0.0)), told) == "Yes. [nods]"
    assert describe(said(("Yes.", 0.0), ("True.", 2.0)), told) == "Yes. [nods] True. [nods]"


def test_strokes_that_follow_each_other_are_one_gesture() -> None:
    face, body = np.zeros((COUNT, 52), np.float32), np.zeros((COUNT, 39, 3), np.float32)
    for start in (30, 50, 120):  # 0.8 s apart, then 2.8 s
        body[start:, SMPLX117_JOINTS.index("left_elbow"), 1] += np.clip((np.arange(COUNT - start) + 1) / 6, 0, 1) * 0.7
    told = directions(face, body.reshape(COUNT, -1))
    assert [d.text for d in told] == ["gestures", "gestures"]
    assert told[0].end_s > 2.0


def test_while_it_runs_each_direction_is_told_once_and_in_time() -> None:
    face, body = motion()
    running, told = Running(), []
    for end in range(8, COUNT + 1, 8):
        first = max(end - 100, 0)
        told += [(text, end / 25) for text in running.look(face[first:end], body[first:end], first / 25)]
    assert [text for text, _ in told] == ["smiles", "brows up", "nods"] or [text for text, _ in told] == [
        "smiles broadly",
        "brows up",
        "nods",
    ]
    for (_, noticed_s), direction in zip(told, directions(face, body), strict=True):
        assert direction.start_s < noticed_s < direction.start_s + 1.4
