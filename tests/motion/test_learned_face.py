"""The face's networks: what they compute, what comes with them, and what keeps their findings sane."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from made_face import CAMERA, face_points, landmarks_px
from safetensors import safe_open

from nonverbal.motion.estimate import _views
from nonverbal.motion.face import GEOMETRY_SHARES, MOST_MISSED_RAD, estimate_face, reliability
from nonverbal.motion.face_measures import USED_IDS
from nonverbal.motion.face_time import calm_face_values
from nonverbal.motion.head import fit_heads
from nonverbal.motion.learned_face import WEIGHTS, Network, calm_face, load_networks
from nonverbal.motion.rotations import angle_between_rad
from nonverbal.spaces import ARKIT52_NAMES

BLINK = ARKIT52_NAMES.index("eyeBlinkLeft")


def network(inputs: int, outputs: int, seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    shapes = {"skip": (inputs, outputs), "first": (inputs, 5), "second": (5, 4), "last": (4, outputs),
              "skip_bias": (outputs,), "first_bias": (5,), "second_bias": (4,)}  # fmt: skip
    return Network(**{name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()})


def test_a_network_is_two_layers_beside_a_line() -> None:
    net = network(3, 2)
    row = np.array([0.3, -1.0, 2.0], np.float32)
    hidden = [max(0.0, sum(row[i] * net.first[i, j] for i in range(3)) + net.first_bias[j]) for j in range(5)]
    deeper = [max(0.0, sum(hidden[i] * net.second[i, j] for i in range(5)) + net.second_bias[j]) for j in range(4)]
    wanted = [
        sum(row[i] * net.skip[i, k] for i in range(3)) + sum(deeper[j] * net.last[j, k] for j in range(4)) + bias
        for k, bias in enumerate(net.skip_bias)
    ]
    np.testing.assert_allclose(net(row[None])[0], wanted, rtol=1e-5)


def test_weights_come_with_their_origin_and_scores() -> None:
    assert WEIGHTS.stat().st_size < 1_500_000
    with safe_open(WEIGHTS, framework="numpy") as file:
        metadata = file.metadata()
    assert metadata["command"].startswith("python -m nonverbal.fitting.face --seed ")
    assert tuple(json.loads(metadata["r"])) == ARKIT52_NAMES
    assert load_networks().coefficients.skip.shape[1] == 52


def test_networks_look_at_what_measures_are_made_of() -> None:
    ids = load_networks().ids
    assert (np.diff(ids) > 0).all()
    assert set(USED_IDS.tolist()) <= set(ids.tolist())


def test_what_cannot_be_seen_is_hardly_to_be_trusted() -> None:
    trust = reliability()
    assert tuple(trust) == ARKIT52_NAMES
    assert all(0.0 <= value <= 1.0 for value in trust.values())
    assert max(trust["tongueOut"], trust["jawForward"]) < 0.3
    assert min(trust["mouthSmileLeft"], trust["eyeBlinkRight"], trust["jawOpen"]) > 0.6


def test_shares_name_coefficients() -> None:
    stems = {name.removesuffix("Left").removesuffix("Right") for name in ARKIT52_NAMES}
    assert set(GEOMETRY_SHARES) <= stems
    assert all(0.0 <= share <= 1.0 for share in GEOMETRY_SHARES.values())


@pytest.mark.parametrize("spread", [0.0, 0.02])
def test_what_is_no_face_gives_finite_values_all_the_same(spread: float) -> None:
    points = face_points() + np.random.default_rng(0).normal(0.0, spread, (30, 478, 3))
    turns = np.broadcast_to(np.eye(3), (30, 3, 3))
    landmarks = landmarks_px(points, turns, np.tile([0.0, 0.0, 1.0], (30, 1)))
    fit = fit_heads(landmarks, CAMERA)
    face = estimate_face(landmarks, fit, [(0, 30)])
    assert np.isfinite(face.coefficients).all()
    assert 0.0 <= face.coefficients.min() <= face.coefficients.max() <= 1.0
    assert np.abs(face.gaze).max() <= np.radians(60.1)
    assert angle_between_rad(fit.rotation, face.rotation).max() <= MOST_MISSED_RAD + 1e-6


def test_a_person_seen_briefly_leans_on_the_average_face() -> None:
    population, own = np.zeros((4, 3), np.float32), np.ones((4, 3))
    assert (calm_face(np.zeros((0, 4, 3)), population) == 0).all()
    assert calm_face(np.stack([own] * 3), population)[0, 0] == pytest.approx(3 / 15)
    assert calm_face(np.stack([own] * 600), population)[0, 0] > 0.97


def test_a_blink_keeps_its_depth_and_trembling_goes() -> None:
    face = np.zeros((60, 52))
    face[30:34, BLINK] = (0.6, 1.0, 0.9, 0.4)
    brow = ARKIT52_NAMES.index("browInnerUp")
    face[:, brow] = 0.3 + 0.05 * (-1.0) ** np.arange(60)
    calmed = calm_face_values(face, [(0, 60)])
    assert calmed[:, BLINK].max() > 0.8
    assert calmed[10:50, brow].std() < 0.001


def test_nothing_is_mixed_across_a_cut() -> None:
    face = np.zeros((40, 52))
    face[20:] = 1.0
    calmed = calm_face_values(face, [(0, 20), (20, 40)])
    np.testing.assert_array_equal(calmed, face.astype(np.float32))
    assert calm_face_values(face, [(0, 40)])[19].min() > 0.05


def test_views_end_at_gaps_and_at_cuts() -> None:
    boxes = np.tile([0.0, 0.0, 10.0, 10.0], (12, 1))
    boxes[8:] += 50.0
    rows = np.array([0, 1, 2, 5, 6, 7, 8, 9])
    view = SimpleNamespace(face_valid=np.ones(12, bool), face_box_px=boxes)
    assert _views(view, rows) == [(0, 3), (3, 6), (6, 8)]
