"""The frame that active speaker networks of the Light-ASD family share: three blocks for sound, three for sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol

from torch import Tensor, nn
from torch.nn import functional as nnf

from nonverbal.backends.reels import Reel

_WIDTHS = (1, 32, 64, 128)
_MEAN, _SPREAD = 0.4161, 0.1688  # of the grey values the networks were trained on, in [0, 1]


class TalkNetwork(Protocol):
    """Scores a face by what is heard.

    Attributes:
        sight_reach, sound_reach: frames at a window's edge that come out differently because nothing lies beyond.
        names: how the published state dict begins the names of each part of ours.
    """

    sight_reach: ClassVar[int]
    sound_reach: ClassVar[int]
    names: ClassVar[dict[str, str]]
    sights: Sights
    sounds: Sounds

    def judge(self, sounds: Tensor, sights: Tensor) -> Tensor:
        """[B, T, 128] of both to [B, T] log odds of talking."""
        ...


class Sounds(nn.Module):
    """[B, 4 * T, 13] cepstra to [B, T, 128].

    Args:
        block: makes one from widths in and out; it takes [B, C, 13, F] to [B, C', 13, F].
    """

    def __init__(self, block: Callable[[int, int], nn.Module]) -> None:
        super().__init__()
        self.block1, self.block2, self.block3 = (block(_WIDTHS[i], _WIDTHS[i + 1]) for i in range(3))

    def forward(self, cepstra: Tensor) -> Tensor:
        out = self.block1(cepstra.transpose(1, 2).unsqueeze(1))
        out = self.block2(nnf.max_pool2d(out, (1, 3), (1, 2), (0, 1)))
        out = self.block3(nnf.max_pool2d(out, (1, 3), (1, 2), (0, 1)))
        return out.mean(dim=2).transpose(1, 2)


class Sights(nn.Module):
    """Grey pictures [N, 1, 112, 112], 0 to 255, to [N, 128, 1, 1].

    Args:
        block: makes one from widths in and out and a stride in the plane; it takes a reel to a reel.
    """

    def __init__(self, block: Callable[[int, int, int], nn.Module]) -> None:
        super().__init__()
        self.block1, self.block2, self.block3 = (block(_WIDTHS[i], _WIDTHS[i + 1], 1 if i else 2) for i in range(3))

    def forward(self, reel: Reel) -> Reel:
        reel = self.block1(reel.each(lambda x: (x / 255.0 - _MEAN) / _SPREAD))
        reel = self.block2(reel.each(lambda x: nnf.max_pool2d(x, 3, 2, 1)))
        reel = self.block3(reel.each(lambda x: nnf.max_pool2d(x, 3, 2, 1)))
        return reel.each(lambda x: x.amax(dim=(2, 3), keepdim=True))
