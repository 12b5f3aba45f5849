"""Words and stage directions drawn into pictures: each word from its time on, directions in the corner."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nonverbal.chat.describe import Direction, bracketed
from nonverbal.types import F32, U8, Word
from nonverbal.verdicts import UserError

_LONGEST = 52
"""Characters of a caption, which is one row of text."""
_PAUSE_S = 1.0
"""Silence after which a caption begins anew."""
_STAYS_S = 0.9
"""How long a caption stays after its last word, if no other comes."""
_SHOWN_S = 1.2
"""How long a direction is shown at least."""
_HEIGHT = 20
"""Rows of text that would fill a picture."""
_OWN, _PARTNER, _TOLD = (255, 255, 255), (255, 214, 120), (170, 220, 255)
_SHADE = 0.55
"""How dark the strip behind the words is."""


@dataclass(frozen=True, slots=True)
class Caption:
    """Words that share a row: seconds each begins, and until when the row is seen."""

    words: tuple[str, ...]
    starts_s: tuple[float, ...]
    end_s: float
    partner: bool

    def said(self, at_s: float) -> int:
        """How many of its words have begun."""
        return bisect_right(self.starts_s, at_s)


def captions_of(own: Sequence[Word], partner: Sequence[Word]) -> tuple[Caption, ...]:
    """Rows of words in order of time; a word of the other cuts a row short."""
    mixed = sorted([(w.start_s, False, w) for w in own] + [(w.start_s, True, w) for w in partner], key=lambda m: m[:2])
    rows: list[list[tuple[bool, Word]]] = []
    for _, side, word in mixed:
        if not rows or _full(rows[-1], side, word):
            rows.append([])
        rows[-1].append((side, word))
    follow_s = [*(row[0][1].start_s for row in rows), np.inf][1:]
    return tuple(
        Caption(
            tuple(word.word for _, word in row),
            tuple(word.start_s for _, word in row),
            min(row[-1][1].end_s + _STAYS_S, follows_s),
            row[0][0],
        )
        for row, follows_s in zip(rows, follow_s, strict=True)
    )


def _full(row: Sequence[tuple[bool, Word]], partner: bool, word: Word) -> bool:
    other, last = row[-1]
    length = sum(len(w.word) + 1 for _, w in row) + len(word.word)
    return other != partner or length > _LONGEST or word.start_s - last.end_s > _PAUSE_S


class Titler:
    """Draws captions and directions into pictures of one size.

    Raises:
        UserError: pillow is not installed.
    """

    def __init__(self, width_px: int, height_px: int, captions: Sequence[Caption], told: Sequence[Direction]) -> None:
        self._width_px, self._height_px = width_px, height_px
        self._captions, self._told = captions, told
        self._starts_s = [caption.starts_s[0] for caption in captions]
        self._row_px = height_px // _HEIGHT
        self._font = _font(self._row_px * 4 // 5)
        self._strip = lru_cache(maxsize=16)(self._draw)

    def put(self, picture: U8, at_s: float) -> None:
        """Draws what is to be read at a time into a picture [H, W, 3]."""
        number = bisect_right(self._starts_s, at_s) - 1
        if number >= 0 and at_s < self._captions[number].end_s:
            caption = self._captions[number]
            whole, said = " ".join(caption.words), " ".join(caption.words[: caption.said(at_s)])
            ink = self._strip(whole, said)
            corner = (self._width_px - ink.shape[1]) // 2, self._height_px - 2 * self._row_px
            self._lay(picture, corner, ink, _PARTNER if caption.partner else _OWN)
        now = [d.text for d in self._told if d.start_s <= at_s < max(d.end_s, d.start_s + _SHOWN_S)]
        if now:
            text = bracketed(list(dict.fromkeys(now)))
            self._lay(picture, (self._row_px // 2, self._row_px // 2), self._strip(text, text), _TOLD)

    def _lay(self, picture: U8, corner_px: tuple[int, int], ink: F32, colour: tuple[int, int, int]) -> None:
        left, top_px = corner_px
        rows, columns = slice(top_px, top_px + ink.shape[0]), slice(left, left + ink.shape[1])
        below = picture[rows, columns] * np.float32(1.0 - _SHADE)
        picture[rows, columns] = below + (np.array(colour, np.float32) - below) * ink[..., None]

    def _draw(self, whole: str, said: str) -> F32:
        """[h, w] how much ink the words said so far put where, in a strip as wide as all of them."""
        from PIL import Image, ImageDraw

        pad = self._row_px // 3
        wide = min(int(self._font.getlength(whole)) + 2 * pad, self._width_px)
        strip = Image.new("L", (wide, self._row_px + self._row_px // 4))
        ImageDraw.Draw(strip).text((pad, 0), said, font=self._font, fill=255)
        return np.asarray(strip, np.float32) / 255.0


def _font(size_px: int) -> Any:
    try:
        from PIL import ImageFont
    except ImportError as error:
        raise UserError("subtitles need pillow: run pip install 'nonverbal[studio]'") from error
    return ImageFont.load_default(size_px)
