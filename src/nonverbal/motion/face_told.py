"""How much of a face a learned model of blendshapes tells, and how much nonverbal's own estimate, by face model.

MediaPipe's blendshapes are good at what they were made for (lids, brows, smiles, jaw), stay at zero or nearly so for
much else (docs/face_models.md), and have values at rest that differ from person to person. So they can be taken as they
are, or blended with our own estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from nonverbal.motion.face import LearnedFace, by_coefficient
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32

BLEND_SHARES: Mapping[str, float] = MappingProxyType({
    "browDown": 0.5, "browInnerUp": 0.4, "browOuterUp": 0.25, "eyeBlink": 0.5, "eyeSquint": 0.25, "eyeWide": 0.5,
    "mouthFrown": 0.25, "mouthFunnel": 0.25, "mouthPress": 0.25, "mouthShrugLower": 0.25, "mouthSmile": 0.25,
    "mouthUpperUp": 0.5,
})  # fmt: skip
"""How much of a coefficient is the learned model's in a blend, both sides alike; nothing of the others. Chosen where
that follows the picture of recorded faces better and the truth of filmed avatars hardly worse."""

BLEND_HEAD_SHARE = 0.4
"""Nearest to the truth over fourteen filmed avatars; at 0.6 the head is steadier by a tenth."""


def told_by(face_model: str, blendshapes: F32, head_turns: F32) -> LearnedFace:
    """What a model of `backends.face_models.CHOICES` told about N frames, blendshapes [N, 52] and rotations [N, 3, 3],
    with the share it has."""
    if face_model == "blend":
        return LearnedFace(blendshapes, head_turns, by_coefficient(BLEND_SHARES), BLEND_HEAD_SHARE)
    return LearnedFace(blendshapes, head_turns, np.ones(len(ARKIT52_NAMES), np.float32), 1.0)
