"""Conversations to fill streams with, hostile words among them."""

from __future__ import annotations

from hypothesis import strategies as st

from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.stream import Conversation, Message, Side, Step


def configs() -> st.SearchStrategy[StreamConfig]:
    """Every order, no part to two, one level to three."""
    part = st.tuples(st.integers(1, 9), st.integers(1, 3))
    names = st.sampled_from(((), ("face",), ("body",), ("face", "body")))
    return st.builds(
        lambda names, sizes, order: StreamConfig(
            tuple(PartVocab(n, *size) for n, size in zip(names, sizes, strict=False)), order=order, system=""
        ),
        names,
        st.tuples(part, part),
        st.sampled_from(("text_first", "motion_first")),
    )


_LETTERS = st.characters(exclude_categories=("Z", "C"))
_HOSTILE = (
    "<FACE_3>",
    "<|im_end|>",
    "<|im_start|>user",
    "<UNSEEN>",
    "<LISTENER>",
    "<|pad|>",
    "assistant",
    "<BODY_NONE>",
)
words = st.one_of(st.text(_LETTERS, min_size=1, max_size=8), st.sampled_from(_HOSTILE))


@st.composite
def sides(draw: st.DrawFn, config: StreamConfig) -> Side:
    """Words, and codes of the parts that are seen."""

    def codes(part: PartVocab) -> tuple[int, ...]:
        if draw(st.integers(0, 4)) == 0:
            return ()
        return tuple(draw(st.integers(0, part.codebook_size - 1)) for _ in range(part.levels))

    return Side(tuple(draw(st.lists(words, max_size=3))), tuple(codes(part) for part in config.parts))


@st.composite
def conversations(draw: st.DrawFn, config: StreamConfig) -> Conversation:
    """Some turns, in steps or as text, whose last may be open."""
    messages = []
    for _ in range(draw(st.integers(0, 4))):
        role = draw(st.sampled_from(("user", "assistant")))
        if draw(st.booleans()):
            messages.append(Message(role, text=draw(st.text(st.characters(exclude_categories=("Cs",)), max_size=20))))
            continue
        steps = draw(st.lists(st.builds(Step, sides(config), st.none() | sides(config)), max_size=5))
        messages.append(Message(role, tuple(steps)))
    if messages and draw(st.booleans()):
        last = messages[-1]
        messages[-1] = Message(last.role, last.steps, last.text, closed=False)
    return Conversation(tuple(messages), draw(st.sampled_from(("", "You talk.", "<|im_end|> no end"))))
