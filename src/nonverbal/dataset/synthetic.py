"""Made-up dialogues for tests and benchmarks: right in form, meaningless in content, the same for the same seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from nonverbal.dataset.schema import ClipMotion
from nonverbal.spaces import get_space
from nonverbal.timeline import n_frames
from nonverbal.types import F32, PARTS, Bool, Clip, Event, LabelScore, Motion, Prosody, Source, Turn, Word

_TEXT = ("so", "I", "said", "that", "we", "should", "go", "there,", "and", "they", "laughed.", "Did", "you", "see?")


@dataclass(frozen=True, slots=True)
class SyntheticTranscript:
    """What assembly reads of a transcript."""

    language: str
    turns: tuple[Turn, ...]


def synthetic_source(seed: int, channel: str = "") -> Source:
    """A source that never was a file."""
    source_id = hashlib.sha256(f"source {seed}".encode()).hexdigest()
    return Source(
        source_id, f"/videos/{seed}.mp4", 1000 + seed, channel=channel, title=f"Talk {seed}", licence="CC BY 4.0"
    )


def synthetic_clip(source: Source, start_s: float = 60.0, duration_s: float = 4.0) -> Clip:
    """A cut of a source."""
    clip_id = hashlib.sha256(f"{source.source_id} {start_s} {duration_s}".encode()).hexdigest()[:32]
    return Clip(clip_id, source.source_id, start_s, start_s + duration_s)


def synthetic_transcript(clip: Clip, seed: int = 0, people: int = 2) -> SyntheticTranscript:
    """Speakers who take turns of two seconds, four words each."""
    rng = np.random.default_rng(seed)
    starts = np.arange(0.0, clip.duration_s - 1.9, 2.0)
    return SyntheticTranscript(
        "en", tuple(_turn(rng, f"S{i % people}", float(start)) for i, start in enumerate(starts))
    )


def synthetic_events(clip: Clip, seed: int = 0) -> tuple[Event, ...]:
    """A nod, by whoever listens, in every turn of `synthetic_transcript`."""
    rng = np.random.default_rng(seed)
    starts = np.arange(0.0, clip.duration_s - 1.9, 2.0)
    return tuple(
        Event("BA"[i % 2], "nod", float(start) + 0.5, float(start) + 1.25, "AB"[i % 2], 4.5, float(rng.random()))
        for i, start in enumerate(starts)
    )


def _turn(rng: np.random.Generator, speaker: str, start_s: float) -> Turn:
    chosen = rng.choice(_TEXT, 4)
    words = tuple(
        Word(
            str(word),
            start_s + 0.4 * i,
            start_s + 0.4 * i + 0.3,
            float(rng.random()),
            bool(rng.random() < 0.1),
            (None, Prosody(1.0, 0.75, 120.0, 2.5, -4.0, 1.5, 4.25), Prosody(0.0))[i % 3],
        )
        for i, word in enumerate(chosen)
    )
    harm = float(rng.random())
    scores = (LabelScore("profanity", harm),)
    return Turn(speaker, start_s, start_s + 1.6, " ".join(chosen), words, (0, 2), harm, harm > 0.9, scores)


def synthetic_motion(clip: Clip, seed: int = 0, people: int = 2) -> ClipMotion:
    """Slow random movements of participants A, B and so on, in ``arkit52`` and ``smplx117``; parts get lost."""
    rng = np.random.default_rng(seed)
    return ClipMotion(
        clip.clip_id, tuple(_participant(rng, name, n_frames(clip.duration_s)) for name in "ABCDEF"[:people])
    )


def _participant(rng: np.random.Generator, name: str, count: int) -> Motion:
    valid = np.stack([rng.random(count) > 0.1 for _ in PARTS], axis=1) if count else np.zeros((0, len(PARTS)), bool)
    part = {p: valid[:, i : i + 1] for i, p in enumerate(PARTS)}
    body = _wave(rng, count, 117)
    for group, columns in get_space("smplx117").groups.items():
        body[:, columns] *= part[group]
    return Motion(
        participant=name,
        face_space="arkit52",
        body_space="smplx117",
        fps=25.0,
        face=_masked(np.abs(_wave(rng, count, 52)), part["face"]),
        body=body,
        validity=valid.astype(np.uint8),
        confidence=_masked(np.abs(_wave(rng, count, len(PARTS))), valid),
        head_pose=_masked(_wave(rng, count, 6), part["head"]),
        gaze=_masked(_wave(rng, count, 4), part["gaze"]),
        bbox=_masked(np.tile(np.array([100, 100, 200, 220], np.float32), (count, 1)), part["face"]),
        speaking=(rng.random(count) > 0.5).astype(np.uint8),
    )


def _wave(rng: np.random.Generator, count: int, width: int) -> F32:
    """[count, width] random walks folded into [-1, 1]."""
    return np.asarray(np.sin(np.cumsum(rng.normal(0, 0.03, (count, width)), axis=0)), dtype=np.float32)


def _masked(values: F32, valid: Bool) -> F32:
    return np.asarray(values * valid, dtype=np.float32)
