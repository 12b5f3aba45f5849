"""A small dataset for all tests of this folder; it is only read."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.rows import SourceVerdict
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source, synthetic_transcript
from nonverbal.venus.assemble import FinishedClip, assemble


@pytest.fixture(scope="session")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two made-up talks of 4 s in a folder with a space in its name."""
    root = tmp_path_factory.mktemp("some talks") / "two talks"
    root.mkdir()
    finished = []
    for number in (3, 4):  # of these three turns are harmful and one is not
        clip = synthetic_clip(source := synthetic_source(number))
        motion = root.parent / f"{number}.parquet"
        MotionCodec().write(motion, synthetic_motion(clip, number))
        finished.append(FinishedClip(clip, source, motion.name, motion, partial(synthetic_transcript, clip, number)))
    verdicts = [SourceVerdict(item.source) for item in finished]
    assemble(root, finished, [], verdicts, SplitConfig(0.34, 0.33), {"cues": {"fps": 25}})
    return root
