"""A live conversation: what is remembered equals the whole read anew, whatever happens in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from talkers import CONFIGS, IDS, model_of, partner

from nonverbal.mars.config import StreamConfig
from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.session import Session
from nonverbal.mars.stream import Conversation, Message, Side, Step, encode
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

Make = Callable[[StreamConfig], Vocabulary]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=IDS)


def session_of(make: Make, config: StreamConfig, kind: str = "llama", seed: int = 1, **more: int) -> Session:
    vocabulary = make(config)
    return Session(
        model_of(vocabulary, kind), vocabulary, SamplingConfig(max_steps=3, max_words_per_step=1, seed=seed), **more
    )


def check(session: Session, model: torch.nn.Module) -> None:
    """What the session remembers is what the model makes of the whole stream."""
    with torch.inference_mode():
        whole = model(input_ids=torch.tensor([session.ids])).logits[:, -1]
    torch.testing.assert_close(session._history.logits(), whole, atol=2e-4, rtol=1e-4)


@every_config
@pytest.mark.parametrize("kind", ["llama", "gemma3"])
def test_memory_equals_the_whole_read_anew(make_vocabulary: Make, config: StreamConfig, kind: str) -> None:
    session = session_of(make_vocabulary, config, kind)
    model, sides = session._history._model, partner(config, 4)
    session.hear(Message("user", tuple(Step(side) for side in sides)))
    check(session, model)
    said = list(session.reply())
    check(session, model)
    own = [session.listen(side) for side in sides]
    check(session, model)
    session.end_partner_turn()
    given = list(session.reply([["I", "was"], [], ["just"]]))
    check(session, model)
    messages = session.conversation.messages
    assert [m.role for m in messages] == ["user", "assistant", "user", "assistant"]
    assert messages[1].steps == tuple(said)
    assert messages[2].steps == tuple(Step(a, b) for a, b in zip(sides, own, strict=True))
    assert messages[3].steps == tuple(given)
    assert [step.holder.words for step in given] == [("I", "was"), (), ("just",)]


@pytest.mark.parametrize("config", CONFIGS[::3], ids=IDS[::3])
def test_equal_seeds_give_equal_turns(make_vocabulary: Make, config: StreamConfig) -> None:
    def turn(seed: int) -> list[Step]:
        session = session_of(make_vocabulary, config, seed=seed)
        session.hear(Message("user", text="How are you?"))
        return [step for _ in range(2) for step in session.reply()]

    assert turn(1) == turn(1)
    assert turn(1) != turn(2)


@every_config
def test_an_interrupted_turn_ends_after_the_last_step_given(make_vocabulary: Make, config: StreamConfig) -> None:
    session = session_of(make_vocabulary, config)
    turn = session.reply([["I"], ["was"], ["just"]])
    first = [next(turn), next(turn)]
    turn.close()
    assert session.conversation.messages == (Message("assistant", tuple(first)),)
    broken = session.reply([["Really?"], ["No."]])
    second = [next(broken)]
    session.listen(partner(config, 3)[2])  # the partner breaks in
    assert list(broken) == []
    session.end_partner_turn()
    third = session.reply([["Yes."], ["no"]])
    kept = [next(third)]
    session.hear(Message("user", text="Stop!"))
    assert list(third) == []
    messages = session.conversation.messages
    assert [m.role for m in messages] == ["assistant", "assistant", "user", "assistant", "user"]
    assert [list(messages[i].steps) for i in (0, 1, 3)] == [first, second, kept]
    assert all(m.closed for m in messages)
    check(session, session._history._model)


def test_a_step_broken_off_inside_leaves_no_trace(make_vocabulary: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_of(make_vocabulary, CONFIGS[0])
    turn = session.reply()
    first = next(turn)
    walk, calls = session._walk, iter(range(9))

    def interrupted(ids: list[int]) -> None:
        if next(calls) == 2:
            raise KeyboardInterrupt
        walk(ids)

    monkeypatch.setattr(session, "_walk", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(turn)
    monkeypatch.undo()
    assert session.conversation.messages == (Message("assistant", (first,)),)
    check(session, session._history._model)
    list(session.reply())
    check(session, session._history._model)


@every_config
def test_words_are_asked_for_one_step_at_a_time(make_vocabulary: Make, config: StreamConfig) -> None:
    asked: list[int] = []

    def script() -> Iterator[list[str]]:
        for i in range(3):
            asked.append(i)
            yield [f"w{i}"]

    turn = session_of(make_vocabulary, config).reply(script())
    for i in range(3):
        assert next(turn).holder.words == (f"w{i}",)
        assert asked == list(range(i + 1))


def test_own_words_while_listening(make_vocabulary: Make) -> None:
    for config in CONFIGS[:5]:
        session = session_of(make_vocabulary, config)
        own = [
            session.listen(side, words) for side, words in zip(partner(config, 3), (["oh"], [], ["yeah"]), strict=True)
        ]
        assert [side.words for side in own if side] == [("oh",), (), ("yeah",)]
        assert [step.listener for step in session.conversation.messages[0].steps] == own


def test_a_listener_who_is_never_told_gives_nothing(make_vocabulary: Make) -> None:
    config = StreamConfig(CONFIGS[0].parts, listener=False, partner_motion=False)
    session = session_of(make_vocabulary, config)
    side = partner(config, 3)[2]
    assert session.listen(side) is None
    assert session.listen(side, ["oh"]) == Side(("oh",), ((), ()))
    assert [step.holder for step in session.conversation.messages[0].steps] == [Side(side.words, ((), ()))] * 2


@pytest.mark.parametrize("config", CONFIGS[::3], ids=IDS[::3])
def test_the_oldest_goes_when_the_context_is_full(make_vocabulary: Make, config: StreamConfig) -> None:
    session = session_of(make_vocabulary, config, context=160)
    for i in range(8):
        session.hear(Message("user", text=f"Turn {i}. How are you?"))
        said = list(session.reply([["I"], ["was"], [], ["just"]]))
        assert len(session.ids) <= 160
        assert session.conversation.system == "You talk."
        assert session.conversation.messages[-1].steps == tuple(said)
    texts = [m.text for m in session.conversation.messages if m.text]
    assert texts[-1].startswith("Turn 7")
    assert not any(text.startswith("Turn 0") for text in texts)
    check(session, session._history._model)
    for side in partner(config, 30):  # one turn longer than the context
        session.listen(side)
    assert len(session.ids) <= 160
    assert len(session.conversation.messages) == 1
    check(session, session._history._model)
    with pytest.raises(UserError, match="do not fit into the 160"):
        session.hear(Message("user", text="How are you? " * 60))
    list(session.reply())


def test_of_a_long_message_the_newest_steps_are_kept(make_vocabulary: Make) -> None:
    session = session_of(make_vocabulary, CONFIGS[0], context=200)
    steps = tuple(Step(side) for side in partner(CONFIGS[0], 60))
    session.hear(Message("user", steps))
    (message,) = session.conversation.messages
    assert 1 < len(message.steps) < 60
    assert message.steps == steps[-len(message.steps) :]
    list(session.reply([["I"]]))
    assert len(session.ids) <= 200
    check(session, session._history._model)


def test_only_new_tokens_are_read(make_vocabulary: Make) -> None:
    session = session_of(make_vocabulary, CONFIGS[0])
    model, read = session._history._model, []
    model.register_forward_pre_hook(lambda _, __, kwargs: read.append(kwargs["input_ids"].shape[1]), with_kwargs=True)
    session.hear(Message("user", text="How are you?"))
    for _ in session.reply([["I"], ["was"]]):
        pass
    session.listen(partner(CONFIGS[0], 2)[1])
    session.end_partner_turn()
    assert sum(read) == len(session.ids)


def test_what_the_partner_did_not_say_is_refused(make_vocabulary: Make) -> None:
    session = session_of(make_vocabulary, CONFIGS[0])
    with pytest.raises(UserError, match="expected user"):
        session.hear(Message("assistant", text="I?"))
    with pytest.raises(UserError, match="without blanks"):
        list(session.reply([["two words"]]))
    with pytest.raises(UserError, match="shorten the system prompt"):
        session_of(make_vocabulary, CONFIGS[0], context=10)
    assert session.conversation == Conversation((), "You talk.")
    assert list(session.ids) == encode(session.conversation, make_vocabulary(CONFIGS[0])).ids.tolist()
