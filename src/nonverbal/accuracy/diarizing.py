"""How well a diarizer tells who speaks when, on recordings whose truth is known: one row a recording."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nonverbal.types import SpeakerSegment
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.venus.diarize import Diarize
    from nonverbal.venus.truth import DiarizationError


@dataclass(frozen=True, slots=True)
class Recording:
    """A file and who truly speaks when in it."""

    path: Path
    truth: tuple[SpeakerSegment, ...]

    @property
    def speakers(self) -> int:
        """How many people talk."""
        return len({segment.speaker for segment in self.truth})


@dataclass(frozen=True, slots=True)
class DiarizedRow:
    """What a diarizer made of a recording.

    Attributes:
        diarizer: its name.
        file: name of the recording.
        seconds: length of the sound.
        found, speakers: how many speakers it heard, and how many there are.
        error: without a collar, overlap included.
        forgiving: what lies within 0.25 s of an edge of the truth left out.
        real_time_factor: wall seconds for each second of sound, loading of models included.
    """

    diarizer: str
    file: str
    seconds: float
    found: int
    speakers: int
    error: DiarizationError
    forgiving: DiarizationError
    real_time_factor: float

    @property
    def cells(self) -> tuple[str, ...]:
        """As printed under `HEADINGS`."""
        error = self.error
        parts = (error.missed_s, error.false_alarm_s, error.confused_s)
        return (
            self.diarizer,
            self.file,
            f"{self.found} / {self.speakers}",
            f"{error.rate:.1%}",
            f"{self.forgiving.rate:.1%}",
            " + ".join(f"{seconds:.2f}" for seconds in parts),
            f"{self.real_time_factor:.2f}",
        )


HEADINGS = (
    "diarizer",
    "recording",
    "speakers found / true",
    "DER",
    "DER, 0.25 s collar",
    "missed + false + confused, s",
    "s per s",
)

_COLLAR_S = 0.25
_THREE_S = ((1.7, 3.9), (6.2, 11.1), (12.8, 18.0))


def known_recordings(media: Path) -> tuple[Recording, ...]:
    """Those of a folder of real recordings whose truth is known: two on the telephone, a meeting of two, three people.

    Raises:
        UserError: one of them is missing.
    """
    from nonverbal.venus.truth import read_rttm

    speech = media / "speech"
    three = tuple(SpeakerSegment(who, *span) for who, span in zip("ABC", _THREE_S, strict=True))
    try:
        return (
            Recording(speech / "sample.wav", read_rttm(speech / "sample.rttm", "sample")),
            Recording(speech / "dev00.wav", read_rttm(speech / "debug.development.rttm", "dev00")),
            Recording(speech / "three_speakers.wav", three),
        )
    except OSError as error:
        raise UserError(f"{media} lacks a recording ({error}): give the folder of real recordings") from error


def diarized_row(stage: Diarize, recording: Recording) -> DiarizedRow:
    """What the diarizer of `stage` makes of a recording, however many speakers there are.

    Raises:
        RejectedError: the recording has no readable sound.
    """
    from nonverbal.media.audio import read_audio
    from nonverbal.media.probe import Limits, probe
    from nonverbal.venus.truth import diarization_error

    seconds = probe(recording.path, Limits(need_video=False)).duration_s
    samples = read_audio(recording.path, 0.0, seconds).samples
    begun_s = time.perf_counter()
    found = stage.diarize(samples, lambda done: None)
    took_s = time.perf_counter() - begun_s
    return DiarizedRow(
        stage.diarizer,
        recording.path.name,
        seconds,
        len(found.speakers),
        recording.speakers,
        diarization_error(recording.truth, found.segments),
        diarization_error(recording.truth, found.segments, _COLLAR_S),
        took_s / seconds,
    )


def as_markdown(rows: Iterable[DiarizedRow]) -> str:
    """The rows as a table."""
    lines = [HEADINGS, ["---"] * len(HEADINGS), *(row.cells for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
