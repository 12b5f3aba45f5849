"""Forms of rotation are inverses of each other, and swing and twist split one as promised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nonverbal.motion import rotations as rot


def turns(seed: int, count: int = 40) -> np.ndarray:
    """[count, 3] axis-angle, lengths over the whole range up to just under pi."""
    rng = np.random.default_rng(seed)
    axis = rot.unit(rng.normal(size=(count, 3)))
    return axis * rng.uniform(0.0, np.pi - 1e-3, (count, 1))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_forms_are_inverses(seed: int) -> None:
    axis_angle = turns(seed).reshape(4, 10, 3)
    matrix = rot.matrix_from_axis_angle(axis_angle)
    np.testing.assert_allclose(rot.axis_angle_from_matrix(matrix), axis_angle, atol=1e-7)
    quaternion = rot.quaternion_from_axis_angle(axis_angle)
    np.testing.assert_allclose(rot.axis_angle_from_quaternion(quaternion), axis_angle, atol=1e-9)
    np.testing.assert_allclose(rot.matrix_from_rot6d(rot.rot6d_from_matrix(matrix)), matrix, atol=1e-12)


def test_a_quarter_turn_about_z_takes_x_to_y() -> None:
    matrix = rot.matrix_about(2, np.array([np.pi / 2]))
    np.testing.assert_allclose(rot.apply(matrix, np.array([1.0, 0.0, 0.0])), [[0.0, 1.0, 0.0]], atol=1e-12)
    np.testing.assert_allclose(
        rot.quaternion_from_axis_angle([[0.0, 0.0, np.pi / 2]]), [[0.5**0.5, 0.0, 0.0, 0.5**0.5]], atol=1e-12
    )


def test_rot6d_repairs_columns_that_are_not_square() -> None:
    matrix = rot.matrix_from_rot6d(np.array([[2.0, 0.0, 0.0, 1.0, 3.0, 0.0]]))
    np.testing.assert_allclose(matrix, [np.eye(3)], atol=1e-12)


def test_swing_takes_start_to_end_even_when_opposite() -> None:
    rng = np.random.default_rng(1)
    start, end = rot.unit(rng.normal(size=(50, 3))), rot.unit(rng.normal(size=(50, 3)))
    end[0] = -start[0]
    end[1] = start[1]
    swing = rot.swing_between(start, end)
    np.testing.assert_allclose(rot.apply(swing, start), end, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(rot.axis_angle_from_matrix(swing[0])), np.pi)


def test_swing_of_nothing_is_the_identity() -> None:
    np.testing.assert_array_equal(rot.swing_between(np.zeros((1, 3)), np.ones((1, 3))), [np.eye(3)])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_twist_is_found_before_a_swing(axis: int) -> None:
    rng = np.random.default_rng(axis)
    twist = rng.uniform(-3.0, 3.0, 60)
    direction = rng.normal(size=(60, 3))
    direction[:, axis] = 0.0
    swing = rot.matrix_from_axis_angle(rot.unit(direction) * rng.uniform(0.0, 2.5, (60, 1)))
    np.testing.assert_allclose(rot.twist_angle(rot.matrix_about(axis, twist) @ swing, axis), twist, atol=1e-9)


def test_quaternions_become_continuous() -> None:
    angle = np.linspace(0.0, 4 * np.pi, 100)
    stored = rot.axis_angle_from_matrix(rot.matrix_about(1, angle))
    quaternion = rot.quaternion_from_axis_angle(stored)
    assert (np.sum(quaternion[1:] * quaternion[:-1], axis=1) < 0).any(), "the input must hold a flip to be worth it"
    steady = rot.continuous_quaternion(quaternion)
    assert (np.sum(steady[1:] * steady[:-1], axis=1) > 0.99).all()


def test_limit_keeps_small_turns_and_shortens_large_ones() -> None:
    axis_angle = np.array([[0.1, 0.2, 0.0], [0.0, 2.0, 0.0]])
    limited = rot.axis_angle_from_matrix(rot.limit_angle(rot.matrix_from_axis_angle(axis_angle), 0.5))
    np.testing.assert_allclose(limited, [[0.1, 0.2, 0.0], [0.0, 0.5, 0.0]], atol=1e-12)


def test_procrustes_recovers_similarity() -> None:
    rng = np.random.default_rng(3)
    template = rng.normal(size=(8, 3))
    rotation = rot.matrix_from_axis_angle(turns(3, 5))
    points = 2.5 * np.einsum("nij,kj->nki", rotation, template) + rng.normal(size=(5, 1, 3))
    found, scale, residual = rot.procrustes(template, points)
    np.testing.assert_allclose(found, rotation, atol=1e-9)
    np.testing.assert_allclose(scale, 2.5)
    np.testing.assert_allclose(residual, 0.0, atol=1e-9)
