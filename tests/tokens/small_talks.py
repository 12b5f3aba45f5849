"""Small datasets with gaps in them, and tokenizers that nobody trained but that make many codes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.dataset.rows import SourceVerdict
from nonverbal.dataset.schema import ClipMotion
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source, synthetic_transcript
from nonverbal.spaces import get_space
from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.types import PARTS, Bool, Motion
from nonverbal.venus.assemble import FinishedClip, assemble
from random_tokenizers import random_tokenizer

FACE, BODY, JOINT = ("arkit52",), ("smplx117",), ("arkit52", "smplx117")


def tiny_tokenizer(spaces: tuple[str, ...], seed: int = 0, **settings: object) -> Tokenizer:
    """A tokenizer of few weights, large ones, so that its codes differ and its motion leaves all ranges."""
    shape = {"width": 8, "depth": 1, "halvings": 2, "code_width": 4, "codebook_size": 32}
    tokenizer = random_tokenizer(TokenizerConfig(spaces, **(shape | settings)), seed)  # type: ignore[arg-type]
    with torch.no_grad():
        for weight in tokenizer.network.parameters():
            weight.mul_(2.5)
    return tokenizer


def lose(motion: Motion, lost: Bool) -> Motion:
    """`motion` without the parts [T, 6] that are `lost`, and without what hangs on them."""
    seen = (motion.validity > 0) & ~lost
    of = {name: seen[:, [column]] for column, name in enumerate(PARTS)}
    body = motion.body.copy()
    for group, columns in get_space(motion.body_space).groups.items():
        body[:, columns] *= of[group]
    return replace(
        motion,
        face=motion.face * of["face"],
        body=body,
        validity=seen.astype(np.uint8),
        confidence=motion.confidence * seen,
        head_pose=motion.head_pose * of["head"],
        gaze=motion.gaze * of["gaze"],
        bbox=motion.bbox * of["face"],
    )


def gappy_motion(clip_id: str, motion: ClipMotion) -> ClipMotion:
    """A loses the face, then the whole body, for longer than a token; B never shows the left hand."""
    lost = np.zeros((2, motion.participants[0].n_frames, len(PARTS)), np.bool_)
    lost[0, 20:41, PARTS.index("face")] = True
    lost[0, 33:61, 3:] = True
    lost[1, :, PARTS.index("left_hand")] = True
    return ClipMotion(clip_id, tuple(lose(m, gone) for m, gone in zip(motion.participants, lost, strict=True)))


def build_talks(root: Path, talks: range = range(4), duration_s: float = 4.04) -> Dataset:
    """A dataset of talks of channels of two; 101 frames each, which no token divides."""
    work = root / ".nonverbal" / "made"
    work.mkdir(parents=True)
    finished = []
    for talk in talks:
        source = synthetic_source(talk, channel=f"channel {talk // 2}")
        clip = synthetic_clip(source, duration_s=duration_s)
        path = work / f"{talk}.parquet"
        MotionCodec().write(path, gappy_motion(clip.clip_id, synthetic_motion(clip, talk)))
        finished.append(FinishedClip(clip, source, path.name, path, partial(synthetic_transcript, clip, talk)))
    sources = [SourceVerdict(item.source) for item in finished]
    assemble(root, finished, [], sources, SplitConfig(0.34, 0.33), {"cues": {"fps": 25}})
    return open_dataset(root)
