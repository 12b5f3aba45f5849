"""From who-talks-when inside overlapping chunks of sound to who talks when in the whole clip.

All chunks start on one frame grid, so that frame t of chunk c is frame ``first_frame[c] + t`` of the clip::

    chunk 0   |0 1 2 3 4 5 6 7 8|
    chunk 1         |0 1 2 3 4 5 6 7 8|          3 frames later: chunks agree on frames, not on names
    clip      |0 1 2 3 4 5 6 7 8 9 ...

Source: Bredin 2023, "pyannote.audio 2.1 speaker diarization pipeline", section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.timeline import merge_spans
from nonverbal.types import Bool, Span, SpeakerSegment


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """Where frames lie in the sound: frame i stands for the samples around ``i * step + length / 2``.

    Attributes:
        step: samples from one frame to the next.
        length: samples that one frame sees.
        rate_hz: samples per second.
    """

    step: int
    length: int
    rate_hz: int

    def n_frames(self, n_samples: int) -> int:
        """Frames that fit into `n_samples`."""
        return max(0, 1 + (n_samples - self.length) // self.step)

    def edge_s(self, frame: int) -> float:
        """When the part that `frame` alone stands for begins: half a step before its centre."""
        return (frame * self.step + (self.length - self.step) / 2) / self.rate_hz


def chunk_starts(n_samples: int, chunk: int, hop: int, grid_step: int) -> tuple[int, ...]:
    """First samples of chunks that cover the clip, all on the frame grid; the last one ends with the clip.

    >>> chunk_starts(n_samples=1000, chunk=400, hop=200, grid_step=10)
    (0, 200, 400, 600)
    >>> chunk_starts(n_samples=1050, chunk=400, hop=200, grid_step=10)
    (0, 200, 400, 600, 650)
    """
    hop = max(grid_step, hop // grid_step * grid_step)
    starts = list(range(0, max(1, n_samples - chunk + 1), hop))
    if starts[-1] + chunk < n_samples:
        starts.append(-(-(n_samples - chunk) // grid_step) * grid_step)
    return tuple(starts)


def reconstruct(active: Bool, speakers: NDArray[np.int64], first_frame: NDArray[np.int64], n_frames: int) -> Bool:
    """[n_frames, K] who talks in each frame of the clip, overlap included.

    Chunks vote: how many talk at once is the mean count over the chunks that see a frame, and that many
    speakers with the most votes are taken.

    Args:
        active: [C, T, L] local speakers of each chunk.
        speakers: [C, L] clip-wide speaker of each local one in [0, K); -1 drops it.
        first_frame: [C] frame of the clip at which each chunk begins.
        n_frames: frames of the clip.
    """
    n_chunks, chunk_frames, _ = active.shape
    n_speakers = int(speakers.max(initial=-1)) + 1
    votes = np.zeros((n_frames, n_speakers))
    count = np.zeros(n_frames)
    seen = np.zeros(n_frames)
    for c in range(n_chunks):
        rows = slice(first_frame[c], min(first_frame[c] + chunk_frames, n_frames))
        named = np.zeros((rows.stop - rows.start, n_speakers), dtype=bool)
        for local in np.flatnonzero(speakers[c] >= 0):
            named[:, speakers[c, local]] |= active[c, : len(named), local]
        votes[rows] += named
        count[rows] += named.sum(axis=1)
        seen[rows] += 1
    at_once = np.floor(count / np.maximum(seen, 1) + 0.5).astype(np.int64)
    place = np.empty_like(votes, dtype=np.int64)
    np.put_along_axis(place, np.argsort(-votes, axis=1, kind="stable"), np.arange(n_speakers)[None], axis=1)
    return (place < at_once[:, None]) & (votes > 0)


def to_segments(
    active: Bool, grid: FrameGrid, fill_gap_s: float, min_segment_s: float, end_s: float
) -> tuple[SpeakerSegment, ...]:
    """Segments of all speakers in order of start, named S0, S1, ... in order of first speech, times in whole ms.

    Args:
        active: [T, K] who talks in each frame.
        grid: where the frames lie.
        fill_gap_s: shorter silences inside one speaker's talk are filled.
        min_segment_s: shorter segments are dropped after that.
        end_s: length of the clip; no segment passes it.
    """
    spans: list[list[Span]] = []
    for k in range(active.shape[1]):
        padded = np.concatenate([[False], active[:, k], [False]])
        edges = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
        spans.append([Span(grid.edge_s(a), grid.edge_s(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)])
    return tidy(spans, fill_gap_s, min_segment_s, end_s)


def tidy(
    voices: Sequence[Sequence[Span]], fill_gap_s: float, min_segment_s: float, end_s: float
) -> tuple[SpeakerSegment, ...]:
    """Segments as `to_segments` gives them, from the spans of each voice in which it is heard."""
    found: list[tuple[float, float, int]] = []
    for k, spans in enumerate(voices):
        for span in merge_spans(spans, gap_s=fill_gap_s):
            start, end = max(0.0, round(span.start_s, 3)), min(round(span.end_s, 3), end_s)
            if end - start >= min_segment_s:
                found.append((start, end, k))
    found.sort()
    names: dict[int, str] = {}
    return tuple(SpeakerSegment(names.setdefault(k, f"S{len(names)}"), start, end) for start, end, k in found)


def without_strays(voices: Sequence[Sequence[Span]], min_share: float) -> list[list[Span]]:
    """The spans of each voice, without the voices that have less than `min_share` of all talk."""
    merged = [merge_spans(spans) for spans in voices]
    talk_s = [sum(span.duration_s for span in spans) for spans in merged]
    return [list(spans) for spans, own_s in zip(merged, talk_s, strict=True) if own_s >= min_share * sum(talk_s)]
