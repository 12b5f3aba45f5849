"""Gestures and stress that follow from the words: "huge" is shown with wide hands, "I" points at the speaker."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from nonverbal.studio.script.grammar import Wording
from nonverbal.studio.talk import Cue, Gesture

PHRASES: Mapping[str, Gesture] = {
    "hello": "wave", "goodbye": "wave", "bye": "wave", "huge": "big", "enormous": "big", "giant": "big", "wide": "big",
    "tiny": "small",
    "don't know": "shrug", "no idea": "shrug", "who knows": "shrug", "no clue": "shrug",
    "hold on": "stop", "over there": "point_away", "far away": "point_away",
    "together": "hands_together", "let me think": "hand_to_chin", "hmm": "hand_to_chin",
}  # fmt: skip
"""Phrases that always come with their gesture, on their last word."""

OPENINGS: Mapping[str, Gesture] = {
    "stop": "stop", "wait": "stop", "first": "count", "second": "count", "third": "count",
}  # fmt: skip
"""Words that come with their gesture where a clause begins with them: "Wait, wait" but not "I wait"."""

SOMETIMES: Mapping[str, Gesture] = {
    "i": "point_self", "me": "point_self", "my": "point_self", "i'm": "point_self", "you": "point_you",
    "your": "point_you", "you're": "point_you", "maybe": "palm_up", "what": "palm_up", "why": "palm_up",
    "everybody": "palm_up", "everyone": "palm_up", "outside": "point_away",
}  # fmt: skip
SOMETIMES_SHARE = 0.25
"""Share of these words that come with their gesture, if no other is near."""

_DISTANCE = 3
"""Words from one gesture to the next, at least."""
_WORDS_PER_STRESS = 6
_BEAT_SHARE = 0.6
"""Share of the stressed words without another gesture that get a beat."""

_LIGHT = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "him",
        "his",
        "i",
        "i'm",
        "i've",
        "if",
        "in",
        "is",
        "it",
        "it's",
        "its",
        "just",
        "like",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "one",
        "or",
        "our",
        "she",
        "so",
        "some",
        "than",
        "that",
        "that's",
        "the",
        "their",
        "them",
        "then",
        "there",
        "they",
        "this",
        "to",
        "up",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "which",
        "who",
        "will",
        "with",
        "would",
        "yes",
        "you",
        "your",
        "you're",
        "don't",
        "well",
        "all",
    ]
)


def with_gestures(wording: Wording, rng: np.random.Generator) -> Wording:
    """The wording with what its words call for added to what it has."""
    tokens = wording.text.split(" ")
    words = [re.sub(r"[^a-z']", "", word.lower()) for word in tokens]
    emphasis = wording.emphasis or _stressed(words, rng)
    cues = {cue.word: cue.gesture for cue in wording.cues}
    for i in range(len(words)):
        for length in (1, 2, 3):
            said = " ".join(words[max(i - length + 1, 0) : i + 1])
            if said in PHRASES and _free(cues, i):
                cues[i] = PHRASES[said]
        opens = i == 0 or not tokens[i - 1][-1].isalnum()
        if words[i] in OPENINGS and opens and _free(cues, i):
            cues[i] = OPENINGS[words[i]]
    for i, word in enumerate(words):
        draw = rng.random()
        if word in SOMETIMES and draw < SOMETIMES_SHARE and _free(cues, i):
            cues[i] = SOMETIMES[word]
    for i in emphasis:
        draw = rng.random()
        if draw < _BEAT_SHARE and _free(cues, i):
            cues[i] = "beat"
    return Wording(wording.text, emphasis, tuple(Cue(i, cues[i]) for i in sorted(cues)))


def _free(cues: Mapping[int, Gesture], word: int) -> bool:
    return all(abs(word - other) >= _DISTANCE for other in cues)


def _stressed(words: list[str], rng: np.random.Generator) -> tuple[int, ...]:
    """One in `_WORDS_PER_STRESS` words, among those that carry meaning."""
    heavy = [i for i, word in enumerate(words) if word not in _LIGHT and len(word) > 3]
    count = min(len(heavy), max(len(words) // _WORDS_PER_STRESS, int(len(words) > 2)))
    return tuple(sorted(rng.choice(heavy, count, replace=False).tolist())) if count else ()
