"""What became of each unit, read off the committed files: done, rejected, quarantined or pending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from nonverbal.pipeline.plan import needed
from nonverbal.pipeline.stage import Stage
from nonverbal.pipeline.store import QUARANTINE, REJECT, DamagedArtefactError, Store
from nonverbal.pipeline.unit import Unit
from nonverbal.types import Source
from nonverbal.verdicts import Reason


class Status(StrEnum):
    DONE = "done"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    PENDING = "pending"


@dataclass(frozen=True)
class Outcome:
    """Where a unit stands: `stage` is the one that rejected it, failed on it or comes next; "" when it is done."""

    unit: Unit
    status: Status
    stage: str = ""
    reason: Reason | None = None
    message: str = ""


@dataclass
class Survey:
    """One listing of every stage's folder; a thousand units cost no more looks at the disk than one."""

    store: Store
    listings: dict[str, dict[str, frozenset[str]]]

    @classmethod
    def take(cls, store: Store) -> Survey:
        return cls(store, {stage.name: store.listing(stage.name) for stage in store.plan.stages})

    def outcome(self, unit: Unit) -> Outcome:
        """The first thing that stops the unit on its way through the stages, in order.

        A rejection counts only when every result before it is there: with a changed setting upstream the unit may
        now fail earlier, and a run from scratch would say so.
        """
        stages = unit.stages(self.store.plan)
        suffixes = [self.listings[stage.name].get(unit.unit_id, frozenset()) for stage in stages]
        end = next((i for i, found in enumerate(suffixes) if REJECT in found), len(stages))
        present = [s.name for s, found in zip(stages, suffixes, strict=True) if s.codec and s.codec.suffix in found]
        todo = needed(stages[:end], present)
        failed = [s for s, found in zip(stages, suffixes, strict=True) if s in todo and QUARANTINE in found]
        try:
            if failed:
                return self._quarantined(unit, failed[0])
            if todo:
                return Outcome(unit, Status.PENDING, todo[0].name)
            return self._rejected(unit, stages[end]) if end < len(stages) else Outcome(unit, Status.DONE)
        except DamagedArtefactError:
            return Outcome(unit, Status.PENDING, stages[0].name)

    def clips(self, source: Source) -> tuple[Unit, ...]:
        """The clips cut from a source that came through its stages."""
        last = self.store.plan.source_stages[-1].name
        return tuple(Unit(source, clip) for clip in self.store.read(last, source.source_id))

    def _rejected(self, unit: Unit, stage: Stage) -> Outcome:
        reject = self.store.read_reject(stage.name, unit.unit_id)
        assert reject is not None, "a rejection was listed and is gone although this process holds the lock"
        return Outcome(unit, Status.REJECTED, stage.name, reject.reason, reject.message)

    def _quarantined(self, unit: Unit, stage: Stage) -> Outcome:
        record = self.store.read_quarantine(stage.name, unit.unit_id)
        return Outcome(unit, Status.QUARANTINED, stage.name, record.reason, record.message)


def unique_sources(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Each content once, in order of id, whatever the files are called; the first path of a content is used."""
    by_id: dict[str, Source] = {}
    for source in sources:
        by_id.setdefault(source.source_id, source)
    return tuple(by_id[source_id] for source_id in sorted(by_id))
