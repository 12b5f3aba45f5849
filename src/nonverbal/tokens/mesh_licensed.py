"""FLAME and SMPL-X from the user's own files, through the package `smplx`: the meshes of the paper's own numbers.

Files are .npz or .safetensors and nothing in them is ever unpickled: of an .npz only the arrays named here are read.

Source: Li et al. 2017, "Learning a model of facial shape and expression from 4D scans" (FLAME); Pavlakos et al. 2019,
"Expressive Body Capture" (SMPL-X); linear blend skinning by the package `smplx`.
"""

from __future__ import annotations

import importlib
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from nonverbal.types import F32
from nonverbal.verdicts import UserError

_FLAME_JOINTS, _FLAME_JAW = 5, 2
_FLAME_SHAPES, _EXPRESSIONS = 300, 50
_SMPLX_JOINTS = 55
_SMPLX_POSED = (*range(13, 22), *range(25, 55))
"""Joints of SMPL-X in the order of `smplx117`: collars to wrists, then the left and the right hand."""
_SMPLX_HANDS = (range(25, 40), range(40, 55))
_ARRAYS = ("v_template", "posedirs", "J_regressor", "weights", "kintree_table")
_LIMIT_FLOATS = 1 << 22
"""Numbers of vertices made at a time, for `lbs` holds about twenty for each: 4 Mi are a third of a GB."""


