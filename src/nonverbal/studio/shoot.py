"""A podcast whose truth is known, from its settings to the files.

OUT/podcast.mp4     pictures and sound
OUT/podcast.rttm    who is heard when
OUT/truth/          everything else, as a dataset like those that `nonverbal build` makes
OUT/studio.json     the settings, and who was cast
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nonverbal.avatar.dress import dress
from nonverbal.media.encode import Mp4Writer
from nonverbal.records import to_plain
from nonverbal.studio.acting.replay import Recording, read_arkit_csv, replay
from nonverbal.studio.casting import MODELS, Person, cast_person, perform, random_lighting, streams
from nonverbal.studio.film import Cast, film, film_log
from nonverbal.studio.grade import Recorder, backdrop, lay_table, random_grade
from nonverbal.studio.scene import Scene, View, build_scene
from nonverbal.studio.script.write import choose_lines
from nonverbal.studio.settings import StudioSettings
from nonverbal.studio.speech.mix import record_talk
from nonverbal.studio.speech.voices import open_voices
from nonverbal.studio.talk import PARTICIPANTS, Performance
from nonverbal.studio.truth import (
    Spoken,
    TrueDialogue,
    file_source,
    rttm,
    transcript,
    true_motion,
    write_truth,
)
from nonverbal.ticks import Tick, silent
from nonverbal.timeline import FPS
from nonverbal.types import U8, Motion


def shoot_podcast(out: Path, settings: StudioSettings, tick: Tick = silent) -> Path:
    """Makes a podcast and its truth in the folder `out`; returns the path of the video.

    Raises:
        UserError: a voice, the replayed track or a package is missing or not usable.
    """
    seed = settings.seed
    recording = read_arkit_csv(settings.replay) if settings.replay else None
    tick("speech", 0, 1)
    (writer, sets) = streams(seed, "script", "scene")
    voices = dict(zip(PARTICIPANTS, open_voices(settings.voices), strict=True))
    duration_s = settings.minutes * 60
    talk, samples, rate_hz = record_talk(choose_lines(voices, writer, duration_s), voices, seed, duration_s)
    tick("people", 0, 1)
    scene = build_scene(settings.layout, talk, sets, settings.width_px, settings.height_px)
    people = {p: cast_person(seed, p) for p in PARTICIPANTS}
    acted = perform(talk, scene, people, seed)
    if recording is not None:
        acted = _replayed(acted, recording)
    cast = [Cast(acted[p], dress(people[p].avatar, people[p].look)) for p in PARTICIPANTS]
    out.mkdir(parents=True, exist_ok=True)
    video = out / "podcast.mp4"
    _shoot(video, cast, scene, samples, rate_hz, settings, tick)
    tick("truth", 0, 1)
    (out / "podcast.rttm").write_text(rttm(talk, "podcast"), encoding="utf-8")

    def make() -> tuple[Spoken, tuple[Motion, ...]]:
        return transcript(talk), tuple(true_motion(film_log(c, scene), scene) for c in cast)

    dialogue = TrueDialogue(file_source(video, f"studio-{seed}"), len(scene.shots) / FPS, make)
    config = {"studio": to_plain(replace(settings, replay=None)) | {"replay": settings.replay and settings.replay.name}}
    write_truth(out / "truth", out / ".work", [dialogue], config, MODELS)
    _note(out / "studio.json", config, people)
    tick("truth", 1, 1)
    return video


def _replayed(acted: dict[str, Performance], recording: Recording) -> dict[str, Performance]:
    """Everybody with the recorded face, each from another place in it."""
    apart = recording.n_frames // len(acted)
    return {p: replay(performance, recording, i * apart) for i, (p, performance) in enumerate(acted.items())}


def _shoot(
    video: Path, cast: list[Cast], scene: Scene, samples: Any, rate_hz: int, settings: StudioSettings, tick: Tick
) -> None:
    walls, lamps, camera = streams(settings.seed, "backdrops", "light", "camera")
    backdrops = [_backdrop(scene, view, walls) for view in scene.views]
    lightings = [random_lighting(lamps) for _ in scene.views]
    grade = random_grade(camera)
    recorder = Recorder(grade, settings.seed, scene.width_px, scene.height_px)
    with Mp4Writer(video, scene.width_px, scene.height_px, round(FPS), samples, rate_hz, grade.crf) as writer:
        for number, picture in enumerate(film(cast, scene, backdrops, lightings, recorder)):
            writer.add(picture)
            tick("pictures", number + 1, len(scene.shots))


def _backdrop(scene: Scene, view: View, rng: np.random.Generator) -> U8:
    left, top, right, bottom = view.box_px
    corners, floor = scene.table(view)
    return lay_table(backdrop(rng, right - left, bottom - top), corners - (left, top), floor - (left, top), rng)


def _note(path: Path, config: dict[str, Any], people: dict[str, Person]) -> None:
    cast = {p: to_plain((person.avatar.identity, person.look, person.style)) for p, person in people.items()}
    path.write_text(json.dumps(config | {"cast": cast}, indent=1) + "\n", encoding="utf-8")
