"""What may follow what within a message, as a table: a small machine that reads, checks and constrains streams.

    text_first:    words, then each part's codes [, <LISTENER>, words, each part's codes]; a message's end after a step
    motion_first:  each part's codes, then words [, <LISTENER>, ...]

A message of text without steps has its end right after the text.

Example::

    grammar = vocabulary.grammar
    state = grammar.begin
    for token in tokens:
        state = grammar.step(state, token)      # UserError where the token may not stand
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nonverbal.mars.signs import LISTENER, TEXT, UNSEEN, token_name
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.mars.vocabulary import Vocabulary

_HOLDER, _LISTENER = "holder", "listener"


class Grammar:
    """The machine of one vocabulary.

    Classes of tokens: 0 what never stands within a message, 1 text, 2 the end, 3 `<UNSEEN>`, 4 `<LISTENER>`, then for
    each part `<.._NONE>` and each of its levels.

    Attributes:
        classes: [size] uint8, the class of each token.
        table: [states, classes] int16, the state that follows, -1 where a token of the class may not stand.
        names: what each state is.
        complete: the states right after the last token of somebody's motion.
        both: the one of them that comes after the listener's.
        whole: the states in which a message may end or pause.
    """

    OTHER, TEXT, END, UNSEEN, LISTENER, FIRST = range(6)

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._parts = vocabulary.config.parts
        self._class_names = ["no such token", "text", "the end of the message", UNSEEN, LISTENER]
        self._places: dict[int, tuple[int, int]] = {}
        self.classes = self._classes()
        self._numbers: dict[str, int] = {}
        rows = self._rows()
        self.names = tuple(self._numbers)
        self.both = self._numbers["both"]
        self.complete = frozenset((self._numbers["step"], self.both))
        self.whole = frozenset(self._numbers[name] for name in self.names if self.END in rows[name])
        self.table = np.full((len(self.names), len(self._class_names)), -1, np.int16)
        for name, follows in rows.items():
            for kind, target in follows.items():
                self.table[self._numbers[name], kind] = self._numbers[target]

    @property
    def begin(self) -> int:
        """The state after a message's header."""
        return self._numbers["first"]

    @property
    def done(self) -> int:
        """The state after a message's end."""
        return self._numbers["done"]

    @property
    def listening(self) -> int:
        """The state after `<LISTENER>`."""
        return self._numbers[_LISTENER]

    def none_class(self, part: int) -> int:
        """The class of the sign that a part, by its number, is not seen."""
        return self.FIRST + sum(p.levels + 1 for p in self._parts[:part])

    def code_class(self, part: int, level: int) -> int:
        """The class of the codes of one level of a part, by its number."""
        return self.none_class(part) + 1 + level

    def code_place(self, kind: int) -> tuple[int, int] | None:
        """Part and level, by their numbers, of a class of codes; None for the other classes."""
        return self._places.get(kind)

    def step(self, state: int, token: int) -> int:
        """The state after `token`.

        Raises:
            UserError: it may not stand here; the message says what may.
        """
        follows = int(self.table[state, self.classes[token]])
        if follows < 0:
            got = self._class_names[self.classes[token]]
            raise UserError(f"got {got} (id {token}), expected {self.expected(state)}")
        return follows

    def expected(self, state: int) -> str:
        """What may follow, in words."""
        kinds = np.flatnonzero(self.table[state] >= 0)
        return " or ".join(self._class_names[kind] for kind in kinds) or "nothing more"

    @cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """[states, size] which tokens may follow."""
        return np.asarray((self.table >= 0)[:, self.classes])

    @cached_property
    def speech(self) -> NDArray[np.bool_]:
        """[states, size] which tokens a model may say of itself: it is seen, and its words begin with a blank."""
        allowed = self.allowed.copy()
        hidden = [self.UNSEEN, self.LISTENER, *(self.none_class(i) for i in range(len(self._parts)))]
        allowed[:, np.isin(self.classes, hidden if self._parts else hidden[1:])] = False
        text_states = [self._numbers[name] for name in self.names if name.endswith("text")]
        fresh = np.setdiff1d(np.arange(len(self.names)), text_states)
        allowed[np.ix_(fresh, np.flatnonzero(~self.word_starts & (self.classes == self.TEXT)))] = False
        allowed[self.begin, self.vocabulary.format.end_id] = False
        return allowed

    @cached_property
    def word_starts(self) -> NDArray[np.bool_]:
        """[size] the text tokens that begin with a blank, and thus a new word."""
        text = self.vocabulary.text
        before = text.encode("a")
        base = np.flatnonzero(self.classes == self.TEXT)
        found = np.zeros(len(self.classes), np.bool_)
        found[[i for i in base if text.decode([*before, int(i)])[1:2] == " "]] = True
        return found

    def _classes(self) -> NDArray[np.uint8]:
        vocabulary = self.vocabulary
        classes = np.where(vocabulary.kinds == TEXT, self.TEXT, self.OTHER).astype(np.uint8)
        classes[vocabulary.format.end_id] = self.END
        classes[vocabulary.unseen_id] = self.UNSEEN
        classes[vocabulary.listener_id] = self.LISTENER
        for i, part in enumerate(self._parts):
            classes[vocabulary.none_id(i)] = self.none_class(i)
            self._class_names.append(f"<{part.part.upper()}_NONE>")
            for level in range(part.levels):
                first = vocabulary.first_id(i, level)
                classes[first : first + part.codebook_size] = self.code_class(i, level)
                self._places[self.code_class(i, level)] = (i, level)
                self._class_names.append(token_name(part.part, level, 0)[:-2] + "i>")
        return classes

    def _rows(self) -> dict[str, dict[int, str]]:
        rows = self._text_first() if self.vocabulary.config.order == "text_first" else self._motion_first()
        for side, complete in ((_HOLDER, "step"), (_LISTENER, "both")):
            rows |= self._motion(side, complete)
        rows["done"] = {}
        self._numbers = {name: i for i, name in enumerate(rows)}
        return rows

    def _text_first(self) -> dict[str, dict[int, str]]:
        holder, listener = self._entry(_HOLDER, "step"), self._entry(_LISTENER, "both")
        end, spoken = {self.END: "done"}, {self.TEXT: "holder text"}
        return {
            "first": holder | {self.TEXT: "first text"} | end,
            "first text": holder | {self.TEXT: "first text"} | end,
            "step": holder | spoken | end | {self.LISTENER: _LISTENER},
            "holder text": holder | spoken,
            "listener": listener | {self.TEXT: "listener text"},
            "listener text": listener | {self.TEXT: "listener text"},
            "both": holder | spoken | end,
        }

    def _motion_first(self) -> dict[str, dict[int, str]]:
        holder, listener = self._entry(_HOLDER, "step"), self._entry(_LISTENER, "both")
        end, turn = {self.END: "done"}, {self.LISTENER: _LISTENER}
        return {
            "first": holder | {self.TEXT: "plain text"} | end,
            "plain text": {self.TEXT: "plain text"} | end,
            "step": holder | {self.TEXT: "holder text"} | end | turn,
            "holder text": holder | {self.TEXT: "holder text"} | end | turn,
            "listener": listener,
            "both": holder | {self.TEXT: "listener text"} | end,
            "listener text": holder | {self.TEXT: "listener text"} | end,
        }

    def _entry(self, side: str, complete: str) -> dict[int, str]:
        """Where the first token of somebody's motion leads."""
        return {self.UNSEEN: complete} | (self._part(side, 0, complete) if self._parts else {})

    def _part(self, side: str, part: int, complete: str) -> dict[int, str]:
        after = complete if part + 1 == len(self._parts) else f"{side} part {part + 1}"
        inside = after if self._parts[part].levels == 1 else f"{side} part {part} level 1"
        return {self.none_class(part): after, self.code_class(part, 0): inside}

    def _motion(self, side: str, complete: str) -> dict[str, dict[int, str]]:
        """The states within somebody's motion."""
        rows: dict[str, dict[int, str]] = {}
        for i, part in enumerate(self._parts):
            after = complete if i + 1 == len(self._parts) else f"{side} part {i + 1}"
            if i:
                rows[f"{side} part {i}"] = self._part(side, i, complete)
            for level in range(1, part.levels):
                target = after if level + 1 == part.levels else f"{side} part {i} level {level + 1}"
                rows[f"{side} part {i} level {level}"] = {self.code_class(i, level): target}
        return rows
