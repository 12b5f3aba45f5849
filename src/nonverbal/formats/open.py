"""Any motion as takes: of a dataset's dialogue, a motion file, a face recording (.csv) or a body recording (.npz).

Example::

    takes = open_takes(Path("DATASET"), dialogue="3fa1")        # both people, as stored
    takes = open_takes(Path("answer.motion.safetensors"))       # one take
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.formats.amass import amass_take
from nonverbal.formats.live_link import live_link_take
from nonverbal.formats.motion_file import SUFFIX, read_motion
from nonverbal.formats.take import Take
from nonverbal.media.names import printable
from nonverbal.records import from_plain
from nonverbal.types import Motion, Turn, Word
from nonverbal.verdicts import UserError

_SHOWN_IDS = 5


def open_takes(
    motion: Path, dialogue: str | None = None, participant: str | None = None, smooth: bool = False,
    harmful: bool = False,
) -> list[Take]:  # fmt: skip
    """The takes that `motion` holds, one a person, all beginning at the same time.

    Args:
        motion: a dataset's folder, a .motion.safetensors, a Live Link Face .csv, or an AMASS or BEAT2 .npz.
        dialogue: id of a dialogue of the dataset, or how one and only one begins; may be left out where there is one.
        participant: only this one, or several with commas between; all when left out. Only a dataset takes these two.
        smooth: filter a dataset's motion as its reader does (Savitzky-Golay, window 5, order 2).
        harmful: keep the words of turns that a dataset marks as harmful; left out otherwise.

    Raises:
        UserError: it is none of these, damaged, or holds no such dialogue or participant.
    """
    if motion.is_dir():
        return _of_dataset(open_dataset(motion), dialogue, participant, smooth, harmful)
    if dialogue is not None or participant is not None or smooth:
        raise UserError(f"{printable(motion)}: dialogue, participant and smoothing belong to a dataset's folder")
    return [_of_file(motion)]


def _of_file(path: Path) -> Take:
    if path.name.endswith(SUFFIX):
        return read_motion(path)
    if path.suffix.lower() == ".csv":
        return live_link_take(path)[0]
    if path.suffix.lower() == ".npz":
        return amass_take(path)[0]
    raise UserError(f"{printable(path)}: expected a dataset's folder, *{SUFFIX}, *.csv or *.npz")


def _of_dataset(
    dataset: Dataset, dialogue: str | None, participant: str | None, smooth: bool, harmful: bool
) -> list[Take]:
    dialogue_id = _dialogue_id(dataset, dialogue)
    row = dataset.row(dialogue_id)
    names = row["participants"] if participant is None else _names(row["participants"], participant)
    turns = from_plain(tuple[Turn, ...], row["turns"])
    takes = []
    for name in names:
        motion = dataset.motion(dialogue_id, name, smooth)
        said = (turn for turn in turns if turn.participant == name and (harmful or not turn.harmful))
        takes.append(_take(row, motion, words_of(said)))
    return takes


def _names(known: list[str], wanted: str) -> list[str]:
    """Those wanted; a name may hold a comma itself."""
    return [wanted] if wanted in known else list(dict.fromkeys(name.strip() for name in wanted.split(",")))


def words_of(turns: Iterable[Turn]) -> tuple[Word, ...]:
    """The words of turns in order of start."""
    return tuple(sorted((word for turn in turns for word in turn.words), key=lambda word: (word.start_s, word.end_s)))


def _take(row: dict[str, Any], motion: Motion, words: tuple[Word, ...]) -> Take:
    return Take(
        name=f"{row['dialogue_id'][:12]}-{motion.participant}",
        fps=motion.fps,
        face_space=motion.face_space,
        face=motion.face,
        body_space=motion.body_space,
        body=motion.body,
        gaze=motion.gaze,
        words=words,
        validity=motion.validity,
        source=" ".join(text for text in (row["title"], row["channel"], row["url"]) if text),
        licence=row["licence"],
    )


def _dialogue_id(dataset: Dataset, wanted: str | None) -> str:
    ids = dataset.ids()
    found = [i for i in ids if wanted is None or i.startswith(wanted)]
    if wanted in ids:
        found = [wanted]
    if len(found) == 1:
        return found[0]
    shown = ", ".join(i[:12] for i in (found or ids)[:_SHOWN_IDS]) + (", ..." if len(found or ids) > _SHOWN_IDS else "")
    if wanted is None:
        raise UserError(f"{dataset.root}: holds {len(ids)} dialogues; name one of them, such as {shown}")
    raise UserError(f"{dataset.root}: {len(found)} dialogues begin with {wanted!r}, expected one; there are {shown}")
