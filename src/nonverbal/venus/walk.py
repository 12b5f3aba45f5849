"""Media files in a folder and below, in one order on every machine, never outside of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from nonverbal.media.names import printable

MEDIA_EXTENSIONS = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"),
    *(".vob", ".flv", ".wmv", ".asf", ".ogv", ".3gp", ".3g2"),
)
"""Which files of a folder are taken; a file named itself is taken whatever its name."""


@dataclass
class Found:
    """What a folder holds: media files, (path, sentence) of what cannot be followed, and how many other files."""

    files: list[str] = field(default_factory=list)
    bad: list[tuple[str, str]] = field(default_factory=list)
    ignored: int = 0


def walk(root: Path) -> Found:
    """Everything below `root`, by name, a folder's files before those of its folders; hidden folders are left out.

    A link to a file inside the root is another name of it, and comes after all files; a link to a folder inside it is
    left out, since the folder is met under its own name; links that lead nowhere, in a circle or out of the root are
    bad.
    """
    found = Found()
    links: list[str] = []
    real_root = os.path.realpath(root)
    folders = [os.fspath(root)]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda e: os.fsencode(e.name))
        except OSError as error:
            found.bad.append(
                (folder, f"the folder {printable(folder)} cannot be read ({error.strerror}); change its permissions")
            )
            continue
        for entry in entries:
            if entry.is_symlink():
                links.append(entry.path)
            elif not entry.is_dir(follow_symlinks=False):
                _file(entry.path, found)
        folders += [e.path for e in reversed(entries) if e.is_dir(follow_symlinks=False) and e.name[0] != "."]
    for link in links:
        _link(link, real_root, found)
    return found


def _file(path: str, found: Found) -> None:
    if os.path.splitext(path)[1].lower() in MEDIA_EXTENSIONS:
        found.files.append(path)
    else:
        found.ignored += 1


def _link(path: str, real_root: str, found: Found) -> None:
    name = printable(path)
    try:
        target = os.path.realpath(path, strict=True)
    except OSError as error:
        found.bad.append(
            (path, f"the link {name} leads nowhere ({error.strerror}), expected a file; point it at one or remove it")
        )
        return
    if os.path.commonpath([target, real_root]) != real_root:
        found.bad.append(
            (path, f"the link {name} leads out of the folder given, to {printable(target)}; give that file itself")
        )
    elif not os.path.isdir(target):
        _file(path, found)
    elif os.path.commonpath([target, os.path.realpath(os.path.dirname(path))]) == target:
        found.bad.append((path, f"the link {name} leads back to a folder that holds it, expected no circle; remove it"))
    else:
        found.ignored += 1
