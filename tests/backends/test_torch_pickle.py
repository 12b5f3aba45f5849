"""State dicts are read without running them, and refused for the first thing that is not a plain tensor."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nonverbal.backends.torch_pickle import read_state_dict
from nonverbal.verdicts import UserError


def saved(tmp_path: Path, state: Any) -> Path:
    torch.save(state, tmp_path / "given.model")
    return tmp_path / "given.model"


def patched(path: Path, change: Any, data: bool = False) -> Path:
    """The archive with its index, or its first piece of data, replaced."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    target = next(name for name in entries if ("/data/" in name if data else name.endswith("data.pkl")))
    entries[target] = change(entries[target])
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


STATE = OrderedDict(
    a=torch.arange(6, dtype=torch.float32).reshape(2, 3), b=torch.tensor(7), c=torch.arange(5.0)[1:4], d=torch.zeros(0)
)


def test_tensors_come_back_as_they_were(tmp_path: Path) -> None:
    found = read_state_dict(saved(tmp_path, STATE))
    assert list(found) == list(STATE)
    for name, tensor in STATE.items():
        assert np.array_equal(found[name], tensor.numpy())
        assert found[name].dtype == tensor.numpy().dtype


def test_the_state_of_a_module_is_read(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.BatchNorm2d(3))
    found = read_state_dict(saved(tmp_path, module.state_dict()))
    assert {name: tensor.tolist() for name, tensor in found.items()} == {
        name: tensor.tolist() for name, tensor in module.state_dict().items()
    }


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(6))
def test_a_forged_program_is_refused_and_not_run(tmp_path: Path, protocol: int) -> None:
    forged = pickle.dumps({"a": Evil(tmp_path / "made")}, protocol)
    path = patched(saved(tmp_path, STATE), lambda _: forged)
    with pytest.raises(UserError, match="cannot be read as weights"):
        read_state_dict(path)
    assert not (tmp_path / "made").exists()


def test_the_refused_name_is_told(tmp_path: Path) -> None:
    forged = pickle.dumps({"a": Evil(tmp_path / "made")}, 2)
    with pytest.raises(UserError, match="asks for 'posix mkdir'"):
        read_state_dict(patched(saved(tmp_path, STATE), lambda _: forged))


@pytest.mark.parametrize(
    "state", [[torch.zeros(2)], {"a": 3}, {"a": torch.zeros(2).half()}, {"a": {"b": torch.zeros(1)}}]
)
def test_anything_but_plain_named_tensors_is_refused(tmp_path: Path, state: Any) -> None:
    with pytest.raises(UserError, match="cannot be read as weights"):
        read_state_dict(saved(tmp_path, state))


def test_a_tensor_that_does_not_lie_in_order_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not lie in order"):
        read_state_dict(saved(tmp_path, {"a": torch.zeros(2, 3).T}))


def test_a_tensor_beyond_its_data_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, {"a": torch.zeros(300)})
    grown = patched(path, lambda program: program.replace(b"M,\x01", b"M,\x02"))  # 300 becomes 556 everywhere
    with pytest.raises(UserError, match="not there or too short"):
        read_state_dict(grown)


def test_data_cut_short_is_refused(tmp_path: Path) -> None:
    path = patched(saved(tmp_path, {"a": torch.zeros(300)}), lambda data: data[:-4], data=True)
    with pytest.raises(UserError, match="too short"):
        read_state_dict(path)


def test_every_cut_of_the_file_and_of_its_index_is_one_sentence(tmp_path: Path) -> None:
    path = saved(tmp_path, STATE)
    whole = path.read_bytes()
    for length in range(0, len(whole), len(whole) // 20):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="cannot be read as weights"):
            read_state_dict(path)
    path.write_bytes(whole)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        program = archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))
    for length in range(0, len(program), len(program) // 40):
        with pytest.raises(UserError, match="cannot be read as weights"):
            read_state_dict(patched(path, lambda _, n=length: program[:n]))


def test_bytes_changed_at_random_never_raise_anything_else(tmp_path: Path) -> None:
    path = saved(tmp_path, STATE)
    with zipfile.ZipFile(path) as archive:
        program = archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))
    random = np.random.default_rng(0)
    for _ in range(100):
        changed = bytearray(program)
        for place in random.integers(0, len(program), 2):
            changed[place] = random.integers(256)
        with suppress(UserError):
            read_state_dict(patched(path, lambda _, c=bytes(changed): c))
