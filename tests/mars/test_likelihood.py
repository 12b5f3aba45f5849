"""Likelihood: against a plain loop, a model that knows nothing, and a hand-made sum."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from small_training import small, talk

from nonverbal.mars.config import StreamConfig
from nonverbal.mars.likelihood import END_GROUP, likelihood, score, token_groups
from nonverbal.mars.signs import FIRST_PART, TEXT
from nonverbal.mars.stream import encode


def test_it_is_that_of_a_plain_loop() -> None:
    model, vocabulary = small()
    streams = [encode(talk(seed), vocabulary) for seed in range(2)]
    found = likelihood(model, vocabulary, streams, 2048, 1024)
    sums: dict[str, list[float]] = {}
    for stream in streams:
        with torch.inference_mode():
            logits = model(input_ids=torch.from_numpy(stream.ids.astype(np.int64))[None]).logits[0].double()
        for i, token in enumerate(stream.ids.tolist()):
            if not stream.response[i]:
                continue
            row = logits[i - 1]
            kind = int(vocabulary.kinds[token])
            level = (token - vocabulary.first_id(0, 0)) // 8 if kind == FIRST_PART else 0
            name = {TEXT: "text", FIRST_PART: f"face level {level}", FIRST_PART + 1: "body level 0"}.get(
                kind, END_GROUP
            )
            loss = float(torch.logsumexp(row, 0) - row[token])
            sums.setdefault(name, []).append(loss)
            sums.setdefault(f"{name} hits", []).append(float(int(row.argmax()) == token))
    assert set(found) == {name for name in sums if not name.endswith("hits")} | {"all"}
    assert {"text", "face level 0", "face level 1", "body level 0", END_GROUP} < set(found)
    for name in set(found) - {"all"}:
        assert found[name].tokens == len(sums[name])
        assert found[name].nll == pytest.approx(np.mean(sums[name]), rel=1e-5)
        assert found[name].accuracy == pytest.approx(np.mean(sums[f"{name} hits"]))
    assert found["all"].tokens == sum(int(stream.response.sum()) for stream in streams)
    assert found["text"].perplexity == pytest.approx(math.exp(found["text"].nll))


def test_a_model_that_knows_nothing_gives_every_token_the_same_chance() -> None:
    model, vocabulary = small()
    model.get_output_embeddings().weight.data.zero_()
    found = likelihood(model, vocabulary, [encode(talk(0), vocabulary)], 200, 100)
    assert found["all"].perplexity == pytest.approx(vocabulary.size, rel=1e-5)


def test_windows_change_what_is_known_but_not_what_is_asked() -> None:
    model, vocabulary = small()
    streams = [encode(talk(3), vocabulary)]
    whole, cut = likelihood(model, vocabulary, streams, 2048, 1024), likelihood(model, vocabulary, streams, 80, 40)
    assert {name: one.tokens for name, one in whole.items()} == {name: one.tokens for name, one in cut.items()}
    assert whole["all"].nll != cut["all"].nll
    assert whole["all"].nll == pytest.approx(cut["all"].nll, rel=0.1)


def test_a_token_is_told_by_what_comes_before_it_alone() -> None:
    model, vocabulary = small()
    ids = encode(talk(2), vocabulary).ids
    wanted = np.zeros(len(ids), bool)
    wanted[[5, 20, 40]] = True
    other = ids.copy()
    other[41:] = other[41:][::-1]
    first, second = score(model, ids, wanted), score(model, other, wanted)
    assert np.allclose(first.log_p, second.log_p)
    assert (first.log_p[wanted] < 0).all()
    assert not first.log_p[~wanted].any()


def test_text_alone_has_text_and_ends() -> None:
    model, vocabulary = small(stream=StreamConfig(()))
    found = likelihood(model, vocabulary, [encode(talk(0, stream=vocabulary.config), vocabulary)])
    assert set(found) == {"text", END_GROUP, "all"}
    assert sum(map(len, token_groups(small()[1]).values())) < small()[1].size
