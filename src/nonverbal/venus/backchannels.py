"""What listeners do while someone else talks: short words, nods, shakes of the head, smiles, raised brows.

Words are told by lists and by what the others say around them. Recognisers leave most of them out, as someone else
talks louder at that moment; so a short voice without any word counts as well. Movements are found by the detectors of
`motion.events`. All this looks at a whole dialogue at once and so is the last stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from nonverbal.motion.events import face_events, head_events
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.timeline import mask_to_spans, merge_spans, overlap_s
from nonverbal.types import PARTS, Event, Motion, Span, Turn, Word
from nonverbal.venus.assemble import participant_of
from nonverbal.venus.backchannel_words import is_backchannel
from nonverbal.venus.truth import plain_words

KINDS = ("backchannel", "nod", "shake", "smile", "brow_raise")

_MOVEMENTS = {
    "nod": ("nod", "upper_body"),
    "shake": ("shake", "upper_body"),
    "smile": ("smile", "face"),
    "brow_raise": ("brows_up", "face"),
}
"""Kind -> the detector's name for it, and the part that moves."""

_BOUT_PAUSE_S = 0.5
"""Silence that parts what one person says in one go from what they say next."""

_FLOOR_PAUSE_S = 1.0
"""Silence over which a talker keeps the floor, and within which they go on talking around a listener's word."""

_VOICE_S = (0.2, 1.0)
"""How long a listener's voice lasts of which no word was understood."""

_VOICE_EDGE_S = 0.1
"""How near an own word may not be, as then the voice belongs to that word."""

_VOICE_SHARE = 0.7
"""Share of that voice, and of half a second before and after it, over which someone else has the floor."""

_VOICE_CONFIDENCE = 0.5
"""What stands for the confidence of words where none was understood."""

_LEAST_SHARE = 0.5
"""Share of a movement during which someone else must have the floor, and its maker must not."""


@dataclass(frozen=True, slots=True)
class Listening:
    """The events of a clip in order of start."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class _Bout:
    """What one participant says in one go."""

    participant: str
    words: tuple[Word, ...]

    @property
    def span(self) -> Span:
        return Span(self.words[0].start_s, max(word.end_s for word in self.words))

    @property
    def plain(self) -> list[str]:
        return [part for word in self.words for part in plain_words(word.word)]


@dataclass(frozen=True)
class Backchannels:
    """Finds the events of listeners; always on, as ten minutes of two people take a twentieth of a second."""

    name: ClassVar[str] = "backchannels"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("transcribe", "cues")
    codec: ClassVar[Codec | None] = JsonCodec(Listening)

    backchannel_max_s: float = 1.5
    """Longest utterance, in seconds, that counts as a listener's ("mhm", "oh wow") where the others talk around it."""

    def __post_init__(self) -> None:
        if not 0.0 < self.backchannel_max_s <= 5.0:
            raise ValueError(f"backchannel_max_s is {self.backchannel_max_s}, expected above 0 and at most 5")

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Listening:
        transcript = inputs["transcribe"]
        turns = [(participant_of(turn.participant), turn) for turn in transcript.turns]
        found = listener_events(turns, transcript.language, inputs["cues"].participants, self.backchannel_max_s)
        job.tick(1.0)
        return Listening(found)


def listener_events(
    turns: Iterable[tuple[str, Turn]], language: str, motions: Sequence[Motion], max_s: float = 1.5
) -> tuple[Event, ...]:
    """What listeners do in a dialogue, in order of start.

    Args:
        turns: each with the participant whose it is.
        language: of the words, as Whisper's code; in one without a list no word is a listener's.
        motions: of all participants, whole; a space without a kind of movement has no such events.
        max_s: longest utterance of a listener.
    """
    bouts = _bouts(turns)
    said, held = _parted(bouts, language, max_s)
    floor = {
        who: merge_spans((bout.span for bout in held if bout.participant == who), _FLOOR_PAUSE_S)
        for who in sorted({motion.participant for motion in motions} | {bout.participant for bout in bouts})
    }
    events = [
        *_spoken(said, floor),
        *(event for motion in motions for event in _voiced(motion, bouts, floor)),
        *(event for motion in motions for event in _moved(motion, floor)),
    ]
    return tuple(sorted(events, key=lambda e: (e.start_s, e.end_s, e.participant, e.kind)))


def _bouts(turns: Iterable[tuple[str, Turn]]) -> list[_Bout]:
    """What is said in one go, in order of start, whatever turns it stands in."""
    by_person: dict[str, list[Word]] = {}
    for who, turn in turns:
        by_person.setdefault(who, []).extend(turn.words)
    bouts = []
    for who, words in by_person.items():
        words.sort(key=lambda word: word.start_s)
        cuts = [i + 1 for i, (a, b) in enumerate(pairwise(words)) if b.start_s - a.end_s > _BOUT_PAUSE_S]
        bouts += [_Bout(who, tuple(words[a:b])) for a, b in pairwise([0, *cuts, len(words)]) if b > a]
    return sorted(bouts, key=lambda bout: (bout.span.start_s, bout.participant))


