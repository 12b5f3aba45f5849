"""A map of who moves alike: t-SNE of the participants of a dataset, made once in a process of its own."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.serve.errors import LOG
from nonverbal.types import PARTS
from nonverbal.verdicts import UserError
from nonverbal.weights import cache_folder

MOST_POINTS = 2000
"""Participants on a map; of a larger dataset, evenly spaced over the order of ids."""
_VERSION = 1
_UPPER_BODY = slice(0, 27)
_COMPONENTS = 30
_PERPLEXITY = 30.0


def map_file(content_hash: str) -> Path:
    """Where the map of a dataset is kept."""
    digest = hashlib.sha256(f"{_VERSION} {MOST_POINTS} {content_hash}".encode()).hexdigest()[:24]
    return cache_folder() / "maps" / f"{digest}.json"


class MotionMap:
    """The map of one dataset: asked for once, it is made in the background and kept in the cache folder."""

    def __init__(self, root: Path, content_hash: str) -> None:
        self._root = root
        self._path = map_file(content_hash)
        self._task: asyncio.Task[dict[str, Any]] | None = None

    def get(self) -> dict[str, Any]:
        """The map, or that it is being made, or why it cannot be."""
        if self._task is None:
            self._task = asyncio.create_task(self._made())
        if not self._task.done():
            return {"status": "working"}
        return self._task.result()

    async def stop(self) -> None:
        """Give up what is not finished."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _made(self) -> dict[str, Any]:
        if not self._path.is_file():
            fault = await _run(self._root, self._path)
            if fault:
                return {"status": "unavailable", "message": fault}
        points = json.loads(await asyncio.to_thread(self._path.read_text, encoding="utf-8"))
        return {"status": "ready", "points": points}


async def _run(root: Path, path: Path) -> str:
    """Let another process make the map, so that this one stays quick; returns why it could not, or nothing."""
    command = [sys.executable, "-m", "nonverbal.serve.library_map", str(root), str(path)]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        _, told = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode == 0:
        return ""
    lines = told.decode(errors="replace").strip().splitlines() or [""]
    if process.returncode == 2:
        return lines[-1]
    LOG.error("the process that makes the map ended with %s: %s", process.returncode, "\n".join(lines[-20:]))
    return "Making the map failed; the server's log says why."


def participants_shown(dataset: Dataset) -> list[tuple[str, str]]:
    """Dialogue and name of whoever is on the map."""
    ids = sorted(dataset.ids())
    people = [(i, name) for i in ids for name in dataset.row(i)["participants"]]
    picked = np.linspace(0, len(people) - 1, min(len(people), MOST_POINTS)).round().astype(int)
    return [people[i] for i in picked]


def manner(dataset: Dataset, dialogue_id: str, participant: str) -> NDArray[np.float64]:
    """[F] how a participant moves: mean and spread of face and upper body, speed of the body, share of talk."""
    face, body, validity, speaking = (
        dataset.column(dialogue_id, participant, name) for name in ("face", "body", "validity", "speaking")
    )
    found = []
    for values, part in ((face, "face"), (body[:, _UPPER_BODY], "upper_body")):
        seen = values[validity[:, PARTS.index(part)] > 0].astype(np.float64)
        seen = seen if len(seen) > 1 else np.zeros((2, values.shape[1]))
        found += [seen.mean(axis=0), seen.std(axis=0), [np.abs(np.diff(seen, axis=0)).mean()]]
    found.append([float(speaking.mean()) if len(speaking) else 0.0])
    return np.nan_to_num(np.concatenate(found))


def place(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """[N, 2] t-SNE of standardised features [N, F]; the same features give the same places.

    Raises:
        UserError: scikit-learn is missing.
    """
    try:
        from sklearn.decomposition import PCA
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise UserError("the map needs scikit-learn: pip install 'nonverbal[serve]'") from error
    count = len(features)
    if count < 4:  # too few for neighbourhoods: side by side
        return np.stack([np.arange(count), np.zeros(count)], axis=1).astype(np.float64)
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
    components = min(_COMPONENTS, count, features.shape[1])
    perplexity = min(_PERPLEXITY, (count - 1) / 3)
    with threadpool_limits(1):  # many threads wait for each other longer than they compute, and round differently
        reduced = PCA(components, svd_solver="full").fit_transform(scaled)
        return np.asarray(TSNE(perplexity=perplexity, init="pca", random_state=0, n_jobs=1).fit_transform(reduced))


def write_map(root: Path, path: Path) -> None:
    """Make the map of the dataset in `root` and write it, whole or not at all.

    Raises:
        UserError: the dataset is damaged, or a package is missing.
    """
    dataset = open_dataset(root)
    people = participants_shown(dataset)
    features = np.stack([manner(dataset, *who) for who in people]) if people else np.zeros((0, 1))
    places = place(features)
    points = []
    for (dialogue_id, name), (x, y) in zip(people, places.tolist(), strict=True):
        row = dataset.row(dialogue_id)
        about = {"title": row["title"], "channel": row["channel"], "split": dataset.split(dialogue_id)}
        points.append({"id": dialogue_id, "participant": name, "x": round(x, 3), "y": round(y, 3), **about})
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".map-", delete=False) as stream:
        json.dump(points, stream, ensure_ascii=False, allow_nan=False)
    Path(stream.name).replace(path)


if __name__ == "__main__":
    os.nice(10)
    try:
        write_map(Path(sys.argv[1]), Path(sys.argv[2]))
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
