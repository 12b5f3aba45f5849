"""Several streams that a model reads side by side, with one memory, and where each of them stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from nonverbal.mars.sampling import NO_TEXT, Chooser, SamplingConfig
from nonverbal.mars.vocabulary import Vocabulary

_WIDTH = 512
"""Most tokens of a row that are read at once: the mask of attention has this many rows, each as long as the stream."""


class Rows:
    """What a model remembers of each row.

    Attributes:
        lengths: [B] tokens read, padding left out.
    """

    def __init__(self, model: PreTrainedModel, rows: int) -> None:
        self._model = model.eval()
        self._device = model.device
        self._cache = DynamicCache(config=model.config)
        self._seen = torch.zeros((rows, 0), dtype=torch.bool, device=self._device)
        self.lengths = np.zeros(rows, np.int64)

    def read(self, ids: Sequence[Sequence[int]]) -> Tensor:
        """[B, size] the scores of what follows each row's new tokens, of which each row has one at least."""
        widths = np.array([len(row) for row in ids])
        width = int(widths.max())
        padded = np.zeros((len(ids), width), np.int64)
        for row, new, own in zip(padded, ids, widths, strict=True):
            row[width - own :] = list(new)
        return self._read(padded, np.arange(width) >= width - widths[:, None])

    def read_one(self, ids: NDArray[np.int64]) -> Tensor:
        """[B, size] the scores of what follows one more token [B] of each row."""
        return self._read(ids[:, None], np.ones((len(ids), 1), np.bool_))

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Go on with these rows only."""
        at = torch.from_numpy(rows).to(self._device)
        self._cache.batch_select_indices(at)
        self._seen = self._seen[at]
        self.lengths = self.lengths[rows]

    def _read(self, ids: NDArray[np.int64], real: NDArray[np.bool_]) -> Tensor:
        for first in range(0, ids.shape[1], _WIDTH):
            scores = self._read_some(ids[:, first : first + _WIDTH], real[:, first : first + _WIDTH])
        return scores

    @torch.inference_mode()
    def _read_some(self, ids: NDArray[np.int64], real: NDArray[np.bool_]) -> Tensor:
        positions = np.maximum(self.lengths[:, None] + real.cumsum(1) - 1, 0)
        self.lengths = self.lengths + real.sum(1)
        self._seen = torch.cat([self._seen, torch.from_numpy(real).to(self._device)], 1)
        output = self._model(
            input_ids=torch.from_numpy(ids).to(self._device),
            attention_mask=self._seen,
            position_ids=torch.from_numpy(positions).to(self._device),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        scores: Tensor = output.logits[:, -1]
        return scores


class Places:
    """Where rows that speak freely stand: state of the grammar, words and text tokens of the step, steps done."""

    def __init__(self, vocabulary: Vocabulary, sampling: SamplingConfig, rows: int) -> None:
        grammar = vocabulary.grammar
        self._grammar, self._most = grammar, sampling.max_steps
        self._words_first = vocabulary.config.order == "text_first"
        self._complete = np.isin(np.arange(len(grammar.names)), list(grammar.complete))
        self._states = np.full(rows, grammar.begin)
        self._words, self._tokens, self._steps = (np.zeros(rows, np.int64) for _ in range(3))

    def choices(self, chooser: Chooser) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        """What `Chooser.choose` asks for: states, text, end and more, [B] each."""
        text = chooser.text_left(self._words, self._tokens)
        if not self._words_first:
            text = np.where(self._states == self._grammar.begin, NO_TEXT, text)
        return self._states, text, self._steps > 0, self._steps < self._most

    def take(self, tokens: NDArray[np.int64], fits: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """[B] which rows go on after these tokens; those for which another step does not fit end with this one."""
        grammar = self._grammar
        classes = grammar.classes[tokens]
        self._states = grammar.table[self._states, classes].astype(np.int64)
        spoken = classes == grammar.TEXT
        stepped = self._complete[self._states] & ~spoken
        self._steps = self._steps + stepped
        self._tokens = np.where(stepped, 0, self._tokens + spoken)
        self._words = np.where(stepped, 0, self._words + (spoken & grammar.word_starts[tokens]))
        full = (self._steps >= self._most) & self._words_first
        return (classes != grammar.END) & ~(stepped & (full | ~fits))

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Go on with these rows only."""
        self._states, self._steps = self._states[rows], self._steps[rows]
        self._words, self._tokens = self._words[rows], self._tokens[rows]
