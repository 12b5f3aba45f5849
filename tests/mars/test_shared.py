"""Conversations that share a model: each is given what it would be given alone."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import torch
from talkers import CONFIGS, model_of, partner
from transformers import Gemma2Config, Gemma2ForCausalLM

from nonverbal.mars.config import StreamConfig
from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.session import Session
from nonverbal.mars.shared import SharedReader
from nonverbal.mars.stream import Message, Side, Step
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

Make = Callable[[StreamConfig], Vocabulary]


def talk(session: Session, vocabulary: Vocabulary, number: int):
    """Some turns, as a generator that pauses: heard, listened to, answered."""
    sides = partner(vocabulary.config, 1 + number)
    yield from session.hearing(Message("user", text="How are you? " * (1 + 3 * (number % 2))))
    yield from session.replying()
    for side in sides:
        yield from session.listening(side)
    yield from session.ending()
    yield from session.replying()


def alone(session: Session, vocabulary: Vocabulary, number: int) -> tuple[int, ...]:
    for _ in talk(session, vocabulary, number):
        pass
    return session.ids


def together(sessions: list[Session], reader: SharedReader, vocabulary: Vocabulary) -> list[tuple[int, ...]]:
    """All talk at once; who comes late joins between two readings, and sometimes somebody sits one out."""
    rng = random.Random(1)
    waiting = [(s, talk(s, vocabulary, i)) for i, s in enumerate(sessions)]
    active: list[tuple[Session, object]] = []
    while waiting or active:
        if waiting and rng.random() < 0.3:
            active.append(waiting.pop(0))
        turn = [pair for pair in active if rng.random() < 0.8]
        for session, work in turn:
            if next(work, "over") == "over":
                active.remove((session, work))
        asking = [s.history for s, _ in active if s.history.unread]
        if asking:
            scores = reader.read([(h.memory, h.unread) for h in asking])
            for history, row in zip(asking, scores, strict=True):
                history.take(len(history.unread), row[None])
    return [session.ids for session in sessions]


@pytest.mark.parametrize("greedy", [True, False])
@pytest.mark.parametrize(("kind", "order"), [("llama", 0), ("qwen2", 2), ("gemma3", 3)])
def test_tokens_together_equal_those_alone(make_vocabulary: Make, kind: str, order: int, greedy: bool) -> None:
    vocabulary = make_vocabulary(CONFIGS[order])
    model = model_of(vocabulary, kind)
    reader = SharedReader(model)

    def sessions(shared: bool) -> list[Session]:
        found = []
        for seed in range(3):
            sampling = SamplingConfig(max_steps=2, max_words_per_step=1, seed=seed, greedy=greedy)
            found.append(Session(model, vocabulary, sampling, memory=reader.memory() if shared else None))
        return found

    expected = [alone(session, vocabulary, i) for i, session in enumerate(sessions(shared=False))]
    assert together(sessions(shared=True), reader, vocabulary) == expected
    assert [alone(s, vocabulary, i) for i, s in enumerate(sessions(shared=True))] == expected
    assert len(set(expected)) == 3


@pytest.mark.parametrize("kind", ["llama", "gemma3"])
def test_what_is_taken_back_and_dropped_is_forgotten(make_vocabulary: Make, kind: str) -> None:
    config = CONFIGS[0]
    vocabulary = make_vocabulary(config)
    model = model_of(vocabulary, kind)
    sampling = SamplingConfig(max_steps=4, max_words_per_step=1)
    session = Session(model, vocabulary, sampling, context=160, memory=SharedReader(model).memory())
    for number in range(4):
        for side in partner(config, 4):
            session.listen(side)
        session.end_partner_turn()
        coming = session.replying()
        for _ in range(3 + 5 * number):  # breaks off within a step
            next(coming, None)
        coming.close()
        with torch.inference_mode():
            whole = model(input_ids=torch.tensor([session.ids])).logits[:, -1]
        torch.testing.assert_close(session.history.logits(), whole, atol=2e-4, rtol=1e-4)
    assert len(session.ids) <= 160


def test_long_messages_may_be_read_in_pieces(make_vocabulary: Make) -> None:
    vocabulary = make_vocabulary(CONFIGS[0])
    for kind in ("llama", "gemma3"):
        model = model_of(vocabulary, kind)
        reader = SharedReader(model)
        session = Session(model, vocabulary, memory=reader.memory())
        session.recall(Message("user", tuple(Step(side) for side in partner(CONFIGS[0], 20))))
        history = session.history
        while history.unread:
            piece = history.unread[:7]
            history.take(len(piece), reader.read([(history.memory, piece)]))
        with torch.inference_mode():
            whole = model(input_ids=torch.tensor([session.ids])).logits[:, -1]
        torch.testing.assert_close(history.logits(), whole, atol=2e-4, rtol=1e-4)


def test_a_model_that_cannot_be_shared_is_refused() -> None:
    shape = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "head_dim": 8}
    model = Gemma2ForCausalLM(Gemma2Config(vocab_size=10, num_key_value_heads=1, **shape))
    with pytest.raises(UserError, match="gemma2"):
        SharedReader(model)


def test_an_open_message_goes_on(make_vocabulary: Make) -> None:
    """What was heard before is read at once, the rest is listened to; so long lines are answered soon."""
    for config in CONFIGS[::3]:
        vocabulary = make_vocabulary(config)
        session = Session(model_of(vocabulary), vocabulary, SamplingConfig(max_steps=2))
        sides = partner(config, 5)
        before = tuple(Step(side, Side((), config.unseen)) for side in sides[:3])
        session.recall(Message("user", before, closed=False))
        own = [session.listen(side) for side in sides[3:]]
        session.end_partner_turn()
        assert len(list(session.reply())) > 0
        heard, said = session.conversation.messages
        assert [step.holder for step in heard.steps] == sides
        assert [step.listener for step in heard.steps] == [*(s.listener for s in before), *own]
        assert heard.closed
        assert said.role == "assistant"


def test_memories_of_before_may_be_the_models_own(make_vocabulary: Make) -> None:
    vocabulary = make_vocabulary(CONFIGS[0])
    session = Session(model_of(vocabulary), vocabulary)
    messages = (
        Message("user", text="Hi there."),
        Message("assistant", text="Hello."),
        Message("user", text="And now?"),
    )
    for message in messages:
        session.recall(message)
    assert session.conversation.messages == messages
