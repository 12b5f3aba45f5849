"""Takes as a film: pictures of whoever performs them, with words and sound."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nonverbal.chat.captions import Titler, captions_of
from nonverbal.chat.clip import Filmed, check_film_path
from nonverbal.formats.film_avatar import avatar_pictures
from nonverbal.formats.film_mesh import MeshKind, mesh_pictures
from nonverbal.formats.sampling import held, resampled
from nonverbal.formats.take import Take
from nonverbal.media.audio import RATE_HZ, read_audio
from nonverbal.media.encode import Mp4Writer
from nonverbal.media.names import printable
from nonverbal.ticks import Tick, silent
from nonverbal.timeline import FPS
from nonverbal.types import F32, U8
from nonverbal.verdicts import RejectedError, UserError

LARGEST_PX, SMALLEST_PX = 4320, 120
_QUALITY = 21
_MOST_PEOPLE = 2


@dataclass(frozen=True)
class FilmSettings:
    """What a film of takes looks like.

    Attributes:
        width_px: width of the picture, a multiple of 4.
        height_px: height of the picture, a multiple of 4.
        person: decides which made-up people perform, in which clothes, rooms and light.
        captions: draw the words into the picture.
        mesh: whose mesh is seen: made-up people's, or that of a licensed model.
        model_file: the licensed model.

    Raises:
        UserError: a size does not fit, or only one of mesh and model file was given.
    """

    width_px: int = 1280
    height_px: int = 720
    person: int = 5
    captions: bool = True
    mesh: MeshKind | None = None
    model_file: Path | None = None

    def __post_init__(self) -> None:
        if not all(SMALLEST_PX <= side <= LARGEST_PX and side % 4 == 0 for side in (self.width_px, self.height_px)):
            raise UserError(
                f"a picture of {self.width_px}x{self.height_px}: expected multiples of 4 from {SMALLEST_PX} to "
                f"{LARGEST_PX} pixels, such as 1280x720"
            )
        if self.person < 0:
            raise UserError(f"person is {self.person}: expected 0 or more")
        if (self.mesh is None) != (self.model_file is None):
            raise UserError("expected mesh and model file together: --mesh smplx --model-file SMPLX_NEUTRAL.npz")


@dataclass(frozen=True, slots=True)
class Sound:
    """Where the sound of a film comes from: a file, and the second of it at which the film begins."""

    path: Path
    start_s: float = 0.0


def film_takes(
    takes: Sequence[Take], path: Path, settings: FilmSettings, sound: Sound | None = None, tick: Tick = silent
) -> Filmed:
    """Writes the film of one or two people, side by side; equal takes and settings give equal bytes.

    Raises:
        UserError: takes are too many or of different lengths, a space fits no mesh, the sound cannot be read, the name
            does not end in .mp4, its folder cannot be written to, or a package is missing.
    """
    check_film_path(path)
    ready = [resampled(held(take), FPS) for take in takes]
    if not 0 < len(ready) <= _MOST_PEOPLE or len({take.n_frames for take in ready}) != 1:
        told = ", ".join(f"{take.name} ({take.n_frames} frames)" for take in ready)
        more = "; choose two of them with --participant, such as A,B" if len(ready) > _MOST_PEOPLE else ""
        raise UserError(f"expected one or two takes of equal length, got {told or 'none'}{more}")
    count, started_s = ready[0].n_frames, time.monotonic()
    samples = _samples(sound, count / FPS)
    words = [take.words for take in ready] if settings.captions else []
    titler = Titler(settings.width_px, settings.height_px, captions_of(*[*words, (), ()][:2]), ())
    pictures = _pictures(ready, settings)
    size = settings.width_px, settings.height_px
    try:
        with Mp4Writer(path, *size, round(FPS), samples, RATE_HZ, _QUALITY) as writer:
            for number, picture in enumerate(pictures):
                titler.put(picture, number / FPS)
                writer.add(picture)
                tick("pictures", number + 1, count)
    except OSError as error:
        raise UserError(f"{printable(path)}: cannot be written ({error.strerror}); choose another place") from error
    return Filmed(path, count, time.monotonic() - started_s)


def _pictures(takes: Sequence[Take], settings: FilmSettings) -> Iterator[U8]:
    if settings.mesh is None or settings.model_file is None:
        return avatar_pictures(takes, settings.width_px, settings.height_px, settings.person)
    return mesh_pictures(takes, settings.mesh, settings.model_file, settings.width_px, settings.height_px)


def _samples(sound: Sound | None, duration_s: float) -> F32:
    """[S] at `RATE_HZ`, as long as the film."""
    if sound is None:
        return np.zeros(round(duration_s * RATE_HZ), np.float32)
    try:
        audio = read_audio(sound.path, sound.start_s, sound.start_s + duration_s)
    except RejectedError as error:
        raise UserError(f"the sound: {error.reject.message}") from error
    if audio.padded_s > duration_s - 0.5 / RATE_HZ:
        raise UserError(f"{printable(sound.path)}: no sound lies from {sound.start_s:g} s on; where does it begin?")
    return np.clip(audio.samples, -1.0, 1.0)
