"""Scores of an active speaker network over a whole track, averaged over windows of 1 to 6 seconds laid end to end.

The published code runs the whole network once for each window length. Here sight and sound are encoded once, with the
few frames beside every whole second encoded as a window's first or last ones too (see `reels`); windows of all lengths
are put together from these, and only the small recurrent part runs six times. The scores are the same.

Source: `evaluate_network` of the published code of Light-ASD, without its rounding to one decimal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nonverbal.backends.mfcc import mfcc
from nonverbal.backends.reels import Reel
from nonverbal.backends.talk_encoders import TalkNetwork
from nonverbal.types import F32, U8

WINDOWS_S = (1, 2, 3, 4, 5, 6)
_FPS = 25
_ROWS = 4  # of cepstra a frame
_CHUNK_S = 2  # encoded at once: 230 MB for each face, whatever the length of the track; 4 s took no less time

Encode = Callable[[int, int, tuple[int, ...], tuple[int, ...]], tuple[Tensor, Tensor, Tensor]]
"""From first and last frame and the seconds' frames where windows begin and where they end: run, begins, ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """What an encoder says of a track.

    Attributes:
        run: [N, D] for the whole track as one window.
        begins, ends: frame of a cut -> [reach, D] where a window begins at it, or ends before it.
        tail: [M, D] the frames after the last cut as a window of their own, where that is shorter than two reaches.
    """

    run: Tensor
    begins: dict[int, Tensor]
    ends: dict[int, Tensor]
    tail: Tensor | None

    def window(self, start: int, stop: int) -> Tensor:
        """[stop - start, D] as if the encoder had seen nothing else."""
        if self.tail is not None and start and start == len(self.run) - len(self.tail):
            return self.tail
        codes = self.run[start:stop].clone()
        if (begin := self.begins.get(start)) is not None:
            codes[: len(begin)] = begin
        if (end := self.ends.get(stop)) is not None:
            codes[-len(end) :] = end
        return codes


def talk_scores(
    network: TalkNetwork,
    faces: U8,
    samples: F32,
    tick: Callable[[float], None] = lambda fraction: None,
    chunk_s: int = _CHUNK_S,
) -> F32:
    """[N] log odds that a face talks, N = min(T, F // 4) for F rows of cepstra: mostly T - 1, 0 for T below 2.

    Args:
        faces: [T, 112, 112] grey.
        samples: [S] 16 kHz, from the first frame's begin to the last one's end.
        tick: hears the fraction done.
        chunk_s: seconds encoded at once.
    """
    rows = mfcc(samples)
    count = min(len(faces), len(rows) // _ROWS)
    if not count:
        return np.zeros(0, np.float32)
    with torch.inference_mode():
        sounds = _encode(_hearing(network, torch.from_numpy(rows), count), count, network.sound_reach, chunk_s)
        seeing = _told(_seeing(network, faces, count), count, tick)
        sights = _encode(seeing, count, network.sight_reach, chunk_s)
        scores = torch.stack([_of_length(network, sounds, sights, _FPS * length_s) for length_s in WINDOWS_S])
        return scores.mean(dim=0).numpy()


def _of_length(network: TalkNetwork, sounds: Codes, sights: Codes, length: int) -> Tensor:
    """[N] scores of windows of `length` frames; the last one is as long as the track allows."""
    count = len(sights.run)
    whole = [(start, start + length) for start in range(0, count - length + 1, length)]
    rest = len(whole) * length
    batches = [whole] if whole else []
    if rest < count:
        batches.append([(rest, count)])
    scores = [
        network.judge(
            torch.stack([sounds.window(*span) for span in spans]),
            torch.stack([sights.window(*span) for span in spans]),
        )
        for spans in batches
    ]
    return torch.cat([score.flatten() for score in scores])


def _encode(encode: Encode, count: int, reach: int, chunk_s: int) -> Codes:
    """All codes of a track of `count` frames, chunk by chunk."""
    tail = (count - 1) // _FPS * _FPS
    runs: list[Tensor] = []
    begins: dict[int, Tensor] = {}
    ends: dict[int, Tensor] = {}
    for first, last in _chunks(count, chunk_s * _FPS):
        cuts = range(first, last + 1, _FPS)
        starts = tuple(cut for cut in cuts if 0 < cut < last and count - cut >= 2 * reach)
        stops = tuple(cut for cut in cuts if first < cut < count)
        run, some_begins, some_ends = encode(first, last, starts, stops)
        runs.append(run)
        begins.update(zip(starts, some_begins, strict=True))
        ends.update(zip(stops, some_ends, strict=True))
    short = tail > 0 and count - tail < 2 * reach
    return Codes(torch.cat(runs), begins, ends, encode(tail, -1, (), ())[0] if short else None)


def _chunks(count: int, length: int) -> Iterator[tuple[int, int]]:
    """Stretches of `length` frames; the last takes a rest of less than a second along, so that no edge lies near."""
    first = 0
    while first < count:
        last = first + length
        last = count if count - last < _FPS else last
        yield first, last
        first = last


def _seeing(network: TalkNetwork, faces: U8, count: int) -> Encode:
    def encode(first: int, last: int, starts: tuple[int, ...], stops: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
        alone = last < 0  # the frames from `first` to the end, with nothing before
        before = 0 if alone else min(network.sight_reach, first)
        last = count if alone else last
        after = min(network.sight_reach, count - last)
        pictures = torch.from_numpy(faces[first - before : last + after]).unsqueeze(1).float()
        begins, ends = (tuple(cut - first for cut in cuts) for cuts in (starts, stops))
        seen = network.sights(Reel(pictures, len(pictures), before, after, begins, ends))
        edges = seen.edges.flatten(2)
        return seen.run.flatten(1), edges[: len(starts)], edges[len(starts) :]

    return encode


def _hearing(network: TalkNetwork, rows: Tensor, count: int) -> Encode:
    reach = network.sound_reach

    def hear(first: int, last: int) -> Tensor:
        return network.sounds(rows[None, first * _ROWS : last * _ROWS])[0]

    def encode(first: int, last: int, starts: tuple[int, ...], stops: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
        alone = last < 0
        before = 0 if alone else min(reach, first)
        last = count if alone else last
        run = hear(first - before, min(last + reach, count))[before : before + last - first]
        begins = [hear(cut, min(cut + 2 * reach, count))[:reach] for cut in starts]
        ends = [hear(cut - 2 * reach, cut)[reach:] for cut in stops]
        nothing = run[:0]
        return run, torch.stack(begins) if begins else nothing, torch.stack(ends) if ends else nothing

    return encode


def _told(encode: Encode, count: int, tick: Callable[[float], None]) -> Encode:
    """The same, with progress."""

    def telling(
        first: int, last: int, starts: tuple[int, ...], stops: tuple[int, ...]
    ) -> tuple[Tensor, Tensor, Tensor]:
        codes = encode(first, last, starts, stops)
        if last > 0:
            tick(last / count)
        return codes

    return telling
