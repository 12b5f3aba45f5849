"""Conversations on the grid of frames: whose words when, and motion where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from untrained import untrained

from nonverbal.chat.reel import motion_of, reel_of, timed
from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.store import Mars
from nonverbal.mars.stream import Conversation, Message, Side, Step
from nonverbal.motion.skeleton import resting_body
from nonverbal.verdicts import UserError

NOBODY = ((), ())


def seen(*words: str, code: int = 3) -> Side:
    return Side(words, ((code, 1), (code, 2)))


def test_words_stand_at_their_steps_on_both_sides(mars: Mars) -> None:
    heard = Message("user", (Step(Side((), NOBODY), seen()), Step(Side(("Hi", "you"), NOBODY), seen("mm"))))
    told = Message("assistant", (Step(seen("Yes."), Side(("ok",), NOBODY)), Step(seen())))
    reel = reel_of(Conversation((heard, told)), mars.tokenizers, mars.vocabulary.config)
    assert reel.n_frames == 4 * 8
    assert [(w.word, round(w.start_s, 2)) for w in reel.own] == [("mm", 0.32), ("Yes.", 0.64)]
    assert [(w.word, round(w.start_s, 2)) for w in reel.partner] == [("Hi", 0.32), ("you", 0.48), ("ok", 0.64)]


def test_motion_is_that_of_the_models_own_side(mars: Mars) -> None:
    steps = (Step(seen(code=5), seen(code=7)), Step(seen(code=5), seen(code=8)))
    config = mars.vocabulary.config
    reel = reel_of(Conversation((Message("user", steps),)), mars.tokenizers, config)
    assert np.array_equal(reel.body, mars.tokenizers["body"].decode(np.array([[7, 2], [8, 2]]), 16))
    face = mars.tokenizers["face"].decode(np.array([[7, 1], [8, 1]]), 16)
    assert face.min() < 0  # so that the next line checks something
    assert np.array_equal(reel.face, np.clip(face, 0, 1))


def test_who_is_never_told_of_sits_still(mars: Mars) -> None:
    face, body = motion_of([None, Side((), NOBODY)], mars.tokenizers, mars.vocabulary.config)
    assert not face.any()
    assert np.array_equal(body, np.tile(resting_body(), (16, 1)))
    empty = reel_of(Conversation(()), mars.tokenizers, mars.vocabulary.config)
    assert (empty.n_frames, empty.own) == (0, ())


def test_text_without_time_is_read_out(mars: Mars) -> None:
    message = timed(Message("user", text="one two three four"), mars.vocabulary.config)
    assert [step.holder.words for step in message.steps] == [("one",), ("two",), ("three",), ("four",)]
    assert timed(Message("user", text=" "), mars.vocabulary.config).steps == ()


def test_words_that_cannot_be_read_are_cleaned(mars: Mars) -> None:
    told = Message("assistant", (Step(seen("a\x1b[31mb", "\x07", "c")),))
    reel = reel_of(Conversation((told,)), mars.tokenizers, mars.vocabulary.config)
    assert [w.word for w in reel.own] == ["a [31mb", "c"]


def test_a_missing_tokenizer_and_foreign_spaces_are_told(mars: Mars) -> None:
    with pytest.raises(UserError, match="no tokenizer of the body: got those of face"):
        motion_of([seen()], {"face": mars.tokenizers["face"]}, mars.vocabulary.config)
    with pytest.raises(UserError, match="flame53, expected arkit52 and smplx117"):
        motion_of([None], {"face": untrained("flame53", 0)}, StreamConfig((PartVocab("face", 16, 2),)))
