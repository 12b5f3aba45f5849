"""What the measurements of many clips come to together: one number by name for each row of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from nonverbal.accuracy.body import BODY_NAMES
from nonverbal.accuracy.detection import Detection
from nonverbal.accuracy.face import Coefficient, coefficients, mean_r, pool, talk10
from nonverbal.accuracy.head import HEAD_NAMES
from nonverbal.accuracy.jitter import JITTER_NAMES, Jitter
from nonverbal.accuracy.measure import Scores
from nonverbal.accuracy.speaking import average_precision
from nonverbal.accuracy.speech import SpeechScores
from nonverbal.motion.rotations import F
from nonverbal.types import PARTS
from nonverbal.venus.truth import DiarizationError, quantiles


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the table; `count` says of how many things it was made, 0 that there was nothing to measure."""

    value: float
    count: int
    of: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What all takes come to together.

    Attributes:
        figures: by name, as in `table.ROWS`.
        face: the 52 coefficients.
        offsets: by injected milliseconds, mean of what came back and how many takes it is the mean of.
        takes: how many there are; `kept`: how many of them came through the pipeline.
        rejected: name and verdict of the others.
    """

    figures: Mapping[str, Figure]
    face: tuple[Coefficient, ...]
    offsets: Mapping[int, Figure]
    takes: int
    kept: int
    rejected: tuple[tuple[str, str], ...]


def summarise(scores: Sequence[Scores]) -> Summary:
    """Pools the takes: errors of all frames, words and people together, correlations as means over people."""
    face = coefficients(pool([s.face for s in scores]))
    figures = _speech_figures([s.speech for s in scores]) | _speaking_figures(scores) | _detection_figures(scores)
    figures |= _face_figures(face, scores) | _degree_figures(scores) | _jitter_figures(scores)
    offsets = _offsets(scores)
    apart_ms = [abs(r.recovered_ms - r.injected_ms) for s in scores for r in s.offsets]
    figures["av_offset"] = Figure(float(np.mean(apart_ms)) if apart_ms else 0.0, len(apart_ms), "trials")
    kept = [s for s in scores if s.take.found]
    rejected = tuple((s.take.name, s.take.verdict) for s in scores if not s.take.found)
    figures["kept"] = Figure(len(kept) / len(scores) if scores else 0.0, len(scores), "clips")
    return Summary(figures, face, offsets, len(scores), len(kept), rejected)


def pooled_degrees(scores: Sequence[Scores], name: str) -> F:
    """The errors of that name of all takes together."""
    return np.concatenate([np.zeros(0), *(s.degrees[name] for s in scores)])


def _speech_figures(speech: Sequence[SpeechScores]) -> dict[str, Figure]:
    def total(name: str) -> int:
        return sum(getattr(s, name) for s in speech)

    starts, ends = (np.concatenate([np.zeros(0), *(getattr(s, n) for s in speech)]) for n in _WORD_EDGES)
    start, end = 1000 * np.array(quantiles(starts)), 1000 * np.array(quantiles(ends))
    words, content, matched = total("n_true"), total("n_true_content"), total("matched")
    return {
        "der": _error_rate([s.diarization for s in speech]),
        "der_turns": _error_rate([s.turns for s in speech]),
        "speakers": Figure(
            _share(sum(s.speakers[0] == s.speakers[1] for s in speech), len(speech)), len(speech), "clips"
        ),
        "wer": Figure(_share(total("wrong"), words), words, "words"),
        "wer_content": Figure(_share(total("wrong_content"), content), content, "words"),
        "word_start": Figure(float(start[0]), len(starts), "words"),
        "word_start_p95": Figure(float(start[1]), len(starts), "words"),
        "word_end": Figure(float(end[0]), len(ends), "words"),
        "word_end_p95": Figure(float(end[1]), len(ends), "words"),
        "attribution": Figure(_share(total("right_face"), matched), matched, "words"),
        "attribution_voice": Figure(_share(total("right_voice"), matched), matched, "words"),
    }


_WORD_EDGES = ("start_error_s", "end_error_s")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _error_rate(errors: Sequence[DiarizationError]) -> Figure:
    sums = [sum(getattr(e, name) for e in errors) for name in ("missed_s", "false_alarm_s", "confused_s", "total_s")]
    pooled = DiarizationError(*sums)
    return Figure(pooled.rate, round(pooled.total_s), "s of talk")


def _speaking_figures(scores: Sequence[Scores]) -> dict[str, Figure]:
    measured = [s.speaking for s in scores if s.take.evidence or not s.take.found]
    evidence = np.concatenate([np.zeros(0), *(s.evidence for s in measured)])
    speaking = np.concatenate([np.zeros(0, bool), *(s.speaking for s in measured)])
    return {
        "asd_ap": Figure(average_precision(evidence, speaking), len(speaking), "faces"),
        "asd_chance": Figure(float(speaking.mean()) if len(speaking) else 0.0, len(speaking), "faces"),
    }


def _detection_figures(scores: Sequence[Scores]) -> dict[str, Figure]:
    figures = {}
    for part in PARTS:
        found = reduce(add, (s.detection[part] for s in scores), Detection())
        figures[f"found_{part}"] = Figure(found.rate, found.in_view, "frames")
        figures[f"false_{part}"] = Figure(found.false_alarm, found.out_of_view, "frames")
    return figures


def _face_figures(face: tuple[Coefficient, ...], scores: Sequence[Scores]) -> dict[str, Figure]:
    pooled = pool([s.face for s in scores])
    people = len(pooled.n_frames)
    return {
        "r52": Figure(*mean_r(face), "of 52"),
        "r_talk10": Figure(*talk10(face), "of 10"),
        "mae52": Figure(float(np.mean([c.mae for c in face])), people, "people"),
    }


def _degree_figures(scores: Sequence[Scores]) -> dict[str, Figure]:
    figures = {}
    for name in (*HEAD_NAMES, *BODY_NAMES):
        values = pooled_degrees(scores, name)
        figures[name] = Figure(float(values.mean()) if len(values) else 0.0, len(values), "frames")
        median = float(np.median(values)) if len(values) else 0.0
        figures[f"{name}_median"] = Figure(median, len(values), "frames")
    return figures


def _jitter_figures(scores: Sequence[Scores]) -> dict[str, Figure]:
    figures = {}
    for name in JITTER_NAMES:
        total = reduce(add, (s.jitter[name] for s in scores), Jitter())
        figures[f"jitter_{name}"] = Figure(total.ratio, total.count, "steps")
        figures[f"jitter_{name}_true"] = Figure(total.true_mean, total.count, "steps")
        figures[f"jitter_{name}_found"] = Figure(total.found_mean, total.count, "steps")
    return figures


def _offsets(scores: Sequence[Scores]) -> dict[int, Figure]:
    answers: dict[int, list[float]] = {}
    for one in (r for s in scores for r in s.offsets):
        answers.setdefault(one.injected_ms, []).append(one.recovered_ms)
    return {ms: Figure(float(np.mean(found)), len(found), "clips") for ms, found in sorted(answers.items())}
