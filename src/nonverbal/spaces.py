"""Parameter layouts: what each number of a face or body row means, by name and never by width.

Two worlds share one code path: ``flame53`` + ``smplx117`` are the paper's, ``arkit52`` + ``smplx117`` the open default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from nonverbal.verdicts import UserError

ARKIT52_NAMES = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen",
    "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight",
    "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""Apple's ARKit face coefficients, each in [0, 1], in alphabetical order; left and right are the person's own."""

SMPLX_UPPER_JOINTS = (
    "left_collar", "right_collar", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
    "right_wrist",
)  # fmt: skip
"""SMPL-X joints 13 to 21, the upper body the paper keeps; each rotation is relative to the joint's parent."""

SMPLX_FINGERS = ("index", "middle", "pinky", "ring", "thumb")
"""SMPL-X order of the fingers of a hand; each has three joints, 1 at the knuckle to 3 near the tip."""

SMPLX_HAND_JOINTS = tuple(f"{finger}{joint}" for finger in SMPLX_FINGERS for joint in (1, 2, 3))

_SIDES = ("left", "right")
SMPLX117_JOINTS = SMPLX_UPPER_JOINTS + tuple(f"{side}_{joint}" for side in _SIDES for joint in SMPLX_HAND_JOINTS)
"""The 39 joints of ``smplx117``, in column order, three columns (axis-angle x, y, z in radians) each."""


@dataclass(frozen=True, slots=True)
class Space:
    """A parameter layout.

    Attributes:
        name: the name datasets store.
        columns: one name per number of a row.
        groups: named column ranges; together they cover every column once.
        unit: unit and range of the numbers.
        licence: what data in this space may need before it can be shown as a mesh.
    """

    name: str
    columns: tuple[str, ...]
    groups: Mapping[str, slice] = field(hash=False)
    unit: str
    licence: str

    @property
    def dim(self) -> int:
        return len(self.columns)


_FLAME53 = Space(
    name="flame53",
    columns=(*(f"expression{i}" for i in range(50)), "jaw_x", "jaw_y", "jaw_z"),
    groups=MappingProxyType({"expression": slice(0, 50), "jaw": slice(50, 53)}),
    unit="FLAME expression coefficients and jaw axis-angle in radians",
    licence="meshes need the user's own FLAME files",
)

_ARKIT_JAW = slice(ARKIT52_NAMES.index("jawForward"), ARKIT52_NAMES.index("jawRight") + 1)
_ARKIT52 = Space(
    name="arkit52",
    columns=ARKIT52_NAMES,
    groups=MappingProxyType(
        {"upper_face": slice(0, _ARKIT_JAW.start), "jaw": _ARKIT_JAW, "lower_face": slice(_ARKIT_JAW.stop, 52)}
    ),
    unit="coefficients in [0, 1]",
    licence="none",
)

_SMPLX117 = Space(
    name="smplx117",
    columns=tuple(f"{joint}_{axis}" for joint in SMPLX117_JOINTS for axis in "xyz"),
    groups=MappingProxyType({"upper_body": slice(0, 27), "left_hand": slice(27, 72), "right_hand": slice(72, 117)}),
    unit="axis-angle in radians, each joint relative to its parent; x to the person's left, y up, z forward",
    licence="meshes need the user's own SMPL-X files, or the open avatar",
)

SPACES: Mapping[str, Space] = MappingProxyType({s.name: s for s in (_FLAME53, _ARKIT52, _SMPLX117)})

EMOCA156_TO_FLAME53 = (slice(0, 50), slice(53, 56))
"""Columns of EMOCA's 156 numbers a frame that make ``flame53``: 50 expression, 3 jaw pose (paper, section 3)."""

OSX179_TO_SMPLX117 = (slice(39, 156),)
"""Columns of OSX's 179 numbers a frame that make ``smplx117``: nine upper-body joints and both hands."""


def get_space(name: str) -> Space:
    """The space called `name`.

    Raises:
        UserError: there is none; the message lists those there are.
    """
    if name not in SPACES:
        raise UserError(f"unknown parameter space {name!r}; the spaces are {', '.join(SPACES)}")
    return SPACES[name]


def space_columns(names: Sequence[str]) -> dict[str, slice]:
    """Where each space lies in a row that holds the columns of all of them one after the other."""
    found, start = {}, 0
    for name in names:
        found[name] = slice(start, start + get_space(name).dim)
        start = found[name].stop
    return found
