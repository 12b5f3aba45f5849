"""Who spoke when and who said what: diarization error, word errors, word times, and words given to the right person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # loads its parts when they are used

from nonverbal.accuracy.matching import Match
from nonverbal.motion.rotations import F
from nonverbal.timeline import mask_to_spans
from nonverbal.types import Dialogue, SpeakerSegment
from nonverbal.venus.truth import DiarizationError, align_words, diarization_error, plain_words

BACKCHANNELS = frozenset({
    "mhm", "mm", "mmm", "hmm", "hm", "huh", "uh", "um", "umm", "er", "erm", "ah", "aha", "oh", "ooh", "wow", "yeah",
    "yep", "yes", "okay", "right", "sure", "haha", "ha",
})  # fmt: skip
"""Words of listeners and hesitations: spelled in many ways, left out by many recognisers, so counted apart."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One plain word: who said it, and the edges in seconds of the written word it stands in.

    "23" is two plain words: the first `begins` it, the second `ends` it, and nobody says where they part.
    """

    word: str
    participant: str
    start_s: float
    end_s: float
    begins: bool
    ends: bool


@dataclass(frozen=True, slots=True, eq=False)
class SpeechScores:
    """How speech came out in one clip.

    Attributes:
        diarization: found `speaking` against true `speaking`, both frame by frame at 25 Hz; no collar, overlap counted,
            speakers matched as favourably as possible.
        turns: the same for the spans of the turns.
        speakers: how many participants talk, in truth and as found.
        wrong, n_true: substitutions, deletions and insertions; true words. All words of both in order of start.
        wrong_content, n_true_content: the same without `BACKCHANNELS` on either side.
        start_error_s, end_error_s: [M] distance of the edges of words that were recognised and matched.
        matched: how many those are.
        right_face: matched words given to the participant who has the face of who said them.
        right_voice: the same under whichever naming of the found participants gives most: only mixing counts.
    """

    diarization: DiarizationError
    turns: DiarizationError
    speakers: tuple[int, int]
    wrong: int
    n_true: int
    wrong_content: int
    n_true_content: int
    start_error_s: F
    end_error_s: F
    matched: int
    right_face: int
    right_voice: int


def score_speech(pair: Match) -> SpeechScores:
    """Compares words and voices of one clip."""
    truth, found = spoken(pair.truth), spoken(pair.found)
    pairs = _aligned(truth, found)
    hits = [
        (truth[i], found[j]) for i, j in pairs if i is not None and j is not None and truth[i].word == found[j].word
    ]
    content = [[w for w in words if w.word not in BACKCHANNELS] for words in (truth, found)]
    names = pair.names
    return SpeechScores(
        diarization=diarization_error(voices(pair.truth), voices(pair.found)),
        turns=diarization_error(turn_segments(pair.truth), turn_segments(pair.found)),
        speakers=(talkers(pair.truth), talkers(pair.found)),
        wrong=len(pairs) - len(hits),
        n_true=len(truth),
        wrong_content=_edits(*content),
        n_true_content=len(content[0]),
        start_error_s=np.array([abs(a.start_s - b.start_s) for a, b in hits if a.begins and b.begins]),
        end_error_s=np.array([abs(a.end_s - b.end_s) for a, b in hits if a.ends and b.ends]),
        matched=len(hits),
        right_face=sum(names.get(b.participant) == a.participant for a, b in hits),
        right_voice=_best_naming([(a.participant, b.participant) for a, b in hits]),
    )


def spoken(dialogue: Dialogue) -> list[Spoken]:
    """All plain words of a dialogue in order of start."""
    words = []
    for turn in dialogue.turns:
        for word in turn.words:
            parts = plain_words(word.word)
            last = len(parts) - 1
            words += [
                Spoken(part, turn.participant, word.start_s, word.end_s, i == 0, i == last)
                for i, part in enumerate(parts)
            ]
    return sorted(words, key=lambda word: word.start_s)


def voices(dialogue: Dialogue) -> list[SpeakerSegment]:
    """The runs of frames in which each participant is `speaking`."""
    return [
        SpeakerSegment(motion.participant, span.start_s, span.end_s)
        for motion in dialogue.participants
        for span in mask_to_spans(motion.speaking == 1, motion.fps)
    ]


def turn_segments(dialogue: Dialogue) -> list[SpeakerSegment]:
    """The spans of all turns."""
    return [SpeakerSegment(turn.participant, turn.start_s, turn.end_s) for turn in dialogue.turns]


def talkers(dialogue: Dialogue) -> int:
    """How many participants are ever speaking."""
    return sum(bool(motion.speaking.any()) for motion in dialogue.participants)


def _aligned(truth: Sequence[Spoken], found: Sequence[Spoken]) -> list[tuple[int | None, int | None]]:
    starts_s = [w.start_s for w in truth], [w.start_s for w in found]
    return align_words([w.word for w in truth], [w.word for w in found], starts_s)


def _edits(truth: Sequence[Spoken], found: Sequence[Spoken]) -> int:
    pairs = _aligned(truth, found)
    return sum(i is None or j is None or truth[i].word != found[j].word for i, j in pairs)


def _best_naming(pairs: Sequence[tuple[str, str]]) -> int:
    """How many (true, found) names agree under the best one-to-one renaming."""
    true_names, found_names = sorted({a for a, _ in pairs}), sorted({b for _, b in pairs})
    counts = np.zeros((len(true_names), len(found_names)))
    for a, b in pairs:
        counts[true_names.index(a), found_names.index(b)] += 1
    return int(counts[scipy.optimize.linear_sum_assignment(-counts)].sum())
