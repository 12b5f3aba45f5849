"""Whatever is flipped, cut or swapped, `validate` finds it and says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("times", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_everything_is_found(times: int) -> None:
    command = [sys.executable, ROOT / "benchmarks" / "corruption.py", "--times", str(times), "--seed", str(times)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{times}/{times} found, 0 missed" in done.stdout
