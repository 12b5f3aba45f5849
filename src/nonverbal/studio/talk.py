"""The records that the studio's parts hand to each other: what is to be said, what was said when, and who moved how.

script -> Line, spoken by a voice -> SpokenLine, placed in time -> Talk, acted -> Performance of each participant
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from nonverbal.types import F32, Bool, SpeakerSegment

PARTICIPANTS = ("A", "B")

Act = Literal[
    "greet", "ask", "tell", "count", "agree", "disagree", "doubt", "joke", "exclaim", "blame", "comfort", "think",
    "backchannel", "laugh", "part",
]  # fmt: skip
"""What a line does; behaviour hangs on it. A ``laugh`` has no words that anyone could transcribe."""
ACTS: tuple[Act, ...] = get_args(Act)

Gesture = Literal[
    "beat", "palm_up", "point_self", "point_you", "point_away", "big", "small", "count", "shrug", "wave", "stop",
    "cross_arms", "hand_to_chin", "hands_together",
]  # fmt: skip
GESTURES: tuple[Gesture, ...] = get_args(Gesture)


@dataclass(frozen=True, slots=True)
class Cue:
    """A gesture whose stroke falls on the line's word with index `word`."""

    word: int
    gesture: Gesture


@dataclass(frozen=True, slots=True)
class Line:
    """Something one participant says in one go.

    Attributes:
        text: plain English with punctuation, words separated by single spaces; empty for a ``laugh``.
        mood: from -1 (angry, hurt) over 0 (calm) to 1 (delighted).
        gap_s: silence between the end of whatever has lasted longest so far and the start of this line; negative where
            they overlap.
        emphasis: indices of words that carry the stress.
    """

    participant: str
    text: str
    act: Act
    mood: float
    gap_s: float
    emphasis: tuple[int, ...] = ()
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True, slots=True)
class Phone:
    """One speech sound: IPA `symbol`, `stress` 0 none, 1 primary, 2 secondary; seconds of the talk."""

    symbol: str
    start_s: float
    end_s: float
    stress: int = 0


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as spoken; its phones cover it without holes."""

    word: str
    start_s: float
    end_s: float
    phones: tuple[Phone, ...]


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """A line with the time of each of its words; one word for each of `line.text.split(" ")`, none for a laugh."""

    line: Line
    start_s: float
    end_s: float
    words: tuple[SpokenWord, ...]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation in time. Lines are in order of start; those of one participant never overlap."""

    lines: tuple[SpokenLine, ...]
    duration_s: float

    def of(self, participant: str) -> Iterator[SpokenLine]:
        """The lines of one participant, in order."""
        return (line for line in self.lines if line.line.participant == participant)

    def segments(self) -> tuple[SpeakerSegment, ...]:
        """Who is heard when, laughs included."""
        return tuple(SpeakerSegment(line.line.participant, line.start_s, line.end_s) for line in self.lines)


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """How one participant moves through a talk, T frames at 25 fps, free of any camera.

    Seat axes: x to the person's left, y up, z forward, upright; the seat is fixed in the room.

    Attributes:
        face: [T, 52] ``arkit52``; the eyeLook columns follow from `gaze` (`motion.looks.look_coefficients`).
        gaze: [T, 4] left yaw, left pitch, right yaw, right pitch in radians relative to the head, as in `Motion`.
        body: [T, 117] ``smplx117``.
        chest: [T, 3] axis-angle of the chest in seat axes.
        sway_m: [T, 3] the chest's origin (between the collar joints) against its resting place, seat axes.
        speaking: [T] a line of this participant is heard.
    """

    participant: str
    face: F32
    gaze: F32
    body: F32
    chest: F32
    sway_m: F32
    speaking: Bool
