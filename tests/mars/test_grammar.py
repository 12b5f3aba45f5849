"""What may follow what."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.grammar import Grammar
from nonverbal.mars.stream import Conversation, decode, encode
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

Make = Callable[[StreamConfig], Vocabulary]
PARTS = (PartVocab("face", 4, 2), PartVocab("body", 3))


def walk(grammar: Grammar, *classes: int) -> int:
    """The state after tokens of these classes, from a message's beginning."""
    state = grammar.begin
    for kind in classes:
        state = int(grammar.table[state, kind])
        assert state >= 0
    return state


@pytest.mark.parametrize("order", ["text_first", "motion_first"])
@pytest.mark.parametrize("parts", [(), PARTS[:1], PARTS])
def test_whatever_is_drawn_under_the_mask_parses(
    make_vocabulary: Make, order: str, parts: tuple[PartVocab, ...]
) -> None:
    vocabulary = make_vocabulary(StreamConfig(parts, order=order, system=""))  # type: ignore[arg-type]
    grammar, rng = vocabulary.grammar, np.random.default_rng(0)
    ends = set(vocabulary.format.open("assistant"))
    for _ in range(50):
        ids, state = list(vocabulary.format.open("assistant")), grammar.begin
        for _ in range(int(rng.integers(1, 60))):
            ids.append(int(rng.choice(np.flatnonzero(grammar.speech[state]))))
            state = grammar.step(state, ids[-1])
            if state == grammar.done:
                break
        while state not in grammar.whole and state != grammar.done:
            motion = grammar.speech[state].copy()
            motion[vocabulary.kinds == 0] = False
            ids.append(int(rng.choice(np.flatnonzero(motion))))
            state = grammar.step(state, ids[-1])
        if state == grammar.done:
            ids += vocabulary.format.close("assistant")[1:]
        (message,) = decode(ids, vocabulary).messages
        assert message.role == "assistant"
        assert len(ids) > len(ends)
        again = encode(Conversation((message,)), vocabulary)
        assert decode(again.ids, vocabulary).messages == (message,)


def test_a_model_says_nothing_of_not_being_seen(make_vocabulary: Make) -> None:
    vocabulary = make_vocabulary(StreamConfig(PARTS, system=""))
    said = vocabulary.grammar.speech.any(axis=0)
    assert not said[[vocabulary.unseen_id, vocabulary.listener_id, vocabulary.none_id(0), vocabulary.system_id]].any()
    assert said[vocabulary.format.end_id]
    assert not vocabulary.grammar.speech[vocabulary.grammar.begin, vocabulary.format.end_id]


def test_the_first_text_of_a_step_begins_a_word(make_vocabulary: Make) -> None:
    vocabulary = make_vocabulary(StreamConfig(PARTS, system=""))
    grammar = vocabulary.grammar
    piece, word = vocabulary.text.encode("w")[0], vocabulary.text.encode(" I")[0]
    assert grammar.speech[grammar.begin, word]
    assert not grammar.speech[grammar.begin, piece]
    assert grammar.speech[walk(grammar, grammar.TEXT), piece]
    assert grammar.allowed[grammar.begin, piece]


def test_the_documented_orders(make_vocabulary: Make) -> None:
    first = make_vocabulary(StreamConfig(PARTS, system="")).grammar
    motion = [first.code_class(0, 0), first.code_class(0, 1), first.code_class(1, 0)]
    step = walk(first, first.TEXT, *motion)
    assert step in first.complete
    assert step in first.whole
    both = walk(first, first.TEXT, *motion, first.LISTENER, first.TEXT, *motion)
    assert both == first.both
    assert first.table[both, first.LISTENER] < 0
    assert first.table[walk(first, *motion, first.TEXT), first.END] < 0, "words without their motion"
    last = make_vocabulary(StreamConfig(PARTS, order="motion_first", system="")).grammar
    assert last.table[walk(last, *motion, last.TEXT), last.END] == last.done
    assert last.table[walk(last, last.TEXT), last.END] == last.done, "text without steps"


def test_a_wrong_token_is_named_with_what_was_expected(make_vocabulary: Make) -> None:
    vocabulary = make_vocabulary(StreamConfig(PARTS, system=""))
    state = walk(vocabulary.grammar, vocabulary.grammar.code_class(0, 0))
    with pytest.raises(UserError, match=r"got <BODY_i> .*expected <FACE1_i>"):
        vocabulary.grammar.step(state, vocabulary.first_id(1, 0))
