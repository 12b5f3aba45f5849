"""What a tokenizer is made of and trained with, and which columns of a motion it sees."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from nonverbal.spaces import get_space
from nonverbal.types import PARTS

TOKENIZER_PARTS = ("face", "body", "joint")
"""What one tokenizer may cover; `joint` is one codebook for face and body together."""

LossKind = Literal["l1", "smooth_l1", "l2"]
Quantiser = Literal["vq", "rvq", "fsq"]

_GROUP_PARTS: Mapping[str, str] = MappingProxyType(
    {"upper_body": "upper_body", "left_hand": "left_hand", "right_hand": "right_hand"}
)


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """A run of columns that are weighted together and are valid together.

    Attributes:
        name: the group's name in its space.
        columns: where it lies in a tokenizer's row; the spaces of a joint tokenizer follow each other.
        part: index into `types.PARTS` of the validity that decides for it.
    """

    name: str
    columns: slice
    part: int


def column_groups(spaces: tuple[str, ...]) -> tuple[ColumnGroup, ...]:
    """The groups of a row that holds the columns of `spaces` one after the other."""
    groups, start = [], 0
    for name in spaces:
        space = get_space(name)
        for group, columns in space.groups.items():
            part = PARTS.index(_GROUP_PARTS.get(group, "face"))
            groups.append(ColumnGroup(group, slice(start + columns.start, start + columns.stop), part))
        start += space.dim
    return tuple(groups)


@dataclass(frozen=True)
class LossConfig:
    """What training makes small: weight of each group x (distance + velocity_weight x distance of velocities)."""

    kind: LossKind = "l1"
    """l1, smooth_l1 or l2 distance of the scaled values."""
    velocity_weight: float = 0.5
    """Weight of the same distance between differences of neighbouring frames."""
    grouped: bool = True
    """Mean over each group's own columns, so that few (the jaw) count as much as many; else over all columns."""
    group_weights: dict[str, float] = field(default_factory=dict)
    """Weight of a group by its name; 1 where none is given. Has no effect unless `grouped`."""
    column_weights: dict[str, float] = field(default_factory=dict)
    """Weight of a column within its group, by how its name begins ("head", "eyeBlink"); 1 where none is given."""

    def __post_init__(self) -> None:
        if self.kind not in ("l1", "smooth_l1", "l2"):
            raise ValueError(f"loss kind: got {self.kind!r}, expected l1, smooth_l1 or l2")
        if not self.velocity_weight >= 0:
            raise ValueError(f"velocity_weight: got {self.velocity_weight}, expected 0 or more")
        if not all(weight > 0 for weight in self.column_weights.values()):
            raise ValueError(f"column_weights: got {self.column_weights}, expected weights above 0")


@dataclass(frozen=True)
class TokenizerConfig:
    """Everything that decides what a tokenizer computes; stored beside its weights."""

    spaces: tuple[str, ...]
    """Parameter spaces of a row, one after the other: ("arkit52",) or ("arkit52", "smplx117") for a joint one."""
    method: str = "vq"
    """Name of the method this configuration comes from; for tables only."""
    fps: float = 25.0
    """Frames a second."""
    width: int = 512
    """Channels of the convolutions."""
    depth: int = 3
    """Residual blocks a stage."""
    dilation_growth: int = 3
    """Dilation of residual block i is this to the power of i."""
    halvings: int = 3
    """Stages that halve the frame rate: 3 make 8 frames a token."""
    dropout: float = 0.0
    """Share of a residual block's outputs dropped while training."""
    causal: bool = False
    """No output depends on a later input, so that a decoder can run while tokens arrive."""
    quantiser: Quantiser = "vq"
    """vq: one codebook; rvq: residual codebooks; fsq: a fixed grid."""
    codebook_size: int = 512
    """Codes of each codebook."""
    levels: int = 1
    """Residual codebooks a token (rvq)."""
    code_width: int = 512
    """Numbers of a code; for fsq the grid's dimensions decide."""
    fsq_grid: tuple[int, ...] = ()
    """Steps of each dimension of the grid (fsq); their product is the codebook size."""
    ema_decay: float = 0.99
    """Moving average that the codes follow."""
    dead_code_share: float = 0.25
    """A code used less often than this share of an even use is put on a random latent of the batch; 0 keeps all."""
    level_dropout: float = 0.0
    """Probability that a training step leaves out the later residual codebooks, from a random one on."""
    sample_temperature: float = 0.0
    """While training, a code is drawn with Gumbel noise of this temperature over the distances; 0 takes the nearest."""
    commitment: float = 0.02
    """Weight of the commitment loss."""
    loss: LossConfig = field(default_factory=LossConfig)
    """The reconstruction loss."""
    scale_floor: float = 0.0
    """Columns are scaled by their standard deviation, but by no less than this share of their group's: 1 keeps what
    hardly moves small, 0 makes all columns equal."""

    def __post_init__(self) -> None:
        for space in self.spaces:
            get_space(space)
        if not self.spaces:
            raise ValueError("spaces: got none, expected at least one parameter space")
        for name in ("dropout", "ema_decay", "dead_code_share", "level_dropout", "scale_floor"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}: got {getattr(self, name)}, expected 0 to 1")
        for name in ("width", "depth", "dilation_growth", "codebook_size", "levels", "code_width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: got {getattr(self, name)}, expected 1 or more")
        if not 0 <= self.halvings <= 6:
            raise ValueError(f"halvings: got {self.halvings}, expected 0 to 6 (1 to 64 frames a token)")
        if self.quantiser not in ("vq", "rvq", "fsq"):
            raise ValueError(f"quantiser: got {self.quantiser!r}, expected vq, rvq or fsq")
        if self.quantiser != "rvq" and self.levels != 1:
            raise ValueError(f"levels: got {self.levels} with the quantiser {self.quantiser!r}; only rvq has several")
        if self.quantiser == "fsq" and math.prod(self.fsq_grid) != self.codebook_size:
            raise ValueError(
                f"fsq_grid {self.fsq_grid} makes {math.prod(self.fsq_grid)} codes, not {self.codebook_size}"
            )

    @property
    def dim(self) -> int:
        """Columns of a row."""
        return sum(get_space(name).dim for name in self.spaces)

    @property
    def groups(self) -> tuple[ColumnGroup, ...]:
        return column_groups(self.spaces)

    @property
    def column_weights(self) -> tuple[float, ...]:
        """The weight of each column within its group."""
        given = self.loss.column_weights.items()
        names = (column for name in self.spaces for column in get_space(name).columns)
        return tuple(next((weight for start, weight in given if name.startswith(start)), 1.0) for name in names)

    @property
    def frames_per_token(self) -> int:
        return int(2**self.halvings)

    @property
    def tokens_per_s(self) -> float:
        return self.fps / self.frames_per_token

    @property
    def bits_per_s(self) -> float:
        """Bits a second of talk, all codebooks together."""
        return self.tokens_per_s * self.levels * math.log2(self.codebook_size)

    @property
    def part(self) -> str:
        """face, body or joint, by the spaces."""
        if len(self.spaces) > 1:
            return "joint"
        return "body" if self.spaces[0] == "smplx117" else "face"


def spaces_of(part: str, face_space: str, body_space: str) -> tuple[str, ...]:
    """The spaces that a tokenizer of `part` sees in a dataset of these spaces.

    Raises:
        ValueError: there is no such part.
    """
    spaces = {"face": (face_space,), "body": (body_space,), "joint": (face_space, body_space)}
    if part not in spaces:
        raise ValueError(f"part: got {part!r}, expected face, body or joint")
    return spaces[part]
