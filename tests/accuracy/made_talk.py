"""Made-up dialogues whose numbers make sense, and findings that differ from them by known noise."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import scipy

from nonverbal.spaces import get_space
from nonverbal.timeline import spans_to_mask
from nonverbal.types import PARTS, Clip, Dialogue, Motion, Span, Turn, Word

_WORDS = (
    "so", "the", "first", "thing", "that", "comes", "to", "mind", "is", "how", "people", "talk", "with", "their",
    "hands", "while", "nobody", "looks", "at", "them", "really", "and", "then", "again", "some", "never", "move",
    "though", "I", "would", "have", "thought", "you", "must", "see", "why", "this", "matters", "for", "anyone", "who",
    "listens",
)  # fmt: skip


def smooth(rng: np.random.Generator, count: int, width: int, spread: float) -> np.ndarray:
    """[count, width] slow noise of that standard deviation."""
    noise = scipy.ndimage.gaussian_filter1d(rng.normal(size=(count, width)), 5.0, axis=0)
    return spread * noise / noise.std(axis=0)


def made_motion(rng: np.random.Generator, name: str, count: int, left_px: float, spans: list[Span]) -> Motion:
    """A face around 200 px wide whose left edge is at `left_px`; everything valid; speaking in the spans."""
    box = np.array([left_px, 100.0, left_px + 200.0, 340.0]) + smooth(rng, count, 4, 5.0)
    return Motion(
        participant=name,
        face_space="arkit52",
        body_space="smplx117",
        fps=25.0,
        face=np.clip(0.4 + smooth(rng, count, 52, 0.15), 0, 1).astype(np.float32),
        body=smooth(rng, count, get_space("smplx117").dim, 0.4).astype(np.float32),
        validity=np.ones((count, len(PARTS)), np.uint8),
        confidence=np.ones((count, len(PARTS)), np.float32),
        head_pose=np.concatenate([smooth(rng, count, 3, 0.2), np.tile([0.0, 0.0, 1.0], (count, 1))], 1).astype("f4"),
        gaze=smooth(rng, count, 4, 0.2).astype(np.float32),
        bbox=box.astype(np.float32),
        speaking=spans_to_mask(spans, count).astype(np.uint8),
    )


def made_dialogue(seed: int, duration_s: float = 40.0) -> Dialogue:
    """Two people, A left and B right, who take turns of one to four seconds and say three words a second."""
    rng = np.random.default_rng(seed)
    source_id = hashlib.sha256(f"made {seed}".encode()).hexdigest()
    turns: list[Turn] = []
    start_s, speaker = 0.2, 0
    while start_s < duration_s - 4.5:
        count = int(rng.integers(3, 12))
        words = tuple(
            Word(str(w), start_s + i / 3, start_s + i / 3 + 0.3, 1.0) for i, w in enumerate(rng.choice(_WORDS, count))
        )
        text = " ".join(w.word for w in words)
        turns.append(Turn("AB"[speaker], words[0].start_s, words[-1].end_s, text, words))
        start_s, speaker = words[-1].end_s + float(rng.uniform(0.1, 0.6)), 1 - speaker
    spans = {name: [Span(t.start_s, t.end_s) for t in turns if t.participant == name] for name in "AB"}
    frames = round(duration_s * 25)
    people = tuple(made_motion(rng, n, frames, x, spans[n]) for n, x in (("A", 100.0), ("B", 800.0)))
    return Dialogue(Clip(source_id[:32], source_id, 0.0, duration_s), "en", tuple(turns), people)


def noisy(dialogue: Dialogue, seed: int, renamed: bool = True) -> Dialogue:
    """What a good pipeline would find: everything with a little noise, A and B called by each other's name."""
    rng = np.random.default_rng(seed)
    names = {"A": "B", "B": "A"} if renamed else {"A": "A", "B": "B"}
    people = [_noisy_motion(rng, m, names[m.participant]) for m in dialogue.participants]
    turns = tuple(replace(_noisy_turn(rng, t), participant=names[t.participant]) for t in dialogue.turns)
    return replace(dialogue, participants=tuple(sorted(people, key=lambda m: m.participant)), turns=turns)


def _noisy_motion(rng: np.random.Generator, motion: Motion, name: str) -> Motion:
    def jolted(values: np.ndarray, spread: float) -> np.ndarray:
        return (values + rng.normal(0, spread, values.shape)).astype(np.float32)

    return replace(
        motion,
        participant=name,
        face=np.clip(jolted(motion.face, 0.04), 0, 1),
        body=jolted(motion.body, 0.03),
        head_pose=jolted(motion.head_pose, 0.01),
        gaze=jolted(motion.gaze, 0.02),
        bbox=jolted(motion.bbox, 3.0),
    )


def _noisy_turn(rng: np.random.Generator, turn: Turn) -> Turn:
    moved = tuple(
        replace(w, start_s=w.start_s + rng.normal(0, 0.02), end_s=w.end_s + rng.normal(0, 0.02)) for w in turn.words
    )
    return replace(turn, words=moved)
