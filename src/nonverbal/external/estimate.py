"""estimate: faces and bodies of a clip by estimators in environments of their own, on crops of each participant.

The clip is decoded once more, for good reasons: whose crop it is, is known only when the whole clip has been watched
and heard; pictures are never kept; and what a costly estimator said must not be lost with a setting of ours, so it is
a result of its own. Crops go to the runner in batches, one participant after the other within a batch of pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nonverbal.backends.requirements import Backend
from nonverbal.external.estimators import Environment, command_of, greeting
from nonverbal.external.host import RunnerLimits
from nonverbal.external.layouts import LAYOUTS, layout_fault
from nonverbal.external.protocol import NotReadyError
from nonverbal.external.record import Estimates, EstimatesCodec, Told
from nonverbal.pipeline.stage import Codec, Job, Needs, Stage
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.external.host import Runner
    from nonverbal.external.streams import Stream

_UNKNOWN = "not told by the runner"


@dataclass(frozen=True)
class Estimate:
    """Asks the runners that are set; left out of a build without any."""

    name: ClassVar[str] = "estimate"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("watch", "speak", "identity", "diarize")
    codec: ClassVar[Codec | None] = EstimatesCodec()

    face_runner: str = ""
    """Command that starts a runner for faces in its own environment, such as `/opt/emoca/bin/python emoca_v2.py
    --assets /data/emoca`; none: faces come from landmarks."""
    body_runner: str = ""
    """The same for bodies and hands, such as `/opt/osx/bin/python osx.py --code /data/OSX`."""
    face_estimator: str = ""
    """Model and versions that the face's runner must have; filled in by the first build and kept with the dataset."""
    body_estimator: str = ""
    """The same for bodies."""
    face_crop_margin: float = 0.0
    """Side of a face's crop over that of its landmarks' box; 0 takes what the runner asks for."""
    body_crop_margin: float = 0.0
    """Size of a body's crop over that of the person; 0 takes what the runner asks for."""
    runner_batch: int = 32
    """Pictures in one question, unless the runner takes fewer."""
    runner_timeout_s: float = 600.0
    """Seconds a runner may take to start, to load its model, and for each batch."""
    runner_no_progress_s: float = 120.0
    """Seconds a runner may say nothing while it has a batch at hand."""
    runner_memory_gb: float = 0.0
    """Main memory that a runner may hold, with its children; 0 sets no limit."""
    estimate_device: Literal["cpu", "cuda"] = "cpu"
    """With cuda, clips are given only to as many workers at once as there are graphics cards; where a runner computes
    is for its command to say."""
    keep_raw: bool = False
    """Keep all that the runners gave, such as shape, camera and whole vectors, in the folder `raw` of the dataset."""

    def __post_init__(self) -> None:
        if self.runner_batch < 1 or min(self.runner_timeout_s, self.runner_no_progress_s) <= 0:
            raise ValueError("runner_batch, runner_timeout_s and runner_no_progress_s: expected more than 0")
        for margin in ("face_crop_margin", "body_crop_margin"):
            if not (getattr(self, margin) == 0.0 or 0.5 <= getattr(self, margin) <= 4.0):
                raise ValueError(f"{margin} is {getattr(self, margin)}, expected 0 or 0.5 to 4")
        if self.runner_memory_gb < 0:
            raise ValueError(f"runner_memory_gb is {self.runner_memory_gb}, expected 0 or more")

    @property
    def commands(self) -> dict[str, str]:
        """Kind -> the command line of its runner, of those that are set."""
        given = {"face": self.face_runner, "body": self.body_runner}
        return {kind: command for kind, command in given.items() if command.strip()}

    @property
    def needs(self) -> Needs:
        return Needs(gpus=1.0 if self.commands and self.estimate_device == "cuda" else 0.0)

    @property
    def limits(self) -> RunnerLimits:
        """What a runner may take."""
        return RunnerLimits(
            start_s=self.runner_timeout_s,
            answer_s=self.runner_timeout_s,
            no_progress_s=self.runner_no_progress_s,
            memory_gb=self.runner_memory_gb,
        )

    def backends(self) -> tuple[Backend, ...]:
        """The runners that are set, as they say of themselves; one that does not work says so by its requirement."""
        return tuple(self._backend(kind, command) for kind, command in self.commands.items())

    def _backend(self, kind: str, command: str) -> Backend:
        setting, wanted = f"{kind}_runner", getattr(self, f"{kind}_estimator")
        needs = (Environment(command, setting, (kind,), wanted),)
        try:
            hello = greeting(command, setting)
        except UserError:
            return Backend(setting, self.name, setting, wanted or setting, _UNKNOWN, _UNKNOWN, needs)
        told = hello.origin or _UNKNOWN, hello.licence or _UNKNOWN
        return Backend(hello.name, self.name, setting, hello.identity, *told, needs)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Estimates:
        """Every frame of every participant that was seen, by every runner that is set."""
        from nonverbal.media.video import read_frames  # decoders load in workers only

        assert job.clip is not None, "estimate works on clips"
        runners = {kind: self._runner(kind, command, job) for kind, command in self.commands.items()}
        streams = list(self._streams(runners, inputs, job))
        count = inputs["watch"].n_frames
        frames = read_frames(Path(job.source.path), job.clip.start_s, job.clip.end_s, threads=job.threads)
        for row, rgb in enumerate(frames):
            job.tick(row / max(count, 1))
            for one in streams:
                one.see(row, rgb, job)
        for one in streams:
            one.ask(job)
        told = {kind: _told(runner, kind) for kind, runner in runners.items()}
        return Estimates(job.clip.clip_id, told, {key: rows for s in streams for key, rows in s.rows(self.keep_raw)})

    def _runner(self, kind: str, command: str, job: Job) -> Runner:
        from nonverbal.external.alive import living_runner

        setting, wanted = f"{kind}_runner", getattr(self, f"{kind}_estimator")
        runner = living_runner(command_of(command, setting), self.limits)
        try:
            hello = runner.ready(job.tick)
        except NotReadyError as error:
            raise UserError(f"--{kind}-runner: {error.sentence}") from error
        fault = layout_fault(hello, kind) if kind in hello.kinds else f"{hello.name} does not give a {kind}"
        if fault or (wanted and hello.identity != wanted):
            raise UserError(f"--{kind}-runner: {fault or f'got {hello.identity}, expected {wanted}'}")
        return runner

    def _streams(self, runners: Mapping[str, Runner], inputs: Mapping[str, Any], job: Job) -> Iterator[Stream]:
        from nonverbal.external.streams import Asked, stream
        from nonverbal.venus.assemble import participant_of
        from nonverbal.venus.cues import gather, speaking_mask, tracks_of

        assert job.clip is not None, "estimate works on clips"
        sighting, diarization = inputs["watch"], inputs["diarize"]
        for speaker in diarization.speakers:
            voice = speaking_mask(diarization, speaker, sighting.n_frames)
            tracks = tracks_of(speaker, sighting, inputs["identity"], inputs["speak"], voice)
            view = gather(tracks, sighting.n_frames)
            who = Asked(job.clip.clip_id, participant_of(speaker), (sighting.width_px, sighting.height_px))
            for kind, runner in runners.items():
                yield stream(runner, kind, view, who, (getattr(self, f"{kind}_crop_margin"), self.runner_batch))


def with_estimates(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The clip stages of a build: without `estimate` where no runner is set, else with `cues` that read it."""
    from nonverbal.external.external_cues import ExternalCues
    from nonverbal.venus.cues import Cues

    if not any(isinstance(stage, Estimate) and stage.commands for stage in stages):
        return tuple(stage for stage in stages if not isinstance(stage, Estimate))
    return tuple(ExternalCues.of(stage) if isinstance(stage, Cues) else stage for stage in stages)


def pinned(stage: Estimate) -> Estimate:
    """The stage with model and versions of its runners filled in, so that results of other versions are others.

    Raises:
        UserError: a runner does not work.
    """
    found = {
        f"{kind}_estimator": greeting(command, f"{kind}_runner").identity for kind, command in stage.commands.items()
    }
    return replace(stage, **{name: identity for name, identity in found.items() if not getattr(stage, name)})  # type: ignore[arg-type]


def _told(runner: Runner, kind: str) -> Told:
    hello, gives = runner.hello, runner.hello.kinds[kind].gives
    layout = next(name for name in gives if name in LAYOUTS[kind])
    return Told(hello.identity, hello.origin, hello.licence, layout, {name: spec.unit for name, spec in gives.items()})
