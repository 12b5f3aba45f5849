"""Studio videos for the benchmark: made where they are missing, reused where they are finished."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nonverbal.dataset.read import open_dataset
from nonverbal.studio.scene import Layout
from nonverbal.studio.settings import StudioSettings
from nonverbal.ticks import Tick, silent
from nonverbal.types import Dialogue
from nonverbal.verdicts import UserError
from nonverbal.weights import sha256_of

_VIDEO, _TRUTH = "podcast.mp4", "truth"


@dataclass(frozen=True, slots=True)
class Film:
    """What one studio video is made from."""

    seed: int
    layout: Layout
    minutes: float

    @property
    def name(self) -> str:
        return f"seed{self.seed}-{self.layout}-{self.minutes:g}min"


@dataclass(frozen=True, slots=True)
class Shot:
    """A finished studio video with its truth; `source_id` is the sha256 of its bytes."""

    name: str
    video: Path
    source_id: str
    truth: Dialogue


def films(videos: int, minutes: float, seed: int, layouts: tuple[Layout, ...]) -> list[Film]:
    """Seeds from `seed` on, layouts in turn."""
    return [Film(seed + i, layouts[i % len(layouts)], minutes) for i in range(videos)]


def shoot(film: Film, folder: Path, tick: Tick = silent) -> Shot:
    """The video of `film` in `folder`, made unless it is there already; `tick` hears how far that is.

    Raises:
        UserError: what the studio needs is not installed, or the folder holds the truth of another video.
    """
    home = folder / film.name
    if not is_finished(home):
        from nonverbal.studio.shoot import shoot_podcast  # brings compilers along

        shoot_podcast(home, StudioSettings(film.minutes, film.seed, film.layout), tick)
    return load(home)


def is_finished(home: Path) -> bool:
    """Whether a folder holds a video with its truth, of which ``dataset.json`` is written last."""
    return (home / _VIDEO).is_file() and (home / _TRUTH / "dataset.json").is_file()


def load(home: Path) -> Shot:
    """A finished video.

    Raises:
        UserError: the truth is not of this video.
    """
    video = home / _VIDEO
    source_id = sha256_of([video])
    dialogues = [d for d in open_dataset(home / _TRUTH) if d.clip.source_id == source_id]
    if len(dialogues) != 1:
        raise UserError(
            f"{home / _TRUTH} holds {len(dialogues)} dialogues of {video.name}, expected one: the video or its truth "
            "was changed; remove the folder and run again"
        )
    return Shot(home.name, video, source_id, dialogues[0])
