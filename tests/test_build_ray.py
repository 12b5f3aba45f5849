"""The real build on a Ray cluster of this machine makes the very dataset that the local engine makes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
pytest.importorskip("ray", reason="Ray is not installed: pip install 'nonverbal[ray]'")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_dataset_whichever_engine_made_it(shared_media: Path, tmp_path: Path) -> None:
    video = shared_media / "dialogue" / "grid_dialogue_9s.mp4"
    hashes = {}
    for engine in ("local", "ray"):
        out = tmp_path / engine
        command = [sys.executable, "-m", "nonverbal", "build", video, "--out", out, "--engine", engine]
        flags = ["--skip-intro-s", "0", "--min-clip-s", "5"]
        done = subprocess.run([*command, *flags], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        hashes[engine] = json.loads((out / "dataset.json").read_text())["content_hash"]
        shards = sorted((out / "motion").iterdir())
        hashes[f"{engine} motion"] = [shard.read_bytes() for shard in shards]
    assert hashes["local"] == hashes["ray"]
    assert hashes["local motion"] == hashes["ray motion"], "the same bytes, not only the same content"
