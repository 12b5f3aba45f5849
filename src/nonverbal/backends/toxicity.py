"""Transformers that sort texts into kinds of harm, such as Detoxify's: long texts in windows, each kind at its worst.

Only local files are read, weights as safetensors alone, and no code that comes with a model runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.harm_models import Labels
from nonverbal.verdicts import UserError

_WINDOW_TOKENS = 512
_OVERLAP_TOKENS = 64
"""What two windows share, so that a phrase cut by one stands whole in the next."""

_BATCH_TOKENS = 4096
"""Padding included: about 0.3 GB of activations for a base model of 12 layers."""


class Toxicity:
    """A sequence classifier of transformers; see `HarmModel`."""

    def __init__(self, folder: Path, labels: Labels, wanted: Sequence[str], device: str) -> None:
        """Args:
        wanted: those of the labels that are scored.

        Raises:
            UserError: the weights, or the tokenizer, cannot be loaded.
        """
        import torch
        import transformers
        from safetensors import SafetensorError
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        transformers.utils.logging.disable_progress_bar()

        local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(str(folder), **local)
            model, told = AutoModelForSequenceClassification.from_pretrained(
                str(folder), use_safetensors=True, dtype=torch.float32, output_loading_info=True, **local
            )
        except (OSError, ValueError, RuntimeError, KeyError, ImportError, SafetensorError) as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise UserError(f"{folder}: no classifier of texts that can be loaded ({first}): fetch it again") from error
        if lacking := sorted(told["missing_keys"]):
            raise UserError(f"{folder}: its weights lack {lacking[0]}: it is no trained classifier, give one that is")
        if not self._tokenizer.is_fast:
            raise UserError(f"{folder}: has no tokenizer.json and none can be made of what is there: add the file")
        self._model, self._torch, self._several = model.to(device).eval(), torch, labels.several
        self._columns = [labels.names.index(name) for name in wanted]
        self._window = min(_WINDOW_TOKENS, self._tokenizer.model_max_length, _places(model.config))
        self.labels = tuple(wanted)

    def score(self, texts: Sequence[str], tick: Callable[[float], None]) -> NDArray[np.float64]:
        """See `HarmModel.score`; where a text has several windows, the highest score of each kind.

        Raises:
            UserError: the model's numbers are not finite.
        """
        scores = np.zeros((len(texts), len(self.labels)))
        worded = [i for i, text in enumerate(texts) if text.strip()]
        windows, owner = self._windows([texts[i] for i in worded])
        done = 0
        for batch in _batches([len(window) for window in windows]):
            for index, row in zip(batch, self._scored([windows[i] for i in batch]), strict=True):
                of = worded[owner[index]]
                scores[of] = np.maximum(scores[of], row)
            done += len(batch)
            tick(done / len(windows))
        return scores

    def _windows(self, texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
        """Tokens of every window, and the text it belongs to."""
        if not texts:
            return [], []
        told = self._tokenizer(
            list(texts),
            truncation=True,
            max_length=self._window,
            stride=min(_OVERLAP_TOKENS, self._window // 4),
            return_overflowing_tokens=True,
        )
        return told["input_ids"], told["overflow_to_sample_mapping"]

    def _scored(self, windows: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """[windows, labels]."""
        torch, device = self._torch, self._model.device
        padded = self._tokenizer.pad({"input_ids": [list(window) for window in windows]}, return_tensors="pt")
        with torch.inference_mode():
            logits = self._model(**{key: value.to(device) for key, value in padded.items()}).logits.double()
            odds = torch.sigmoid(logits) if self._several else torch.softmax(logits, dim=-1)
        scores = odds[:, self._columns].cpu().numpy()
        if not np.isfinite(scores).all():
            raise UserError(f"{self._model.name_or_path}: the model's scores are not finite: its weights are damaged")
        return np.asarray(scores, dtype=np.float64)


def _places(config: Any) -> int:
    """Tokens that the model has places for; RoBERTa and its kin keep two of them."""
    return int(getattr(config, "max_position_embeddings", _WINDOW_TOKENS + 2)) - 2


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices in batches of like lengths, of `_BATCH_TOKENS` at most with padding; one window alone may be more."""
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], i))
    cuts = [0]
    for place, index in enumerate(order):
        if place > cuts[-1] and lengths[index] * (place + 1 - cuts[-1]) > _BATCH_TOKENS:
            cuts.append(place)
    yield from (order[a:b] for a, b in pairwise([*cuts, len(order)]) if b > a)
