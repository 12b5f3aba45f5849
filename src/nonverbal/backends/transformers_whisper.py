"""Whisper through transformers: words from beam search, their times from the attention of one more pass."""

from __future__ import annotations

import math
import string
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import scipy  # loads its parts when they are used
from numpy.typing import NDArray

from nonverbal.backends.languages import UNSPACED, whole_words
from nonverbal.backends.recognisers import WINDOW_S, Heard
from nonverbal.backends.whisper import MAX_COMPRESSION, most_tokens
from nonverbal.types import F32

F64 = NDArray[np.float64]

_FRAME_S = 0.02
"""What one step of the encoder covers."""
_SMOOTH = 7
"""Frames of the median filter over attention (Whisper's own)."""
_OPENING, _CLOSING = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"
"""Marks that are written together with the word after or before them."""


@dataclass(frozen=True)
class TransformersWhisper:
    """A Whisper of transformers, see `Recogniser`; times are not numbers where the model names no alignment heads.

    Attributes:
        folder: with config.json, safetensors, tokenizer and preprocessor.
        device: cpu or cuda.
        compute_type: float32, float16, bfloat16 or auto.
    """

    folder: Path
    device: str
    compute_type: str

    def hears(self, language: str) -> bool:
        known = getattr(self._model.generation_config, "lang_to_id", None) or {"<|en|>": 0}
        return f"<|{language}|>" in known

    def detect_language(self, samples: F32) -> tuple[str, float]:
        import torch

        ids: dict[str, int] = self._model.generation_config.lang_to_id
        start = torch.tensor([[self._model.generation_config.decoder_start_token_id]], device=self.device)
        with torch.no_grad():
            logits = self._model(input_features=self._features(samples), decoder_input_ids=start).logits[0, -1]
        names = list(ids)
        probs = logits[[ids[name] for name in names]].float().softmax(dim=-1)
        best = int(probs.argmax())
        return names[best].strip("<|>"), float(probs[best])

    def hear(self, samples: F32, language: str, beam_size: int) -> tuple[Heard, ...]:
        """As `FasterWhisper.hear`, in one pass over the window."""
        seconds = len(samples) / 16000
        features = self._features(samples)
        tokens = self._decode(features, language, beam_size, 0, seconds)
        if _compression(self._text(tokens)) > MAX_COMPRESSION:
            tokens = self._decode(features, language, beam_size, 4, seconds)
        if not tokens:
            return ()
        probs, edges_s = self._listen_again(features, tokens, language, seconds)
        out = []
        for word, first, stop in words_of(tokens, self._text, language):
            sure = float(np.clip(probs[first:stop].mean(), 0.0, 1.0))
            out.append(Heard(word, float(edges_s[first]), float(edges_s[stop]), sure))
        return tuple(out)

    def _features(self, samples: F32) -> Any:
        found = self._extractor(samples[: round(WINDOW_S * 16000)], sampling_rate=16000, return_tensors="pt")
        return found.input_features.to(self.device, self._model.dtype)

    def _decode(self, features: Any, language: str, beam_size: int, no_repeat: int, seconds: float) -> list[int]:
        """Tokens of the text alone."""
        import torch

        several = len(self._prompt(language)) > 2
        with torch.inference_mode():
            found = self._model.generate(
                features,
                num_beams=beam_size,
                do_sample=False,
                no_repeat_ngram_size=no_repeat,
                max_new_tokens=most_tokens(seconds),
                return_timestamps=False,
                **({"language": language, "task": "transcribe"} if several else {}),
            )
        marks = set(self._tokenizer.all_special_ids)
        return [token for token in found[0].tolist() if token not in marks]

    def _listen_again(self, features: Any, tokens: Sequence[int], language: str, seconds: float) -> tuple[F64, F64]:
        """[N] probability of each token, and [N + 1] the seconds at which each begins and the last ends."""
        import torch

        prompt = self._prompt(language)
        heads = getattr(self._model.generation_config, "alignment_heads", None) or []
        seen: dict[tuple[int, int], Any] = {}
        layers = self._model.model.decoder.layers
        hooks = [
            layers[layer].encoder_attn.register_forward_hook(
                lambda _module, _inputs, out, layer=layer, head=head: seen.update({(layer, head): out[1][0, head]})
            )
            for layer, head in heads
        ]
        try:
            with torch.inference_mode():
                given = torch.tensor([[*prompt, *tokens]], device=self.device)
                logits = self._model(input_features=features, decoder_input_ids=given, use_cache=False).logits[0]
        finally:
            for hook in hooks:
                hook.remove()
        # What a token's row shows is about the token after it.
        said = logits[len(prompt) - 1 : -1].float().softmax(dim=-1)
        probs = (
            said[torch.arange(len(tokens)), torch.tensor(tokens, device=said.device)].cpu().numpy().astype(np.float64)
        )
        if not seen:
            return probs, np.full(len(tokens) + 1, math.nan)
        attention = torch.stack(list(seen.values()))[:, len(prompt) - 1 :].float().cpu().numpy().astype(np.float64)
        return probs, token_edges(attention[..., : max(1, math.ceil(seconds / _FRAME_S))]) * _FRAME_S

    def _prompt(self, language: str) -> list[int]:
        """What the decoder is told before the text: language and task where it knows several, and to give no times."""
        config = self._model.generation_config
        start, end = config.decoder_start_token_id, config.no_timestamps_token_id
        languages = getattr(config, "lang_to_id", None)
        if not languages:
            return [start, end]
        return [start, languages[f"<|{language}|>"], config.task_to_id["transcribe"], end]

    def _text(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import WhisperTokenizerFast

        return WhisperTokenizerFast.from_pretrained(self.folder, local_files_only=True)

    @cached_property
    def _extractor(self) -> Any:
        from transformers import WhisperFeatureExtractor

        return WhisperFeatureExtractor.from_pretrained(self.folder, local_files_only=True)

    @cached_property
    def _model(self) -> Any:
        import torch
        from transformers import WhisperForConditionalGeneration

        kind = {"cpu": "float32", "cuda": "float16"}[self.device] if self.compute_type == "auto" else self.compute_type
        # Other implementations of attention do not tell where they looked.
        model = WhisperForConditionalGeneration.from_pretrained(
            self.folder, dtype=getattr(torch, kind), attn_implementation="eager", local_files_only=True,
            use_safetensors=True, trust_remote_code=False,
        )  # fmt: skip
        return model.to(self.device).eval()


def words_of(
    tokens: Sequence[int], text_of: Callable[[Sequence[int]], str], language: str
) -> list[tuple[str, int, int]]:
    """The words that tokens spell, each with its first token and the one after its last.

    A letter may take several tokens. A word begins with a space, or, in languages without spaces, with each letter;
    punctuation goes with the word it is written with.
    """
    pieces: list[tuple[str, int, int]] = []
    begin = 0
    for stop in range(1, len(tokens) + 1):
        text = text_of(tokens[begin:stop])
        if "\ufffd" in text and stop < len(tokens):
            continue
        mark = text.strip() in string.punctuation
        if pieces and language not in UNSPACED and not text.startswith(" ") and not mark:
            pieces[-1] = (pieces[-1][0] + text, pieces[-1][1], stop)
        else:
            pieces.append((text, begin, stop))
        begin = stop
    pieces = _with_marks(pieces)
    out = []
    for word in whole_words([text for text, _, _ in pieces], language):
        said = [i for i in word if any(map(str.isalnum, pieces[i][0]))] or word
        out.append(("".join(pieces[i][0].strip() for i in word), pieces[said[0]][1], pieces[said[-1]][2]))
    return out


def _with_marks(pieces: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Puts marks to the word they are written with; nobody says them, so the word keeps its own tokens."""
    out: list[tuple[str, int, int]] = []
    for text, begin, stop in pieces:
        before = out[-1][0].strip() if out else ""
        if out and not text.startswith(" ") and set(text) <= set(_CLOSING):
            out[-1] = (out[-1][0] + text, out[-1][1], out[-1][2])
        elif out and before and not text.startswith(" ") and set(before) <= set(_OPENING):
            out[-1] = (out[-1][0] + text, begin, stop)
        else:
            out.append((text, begin, stop))
    return out


def token_edges(attention: F64) -> F64:
    """Frames at which the tokens begin, found by the cheapest monotone path through their attention.

    Args:
        attention: [H, N + 1, T] how much each head looked at each frame for each of N tokens and for the end.

    Returns:
        [N + 1] rising frames.

    Source: Radford et al. 2023, "Robust speech recognition via large-scale weak supervision", and its code for words.
    """
    weights = attention / np.maximum(attention.sum(axis=-1, keepdims=True), 1e-12)
    weights = (weights - weights.mean(axis=1, keepdims=True)) / (weights.std(axis=1, keepdims=True) + 1e-12)
    weights = scipy.ndimage.median_filter(weights, size=(1, 1, _SMOOTH), mode="mirror")
    return monotone_starts(-weights.mean(axis=0))


def monotone_starts(cost: F64) -> F64:
    """[N] the first column of each row on the cheapest path from corner to corner of [N, T]; each step goes right, down
    or both."""
    rows, columns = cost.shape
    best = np.full((rows + 1, columns + 1), np.inf)
    best[0, 0] = 0.0
    came = np.zeros((rows + 1, columns + 1), dtype=np.int8)
    for diagonal in range(2, rows + columns + 1):
        i = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        j = diagonal - i
        before = np.stack([best[i - 1, j - 1], best[i - 1, j], best[i, j - 1]])
        came[i, j] = before.argmin(axis=0)
        best[i, j] = cost[i - 1, j - 1] + before.min(axis=0)
    starts = np.zeros(rows)
    i, j = rows, columns
    while i > 0:
        starts[i - 1] = j - 1
        step = came[i, j]
        i, j = i - (step != 2), j - (step != 1)
    return starts


def _compression(text: str) -> float:
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0
