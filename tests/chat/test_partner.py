"""Typed words as somebody who is heard and seen."""

from __future__ import annotations

import pytest
from untrained import untrained

from nonverbal.chat.describe import directions
from nonverbal.chat.partner import Partner, _motion, _perform, _talk
from nonverbal.chat.reel import motion_of
from nonverbal.chat.typed import MANNERS, Typed
from nonverbal.mars.store import Mars
from nonverbal.mars.stream import Message
from nonverbal.verdicts import UserError


def partner(mars: Mars, seen: str = "acted", seed: int = 0) -> Partner:
    return Partner(mars.tokenizers, mars.vocabulary.config, seen, seed)  # type: ignore[arg-type]


def words(message: Message) -> list[str]:
    return [word for step in message.steps for word in step.holder.words]


@pytest.mark.parametrize("text", ["Do you know what time it is?", "well — :) 你好, it's 1984 !!!", "🙂"])
def test_all_words_come_in_order_with_time_and_motion(mars: Mars, text: str) -> None:
    message = partner(mars).message(Typed(text))
    assert words(message) == text.split()
    assert message.steps[0].holder.words == ()
    assert all(len(row) == 2 for step in message.steps for row in step.holder.codes)
    motion_of([step.holder for step in message.steps], mars.tokenizers, mars.vocabulary.config)


def test_long_sentences_take_longer(mars: Mars) -> None:
    short, long = (len(partner(mars).message(Typed("very " * n + "good.")).steps) for n in (1, 20))
    assert long > short + 10


def test_equal_lines_give_equal_messages_and_other_turns_others(mars: Mars) -> None:
    line = Typed("That is great, I knew that you would like it.", "smiling")
    one = partner(mars).message(line)
    assert one == partner(mars).message(line)
    assert one != partner(mars).message(line, 2)
    assert one != partner(mars, seed=1).message(line)


@pytest.mark.parametrize(
    ("manner", "shown"),
    [("angry", "frowns"), ("smiling", "smiles"), ("agreeing", "nods"), ("disagreeing", "shakes head")],
)
def test_manners_show(manner: str, shown: str) -> None:
    """Before the tokenizers; those of the tests know no faces. Habits are chance, so most of five times will do."""

    def told(manner: str, seed: int) -> str:
        talk = _talk(Typed("I have known that for a very long time.", manner), (seed, 0))
        motion = _motion(_perform(talk, seed, 0), slice(0, 90))
        return " ".join(d.text for d in directions(motion.face, motion.body))

    assert sum(shown in told(manner, seed) for seed in range(5)) >= 3
    assert sum(shown in told("calm", seed) for seed in range(5)) <= 1


def test_every_manner_can_be_acted(mars: Mars) -> None:
    for manner in MANNERS:
        assert words(partner(mars).message(Typed("Sure.", manner))) == ["Sure."]
    laugh = partner(mars).message(Typed("", "laughing"))
    assert words(laugh) == []
    assert laugh.steps


def test_who_is_unseen_has_words_in_time_only(mars: Mars) -> None:
    unseen, acted = (partner(mars, seen).message(Typed("Is it late?")) for seen in ("unseen", "acted"))
    assert [step.holder.words for step in unseen.steps] == [step.holder.words for step in acted.steps]
    assert not any(step.holder.seen for step in unseen.steps)
    assert all(step.holder.seen for step in acted.steps)


def test_text_alone_has_no_time(mars: Mars) -> None:
    assert partner(mars, "text").message(Typed("Is it late?")) == Message("user", text="Is it late?")


def test_a_manner_of_somebody_unseen_is_a_mistake(mars: Mars) -> None:
    with pytest.raises(UserError, match=r"\(angry\) cannot be seen with --partner unseen"):
        partner(mars, "unseen").message(Typed("Well?", "angry"))


def test_the_studio_acts_no_flame_faces(mars: Mars) -> None:
    with pytest.raises(UserError, match="of flame53, expected arkit52 and smplx117"):
        Partner({"face": untrained("flame53", 0)}, mars.vocabulary.config)
