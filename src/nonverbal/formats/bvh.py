"""The upper body as BVH: SMPL-X's joints from the chest on, hands included, in centimetres, at rest in a T-pose.

The root ``chest`` stands still; every joint turns by ``Zrotation Xrotation Yrotation`` relative to its parent.
Bone lengths are those of `motion.skeleton`: rotations are what the file is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from nonverbal.formats.euler import matrix_from_zxy, zxy_from_matrix
from nonverbal.formats.take import MAX_FRAMES, Take
from nonverbal.media.names import clean_text, printable
from nonverbal.motion.rotations import F, axis_angle_from_matrix, matrix_from_axis_angle
from nonverbal.motion.skeleton import CHEST, OFFSETS_M, PARENTS, offset_m
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.ticks import Tick, silent
from nonverbal.verdicts import UserError

ROOT = "chest"
ROOT_HEIGHT_CM = 120.0
"""Where the chest stands, so that a program that draws a floor draws it below."""

TURNS = ("Zrotation", "Xrotation", "Yrotation")
PLACES = ("Xposition", "Yposition", "Zposition")

_HEAD_TOP_M = (0.0, 0.20, 0.02)
_BLOCK = 1024


@dataclass(frozen=True, slots=True, eq=False)
class BvhMotion:
    """What a BVH file of ours holds: joints after the root, their parents by name, and T frames.

    Attributes:
        joints: names in the order of the file.
        parents: name of each joint's parent.
        offsets_cm: [J, 3].
        fps: frames a second.
        angles_deg: [T, J, 3] turns about z, x, y.
    """

    joints: tuple[str, ...]
    parents: tuple[str, ...]
    offsets_cm: F
    fps: float
    angles_deg: F


def write_bvh(take: Take, path: Path, tick: Tick = silent) -> None:
    """Write the body of a take; face and gaze have no place in the format.

    Raises:
        UserError: the take has no body.
    """
    if take.body is None:
        raise UserError(f"{take.name}: has no body; expected one for a BVH file")
    order = list(_root_first())
    root = f"0 {ROOT_HEIGHT_CM:g} 0 0 0 0"
    row = " ".join([root, *("%.7f %.7f %.7f" for _ in order)]) + "\n"
    angles = np.zeros((1, len(order), 3))
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write("\n".join(("HIERARCHY", *_hierarchy())) + "\n")
        file.write(f"MOTION\nFrames: {take.n_frames}\nFrame Time: {1.0 / take.fps:.12g}\n")
        for first in range(0, take.n_frames, _BLOCK):
            body = take.body[first : first + _BLOCK].reshape(-1, len(SMPLX117_JOINTS), 3)
            angles = zxy_from_matrix(matrix_from_axis_angle(body[:, order]), angles[-1])
            file.writelines(row % tuple(values) for values in np.degrees(angles).reshape(len(angles), -1))
            tick("frames", first + len(body), take.n_frames)


def read_bvh(path: Path) -> Take:
    """The body in a BVH file that `write_bvh` wrote.

    Raises:
        UserError: it is damaged, or of another skeleton.
    """
    motion = parse_bvh(path)
    if set(motion.joints) != set(SMPLX117_JOINTS):
        shown = ", ".join(printable(name) for name in motion.joints[:5])
        raise UserError(f"{printable(path)}: its joints are {shown} ..., expected those of smplx117")
    order = [motion.joints.index(name) for name in SMPLX117_JOINTS]
    body = np.empty((len(motion.angles_deg), len(order), 3), np.float32)
    for first in range(0, len(body), _BLOCK):
        rows = slice(first, first + _BLOCK)
        body[rows] = axis_angle_from_matrix(matrix_from_zxy(np.radians(motion.angles_deg[rows][:, order])))
    name = clean_text(path.stem) or "recording"
    return Take(name, motion.fps, body_space="smplx117", body=body.reshape(len(body), -1))


def parse_bvh(path: Path) -> BvhMotion:
    """Hierarchy and numbers of a BVH file whose joints turn about z, x, y.

    Raises:
        UserError: it is damaged, or its channels are others.
    """
    name = printable(path)
    try:
        with path.open(encoding="ascii") as file:
            words = (word for line in file for word in line.split())
            joints, parents, offsets = _tree(words)
            count, step_s = _length(words)
            numbers = _rows(file, count, 6 + 3 * (len(joints) - 1))
    except OSError as error:
        raise UserError(f"{name}: cannot be opened ({error.strerror}); export it again") from error
    except (StopIteration, ValueError, IndexError) as error:
        raise UserError(f"{name}: not a whole BVH file ({error}); export it again") from error
    if not np.isfinite(numbers).all() or not 1e-3 <= step_s <= 1e6:
        raise UserError(f"{name}: holds a number that is not finite, or a frame time of {step_s}")
    angles = numbers[:, 6:].reshape(count, -1, 3)
    return BvhMotion(tuple(joints[1:]), tuple(parents[1:]), np.array(offsets[1:]), 1.0 / step_s, angles)


def _length(words: Iterator[str]) -> tuple[int, float]:
    """Frames, and seconds from one to the next."""
    told = [next(words) for _ in range(6)]
    if told[:2] != ["MOTION", "Frames:"] or told[3:5] != ["Frame", "Time:"] or not 0 < int(told[2]) <= MAX_FRAMES:
        raise ValueError("expected MOTION, a number of frames and a frame time")
    return int(told[2]), float(told[5])


def _rows(lines: Iterable[str], count: int, width: int) -> F:
    """[count, width] numbers, one line a frame."""
    rows = [np.array(line.split(), np.float64) for line in islice(lines, count + 1)]
    if len(rows) != count or any(len(row) != width for row in rows):
        raise ValueError(f"expected {count} lines of {width} numbers")
    return np.stack(rows)


def _tree(words: Iterator[str]) -> tuple[list[str], list[str], list[list[float]]]:
    """Names, parents' names and offsets of the joints, up to the closing brace of the root."""
    joints: list[str] = []
    parents: list[str] = []
    offsets: list[list[float]] = []
    above: list[str] = []
    for word in words:
        if word in ("ROOT", "JOINT"):
            parents.append(above[-1] if above else "")
            joints.append(next(words))
            above.append(joints[-1])
        elif word == "End":
            above.append("end")
        elif word == "OFFSET":
            place = [float(next(words)) for _ in range(3)]
            if above[-1] != "end":
                offsets.append(place)
        elif word == "CHANNELS":
            told = tuple(next(words) for _ in range(int(next(words))))
            if told not in (TURNS, PLACES + TURNS):
                raise ValueError(f"channels {' '.join(told)}, expected {' '.join(TURNS)}")
        elif word == "}":
            above.pop()
            if not above:
                break
        elif word not in ("HIERARCHY", "Site", "{"):
            raise ValueError(f"the word {printable(word[:40])}")
    return joints, parents, offsets


