"""Turns of a chat: what the model remembers and what is kept are the same, whoever breaks off what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from nonverbal.chat.exchange import Exchange
from nonverbal.chat.partner import Partner
from nonverbal.chat.typed import Typed
from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.session import Session
from nonverbal.mars.store import Mars
from nonverbal.mars.stream import Side, decode, encode

HELLO = Typed("Hello, are you there?", "smiling")


def exchange(mars: Mars, seed: int = 1, seen: str = "acted") -> Exchange:
    partner = Partner(mars.tokenizers, mars.vocabulary.config, seen, seed)  # type: ignore[arg-type]
    return Exchange(mars, partner, SamplingConfig(max_steps=4, max_words_per_step=1, seed=seed))


def answer(chat: Exchange) -> list[str]:
    with closing(chat.reply()) as coming:
        return [word for shown in coming for word in shown.words]


def remembered(chat: Exchange) -> None:
    """The model's own memory is a whole conversation, and the one that was kept."""
    assert chat._session.conversation == chat.conversation
    stream = encode(chat.conversation, chat._mars.vocabulary)
    assert decode(stream.ids, chat._mars.vocabulary) == chat.conversation


def test_turns_are_kept_as_the_model_lived_them(mars: Mars) -> None:
    chat = exchange(mars)
    for _ in range(2):
        chat.hear(HELLO)
        words = answer(chat)
    assert [message.role for message in chat.messages] == ["user", "assistant"] * 2
    assert all(step.listener is not None for step in chat.messages[0].steps)
    assert [word for step in chat.messages[-1].steps for word in step.holder.words] == words
    assert chat.pace.steps == len(chat.messages[-1].steps)
    assert chat.pace.heard_s > 0
    assert 0 < chat.pace.first_s <= chat.pace.wall_s
    remembered(chat)


def test_equal_seeds_give_equal_answers(mars: Mars) -> None:
    def told(seed: int) -> tuple[str, list[str]]:
        chat = exchange(mars, seed)
        return chat.hear(HELLO), answer(chat)

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_an_answer_broken_off_ends_after_what_was_seen(mars: Mars) -> None:
    chat = exchange(mars)
    chat.hear(HELLO)
    coming = chat.reply()
    next(coming)
    next(coming)
    coming.close()
    assert len(chat.messages[-1].steps) == 2
    chat.hear(HELLO)
    answer(chat)
    remembered(chat)


def test_an_answer_broken_off_before_its_first_step_never_was(mars: Mars, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = exchange(mars)
    chat.hear(HELLO)
    with monkeypatch.context() as patch:
        patch.setattr("nonverbal.mars.history.History.logits", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            answer(chat)
    assert [message.role for message in chat.messages] == ["user"]
    chat.hear(HELLO)
    answer(chat)
    assert [message.role for message in chat.messages] == ["user", "user", "assistant"]
    remembered(chat)


def test_listening_broken_off_keeps_what_was_heard(mars: Mars, monkeypatch: pytest.MonkeyPatch) -> None:
    chat, listen, turns = exchange(mars), Session.listen, iter(range(9))

    def listen_twice(session: Session, side: Side) -> Side | None:
        if next(turns) == 2:
            raise KeyboardInterrupt
        return listen(session, side)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "listen", listen_twice)
        with pytest.raises(KeyboardInterrupt):
            chat.hear(HELLO)
    assert len(chat.messages[0].steps) == 2
    answer(chat)
    remembered(chat)


def test_text_alone_goes_in_whole(mars: Mars) -> None:
    chat = exchange(mars, seen="text")
    assert chat.hear(Typed("Hello.")) == ""
    answer(chat)
    assert chat.described(chat.messages[0]) == "Hello."
    remembered(chat)


def test_a_reset_forgets(mars: Mars) -> None:
    chat = exchange(mars)
    first = chat.hear(HELLO), answer(chat)
    chat.reset()
    assert chat.messages == []
    assert (chat.hear(HELLO), answer(chat)) == first


def test_a_long_chat_goes_on_after_the_model_forgot_its_beginning(mars: Mars) -> None:
    chat = exchange(mars)
    for _ in range(5):  # more than the 512 tokens that the model holds
        chat.hear(Typed("I have so much to tell you today, have you got time?"))
        answer(chat)
    assert len(chat.messages) == 10
    kept = chat._session.conversation.messages
    assert 0 < len(kept) < 10
    assert kept[1:] == tuple(chat.messages[-len(kept) + 1 :])


def _interrupt(*_: object) -> Iterator[None]:
    raise KeyboardInterrupt
