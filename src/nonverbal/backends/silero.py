"""Silero VAD: where any voice is heard at all, learned separately from the segmentation network."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

from nonverbal.backends.senko import one_thread
from nonverbal.types import F32, Span
from nonverbal.verdicts import UserError
from nonverbal.weights import installed_file

_WEIGHTS = ("data/silero_vad.jit", "e1122837f4154c511485fe0b9c64455f7b929c96fbb8d79fbdb336383ebd3720")


def voiced_spans(samples: F32, threshold: float) -> tuple[Span, ...]:
    """Where a voice is heard in [S] 16 kHz samples, with a probability of at least `threshold` in [0, 1]."""
    import torch

    try:
        from silero_vad.utils_vad import get_speech_timestamps
    except ImportError as error:
        raise UserError("silero-vad is missing: run pip install 'nonverbal[offline]'") from error
    with one_thread(), torch.inference_mode():
        found = get_speech_timestamps(torch.from_numpy(samples), _model(), threshold=threshold)
    return tuple(Span(span["start"] / 16000, span["end"] / 16000) for span in found)


@lru_cache(maxsize=1)
def _model() -> Any:
    import torch

    with one_thread(), warnings.catch_warnings():
        # TorchScript is deprecated in torch 2.13, but the only form in which the package ships the network for torch.
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(str(installed_file("silero_vad", *_WEIGHTS)), map_location="cpu").eval()
