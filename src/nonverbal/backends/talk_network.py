"""Loads an active speaker network: its published weights are read once by a restricted reader and kept as safetensors.

The kept file carries a digest of its numbers; where it does not fit, the published file is read again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from nonverbal import weights
from nonverbal.backends.active_speakers import NETWORK_WEIGHTS
from nonverbal.backends.light_asd import LightASD
from nonverbal.backends.lr_asd import LRASD
from nonverbal.backends.talk_encoders import TalkNetwork
from nonverbal.backends.torch_pickle import read_state_dict
from nonverbal.verdicts import UserError
from nonverbal.weights import WeightFile

Tensors = dict[str, NDArray[Any]]

_CLASSES: dict[str, type[LightASD] | type[LRASD]] = {
    "light-asd": LightASD,
    "light-asd-ava": LightASD,
    "lr-asd": LRASD,
}
_UNUSED = ("lossV.FC.weight", "lossV.FC.bias")  # a second output, by sight alone, that served training only
_DIGEST = "content_sha256"


@lru_cache
def network(name: str) -> TalkNetwork:
    """The network of that name (see `NETWORK_WEIGHTS`) with its weights, ready to score.

    Raises:
        UserError: the weights are missing, damaged, or no weights of this network.
    """
    file, made = NETWORK_WEIGHTS[name], _CLASSES[name]()
    tensors = _kept(file) or _convert(file, made)
    made.load_state_dict({key: torch.from_numpy(tensor) for key, tensor in tensors.items()})
    return made.eval()


def renamed(published: Mapping[str, NDArray[Any]], names: Mapping[str, str]) -> Tensors:
    """The published tensors under our names, without those that nothing here uses."""
    out: Tensors = {}
    for key, tensor in published.items():
        plain = key.removeprefix("module.")
        begin = next((begin for begin in names if plain.startswith(begin)), None)
        if plain not in _UNUSED:
            out[plain if begin is None else names[begin] + plain[len(begin) :]] = tensor
    return out


def check(tensors: Mapping[str, NDArray[Any]], made: torch.nn.Module, path: Path) -> None:
    """Compares names, shapes and kinds with those of the network, and looks at every number.

    Raises:
        UserError: one of them is wrong; the message names the first.
    """
    expected = made.state_dict()
    other = sorted(set(expected) ^ set(tensors))
    if other:
        what = "lacks" if other[0] in expected else "holds the unknown"
        raise UserError(f"{path} {what} tensor {other[0][:80]!r}: it is no {type(made).__name__}; fetch it again")
    for key, tensor in tensors.items():
        wanted = expected[key].numpy()
        if tensor.shape != wanted.shape or tensor.dtype != wanted.dtype:
            raise UserError(
                f"{key!r} in {path} is {tensor.dtype} {tensor.shape}, expected {wanted.dtype} {wanted.shape}: it is no "
                f"{type(made).__name__}; fetch it again"
            )
        if not np.isfinite(tensor).all():
            raise UserError(f"{key!r} in {path} holds values that are no finite numbers; fetch it again")


def _place(file: WeightFile) -> Path:
    return weights.cache_folder() / file.sha256[:12] / Path(file.path).with_suffix(".safetensors").name


def _convert(file: WeightFile, made: LightASD | LRASD) -> Tensors:
    path = weights.verified(file)
    tensors = renamed(read_state_dict(path), made.names)
    check(tensors, made, path)
    with suppress(OSError):  # where the cache cannot be written, the published file is read every time
        _keep(_place(file), save(tensors, {_DIGEST: _digest(tensors)}))
    return tensors


def _keep(target: Path, data: bytes) -> None:
    """Writes the file whole or not at all, also when several workers do at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as stream:
        temporary = Path(stream.name)
        try:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _kept(file: WeightFile) -> Tensors | None:
    """What was converted before; None where nothing was, or where it is damaged."""
    try:
        with safe_open(_place(file), framework="np") as stream:
            tensors = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118 - it is no dict
            said = (stream.metadata() or {}).get(_DIGEST)
    except (OSError, SafetensorError):
        return None
    return tensors if said == _digest(tensors) else None


def _digest(tensors: Mapping[str, NDArray[Any]]) -> str:
    """Hex sha256 of names, kinds, shapes and numbers."""
    digest = hashlib.sha256()
    for key in sorted(tensors):
        digest.update(f"{key} {tensors[key].dtype} {tensors[key].shape}\n".encode())
        digest.update(np.ascontiguousarray(tensors[key]).tobytes())
    return digest.hexdigest()
