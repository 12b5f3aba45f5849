"""Tokenizers against a dataset: every participant of a split there and back, and how far off it comes back.

Example::

    found = evaluate(open_dataset(Path("DATASET")), {"face": load_tokenizer(Path("FACE"))}, EvaluationSettings("all"))
    found.rows[0].reconstruction["arkit52"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nonverbal.dataset.read import Dataset
from nonverbal.ticks import Tick, silent
from nonverbal.timeline import n_frames
from nonverbal.tokens.contestants import FirstFrame, Learned, Person, Run, Trial, mean_pose
from nonverbal.tokens.evaluate_settings import EvaluationSettings
from nonverbal.tokens.evaluation import Evaluation
from nonverbal.tokens.meshes import MeshFiles, mesh_of
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.tokens.plot_material import Rebuilt
from nonverbal.tokens.sparing_mesh import SparingMesh
from nonverbal.tokens.still import MAX_POSES, pick_poses
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.types import F32
from nonverbal.verdicts import UserError

_SHOWN_BY = {"flame": ("flame53",), "smplx": ("smplx117",), "skeleton": ("smplx117",)}
"""The spaces that a kind of mesh shows, of those that do not show all the open ones."""


def evaluate(
    dataset: Dataset,
    tokenizers: Mapping[str, Tokenizer],
    settings: EvaluationSettings,
    tick: Tick = silent,
    observer: Callable[[Rebuilt], None] | None = None,
) -> Evaluation:
    """Measures all `tokenizers` (by the name each is shown under) and the baselines on the same frames.

    Args:
        tick: told how many runs of a participant through a tokenizer are done, and of how many.
        observer: shown each of these runs; the plots gather from it what they show. None where nothing is plotted.

    Raises:
        UserError: there is no tokenizer, one is of other spaces or another frame rate than the dataset, there is
            nothing to measure in the split, or a mesh cannot be had.
    """
    people = chosen_people(dataset, settings)
    if not tokenizers:
        raise UserError("tokenizers: got none, expected at least one folder that `nonverbal train-tokenizer` wrote")
    for name, tokenizer in tokenizers.items():
        _check_fits(name, tokenizer, dataset)
    known = (dataset.manifest.face_space, dataset.manifest.body_space)
    spaces = [s for s in known if any(s in tokenizer.spaces for tokenizer in tokenizers.values())]
    meshes = _meshes(spaces, settings)
    contestants = [  # the floors first, so that what they pose of the truth is there for the others
        *(floor for s in spaces for floor in (mean_pose(dataset, people, s, not settings.raw), FirstFrame((s,)))),
        *(Learned(name, tokenizer) for name, tokenizer in tokenizers.items()),
    ]
    trials = [Trial(one, meshes, settings.seed, dataset.manifest.fps) for one in contestants]
    frames = _run(dataset, people, trials, settings, tick, observer)
    return Evaluation(
        dataset=dataset.root.resolve().name,
        dataset_hash=dataset.content_hash,
        settings=settings,
        dialogues=len({person.dialogue_id for person in people}),
        participants=len(people),
        minutes=frames / dataset.manifest.fps / 60,
        meshes={space: mesh.name for space, mesh in meshes.items() if mesh is not None},
        rows=tuple(trial.result() for trial in sorted(trials, key=lambda trial: trial.is_baseline)),
    )


def chosen_people(dataset: Dataset, settings: EvaluationSettings) -> list[Person]:
    """The participants that are measured, in the order of the dataset; the last is cut where the minutes end.

    Raises:
        UserError: there is none; the message says how many dialogues each split has.
    """
    fps = dataset.manifest.fps
    left = float("inf") if settings.max_minutes is None else settings.max_minutes * 60 * fps
    people: list[Person] = []
    for dialogue_id in dataset.ids(None if settings.split == "all" else settings.split):
        row = dataset.row(dialogue_id)
        for participant in row["participants"]:
            frames = int(min(n_frames(row["duration_s"], fps), left))
            if frames > 0:
                people.append(Person(dialogue_id, participant, frames))
                left -= frames
    if not people:
        counts = ", ".join(f"{name} {count}" for name, count in dataset.manifest.splits.items())
        raise UserError(
            f"{dataset.root}: nothing to measure in the split {settings.split!r}; its dialogues are {counts}; "
            "choose another one or all with --split"
        )
    return people


def _check_fits(name: str, tokenizer: Tokenizer, dataset: Dataset) -> None:
    """Raises a `UserError` unless the dataset holds what the tokenizer reads."""
    manifest = dataset.manifest
    if not set(tokenizer.spaces) <= {manifest.face_space, manifest.body_space}:
        raise UserError(
            f"tokenizer {name}: made for {' and '.join(tokenizer.spaces)}, but {dataset.root} holds "
            f"{manifest.face_space} and {manifest.body_space}; give one trained on such a dataset"
        )
    if tokenizer.fps != manifest.fps:
        raise UserError(
            f"tokenizer {name}: made for {tokenizer.fps:g} frames a second, but {dataset.root} has {manifest.fps:g}; "
            "give one trained on such a dataset"
        )


def _meshes(spaces: Sequence[str], settings: EvaluationSettings) -> dict[str, SparingMesh | None]:
    """The mesh of each space; a kind that shows none of them is refused by `mesh_of`."""
    files = MeshFiles(settings.flame, settings.smplx, settings.hands_from_mean)
    shown = [space for space in spaces if space in _SHOWN_BY.get(settings.mesh, spaces)]
    found = {s: mesh_of(s, settings.mesh if s in shown or not shown else "auto", files) for s in spaces}
    return {space: None if mesh is None else SparingMesh(mesh) for space, mesh in found.items()}


def _run(
    dataset: Dataset,
    people: Sequence[Person],
    trials: Sequence[Trial],
    settings: EvaluationSettings,
    tick: Tick,
    observer: Callable[[Rebuilt], None] | None,
) -> int:
    """Sends everyone, and then held poses of some, through all `trials`; returns the frames that were measured."""
    kinds = list(dict.fromkeys(trial.spaces for trial in trials))
    poses: dict[tuple[str, ...], list[F32]] = {kind: [] for kind in kinds}
    each, frames = -(-MAX_POSES // len(people)), 0
    for number, person in enumerate(people):
        motion = dataset.motion(person.dialogue_id, person.participant, smooth=not settings.raw)
        whole = {kind: motion_rows(motion, kind) for kind in kinds}
        runs = {
            kind: Run(values[: person.frames], mask[: person.frames], motion.speaking[: person.frames])
            for kind, (values, mask) in whole.items()
        }
        frames += len(next(iter(runs.values())).values)
        for kind, run in runs.items():
            poses[kind].append(pick_poses(run.values, run.mask, each, (settings.seed, number)))
        for i, trial in enumerate(trials):
            tick("participants x tokenizers", number * len(trials) + i, len(people) * len(trials))
            trial.add(runs[trial.spaces], observer)
        for trial in trials:
            trial.forget()
    for i, trial in enumerate(trials):
        tick("held poses", i, len(trials))
        trial.hold(np.concatenate(poses[trial.spaces])[:MAX_POSES])
    tick("held poses", len(trials), len(trials))
    return frames
