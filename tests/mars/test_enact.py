"""Motion to given words: the same alone and side by side, words untouched, codes as a plain loop draws them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_training import small, talk

from nonverbal.mars.enact import Play, enact, play_of
from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.signs import FIRST_PART
from nonverbal.mars.stream import decode, encode
from nonverbal.mars.windows import windows
from nonverbal.verdicts import UserError


def plays() -> tuple[list[Play], object, object]:
    model, vocabulary = small()
    model.get_output_embeddings().weight.data.mul_(8)  # choices far apart, so that rounding changes none
    found = []
    for seed in range(3):
        stream = encode(talk(seed), vocabulary)
        found += [play_of(w, stream, vocabulary, len(found)) for w in windows(stream, vocabulary, 120, 60)]
    return found, model, vocabulary


def test_only_own_codes_change_and_all_parses() -> None:
    given, model, vocabulary = plays()
    made = enact(model, vocabulary, given, SamplingConfig(seed=3))  # type: ignore[arg-type]
    changed = 0
    for play, ids in zip(given, made, strict=True):
        assert np.array_equal(ids[~play.drawn], play.ids[~play.drawn])
        assert np.array_equal(vocabulary.grammar.classes[ids], vocabulary.grammar.classes[play.ids])  # type: ignore[attr-defined]
        changed += int((ids != play.ids).sum())
        decode(ids, vocabulary)  # type: ignore[arg-type]
    assert changed > 100


def test_a_play_does_not_depend_on_what_stands_beside_it() -> None:
    given, model, vocabulary = plays()
    given = given[::3]
    together = enact(model, vocabulary, given, SamplingConfig(seed=1), batch=7)  # type: ignore[arg-type]
    alone = [enact(model, vocabulary, [play], SamplingConfig(seed=1))[0] for play in given]  # type: ignore[arg-type]
    assert all(np.array_equal(a, b) for a, b in zip(together, alone, strict=True))
    other = enact(model, vocabulary, given, SamplingConfig(seed=2), batch=7)  # type: ignore[arg-type]
    assert any(not np.array_equal(a, b) for a, b in zip(together, other, strict=True))


def test_greedy_codes_are_those_of_a_plain_loop() -> None:
    given, model, vocabulary = plays()
    play = max(given, key=lambda one: int(one.drawn.sum()))
    ids = play.ids.astype(np.int64)
    classes = vocabulary.grammar.classes  # type: ignore[attr-defined]
    for at in np.flatnonzero(play.drawn):
        with torch.inference_mode():
            row = model(input_ids=torch.from_numpy(ids[:at])[None]).logits[0, -1]  # type: ignore[operator]
        fitting = np.flatnonzero(classes == classes[play.ids[at]])
        ids[at] = fitting[int(row[torch.from_numpy(fitting)].argmax())]
    assert np.array_equal(enact(model, vocabulary, [play], SamplingConfig(greedy=True))[0], ids)  # type: ignore[arg-type]


def test_what_is_drawn_is_own_motion_in_the_fresh_part() -> None:
    _, vocabulary = small()
    stream = encode(talk(1), vocabulary)
    asked = np.zeros(len(stream), int)
    for window in windows(stream, vocabulary, 120, 60):
        asked[window.origin[play_of(window, stream, vocabulary, 0).drawn]] += 1
    motion = stream.response & (vocabulary.kinds[stream.ids] >= FIRST_PART)
    assert np.array_equal(asked, motion.astype(int))


def test_words_cannot_be_drawn() -> None:
    given, model, vocabulary = plays()
    play = given[0]
    with pytest.raises(UserError, match="no code of face or body"):
        enact(model, vocabulary, [Play(play.ids, np.arange(len(play.ids)) == 2, 0)], SamplingConfig())  # type: ignore[arg-type]
