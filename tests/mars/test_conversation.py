"""A dialogue as one of its participants lives through it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.conversation import step_of, stretches, timed_words
from nonverbal.mars.stream import Message, Side, Step

CONFIG = StreamConfig((PartVocab("face", 512, 2), PartVocab("body", 512)), system="")
NOTHING = ((), ())


def turn(who: str, *words: tuple[str, float, float], harmful: bool = False) -> dict[str, Any]:
    spoken = [{"word": word, "start_s": start_s, "end_s": end_s} for word, start_s, end_s in words]
    return {
        "participant": who,
        "start_s": words[0][1],
        "end_s": words[-1][2],
        "text": " ".join(word for word, _, _ in words),
        "words": spoken,
        "harmful": harmful,
    }


def codes(n_steps: int, first: int) -> dict[str, np.ndarray]:
    """Codes that tell their step: face 2 x step + first, and body step."""
    steps = np.arange(n_steps, dtype=np.int32)
    return {"face": np.stack([2 * steps + first, steps], axis=1), "body": steps[:, None]}


def told(message: Message) -> list[str]:
    """A message in letters: words and, after a dash, the listener's."""
    rows = []
    for step in message.steps:
        heard = "" if step.listener is None else "-" + " ".join(step.listener.words)
        rows.append(" ".join(step.holder.words) + heard)
    return rows


def test_words_stand_in_the_step_that_they_begin_in() -> None:
    row = {"turns": [turn("A", ("I", 0.10, 0.3), ("was", 0.31, 0.6), ("just", 0.70, 0.9))]}
    (stretch,) = stretches(row, {"A": codes(4, 0), "B": codes(4, 1)}, "A", CONFIG)
    (message,) = stretch.conversation.messages
    assert message.role == "assistant"
    assert told(message) == ["I was", "", "just"]
    assert message.steps[2] == Step(Side(("just",), ((4, 2), (2,))))
    words, _ = timed_words(message, stretch.first_step, CONFIG)
    assert [(w.word, round(w.start_s, 2)) for w in words] == [("I", 0.0), ("was", 0.16), ("just", 0.64)]


def test_the_partner_is_seen_and_the_own_listening_told() -> None:
    row = {"turns": [turn("B", ("Hi", 0.0, 0.3)), turn("A", ("Hello", 1.0, 1.3))]}
    (stretch,) = stretches(row, {"A": codes(5, 0), "B": codes(5, 1)}, "A", CONFIG)
    heard, said = stretch.conversation.messages
    assert (heard.role, said.role) == ("user", "assistant")
    assert heard.steps == (Step(Side(("Hi",), ((1, 0), (0,))), Side((), ((0, 0), (0,)))),)
    assert told(said) == ["", "", "Hello", "", ""][: len(said.steps)]  # the pause belongs to who speaks next
    assert said.steps[0] == Step(Side((), ((2, 1), (1,))))


def test_what_is_left_out_on_demand() -> None:
    row = {"turns": [turn("B", ("Hi", 0.0, 0.3)), turn("A", ("Hello", 1.0, 1.3))]}
    config = StreamConfig(CONFIG.parts, partner_motion=False, listener=False, system="")
    (stretch,) = stretches(row, {"A": codes(5, 0), "B": codes(5, 1)}, "A", config)
    assert stretch.conversation.messages[0].steps == (Step(Side(("Hi",), NOTHING)),)


def test_an_aside_does_not_take_the_floor_and_is_not_lost() -> None:
    row = {"turns": [turn("B", ("Long", 0.0, 0.3), ("talk", 2.0, 2.3)), turn("A", ("mhm", 1.0, 1.2))]}
    (stretch,) = stretches(row, {"A": codes(8, 0), "B": codes(8, 1)}, "A", CONFIG)
    (message,) = stretch.conversation.messages
    assert message.role == "user"
    assert told(message) == ["Long-", "-", "-", "-mhm", "-", "-", "talk-", "-"]
    (partner,) = stretches(row, {"A": codes(8, 0), "B": codes(8, 1)}, "B", CONFIG)
    (spoken,) = partner.conversation.messages
    assert spoken.steps[3].listener == Side(("mhm",), NOTHING)
    assert spoken.steps[2].listener is None


def test_an_interruption_hands_the_floor_over() -> None:
    row = {"turns": [turn("B", ("But", 0.0, 0.3), ("then", 1.0, 1.3)), turn("A", ("No", 0.7, 0.9), ("way", 1.7, 1.9))]}
    (stretch,) = stretches(row, {"A": codes(8, 0), "B": codes(8, 1)}, "A", CONFIG)
    heard, said = stretch.conversation.messages
    assert told(heard) == ["But-", "-"]
    assert told(said) == ["No", "-then", "", "way"]


def test_turns_of_one_participant_in_a_row_are_one_message() -> None:
    row = {"turns": [turn("A", ("One", 0.0, 0.3)), turn("A", ("two", 1.0, 1.3))]}
    (stretch,) = stretches(row, {"A": codes(6, 0), "B": codes(6, 1)}, "A", CONFIG)
    assert [told(m) for m in stretch.conversation.messages] == [["One", "", "", "two", ""]]


def test_harmful_turns_cut_the_conversation() -> None:
    row = {
        "turns": [
            turn("A", ("Hello", 0.0, 0.3)),
            turn("B", ("Curse", 1.0, 1.3), harmful=True),
            turn("A", ("Well", 2.0, 2.3)),
        ]
    }
    everyone = {"A": codes(9, 0), "B": codes(9, 1)}
    before, after = stretches(row, everyone, "A", CONFIG)
    assert [told(m) for s in (before, after) for m in s.conversation.messages] == [["Hello"], ["", "Well", ""]]
    assert after.first_step == step_of(2.0, CONFIG) - 1
    assert len(stretches(row, everyone, "A", CONFIG, harmless=False)) == 1


def test_tokens_that_saw_nothing_and_tokens_that_are_missing() -> None:
    row = {"turns": [turn("A", ("I", 0.1, 0.3), ("see", 0.7, 0.9))]}
    blind = codes(2, 0)
    blind["face"][0] = -1
    (stretch,) = stretches(row, {"A": blind}, "A", CONFIG)
    steps = stretch.conversation.messages[0].steps
    assert [step.holder.codes for step in steps] == [((), (0,)), ((2, 1), (1,)), NOTHING]


@pytest.mark.parametrize("turns", [[], [turn("A", ("word", 0.0, 0.1), harmful=True)]])
def test_nothing_harmless_is_no_conversation(turns: list[dict[str, Any]]) -> None:
    assert stretches({"turns": turns}, {"A": codes(3, 0)}, "A", CONFIG) == ()


def test_words_with_blanks_are_several() -> None:
    row = {"turns": [turn("A", ("New  York", 0.0, 0.5))]}
    (stretch,) = stretches(row, {}, "A", CONFIG)
    assert stretch.conversation.messages[0].steps[0].holder.words == ("New", "York")
