"""Makes one file of one take: ``python -m nonverbal.serve.chat_maker answer.motion.safetensors answer.mp4``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from nonverbal.formats.motion_file import read_motion
from nonverbal.formats.take import Take
from nonverbal.verdicts import UserError

_PERSON = 0
"""Who performs: the avatar of the page."""


def make(source: Path, target: Path) -> None:
    """Write the take in `source` as what the name of `target` says.

    Raises:
        UserError: it cannot be made.
    """
    take = read_motion(source)
    if target.suffix == ".mp4":
        _film(take, target)
        return
    from nonverbal.formats.targets import Wishes, export_take

    kind = {".glb": "glb", ".csv": "arkit-csv", ".bvh": "bvh"}[target.suffix]
    export_take(take, kind, target, Wishes(_PERSON))  # type: ignore[arg-type]


def _film(take: Take, target: Path) -> None:
    from nonverbal.chat.clip import ClipSettings, film_reel
    from nonverbal.chat.reel import Reel

    assert take.face is not None
    assert take.body is not None
    film_reel(Reel(take.face, take.body, take.words, ()), target, ClipSettings(person=_PERSON))


if __name__ == "__main__":
    os.nice(10)
    try:
        make(Path(sys.argv[1]), Path(sys.argv[2]))
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
