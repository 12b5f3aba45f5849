"""Small talk as it is written, and talk as words alone."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

from nonverbal.fitting.chat_script import blocks, careless_text, write_small_talk
from nonverbal.fitting.chat_talks import WORDS_ALONE, scripts, typed_conversations, words_alone
from nonverbal.mars.chat_format import chat_format
from nonverbal.mars.config import StreamConfig
from nonverbal.mars.examples import SPOKEN
from nonverbal.mars.stream import Conversation, decode
from nonverbal.mars.text import text_codec
from nonverbal.mars.tiny import TinyConfig, tiny_tokenizer
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.studio.script.desk import Desk
from nonverbal.studio.script.grammar import Scope, word_it
from nonverbal.studio.script.topics import all_topics, shared_pools
from nonverbal.studio.talk import ACTS, Line


def line(who: str, text: str, act: str = "tell") -> Line:
    return Line(who, text, act, 0.0, 0.3)  # type: ignore[arg-type]


def every_template() -> list[str]:
    return [words for b in blocks() for _, words in b.sayings] + [a.text for b in blocks() for a in b.answers]


def test_every_template_can_be_worded_and_leaves_no_sign_of_the_notation() -> None:
    rng = np.random.default_rng(0)
    desk = Desk(rng)
    for topic in all_topics()[:3]:
        for template in every_template():
            scope = Scope(topic.pools, {"host": "Anna", "host2": "Ben"})
            text = word_it(template, scope, rng).text
            assert not re.search(r"[\[\]{}<>|*@]| [.?!,]|  ", text), f"{template!r} became {text!r}"
    assert desk.lines == []


def test_every_block_says_something_answers_it_and_is_followed_by_one_there_is() -> None:
    names = {block.name for block in blocks()}
    for block in blocks():
        assert block.sayings
        assert block.answers
        assert all(act in ACTS for act, _ in block.sayings)
        assert {answer.following for answer in block.answers} <= names | {""}
    assert {"fine", "name", "about"} <= {answer.following for block in blocks() for answer in block.answers}


def test_small_talk_follows_from_the_seed_and_the_two_take_turns() -> None:
    one, same, another = (write_small_talk(np.random.default_rng(seed), 30.0) for seed in (1, 1, 2))
    assert one == same
    assert one != another
    spoken = [said for said in one if said.act not in ("laugh", "backchannel")]
    assert all(a.participant != b.participant for a, b in zip(spoken[::2], spoken[1::2], strict=False))


def test_an_answer_goes_to_the_name_that_was_told() -> None:
    names = "|".join(shared_pools()["host"])
    met = 0
    for seed in range(12):
        for said, answer in pairwise(write_small_talk(np.random.default_rng(seed), 5.0)):
            told = re.search(rf"(?:name is|I'm) ({names})\b", said.text, re.IGNORECASE)
            if told and (called := re.findall(names, answer.text)):
                met += 1
                assert called[0] == told[1].capitalize()
    assert met


@pytest.mark.parametrize(("text", "typed"), [("How are you?", "how are you"), ("Hi!", "hi"), ("...", "...")])
def test_careless_typing(text: str, typed: str) -> None:
    assert careless_text(text) == typed


def test_scripts_are_words_of_both_kinds_and_a_longer_run_begins_alike() -> None:
    short, long = (list(scripts(hours, 0.5, 5, 0.5)) for hours in (0.05, 0.1))
    assert long[: len(short)] == short
    assert len(long) == 12
    assert all(said.text and said.act != "backchannel" for script in long for said in script)


def test_a_script_is_lived_through_twice_and_turns_are_joined() -> None:
    lines = [line("A", "Hello."), line("A", "How are you?"), line("B", "Fine, thanks.")]
    as_a, as_b = typed_conversations(lines, np.random.default_rng(0), 0.0)
    assert [(m.role, m.text) for m in as_a.messages] == [
        ("assistant", "Hello. How are you?"),
        ("user", "Fine, thanks."),
    ]
    assert [(m.role, m.text) for m in as_b.messages] == [
        ("user", "Hello. How are you?"),
        ("assistant", "Fine, thanks."),
    ]
    assert as_a.system == as_b.system == WORDS_ALONE


def test_only_the_partner_types_carelessly() -> None:
    lines = [line("A", "Hello."), line("B", "Fine, thanks.")]
    for conversation in typed_conversations(lines, np.random.default_rng(0), 1.0):
        for message in conversation.messages:
            assert (message.text == message.text.lower()) == (message.role == "user")


def vocabulary_of(texts: list[str]) -> Vocabulary:
    tokenizer = tiny_tokenizer(texts, TinyConfig(vocabulary=300))
    return Vocabulary(StreamConfig(parts=(), system=""), text_codec(tokenizer), chat_format(tokenizer), len(tokenizer))


def test_words_alone_teach_the_models_own_words_and_ends_and_nothing_of_the_partners() -> None:
    lines = [line("A", "Hello there."), line("B", "Fine, thanks.")]
    vocabulary = vocabulary_of([one.text for one in lines] * 3)
    examples = words_alone([lines], vocabulary, 0, 0.0)
    (begin, first, last), _ = examples.streams.tolist()
    end = int(examples.messages[last - 1, 1])
    found: Conversation = decode(examples.ids[begin:end], vocabulary)
    assert [(m.role, m.text) for m in found.messages] == [("assistant", "Hello there."), ("user", "Fine, thanks.")]
    own, partners = (examples.messages[first + i].tolist() for i in range(2))
    learnt = examples.ids[own[0] : own[1]][examples.marks[own[0] : own[1]] == SPOKEN]
    assert vocabulary.text.decode(learnt[:-1].tolist()) == "Hello there."
    assert learnt[-1] == vocabulary.format.end_id
    assert not examples.marks[partners[0] : partners[1]].any()


def test_words_alone_are_named_by_what_they_are() -> None:
    lines = [line("A", "Hello there."), line("B", "Fine, thanks.")]
    vocabulary = vocabulary_of([one.text for one in lines] * 3)
    names = {words_alone([some], vocabulary, 0, 0.0).origin for some in (lines, lines, lines[::-1])}
    assert len(names) == 2
