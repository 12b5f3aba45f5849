"""Small made-up datasets, assembled as a build would."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.rows import SourceVerdict
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import (
    synthetic_clip,
    synthetic_events,
    synthetic_motion,
    synthetic_source,
    synthetic_transcript,
)
from nonverbal.venus.assemble import FinishedClip, assemble


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Path]:
    """Assembles talks number 0, 1, ... of channels of two into a folder."""

    def build_dataset(talks: range = range(6), name: str = "ds", splits: SplitConfig | None = None) -> Path:
        root = tmp_path / name
        artefacts = root / ".nonverbal" / "artefacts" / "cues"
        artefacts.mkdir(parents=True, exist_ok=True)
        finished = []
        for talk in talks:
            source = synthetic_source(talk, channel=f"channel {talk // 2}")
            clip = synthetic_clip(source)
            motion = artefacts / f"{clip.clip_id}.key.parquet"
            if not motion.exists():
                MotionCodec().write(motion, synthetic_motion(clip, talk))
            transcript, events = partial(synthetic_transcript, clip, talk), partial(synthetic_events, clip, talk)
            finished.append(FinishedClip(clip, source, motion.name, motion, transcript, events))
        sources = [SourceVerdict(item.source) for item in finished]
        assemble(root, finished, [], sources, splits or SplitConfig(0.34, 0.33), {"cues": {"fps": 25}})
        return root

    return build_dataset


@pytest.fixture
def dataset_dir(build: Callable[..., Path]) -> Path:
    """Six talks of three channels."""
    return build()
