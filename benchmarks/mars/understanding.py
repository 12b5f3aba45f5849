"""Understanding: the same words with different face and body, and whether a model finds the answer that fits.

    python benchmarks/mars/understanding.py MODEL DATASET [--text-only MODEL] [--splits test validation] [--json FILE]

DATASET is studio talk. For every hinge (`studio/script/hinges.py`) in a held-out dialogue, the answers of its readings
are told apart by their likelihood after the true history. Answers are worded as in the training split, a word a step;
the answerer's own motion, from the hinge on, is drawn by the model, so that nothing but the speaker's motion tells the
readings apart. A score is the sum of the log likelihoods of an answer's text tokens. Answers differ in length and in
how likely they are anyway; what is compared is therefore

    fitting     score(a | motion) - score(a | other motion) > score(b | motion) - score(b | other motion) for an answer
                a to what was meant and b to another reading, after the true motion and after that of the same words
                meant so in another held-out dialogue: what an answer is worth whatever the motion falls out
    flips       the answer fits better after its own motion than after the other: score(a | its) > score(a | other)
    choice      score(a) > score(b), both a token, without calibration; each pair of readings counts half for each side,
                so that whoever always prefers one of them gets .50
    swapped     choice with the other motion, counted right if the answer to that motion is chosen
    hidden      choice with nobody's motion told; a text-only model, likewise: .50 is chance
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from hinges import Place, Situation, answer_tokens, answers, asked, donor, places, situation
from rich.console import Console

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.mars.conversation import PartCodes
from nonverbal.mars.enact import Play, enact
from nonverbal.mars.held_out import held_out
from nonverbal.mars.likelihood import score
from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.store import Mars, load_mars
from nonverbal.mars.stream import Conversation, encode
from nonverbal.mars.windows import past
from nonverbal.studio.script.hinges import HINGES
from nonverbal.ticks import Tick, silent, ticking
from nonverbal.verdicts import UserError

HIDDEN = -1
"""In place of the reading whose motion is shown: nobody's is."""


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer after a hinge.

    Attributes:
        place: number of the situation.
        shown: the reading whose motion was shown, or `HIDDEN`.
        reading, wording: whose answer it is, and which.
        log_p: sum over its text tokens.
        tokens: how many they are.
    """

    place: int
    shown: int
    reading: int
    wording: int
    log_p: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A number of comparisons and the share that came out right, both sides of each pair of readings counting alike."""

    share: float | None
    pairs: int


def situations(mars: Mars, dataset: Dataset, found: Sequence[Place], tick: Tick) -> list[Situation]:
    """The places as the one who answers lives through them."""
    ids = tuple(dict.fromkeys(place.dialogue_id for place in found))
    people = held_out(dataset, mars.vocabulary, mars.tokenizers, ids, tick)
    by_name = {(person.dialogue_id, person.participant): person for person in people}
    made = (situation(place, by_name, mars.vocabulary) for place in found)
    return [one for one in made if one is not None]


def scored(
    mars: Mars,
    given: Sequence[Situation],
    wordings: Mapping[tuple[int, int], Sequence[str]],
    shown: Callable[[Situation, int], Sequence[tuple[int, Conversation, int]]],
    context: int,
    tick: Tick = silent,
) -> list[Scored]:
    """The score of every answer to every hinge.

    Args:
        wordings: of (hinge, reading).
        shown: of a situation and a reading whose answers are scored: (reading whose motion is shown, conversation with
            an answer at its end, steps before the end from which motion is drawn), one a wording.
    """
    keys, plays = [], []
    for number, one in enumerate(given):
        for reading in range(len(HINGES[one.place.hinge].readings)):
            if (one.place.hinge, reading) not in wordings:
                continue
            for wording, (motion, conversation, steps) in enumerate(shown(one, reading)):
                keys.append((number, motion, reading, wording))
                plays.append(_play(conversation, steps, mars, context, number))
    drawn = enact(mars.model, mars.vocabulary, [play for play, _ in plays], SamplingConfig(), tick=tick)
    found = []
    for i, (key, ids, (_, start)) in enumerate(zip(keys, drawn, plays, strict=True)):
        tick("likelihood of answers", i, len(keys))
        wanted = answer_tokens(ids, start, mars.vocabulary)
        found.append(Scored(*key, float(score(mars.model, ids, wanted).log_p.sum()), int(wanted.sum())))
    tick("likelihood of answers", len(keys), len(keys))
    return found


