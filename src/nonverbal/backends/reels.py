"""Pictures run through convolutions in time once, and at cuts again as if nothing came before or after.

A network that scores windows of several lengths sees zeros beyond the edges of each. All windows begin and end at the
same few cuts, and a convolution of reach 2 changes 2 frames at such an edge. So it is enough to carry along, beside
the run, those few frames of each cut. Example, one cut at frame 5, two layers of reach 1; ``b`` are the frames of a
window that begins at the cut, ``e`` those of one that ends there:

    layer 0   run 0 1 2 3 4 5 6 7 8 9
    layer 1   run 0 1 2 3 4 5 6 7 8 9   b 5     e 4
    layer 2   run 0 1 2 3 4 5 6 7 8 9   b 5 6   e 3 4
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf


@dataclass(frozen=True, slots=True, eq=False)
class Reel:
    """A run of frames with those at its cuts.

    Attributes:
        frames: [count + cuts * edge, C, H, W] the run, then for each of `begins`, then for each of `ends`.
        count: frames of the run, its margins included.
        before, after: frames of the run that stand in for the rest of a longer one and are used up layer by layer; 0
            where the run itself begins or ends and zeros lie beyond.
        begins, ends: at which frames, counted from the run's first behind `before`, a window begins, or ends before.
        edge: frames that each cut carries.
    """

    frames: Tensor
    count: int
    before: int = 0
    after: int = 0
    begins: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    edge: int = 0

    @property
    def run(self) -> Tensor:
        return self.frames[: self.count]

    @property
    def edges(self) -> Tensor:
        """[begins + ends, edge, C, H, W]"""
        cuts = len(self.begins) + len(self.ends)
        return self.frames[self.count :].reshape(cuts, self.edge, *self.frames.shape[1:])

    def each(self, layer: Callable[[Tensor], Tensor]) -> Reel:
        """Every frame for itself."""
        return replace(self, frames=layer(self.frames))

    def in_time(self, layer: Callable[[Tensor], Tensor], reach: int) -> Reel:
        """Frames with their neighbours.

        Args:
            layer: [B, T, C, H, W] to the same B and T, with zeros beyond both ends.
            reach: how many frames it looks back and ahead at most.
        """
        first, last = (reach if margin else 0 for margin in (self.before, self.after))
        parts = [layer(self.run[None])[0, first : self.count - last]]
        edge = self.edge + reach
        if self.begins or self.ends:
            moved = layer(self._strips(reach))
            starts, stops = moved[: len(self.begins), :edge], moved[len(self.begins) :, reach:]
            parts += [starts.flatten(0, 1), stops.flatten(0, 1)]
        return replace(
            self,
            frames=torch.cat(parts),
            count=self.count - first - last,
            before=self.before - first,
            after=self.after - last,
            edge=edge,
        )

    def _strips(self, reach: int) -> Tensor:
        """[begins + ends, edge + 2 * reach, C, H, W] each cut's frames with as many of the run as they depend on."""
        run, edges, more = self.run, self.edges, 2 * reach
        strips = []
        for at, own in zip(self.begins, edges[: len(self.begins)], strict=True):
            rest = self.before + at + self.edge
            strips.append(torch.cat([own, run[rest : rest + more]]))
        for at, own in zip(self.ends, edges[len(self.begins) :], strict=True):
            rest = self.before + at - self.edge
            strips.append(torch.cat([run[rest - more : rest], own]))
        return torch.stack(strips)


def in_plane(frames: Tensor, conv: nn.Conv3d, norm: nn.BatchNorm3d) -> Tensor:
    """[N, C, H, W] through a convolution over height and width, its normalisation and a rectifier."""
    weight, bias = _folded(conv, norm)
    stride, padding = conv.stride[1:], conv.padding[1:]
    moved = nnf.conv2d(frames, weight[:, :, 0], bias, stride, padding)
    return moved.relu_().contiguous(memory_format=torch.channels_last)


def through_time(clips: Tensor, conv: nn.Conv3d, norm: nn.BatchNorm3d) -> Tensor:
    """[B, T, C, H, W] through a convolution over time, its normalisation and a rectifier."""
    weight, bias = _folded(conv, norm)
    height, width = clips.shape[3:]
    lines = clips.permute(0, 2, 1, 3, 4).flatten(3)  # [B, C, T, H * W], channels innermost in memory
    moved = nnf.conv2d(lines, weight[..., 0], bias, padding=(conv.padding[0], 0)).relu_()
    return moved.unflatten(3, (height, width)).permute(0, 2, 1, 3, 4)


def _folded(conv: nn.Conv3d, norm: nn.BatchNorm3d) -> tuple[Tensor, Tensor]:
    """Weight and bias of the convolution with the normalisation that follows it: a pass over the pictures saved."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return conv.weight * scale[:, None, None, None, None], norm.bias - norm.running_mean * scale
