"""cues with faces or bodies by estimators in environments of their own; gaze, head and boxes stay those of landmarks.

A hand counts where the runner says so part by part; where it gives one `valid` for the whole body, a hand counts where
landmarks saw it, too, since whole-body estimators give hands that are out of the picture as well. Where a runner gives
no confidence, that of the landmarks stays: it tells how well the part was to be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nonverbal.dataset.schema import ClipMotion
from nonverbal.external.layouts import LAYOUTS
from nonverbal.external.record import Estimates
from nonverbal.motion.rotations import shortest_axis_angle
from nonverbal.pipeline.stage import Job
from nonverbal.spaces import get_space
from nonverbal.types import F32, PARTS, Motion
from nonverbal.venus.cues import Cues

_FACE = PARTS.index("face")
_BODY = [PARTS.index(part) for part in ("upper_body", "left_hand", "right_hand")]


@dataclass(frozen=True)
class ExternalCues(Cues):
    """Turns landmarks into motion and puts what runners said in its place."""

    version: ClassVar[int] = 1000 + Cues.version
    reads: ClassVar[tuple[str, ...]] = (*Cues.reads, "estimate")

    @classmethod
    def of(cls, cues: Cues) -> ExternalCues:
        """With the settings of `cues`."""
        return cls(**{setting.name: getattr(cues, setting.name) for setting in fields(cues)})

    def run(self, job: Job, inputs: Mapping[str, Any]) -> ClipMotion:
        estimates: Estimates = inputs["estimate"]
        motion = super().run(job, inputs)
        return ClipMotion(motion.clip_id, tuple(_replaced(person, estimates) for person in motion.participants))


def _replaced(motion: Motion, estimates: Estimates) -> Motion:
    for kind, told in estimates.told.items():
        found = {
            name: v for (who, what, name), v in estimates.arrays.items() if (who, what) == (motion.participant, kind)
        }
        layout = LAYOUTS[kind][told.layout]
        empty = np.zeros((motion.n_frames, layout.width), np.float32)
        values = layout.values(found.get(told.layout, empty)).astype(np.float32)
        motion = (with_face if kind == "face" else with_body)(motion, layout.space, values, found)
    return motion


def with_face(motion: Motion, space: str, values: F32, found: Mapping[str, NDArray[Any]]) -> Motion:
    """The motion with another face, `values` [T, D] in `space`; invalid where `found` has no valid frame."""
    valid = found.get("valid", np.zeros(motion.n_frames, bool))
    trust = np.clip(found.get("confidence", motion.confidence[:, _FACE]), 0.0, 1.0) * valid
    validity, confidence = motion.validity.copy(), motion.confidence.copy()
    validity[:, _FACE], confidence[:, _FACE] = valid, trust
    face = values * valid[:, None]
    if space == "arkit52":
        face = np.clip(face, 0.0, 1.0)
    return replace(motion, face_space=space, face=face, validity=validity, confidence=confidence)


def with_body(motion: Motion, space: str, values: F32, found: Mapping[str, NDArray[Any]]) -> Motion:
    """The motion with another body, as `with_face`."""
    valid = found.get("valid", np.zeros(motion.n_frames, bool))[:, None]
    validity, confidence = motion.validity.copy(), motion.confidence.copy()
    if "part_confidence" in found:
        trust = np.clip(found["part_confidence"], 0.0, 1.0)
        known = valid & (trust > 0)
    else:
        trust = motion.confidence[:, _BODY]
        if "confidence" in found:
            trust = np.clip(found["confidence"], 0.0, 1.0)[:, None]
        known = valid & np.stack([np.ones(len(valid), bool), *motion.validity[:, _BODY[1:]].T.astype(bool)], axis=1)
    validity[:, _BODY], confidence[:, _BODY] = known, trust * known
    body = shortest_axis_angle(np.ascontiguousarray(values))
    for part, columns in get_space(space).groups.items():
        body[:, columns] *= validity[:, PARTS.index(part), None]
    return replace(motion, body_space=space, body=body, validity=validity, confidence=confidence)
