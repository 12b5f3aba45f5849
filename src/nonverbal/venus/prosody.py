"""How each word is said: pitch, level, rate of speech and voice, where nobody else talks; on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.timeline import merge_spans, spans_to_mask
from nonverbal.types import F32, Bool, Prosody, Span, SpeakerSegment, Turn, Word
from nonverbal.venus.diarize import Diarization
from nonverbal.venus.pitch import HOP_S, PitchRange, own_range, track_pitch
from nonverbal.venus.syllables import syllables
from nonverbal.venus.transcribe import Transcript

_FPS = 1.0 / HOP_S
_EDGE_S = 0.1
"""Sound that is looked at before and after each stretch of a speaker's talk."""

_LEAST_FRAMES = 3
"""Voiced frames, 30 ms, for a pitch; audible ones for a level."""

_LEAST_MELODY_FRAMES = 6
"""Voiced frames, 60 ms, for a range and a slope."""

_AROUND_S = 1.0
"""Words whose middles are this near count for the rate of speech, as far as no pause parts them."""

_PAUSE_S = 0.25

_LEAST_POWER = 1e-10
"""-100 dB: what silence counts as."""


@dataclass(frozen=True, slots=True)
class Said:
    """The prosody of every word of every turn of a transcript; no turns where it was not asked for."""

    turns: tuple[tuple[Prosody | None, ...], ...]


@dataclass(frozen=True)
class MeasureProsody:
    """Measures the words of a clip."""

    name: ClassVar[str] = "prosody"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("transcribe", "diarize")
    codec: ClassVar[Codec | None] = JsonCodec(Said)

    prosody: bool = False
    """Measure of each word its pitch, level, rate of speech and share of voice, where nobody else talks."""
    pitch_min_hz: float = 65.0
    """Lowest pitch of a voice, in Hz, that is looked for."""
    pitch_max_hz: float = 500.0
    """Highest pitch of a voice, in Hz, that is looked for."""

    def __post_init__(self) -> None:
        if not 40.0 <= self.pitch_min_hz < self.pitch_max_hz <= 1000.0:
            raise ValueError(
                f"pitch_min_hz is {self.pitch_min_hz} and pitch_max_hz {self.pitch_max_hz}; expected 40 to 1000, "
                "the lower one first"
            )

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Said:
        if not self.prosody:
            return Said(())
        transcript: Transcript = inputs["transcribe"]
        diarization: Diarization = inputs["diarize"]
        pitches = PitchRange(self.pitch_min_hz, self.pitch_max_hz)
        samples, rate_hz = job.audio.samples, job.audio.rate_hz
        found: dict[int, tuple[Prosody | None, ...]] = {}
        speakers = sorted({turn.participant for turn in transcript.turns})
        for done, speaker in enumerate(speakers):
            numbers = [i for i, turn in enumerate(transcript.turns) if turn.participant == speaker]
            alone = ~others_talk(speaker, transcript.turns, diarization.segments, len(samples) / rate_hz)
            own = [transcript.turns[i] for i in numbers]
            voice = _Voice(samples, rate_hz, own, alone, pitches)
            found |= dict(zip(numbers, voice.measured(own, transcript.language), strict=True))
            job.tick((done + 1) / len(speakers))
        return Said(tuple(found[i] for i in range(len(transcript.turns))))


def with_prosody(turns: Sequence[Turn], said: Said) -> tuple[Turn, ...]:
    """The turns with what was measured of their words."""
    if not said.turns:
        return tuple(turns)
    return tuple(
        replace(turn, words=tuple(replace(w, prosody=p) for w, p in zip(turn.words, told, strict=True)))
        for turn, told in zip(turns, said.turns, strict=True)
    )


def others_talk(speaker: str, turns: Sequence[Turn], segments: Sequence[SpeakerSegment], duration_s: float) -> Bool:
    """[F] whether anyone but `speaker` is heard in a frame, by the diarization or by their words."""
    words = (w for turn in turns if turn.participant != speaker for w in turn.words)
    spans = [Span(s.start_s, s.end_s) for s in segments if s.speaker != speaker]
    spans += [Span(w.start_s, w.end_s) for w in words]
    return spans_to_mask(spans, int(duration_s * _FPS), _FPS)


