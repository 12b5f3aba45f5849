"""Rotations between their forms, vectorised over leading axes: axis-angle, matrix, quaternion, 6d, and swing-twist.

All rotations are active and act on column vectors: ``v' = R @ v``. Quaternions are
``w, x, y, z`` of unit length. The 6d form is the first two columns of the matrix (Zhou et al. 2019).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy  # loads its parts when they are used
from numpy.typing import NDArray

from nonverbal.types import F32

F = NDArray[Any]

_TINY = 1e-9


def matrix_from_axis_angle(axis_angle: F) -> F:
    """[..., 3] radians -> [..., 3, 3]."""
    flat = np.asarray(axis_angle, dtype=np.float64).reshape(-1, 3)
    return np.asarray(scipy.spatial.transform.Rotation.from_rotvec(flat).as_matrix()).reshape(
        *np.shape(axis_angle)[:-1], 3, 3
    )


def axis_angle_from_matrix(matrix: F) -> F:
    """[..., 3, 3] -> [..., 3] radians, length at most pi."""
    flat = np.asarray(matrix, dtype=np.float64).reshape(-1, 3, 3)
    return np.asarray(scipy.spatial.transform.Rotation.from_matrix(flat).as_rotvec()).reshape(*np.shape(matrix)[:-2], 3)


def quaternion_from_axis_angle(axis_angle: F) -> F:
    """[..., 3] radians -> [..., 4] w, x, y, z."""
    flat = np.asarray(axis_angle, dtype=np.float64).reshape(-1, 3)
    xyzw = np.asarray(scipy.spatial.transform.Rotation.from_rotvec(flat).as_quat())
    return np.roll(xyzw, 1, axis=-1).reshape(*np.shape(axis_angle)[:-1], 4)


def axis_angle_from_quaternion(quaternion: F) -> F:
    """[..., 4] w, x, y, z of any positive length -> [..., 3] radians, length at most pi."""
    flat = np.asarray(quaternion, dtype=np.float64).reshape(-1, 4)
    rotvec = np.asarray(scipy.spatial.transform.Rotation.from_quat(np.roll(flat, -1, axis=-1)).as_rotvec())
    return rotvec.reshape(*np.shape(quaternion)[:-1], 3)


def rot6d_from_matrix(matrix: F) -> F:
    """[..., 3, 3] -> [..., 6]: first column, then second column.

    Source: Zhou et al. 2019, "On the Continuity of Rotation Representations in Neural Networks", section 4.2.
    """
    return np.concatenate([matrix[..., :, 0], matrix[..., :, 1]], axis=-1)


def matrix_from_rot6d(rot6d: F) -> F:
    """[..., 6] -> [..., 3, 3] by Gram-Schmidt, so any two independent columns give a rotation."""
    x = unit(rot6d[..., :3])
    y = unit(reject(rot6d[..., 3:], x))
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def shortest_axis_angle(axis_angle: F32) -> F32:
    """[T, 3 J] axis-angles, those longer than pi as the same rotation the other way round."""
    vectors = axis_angle.reshape(-1, 3)
    far = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)) > np.pi
    if not far.any():
        return axis_angle
    angle = np.linalg.norm(vectors[far].astype(np.float64), axis=1, keepdims=True)
    turned = vectors.copy()
    turned[far] *= ((angle + np.pi) % (2 * np.pi) - np.pi) / angle
    return turned.reshape(axis_angle.shape)


def matrix_about(axis: int, angle_rad: F) -> F:
    """[...] radians about coordinate axis 0, 1 or 2 -> [..., 3, 3]."""
    vector = np.zeros((*np.shape(angle_rad), 3))
    vector[..., axis] = angle_rad
    return matrix_from_axis_angle(vector)


def unit(vector: F) -> F:
    """[..., 3] scaled to length one; a zero vector stays zero."""
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.divide(vector, length, out=np.zeros_like(vector, dtype=np.float64), where=length > _TINY)


def reject(vector: F, axis: F) -> F:
    """[..., 3] what is left of `vector` without its part along the unit vector `axis`."""
    return vector - np.sum(vector * axis, axis=-1, keepdims=True) * axis


def apply(matrix: F, vector: F) -> F:
    """[..., 3, 3] times [..., 3] -> [..., 3]."""
    return np.einsum("...ij,...j->...i", matrix, vector)


def swing_between(start: F, end: F) -> F:
    """[..., 3, 3] the smallest rotation that takes the direction `start` [..., 3] to `end` [..., 3].

    Where the two are opposite, the turn goes about an arbitrary but fixed perpendicular axis; where one is zero
    the rotation is the identity.
    """
    a, b = np.broadcast_arrays(unit(np.asarray(start, dtype=np.float64)), unit(np.asarray(end, dtype=np.float64)))
    cross = np.cross(a, b)
    sine = np.linalg.norm(cross, axis=-1)
    angle = np.arctan2(sine, np.sum(a * b, axis=-1))
    helper = np.where(np.abs(a[..., :1]) < 0.9, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    axis = np.where((sine > _TINY)[..., None], unit(cross), unit(np.cross(a, helper)))
    present = (np.abs(a).sum(-1) > 0) & (np.abs(b).sum(-1) > 0)
    return matrix_from_axis_angle(axis * np.where(present, angle, 0.0)[..., None])


def twist_angle(matrix: F, axis: int) -> F:
    """[...] radians in (-pi, pi]: the turn about coordinate `axis` in the split ``matrix = twist @ swing``.

    The swing that is left turns about an axis perpendicular to `axis`, the smallest such rotation.
    """
    quaternion = quaternion_from_axis_angle(axis_angle_from_matrix(matrix))
    angle = 2.0 * np.arctan2(quaternion[..., 1 + axis], quaternion[..., 0])
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)


def continuous_quaternion(quaternion: F) -> F:
    """[T, ..., 4] with signs chosen so that each frame lies in the same half as the one before it.

    q and -q are one rotation; filters over time need neighbours that are also near as numbers.
    """
    if len(quaternion) < 2:
        return quaternion
    agree = np.sum(quaternion[1:] * quaternion[:-1], axis=-1) >= 0
    sign = np.cumprod(np.where(agree, 1.0, -1.0), axis=0)
    return np.concatenate([quaternion[:1], quaternion[1:] * sign[..., None]])


def angle_between_rad(a: F, b: F) -> F:
    """[...] radians of the rotation that leads from matrix `a` to matrix `b`, both [..., 3, 3]."""
    return np.linalg.norm(axis_angle_from_matrix(np.swapaxes(a, -1, -2) @ b), axis=-1)


def procrustes(template: F, points: F) -> tuple[F, F, F]:
    """The similarity that best takes `template` [K, 3] to each of `points` [N, K, 3].

    Returns:
        rotation [N, 3, 3], scale [N], and the root mean square distance left [N] in units of `points`.

    Source: Umeyama 1991, "Least-squares estimation of transformation parameters between two point patterns".
    """
    centred_template = template - template.mean(axis=0)
    centred = points - points.mean(axis=1, keepdims=True)
    u, s, vt = np.linalg.svd(np.einsum("nki,kj->nij", centred, centred_template))
    sign = np.ones_like(s)
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    rotation = np.einsum("nij,nj,njk->nik", u, sign, vt)
    scale = np.sum(s * sign, axis=1) / np.sum(centred_template**2)
    fitted = scale[:, None, None] * np.einsum("nij,kj->nki", rotation, centred_template)
    return rotation, scale, np.sqrt(np.mean(np.sum((centred - fitted) ** 2, axis=-1), axis=1))


def mirror_x(matrix: F) -> F:
    """[..., 3, 3] the same turn seen in a mirror across x = 0: what a right arm does, as a left arm's."""
    flip = np.array([-1.0, 1.0, 1.0])
    return matrix * flip[:, None] * flip


def limit_angle(matrix: F, limit_rad: float) -> F:
    """[..., 3, 3] turned about the same axis by at most `limit_rad`."""
    axis_angle = axis_angle_from_matrix(matrix)
    angle = np.linalg.norm(axis_angle, axis=-1, keepdims=True)
    return matrix_from_axis_angle(axis_angle * np.minimum(1.0, limit_rad / np.maximum(angle, _TINY)))
