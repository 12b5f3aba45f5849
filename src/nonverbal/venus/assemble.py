"""The last step: finished clips, and the verdicts on all others, into the dataset on disk.

It is no stage, because it looks at all clips at once; it is cheap, because motion files are linked and not written
again, their hashes stand in their footers, and nothing is done when nothing changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from nonverbal.dataset.content import read_summary
from nonverbal.dataset.manifest import ModelUse
from nonverbal.dataset.rows import (
    KEPT,
    ClipVerdict,
    Row,
    SourceVerdict,
    clean,
    clip_row,
    dialogue_row,
    group_by_source,
    source_row,
)
from nonverbal.dataset.splits import SplitConfig, group_of
from nonverbal.dataset.write import Contents, Entry, WriteResult, write_dataset
from nonverbal.types import Clip, Event, Source, Turn


class Spoken(Protocol):
    """What assembly wants of a transcript: its language, and turns of the speakers "S0", "S1"."""

    @property
    def language(self) -> str: ...

    @property
    def turns(self) -> tuple[Turn, ...]: ...


@dataclass(frozen=True, slots=True)
class FinishedClip:
    """A clip that came through all stages.

    Attributes:
        key: changes whenever the transcript or the motion change, such as the names of both artefacts.
        motion: the artefact of the stage `cues`.
        load_transcript: reads the artefact of the stage `harm`; called once, when the clip's turn comes.
        load_events: gives what listeners do, of the participants "A", "B"; called likewise.
    """

    clip: Clip
    source: Source
    key: str
    motion: Path
    load_transcript: Callable[[], Spoken]
    load_events: Callable[[], tuple[Event, ...]] = tuple


def assemble(
    output: Path,
    finished: Iterable[FinishedClip],
    dropped: Iterable[ClipVerdict],
    sources: Iterable[SourceVerdict],
    splits: SplitConfig,
    config: dict[str, Any],
    models: Sequence[ModelUse] = (),
) -> WriteResult:
    """Make `output` the dataset of the `finished` clips; the order of all inputs is of no importance.

    Args:
        dropped: the verdicts on clips that are not finished.
        sources: the verdicts on every source ever seen. One that was kept but has no finished clip counts as
            rejected for the commonest reason of its clips.
        config: stage -> its resolved settings, in the order of the stages; saved in ``dataset.json``.
        models: the models that took part, for the card.

    Raises:
        UserError: a motion file is damaged, or the clips were made in different parameter spaces.
        OSError: the disk is full or cannot be written to; the published dataset is as before.
    """
    kept = {item.clip.clip_id: item for item in finished}
    clips = {v.clip.clip_id: clip_row(v.clip, v.verdict, v.stage, v.reason, v.message) for v in dropped}
    clips |= {clip_id: clip_row(item.clip, KEPT) for clip_id, item in kept.items()}
    by_source = group_by_source(clips.values())
    rows = [source_row(seen, by_source.get(seen.source.source_id, [])) for seen in sources]
    contents = Contents(
        entries=[_entry(item) for item in kept.values()],
        sources=sorted(rows, key=lambda row: (row["source_id"], row["file_name"])),
        clips=[clips[clip_id] for clip_id in sorted(clips)],
        config=config,
        models=tuple(models),
    )
    return write_dataset(output, contents, splits)


def _entry(item: FinishedClip) -> Entry:
    described = {k: getattr(item.source, k) for k in ("url", "channel", "title", "licence")}
    key = f"{item.key} {sorted(described.items())}"
    return Entry(
        item.clip.clip_id,
        group_of(clean(item.source.channel), item.source.source_id),
        key,
        item.motion,
        partial(_row, item),
    )


def _row(item: FinishedClip) -> Row:
    transcript = item.load_transcript()
    turns = [dataclasses.replace(turn, participant=participant_of(turn.participant)) for turn in transcript.turns]
    names = sorted(read_summary(item.motion).rows)  # also those of whom no word was understood
    return dialogue_row(item.clip, item.source, transcript.language, names, turns, item.load_events())


def participant_of(speaker: str) -> str:
    """The participant that a diarized speaker becomes: "S0", who talks first, is "A", and so on.

    Raises:
        ValueError: `speaker` is not the name of a diarized speaker.
    """
    if not (speaker.startswith("S") and speaker[1:].isdigit()):
        raise ValueError(f"got the speaker {speaker!r}, expected S0, S1, ... as diarization names them")
    return chr(ord("A") + int(speaker[1:]))
