"""Which tracks show the same person: by how they look, never two at the same time.

How alike is alike enough is the model's own knowledge: see `backends.looks.Likenesses`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nonverbal.backends.looks import LookModel
from nonverbal.types import F32, Bool, Track


def link(tracks: Sequence[Track], model: LookModel, min_similarity: float | None = None) -> tuple[tuple[int, ...], ...]:
    """Groups tracks into persons, the most alike two groups first, while they are alike enough and never overlap.

    A group looks like the mean of its tracks, weighted by their length. Example: A is seen in frames 0..99 and
    150..249, B in 100..249: A's tracks become one person; B's cannot join it, however alike.

    Args:
        tracks: the tracks of one clip.
        model: what described them.
        min_similarity: likeness from which two groups are one person; None takes the model's own.

    Returns:
        Track ids (which are indices into `tracks`), each group rising, groups by their first index.
    """
    groups = [[i] for i in range(len(tracks))]
    looks = [track.appearance * max(int(track.face_valid.sum()), 1) for track in tracks]
    alike = _similarities(tracks, looks, model)
    enough = model.likenesses.same if min_similarity is None else min_similarity
    while len(groups) > 1:
        a, b = (int(v) for v in np.unravel_index(int(alike.argmax()), alike.shape))
        if alike[a, b] < enough:
            break
        a, b = min(a, b), max(a, b)
        groups[a] += groups.pop(b)
        looks[a] = looks[a] + looks.pop(b)
        apart = (alike[a] == -1.0) | (alike[b] == -1.0)  # who met one of them is neither
        alike[a] = np.where(apart, -1.0, [model.likeness(looks[a], look) for look in _inserted(looks, b)])
        alike[:, a] = alike[a]
        alike[a, a] = -1.0
        alike = np.delete(np.delete(alike, b, axis=0), b, axis=1)
    return tuple(sorted(tuple(sorted(group)) for group in groups))


def gather(
    tracks: Sequence[Track], groups: Sequence[tuple[int, ...]], people: int, model: LookModel
) -> tuple[tuple[int, ...], ...]:
    """Gives stray groups (the same person under another camera's colours) to the people whom they clearly resemble.

    Args:
        tracks: the tracks of one clip.
        groups: as `link` gave them.
        people: how many people talk; groups beyond the most seen ones are strays.
        model: what described them.

    Returns:
        Groups as from `link`, fewer or as many.
    """
    limits = model.likenesses
    by_size = sorted(groups, key=lambda g: (-_length(tracks, g), g))
    anchors: list[list[int]] = []
    strays: list[tuple[int, ...]] = []
    for group in by_size:
        other = all(
            _met(tracks, a, group) or model.likeness(_look(tracks, a), _look(tracks, group)) < limits.other
            for a in anchors
        )
        if len(anchors) < max(people, 1) and other:
            anchors.append(list(group))
        else:
            strays.append(group)
    kept: list[tuple[int, ...]] = []
    for group in strays:
        alike = sorted(
            ((model.likeness(_look(tracks, a), _look(tracks, group)), -i) for i, a in enumerate(anchors)),
            reverse=True,
        )
        best, home = alike[0][0], anchors[-alike[0][1]]
        clear = len(alike) > 1 and best - alike[1][0] >= limits.margin
        if best >= limits.maybe and clear and not _met(tracks, home, group):
            home.extend(group)
        else:
            kept.append(group)
    return tuple(sorted([tuple(sorted(a)) for a in anchors] + kept))


def _length(tracks: Sequence[Track], group: Sequence[int]) -> int:
    return sum(int(tracks[i].face_valid.sum()) for i in group)


def _look(tracks: Sequence[Track], group: Sequence[int]) -> F32:
    return np.sum([tracks[i].appearance * max(int(tracks[i].face_valid.sum()), 1) for i in group], axis=0)


def _met(tracks: Sequence[Track], one: Sequence[int], other: Sequence[int]) -> bool:
    return any(
        tracks[i].start_frame < tracks[j].end_frame and tracks[j].start_frame < tracks[i].end_frame
        for i in one
        for j in other
    )


def _similarities(tracks: Sequence[Track], looks: list[F32], model: LookModel) -> F32:
    """[N, N] likeness of the looks, -1 where two tracks overlap in time and on the diagonal."""
    alike = np.full((len(tracks), len(tracks)), -1.0, np.float32)
    for i, one in enumerate(tracks):
        for j in range(i):
            other = tracks[j]
            if one.start_frame >= other.end_frame or other.start_frame >= one.end_frame:
                alike[i, j] = alike[j, i] = max(model.likeness(looks[i], looks[j]), -0.99)
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
