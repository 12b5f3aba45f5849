"""What an optional model lacks is one sentence with the next step, told without loading anything."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nonverbal.backends.requirements import (
    Backend,
    GivenPath,
    GpuMemory,
    Package,
    Weights,
    first_problem,
)
from nonverbal.weights import WeightFile


@pytest.fixture(autouse=True)
def nothing_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NONVERBAL_WEIGHTS", "NONVERBAL_DOWNLOAD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path / "cache"))


def test_a_package_is_missing_old_new_or_right() -> None:
    assert Package("numpy", "1.0", "99", "pip install numpy").problem() is None
    old = Package("numpy", "98", "99", "pip install numpy").problem()
    assert old is not None
    assert "expected at least 98 and below 99: run pip install numpy" in old
    assert Package("numpy", "0.1", "1", "pip install 'numpy<1'").problem() is not None
    gone = Package("no-such-package-of-ours", "1", "2", "pip install it").problem()
    assert gone == "the package no-such-package-of-ours is missing: run pip install it"


@pytest.mark.parametrize(("found", "fits"), [("4.0.0rc1", True), ("3.9.9", False), ("4.10.2+cpu", True), ("5", False)])
def test_versions_compare_by_number(monkeypatch: pytest.MonkeyPatch, found: str, fits: bool) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: found)
    assert (Package("p", "4.0", "5", "i").problem() is None) is fits


def test_weights_are_missing_may_come_or_are_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = WeightFile("no_such_package", "net.bin", "0" * 64, "https://example.org/net.bin")
    needed = Weights((file,))
    assert needed.problem() == (
        "the weights no_such_package/net.bin are missing: get https://example.org/net.bin and give its folder as "
        "NONVERBAL_WEIGHTS, under the name net.bin, or set NONVERBAL_DOWNLOAD=1 to fetch it"
    )
    packed = Weights((WeightFile("no_such_package", "net.bin", "0" * 64, install="pip install nets"),))
    assert packed.problem() == "the weights no_such_package/net.bin are missing: run pip install nets"
    monkeypatch.setenv("NONVERBAL_DOWNLOAD", "1")
    assert needed.problem() is None, "it will be downloaded"
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "net.bin").write_bytes(b"other")
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(tmp_path / "given"))
    assert "changed or damaged" in (needed.problem() or "")


def test_a_path_of_the_users_own(tmp_path: Path) -> None:
    said = [
        GivenPath("the FLAME model", path, "flame_folder", "get it at its site").problem()
        for path in ("", str(tmp_path / "none"), str(tmp_path))
    ]
    assert said[0] == (
        "the FLAME model is needed and --flame-folder is not set: get it at its site, and give its path with "
        "--flame-folder"
    )
    assert said[1] is not None
    assert said[1].startswith(f"the FLAME model is not at {tmp_path / 'none'}")
    assert said[2] is None


@pytest.mark.parametrize(
    ("there", "free_gib", "told"), [(False, 0, "no GPU"), (True, 3, "3.0 GiB free"), (True, 9, "")]
)
def test_a_card_is_missing_full_or_free(monkeypatch: pytest.MonkeyPatch, there: bool, free_gib: int, told: str) -> None:
    cuda = SimpleNamespace(is_available=lambda: there, mem_get_info=lambda: (free_gib * 2**30, 10 * 2**30))
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    problem = GpuMemory(8).problem()
    assert (told in problem) if problem else not told


def test_a_backend_tells_its_first_lack_under_its_name() -> None:
    class Lack:
        def __init__(self, told: str | None) -> None:
            self.told = told

        def problem(self) -> str | None:
            return self.told

    lacks: Any = (Lack(None), Lack("first"), Lack("second"))
    assert first_problem(lacks) == "first"
    assert Backend("net", "speak", "model", "Net", "them", "MIT", lacks).problem() == "net: first"
    assert Backend("net", "speak", "model", "Net", "them", "MIT").problem() is None
