"""A small dataset for the tests of studies; it is only read."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source, synthetic_transcript
from nonverbal.venus.assemble import FinishedClip, assemble


@pytest.fixture(scope="session")
def rated_talks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two made-up talks of 4 s."""
    root = tmp_path_factory.mktemp("rated") / "talks"
    root.mkdir()
    finished = []
    for number in (3, 4):
        source = synthetic_source(number)
        clip = synthetic_clip(source)
        motion = root.parent / f"{number}.parquet"
        MotionCodec().write(motion, synthetic_motion(clip, number))
        finished.append(FinishedClip(clip, source, motion.name, motion, partial(synthetic_transcript, clip, number)))
    assemble(root, finished, [], [], SplitConfig(), {})
    return root