def _play(conversation: Conversation, steps: int, mars: Mars, context: int, luck: int) -> tuple[Play, int]:
    """The last `context` tokens, own motion of the last `steps` to be drawn, and where the answer begins in them."""
    vocabulary, stream = mars.vocabulary, encode(conversation, mars.vocabulary)
    window = past(stream, vocabulary, len(stream), context)
    inside = window.origin >= (stream.steps[-steps] if steps else len(stream))
    own = np.where(window.origin >= 0, stream.response[window.origin], False) & inside
    own &= vocabulary.grammar.classes[window.ids] >= vocabulary.grammar.FIRST
    return Play(window.ids, own, luck), int(np.searchsorted(window.origin, stream.messages[-2]))


def with_motion(
    mars: Mars, given: Sequence[Situation], wordings: Mapping[tuple[int, int], Sequence[str]], seed: int
) -> Callable[[Situation, int], list[tuple[int, Conversation, int]]]:
    """Shows each situation with its own motion and with that of every other reading, from other dialogues."""
    chosen: dict[tuple[Place, int], PartCodes | None] = {}
    for number, one in enumerate(given):
        for reading in range(len(HINGES[one.place.hinge].readings)):
            rng = np.random.default_rng((seed, number, reading))
            chosen[one.place, reading] = None if reading == one.place.reading else donor(one, reading, given, rng)

    def shown(one: Situation, reading: int) -> list[tuple[int, Conversation, int]]:
        found: list[tuple[int, Conversation, int]] = []
        for other in range(len(HINGES[one.place.hinge].readings)):
            motion = chosen[one.place, other]
            if other != one.place.reading and motion is None:
                continue
            texts = wordings[one.place.hinge, reading]
            found += [(other, *asked(one, motion, answer, mars.vocabulary)) for answer in texts]
        return found

    return shown


def without_motion(
    mars: Mars, wordings: Mapping[tuple[int, int], Sequence[str]]
) -> Callable[[Situation, int], list[tuple[int, Conversation, int]]]:
    """Shows nobody's motion."""

    def shown(one: Situation, reading: int) -> list[tuple[int, Conversation, int]]:
        texts = wordings[one.place.hinge, reading]
        return [(HIDDEN, asked(one, None, text, mars.vocabulary, seen=False)[0], 0) for text in texts]

    return shown


