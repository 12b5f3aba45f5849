"""How a codebook is used: perplexity, utilisation, dead codes; counted where the codes are."""

from __future__ import annotations

import torch
from torch import Tensor

from nonverbal.tokens.config import TokenizerConfig


class CodeUse:
    """Counts codes [.., K] of each level; those of -1 do not count."""

    def __init__(self, config: TokenizerConfig, device: torch.device) -> None:
        self._counts = torch.zeros(config.levels, config.codebook_size + 1, device=device)

    def add(self, codes: Tensor) -> None:
        """Count the codes of a batch [B, L, K]; -1 falls into the last place, which nobody reads."""
        flat = codes.detach().flatten(0, -2).mT.long()
        flat = torch.where(flat < 0, self._counts.shape[1] - 1, flat)
        self._counts.scatter_add_(1, flat, torch.ones_like(flat, dtype=self._counts.dtype))

    def numbers(self) -> dict[str, float]:
        """Perplexity (mean over levels) and dead codes (sum over levels) among the codes seen so far."""
        counts = self._counts[:, :-1]
        share = counts / counts.sum(dim=1, keepdim=True).clamp_min(1)
        entropy = -(share * share.clamp_min(1e-12).log()).sum(dim=1)
        return {"perplexity": entropy.exp().mean().item(), "dead_codes": float((counts == 0).sum().item())}
