"""`nonverbal build`: inputs to catalogue, catalogue through the stages, finished clips to a dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from nonverbal import catalogue, weights
from nonverbal.backends import registry
from nonverbal.catalogue import Catalogue
from nonverbal.dataset.manifest import ModelUse
from nonverbal.dataset.publish import check_output
from nonverbal.dataset.rows import REJECTED, ClipVerdict, SourceVerdict
from nonverbal.dataset.write import WriteResult
from nonverbal.external.raw import publish_raw
from nonverbal.pipeline.ledger import Ledger
from nonverbal.pipeline.lock import Output, claim, output_error
from nonverbal.pipeline.observe import Observer
from nonverbal.pipeline.run import RunResult, run
from nonverbal.pipeline.survey import Outcome, Status
from nonverbal.settings import BuildSettings
from nonverbal.types import Event
from nonverbal.venus.assemble import FinishedClip, assemble
from nonverbal.venus.backchannels import Listening
from nonverbal.venus.collect import Collection
from nonverbal.venus.prosody import with_prosody
from nonverbal.venus.transcribe import Transcript
from nonverbal.verdicts import Reject

EXIT_NO_DIALOGUE = 4
"""Everything is accounted for and nothing went wrong, but no clip came through: the dataset has no dialogues."""


@dataclass(frozen=True)
class Built:
    """A finished build: the verdicts, and the dataset unless the run was cut short."""

    catalogue: Catalogue
    collection: Collection
    run: RunResult
    written: WriteResult | None

    @property
    def unreadable(self) -> Counter[str]:
        """How many inputs could not even be opened, by reason."""
        return Counter(str(u.reject.reason) for u in self.catalogue.unreadable)

    @property
    def ledger(self) -> Ledger:
        """The books of the run, with the unreadable inputs."""
        books, unreadable = self.run.ledger, self.unreadable
        rejected = dict(Counter(books.sources.rejected) + unreadable)
        return replace(
            books, sources=replace(books.sources, seen=books.sources.seen + unreadable.total(), rejected=rejected)
        )

    @property
    def exit_code(self) -> int:
        if self.run.exit_code:
            return self.run.exit_code
        return 0 if self.run.clips else EXIT_NO_DIALOGUE


def build(
    inputs: Sequence[str],
    out: Path,
    settings: BuildSettings,
    observer: Observer,
    tick: Callable[[str], None],
) -> Built:
    """Makes or completes the dataset at `out` from `inputs` and from all inputs it was given before.

    `tick` is called with the name of each file looked at, before the `observer` hears of the run.

    Raises:
        UserError: an input, a setting or the output folder is not usable, or a chosen model lacks what it needs.
        LockedError: another process writes this output.
        OutputError: it cannot be written.
    """
    check_output(out)
    settings = settings.settled()
    registry.check(settings.stages, with_gpu=settings.engine.engine == "local")
    with claim(out) as output:
        try:
            known, found = catalogue.update(output, inputs, tick)
            weights.fetch_missing()
            registry.fetch(settings.stages)
            stages = settings.source_stages, settings.clip_stages
            result = run(output, known.sources, *stages, settings.engine, observer, known.marks)
            interrupted = any(o.status is Status.PENDING for o in result.outcomes)
            written = None if interrupted else _assemble(output, known, result, settings)
            if written:
                publish_raw(output.path, _raw_results(result, settings))
        except OSError as error:
            raise output_error(error, output.path) from error
        return Built(known, found, result, written)


def _assemble(output: Output, known: Catalogue, result: RunResult, settings: BuildSettings) -> WriteResult:
    outcomes = {outcome.unit.unit_id: outcome for outcome in result.outcomes}
    clips = [o for o in result.outcomes if o.unit.clip]
    unreadable = [SourceVerdict(u.source, REJECTED, "collect", *_why(u.reject)) for u in known.unreadable]
    return assemble(
        output.path,
        [_finished(result, o) for o in clips if o.status is Status.DONE],
        [_dropped(o) for o in clips if o.status is not Status.DONE],
        [*unreadable, *(_source_verdict(outcomes[s.source_id]) for s in known.sources)],
        settings.splits,
        settings.resolved(),
        [ModelUse(*used) for used in registry.models_used(settings.stages)],
    )


def _finished(result: RunResult, outcome: Outcome) -> FinishedClip:
    clip, keys = outcome.unit.clip, result.store.plan.keys
    assert clip is not None
    return FinishedClip(
        clip=clip,
        source=outcome.unit.source,
        key=" ".join(keys[name] for name in ("harm", "prosody", "cues", "backchannels") if name in keys),
        motion=result.store.path("cues", clip.clip_id, ".parquet"),
        load_transcript=partial(_transcript, result, clip.clip_id),
        load_events=partial(_events, result, clip.clip_id),
    )


def _transcript(result: RunResult, clip_id: str) -> Transcript:
    transcript: Transcript = result.read("harm", clip_id)
    if "prosody" not in result.store.plan.keys:
        return transcript
    return replace(transcript, turns=with_prosody(transcript.turns, result.read("prosody", clip_id)))


def _events(result: RunResult, clip_id: str) -> tuple[Event, ...]:
    found: Listening = result.read("backchannels", clip_id)
    return found.events


def _raw_results(result: RunResult, settings: BuildSettings) -> dict[str, Path]:
    """Clip -> what runners gave, where all of it is to be kept."""
    if not (settings.estimate.commands and settings.estimate.keep_raw):
        return {}
    return {clip.clip_id: result.store.path("estimate", clip.clip_id, ".npz") for clip in result.clips}


def _dropped(outcome: Outcome) -> ClipVerdict:
    assert outcome.unit.clip is not None
    return ClipVerdict(outcome.unit.clip, outcome.status, outcome.stage, *_why(outcome))


def _source_verdict(outcome: Outcome) -> SourceVerdict:
    if outcome.status is Status.DONE:
        return SourceVerdict(outcome.unit.source)
    verdict = str(outcome.status)
    return SourceVerdict(outcome.unit.source, verdict, outcome.stage, *_why(outcome))


def _why(verdict: Outcome | Reject) -> tuple[str, str]:
    return str(verdict.reason or ""), verdict.message
