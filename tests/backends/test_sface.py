"""SFace: pictures go in as the network wants them; its own numbers where its weights are."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import tiny_onnx
from nonverbal.backends import sface
from nonverbal.backends.looks import backend_of, look_model
from nonverbal.backends.mediapipe_mesh import MeshTracker
from nonverbal.media.video import read_frames
from nonverbal.verdicts import UserError


def test_colours_go_in_as_red_green_blue_from_0_to_255(tmp_path: Path) -> None:
    """A network that gives the mean of each channel."""
    network = sface.read_network(tiny_onnx.mean_colour(tmp_path / "n.onnx", 112))
    face = np.empty((112, 112, 3), np.uint8)
    face[:] = 250, 120, 3
    assert sface.embed(network, face).tolist() == pytest.approx([250, 120, 3], abs=1e-3)


def test_what_is_no_network_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "n.onnx").write_bytes(b"<html>404</html>")
    with pytest.raises(UserError, match=r"n\.onnx is no ONNX network that OpenCV reads"):
        sface.read_network(tmp_path / "n.onnx")


def test_with_real_weights_one_person_is_more_alike_than_two(shared_media: Path) -> None:
    """Two moments of the left person, one of the right, as told from the face mesh."""
    if problem := backend_of("sface").problem():
        pytest.skip(problem)
    model = look_model("sface")
    looks = []
    for at_s, half in ((1.0, 0), (7.0, 0), (1.0, 1)):
        picture = next(iter(read_frames(shared_media / "dialogue/grid_dialogue_9s.mp4", at_s, at_s + 0.1)))
        panel = np.ascontiguousarray(picture[:, 640 * half : 640 * (half + 1)])
        with closing(MeshTracker()) as mesh:
            marks = mesh.see(panel)
        assert marks is not None
        looks.append(model.describe(panel, marks))
    own, other = model.likeness(looks[0], looks[1]), model.likeness(looks[0], looks[2])
    assert own > model.likenesses.same > model.likenesses.other > other
