"""The ids of a stream: a base model's own below, those of face, body and a few signs above.

0 .. base_size - 1    the base model's: text, and its chat format's control tokens
base_size             <UNSEEN> <LISTENER> <SYSTEM>
..                    <FACE_NONE> <FACE_0> <FACE_1> ... <FACE1_0> ... (levels after each other)
..                    <BODY_NONE> <BODY_0> ...
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nonverbal.mars.config import StreamConfig
from nonverbal.mars.grammar import Grammar
from nonverbal.mars.signs import CONTROL, FIRST_PART, LISTENER, SYSTEM, TEXT, UNSEEN, token_name
from nonverbal.verdicts import UserError

_SIGNS = (UNSEEN, LISTENER, SYSTEM)


class TextCodec(Protocol):
    """Text to the base model's ids and back; no text ever yields a control id."""

    @property
    def text_ids(self) -> frozenset[int]: ...
    def encode(self, text: str) -> list[int]: ...
    def decode(self, ids: Sequence[int]) -> str: ...


class ChatFormat(Protocol):
    """The control ids that a base model frames the messages of a conversation with."""

    @property
    def begin(self) -> tuple[int, ...]: ...
    @property
    def end_id(self) -> int: ...
    @property
    def system_in_user(self) -> bool: ...
    def open(self, role: str) -> tuple[int, ...]: ...
    def close(self, role: str) -> tuple[int, ...]: ...


class Vocabulary:
    """All ids of a stream.

    Attributes:
        config: which parts there are.
        text: the base model's text ids.
        format: how it frames messages.
        base_size: how many ids are the base model's.
        tokens: the names of the others, in the order of their ids.
        kinds: [size] uint8, `TEXT`, `CONTROL` or ``FIRST_PART + i``.
    """

    def __init__(self, config: StreamConfig, text: TextCodec, chat: ChatFormat, base_size: int) -> None:
        self.config = config
        self.text = text
        self.format = chat
        self.base_size = base_size
        names, kinds, self._none, self._first = list(_SIGNS), [CONTROL] * len(_SIGNS), [], []
        for i, part in enumerate(config.parts):
            self._none.append(base_size + len(names))
            names.append(f"<{part.part.upper()}_NONE>")
            for level in range(part.levels):
                self._first.append((i, level, base_size + len(names)))
                names += [token_name(part.part, level, code) for code in range(part.codebook_size)]
            kinds += [FIRST_PART + i] * (1 + part.levels * part.codebook_size)
        self.tokens = tuple(names)
        self.kinds: NDArray[np.uint8] = np.array([CONTROL] * base_size + kinds, np.uint8)
        self.kinds[sorted(text.text_ids)] = TEXT
        self._starts = {(i, level): first for i, level, first in self._first}

    @property
    def size(self) -> int:
        """How many ids there are."""
        return self.base_size + len(self.tokens)

    @property
    def unseen_id(self) -> int:
        """In place of all parts of somebody who is not seen."""
        return self.base_size + _SIGNS.index(UNSEEN)

    @property
    def listener_id(self) -> int:
        """What the one who does not hold the floor says and does follows."""
        return self.base_size + _SIGNS.index(LISTENER)

    @property
    def system_id(self) -> int:
        """Marks a system prompt in the formats that have no role for it."""
        return self.base_size + _SIGNS.index(SYSTEM)

    @property
    def system_frame(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The ids around a system prompt."""
        if self.format.system_in_user:
            return (*self.format.open("user"), self.system_id), self.format.close("user")
        return self.format.open("system"), self.format.close("system")

    @cached_property
    def grammar(self) -> Grammar:
        """What may follow what."""
        return Grammar(self)

    def none_id(self, part: int) -> int:
        """In place of the codes of one part, by its number, that is not seen."""
        return self._none[part]

    def first_id(self, part: int, level: int) -> int:
        """The id of code 0 of a level of a part, by its number; the others follow."""
        return self._starts[part, level]

    def check(self, ids: NDArray[np.integer]) -> None:
        """See that all ids are in the vocabulary.

        Raises:
            UserError: one is not.
        """
        wrong = np.flatnonzero((ids < 0) | (ids >= self.size))
        if len(wrong):
            raise UserError(
                f"token {wrong[0]}: got the id {ids[wrong[0]]}, expected 0 to {self.size - 1}; the stream belongs to "
                "another model or is damaged"
            )
