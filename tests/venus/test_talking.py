"""Voices that have faces: the voice tells, the lips refine."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from nonverbal.venus.identity import Identity
from nonverbal.venus.speaking import Speaking
from nonverbal.venus.talking import lip_scores, talking

VOICE = np.array([1, 1, 1, 0, 0, 0], bool)
LIPS = np.array([0.9, 0.0, 0.5, 0.9, 0.0, 0.0], np.float32)
SEEN = SimpleNamespace(n_frames=6, tracks=(SimpleNamespace(track_id=0, start_frame=0),))


def scored(evidence: float) -> np.ndarray:
    return talking(Identity("S0", (0,), 1.0, evidence), SEEN, Speaking((LIPS,)), VOICE)


def test_a_heard_voice_outweighs_its_lips_and_lips_rank_within() -> None:
    scores = scored(0.5)
    assert scores == pytest.approx([0.97, 0.7, 0.85, 0.27, 0.0, 0.0])
    assert ((scores > 0.5) == VOICE).all()


def test_lips_count_for_more_where_it_is_unsure_whose_voice_it_is() -> None:
    assert scored(0.0) == pytest.approx(LIPS)
    assert scored(-1.0) == pytest.approx(LIPS)
    assert scored(0.1) == pytest.approx(0.35 * VOICE + 0.65 * LIPS)


def test_a_person_of_several_tracks_has_the_best_score_of_each_frame() -> None:
    tracks = tuple(SimpleNamespace(track_id=i, start_frame=first) for i, first in enumerate((0, 2, 4)))
    sighting = SimpleNamespace(n_frames=6, tracks=tracks)
    speaking = Speaking(tuple(np.array(s, np.float32) for s in ([0.1, 0.2, 0.3], [0.5, 0.1], [0.9, 0.9, 0.9])))
    assert lip_scores((0, 1), sighting, speaking) == pytest.approx([0.1, 0.2, 0.5, 0.1, 0.0, 0.0])
    assert lip_scores((2,), sighting, speaking) == pytest.approx([0, 0, 0, 0, 0.9, 0.9])
