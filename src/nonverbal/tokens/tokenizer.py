"""A trained tokenizer as others see it: motion to codes and back, at any length, whole or as a stream."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nonverbal.records import dumps, to_plain
from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.layers import Memory
from nonverbal.tokens.scaling import Scaling
from nonverbal.tokens.vqvae import MotionVQVAE, reach_frames, token_mask_of
from nonverbal.types import F32, Bool
from nonverbal.verdicts import UserError

_CHUNK_TOKENS = 1024

Codes = np.ndarray
"""[L, K] int32; level 0 first; -1 where a token covers no valid frame."""


class Tokenizer:
    """Motion of one layout to codes and back.

    Attributes:
        config: what it is made of.
        network: the network, in evaluation mode.
        scaling: units of the spaces to those of the network.
    """

    def __init__(self, config: TokenizerConfig, network: MotionVQVAE, scaling: Scaling) -> None:
        self.config = config
        self.network = network.eval()
        self.scaling = scaling
        self._reach_tokens = -(-reach_frames(config) // config.frames_per_token)

    @property
    def part(self) -> str:
        """face, body or joint."""
        return self.config.part

    @property
    def spaces(self) -> tuple[str, ...]:
        return self.config.spaces

    @property
    def space(self) -> str:
        """The spaces' names joined by a plus."""
        return "+".join(self.config.spaces)

    @property
    def fps(self) -> float:
        return self.config.fps

    @property
    def frames_per_token(self) -> int:
        return self.config.frames_per_token

    @property
    def codebook_size(self) -> int:
        return self.config.codebook_size

    @property
    def num_codebooks(self) -> int:
        return self.config.levels

    @property
    def bits_per_s(self) -> float:
        return self.config.bits_per_s

    @property
    def hash(self) -> str:
        """sha256 over configuration, scaling and weights: equal hashes give equal codes."""
        digest = hashlib.sha256(dumps(_hashed(self.config)).encode())
        for name, tensor in sorted(self.tensors().items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(tensor.numpy()).tobytes())
        return digest.hexdigest()

    def tensors(self) -> dict[str, Tensor]:
        """Everything that is stored, on the CPU, by name."""
        weights = {f"network.{k}": v.detach().cpu().contiguous() for k, v in self.network.state_dict().items()}
        scaling = {"scaling.mean": self.scaling.mean, "scaling.scale": self.scaling.scale}
        return weights | {name: torch.from_numpy(np.array(value)) for name, value in scaling.items()}

    @torch.inference_mode()
    def encode(self, values: F32, mask: Bool | None = None) -> Codes:
        """Codes [L, K] of motion [T, D], L = T / frames a token, rounded up.

        Long motion is taken in parts that overlap by all a token can see, so the length changes nothing.

        Args:
            values: in the units of the spaces; frames of an invalid group should repeat a valid one, as `motion_rows`
                leaves them.
            mask: [T, G] groups as in `config.groups`; all valid when left out.

        Raises:
            UserError: the width is wrong, a value is not finite, or the mask does not fit.
        """
        mask = np.ones((len(values), len(self.config.groups)), bool) if mask is None else np.asarray(mask, bool)
        self._check(values, mask)
        if not len(values):
            return np.zeros((0, self.num_codebooks), np.int32)
        size = self.frames_per_token
        tokens = -(-len(values) // size)
        spare = tokens * size - len(values)
        scaled = np.pad(self.scaling.apply(values), ((0, spare), (0, 0)), mode="edge")
        frames = self._tensor(scaled)[None]
        seen = token_mask_of(torch.from_numpy(np.pad(mask, ((0, spare), (0, 0))))[None], size).to(frames.device)
        codes = []
        for first, last, left, right in self._parts(tokens):
            latents = self.network.encode_latents(frames[:, left * size : right * size])[:, first - left : last - left]
            codes.append(self.network.quantiser(latents, seen[:, first:last]).codes[0])
        found = torch.cat(codes).cpu().numpy().astype(np.int32)
        found[~seen[0].cpu().numpy()] = -1
        return found

    @torch.inference_mode()
    def decode(self, codes: Codes, n_frames: int | None = None) -> F32:
        """Motion [T, D] of codes [L, K'] with K' <= K levels; a token of -1 repeats the nearest token that is none.

        Args:
            codes: int, level 0 first.
            n_frames: how many frames to return, at most L x frames a token; all of them when left out.

        Raises:
            UserError: a code is out of range, or more frames are asked for than the codes hold.
        """
        codes = self._checked_codes(codes)
        most = len(codes) * self.frames_per_token
        if n_frames is not None and not 0 <= n_frames <= most:
            raise UserError(f"n_frames: got {n_frames}, expected 0 to {most}, which {len(codes)} tokens hold")
        if not len(codes):
            return np.zeros((0, self.config.dim), np.float32)
        latents = self._latents(_without_gaps(codes))
        size, values = self.frames_per_token, []
        for first, last, left, right in self._parts(len(codes)):
            frames = self.network.decode_latents(latents[:, left:right])[0]
            values.append(frames[(first - left) * size : (last - left) * size].cpu().numpy())
        return self.scaling.invert(np.concatenate(values))[:n_frames].astype(np.float32)

    def stream(self) -> StreamDecoder:
        """A decoder that gives frames while codes arrive.

        Raises:
            UserError: the tokenizer is not causal.
        """
        if not self.config.causal:
            raise UserError("this tokenizer looks ahead and cannot stream: train one with --causal")
        return StreamDecoder(self)

    def _parts(self, tokens: int) -> list[tuple[int, int, int, int]]:
        """Parts of a long sequence: the tokens [first, last) that are wanted, and [left, right) that they can see."""
        firsts = range(0, tokens, _CHUNK_TOKENS)
        ends = [min(first + _CHUNK_TOKENS, tokens) for first in firsts]
        reach = self._reach_tokens
        return [(f, e, max(f - reach, 0), min(e + reach, tokens)) for f, e in zip(firsts, ends, strict=True)]

    def _tensor(self, values: F32) -> Tensor:
        weight = next(self.network.parameters())
        return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(weight.device)

    def _latents(self, codes: Codes) -> Tensor:
        device = next(self.network.parameters()).device
        latents: Tensor = self.network.quantiser.decode(torch.from_numpy(codes.astype(np.int64))[None].to(device))
        return latents

    def _check(self, values: F32, mask: Bool) -> None:
        if values.ndim != 2 or values.shape[1] != self.config.dim:
            expected = f"[T, {self.config.dim}] numbers of {self.space}"
            raise UserError(f"motion: got the shape {list(values.shape)}, expected {expected}; check the space")
        if mask.shape != (len(values), len(self.config.groups)):
            names = ", ".join(group.name for group in self.config.groups)
            raise UserError(f"mask: got the shape {list(mask.shape)}, expected [{len(values)}, ...] for {names}")
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            first = int(np.flatnonzero(bad)[0])
            raise UserError(
                f"motion: {int(bad.sum())} of {len(values)} frames hold NaN or infinity, the first at {first}; "
                "expected finite numbers: mark them invalid and repeat a valid frame there"
            )

    def _checked_codes(self, codes: Codes) -> Codes:
        codes = np.asarray(codes)
        if codes.ndim != 2 or not 1 <= codes.shape[1] <= self.num_codebooks or codes.dtype.kind not in "iu":
            expected = f"whole numbers [L, 1 to {self.num_codebooks}]"
            raise UserError(f"codes: got {codes.dtype} of the shape {list(codes.shape)}, expected {expected}")
        if codes.size and not -1 <= codes.min() <= codes.max() < self.codebook_size:
            raise UserError(
                f"codes: got {codes.min()} to {codes.max()}, expected -1 to {self.codebook_size - 1}: "
                "were they made by another tokenizer?"
            )
        return codes


class StreamDecoder:
    """Decodes codes as they come; what it gives, put together, is what `Tokenizer.decode` gives of them all."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._memory: Memory = {}
        self._last: Codes | None = None

    @torch.inference_mode()
    def push(self, codes: Codes) -> F32:
        """Frames [l x frames a token, D] of the next codes [l, K]; a token of -1 repeats the one before.

        Raises:
            UserError: a code is out of range, or the very first token is -1.
        """
        codes = self._tokenizer._checked_codes(codes)
        if not len(codes):
            return np.zeros((0, self._tokenizer.config.dim), np.float32)
        joined = codes if self._last is None else np.concatenate([self._last, codes])
        if (joined[0] < 0).any():
            raise UserError("codes: a stream begins with a token of -1, which has none before it to repeat")
        index = np.where((joined >= 0).all(axis=1), np.arange(len(joined)), 0)
        joined = joined[np.maximum.accumulate(index)]
        self._last, codes = joined[-1:], joined[len(joined) - len(codes) :]
        frames = self._tokenizer.network.decode_latents(self._tokenizer._latents(codes), self._memory)[0]
        return self._tokenizer.scaling.invert(frames.cpu().numpy()).astype(np.float32)


def _without_gaps(codes: Codes) -> Codes:
    """Codes whose tokens of -1 repeat the one before, those at the start the first that is none; 0 if there is none."""
    known = np.flatnonzero((codes >= 0).all(axis=1))
    if not len(known):
        return np.zeros_like(codes)
    before = np.searchsorted(known, np.arange(len(codes)), side="right") - 1
    held: Codes = codes[known[np.maximum(before, 0)]]
    return held


def _hashed(config: TokenizerConfig) -> dict[str, Any]:
    """What of a configuration its hash covers: settings that came later count once they are used."""
    plain: dict[str, Any] = to_plain(config)
    if not plain["loss"]["column_weights"]:
        del plain["loss"]["column_weights"]
    return plain
