"""Who talks when by a pipeline of pyannote.audio, asked in its own environment; it lives as long as the worker."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nonverbal.backends.diarizers import PyannoteEnvironment
from nonverbal.external.alive import living_runner
from nonverbal.external.host import RunnerLimits
from nonverbal.external.protocol import NotReadyError, RunnerError
from nonverbal.types import F32, Span
from nonverbal.verdicts import Reason, UserError

RATE_HZ = 16000

_LIMITS = RunnerLimits(
    answer_s=4 * 3600.0, no_progress_s=900.0
)  # on a slow core, a batch of long windows takes minutes
_SHORTEST_S = 0.1
_MOST_VOICES = 12
"""The pipeline is not told how many people are wanted, else it would make two of three; only the absurd is cut off."""


def heard_spans(environment: PyannoteEnvironment, samples: F32, tick: Callable[[float], None]) -> list[list[Span]]:
    """The spans in which each voice is heard, by first speech; spans of different voices may overlap.

    Args:
        environment: where the pipeline is.
        samples: [S] 16 kHz, mono, full scale is 1.
        tick: progress, 0..1.

    Raises:
        UserError: something is missing there that only the user can bring.
        RunnerError: the pipeline failed, or its answer is impossible.
    """
    if len(samples) < _SHORTEST_S * RATE_HZ:
        return []
    runner = living_runner(environment.command, _LIMITS)
    try:
        told = runner.ask("diarize", {"samples": samples.astype(np.float32)}, {"most_speakers": _MOST_VOICES}, tick)
    except NotReadyError as error:
        raise UserError(f"--pyannote-python {environment.python}: {error.sentence}") from error
    return _spans(told["start_s"], told["end_s"], told["speaker"], len(samples) / RATE_HZ)


def _spans(start_s: F32, end_s: F32, speaker: F32, length_s: float) -> list[list[Span]]:
    """[N] rows of an answer as spans of each voice."""
    if (start_s > end_s).any() or (speaker < 0).any() or (speaker >= max(len(speaker), 1)).any():
        raise RunnerError(Reason.E_SCHEMA, "the diarizer gave a segment that ends before it starts, or no speaker")
    voices: list[list[Span]] = [[] for _ in range(int(speaker.max(initial=-1)) + 1)]
    for start, end, who in zip(start_s.tolist(), end_s.tolist(), speaker.tolist(), strict=True):
        if start < length_s:
            voices[who].append(Span(max(start, 0.0), min(max(end, 0.0), length_s)))
    return voices
