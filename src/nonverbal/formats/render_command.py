"""`nonverbal render`: the command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro
from rich.console import Console

from nonverbal.ticks import ticking
from nonverbal.verdicts import UserError

if TYPE_CHECKING:  # meshes take seconds to load, which no other command has to wait for
    from nonverbal.formats.take import Take

_SIZE = re.compile(r"(\d{2,4})x(\d{2,4})")


@dataclass(frozen=True)
class Render:
    """A film of motion: one person, or two of a dialogue side by side. Needs no graphics system."""

    motion: tyro.conf.Positional[Path]
    """A dataset's folder, a .motion.safetensors, a Live Link Face .csv, or an AMASS or BEAT2 .npz."""
    out: Path
    """The film to be (.mp4); one that is there is replaced."""
    dialogue: str | None = None
    """Which dialogue of a dataset: its id, or how it begins."""
    participant: str | None = None
    """Only this one of its people, such as A, or two of several, such as A,C."""
    start_s: float = 0.0
    """Where to begin, in seconds."""
    end_s: float | None = None
    """Where to end, in seconds; at the end when left out."""
    smooth: bool = False
    """Smooth a dataset's motion first, as its reader does."""
    size: str = "1280x720"
    """Width and height of the picture, multiples of 4."""
    person: int = 5
    """Who performs, in which clothes, room and light: a seed."""
    captions: bool = True
    """Write what is said into the picture; turns marked as harmful are left out."""
    audio: Path | None = None
    """A file with the sound: any audio or video. Without one the film is silent."""
    audio_start_s: float = 0.0
    """The second of the sound at which the motion begins, before --start-s cuts it."""
    mesh: Literal["avatar", "flame", "smplx"] = "avatar"
    """Whose body is seen: a made-up person's, or that of your own copy of FLAME or SMPL-X, plainly shaded."""
    model_file: Path | None = None
    """The copy (.npz or .safetensors, with triangles f; docs/metrics.md says how to convert one)."""

    def run(self, console: Console) -> int:
        from nonverbal.formats.film import FilmSettings, Sound, film_takes
        from nonverbal.media.names import printable

        width, height = _size(self.size)
        mesh = None if self.mesh == "avatar" else self.mesh
        settings = FilmSettings(width, height, self.person, self.captions, mesh, self.model_file)
        self._check_times()
        sound = None if self.audio is None else Sound(self.audio, self.audio_start_s + self.start_s)
        takes = self._takes()
        with ticking(console) as tick:
            done = film_takes(takes, self.out, settings, sound, tick)
        people = " and ".join(take.name for take in takes)
        told = f"{done.frames} pictures of {people} in {done.wall_s:.1f} s, {done.frames_per_s:.0f} a second"
        console.print(f"Written: {printable(self.out)} ({told})", markup=False, highlight=False, soft_wrap=True)
        return 0

    def _takes(self) -> list[Take]:
        from nonverbal.formats.open import open_takes
        from nonverbal.formats.sampling import cut

        takes = open_takes(self.motion, self.dialogue, self.participant, self.smooth)
        return [cut(take, self.start_s, self.end_s) for take in takes]

    def _check_times(self) -> None:
        times = {"--start-s": self.start_s, "--end-s": self.end_s, "--audio-start-s": self.audio_start_s}
        for name, value in times.items():
            if value is not None and not 0.0 <= value < float("inf"):
                raise UserError(f"{name} is {value}, expected 0 or more seconds")


def _size(text: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(text)
    if found is None:
        raise UserError(f"--size is {text!r}, expected width x height in pixels, such as 1280x720")
    return int(found[1]), int(found[2])