@dataclass(frozen=True, eq=False)
class LicensedMesh:
    """A skinned model whose parameters are the columns of one space; every one of its vertices counts."""

    name: str
    space: str
    arrays: dict[str, F32]
    """v_template [V, 3], posedirs [V, 3, 9 (J - 1)], J_regressor [J, V], weights [V, J], directions [V, 3, E]."""
    parents: NDArray[np.int64]
    """[J] parent of each joint, the root's is -1."""
    groups: NDArray[np.intp]
    joints: tuple[int, ...]
    """Joints that the last columns of a row turn, three columns each."""
    rest_pose: F32
    """[J * 3] axis-angle that is added to each pose: SMPL-X's mean hands, or nothing."""

    @property
    def n_vertices(self) -> int:
        return len(self.arrays["v_template"])

    def vertices(self, values: F32) -> F32:
        """[T, D] -> [T, V, 3] metres; shape is the mean person's, the root does not turn."""
        step = max(1, _LIMIT_FLOATS // (20 * self.n_vertices))
        parts = [self._skinned(values[start : start + step]) for start in range(0, len(values), step)]
        return np.concatenate(parts) if parts else np.zeros((0, self.n_vertices, 3), np.float32)

    def _skinned(self, values: F32) -> F32:
        frames, blends = len(values), self.arrays["directions"].shape[2]
        pose = np.tile(self.rest_pose, (frames, 1)).reshape(frames, -1, 3)
        pose[:, self.joints] += values[:, values.shape[1] - 3 * len(self.joints) :].reshape(frames, -1, 3)
        betas = values[:, :blends] if self.space == "flame53" else np.zeros((frames, blends), np.float32)
        with torch.inference_mode():
            skinned, _ = _lbs()(
                torch.from_numpy(np.ascontiguousarray(betas, np.float32)),
                torch.from_numpy(pose.reshape(frames, -1)),
                **self._tensors,
            )
        return np.asarray(skinned.numpy())

    @cached_property
    def _tensors(self) -> dict[str, Any]:
        """The model as `lbs` wants it."""
        arrays = {name: torch.from_numpy(array) for name, array in self.arrays.items()}
        return {
            "v_template": arrays["v_template"][None],
            "shapedirs": arrays["directions"],
            "posedirs": arrays["posedirs"].reshape(3 * self.n_vertices, -1).T.contiguous(),
            "J_regressor": arrays["J_regressor"],
            "parents": torch.from_numpy(self.parents),
            "lbs_weights": arrays["weights"],
        }


def flame_mesh(path: Path) -> LicensedMesh:
    """FLAME from a file: the first 50 expression components and the jaw move it.

    Raises:
        UserError: the package `smplx` is missing, or the file is not FLAME as plain arrays.
    """
    _lbs()
    arrays = _read(path, _FLAME_JOINTS, "shapedirs")
    directions, parents = arrays.pop("shapedirs"), _parents(path, arrays.pop("kintree_table"))
    if directions.ndim != 3 or directions.shape[2] < _FLAME_SHAPES + _EXPRESSIONS:
        raise UserError(
            f"{path}: shapedirs is {list(directions.shape)}, expected [V, 3, 350 or more]: 300 shape components, then "
            "at least 50 of expression; take the generic FLAME model of 2020 or 2023"
        )
    arrays["directions"] = np.ascontiguousarray(directions[:, :, _FLAME_SHAPES : _FLAME_SHAPES + _EXPRESSIONS])
    groups = np.zeros(len(directions), np.intp)
    rest = np.zeros(3 * _FLAME_JOINTS, np.float32)
    return LicensedMesh("flame", "flame53", arrays, parents, groups, (_FLAME_JAW,), rest)


def smplx_mesh(path: Path, hands_from_mean: bool = False) -> LicensedMesh:
    """SMPL-X from a file: nine joints of the upper body and both hands turn, everything else rests.

    Args:
        path: the model.
        hands_from_mean: add the model's mean hands (``hands_meanl``, ``hands_meanr``) to those of the data.

    Raises:
        UserError: the package `smplx` is missing, or the file is not SMPL-X as plain arrays.
    """
    _lbs()
    means = ("hands_meanl", "hands_meanr") if hands_from_mean else ()
    arrays = _read(path, _SMPLX_JOINTS, *means)
    parents = _parents(path, arrays.pop("kintree_table"))
    rest = np.zeros((_SMPLX_JOINTS, 3), np.float32)
    for name, hand in zip(means, _SMPLX_HANDS, strict=False):
        rest[hand] = _shaped(path, name, arrays.pop(name), (45,)).reshape(15, 3)
    arrays["directions"] = np.zeros((len(arrays["v_template"]), 3, 1), np.float32)
    groups = np.zeros(len(arrays["v_template"]), np.intp)
    for group, hand in enumerate(_SMPLX_HANDS, start=1):
        groups[(arrays["weights"][:, hand] > 0).any(axis=1)] = group
    return LicensedMesh("smplx", "smplx117", arrays, parents, groups, _SMPLX_POSED, rest.ravel())


def _lbs() -> Any:
    try:
        return importlib.import_module("smplx.lbs").lbs
    except ImportError as error:
        raise UserError(
            f"FLAME and SMPL-X meshes need the package smplx ({error}): pip install 'nonverbal[meshes]'"
        ) from error


def _read(path: Path, joints: int, *more: str) -> dict[str, NDArray[Any]]:
    """The arrays of a model, checked; `more` names those that not every model needs."""
    arrays = _load(path, (*_ARRAYS, *more))
    vertices = len(arrays["v_template"])
    shapes = {
        "v_template": (vertices, 3),
        "posedirs": (vertices, 3, 9 * (joints - 1)),
        "J_regressor": (joints, vertices),
        "weights": (vertices, joints),
        "kintree_table": (2, joints),
    }
    for name, shape in shapes.items():
        _shaped(path, name, arrays[name], shape)
    table = arrays.pop("kintree_table")
    return {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()} | {"kintree_table": table}


def _shaped(path: Path, name: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if array.shape != shape:
        raise UserError(f"{path}: {name} is {list(array.shape)}, expected {list(shape)}; is it the right model?")
    return array


def _parents(path: Path, table: NDArray[Any]) -> NDArray[np.int64]:
    parents = table[0].astype(np.int64)
    parents[0] = -1  # files hold 2^32 - 1 there
    if (parents[1:] < 0).any() or (parents[1:] >= np.arange(1, len(parents))).any():
        raise UserError(f"{path}: kintree_table names a parent that does not stand before its child; is it damaged?")
    return parents


def _load(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    if path.suffix not in (".npz", ".safetensors"):
        raise UserError(
            f"{path}: got {path.suffix or 'no suffix'}, expected .npz or .safetensors. A pickle can run any code when "
            "it is opened, so none is opened here: docs/metrics.md shows how to convert one on a machine you trust"
        )
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; give the path of your own copy of the model")
    try:
        arrays = load_file(path) if path.suffix == ".safetensors" else _load_npz(path, names)
    except (SafetensorError, zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise UserError(f"{path}: cannot be read as {path.suffix} ({error}); copy or convert it again") from error
    missing = [name for name in names if name not in arrays]
    if missing:
        raise UserError(f"{path}: has no {', '.join(missing)}; expected a FLAME or SMPL-X model (docs/metrics.md)")
    for name in names:
        if arrays[name].dtype.kind not in "fiu" or not np.isfinite(arrays[name]).all():
            raise UserError(f"{path}: {name} holds something else than finite numbers; convert the model again")
    return {name: arrays[name] for name in names}


def _load_npz(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Only the arrays asked for, since the files hold others that would need unpickling."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in names if name in archive.files}
    except (ValueError, AttributeError) as error:  # a bare .npy or pickle under this name, or an array of objects
        raise UserError(
            f"{path}: is not an archive of plain arrays ({error}); docs/metrics.md shows how to convert it on a "
            "machine you trust"
        ) from error
