"""All measurements of one clip of which the truth is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nonverbal.accuracy.body import score_body
from nonverbal.accuracy.detection import Detection, score_detection
from nonverbal.accuracy.evidence import Evidence, Recovered
from nonverbal.accuracy.face import FaceScores, score_face
from nonverbal.accuracy.head import score_head
from nonverbal.accuracy.jitter import Jitter, score_jitter
from nonverbal.accuracy.matching import Match, match
from nonverbal.accuracy.speaking import SpeakingScores, score_speaking
from nonverbal.accuracy.speech import SpeechScores, score_speech
from nonverbal.motion.rotations import F
from nonverbal.types import Clip, Dialogue


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """A clip of which the truth is known.

    Attributes:
        found: what the pipeline made of it; None where it turned the clip down.
        evidence: what the stage `evidence` kept; None without it.
        clip: which clip it is, where nothing was found.
        verdict: the reason and the sentence of a clip that was turned down.
    """

    name: str
    truth: Dialogue
    found: Dialogue | None
    evidence: Evidence | None = None
    clip: Clip | None = None
    verdict: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The measurements of one take; `degrees` are those of `score_head` and `score_body`."""

    take: Take
    pair: Match
    speech: SpeechScores
    speaking: SpeakingScores
    detection: Mapping[str, Detection]
    face: FaceScores
    degrees: Mapping[str, F]
    jitter: Mapping[str, Jitter]
    offsets: tuple[Recovered, ...]


def measure(take: Take) -> Scores:
    """Everything about one take; nothing here looks at names of participants or of files."""
    pair = match(take.truth, take.found, take.clip)
    return Scores(
        take=take,
        pair=pair,
        speech=score_speech(pair),
        speaking=score_speaking(pair, take.evidence.scores if take.evidence else None),
        detection=score_detection(pair),
        face=score_face(pair),
        degrees=score_head(pair) | score_body(pair),
        jitter=score_jitter(pair),
        offsets=take.evidence.offsets if take.evidence else (),
    )


def measure_pairs(pairs: Iterable[tuple[Dialogue, Dialogue | None]]) -> list[Scores]:
    """`measure` for pairs of truth and finding, such as with the truths of two videos swapped."""
    return [measure(Take(f"{i}", truth, found)) for i, (truth, found) in enumerate(pairs)]


def swapped(takes: Sequence[Take]) -> list[Take]:
    """Each take with the truth of the next one, cut from its beginning on: what scores well here is no measurement.

    Raises:
        ValueError: there is but one take.
    """
    if len(takes) < 2:
        raise ValueError("one take has no other truth to be compared with; expected at least two")
    names = ("name", "found", "evidence", "clip", "verdict")
    return [
        Take(truth=other.truth, **{name: getattr(take, name) for name in names})
        for take, other in zip(takes, [*takes[1:], takes[0]], strict=True)
    ]