class Scores:
    """Scores to compare: of (place, reading shown, reading answered), one a wording."""

    def __init__(self, given: Sequence[Situation], found: Sequence[Scored]) -> None:
        self._given = given
        self._rows: dict[tuple[int, int, int], list[Scored]] = defaultdict(list)
        for one in found:
            self._rows[one.place, one.shown, one.reading].append(one)

    def fitting(self) -> Answered:
        """Both answers where they belong against both where they do not."""
        return self._all(lambda n, r, o: _mean(self._gain(n, r, o)[:, None] > -self._gain(n, o, r)[None]))

    def flips(self) -> Answered:
        """An answer after its own motion against the same after the other."""
        return self._all(lambda n, r, o: _mean(self._gain(n, r, o) > 0))

    def swapped(self) -> Answered:
        """The choice after the other motion, which asks for the other answer."""
        return self._all(lambda n, r, o: self._prefers(n, o, o, r))

    def choice(self, hidden: bool = False) -> Answered:
        """The answers to the true reading against those to another, a token; both sides of a pair count alike."""
        sides: dict[tuple[int, int, int], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        for number, reading, other in self._compared():
            shown = HIDDEN if hidden else reading
            if (number, shown, other) in self._rows:
                pair = self._given[number].place.hinge, min(reading, other), max(reading, other)
                sides[pair][reading].append(self._prefers(number, shown, reading, other))
        both = [list(pair.values()) for pair in sides.values() if len(pair) == 2]
        weights = [sum(map(len, pair)) for pair in both]
        means = [np.mean([np.mean(values) for values in pair]) for pair in both]
        return Answered(float(np.average(means, weights=weights)) if both else None, sum(weights))

    def _all(self, right: Callable[[int, int, int], float]) -> Answered:
        """Mean over all places and readings whose motion was swapped in."""
        found = [right(n, r, o) for n, r, o in self._compared() if (n, o, o) in self._rows]
        return Answered(float(np.mean(found)) if found else None, len(found))

    def _compared(self) -> list[tuple[int, int, int]]:
        """Number of a place, its reading, another one."""
        return [
            (number, one.place.reading, other)
            for number, one in enumerate(self._given)
            for other in range(len(HINGES[one.place.hinge].readings))
            if other != one.place.reading
        ]

    def _gain(self, place: int, reading: int, other: int) -> np.ndarray:
        """[W] how much more likely the answers to a reading are after its own motion than after the other's."""
        own, elsewhere = self._rows[place, reading, reading], self._rows[place, other, reading]
        return np.array([a.log_p - b.log_p for a, b in zip(own, elsewhere, strict=True)])

    def _prefers(self, place: int, shown: int, reading: int, other: int) -> float:
        a, b = (np.array([s.log_p / s.tokens for s in self._rows[place, shown, r]]) for r in (reading, other))
        return _mean((a[:, None] > b[None]) + 0.5 * (a[:, None] == b[None]))


def measure(
    mars: Mars, dataset: Dataset, splits: Sequence[str], context: int, seed: int, tick: Tick
) -> dict[str, Answered]:
    """All shares of one model."""
    wordings = answers(list(places(dataset, "train")))
    found = [place for split in splits for place in places(dataset, split)]
    if not found:
        raise UserError(f"{dataset.root}: no hinge in {' and '.join(splits)}; give a dataset of studio talk")
    given = situations(mars, dataset, found, tick)
    shares = {}
    if mars.tokenizers:
        seen = Scores(given, scored(mars, given, wordings, with_motion(mars, given, wordings, seed), context, tick))
        shares = {"fitting": seen.fitting(), "flips": seen.flips(), "choice": seen.choice(), "swapped": seen.swapped()}
    hidden = Scores(given, scored(mars, given, wordings, without_motion(mars, wordings), context, tick))
    return shares | {"hidden": hidden.choice(hidden=True)}


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values))


def _interval(found: Answered) -> str:
    """Wilson's interval at 95 %, as if all comparisons were independent."""
    if found.share is None:
        return "-"
    n, p, z = found.pairs, found.share, 1.96
    middle, half = (p + z * z / 2 / n), z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return f"{(middle - half) / (1 + z * z / n):.2f} to {(middle + half) / (1 + z * z / n):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--text-only", type=Path)
    parser.add_argument("--splits", nargs="+", default=["test"], choices=["validation", "test"])
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    dataset, console = open_dataset(given.dataset), Console(stderr=True)
    models = {"model": given.model} | ({"text-only model": given.text_only} if given.text_only else {})
    lines, plain = ["| | comparison | share right | pairs | 95 % |", "|---|---|---:|---:|---|"], {}
    for name, folder in models.items():
        with ticking(console) as tick:
            shares = measure(load_mars(folder), dataset, given.splits, given.context, given.seed, tick)
        plain[name] = {key: {"share": one.share, "pairs": one.pairs} for key, one in shares.items()}
        for key, one in shares.items():
            told = "-" if one.share is None else f"{one.share:.3f}"
            lines.append(f"| {name} | {key} | {told} | {one.pairs} | {_interval(one)} |")
    print("\n".join(lines))
    if given.json:
        asked_for = {key: str(value) for key, value in vars(given).items()}
        given.json.write_text(json.dumps({"asked": asked_for, "shares": plain}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
