"""Small made-up models in the layout of FLAME and SMPL-X: a few vertices, the right joints, nothing licensed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SMPLX_PARENTS = (
    [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 15, 15, 15]
    + [p for wrist, first in ((20, 25), (21, 40)) for f in range(5) for p in (wrist, first + 3 * f, first + 3 * f + 1)]
)  # fmt: skip


def flame_arrays(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Eight vertices: 0 to 4 stand on the five joints, 5 to 7 hang on the jaw alone. Component 300 lifts vertex 5."""
    template = rng.normal(0, 0.1, (8, 3))
    weights = np.zeros((8, 5))
    weights[np.arange(8), [0, 1, 2, 3, 4, 2, 2, 2]] = 1
    shapes = np.zeros((8, 3, 400))
    shapes[:, 0, 299] = shapes[:, 0, 350] = 9.0  # the last of shape and the first of expression that is not used
    shapes[5, 1, 300] = 0.01
    shapes[6, 2, 349] = 0.02
    return {
        "v_template": template,
        "shapedirs": shapes,
        "posedirs": np.zeros((8, 3, 36)),
        "J_regressor": np.eye(5, 8),
        "weights": weights,
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.uint32),
    }


def smplx_arrays(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One vertex on each of the 55 joints, and one beyond each that only this joint moves."""
    joints = len(SMPLX_PARENTS)
    template = rng.normal(0, 0.2, (2 * joints, 3))
    return {
        "v_template": template,
        "shapedirs": np.zeros((2 * joints, 3, 20)),
        "posedirs": np.zeros((2 * joints, 3, 9 * (joints - 1))),
        "J_regressor": np.eye(joints, 2 * joints),
        "weights": np.concatenate([np.eye(joints), np.eye(joints)]),
        "kintree_table": np.array([SMPLX_PARENTS, range(joints)]).astype(np.uint32),
        "hands_meanl": np.tile([0.0, 0.0, -0.3], 15),
        "hands_meanr": np.tile([0.0, 0.0, 0.3], 15),
    }


def save(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    np.savez(path, **arrays)
    return path
