"""Hours of dialogues whose words and movements are known, without sound or picture: training data in minutes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nonverbal.records import to_plain
from nonverbal.studio.casting import MODELS, cast_person, perform, streams
from nonverbal.studio.scene import build_scene
from nonverbal.studio.script.write import HINGES, write_script
from nonverbal.studio.settings import TruthSettings
from nonverbal.studio.speech.rhythm import time_talk
from nonverbal.studio.talk import PARTICIPANTS
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


def write_hours(out: Path, settings: TruthSettings, tick: Tick = silent) -> int:
    """Makes `out` a dataset of studio dialogues that were never filmed; returns how many there are."""
    count = max(1, round(settings.hours * 60 / settings.minutes))

    def dialogues() -> Iterator[TrueDialogue]:
        for number in range(count):
            tick("dialogues", number, count)
            yield _imagine(settings, number)
        tick("dialogues", count, count)

    write_truth(out, out / ".nonverbal" / "studio", dialogues(), {"studio": to_plain(settings)}, MODELS)
    return count


def _imagine(settings: TruthSettings, number: int) -> TrueDialogue:
    seed, duration_s = settings.seed + number, settings.minutes * 60

    def make() -> tuple[Spoken, tuple[Motion, ...]]:
        (writer, sets) = streams(seed, "script", "scene")
        talk = time_talk(write_script(writer, duration_s, settings.hinges), seed, duration_s)
        scene = build_scene("split", talk, sets, 1280, 720)
        people = {p: cast_person(seed, p) for p in PARTICIPANTS}
        acted = perform(talk, scene, people, seed)
        seen = (everything_seen(acted[p], people[p].avatar, i) for i, p in enumerate(PARTICIPANTS))
        return transcript(talk), tuple(true_motion(filmed, scene) for filmed in seen)

    manner = "" if settings.hinges == HINGES else f"-hinges-{settings.hinges:g}"
    return TrueDialogue(imagined_source(seed, manner), duration_s, make)
