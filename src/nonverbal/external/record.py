"""What runners said about a clip: one npz file, the result of the stage `estimate` and what ``raw/`` may hold.

    about                     JSON as bytes: clip, and for each kind the model, its versions and the units of its arrays
    PARTICIPANT.KIND.ARRAY    [T, ...] for every frame of the clip, zero where PARTICIPANT.KIND.valid is not true

``numpy.load(path)`` reads it. Its last 64 bytes are the sha256 of all others (see `sealed`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.dataset.sealed_zip import seal, seal_fault
from nonverbal.external.arrays import read_npz
from nonverbal.records import dumps, from_plain

_ABOUT = "about"
_MOST_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Told:
    """Who estimated one kind, and what its arrays mean.

    Attributes:
        model: name and versions.
        layout: the array with the parameters, named as its layout.
        units: unit of each array.
    """

    model: str
    origin: str
    licence: str
    layout: str
    units: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What runners said about a clip.

    Attributes:
        told: kind ("face", "body") -> who estimated it.
        arrays: (participant, kind, array) -> values of all frames, among them ``valid`` bool [T].
    """

    clip_id: str
    told: dict[str, Told]
    arrays: Mapping[tuple[str, str, str], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _About:
    clip_id: str
    told: dict[str, Told]


class EstimatesCodec:
    """`Estimates` to one npz file and back, byte for byte the same on every run."""

    suffix = ".npz"

    def write(self, path: Path, value: Estimates) -> None:
        """Writes the estimates of one clip.

        Raises:
            ValueError: an array holds NaN or infinity.
        """
        about = dumps(_About(value.clip_id, value.told)).encode()
        arrays: dict[str, Any] = {_ABOUT: np.frombuffer(about, np.uint8)}
        for key in sorted(value.arrays):
            values = value.arrays[key]
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise ValueError(
                    f"clip {value.clip_id}: {'.'.join(key)} holds NaN or infinity, expected finite numbers"
                )
            arrays[".".join(key)] = values
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)
        seal(path)

    def read(self, path: Path) -> Estimates:
        """The estimates of one clip.

        Raises:
            ValueError: the file is none or is damaged.
            OSError: it cannot be read.
        """
        if fault := seal_fault(path):
            raise ValueError(f"{path}: {fault}")
        try:
            arrays = read_npz(path, _MOST_BYTES)
            about = from_plain(_About, json.loads(arrays.pop(_ABOUT).tobytes()))
        except (KeyError, ValueError) as error:
            raise ValueError(f"{path}: not the estimates of a clip ({error})") from error
        named: dict[tuple[str, str, str], NDArray[Any]] = {}
        for name, values in arrays.items():
            participant, kind, array = name.split(".")
            named[participant, kind, array] = values
        return Estimates(about.clip_id, about.told, named)
