"""dlib's face network without dlib: its file is read as it is written, and its numbers are dlib's."""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from nonverbal import weights  # noqa: E402 - they import torch
from nonverbal.backends.dlib_face import DlibFace, DlibNetwork, _add, _expected, read_tensors  # noqa: E402
from nonverbal.backends.looks import backend_of  # noqa: E402
from nonverbal.backends.mediapipe_mesh import MeshTracker  # noqa: E402
from nonverbal.media.video import read_frames  # noqa: E402
from nonverbal.verdicts import UserError  # noqa: E402


def whole(*numbers: int) -> bytes:
    """Numbers in dlib's form: how many bytes, then those, the lowest first."""
    sizes = [max(1, (n.bit_length() + 7) // 8) for n in numbers]
    return b"".join(bytes([size]) + n.to_bytes(size, "little") for n, size in zip(numbers, sizes, strict=True))


def written(tensors: list[np.ndarray]) -> bytes:
    """A file as dlib writes it, other fields of the layers left out or filled with noise."""
    data = whole(1) + b"\x0dloss_metric_2" + bytes(range(40))
    for (mark, skip, _), values in zip(_expected(), tensors, strict=True):
        sizes = (256, 128, 1, 1) if skip else (values.size, 1, 1, 1)
        data += whole(0, 1, 0) + mark + whole(*(128, 256)[:skip], 2, *sizes) + values.tobytes() + whole(3, 3, 0)
        data += b"\x05relu_" + whole(0, 2, 0)
    return data


@pytest.fixture(scope="module")
def tensors() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [(0.05 * random.standard_normal(size)).astype(np.float32) for _, _, size in _expected()]


def test_parameters_come_back_in_order(tmp_path: Path, tensors: list[np.ndarray]) -> None:
    path = tmp_path / "net.dat"
    path.write_bytes(written(tensors))
    got = read_tensors(path)
    assert len(got) == 2 * 29 + 1
    assert all(np.array_equal(a, b) for a, b in zip(got, tensors, strict=True))


def test_another_or_a_broken_file_is_refused(tmp_path: Path, tensors: list[np.ndarray]) -> None:
    path, data = tmp_path / "net.dat", written(tensors)
    for wrong in (b"", data[: len(data) // 2], data[:-200_000], data.replace(b"con_4", b"con_5"), b"\x05con_4"):
        path.write_bytes(wrong)
        with pytest.raises(UserError, match="expected dlib's face recognition file"):
            read_tensors(path)


def test_sums_of_unlike_pictures_fill_up_with_zeros() -> None:
    a, b = torch.ones(1, 1, 2, 2), torch.full((1, 2, 1, 3), 2.0)
    total = _add(a, b)
    assert total.shape == (1, 2, 2, 3)
    assert total[0, 0].tolist() == [[3, 3, 2], [1, 1, 0]]
    assert total[0, 1].tolist() == [[2, 2, 2], [0, 0, 0]]


def test_the_network_tells_pictures_apart_without_real_weights(tensors: list[np.ndarray]) -> None:
    network = DlibNetwork(tensors)
    dark, light = (network.embed(np.full((150, 150, 3), level, np.uint8)) for level in (40, 200))
    assert dark.shape == (128,)
    assert np.isfinite(dark).all()
    assert not np.allclose(dark, light)


@pytest.fixture(scope="module")
def model() -> DlibFace:
    if problem := backend_of("dlib_face").problem():
        pytest.skip(problem)
    return DlibFace()


def test_numbers_are_those_of_dlib(model: DlibFace) -> None:
    """Recorded with dlib 20.0.1 on the same picture."""
    rows, columns, channels = np.indices((150, 150, 3))
    embedded = model.network.embed(((rows * 3 + columns * 5 + channels * 40) % 256).astype(np.uint8))
    assert embedded[:6] == pytest.approx([-0.060866, 0.163132, 0.043484, -0.020212, -0.068893, -0.03987], abs=1e-4)
    assert np.linalg.norm(embedded) == pytest.approx(1.354489, abs=1e-4)


def test_weights_are_proved(model: DlibFace) -> None:
    assert weights.verified(backend_of("dlib_face").requirements[1].files[0]).stat().st_size == 22_466_066


def test_layers_follow_each_other() -> None:
    """Every convolution takes as many channels as the one before gives."""
    sizes = [size for mark, _, size in _expected() if mark.endswith(b"con_4")]
    scales = [size // 2 for mark, _, size in _expected() if mark.endswith(b"affine_")]
    assert sizes[0] == 32 * (3 * 49 + 1)
    for (_, filters), (size, after) in pairwise(zip(sizes, scales, strict=True)):
        assert size == after * (9 * filters + 1)


def test_people_are_known_again_and_told_apart(model: DlibFace, shared_media: Path) -> None:
    """Two moments of the left person, one of the right; in other light and nearer as well."""
    looks = []
    for at_s, half in ((1.0, 0), (7.0, 0), (1.0, 1)):
        picture = next(iter(read_frames(shared_media / "dialogue/grid_dialogue_9s.mp4", at_s, at_s + 0.1)))
        panel = np.ascontiguousarray(picture[:, 640 * half : 640 * (half + 1)])
        with closing(MeshTracker()) as mesh:
            marks = mesh.see(panel)
        assert marks is not None
        looks += [model.describe(panel, marks), model.describe(panel // 2, marks)]
    same = [model.likeness(looks[i], looks[j]) for i in range(4) for j in range(i)]
    other = [model.likeness(look, right) for look in looks[:4] for right in looks[4:]]
    assert min(same) > model.likenesses.same
    assert max(other) < model.likenesses.other
