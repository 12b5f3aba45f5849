"""A unit's stages cut where their needs change, so that each part runs on a worker that has what it takes.

What is kept in memory cannot move from one worker to the next. So a stage without codec, all that read it and what
lies between stay together, and that part needs whatever any of its stages needs:

    listen   diarize   watch*   visible   cues        (* kept in memory, read by cues)
    1 CPU    1 CPU     1 GPU    1 CPU     1 CPU
    [--- 1 CPU ----]   [------- 1 GPU --------]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nonverbal.pipeline.stage import Needs, Stage


@dataclass(frozen=True)
class Segment:
    """Stages, by name, that one worker does in one go."""

    stages: tuple[str, ...]
    needs: Needs


def needs_of(stage: Stage) -> Needs:
    """What the stage declares, or one core and the usual memory."""
    needs = getattr(stage, "needs", Needs())
    assert isinstance(needs, Needs), f"the needs of stage {stage.name} are no Needs"
    return needs


def whole(stages: Sequence[Stage]) -> tuple[Segment, ...]:
    """All stages in one go."""
    return (Segment(tuple(stage.name for stage in stages), Needs()),)


def cut(stages: Sequence[Stage]) -> tuple[Segment, ...]:
    """As few segments as the needs and the results in memory allow, in order."""
    segments: list[Segment] = []
    for block in _blocks(stages):
        needs = needs_of(block[0])
        for stage in block[1:]:
            needs = needs.and_also(needs_of(stage))
        names = tuple(stage.name for stage in block)
        if segments and segments[-1].needs == needs:
            names = segments.pop().stages + names
        segments.append(Segment(names, needs))
    return tuple(segments)


def _blocks(stages: Sequence[Stage]) -> list[list[Stage]]:
    """The stages in runs that no result in memory leaves."""
    blocks: list[list[Stage]] = []
    last = -1
    for i, stage in enumerate(stages):
        if i > last:
            blocks.append([])
        blocks[-1].append(stage)
        if stage.codec is None:
            last = max([last, *(j for j, later in enumerate(stages) if stage.name in later.reads)])
    return blocks
