"""Voice embeddings drawn around known speakers must come back as those speakers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from nonverbal.venus.clustering import centroids, cluster_voices, silhouette

SAME, OTHER = 0.4, 0.3


def voices(counts: list[int], spread: float, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """[N, 64] unit vectors around one direction a speaker; cosine inside a speaker is about 1 / (1 + spread^2)."""
    rng = np.random.default_rng(seed)
    names = np.repeat(np.arange(len(counts)), counts)
    centres = rng.standard_normal((len(counts), 64))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    vectors = centres[names] + spread * rng.standard_normal((len(names), 64)) / 8
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), names


def same_partition(a: NDArray[np.int64], b: NDArray[np.int64]) -> bool:
    return bool(((a[:, None] == a) == (b[:, None] == b)).all())


@pytest.mark.parametrize("counts", [[1], [12], [1, 1], [2, 9], [10, 10], [6, 8, 5], [4, 4, 4, 4]])
def test_the_number_of_speakers_is_found(counts: list[int]) -> None:
    vectors, names = voices(counts, spread=0.7)
    found = cluster_voices(vectors, np.full(len(names), 2.0), 1.0, SAME, OTHER)
    assert same_partition(found, names)


def test_between_same_and_other_the_silhouette_decides() -> None:
    """Two groups of cosine 0.35 to each other: too unlike to be surely one, so the better silhouette, two, wins."""
    base = np.eye(64, dtype=np.float32)
    near = 0.35 * base[0] + np.sqrt(1 - 0.35**2) * base[1]
    vectors = np.stack([base[0]] * 4 + [near.astype(np.float32)] * 4)
    assert same_partition(cluster_voices(vectors, np.ones(8), 1.0, SAME, OTHER), np.repeat([0, 1], 4))
    assert cluster_voices(vectors, np.ones(8), 1.0, same=0.3, other=0.3).max() == 0


def test_loose_voices_are_not_torn_apart() -> None:
    """Samples of one voice with a mean cosine of 0.45, little above `same`: a threshold alone finds three speakers."""
    vectors, names = voices([8, 8], spread=1.1)
    talk_s = np.full(16, 2.0)
    assert cluster_voices(vectors, talk_s, 1.0, SAME, SAME).max() > 1
    assert same_partition(cluster_voices(vectors, talk_s, 1.0, SAME, OTHER), names)


def test_a_short_sample_founds_no_speaker_but_joins_the_nearest() -> None:
    vectors, names = voices([5, 5, 1], spread=0.5)
    vectors[10] = (vectors[0] + 0.9 * vectors[10]) / np.linalg.norm(vectors[0] + 0.9 * vectors[10])
    talk_s = np.array([2.0] * 10 + [0.4])
    found = cluster_voices(vectors, talk_s, 1.0, SAME, OTHER)
    assert found[10] == found[0]
    assert len(set(found.tolist())) == 2
    assert same_partition(found[:10], names[:10])


def test_only_short_samples_all_take_part() -> None:
    vectors, names = voices([3, 3], spread=0.5)
    assert same_partition(cluster_voices(vectors, np.full(6, 0.4), 1.0, SAME, OTHER), names)


def test_more_samples_than_the_linkage_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, names = voices([60, 40], spread=0.7)
    monkeypatch.setattr("nonverbal.venus.clustering.MAX_LINKED", 20)
    assert same_partition(cluster_voices(vectors, np.linspace(1, 2, 100), 1.0, SAME, OTHER), names)


def test_silhouette_by_hand() -> None:
    """Points 0, 1 | 10 on a line: for 0 a=1 b=10, for 1 a=1 b=9, the point alone counts 0."""
    x = np.array([0.0, 1.0, 10.0])
    distances = np.abs(x[:, None] - x)
    assert silhouette(distances, np.array([0, 0, 1])) == pytest.approx((9 / 10 + 8 / 9 + 0) / 3)


def test_centroids_weigh_by_talk() -> None:
    vectors = np.eye(3, dtype=np.float32)
    centre = centroids(vectors, np.array([0, 0, -1]), np.array([3.0, 4.0, 9.0]))
    assert centre == pytest.approx(np.array([[0.6, 0.8, 0.0]]))
