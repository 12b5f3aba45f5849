"""The books of a run: nothing seen may be lost or counted twice, and each stage accounts for what it let through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from nonverbal.pipeline.plan import Plan
from nonverbal.pipeline.stage import Stage
from nonverbal.pipeline.survey import Outcome, Status


@dataclass(frozen=True)
class Account:
    """Counts of one kind of unit; `seen` and `pending` come from the run, the others from the files on disk."""

    seen: int
    done: int
    rejected: dict[str, int]
    quarantined: dict[str, int]
    pending: int

    @property
    def accounted(self) -> int:
        return self.done + sum(self.rejected.values()) + sum(self.quarantined.values()) + self.pending

    @property
    def balanced(self) -> bool:
        return self.seen == self.accounted

    def __str__(self) -> str:
        rejected, quarantined = sum(self.rejected.values()), sum(self.quarantined.values())
        parts = f"done {self.done} + rejected {rejected} + quarantined {quarantined} + pending {self.pending}"
        return f"seen {self.seen} {'=' if self.balanced else '!='} {parts}"


@dataclass(frozen=True)
class Ledger:
    """seen = done + rejected + quarantined + pending, for sources and for clips."""

    sources: Account
    clips: Account

    @property
    def balanced(self) -> bool:
        return self.sources.balanced and self.clips.balanced

    def __str__(self) -> str:
        return f"sources: {self.sources}; clips: {self.clips}"


@dataclass(frozen=True)
class FunnelRow:
    """One stage: `entered` = `kept` + rejected + quarantined + `pending`."""

    stage: str
    level: str
    entered: int
    kept: int
    rejected: dict[str, int]
    quarantined: dict[str, int]
    pending: int


def account(outcomes: Sequence[Outcome], seen: int, unfinished: Collection[str]) -> Account:
    """Sets what the disk says about units against what the run knows: `seen` of them, `unfinished` ids left over.

    A result that vanished, or a unit that stands twice in the lists of clips, makes the sum wrong instead of
    being smoothed over.
    """
    done = sum(outcome.status is Status.DONE for outcome in outcomes)
    rejected, quarantined = reasons(outcomes, Status.REJECTED), reasons(outcomes, Status.QUARANTINED)
    return Account(seen, done, rejected, quarantined, len(unfinished))


def funnel(plan: Plan, outcomes: Iterable[Outcome]) -> tuple[FunnelRow, ...]:
    """What each stage was given and let through, in stage order; clips begin where their sources end."""
    everything = list(outcomes)
    sources = [outcome for outcome in everything if outcome.unit.level == "source"]
    clips = [outcome for outcome in everything if outcome.unit.level == "clip"]
    return (*_rows(plan.source_stages, "source", sources), *_rows(plan.clip_stages, "clip", clips))


def reasons(outcomes: Iterable[Outcome], status: Status) -> dict[str, int]:
    """How many units of that status there are by reason, in alphabetical order."""
    return dict(sorted(Counter(str(o.reason) for o in outcomes if o.status is status).items()))


def _rows(stages: Sequence[Stage], level: str, entered: list[Outcome]) -> list[FunnelRow]:
    rows = []
    for stage in stages:
        here = [outcome for outcome in entered if outcome.stage == stage.name]
        kept = [outcome for outcome in entered if outcome.stage != stage.name]
        rejected, quarantined = reasons(here, Status.REJECTED), reasons(here, Status.QUARANTINED)
        pending = sum(outcome.status is Status.PENDING for outcome in here)
        rows.append(FunnelRow(stage.name, level, len(entered), len(kept), rejected, quarantined, pending))
        entered = kept
    return rows
