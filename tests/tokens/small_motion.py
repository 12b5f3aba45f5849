"""Motion sets in memory and configurations that train in a moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nonverbal.tokens.config import TokenizerConfig, column_groups
from nonverbal.tokens.motion_set import MotionSet
from nonverbal.tokens.train import TrainConfig

QUICK = TrainConfig(batch_size=8, window_frames=16, steps=6, learning_rate=1e-3, log_every=2, validate_every=3)


def small_config(spaces: tuple[str, ...] = ("arkit52",), **settings: object) -> TokenizerConfig:
    """A tokenizer of few weights."""
    shape = {"width": 16, "depth": 2, "halvings": 2, "code_width": 8, "codebook_size": 16, "ema_decay": 0.9}
    return TokenizerConfig(spaces, **(shape | settings))  # type: ignore[arg-type]


def motion_set(
    lengths: Sequence[int] = (100, 7, 60), spaces: tuple[str, ...] = ("arkit52",), seed: int = 0, lost: float = 0.0
) -> MotionSet:
    """Slow random movements; a share `lost` of frames and groups is not valid."""
    rng = np.random.default_rng(seed)
    groups = column_groups(spaces)
    total, width = sum(lengths), groups[-1].columns.stop
    values = np.sin(np.cumsum(rng.normal(0, 0.1, (total, width)), axis=0)).astype(np.float32)
    ends = np.cumsum(lengths)
    bounds = np.stack([ends - lengths, ends], axis=1)
    mask = rng.random((total, len(groups))) >= lost
    return MotionSet(spaces, 25.0, values, mask, bounds, tuple((f"{i}", "A") for i in range(len(lengths))))
