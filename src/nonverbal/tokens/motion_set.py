"""A dataset's motion as one array on disk, and windows of it by index.

    sequences   one per (dialogue, participant), one after the other
    values      [N, D] float32, a memory map; frames of a group that are not valid repeat the nearest valid one
    mask        [N, G] bool, which groups are valid

An epoch cuts every sequence into windows at an offset of its own and shuffles them; both follow from (seed, epoch), so
a run that goes on where another stopped needs no more than the two numbers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from nonverbal.dataset.read import Dataset
from nonverbal.pipeline.lock import output_error
from nonverbal.tokens.config import column_groups, spaces_of
from nonverbal.types import F32, Bool, Motion
from nonverbal.verdicts import UserError

_CHUNK = 1 << 20
"""Frames whose mask is looked at at a time."""

_KINDS = ("values.f32", "mask.bool", "bounds.npy")
"""How the files of a set end; the last is written last."""


@dataclass(frozen=True, eq=False)
class MotionSet:
    """The motion of many sequences in one array.

    Attributes:
        spaces: parameter spaces of a row, one after the other.
        fps: frames a second.
        values: [N, D] in the spaces' units.
        mask: [N, G] groups as in `column_groups(spaces)`.
        bounds: [S, 2] first and end row of each sequence.
        names: (dialogue, participant) of each sequence.
        origin: what it was made of, by the dataset's hash, split, part and smoothing; empty where nobody knows.
    """

    spaces: tuple[str, ...]
    fps: float
    values: F32
    mask: Bool
    bounds: np.ndarray
    names: tuple[tuple[str, str], ...]
    origin: str = ""

    def __len__(self) -> int:
        return len(self.bounds)

    @property
    def valid_frames(self) -> int:
        """Frames in which at least one group is valid."""
        return int(np.diff(self._valid_runs, axis=1).sum())

    @cached_property
    def _valid_runs(self) -> np.ndarray:
        """[R, 2] first and end row of each stretch of frames with a valid group: short, however many frames."""
        edges, before = [np.zeros(0, np.int64)], False
        for start in range(0, len(self.mask), _CHUNK):
            seen: Bool = np.any(self.mask[start : start + _CHUNK], axis=1)
            edges.append(start + np.flatnonzero(np.diff(seen, prepend=before)))
            before = bool(seen[-1])
        if before:
            edges.append(np.array([len(self.mask)]))
        return np.concatenate(edges).reshape(-1, 2)

    def sequences(self) -> Iterator[tuple[F32, Bool]]:
        """Values [T, D] and mask [T, G] of each sequence."""
        return ((self.values[start:end], self.mask[start:end]) for start, end in self.bounds)

    def windows(self, frames: int, rng: np.random.Generator | None = None) -> np.ndarray:
        """[M, 2] first row of each window and the end of its sequence; windows without a valid frame are left out.

        Args:
            frames: length of a window.
            rng: where each sequence is cut first, and the order; in order from the start when left out.
        """
        lengths = self.bounds[:, 1] - self.bounds[:, 0]
        offset = np.zeros(len(lengths), np.int64) if rng is None else rng.integers(0, frames, len(lengths))
        offset = np.where(lengths <= frames, 0, offset)
        count = np.maximum(-(-(lengths - offset) // frames), 1)
        owner = np.repeat(np.arange(len(lengths)), count)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        start, end = self.bounds[owner].T
        first = np.clip(start + offset[owner] + place * frames, start, np.maximum(end - frames, start))
        begins = np.append(self._valid_runs[:, 0], len(self.mask))
        following = np.searchsorted(self._valid_runs[:, 1], first, side="right")  # the first run not over before it
        windows = np.stack([first, end], axis=1)[begins[following] < np.minimum(first + frames, end)]
        return windows if rng is None else rng.permutation(windows)

    def gather(self, windows: np.ndarray, frames: int) -> tuple[F32, Bool]:
        """Values [B, frames, D] and mask [B, frames, G] of windows [B, 2]; a short sequence repeats its end."""
        rows = windows[:, :1] + np.arange(frames)
        inside = rows < windows[:, 1:]
        rows = np.minimum(rows, windows[:, 1:] - 1)
        return self.values[rows], self.mask[rows] & inside[..., None]


def motion_rows(motion: Motion, spaces: Sequence[str]) -> tuple[F32, Bool]:
    """Rows of a tokenizer: values [T, D], gaps filled with the nearest valid frame of their group, and mask [T, G].

    Raises:
        UserError: the motion is in other spaces.
    """
    known = {motion.face_space: motion.face, motion.body_space: motion.body}
    for name in spaces:
        if name not in known:
            raise UserError(f"got motion in {' and '.join(known)}, expected {name}: use a tokenizer of those spaces")
    values = np.concatenate([known[name] for name in spaces], axis=1).astype(np.float32)
    groups = column_groups(tuple(spaces))
    mask = np.stack([motion.validity[:, group.part] == 1 for group in groups], axis=1)
    for i, group in enumerate(groups):
        values[:, group.columns] = _held(values[:, group.columns], mask[:, i])
    return values, mask


def _held(values: F32, valid: Bool) -> F32:
    """`values` [T, C] with each invalid frame replaced by the nearest valid one; unchanged where none is valid."""
    rows = np.flatnonzero(valid)
    if not len(rows) or len(rows) == len(valid):
        return values
    frames = np.arange(len(valid))
    after = np.clip(np.searchsorted(rows, frames), 0, len(rows) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.where(np.abs(rows[after] - frames) < np.abs(frames - rows[before]), after, before)
    return values[rows[nearer]]


def load_motion_set(dataset: Dataset, split: str | None, part: str, folder: Path, smooth: bool = True) -> MotionSet:
    """The motion of a split (all of them for None) as one memory map in `folder`, written once and used again.

    Args:
        dataset: where it comes from.
        split: train, validation, test, or None.
        part: face, body or joint.
        folder: where the arrays lie; they are named by the dataset's content.
        smooth: read as the paper does (Savitzky-Golay, window 5, order 2).

    Raises:
        UserError: the split is empty.
        OutputError: `folder` cannot be written to.
    """
    ids = dataset.ids(split)
    names = tuple((i, who) for i in ids for who in dataset.row(i)["participants"])
    if not names:
        counts = ", ".join(f"{name} {count}" for name, count in dataset.manifest.splits.items())
        raise UserError(
            f"{dataset.root}: no dialogue in the split {split!r}; it has {counts}: choose another or add data"
        )
    spaces = spaces_of(part, dataset.manifest.face_space, dataset.manifest.body_space)
    stem = f"{_mark(dataset)}-{split or 'all'}-{part}-{'smooth' if smooth else 'raw'}"
    try:
        opened = _open(folder / stem, spaces)
        if opened is None:
            _write(dataset, names, spaces, folder / stem, smooth)
            opened = _open(folder / stem, spaces)
    except OSError as error:
        raise output_error(error, folder) from error
    assert opened is not None
    return MotionSet(spaces, dataset.manifest.fps, *opened, names, stem)


def forget_other(folder: Path, dataset: Dataset) -> None:
    """Remove from `folder`, which is for `dataset` alone, the sets of what it held once: gigabytes nobody reads again.

    Raises:
        OutputError: one cannot be removed.
    """
    try:
        for kind in _KINDS:
            for path in folder.glob(f"*.{kind}"):
                if not path.name.startswith(_mark(dataset)):
                    path.unlink(missing_ok=True)  # who has it open keeps what it sees
    except OSError as error:
        raise output_error(error, folder) from error


def _mark(dataset: Dataset) -> str:
    """What the names of a dataset's sets begin with."""
    return dataset.content_hash[:16]


