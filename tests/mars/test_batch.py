"""Turns side by side: each is what it would be alone, and every one parses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from talkers import CONFIGS, IDS, model_of, partner, prompts

from nonverbal.mars.batch import listen, perform
from nonverbal.mars.config import StreamConfig
from nonverbal.mars.sampling import Draw, SamplingConfig
from nonverbal.mars.session import Session
from nonverbal.mars.stream import Conversation, Message, Step, decode, encode
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

Make = Callable[[StreamConfig], Vocabulary]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=IDS)
N = 5


def alone(model, vocabulary: Vocabulary, sampling: SamplingConfig, i: int) -> Session:
    """A session that has heard prompt i."""
    session = Session(model, vocabulary, sampling)
    for message in decode(prompts(vocabulary, N)[i].ids, vocabulary).messages:
        session.hear(message)
    return session


@every_config
def test_rows_are_what_they_are_alone(make_vocabulary: Make, config: StreamConfig) -> None:
    vocabulary = make_vocabulary(config)
    model, sampling = model_of(vocabulary), SamplingConfig(max_steps=3, max_words_per_step=1, greedy=True)
    scripts = [[["I", "was"], [], ["just"]][: i % 3 + 1] for i in range(N)]
    free = perform(model, vocabulary, prompts(vocabulary, N), None, sampling, rows=3)
    given = perform(model, vocabulary, prompts(vocabulary, N), scripts, sampling, rows=3)
    partners = [partner(config, i + 1) for i in range(N)]
    heard = listen(model, vocabulary, prompts(vocabulary, N), partners, None, sampling, rows=3)
    for i in range(N):
        assert free[i].steps == tuple(alone(model, vocabulary, sampling, i).reply())
        assert given[i].steps == tuple(alone(model, vocabulary, sampling, i).reply(scripts[i]))
        assert [list(step.holder.words) for step in given[i].steps] == scripts[i]
        session = alone(model, vocabulary, sampling, i)
        steps = tuple(Step(side, session.listen(side, ())) for side in partners[i])
        assert heard[i] == Message("user", steps)


@every_config
def test_a_row_does_not_depend_on_its_neighbours(make_vocabulary: Make, config: StreamConfig) -> None:
    vocabulary = make_vocabulary(config)
    model, sampling = model_of(vocabulary), SamplingConfig(max_steps=3, max_words_per_step=1, seed=5)
    streams = prompts(vocabulary, N)
    together = perform(model, vocabulary, streams, None, sampling)
    assert together == perform(model, vocabulary, streams, None, sampling, rows=2)
    assert together[0].steps == tuple(alone(model, vocabulary, sampling, 0).reply())
    assert together != perform(model, vocabulary, streams, None, replace(sampling, seed=6))


def parse_share(vocabulary: Vocabulary, turns: list[Message]) -> float:
    """The share of turns that have steps, and that encoding and decoding leaves as they are."""
    found = 0
    for turn in turns:
        stream = encode(Conversation((turn,)), vocabulary)
        found += bool(turn.steps) and turn.closed and decode(stream.ids, vocabulary).messages == (turn,)
    return found / len(turns)


@every_config
def test_every_turn_parses(make_vocabulary: Make, config: StreamConfig) -> None:
    vocabulary = make_vocabulary(config)
    sampling = SamplingConfig(*[Draw(2.0, 1.0)] * 3, max_steps=5, max_words_per_step=1)
    turns = perform(model_of(vocabulary), vocabulary, prompts(vocabulary, 4) * 4, None, sampling)
    assert parse_share(vocabulary, turns) == 1
    assert max(len(turn.steps) for turn in turns) <= 5


@pytest.mark.slow
@pytest.mark.parametrize("config", [CONFIGS[0], CONFIGS[3]], ids=[IDS[0], IDS[3]])
def test_a_thousand_turns_parse(make_vocabulary: Make, config: StreamConfig) -> None:
    vocabulary = make_vocabulary(config)
    streams = [prompts(vocabulary, 6)[i % 6] for i in range(1000)]
    turns = perform(
        model_of(vocabulary), vocabulary, streams, None, SamplingConfig(max_steps=12, max_words_per_step=2), rows=250
    )
    assert len(turns) == 1000
    assert parse_share(vocabulary, turns) == 1


def test_a_step_has_no_more_words_than_asked(make_vocabulary: Make) -> None:
    config = CONFIGS[0]
    vocabulary = make_vocabulary(config)
    model = model_of(vocabulary)
    model.get_output_embeddings().weight.data[vocabulary.kinds != 0] = 0  # hardly anything but text
    model.get_output_embeddings().weight.data[vocabulary.kinds == 0] *= 3
    sampling = SamplingConfig(max_steps=2, max_words_per_step=2)
    turns = perform(model, vocabulary, prompts(vocabulary, 4), None, sampling)
    texts = [step.holder.words for turn in turns for step in turn.steps]
    assert 1 <= max(map(len, texts)) <= 16  # a byte such as a line end begins a word too; tokens are bounded
    more = perform(model, vocabulary, prompts(vocabulary, 4), None, replace(sampling, max_words_per_step=6))
    assert sum(map(len, texts)) < sum(len(step.holder.words) for turn in more for step in turn.steps)


def test_long_prompts_lose_their_oldest_messages(make_vocabulary: Make) -> None:
    config = CONFIGS[0]
    vocabulary = make_vocabulary(config)
    model, sampling = model_of(vocabulary), SamplingConfig(max_steps=3, greedy=True)
    talk = [Message("user" if i % 2 else "assistant", text=f"Turn {i}. How are you?") for i in range(40)]
    whole = encode(Conversation(tuple(talk), config.system), vocabulary)
    model.config.max_position_embeddings = len(whole) // 2
    short = encode(Conversation(tuple(talk[-6:]), config.system), vocabulary)
    long, cut = perform(model, vocabulary, [whole.ids, short], None, sampling)
    assert long.steps
    assert cut.steps
    model.config.max_position_embeddings = 40
    with pytest.raises(UserError, match="its last message does not fit"):
        perform(model, vocabulary, [encode(Conversation((Message("user", text="a b " * 60),)), vocabulary)])


def test_lengths_that_do_not_fit_are_told(make_vocabulary: Make) -> None:
    vocabulary = make_vocabulary(CONFIGS[0])
    model, streams = model_of(vocabulary), prompts(vocabulary, 2)
    with pytest.raises(UserError, match="scripts: got 1, expected"):
        perform(model, vocabulary, streams, [[["I"]]])
    with pytest.raises(UserError, match="partners: got 1, expected"):
        listen(model, vocabulary, streams, [partner(CONFIGS[0], 2)])
    deaf = make_vocabulary(StreamConfig(CONFIGS[0].parts, listener=False))
    with pytest.raises(UserError, match="train one with listener"):
        listen(model, deaf, [], [])
    with pytest.raises(UserError, match="token 0: got the id"):
        perform(model, vocabulary, [np.array([vocabulary.size])])
    assert perform(model, vocabulary, []) == []
