"""Which tracks show the same person: by how they look, never two at the same time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nonverbal.types import F32, Bool, Track


def link(tracks: Sequence[Track], min_similarity: float) -> tuple[tuple[int, ...], ...]:
    """Groups tracks into persons, the most alike two groups first, while they are alike enough and never overlap.

    A group looks like the mean of its tracks, weighted by their length. Example: A is seen in frames 0..99 and
    150..249, B in 100..249: A's tracks become one person; B's cannot join it, however alike.

    Args:
        tracks: the tracks of one clip.
        min_similarity: cosine from which two groups are one person.

    Returns:
        Track ids (which are indices into `tracks`), each group rising, groups by their first index.
    """
    groups = [[i] for i in range(len(tracks))]
    looks = [track.appearance * max(int(track.face_valid.sum()), 1) for track in tracks]
    alike = _similarities(tracks, looks)
    while len(groups) > 1:
        a, b = (int(v) for v in np.unravel_index(int(alike.argmax()), alike.shape))
        if alike[a, b] < min_similarity:
            break
        a, b = min(a, b), max(a, b)
        groups[a] += groups.pop(b)
        looks[a] = looks[a] + looks.pop(b)
        apart = (alike[a] == -1.0) | (alike[b] == -1.0)  # who met one of them is neither
        alike[a] = np.where(apart, -1.0, [cosine(looks[a], look) for look in _inserted(looks, b)])
        alike[:, a] = alike[a]
        alike[a, a] = -1.0
        alike = np.delete(np.delete(alike, b, axis=0), b, axis=1)
    return tuple(sorted(tuple(sorted(group)) for group in groups))


def cosine(a: F32, b: F32) -> float:
    """Cosine similarity; 0 where one is unknown."""
    if a.shape != b.shape or not a.size:
        return 0.0
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 0 else 0.0


def _similarities(tracks: Sequence[Track], looks: list[F32]) -> F32:
    """[N, N] cosine of the looks, -1 where two tracks overlap in time and on the diagonal."""
    alike = np.full((len(tracks), len(tracks)), -1.0, np.float32)
    for i, one in enumerate(tracks):
        for j in range(i):
            other = tracks[j]
            if one.start_frame >= other.end_frame or other.start_frame >= one.end_frame:
                alike[i, j] = alike[j, i] = max(cosine(looks[i], looks[j]), -0.99)
    return alike


def _inserted(looks: list[F32], at: int) -> list[F32]:
    """`looks` with an unknown one at `at`: lines up with a matrix from which that row is yet to be deleted."""
    return [*looks[:at], np.zeros(0, np.float32), *looks[at:]]


def seen_frames(tracks: Sequence[Track], group: Sequence[int], count: int) -> Bool:
    """[count] bool, where one of a person's tracks shows the face."""
    seen = np.zeros(count, bool)
    for i in group:
        seen[tracks[i].start_frame : tracks[i].end_frame] |= tracks[i].face_valid
    return seen
