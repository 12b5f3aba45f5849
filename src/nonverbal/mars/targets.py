"""Which tokens are learnt, how much each counts, and under which name its loss is told."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nonverbal.mars.examples import OWN, SHOWN
from nonverbal.mars.signs import FIRST_PART, TEXT
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

LossOn = Literal["response", "listening", "all"]
"""response: what the model says and does; listening: only what it does while its partner speaks; all: every token."""

END, WORDS = "end", "text"
"""Names of the losses beside those of the parts: ends of turns and other signs; words."""


class Targets:
    """The losses of one vocabulary.

    Attributes:
        names: of the losses: end, text, then each part, its residual levels as `face1` and on.
        groups: [size] uint8, the number of the name of each id.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        loss_on: LossOn = "response",
        weights: dict[str, float] | None = None,
        level_weight: float = 1.0,
    ) -> None:
        """Targets of `vocabulary`.

        Args:
            weights: name -> how much it counts, 1 where left out; a part's is that of its first level.
            level_weight: what each further residual level counts, as a share of the one before.

        Raises:
            UserError: a weight is of nothing there is, or below 0, or all are 0.
        """
        self._loss_on = loss_on
        parts = vocabulary.config.parts
        known = (END, WORDS, *(part.part for part in parts))
        weights = weights or {}
        for name, weight in weights.items():
            if name not in known:
                raise UserError(f"weights: got {name!r}, expected some of {', '.join(known)}")
            if not 0 <= weight < np.inf:
                raise UserError(f"weights: got {weight} for {name}, expected 0 or more")
        levels = [(part.part, level) for part in parts for level in range(part.levels)]
        self.names = (END, WORDS, *(f"{part}{level or ''}" for part, level in levels))
        each = [weights.get(END, 1.0), weights.get(WORDS, 1.0)]
        each += [weights.get(part, 1.0) * level_weight**level for part, level in levels]
        if not any(each):
            raise UserError("weights: got 0 for everything, expected one above 0")
        self.groups = np.zeros(vocabulary.size, np.uint8)
        self.groups[: len(vocabulary.kinds)][vocabulary.kinds == TEXT] = 1
        number = len((END, WORDS))
        for i, part in enumerate(parts):
            self.groups[vocabulary.kinds == FIRST_PART + i] = number
            for level in range(part.levels):
                first = vocabulary.first_id(i, level)
                self.groups[first : first + part.codebook_size] = number + level
            number += part.levels
        self._weights = np.array(each, np.float32)[self.groups]

    def weights(self, ids: NDArray[np.integer], marks: NDArray[np.uint8]) -> NDArray[np.float32]:
        """[N] how much each of the tokens counts, 0 for those that are given."""
        if self._loss_on == "all":
            return self._weights[ids]
        learnt = (marks & (SHOWN if self._loss_on == "listening" else OWN)) != 0
        return np.where(learnt, self._weights[ids], np.float32(0.0))
