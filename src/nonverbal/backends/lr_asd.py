"""The LR-ASD network in plain torch: Light-ASD made lighter and more robust; its state dict loads with shorter names.

Source: Liao et al. 2025, "LR-ASD: Lightweight and Robust Network for Active Speaker Detection" (IJCV), section 3:
convolutions of kernel 5 and 3 one after the other, channel attention where both modalities and both directions of the
recurrence meet.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from nonverbal.backends.reels import Reel, in_plane, through_time
from nonverbal.backends.talk_encoders import Sights, Sounds

_SIZES = (5, 3)
_NORM = {"eps": 0.001}


class _Sound(nn.Module):
    """[B, C, 13, F] to [B, C', 13, F]."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        widths = {"m": (width_in, width // 2, width), "t": (width, width, width)}
        for i, size in enumerate(_SIZES):
            half = size // 2
            for axis, kernel, padding in (("m", (size, 1), (half, 0)), ("t", (1, size), (0, half))):
                into, out = widths[axis][i : i + 2]
                self.add_module(f"{axis}_{i + 1}", nn.Conv2d(into, out, kernel, padding=padding, bias=False))
                self.add_module(f"{axis}_norm_{i + 1}", nn.BatchNorm2d(out, **_NORM))

    def forward(self, sound: Tensor) -> Tensor:
        for axis in ("m", "t"):
            for i in (1, 2):
                conv, norm = getattr(self, f"{axis}_{i}"), getattr(self, f"{axis}_norm_{i}")
                sound = norm(conv(sound)).relu()
        return sound


class _Sight(nn.Module):
    """[N, C, H, W] to [N, C', H, W], or half as high and wide."""

    def __init__(self, width_in: int, width: int, stride: int = 1) -> None:
        super().__init__()
        widths, strides = (width_in, width // 2, width), (stride, 1)
        for i, size in enumerate(_SIZES):
            half, step = size // 2, strides[i]
            plane = nn.Conv3d(
                widths[i], widths[i + 1], (1, size, size), (1, step, step), padding=(0, half, half), bias=False
            )
            self.add_module(f"s_{i + 1}", plane)
            self.add_module(f"s_norm_{i + 1}", nn.BatchNorm3d(widths[i + 1], **_NORM))
            self.add_module(f"t_{i + 1}", nn.Conv3d(width, width, (size, 1, 1), padding=(half, 0, 0), bias=False))
            self.add_module(f"t_norm_{i + 1}", nn.BatchNorm3d(width, **_NORM))

    def forward(self, reel: Reel) -> Reel:
        for i in (1, 2):
            conv, norm = getattr(self, f"s_{i}"), getattr(self, f"s_norm_{i}")
            reel = reel.each(lambda x, c=conv, n=norm: in_plane(x, c, n))  # type: ignore[misc]
        for i, size in enumerate(_SIZES, start=1):
            conv, norm = getattr(self, f"t_{i}"), getattr(self, f"t_norm_{i}")
            reel = reel.in_time(lambda x, c=conv, n=norm: through_time(x, c, n), size // 2)  # type: ignore[misc]
        return reel


class _Attention(nn.Module):
    """Two tensors [B, T, D] as one [B, T, 2 * D], each channel weighed by all of its frame."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = nn.Conv1d(width, width, 1, bias=False)
        self.bn = nn.BatchNorm1d(width, **_NORM)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        both = torch.cat([one, other], dim=2).transpose(1, 2)
        return (both * self.bn(self.attention(both)).sigmoid()).transpose(1, 2)


class _Detector(nn.Module):
    """[B, T, 256] to [B, T, 128], forwards and backwards side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.gru_forward, self.gru_backward = (nn.GRU(256, 64, batch_first=True) for _ in range(2))
        self.attention = _Attention(128)

    def forward(self, both: Tensor) -> Tensor:
        return self.attention(self.gru_forward(both)[0], self.gru_backward(both.flip(1))[0].flip(1))


class LRASD(nn.Module):
    """Scores faces by what is heard.

    Attributes:
        sight_reach, sound_reach: frames at a window's edge that depend on its being one.
        names: how the published state dict begins the names of our parts.
    """

    sight_reach: ClassVar[int] = 9
    sound_reach: ClassVar[int] = 6
    names: ClassVar[dict[str, str]] = {
        "model.visualEncoder.": "sights.",
        "model.audioEncoder.": "sounds.",
        "model.fusion.": "fusion.",
        "model.detector.": "detector.",
        "lossAV.FC.": "output.",
    }

    def __init__(self) -> None:
        super().__init__()
        self.sights, self.sounds = Sights(_Sight), Sounds(_Sound)
        self.fusion, self.detector = _Attention(256), _Detector()
        self.output = nn.Linear(128, 2)

    def judge(self, sounds: Tensor, sights: Tensor) -> Tensor:
        """[B, T, 128] of both to [B, T] log odds of talking."""
        return self.output(self.detector(self.fusion(sounds, sights)))[..., 1]
