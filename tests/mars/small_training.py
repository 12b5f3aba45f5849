"""Conversations of random talk, and models and settings that train in a moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from small_models import TEXTS, small_model, small_tokenizer
from transformers import PreTrainedModel

from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.dataset.rows import SourceVerdict
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source, synthetic_transcript
from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.examples import Examples, examples_of
from nonverbal.mars.grow import grow
from nonverbal.mars.store import vocabulary_of
from nonverbal.mars.stream import Conversation, Message, Side, Step
from nonverbal.mars.train import TrainData
from nonverbal.mars.train_config import TrainConfig
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.venus.assemble import FinishedClip, assemble

WORDS = tuple(word for text in TEXTS[:4] for word in text.split())
STREAM = StreamConfig((PartVocab("face", 8, 2), PartVocab("body", 8)), system="Talk.")
QUICK = TrainConfig(
    context=96, row_tokens=192, batch_rows=2, steps=6, learning_rate=5e-3, log_every=2, validate_every=3,
    precision="fp32", device="cpu",
)  # fmt: skip


def small(kind: str = "llama", stream: StreamConfig = STREAM) -> tuple[PreTrainedModel, Vocabulary]:
    """A random model grown by the motion tokens of a stream."""
    tokenizer = small_tokenizer()
    size = len(tokenizer)
    model = small_model(kind, size)
    vocabulary = vocabulary_of(stream, tokenizer, size)
    grow(model, tokenizer, vocabulary.tokens)
    return model, vocabulary


def talk(seed: int, messages: int = 6, steps: int = 8, stream: StreamConfig = STREAM) -> Conversation:
    """Turns of some steps in which somebody says something every other step; the face follows the step's number."""
    rng = np.random.default_rng(seed)

    def side(number: int, speaks: bool) -> Side:
        words = tuple(rng.choice(WORDS, rng.integers(0, 3)).tolist()) if speaks else ()
        codes = tuple(
            tuple((number + level) % part.codebook_size for level in range(part.levels)) if rng.random() > 0.1 else ()
            for part in stream.parts
        )
        return Side(words, codes)

    found = []
    for i in range(messages):
        role = "user" if (i + seed) % 2 else "assistant"
        count = int(rng.integers(1, 2 * steps))
        listens = role == "user"
        some = (Step(side(n, True), side(n, rng.random() < 0.2) if listens else None) for n in range(count))
        found.append(Message(role, tuple(some)))
    return Conversation(tuple(found), stream.system)


def talks(vocabulary: Vocabulary, seeds: range = range(6), **shape: int) -> Examples:
    """Some conversations."""
    return examples_of((talk(seed, stream=vocabulary.config, **shape) for seed in seeds), vocabulary, str(seeds))


def small_data(vocabulary: Vocabulary) -> TrainData:
    """Conversations to train on and others to validate on."""
    return TrainData((talks(vocabulary),), (talks(vocabulary, range(10, 12)),))


def build_dialogues(root: Path, count: int = 4, duration_s: float = 6.0) -> Dataset:
    """A dataset of made-up dialogues, on disk."""
    work = root / ".nonverbal" / "made"
    work.mkdir(parents=True)
    finished = []
    for number in range(count):
        source = synthetic_source(number, channel=f"channel {number // 2}")
        clip = synthetic_clip(source, duration_s=duration_s)
        path = work / f"{number}.parquet"
        MotionCodec().write(path, synthetic_motion(clip, number))
        written = lambda clip=clip, number=number: synthetic_transcript(clip, number)  # noqa: E731 - one per dialogue
        finished.append(FinishedClip(clip, source, path.name, path, written))
    verdicts = [SourceVerdict(item.source) for item in finished]
    assemble(root, finished, [], verdicts, SplitConfig(0.34, 0.33), {"cues": {"fps": 25}})
    return open_dataset(root)


def longer(config: TrainConfig, steps: int) -> TrainConfig:
    """The same with more steps."""
    return replace(config, steps=steps)