def _open(stem: Path, spaces: tuple[str, ...]) -> tuple[F32, Bool, np.ndarray] | None:
    """Values, mask and bounds as `_write` left them; None where they are not, or not whole."""
    values, mask, ends = (stem.parent / f"{stem.name}.{kind}" for kind in _KINDS)
    groups = column_groups(spaces)
    width = groups[-1].columns.stop
    try:
        bounds = np.load(ends, allow_pickle=False)
        frames = int(bounds[-1, 1])
        if (values.stat().st_size, mask.stat().st_size) != (4 * frames * width, frames * len(groups)):
            return None
    except (FileNotFoundError, ValueError, EOFError):
        return None
    return (
        np.memmap(values, np.float32, "r", shape=(frames, width)),
        np.memmap(mask, np.bool_, "r", shape=(frames, len(groups))),
        bounds,
    )


def _write(
    dataset: Dataset, names: Sequence[tuple[str, str]], spaces: tuple[str, ...], stem: Path, smooth: bool
) -> None:
    """Values and mask, sequence by sequence, and last the bounds, whose file says that all is there.

    Several processes may do so at once: each writes files of its own, and all write the same.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=stem.parent, prefix=".writing-") as folder:
        partial = [Path(folder) / f"{stem.name}.{kind}" for kind in _KINDS]
        ends = []
        with partial[0].open("wb") as values_file, partial[1].open("wb") as mask_file:
            for dialogue_id, participant in names:
                values, mask = motion_rows(dataset.motion(dialogue_id, participant, smooth=smooth), spaces)
                values.tofile(values_file)
                mask.tofile(mask_file)
                ends.append(len(values))
        last = np.cumsum(ends)
        np.save(partial[2], np.stack([last - ends, last], axis=1), allow_pickle=False)
        for path in partial:
            path.replace(stem.parent / path.name)
