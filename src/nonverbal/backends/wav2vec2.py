"""The aligner wav2vec2: emissions of a CTC network of transformers (wav2vec 2.0, HuBERT, ...), words by `ctc_align`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from nonverbal.backends.ctc_align import Vocabulary, align_words
from nonverbal.backends.hub import folder_of
from nonverbal.backends.languages import UNSPACED
from nonverbal.backends.recognisers import Heard
from nonverbal.types import F32
from nonverbal.verdicts import UserError

_RATE_HZ = 16000


@dataclass(frozen=True)
class Wav2Vec2Aligner:
    """A CTC network, see `Aligner`.

    Attributes:
        model: name on the hub, or folder.
        device: cpu or cuda.
    """

    model: str
    device: str

    def align(self, samples: F32, heard: Sequence[Heard], language: str) -> tuple[Heard, ...]:
        lost = tuple(replace(word, start_s=math.nan, end_s=math.nan, prob=0.0) for word in heard)
        log_probs = self.emissions(samples)
        words = [word.word for word in heard]
        frames = align_words(log_probs, words, self._vocabulary, language not in UNSPACED)
        if frames is None:
            return lost
        frame_s, end_s = self._hop / _RATE_HZ, len(samples) / _RATE_HZ
        return tuple(
            replace(word, start_s=found.first * frame_s, end_s=min(found.stop * frame_s, end_s), prob=found.prob)
            if found
            else blank
            for word, blank, found in zip(heard, lost, frames, strict=True)
        )

    def emissions(self, samples: F32) -> F32:
        """[T, V] log-probabilities of the network's tokens, finite; T is 0 where the sound is too short for it."""
        import torch

        if len(samples) < self._least:
            return np.zeros((0, int(self._network.config.vocab_size)), np.float32)
        given = self._extractor(samples, sampling_rate=_RATE_HZ, return_tensors="pt").input_values
        with torch.inference_mode():
            logits = self._network(given.to(self.device, self._network.dtype)).logits[0]
            found: F32 = logits.float().log_softmax(dim=-1).cpu().numpy()
        if not np.isfinite(found).all():
            raise UserError(
                f"the align_model {self.model} gives no finite numbers: its weights are damaged; get it anew"
            )
        return found

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        from transformers import Wav2Vec2CTCTokenizer

        folder = folder_of(self.model, "align_model")
        tokenizer = Wav2Vec2CTCTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        ids: dict[str, int] = tokenizer.get_vocab()
        width = int(self._network.config.vocab_size)
        letters = {text: i for text, i in ids.items() if len(text) == 1 and i < width}
        blank = self._network.config.pad_token_id
        blank = tokenizer.pad_token_id if blank is None else blank
        if not letters or blank is None or not 0 <= blank < width:
            raise UserError(f"the align_model {self.model} writes no letters: expected a CTC network with a vocabulary")
        return Vocabulary(letters, int(blank), letters.get(tokenizer.word_delimiter_token))

    @cached_property
    def _extractor(self) -> Any:
        from transformers import Wav2Vec2FeatureExtractor

        return Wav2Vec2FeatureExtractor.from_pretrained(folder_of(self.model, "align_model"), local_files_only=True)

    @cached_property
    def _network(self) -> Any:
        from transformers import AutoModelForCTC

        folder = folder_of(self.model, "align_model")
        try:
            network = AutoModelForCTC.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, trust_remote_code=False
            )
        except (ValueError, OSError) as error:
            told = str(error).splitlines()[0]
            raise UserError(
                f"the align_model {self.model} is no CTC network that transformers knows: {told}"
            ) from error
        return network.to(self.device).eval()

    @property
    def _hop(self) -> int:
        """Samples from one frame to the next."""
        return int(self._network.config.inputs_to_logits_ratio)

    @property
    def _least(self) -> int:
        """Samples that give one frame."""
        least = 1
        config = self._network.config
        for kernel, stride in zip(reversed(config.conv_kernel), reversed(config.conv_stride), strict=True):
            least = (least - 1) * stride + kernel
        return int(least)
