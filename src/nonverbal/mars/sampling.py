"""Which token comes next: only what the grammar allows, each modality with a temperature and a nucleus of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nonverbal.mars.signs import FIRST_PART
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

NO_TEXT, SAME_WORD, ANY_TEXT = range(3)
"""Which text may follow: none, what goes on with the word begun, or a new word too."""

TOKENS_A_WORD = 8
"""Most text tokens in a step, for each word that may begin in it."""
_BLOCK = 1024
_ROW_STRIDE = 1_000_003


@dataclass(frozen=True)
class Draw:
    """How tokens of one modality are drawn."""

    temperature: float = 1.0
    """Below 1 the likely ones are preferred, above 1 the unlikely ones come more often."""
    top_p: float = 0.95
    """Only the likeliest tokens that together have this probability are drawn; 1 for all."""

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise UserError(f"temperature: got {self.temperature}, expected more than 0; use greedy for the likeliest")
        if not 0 < self.top_p <= 1:
            raise UserError(f"top_p: got {self.top_p}, expected more than 0 and at most 1")


@dataclass(frozen=True)
class SamplingConfig:
    """How a turn is drawn.

    Whether a word, motion or the end of the turn comes next is drawn first, from the model's own probabilities; then
    which one, with the temperature and nucleus of its modality. So a sharper face changes neither the pace of speech
    nor the length of turns.
    """

    text: Draw = field(default_factory=lambda: Draw(0.8, 0.95))
    """Words."""
    face: Draw = field(default_factory=Draw)
    """Codes of the face."""
    body: Draw = field(default_factory=Draw)
    """Codes of the body, and of every other part."""
    max_steps: int = 94
    """Most steps of a turn, about 30 s; then it is ended."""
    max_words_per_step: int = 6
    """Most words that begin in a step; a word has at most 8 tokens on average."""
    greedy: bool = False
    """Always the likeliest: first of word, motion and end, then of the tokens."""
    seed: int = 0
    """Equal seeds give equal turns."""

    def __post_init__(self) -> None:
        for name in ("max_steps", "max_words_per_step"):
            if getattr(self, name) < 1:
                raise UserError(f"{name}: got {getattr(self, name)}, expected 1 or more")


class Dice:
    """Random numbers of several rows, each of which gets the same ones whatever rows stand beside it."""

    def __init__(self, seed: int, rows: Sequence[int] = (0,)) -> None:
        self._generators = [torch.Generator().manual_seed(seed * _ROW_STRIDE + row) for row in rows]
        self._numbers, self._at = torch.zeros((len(rows), 0, 2)), _BLOCK

    def roll(self) -> Tensor:
        """[B, 2] float32 in [0, 1)."""
        if self._at == _BLOCK:
            self._fill()
        self._at += 1
        return self._numbers[:, self._at - 1]

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Go on with these rows only."""
        self._generators = [self._generators[row] for row in rows]
        self._numbers = self._numbers[torch.from_numpy(rows)]

    def _fill(self) -> None:
        self._numbers = torch.stack([torch.rand(_BLOCK, 2, generator=g) for g in self._generators])
        self._at = 0


@dataclass(frozen=True, eq=False)
class _Options:
    """What may follow: ids, those of a kind beside each other."""

    ids: Tensor
    kinds: tuple[tuple[Draw, int, int], ...]