def _root_first(joint: int = CHEST) -> Iterator[int]:
    """Joints below `joint` in the order in which the file tells them: each before its children."""
    for child in (i for i, parent in enumerate(PARENTS) if parent == joint):
        yield child
        yield from _root_first(child)


def _hierarchy() -> list[str]:
    lines = [f"ROOT {ROOT}", "{", "  OFFSET 0 0 0", f"  CHANNELS 6 {' '.join(PLACES + TURNS)}"]
    for child in (i for i, parent in enumerate(PARENTS) if parent == CHEST):
        lines += _joint_lines(child, 1)
    return [*lines, "}"]


def _joint_lines(joint: int, depth: int) -> list[str]:
    pad = "  " * depth
    lines = [f"{pad}JOINT {SMPLX117_JOINTS[joint]}", pad + "{", f"{pad}  {_offset(OFFSETS_M[joint])}"]
    lines.append(f"{pad}  CHANNELS 3 {' '.join(TURNS)}")
    children = [i for i, parent in enumerate(PARENTS) if parent == joint]
    for child in children:
        lines += _joint_lines(child, depth + 1)
    if not children:
        lines += [f"{pad}  End Site", pad + "  {", f"{pad}    {_offset(_tip_m(joint))}", pad + "  }"]
    return [*lines, pad + "}"]


def _offset(place_m: F | Sequence[float]) -> str:
    return "OFFSET " + " ".join(f"{100.0 * value:.4f}" for value in place_m)


def _tip_m(joint: int) -> F:
    """[3] where a joint without children ends."""
    side, _, name = SMPLX117_JOINTS[joint].partition("_")
    if not name:
        return np.array(_HEAD_TOP_M)
    return offset_m(name[:-1]) * np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
