"""Safetensors files with a hash of themselves: every changed byte is seen; a damaged checkpoint costs one interval."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nonverbal.tokens.checkpoint import load_checkpoint, previous_of, save_checkpoint
from nonverbal.tokens.seal import metadata_of, seal_fault
from nonverbal.tokens.store import read_tensors, write_tensors
from nonverbal.verdicts import UserError

TENSORS = {"b": torch.arange(6).reshape(2, 3), "a": torch.ones(5)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_tensors(tmp_path / "x.safetensors", TENSORS, {"step": "3", "hash": "f" * 64})
    return tmp_path / "x.safetensors"


def test_a_sealed_file_reads_as_before(path: Path, tmp_path: Path) -> None:
    tensors, metadata = read_tensors(path)
    assert all(torch.equal(tensors[name], tensor) for name, tensor in TENSORS.items())
    assert (metadata["step"], metadata["hash"]) == ("3", "f" * 64)
    assert metadata_of(path) == metadata
    assert seal_fault(path) == ""
    write_tensors(tmp_path / "y.safetensors", TENSORS, {"hash": "f" * 64, "step": "3"})
    assert (tmp_path / "y.safetensors").read_bytes() == path.read_bytes()


def test_every_flipped_byte_and_every_cut_is_seen(path: Path) -> None:
    data = path.read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x04]) + data[place + 1 :])
        assert seal_fault(path), place
        path.write_bytes(data[:place])
        assert seal_fault(path), place


def test_files_without_a_seal_pass(path: Path) -> None:
    from safetensors.torch import save_file

    save_file(TENSORS, path)
    assert seal_fault(path) == ""


def network(value: float) -> torch.nn.Linear:
    made = torch.nn.Linear(2, 2)
    torch.nn.init.constant_(made.weight, value)
    return made


def save(path: Path, value: float, step: int) -> None:
    model = network(value)
    save_checkpoint(path, model, torch.optim.AdamW(model.parameters()), {"seed": 1}, step)


def load(path: Path) -> tuple[int, float]:
    model = network(0.0)
    step = load_checkpoint(path, model, torch.optim.AdamW(model.parameters()), {"seed": 1})
    return step, model.weight[0, 0].item()


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    for step in (1, 2, 3):
        save(path, float(step), step)
    assert load(path) == (3, 3.0)
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    with pytest.warns(UserWarning, match="going on with the checkpoint before it"):
        assert load(path) == (2, 2.0)
    save(path, 5.0, 5)
    assert load(path) == (5, 5.0)
    path.unlink()
    assert load(path) == (2, 2.0), "the damaged one did not take the place of the one before it"


def test_two_damaged_checkpoints_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    for step in (1, 2):
        save(path, float(step), step)
    for one in (path, previous_of(path)):
        one.write_bytes(one.read_bytes()[:-9])
    with pytest.warns(UserWarning, match="going on"), pytest.raises(UserError, match="not a whole safetensors file"):
        load(path)
