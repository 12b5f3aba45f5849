"""What the face's networks are fitted on, and how."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("anny")

from nonverbal.fitting.face import talk_r
from nonverbal.fitting.face_acting import act
from nonverbal.fitting.face_examples import IDS, Examples, leaning, mirrored
from nonverbal.fitting.face_renders import Plan, render_person
from nonverbal.fitting.face_train import TrainConfig, train
from nonverbal.motion.looks import look_coefficients
from nonverbal.spaces import ARKIT52_NAMES

COLUMN = {name: i for i, name in enumerate(ARKIT52_NAMES)}


def examples(count: int) -> Examples:
    rng = np.random.default_rng(3)
    shapes = {"points_m": (count, 478, 3), "view": (count, 3), "face": (count, 52), "gaze": (count, 4),
              "missed": (count, 3), "gaze_by_geometry": (count, 4)}  # fmt: skip
    arrays = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return Examples(**arrays, calm_rows=np.arange(count))


def test_a_take_is_a_face_and_the_same_every_time() -> None:
    take, again = (act(np.random.default_rng(5), 300) for _ in range(2))
    np.testing.assert_array_equal(take.face, again.face)
    assert 0.0 <= take.face.min() <= take.face.max() <= 1.0
    assert (take.face[:, COLUMN["mouthClose"]] <= take.face[:, COLUMN["jawOpen"]] + 1e-6).all()
    for name, values in look_coefficients(take.gaze).items():
        np.testing.assert_allclose(take.face[:, COLUMN[name]], values, atol=1e-6)


def test_every_coefficient_moves_in_some_take() -> None:
    faces = np.concatenate([act(np.random.default_rng(seed), 600).face for seed in range(10)])
    assert (faces.std(axis=0) > 0.03).all()


def test_a_mirror_twice_is_no_mirror() -> None:
    person = examples(6)
    partner = np.arange(478)[::-1].copy()
    twice = mirrored(mirrored(person, partner), partner)
    for name in Examples.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(twice, name), getattr(person, name), err_msg=name)
    once = mirrored(person, partner)
    np.testing.assert_array_equal(once.face[:, COLUMN["mouthSmileLeft"]], person.face[:, COLUMN["mouthSmileRight"]])
    np.testing.assert_array_equal(once.face[:, COLUMN["jawOpen"]], person.face[:, COLUMN["jawOpen"]])
    np.testing.assert_array_equal(once.gaze[:, 0], -person.gaze[:, 2])
    np.testing.assert_array_equal(once.gaze[:, 1], person.gaze[:, 3])


def test_a_leaning_calm_face_comes_from_half_the_frames_that_look_one_way() -> None:
    person = examples(40)
    rows = leaning(person, np.random.default_rng(0)).calm_rows
    assert len(rows) == 20
    rest = np.setdiff1d(np.arange(40), rows)
    assert person.gaze[rows, :2].std(axis=0).sum() < person.gaze[rest, :2].std(axis=0).sum()


def test_training_finds_a_line_and_repeats_itself() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2048, 6)).astype(np.float32)
    y = (x @ rng.normal(size=(6, 2))).astype(np.float32)
    config = TrainConfig(hidden=(8, 8), epochs=12, batch=64, rate=1e-2, shake=0.0, drop=0.0)
    net, again = train(x, y, config, 1000), train(x, y, config, 1000)
    assert np.abs(net(x) - y).mean() < 0.1 * np.abs(y).mean()
    np.testing.assert_array_equal(net.skip, again.skip)
    np.testing.assert_array_equal(net.last, again.last)


def test_the_studios_seeds_are_not_fitted_on() -> None:
    with pytest.raises(ValueError, match="seed is 999, expected 1000 or more"):
        Plan(seed=999)


def test_pairs_count_once_in_the_mean_over_talk() -> None:
    r = np.zeros(52)
    r[[COLUMN["browDownLeft"], COLUMN["browDownRight"], COLUMN["jawOpen"]]] = 1.0
    assert talk_r(r) == pytest.approx(0.2)


def test_landmarks_looked_at_are_landmarks() -> None:
    assert sorted(set(IDS)) == list(IDS)
    assert 0 <= min(IDS) <= max(IDS) < 478


@pytest.mark.slow
def test_a_rendered_person_is_seen_and_repeats() -> None:
    plan = Plan(takes=1, seconds=2.0)
    person, again = render_person(plan, 7), render_person(plan, 7)
    assert len(person.face) >= 5
    np.testing.assert_array_equal(person.landmarks_px, again.landmarks_px)
    assert np.abs(person.head).max() < 1.2
