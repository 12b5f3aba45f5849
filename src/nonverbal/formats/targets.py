"""The formats that motion goes out to: how each is written, read back and compared, and what it cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from nonverbal.formats.amass import amass_take, write_amass
from nonverbal.formats.bvh import read_bvh, write_bvh
from nonverbal.formats.differences import Difference, differences
from nonverbal.formats.live_link import counted_frames, live_link_take, write_live_link
from nonverbal.formats.motion_file import SUFFIX, motion_bytes, read_motion
from nonverbal.formats.take import Take
from nonverbal.formats.vrma import write_vrma
from nonverbal.formats.vrma_read import read_vrma
from nonverbal.media.names import printable
from nonverbal.pipeline.store import commit
from nonverbal.ticks import Tick, silent
from nonverbal.verdicts import UserError

Kind = Literal["bvh", "glb", "arkit-csv", "amass-npz", "vrma", "motion"]


@dataclass(frozen=True)
class Wishes:
    """What only some formats ask for.

    Attributes:
        person: who is shown in a .glb; a seed.
        presets: VRM's own expressions beside those by ARKit's names in a .vrma.
    """

    person: int = 5
    presets: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """A format.

    Attributes:
        suffix: how its names end.
        write: writes a take, telling how far it has come.
        compare: reads a file back and says how far it is from the take.
        lost: what of a take the format has no place for.
    """

    suffix: str
    write: Callable[[Take, Path, Wishes, Tick], None]
    compare: Callable[[Take, Path], tuple[Difference, ...]]
    lost: str


def export_take(
    take: Take, kind: Kind, path: Path, wishes: Wishes | None = None, tick: Tick = silent
) -> tuple[Difference, ...]:
    """Write a take to `path`, whole or not at all, and say how far what is read back from it is from the take.

    Raises:
        UserError: the name or its folder does not fit, or the take lacks what the format is for.
    """
    target = TARGETS[kind]
    check_name(path, target.suffix)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write = partial(_written, target, take, wishes or Wishes(), tick)
        found: tuple[Difference, ...] = commit(path, write, lambda temporary: target.compare(take, temporary))
    except OSError as error:
        raise UserError(f"{printable(path)}: cannot be written ({error.strerror}); choose another place") from error
    return found


def check_name(path: Path, suffix: str) -> None:
    """See that `path` may become a file of that suffix.

    Raises:
        UserError: it ends otherwise, or is a folder.
    """
    if not path.name.lower().endswith(suffix) or path.name.lower() == suffix or path.is_dir():
        raise UserError(f"{printable(path)}: expected the name of a file that ends in {suffix}")


def _written(target: Target, take: Take, wishes: Wishes, tick: Tick, path: Path) -> None:
    target.write(take, path, wishes, tick)


def _write_motion(take: Take, path: Path, wishes: Wishes, tick: Tick) -> None:
    path.write_bytes(motion_bytes(take))


def _write_glb(take: Take, path: Path, wishes: Wishes, tick: Tick) -> None:
    from nonverbal.formats.glb import write_glb  # the avatar's mesh takes seconds to load

    write_glb(take, path, wishes.person, tick)


def _compare_glb(take: Take, path: Path) -> tuple[Difference, ...]:
    from nonverbal.formats.glb import glb_differences

    return glb_differences(take, path)


def _compare_live_link(take: Take, path: Path) -> tuple[Difference, ...]:
    return differences(take, live_link_take(path, take.fps, counted_frames(take.fps))[0])


_EVERYTHING_SAID = "words, validity"

TARGETS: Mapping[Kind, Target] = MappingProxyType({
    "bvh": Target(
        ".bvh",
        lambda take, path, wishes, tick: write_bvh(take, path, tick),
        lambda take, path: differences(take, read_bvh(path)),
        f"face, gaze, {_EVERYTHING_SAID}",
    ),
    "glb": Target(".glb", _write_glb, _compare_glb, _EVERYTHING_SAID),
    "arkit-csv": Target(
        ".csv",
        lambda take, path, wishes, tick: write_live_link(take, path, tick),
        _compare_live_link,
        f"body but the head, {_EVERYTHING_SAID}",
    ),
    "amass-npz": Target(
        ".npz",
        lambda take, path, wishes, tick: write_amass(take, path),
        lambda take, path: differences(take, amass_take(path, take.fps)[0]),
        f"arkit52 faces, {_EVERYTHING_SAID}",
    ),
    "vrma": Target(
        ".vrma",
        lambda take, path, wishes, tick: write_vrma(take, path, wishes.presets),
        lambda take, path: differences(take, read_vrma(path)),
        f"what differs between the eyes, {_EVERYTHING_SAID}",
    ),
    "motion": Target(SUFFIX, _write_motion, lambda take, path: differences(take, read_motion(path)), ""),
})  # fmt: skip