class _Voice:
    """One speaker's sound in frames of `HOP_S`: pitch, power, and where they talk alone."""

    def __init__(self, samples: F32, rate_hz: int, turns: Sequence[Turn], alone: Bool, pitches: PitchRange) -> None:
        hop = round(HOP_S * rate_hz)
        count = min(len(samples) // hop, len(alone))
        self.alone = alone[:count]
        squares = np.square(samples[: count * hop].astype(np.float64)).reshape(count, hop)
        self.power = squares.mean(axis=1)
        self.pitch = np.zeros(count, np.float32)
        spans = merge_spans((Span(max(t.start_s - _EDGE_S, 0.0), t.end_s + _EDGE_S) for t in turns), 2 * _EDGE_S)
        talk = spans_to_mask(spans, count, _FPS)
        if talk.any():  # stretches end to end: a window across a joint is one of many, and voices seldom reach there
            kept = samples[: count * hop].reshape(count, hop)[talk].ravel()
            self.pitch[talk] = track_pitch(kept, rate_hz, own_range(track_pitch(kept, rate_hz, pitches), pitches))

    def measured(self, turns: Sequence[Turn], language: str) -> list[tuple[Prosody | None, ...]]:
        """The words of the turns; None for one whose times are a guess."""
        rough = [[None if word.interpolated else self._word(word) for word in turn.words] for turn in turns]
        levels = [p.energy_db for row in rough for p in row if p is not None and p.energy_db is not None]
        usual = float(np.median(levels)) if levels else 0.0
        rates = [_rates(turn.words, language) for turn in turns]
        return [
            tuple(p and _finished(p, usual, rate) for p, rate in zip(row, own, strict=True))
            for row, own in zip(rough, rates, strict=True)
        ]

    def _word(self, word: Word) -> Prosody:
        frames = slice(round(word.start_s * _FPS), round(word.end_s * _FPS))
        free = self.alone[frames]
        if free.sum() < _LEAST_FRAMES:
            return Prosody(round(float(free.mean()), 3) if len(free) else 0.0)
        hz, at_s = self.pitch[frames][free], np.arange(len(free))[free] * HOP_S
        voiced = hz > 0
        power = float(self.power[frames][free].mean())
        return Prosody(
            alone=round(float(free.mean()), 3),
            voiced=round(float(voiced.mean()), 3),
            energy_db=10.0 * float(np.log10(max(power, _LEAST_POWER))),
            **_melody(hz[voiced].astype(np.float64), at_s[voiced]),
        )


def _melody(hz: NDArray[np.float64], at_s: NDArray[Any]) -> dict[str, float]:
    """Pitch, its range and its slope, as far as there are frames for them."""
    if len(hz) < _LEAST_FRAMES:
        return {}
    told = {"pitch_hz": round(float(np.median(hz)), 2)}
    if len(hz) >= _LEAST_MELODY_FRAMES:
        tones = 12.0 * np.log2(hz)
        low, high = np.quantile(tones, (0.1, 0.9))
        since_s = at_s - at_s.mean()
        told["pitch_range_st"] = round(float(high - low), 3)
        told["pitch_slope_st_s"] = round(float(since_s @ (tones - tones.mean()) / (since_s @ since_s)), 3)
    return told


def _rates(words: Sequence[Word], language: str) -> list[float | None]:
    """Syllables per second around each word of a turn."""
    counts = [syllables(word.word, language) for word in words]
    middles = [(word.start_s + word.end_s) / 2 for word in words]
    return [_rate(words, counts, middles, i) for i in range(len(words))]


def _rate(words: Sequence[Word], counts: Sequence[int | None], middles: Sequence[float], here: int) -> float | None:
    first = last = here
    while first and _near(words[first - 1], words[first]) and middles[here] - middles[first - 1] <= _AROUND_S:
        first -= 1
    while (
        last + 1 < len(words) and _near(words[last], words[last + 1]) and middles[last + 1] - middles[here] <= _AROUND_S
    ):
        last += 1
    known = [(count, words[i]) for i, count in enumerate(counts[first : last + 1], first) if count is not None]
    spoken_s = sum(word.end_s - word.start_s for _, word in known)
    if counts[here] is None or spoken_s < 0.05:
        return None
    return round(min(sum(count for count, _ in known) / spoken_s, 99.0), 2)


def _near(one: Word, other: Word) -> bool:
    return other.start_s - one.end_s <= _PAUSE_S


def _finished(prosody: Prosody, usual_db: float, rate: float | None) -> Prosody:
    level = None if prosody.energy_db is None else round(prosody.energy_db - usual_db, 2)
    return replace(prosody, energy_db=level, syllables_s=rate)
