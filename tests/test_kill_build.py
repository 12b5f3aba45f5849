"""The real build, killed at random times and started again, ends with the dataset of an unbroken run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_builds_end_like_an_unbroken_one(shared_media: Path) -> None:
    video = shared_media / "dialogue" / "grid_dialogue_9s.mp4"
    command = [sys.executable, ROOT / "benchmarks" / "kill.py", video, "--times", "20", "--seed", "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 kills" in done.stdout
