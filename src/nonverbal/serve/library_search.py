"""Finding dialogues: words, filters and orders over the index, and a line of text that shows why one was found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nonverbal.serve.library_index import Index, Mask

Order = Literal["title", "duration", "words", "turns"]
_TERM = re.compile(r'"([^"]+)"|(\S+)')
_MOST_TERMS = 8
_SNIPPET = 160
_LEAD = 40  # characters of a snippet before what was found


@dataclass(frozen=True, slots=True)
class Query:
    """What to find. Texts are compared whole, `q` is looked for inside titles, channels and what is said.

    Attributes:
        q: words, all of which must be there; phrases stand in double quotes.
        channel, participant, split, language: empty for any.
        min_s, max_s: seconds, `min_words` and `max_words` counts; None for any.
        harmful: look into harmful turns and show them.
    """

    q: str = ""
    channel: str = ""
    participant: str = ""
    split: str = ""
    language: str = ""
    min_s: float | None = None
    max_s: float | None = None
    min_words: int | None = None
    max_words: int | None = None
    harmful: bool = False
    sort: Order = "title"
    descending: bool = False


class Search:
    """Answers queries over an index; the last ones are kept, since pages are turned."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._orders = _orders(index)
        self._columns = {name: np.array(values, dtype=object) for name, values in _compared(index).items()}
        self._found = lru_cache(64)(self._find)
        self.place = {int(number): place for place, number in enumerate(self._orders["title"])}

    @property
    def by_title(self) -> NDArray[np.int64]:
        """Numbers of all dialogues in the order of their titles."""
        return self._orders["title"]

    def find(self, query: Query) -> NDArray[np.int64]:
        """Numbers of the dialogues that fit, in the order asked for."""
        found: NDArray[np.int64] = self._found(query)
        return found

    def _find(self, query: Query) -> NDArray[np.int64]:
        fits = self._filtered(query)
        for term in terms_of(query.q):
            if not fits.any():
                break
            fits &= self._having(term, query.harmful)
        order = self._orders[query.sort]
        order = order[::-1] if query.descending else order
        return np.asarray(order[fits[order]])

    @lru_cache(128)  # noqa: B019 - a server has one search, which lives as long as it
    def _having(self, term: str, harmful: bool) -> Mask:
        found = self.index.texts.having(term)
        return found | self.index.harmful_texts.having(term) if harmful else found

    def _filtered(self, query: Query) -> Mask:
        index = self.index
        fits = np.ones(len(index), dtype=bool)
        for name, values in self._columns.items():
            if wanted := getattr(query, name):
                fits &= values == wanted
        if query.participant:
            fits &= np.array([query.participant in names for names in index.participants], dtype=bool)
        for values, least, most in (
            (index.duration_s, query.min_s, query.max_s),
            (index.n_words, query.min_words, query.max_words),
        ):
            fits &= (values >= (-np.inf if least is None else least)) & (values <= (np.inf if most is None else most))
        return fits

    def card(self, number: int, query: Query) -> dict[str, Any]:
        """What a list shows of a dialogue."""
        index = self.index
        duration_s = float(index.duration_s[number])
        return {
            "id": index.ids[number],
            "title": index.titles[number],
            "channel": index.channels[number],
            "split": index.splits[number],
            "language": index.languages[number],
            "duration_s": round(duration_s, 3),
            "n_turns": int(index.n_turns[number]),
            "n_words": int(index.n_words[number]),
            "n_harmful": int(index.n_harmful[number]),
            "participants": index.participants[number],
            "talk_share": {
                name: round(min(max(index.talk_s[number].get(name, 0.0) / max(duration_s, 1e-9), 0.0), 1.0), 4)
                for name in index.participants[number]
            },
            "snippet": snippet(index, number, query),
        }


def terms_of(text: str) -> list[str]:
    """The words and quoted phrases of a query; what goes beyond eight is left out."""
    return [phrase or word for phrase, word in _TERM.findall(text)][:_MOST_TERMS]


def snippet(index: Index, number: int, query: Query) -> str:
    """A piece of what is said around the first of the words looked for; else how the dialogue begins."""
    terms = [term.lower() for term in terms_of(query.q)]
    first = ""
    for text in index.turn_texts(number, query.harmful):
        first = first or text
        at = next((at for term in terms if (at := text.lower().find(term)) >= 0), -1)
        if at >= 0:
            return _piece(text, max(at - _LEAD, 0))
        if not terms:
            break
    return _piece(first, 0)


def _piece(text: str, start: int) -> str:
    end = start + _SNIPPET
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _compared(index: Index) -> dict[str, Sequence[str]]:
    return {"channel": index.channels, "split": index.splits, "language": index.languages}


def _orders(index: Index) -> dict[str, NDArray[np.int64]]:
    """Rising orders; equals stand in the order of titles, and those of one title in that of ids."""
    titles = sorted(range(len(index)), key=lambda i: (index.titles[i].casefold(), index.ids[i]))
    by_title = np.array(titles, dtype=np.int64)
    orders = {"title": by_title}
    for name, values in (("duration", index.duration_s), ("words", index.n_words), ("turns", index.n_turns)):
        orders[name] = by_title[np.argsort(values[by_title], kind="stable")]
    return orders
