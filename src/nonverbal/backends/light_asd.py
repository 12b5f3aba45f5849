"""The Light-ASD network in plain torch: who talks, from a face and a sound; its state dict loads with shorter names.

Source: Liao et al. 2023, "A Light Weight Model for Active Speaker Detection" (CVPR), section 3: convolutions split into
space and time with kernels 3 and 5 side by side, sums of both modalities, a GRU forwards and one backwards.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as nnf

from nonverbal.backends.reels import Reel, in_plane, through_time
from nonverbal.backends.talk_encoders import Sights, Sounds

_NORM = {"eps": 0.001}


class _Sound(nn.Module):
    """[B, C, 13, F] to [B, C', 13, F]."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        for size in (3, 5):
            half = size // 2
            self.add_module(f"m_{size}", nn.Conv2d(width_in, width, (size, 1), padding=(half, 0), bias=False))
            self.add_module(f"bn_m_{size}", nn.BatchNorm2d(width, **_NORM))
            self.add_module(f"t_{size}", nn.Conv2d(width, width, (1, size), padding=(0, half), bias=False))
            self.add_module(f"bn_t_{size}", nn.BatchNorm2d(width, **_NORM))
        self.last = nn.Conv2d(width, width, 1, bias=False)
        self.bn_last = nn.BatchNorm2d(width, **_NORM)

    def forward(self, sound: Tensor) -> Tensor:
        branches = []
        for size in (3, 5):
            branch = sound
            for axis in ("m", "t"):
                conv, norm = getattr(self, f"{axis}_{size}"), getattr(self, f"bn_{axis}_{size}")
                branch = norm(conv(branch)).relu()
            branches.append(branch)
        return self.bn_last(self.last(branches[0] + branches[1])).relu()


class _Sight(nn.Module):
    """[N, C, H, W] to [N, C', H, W], or half as high and wide."""

    reach: ClassVar[int] = 2

    def __init__(self, width_in: int, width: int, stride: int = 1) -> None:
        super().__init__()
        for size in (3, 5):
            half = size // 2
            plane = nn.Conv3d(
                width_in, width, (1, size, size), (1, stride, stride), padding=(0, half, half), bias=False
            )
            self.add_module(f"s_{size}", plane)
            self.add_module(f"bn_s_{size}", nn.BatchNorm3d(width, **_NORM))
            self.add_module(f"t_{size}", nn.Conv3d(width, width, (size, 1, 1), padding=(half, 0, 0), bias=False))
            self.add_module(f"bn_t_{size}", nn.BatchNorm3d(width, **_NORM))
        self.last = nn.Conv3d(width, width, 1, bias=False)
        self.bn_last = nn.BatchNorm3d(width, **_NORM)

    def forward(self, reel: Reel) -> Reel:
        small, large = (self._branch(reel, size) for size in (3, 5))
        both = small.frames.add_(large.frames)
        return large.each(lambda _: in_plane(both, self.last, self.bn_last))

    def _branch(self, reel: Reel, size: int) -> Reel:
        s, bn_s, t, bn_t = (getattr(self, f"{name}_{size}") for name in ("s", "bn_s", "t", "bn_t"))
        return reel.each(lambda x: in_plane(x, s, bn_s)).in_time(lambda x: through_time(x, t, bn_t), self.reach)


class _Recurrent(nn.Module):
    """[B, T, 128] to the same, forwards, then backwards."""

    def __init__(self) -> None:
        super().__init__()
        self.gru_forward, self.gru_backward = (nn.GRU(128, 128, batch_first=True) for _ in range(2))

    def forward(self, both: Tensor) -> Tensor:
        there = nnf.gelu(self.gru_forward(both)[0])
        return nnf.gelu(self.gru_backward(there.flip(1))[0].flip(1))


class LightASD(nn.Module):
    """Scores faces by what is heard.

    Attributes:
        sight_reach, sound_reach: frames at a window's edge that depend on its being one.
        names: how the published state dict begins the names of our parts.
    """

    sight_reach: ClassVar[int] = 6
    sound_reach: ClassVar[int] = 5
    names: ClassVar[dict[str, str]] = {
        "model.visualEncoder.": "sights.",
        "model.audioEncoder.": "sounds.",
        "model.GRU.": "recurrent.",
        "lossAV.FC.": "output.",
    }

    def __init__(self) -> None:
        super().__init__()
        self.sights, self.sounds, self.recurrent = Sights(_Sight), Sounds(_Sound), _Recurrent()
        self.output = nn.Linear(128, 2)

    def judge(self, sounds: Tensor, sights: Tensor) -> Tensor:
        """[B, T, 128] of both to [B, T] log odds of talking."""
        return self.output(self.recurrent(sounds + sights))[..., 1]
