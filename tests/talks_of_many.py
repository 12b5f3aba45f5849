"""Made-up dialogues of as many people as wanted, assembled as a build would."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.rows import SourceVerdict
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source, synthetic_transcript
from nonverbal.venus.assemble import FinishedClip, assemble


def made(root: Path, sizes: list[int]) -> Path:
    """A dataset of one dialogue a channel, each of so many people."""
    folder = root / ".nonverbal" / "artefacts" / "cues"
    folder.mkdir(parents=True)
    finished = []
    for number, people in enumerate(sizes):
        source = synthetic_source(number, channel=f"channel {number}")
        clip = synthetic_clip(source, duration_s=12.0)
        motion = folder / f"{clip.clip_id}.key.parquet"
        MotionCodec().write(motion, synthetic_motion(clip, number, people))
        transcript = partial(synthetic_transcript, clip, number, people)
        finished.append(FinishedClip(clip, source, motion.name, motion, transcript))
    assemble(root, finished, [], [SourceVerdict(f.source) for f in finished], SplitConfig(1.0, 0.0), {})
    return root
