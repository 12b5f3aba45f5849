"""Active speaker detection: how well the evidence of lips and voice ranks who is talking, frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nonverbal.accuracy.matching import Match
from nonverbal.motion.rotations import F
from nonverbal.types import PARTS, Bool

_FACE = PARTS.index("face")


@dataclass(frozen=True, slots=True, eq=False)
class SpeakingScores:
    """All (person, frame) pairs whose face is truly in view: [N] the evidence found, 0 where there is none, and [N] the
    truth."""

    evidence: F
    speaking: Bool


def score_speaking(pair: Match, evidence: Mapping[str, F] | None) -> SpeakingScores:
    """Collects the pairs of one clip.

    Args:
        evidence: found participant -> [T] how surely that person talks, in [0, 1]; None where the clip was turned down.
    """
    found, true = [], []
    for truth, estimate in pair.people:
        in_view = truth.validity[:, _FACE] == 1
        given = (evidence or {}).get(estimate.participant) if estimate else None
        scores = np.zeros(truth.n_frames)
        if given is not None:
            count = min(len(given), len(scores))
            scores[:count] = given[:count]
        found.append(scores[in_view])
        true.append(truth.speaking[in_view] == 1)
    return SpeakingScores(np.concatenate([np.zeros(0), *found]), np.concatenate([np.zeros(0, bool), *true]))


def average_precision(evidence: F, speaking: Bool) -> float:
    """Area under the precision-recall steps: the sum over thresholds of precision times the recall gained, in [0, 1].

    Equal evidence is one threshold, so evidence without any information gives the share of speaking pairs. 0 where
    nobody speaks.

    Source: Roth et al. 2020, "AVA-ActiveSpeaker", section 5, without the interpolation of precision.
    """
    n_true = int(speaking.sum())
    if not n_true:
        return 0.0
    order = np.argsort(-evidence, kind="stable")
    hits = np.cumsum(speaking[order])
    last = np.flatnonzero(np.diff(evidence[order], append=-np.inf))  # the last pair of each threshold
    precision = hits[last] / (last + 1)
    recall_gain = np.diff(hits[last], prepend=0) / n_true
    return float(np.sum(precision * recall_gain))
