"""Animations of any length are made block by block: the same bytes, without gigabytes of matrices."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from nonverbal.avatar import gltf_animation
from nonverbal.avatar.gltf import GltfFile
from nonverbal.avatar.gltf_animation import Performed, add_animation
from nonverbal.avatar.rig import TURNING

BONES = {bone: node for node, bone in enumerate(TURNING)}


def _wild(count: int) -> Performed:
    """Motion that keeps turning, jumps by half a turn, and in which some joints never move."""
    rng = np.random.default_rng(0)
    body = np.mod(np.cumsum(rng.normal(0, 0.3, (count, 117)), axis=0), 6.0) - 3.0
    body[::5, :3], body[1::5, :3], body[:, 12:15] = (np.pi, 0, 0), 0.0, 0.0
    face, gaze = rng.random((count, 52)), rng.normal(0, 0.2, (count, 4))
    return Performed("wild", 25.0, face.astype(np.float32), body.astype(np.float32), gaze.astype(np.float32))


def _file(performed: Performed) -> bytes:
    file = GltfFile({})
    add_animation(file, performed, BONES, len(BONES))
    return file.to_bytes()


@pytest.mark.parametrize("block", [1, 7, 40])
def test_blocks_leave_no_trace(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    performed = _wild(120)
    whole = _file(performed)
    monkeypatch.setattr(gltf_animation, "_BLOCK", block)
    assert _file(performed) == whole


def test_memory_grows_with_the_file_and_no_faster() -> None:
    performed = _wild(6000)
    tracemalloc.start()
    size = len(_file(performed))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * size + 20_000_000, f"{peak / 1e6:.0f} MB for a file of {size / 1e6:.0f} MB"
