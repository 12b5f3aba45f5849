"""The talk that the shipped model learns from: hours of acted studio talk, and far more of it as words alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nonverbal.fitting.chat_script import careless_text, write_small_talk
from nonverbal.mars.examples import Examples, examples_of
from nonverbal.mars.stream import Conversation, Message
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.studio.casting import MODELS, cast_person, perform, streams
from nonverbal.studio.scene import build_scene
from nonverbal.studio.script.write import write_script
from nonverbal.studio.settings import TruthSettings
from nonverbal.studio.speech.rhythm import time_talk
from nonverbal.studio.talk import PARTICIPANTS, Line
from nonverbal.studio.truth import (
    Spoken,
    TrueDialogue,
    everything_seen,
    imagined_source,
    transcript,
    true_motion,
    write_truth,
)
from nonverbal.ticks import Tick, silent
from nonverbal.types import Motion

WORDS_ALONE = "words"
"""The system prompt of conversations without time and motion: it tells the model which of the two ways to talk."""

_MANNER = "-small-talk"
_SIZE_PX = (1280, 720)

Writer = Callable[[np.random.Generator, float], Sequence[Line]]
"""Writes what is said in about so many seconds."""


def write_small_talk_hours(out: Path, settings: TruthSettings, tick: Tick = silent) -> int:
    """Makes `out` a dataset of acted small talk, dialogue i from seed + i; returns how many there are."""
    count = max(1, round(settings.hours * 60 / settings.minutes))

    def dialogues() -> Iterator[TrueDialogue]:
        for number in range(count):
            tick("small talk", number, count)
            yield _acted(settings.seed + number, settings.minutes * 60)
        tick("small talk", count, count)

    config = {"small talk": {"hours": settings.hours, "minutes": settings.minutes, "seed": settings.seed}}
    write_truth(out, out / ".nonverbal" / "studio", dialogues(), config, MODELS)
    return count


def _acted(seed: int, duration_s: float) -> TrueDialogue:
    def make() -> tuple[Spoken, tuple[Motion, ...]]:
        writer, sets = streams(seed, "script", "scene")
        talk = time_talk(write_small_talk(writer, duration_s), seed, duration_s)
        scene = build_scene("split", talk, sets, *_SIZE_PX)
        people = {p: cast_person(seed, p) for p in PARTICIPANTS}
        acted = perform(talk, scene, people, seed)
        seen = (everything_seen(acted[p], people[p].avatar, i) for i, p in enumerate(PARTICIPANTS))
        return transcript(talk), tuple(true_motion(filmed, scene) for filmed in seen)

    return TrueDialogue(imagined_source(seed, _MANNER), duration_s, make)


def scripts(hours: float, minutes: float, seed: int, small_talk: float, tick: Tick = silent) -> Iterator[list[Line]]:
    """Scripts without anything but words; `small_talk` is the share of them that are that."""
    count = round(hours * 60 / minutes)
    for number in range(count):
        tick("scripts", number, count)
        rng = np.random.default_rng((seed, number))
        write: Writer = write_small_talk if rng.random() < small_talk else write_script
        yield [line for line in write(rng, minutes * 60) if line.text and line.act != "backchannel"]
    tick("scripts", count, count)


def typed_conversations(lines: Sequence[Line], rng: np.random.Generator, share: float) -> Iterator[Conversation]:
    """A script as each of its two people lives through it, in messages without time.

    Args:
        lines: what is said.
        rng: decides which of the partner's messages are typed without care, as people do.
        share: of them.
    """
    turns: list[tuple[str, str]] = []
    for line in lines:
        if turns and turns[-1][0] == line.participant:
            turns[-1] = (line.participant, f"{turns[-1][1]} {line.text}")
        else:
            turns.append((line.participant, line.text))
    for me in PARTICIPANTS:
        messages = tuple(
            Message("assistant", text=text)
            if who == me
            else Message("user", text=careless_text(text) if rng.random() < share else text)
            for who, text in turns
        )
        yield Conversation(messages, WORDS_ALONE)


def words_alone(written: Iterable[Sequence[Line]], vocabulary: Vocabulary, seed: int, share: float) -> Examples:
    """Scripts as what a model learns words from; see `typed_conversations`."""
    rng = np.random.default_rng(seed)
    found = examples_of((c for lines in written for c in typed_conversations(lines, rng, share)), vocabulary)
    mark = hashlib.sha256(found.ids.tobytes()).hexdigest()[:16]
    return replace(found, origin=f"words-{mark}")
