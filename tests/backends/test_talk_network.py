"""Published weights are proved, read once, kept as safetensors, and refused for the first thing that is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nonverbal.backends import active_speakers, talk_network
from nonverbal.backends.active_speakers import CHOICES, NETWORK_WEIGHTS
from nonverbal.backends.light_asd import LightASD
from nonverbal.backends.talk_network import network
from nonverbal.verdicts import UserError
from nonverbal.weights import WeightFile


def published_state() -> dict[str, Any]:
    """Drawn weights of Light-ASD under the published names."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        state = LightASD().state_dict()
    out = {}
    for name, tensor in state.items():
        begin = next(begin for begin, ours in LightASD.names.items() if name.startswith(ours))
        out[begin + name.removeprefix(LightASD.names[begin])] = tensor
    return {**out, "lossV.FC.weight": torch.zeros(2, 128), "lossV.FC.bias": torch.zeros(2)}


@pytest.fixture
def give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], Path]:
    """Puts a state dict where the weights of "light-asd" are looked for, with its hash pinned."""
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(tmp_path / "given"))
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NONVERBAL_DOWNLOAD", raising=False)
    (tmp_path / "given").mkdir()

    def put(state: dict[str, Any]) -> Path:
        path = tmp_path / "given" / "light.model"
        torch.save(state, path)
        pinned = WeightFile("light_asd", "light.model", hashlib.sha256(path.read_bytes()).hexdigest())
        monkeypatch.setitem(NETWORK_WEIGHTS, "light-asd", pinned)
        network.cache_clear()
        return path

    yield put
    network.cache_clear()


def test_weights_are_converted_once_and_the_kept_ones_are_the_same(give: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    give(published_state())
    first = network("light-asd").state_dict()
    network.cache_clear()
    monkeypatch.setattr(talk_network, "read_state_dict", lambda path: pytest.fail("read a second time"))
    again = network("light-asd").state_dict()
    assert first.keys() == again.keys()
    assert all(torch.equal(first[name], again[name]) for name in first)
    expected = published_state()["model.visualEncoder.block2.t_5.weight"]
    assert torch.equal(again["sights.block2.t_5.weight"], expected)


@pytest.mark.parametrize("damage", [lambda data: data[:-1000], lambda data: data[:-4] + b"\0\0\xc0\x7f", lambda _: b""])
def test_damaged_kept_weights_are_made_anew(give: Any, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    give(published_state())
    first = network("light-asd").state_dict()
    (kept,) = (tmp_path / "cache").rglob("*.safetensors")
    whole = kept.read_bytes()
    kept.write_bytes(damage(whole))
    network.cache_clear()
    again = network("light-asd").state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert kept.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_no_obstacle(give: Any, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    give(published_state())
    assert isinstance(network("light-asd"), LightASD)


def test_names_from_parallel_training_are_the_same(give: Any) -> None:
    give({f"module.{name}": tensor for name, tensor in published_state().items()})
    assert isinstance(network("light-asd"), LightASD)


def _without(state: dict[str, Any]) -> None:
    del state["lossAV.FC.bias"]


def _with(state: dict[str, Any]) -> None:
    state["model.door"] = torch.zeros(1)


def _misshapen(state: dict[str, Any]) -> None:
    state["lossAV.FC.bias"] = torch.zeros(3)


def _whole_numbers(state: dict[str, Any]) -> None:
    state["lossAV.FC.bias"] = torch.zeros(2, dtype=torch.int64)


def _not_finite(state: dict[str, Any]) -> None:
    state["model.GRU.gru_forward.bias_ih_l0"][5] = float("nan")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_without, "lacks tensor 'output.bias'"),
        (_with, "holds the unknown tensor 'model.door'"),
        (_misshapen, r"float32 \(3,\), expected float32 \(2,\)"),
        (_whole_numbers, r"int64 \(2,\), expected float32 \(2,\)"),
        (_not_finite, "no finite numbers"),
    ],
)
def test_weights_of_something_else_are_refused(give: Any, spoil: Any, message: str) -> None:
    state = published_state()
    spoil(state)
    give(state)
    with pytest.raises(UserError, match=message):
        network("light-asd")


def test_another_hash_is_refused_unread(give: Any) -> None:
    path = give(published_state())
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(UserError, match="changed or damaged"):
        network("light-asd")


def test_each_choice_tells_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path))
    monkeypatch.delenv("NONVERBAL_DOWNLOAD", raising=False)
    problems = {choice.name: choice.problem() for choice in CHOICES}
    assert problems.pop("synchrony") is None
    assert len(problems) == 3
    for name, problem in problems.items():
        assert problem is not None
        assert problem.startswith(f"{name}: the weights ")
        assert "NONVERBAL_DOWNLOAD=1" in problem
    monkeypatch.setenv("NONVERBAL_DOWNLOAD", "1")
    assert not any(choice.problem() for choice in CHOICES)
    assert all(file.url.startswith("https://") for file in active_speakers.NETWORK_WEIGHTS.values())


def test_the_shared_weights_are_the_pinned_ones(shared_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(shared_models))
    assert [choice.problem() for choice in CHOICES] == [None] * 4
