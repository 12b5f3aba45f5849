"""Which of many voice embeddings belong to one speaker, without knowing how many speakers there are."""

from __future__ import annotations

import numpy as np
import scipy  # loads its parts when they are used
from numpy.typing import NDArray

from nonverbal.types import F32

Labels = NDArray[np.int64]

MAX_LINKED = 2000
"""Embeddings that take part in the linkage, whose memory grows with the square; of more, every so many-th does."""


def cluster_voices(vectors: F32, talk_s: NDArray[np.float64], min_talk_s: float, same: float, other: float) -> Labels:
    """[N] speaker of each embedding, 0 to K - 1.

    Average linkage over cosine distance among the embeddings that rest on at least `min_talk_s` of speech. Groups
    that are `same` alike are one speaker, groups less alike than `other` are two; between, the silhouette decides.
    Embeddings of less speech cannot found a speaker and join the nearest one; if all are that short, all take part.

    Args:
        vectors: [N, E] unit length; N >= 1.
        talk_s: [N] seconds of speech behind each.
        min_talk_s: speech that an embedding needs to take part.
        same, other: mean cosine similarities in [-1, 1]; other <= same.
    """
    founders = np.flatnonzero(talk_s >= min_talk_s)
    if len(founders) == 0:
        founders = np.arange(len(vectors))
    if len(founders) > MAX_LINKED:
        founders = founders[np.linspace(0, len(founders) - 1, MAX_LINKED).astype(np.int64)]
    labels = np.full(len(vectors), -1, dtype=np.int64)
    labels[founders] = _link(vectors[founders], same, other)
    rest = labels < 0
    labels[rest] = (vectors[rest] @ centroids(vectors, labels, talk_s).T).argmax(axis=1)
    return labels


def _link(vectors: F32, same: float, other: float) -> Labels:
    if len(vectors) == 1:
        return np.zeros(1, dtype=np.int64)
    distances = scipy.spatial.distance.pdist(vectors.astype(np.float64), metric="cosine")
    tree = scipy.cluster.hierarchy.linkage(distances, method="average")
    most = _count(tree, same)
    if most == 1:
        return np.zeros(len(vectors), dtype=np.int64)
    cuts = [
        scipy.cluster.hierarchy.fcluster(tree, t=k, criterion="maxclust") - 1
        for k in range(max(2, _count(tree, other)), most + 1)
    ]
    square = scipy.spatial.distance.squareform(distances)
    return max(cuts, key=lambda labels: silhouette(square, labels)).astype(np.int64)


def _count(tree: NDArray[np.float64], similarity: float) -> int:
    """Clusters left when all merges of at least this similarity are made."""
    return 1 + int((tree[:, 2] > 1.0 - similarity).sum())


def silhouette(distances: NDArray[np.float64], labels: Labels) -> float:
    """How much nearer points are to their own cluster than to the next one, -1 to 1; a point alone counts 0.

    Args:
        distances: [N, N] between all points.
        labels: [N] cluster of each, 0 to K - 1 with K >= 2.

    Source: Rousseeuw 1987, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis".
    """
    members = np.eye(int(labels.max()) + 1)[labels]
    sizes = members.sum(axis=0)
    means = (distances @ members) / np.maximum(sizes - members, 1)
    own = (means * members).sum(axis=1)
    nearest = np.where(members > 0, np.inf, means).min(axis=1)
    values = (nearest - own) / np.maximum(np.maximum(nearest, own), 1e-12)
    return float(np.where(sizes[labels] > 1, values, 0.0).mean())


def centroids(vectors: F32, labels: Labels, talk_s: NDArray[np.float64]) -> F32:
    """[K, E] unit-length means of each cluster, weighted by talk; rows of label -1 take no part."""
    out = np.zeros((int(labels.max()) + 1, vectors.shape[1]), dtype=np.float32)
    for label in range(len(out)):
        mine = labels == label
        out[label] = (vectors[mine] * np.maximum(talk_s[mine, None], 1e-3)).sum(axis=0)
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
