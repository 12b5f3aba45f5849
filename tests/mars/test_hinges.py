"""Understanding of hinges (`benchmarks/mars`): readings found by their answers, motion swapped, shares counted."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from small_training import STREAM, small

from nonverbal.mars.stream import Conversation, Message, Side, Step
from nonverbal.studio.script.grammar import Scope, word_it
from nonverbal.studio.script.hinges import HINGES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def modules() -> tuple[ModuleType, ModuleType]:
    sys.path.insert(0, str(ROOT / "benchmarks" / "mars"))
    try:
        import hinges
        import understanding
    finally:
        sys.path.pop(0)
    return hinges, understanding


def worded(template: str, seed: int) -> str:
    return word_it(template, Scope({"day": ("Monday", "Friday")}), np.random.default_rng(seed)).text


def turn(who: str, start_s: float, text: str) -> dict[str, object]:
    words = [
        {"word": w, "start_s": start_s + 0.3 * i, "end_s": start_s + 0.3 * i + 0.3} for i, w in enumerate(text.split())
    ]
    end_s = words[-1]["end_s"]
    return {"participant": who, "start_s": start_s, "end_s": end_s, "text": text, "words": words, "harmful": False}


class Talks:
    """A dataset of dialogues of two turns."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def ids(self, split: str) -> list[str]:
        return [str(i) for i in range(len(self._pairs))]

    def row(self, dialogue_id: str) -> dict[str, object]:
        said, answered = self._pairs[int(dialogue_id)]
        return {"turns": [turn("A", 1.0, f"Well then. {said}"), turn("B", 6.0, f"{answered} And so on.")]}


def test_every_answer_of_the_studio_tells_its_reading(modules: tuple[ModuleType, ModuleType]) -> None:
    keys = [
        (h, r, t)
        for h, hinge in enumerate(HINGES)
        for r, one in enumerate(hinge.readings)
        for t in range(len(one.answers))
    ]
    pairs = [
        (worded(HINGES[h].readings[r].text, i), worded(HINGES[h].readings[r].answers[t].text, i))
        for i, (h, r, t) in enumerate(keys)
    ]
    found = list(modules[0].places(Talks(pairs), "test"))
    assert [(p.hinge, p.reading, p.template) for p in found] == keys
    assert all(p.answer == answer for p, (_, answer) in zip(found, pairs, strict=True))
    assert found[0].start_s == pytest.approx(1.6)  # after "Well then."
    assert not list(modules[0].places(Talks([("Do you know what time it is?", "Perhaps.")]), "test"))


def test_another_motion_takes_the_place_of_the_hinges_alone(modules: tuple[ModuleType, ModuleType]) -> None:
    hinges, _ = modules
    _, vocabulary = small()
    codes = lambda i: ((i, i), (i,))  # noqa: E731 - a step's codes
    steps = tuple(
        Step(Side((word,), codes(i)), Side((), codes(7))) for i, word in enumerate(["Well", "then.", "Really?"])
    )
    place = hinges.Place("0", 1, 0, "A", "B", 0.64, 1, "Yes!", 0)
    own = {"face": np.array([[2, 2], [3, 3]]), "body": np.array([[2], [3]])}
    one = hinges.Situation(place, Conversation((), STREAM.system), Message("user", steps), 2, own)
    same, n_steps = hinges.asked(one, None, "Yes! Now.", vocabulary)
    assert n_steps == 1 + 3
    assert [s.holder for s in same.messages[0].steps] == [s.holder for s in steps]
    assert same.messages[0].steps[2].listener.codes == ((0, 0), (0,))  # to be drawn
    assert [s.holder.words for s in same.messages[1].steps] == [(), ("Yes!",), ("Now.",)]
    other, _ = hinges.asked(one, {"face": np.array([[5, 6]]), "body": np.array([[-1]])}, "Yes!", vocabulary)
    assert other.messages[0].steps[2].holder == Side(("Really?",), ((5, 6), ()))
    assert other.messages[0].steps[:2] == same.messages[0].steps[:2]
    hidden, _ = hinges.asked(one, None, "Yes!", vocabulary, seen=False)
    assert not any(side.seen for m in hidden.messages for s in m.steps for side in (s.holder, s.listener) if side)


@pytest.mark.parametrize(("hears", "fitting", "choice"), [(3.0, 1.0, 1.0), (0.0, 0.0, 0.5), (0.1, 1.0, 0.5)])
def test_shares(modules: tuple[ModuleType, ModuleType], hears: float, fitting: float, choice: float) -> None:
    """A model that likes reading 0's answers better by 1 a token, and those that the motion asks for by `hears`."""
    hinges, understanding = modules
    given, scores = [], []
    for number, reading in enumerate([0, 0, 0, 1]):
        place = hinges.Place(str(number), 0, reading, "A", "B", 0.0, 7, "", 0)
        given.append(hinges.Situation(place, Conversation(()), Message("user"), 0, {}))
        for shown in (0, 1, understanding.HIDDEN):
            for answered in (0, 1):
                log_p = 4 * (-5.0 + (answered == 0) + hears * (answered == shown))
                scores.append(understanding.Scored(number, shown, answered, 0, log_p, 4))
    found = understanding.Scores(given, scores)
    assert found.fitting() == understanding.Answered(fitting, 4)
    assert found.flips().share == fitting
    assert found.choice() == understanding.Answered(choice, 4)
    assert found.choice(hidden=True).share == 0.5
    assert found.swapped().share == (1.0 if hears > 1 else 0.25)  # only the one place of reading 1 is asked for its own


def test_templates_become_patterns(modules: tuple[ModuleType, ModuleType]) -> None:
    pattern = modules[0]._pattern("It's [just|almost] <clock>, *{stop}mind* <n:2:9> things.")
    assert re.match(pattern, "It's almost ten past four, mind three things.")
    assert not re.match(pattern, "It's nearly four, mind three things.")
