"""What runners may give for a face or a body: vectors by the name of their layout, and the spaces made of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nonverbal.external.protocol import Hello
from nonverbal.spaces import EMOCA156_TO_FLAME53, OSX179_TO_SMPLX117, get_space
from nonverbal.types import F32

MAX_SIDE_PX = 2048
MAX_ROW_NUMBERS = 8192
"""Numbers a frame of all arrays: ten minutes of them are 490 MB in memory, a person."""

EXTRA_INPUTS = ("frame", "box_px")
"""What a runner may take besides crops: int32 [N] frame of the clip at 25 fps, float32 [N, 4] the crop's corners."""

OPTIONAL: dict[str, tuple[str, tuple[str, ...]]] = {
    "confidence": ("float32", ()),
    "part_confidence": ("float32", ("3",)),
}
"""What a runner may give besides parameters and `valid`: trust in [0, 1]; for a body also in upper body, left and right
hand one by one, zero where that part is not valid."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A vector of parameters by the name of its array: how long it is, and which columns make which space."""

    width: int
    space: str
    columns: tuple[slice, ...]

    def values(self, rows: F32) -> F32:
        """[..., width] -> [..., D] of the space."""
        return np.concatenate([rows[..., columns] for columns in self.columns], axis=-1)


def _whole(space: str) -> Layout:
    return Layout(get_space(space).dim, space, (slice(None),))


LAYOUTS: dict[str, dict[str, Layout]] = {
    "face": {
        "emoca156": Layout(156, "flame53", EMOCA156_TO_FLAME53),
        "flame53": _whole("flame53"),
        "arkit52": _whole("arkit52"),
    },
    "body": {"osx179": Layout(179, "smplx117", OSX179_TO_SMPLX117), "smplx117": _whole("smplx117")},
}
"""What can be made of which arrays, for each kind."""


def layout_fault(hello: Hello, kind: str) -> str:
    """What keeps the runner from being asked for "face" or "body" here; empty if nothing does."""
    asked = hello.kinds[kind]
    known = [name for name in asked.gives if name in LAYOUTS[kind]]
    if len(known) != 1:
        return f"{hello.name} gives {', '.join(asked.gives)} for a {kind}, expected one of {', '.join(LAYOUTS[kind])}"
    crops = asked.takes.get("crops")
    if crops is None or crops.dtype != "uint8" or len(crops.shape) != 4 or crops.shape[0] != "N":
        return f"{hello.name} takes {crops or 'no'} crops of a {kind}, expected uint8 [N, H, W, 3]"
    if crops.shape[3] != "3" or not all(s.isdigit() and 16 <= int(s) <= MAX_SIDE_PX for s in crops.shape[1:3]):
        return f"{hello.name} takes {crops} crops of a {kind}, expected sides of 16 to {MAX_SIDE_PX} and 3 colours"
    if other := set(asked.takes) - {"crops", *EXTRA_INPUTS}:
        return f"{hello.name} takes {min(other)}, expected nothing but crops, {', '.join(EXTRA_INPUTS)}"
    wanted = {known[0]: ("float32", (str(LAYOUTS[kind][known[0]].width),)), "valid": ("bool", ())}
    wanted |= {name: told for name, told in OPTIONAL.items() if name in asked.gives}
    for name, (dtype, rest) in wanted.items():
        if name not in asked.gives or (asked.gives[name].dtype, asked.gives[name].shape) != (dtype, ("N", *rest)):
            expected = f"{name} {dtype} [{', '.join(('N', *rest))}]"
            return f"{hello.name} gives {asked.gives.get(name, f'no {name}')}, expected {expected}"
    total = 0
    for name, spec in asked.gives.items():
        if spec.shape[:1] != ("N",) or not all(size.isdigit() for size in spec.shape[1:]):
            return f"{hello.name} gives {name} as {spec}, expected N rows of known size"
        total += math.prod(int(size) for size in spec.shape[1:])
    if total > MAX_ROW_NUMBERS:
        return f"{hello.name} gives {total} numbers a frame, expected at most {MAX_ROW_NUMBERS}"
    return ""
