"""Windows of streams: every token new in one of them, each of them a stream of its own."""

from __future__ import annotations

import numpy as np
import pytest
from small_training import STREAM, small, talk

from nonverbal.mars.stream import Conversation, Message, Side, Step, decode, encode
from nonverbal.mars.windows import past, windows
from nonverbal.verdicts import UserError


@pytest.mark.parametrize(("context", "fresh"), [(64, 20), (90, 60), (4096, 2048)])
def test_every_token_is_new_once_and_every_window_parses(context: int, fresh: int) -> None:
    _, vocabulary = small()
    for seed in range(4):
        stream = encode(talk(seed), vocabulary)
        counts = np.zeros(len(stream), int)
        for window in windows(stream, vocabulary, context, fresh):
            assert len(window) <= context
            assert len(window) - window.fresh <= fresh + stream.messages[0]
            known = window.origin >= 0
            assert np.array_equal(window.ids[known], stream.ids[window.origin[known]])
            counts[window.origin[window.fresh :]] += 1
            decode(window.ids, vocabulary)
        assert (counts == 1).all()
        if context < 4096:
            later = windows(stream, vocabulary, context, fresh)[1:]
            assert len(later) > 1
            longest = int(np.diff(np.concatenate([stream.steps, stream.messages[-1:]])).max())
            spare = longest + max(len(vocabulary.format.open(role)) for role in ("user", "assistant"))
            assert all(len(window) >= context - spare for window in later)  # as much of the past as whole steps allow


def test_a_window_that_begins_within_a_message_repeats_its_header() -> None:
    """Three steps of four tokens, of which one is new at a time and two fit besides."""
    _, vocabulary = small()
    side = Side((), ((1, 2), (3,)))
    conversation = Conversation((Message("assistant", (Step(side),) * 3),), STREAM.system)
    stream = encode(conversation, vocabulary)
    opening = list(vocabulary.format.open("assistant"))
    head = int(stream.messages[0])
    user = max(len(vocabulary.format.open(role)) for role in ("user", "assistant"))
    step = 3
    last = windows(stream, vocabulary, head + user + 2 * step + len(vocabulary.format.close("assistant")), step)[-1]
    assert last.ids[head : head + len(opening)].tolist() == opening
    assert (last.origin[head : head + len(opening)] == -1).all()
    assert len(decode(last.ids, vocabulary).messages[0].steps) < 3


def test_the_past_is_as_much_as_fits() -> None:
    _, vocabulary = small()
    stream = encode(talk(1), vocabulary)
    end = int(stream.messages[-3])
    whole, some = past(stream, vocabulary, end, 4096), past(stream, vocabulary, end, 80)
    assert np.array_equal(whole.ids, stream.ids[:end])
    assert len(some) <= 80
    assert len(some) > 60
    assert np.array_equal(some.ids[-30:], stream.ids[end - 30 : end])
    assert some.fresh == len(some)


def test_too_short_a_context_is_told() -> None:
    _, vocabulary = small()
    with pytest.raises(UserError, match="got 20 tokens, of which 15 fresh"):
        windows(encode(talk(0), vocabulary), vocabulary, 20, 15)