class Chooser:
    """Draws tokens for rows that stand in any states of a vocabulary's grammar."""

    def __init__(self, vocabulary: Vocabulary, sampling: SamplingConfig, device: torch.device | str = "cpu") -> None:
        self.sampling = sampling
        self._vocabulary = vocabulary
        self._grammar = vocabulary.grammar
        self._device = device
        self._options: dict[int, _Options] = {}
        # Somebody who listens does not end the turn: whatever the partner does next tells that no more words follow.
        self._speech = self._grammar.speech.copy()
        if vocabulary.config.order == "motion_first":
            for state in (self._grammar.both, self._listener_text):
                silent = self._grammar.classes != self._grammar.TEXT
                self._speech[state, silent] = self._grammar.allowed[state, silent]

    @property
    def _listener_text(self) -> int:
        return self._grammar.names.index("listener text")

    def text_left(self, words: NDArray[np.int64], tokens: NDArray[np.int64]) -> NDArray[np.int64]:
        """[B] which text may follow, after so many words and text tokens in the step."""
        most = self.sampling.max_words_per_step
        left = np.where(words < most, ANY_TEXT, SAME_WORD)
        return np.where(tokens < most * TOKENS_A_WORD, left, NO_TEXT)

    def choose(
        self,
        logits: Tensor,
        states: NDArray[np.int64],
        text: NDArray[np.int64],
        end: NDArray[np.bool_],
        more: NDArray[np.bool_],
        dice: Tensor,
    ) -> NDArray[np.int64]:
        """[B] the next token of each row.

        Args:
            logits: [B, size or more].
            states: [B] of the grammar.
            text: [B] `NO_TEXT`, `SAME_WORD` or `ANY_TEXT`.
            end: [B] the message may end.
            more: [B] another motion token may follow.
            dice: [B, 2] from `Dice.roll`.

        Raises:
            UserError: the model's logits are no numbers.
        """
        keys = ((states * 3 + text) * 2 + end) * 2 + more
        chosen = np.empty(len(keys), np.int64)
        for key in np.unique(keys).tolist():
            rows = np.flatnonzero(keys == key)
            at = torch.from_numpy(rows)
            chosen[rows] = self._among(self._of(key), logits[at.to(logits.device)], dice[at])
        return chosen

    def _of(self, key: int) -> _Options:
        if key not in self._options:
            rest, more = divmod(key, 2)
            rest, end = divmod(rest, 2)
            state, text = divmod(rest, 3)
            self._options[key] = self._make(state, text, bool(end), bool(more))
        return self._options[key]

    def _make(self, state: int, text: int, end: bool, more: bool) -> _Options:
        grammar, vocabulary = self._grammar, self._vocabulary
        may, classes = self._speech[state], grammar.classes
        words = may & (classes == grammar.TEXT)
        if text != ANY_TEXT:
            words = words & ~grammar.word_starts if text == SAME_WORD else np.zeros_like(words)
        ends = may & (classes == grammar.END) if end else np.zeros_like(may)
        motion = may & (classes > grammar.END) if more else np.zeros_like(may)
        ids, kinds, at = [], [], 0
        for mask, draw in ((words, self.sampling.text), (ends, self.sampling.text), (motion, self._draw_of(motion))):
            found = np.flatnonzero(mask)
            if len(found):
                ids.append(found)
                kinds.append((draw, at, at + len(found)))
                at += len(found)
        assert ids, f"nothing may follow in the state {grammar.names[state]} of {vocabulary.config}"
        return _Options(torch.from_numpy(np.concatenate(ids)).to(self._device), tuple(kinds))

    def _draw_of(self, motion: NDArray[np.bool_]) -> Draw:
        parts = self._vocabulary.config.parts
        kinds = self._vocabulary.kinds[motion]
        found = kinds[kinds >= FIRST_PART]
        name = parts[int(found[0]) - FIRST_PART].part if len(found) else ""
        return self.sampling.face if name == "face" else self.sampling.body

    def _among(self, options: _Options, logits: Tensor, dice: Tensor) -> NDArray[np.int64]:
        scores = logits[:, options.ids].float()
        if not bool(torch.isfinite(scores).all()):
            raise UserError(
                "the model gave scores that are no numbers; load it in float32 or bfloat16, or train at a lower rate"
            )
        dice = dice.to(scores.device)
        if len(options.kinds) == 1:
            return options.ids[self._draw(scores, options.kinds[0][0], dice[:, 1])].cpu().numpy()
        chances = torch.softmax(scores, -1)
        mass = torch.stack([chances[:, first:last].sum(-1) for _, first, last in options.kinds], -1)
        kinds = mass.argmax(-1) if self.sampling.greedy else _inverse(mass, dice[:, 0])
        chosen = torch.empty_like(kinds)
        for kind, (draw, first, last) in enumerate(options.kinds):
            rows = torch.nonzero(kinds == kind)[:, 0]
            if len(rows):
                chosen[rows] = first + self._draw(scores[rows, first:last], draw, dice[rows, 1])
        return options.ids[chosen].cpu().numpy()

    def _draw(self, scores: Tensor, draw: Draw, dice: Tensor) -> Tensor:
        """[n] which of the scores [n, m] is drawn."""
        if self.sampling.greedy or scores.shape[1] == 1:
            return scores.argmax(-1)
        chances = torch.softmax(scores / draw.temperature, -1)
        if draw.top_p == 1:
            return _inverse(chances, dice)
        return _inverse(_nucleus(chances, draw.top_p), dice)


def _nucleus(chances: Tensor, top_p: float) -> Tensor:
    """[n, m] the chances of the likeliest columns that together have `top_p`; the others become 0.

    The columns stay in their order: were they drawn in the order of their chances, rounding would swap equal ones.
    """
    ranked = torch.sort(chances, dim=-1, descending=True).values
    kept = (ranked.cumsum(-1) - ranked < top_p).sum(-1, keepdim=True)
    return chances * (chances >= ranked.gather(1, kept - 1))


def _inverse(chances: Tensor, dice: Tensor) -> Tensor:
    """[n] the first column at which the sum of the chances [n, m] passes the number rolled."""
    total = chances.cumsum(-1)
    found = (total <= dice[:, None] * total[:, -1:]).sum(-1)
    last = (chances > 0).long().cumsum(-1).argmax(-1)  # rounding must not lead to what has no chance
    return torch.minimum(found, last)
