"""F1: the thumbnail shows a person; without one, a few frames spread over the video have to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nonverbal.backends.person_detectors import backend_of, person_detector
from nonverbal.backends.requirements import Backend
from nonverbal.media.names import printable
from nonverbal.media.picture import read_picture
from nonverbal.media.probe import MediaInfo
from nonverbal.media.video import read_frames
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.timeline import FPS
from nonverbal.types import U8
from nonverbal.verdicts import Reason, Reject, RejectedError, UserError

_WIDTH_PX = 1280  # enough for faces of a panel of four; a phone's 4K would only cost time


@dataclass(frozen=True, slots=True)
class Thumb:
    """The picture in which a person was seen.

    Attributes:
        picture: "thumbnail" or "frame".
        at_s: when in the video the frame is shown; 0 for a thumbnail.
        n_faces: faces in it; 0 where only a body was seen, or the detector looks for none.
        person_score: the surest person's score.
        warnings: why a thumbnail that was given could not be used.
        n_persons: people in it, as far as the detector counts them.
    """

    picture: str
    at_s: float
    n_faces: int
    person_score: float
    warnings: tuple[str, ...] = ()
    n_persons: int = 1


@dataclass(frozen=True)
class Thumbnail:
    """Looks for a person, by face or by body, until one is seen.

    Source: VENUS, filter F1.
    Differs: frames of the video stand in for a thumbnail that is not there.
    """

    name: ClassVar[str] = "thumbnail"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("probe",)
    codec: ClassVar[Codec | None] = JsonCodec(Thumb)

    thumbnail_frames: int = 8
    """How many frames, spread evenly over the video, are looked at when there is no thumbnail image."""
    min_person_score: float = 0.5
    """Lowest detector score that counts as a person, 0..1."""
    person_detector: str = "mediapipe"
    """What looks for persons, one of `backends.person_detectors.CHOICES`."""
    person_weights: str = ""
    """An ONNX file of the detector's own kind to use in place of its published weights; empty uses those."""

    def __post_init__(self) -> None:
        backend_of(self.person_detector, self.person_weights)
        if self.thumbnail_frames < 1:
            raise UserError(f"thumbnail_frames={self.thumbnail_frames}, expected at least 1")

    def backends(self) -> tuple[Backend, ...]:
        """What looks for persons."""
        return (backend_of(self.person_detector, self.person_weights),)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Thumb | Reject:
        """The first picture that shows a person, or E_NO_PERSON."""
        warnings: list[str] = []
        best = 0.0
        pictures = list(self._thumbnail(job, warnings)) or self._frames(job, inputs["probe"])
        count = 0
        detector = person_detector(self.person_detector, self.person_weights)
        for count, (kind, at_s, rgb) in enumerate(pictures, 1):
            job.tick(count / (self.thumbnail_frames + 1))
            people = detector.see(rgb, self.min_person_score)
            if people.persons:
                return Thumb(kind, at_s, people.faces, people.score, tuple(warnings), people.persons)
            best = max(best, people.score)
        where = "its thumbnail" if count and kind == "thumbnail" else f"{count} frames spread over it"
        return Reject(
            Reason.E_NO_PERSON,
            f"{printable(job.source.path)}: no person in {where} (best score {best:.2f}, expected min_person_score="
            f"{self.min_person_score:g}); give a video that shows who talks, or raise thumbnail_frames",
        )

    def _thumbnail(self, job: Job, warnings: list[str]) -> Iterator[tuple[str, float, U8]]:
        if not job.source.thumbnail:
            return
        try:
            yield "thumbnail", 0.0, read_picture(Path(job.source.thumbnail), _WIDTH_PX)
        except RejectedError as error:
            warnings.append(error.reject.message)

    def _frames(self, job: Job, info: MediaInfo) -> Iterator[tuple[str, float, U8]]:
        for at_s in np.linspace(0.0, info.duration_s, self.thumbnail_frames + 2)[1:-1].tolist():
            frames = read_frames(
                Path(job.source.path), at_s, at_s + 1.0 / FPS, max_width_px=_WIDTH_PX, threads=job.threads
            )
            yield "frame", at_s, next(frames)