def _parted(bouts: Sequence[_Bout], language: str, max_s: float) -> tuple[list[_Bout], list[_Bout]]:
    """Listeners' utterances, and all others, which hold or take the floor."""
    may = [bout.span.duration_s <= max_s and is_backchannel(bout.plain, language) for bout in bouts]
    talk = [bout for bout, maybe in zip(bouts, may, strict=True) if not maybe]
    said = [bout for bout, maybe in zip(bouts, may, strict=True) if maybe and _talked_around(bout, talk)]
    return said, [bout for bout in bouts if bout not in said]


def _talked_around(bout: _Bout, talk: Sequence[_Bout]) -> bool:
    """Whether someone else talks until just before and goes on at once, and it answers no question.

    Where its own speaker goes on first, it was the beginning of a turn.
    """
    start_s, end_s = bout.span.start_s, bout.span.end_s
    own_next_s = min((b.span.start_s for b in talk if b.participant == bout.participant and b.span.start_s >= end_s),
                     default=np.inf)  # fmt: skip
    for who in {b.participant for b in talk} - {bout.participant}:
        words = [word for b in talk if b.participant == who for word in b.words]
        before = [word for word in words if word.start_s < start_s]
        after_s = min((word.start_s for word in words if word.end_s > end_s), default=np.inf)
        if not before or after_s - end_s > _FLOOR_PAUSE_S or after_s >= own_next_s:
            continue
        last = max(before, key=lambda word: word.end_s)
        if start_s - last.end_s <= _FLOOR_PAUSE_S and not (last.word.endswith("?") and last.end_s <= start_s):
            return True
    return False


def _spoken(said: Sequence[_Bout], floor: Mapping[str, Sequence[Span]]) -> Iterator[Event]:
    for bout in said:
        span, who = bout.span, bout.participant
        around = Span(span.start_s - _FLOOR_PAUSE_S, span.end_s + _FLOOR_PAUSE_S)
        confidence = float(np.mean([word.prob for word in bout.words]))
        yield _event(who, "backchannel", span, _talker(around, floor, who)[0], float(len(bout.plain)), confidence)


def _voiced(motion: Motion, bouts: Sequence[_Bout], floor: Mapping[str, Sequence[Span]]) -> Iterator[Event]:
    """Short voices of one participant without a word, while someone else has the floor: words missed, or laughter."""
    who = motion.participant
    own = [bout.span for bout in bouts if bout.participant == who]
    for span in mask_to_spans(motion.speaking == 1, motion.fps):
        near = Span(span.start_s - _VOICE_EDGE_S, span.end_s + _VOICE_EDGE_S)
        if not _VOICE_S[0] <= span.duration_s <= _VOICE_S[1] or _covered_s(near, own) > 0:
            continue
        around = Span(span.start_s - 0.5, span.end_s + 0.5)
        during, share_s = _talker(around, floor, who)
        if share_s >= _VOICE_SHARE * around.duration_s:
            yield _event(who, "backchannel", span, during, 0.0, _VOICE_CONFIDENCE)


def _talker(span: Span, floor: Mapping[str, Sequence[Span]], listener: str) -> tuple[str, float]:
    """Who else has the floor for most of a span, and for how many seconds; nobody and 0 where no one has."""
    share_s = {who: _covered_s(span, spans) for who, spans in floor.items() if who != listener}
    during = max(share_s, key=lambda who: (share_s[who], who), default="")
    return during, share_s.get(during, 0.0)


def _moved(motion: Motion, floor: Mapping[str, Sequence[Span]]) -> Iterator[Event]:
    """The movements of one participant while someone else has the floor and they have not."""
    face, body = (motion.validity[:, PARTS.index(part)].astype(bool) for part in ("face", "upper_body"))
    found = face_events(motion.face, motion.face_space, face, motion.fps)
    found |= head_events(motion.body, motion.body_space, body, motion.fps)
    who = motion.participant
    for kind, (name, part) in _MOVEMENTS.items():
        if name not in found:
            continue
        confidence = motion.confidence[:, PARTS.index(part)]
        events = found[name]
        for start_s, end_s, size in zip(events.start_s, events.end_s, events.size, strict=True):
            span = Span(float(start_s), float(end_s))
            least_s = _LEAST_SHARE * span.duration_s
            if _covered_s(span, floor[who]) > least_s:
                continue
            during, share_s = _talker(span, floor, who)
            if share_s >= max(least_s, 1e-9):
                first = int(start_s * motion.fps)
                sure = confidence[first : max(first + 1, int(np.ceil(end_s * motion.fps)))]
                yield _event(who, kind, span, during, float(size), float(sure.mean()))


def _covered_s(span: Span, spans: Iterable[Span]) -> float:
    """Seconds of `span` that the `spans`, apart from each other, cover."""
    return sum(overlap_s(span, other) for other in spans)


def _event(who: str, kind: str, span: Span, during: str, strength: float, confidence: float) -> Event:
    start_s, end_s = round(max(span.start_s, 0.0), 3), round(max(span.end_s, 0.0), 3)
    return Event(who, kind, start_s, end_s, during, round(strength, 4), round(min(max(confidence, 0.0), 1.0), 4))
