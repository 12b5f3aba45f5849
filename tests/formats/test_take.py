"""Takes: what they refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_takes import made_take

from nonverbal.formats.take import Take
from nonverbal.types import Word
from nonverbal.verdicts import UserError

MADE = made_take(20)


def test_length_comes_from_what_is_there() -> None:
    assert MADE.n_frames == 20
    assert MADE.duration_s == pytest.approx(0.8)
    assert replace(MADE, face=None, face_space=None).n_frames == 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fps": 0.0}, "0.0 frames a second"),
        ({"fps": float("nan")}, "nan frames a second"),
        ({"fps": 1e9}, "expected more than 0 and up to 1000"),
        ({"face": None, "face_space": None, "body": None, "body_space": None}, "neither face nor body"),
        ({"face": None}, "face and face_space both or neither"),
        ({"body_space": None}, "body and body_space both or neither"),
        ({"face_space": "arkit99"}, "unknown parameter space"),
        ({"face": np.zeros((20, 51), np.float32)}, r"float32 \[20, 51\], expected float32 \[20, 52\]"),
        ({"face": np.zeros((20, 52))}, "float64"),
        ({"face": np.full((20, 52), 1.5, np.float32)}, "expected 0 to 1"),
        ({"face": np.full((20, 52), np.nan, np.float32)}, "not finite in frame 0"),
        ({"face": np.zeros((0, 52), np.float32)}, "got 0 frames"),
        ({"body": np.zeros((19, 117), np.float32)}, r"body is float32 \[19, 117\]"),
        ({"gaze": np.full((20, 4), np.inf, np.float32)}, "gaze holds a number that is not finite"),
        ({"validity": np.full((20, 6), 2, np.uint8)}, "validity"),
        ({"validity": np.ones((20, 6))}, "validity"),
        ({"words": (Word("no", -0.1, 0.2, 1.0),)}, "'no' lasts from -0.1"),
        ({"words": (Word("no", 0.3, 0.2, 1.0),)}, "'no' lasts"),
        ({"words": (Word("b", 0.3, 0.4, 1.0), Word("a", 0.2, 0.3, 1.0))}, "in order of start"),
        ({"words": (Word("no", 0.3, float("inf"), 1.0),)}, "'no' lasts"),
    ],
)  # fmt: skip
def test_what_is_no_take_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(MADE, **change)


def test_a_body_alone_is_a_take() -> None:
    assert Take("body", 30.0, body_space="smplx117", body=np.zeros((3, 117), np.float32)).duration_s == 0.1
