"""The measure of models of looks: rates by hand, and two speakers linked as a build links them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from nonverbal.backends.looks import look_model

pytest.importorskip("torch", reason="torch is not installed")
SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "identity.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_of_identity", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    return module


def test_rates_by_hand(bench: ModuleType) -> None:
    rates = bench.Rates(np.asarray([0.9, 0.8, 0.6]), np.asarray([0.5, 0.7, 0.1, 0.2]))
    assert rates.missed(0.85) == pytest.approx(2 / 3)
    assert rates.mistaken(0.5) == pytest.approx(1 / 2)
    assert rates.equal_error() == (0.7, pytest.approx((1 / 3 + 1 / 4) / 2))


def shot(bench: ModuleType, person: str, degrees: float):  # type: ignore[no-untyped-def]
    angle = np.radians(degrees)
    return bench.Shot(person, "as filmed", np.asarray([np.cos(angle), np.sin(angle)], np.float32))


def test_two_speakers_are_linked_or_mixed(bench: ModuleType) -> None:
    """Shots 20 degrees apart are one person for a network of faces (0.94), 40 degrees apart two."""
    model = look_model("dlib_face")
    apart = [shot(bench, "a", 0), shot(bench, "a", 20), shot(bench, "b", 60), shot(bench, "b", 75)]
    assert bench.dialogues(model, apart) == (1.0, 0.0)
    assert bench.dialogues(model, [shot(bench, "a", 0), shot(bench, "b", 10)])[1] == 1.0
    lead = bench.leads(model, [shot(bench, "a", 0), shot(bench, "b", 90), shot(bench, "a", 10)])
    assert lead.tolist() == [pytest.approx(np.cos(np.radians(10)) - np.cos(np.radians(80)), abs=1e-5)]
