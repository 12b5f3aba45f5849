"""A conversation as a film: an avatar performs the model's face and body; subtitles, and a voice if asked for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from nonverbal.avatar.dress import Dressed, dress
from nonverbal.chat.captions import Titler, captions_of
from nonverbal.chat.describe import directions
from nonverbal.chat.reel import Reel
from nonverbal.chat.voice import Speaker
from nonverbal.media.encode import Mp4Writer
from nonverbal.motion.looks import FULL_DOWN_RAD, FULL_UP_RAD, FULL_YAW_RAD
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.studio.casting import cast_person, random_lighting, streams
from nonverbal.studio.film import Cast, film
from nonverbal.studio.front import front_scene, wall_behind
from nonverbal.studio.grade import Grade, Recorder
from nonverbal.studio.talk import PARTICIPANTS, Performance
from nonverbal.ticks import Tick, silent
from nonverbal.timeline import FPS
from nonverbal.types import F32
from nonverbal.verdicts import UserError

_SHARPEST = Grade(noise=0.0, softness_px=0.0, gain=(1.0, 1.0, 1.0), crf=21)


@dataclass(frozen=True)
class ClipSettings:
    """What a film of a conversation looks and sounds like."""

    width_px: int = 640
    """Width of the picture."""
    height_px: int = 360
    """Height of the picture."""
    person: int = 5
    """Decides who performs, in which clothes, room and light."""
    voice: str = ""
    """An espeak-ng voice such as en-us+m3 that speaks the model's words; without one the film is silent."""
    captions: bool = True
    """Draw words and stage directions into the picture."""

    def __post_init__(self) -> None:
        if not all(120 <= side <= 2160 and side % 4 == 0 for side in (self.width_px, self.height_px)):
            raise UserError(
                f"a picture of {self.width_px} x {self.height_px}: expected multiples of 4 from 120 to 2160 pixels"
            )
        if self.person < 0:
            raise UserError(f"person={self.person}: expected 0 or more")


@dataclass(frozen=True, slots=True)
class Filmed:
    """A film that was made: its frames, and how long drawing and encoding took."""

    path: Path
    frames: int
    wall_s: float

    @property
    def frames_per_s(self) -> float:
        return self.frames / max(self.wall_s, 1e-9)


def film_reel(reel: Reel, path: Path, settings: ClipSettings | None = None, tick: Tick = silent) -> Filmed:
    """Writes the film of a reel; the same reel and settings give the same bytes.

    Raises:
        UserError: there is nothing to film, the name does not end in .mp4, its folder cannot be written to, or a
            package or voice is missing.
    """
    settings = settings or ClipSettings()
    check_film_path(path)
    if not reel.n_frames:
        raise UserError(f"{path}: the conversation has no step yet, so there is nothing to film")
    started_s = time.monotonic()
    samples, rate_hz = Speaker(settings.voice).speak(reel.own, reel.duration_s)
    cast, scene = _cast(reel, settings), front_scene(1, reel.n_frames, settings.width_px, settings.height_px)
    told = directions(reel.face, reel.body) if settings.captions else ()
    rows = captions_of(reel.own, reel.partner) if settings.captions else ()
    titler = Titler(settings.width_px, settings.height_px, rows, told)
    walls, lamps = streams(settings.person, "backdrops", "light")
    wall = wall_behind(scene, scene.views[0], walls)
    recorder = Recorder(_SHARPEST, settings.person, settings.width_px, settings.height_px)
    pictures = film([cast], scene, [wall], [random_lighting(lamps)], recorder)
    with Mp4Writer(path, settings.width_px, settings.height_px, round(FPS), samples, rate_hz, _SHARPEST.crf) as writer:
        for number, picture in enumerate(pictures):
            titler.put(picture, number / FPS)
            writer.add(picture)
            tick("pictures", number + 1, reel.n_frames)
    return Filmed(path, reel.n_frames, time.monotonic() - started_s)


def check_film_path(path: Path) -> None:
    """See that a film may be written to `path`.

    Raises:
        UserError: it is no name of an MP4 file, or its folder is none or cannot be made.
    """
    if path.suffix.lower() != ".mp4" or path.is_dir():
        raise UserError(f"{path}: expected the name of a film that ends in .mp4")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path.parent}: cannot be made a folder ({error.strerror}); name another one") from error


def gaze_of(face: F32) -> F32:
    """[T, 4] gaze as in `types.Motion` of the eyeLook columns of ``arkit52`` [T, 52]: `look_coefficients` backwards."""
    column = {name: face[:, i] for i, name in enumerate(ARKIT52_NAMES) if name.startswith("eyeLook")}
    gaze = []
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        gaze.append(sign * FULL_YAW_RAD * (column[f"eyeLookOut{side}"] - column[f"eyeLookIn{side}"]))
        gaze.append(FULL_UP_RAD * column[f"eyeLookUp{side}"] - FULL_DOWN_RAD * column[f"eyeLookDown{side}"])
    return np.stack(gaze, axis=1).astype(np.float32)


def _cast(reel: Reel, settings: ClipSettings) -> Cast:
    still = np.zeros((reel.n_frames, 3), np.float32)
    act = Performance(
        PARTICIPANTS[0], reel.face, gaze_of(reel.face), reel.body, still, still, np.zeros(reel.n_frames, np.bool_)
    )
    return Cast(act, _dressed(settings.person))


@lru_cache(maxsize=2)
def _dressed(seed: int) -> Dressed:
    """Who performs; painting somebody takes longer than a second of film."""
    person = cast_person(seed, PARTICIPANTS[0])
    return dress(person.avatar, person.look)
