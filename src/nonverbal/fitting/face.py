"""Fits the face's networks on rendered people and tells how well they do on people they never saw.

    python -m nonverbal.fitting.face --out src/nonverbal/motion/fitted/face.safetensors --work DIR --seed 1000

Rendering takes most of the time; the work folder keeps what is done.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from safetensors.numpy import save_file

from nonverbal.accuracy.face import TALK10, pearson
from nonverbal.accuracy.head import angle_deg, directions
from nonverbal.fitting.face_examples import EYES, IDS, Examples, clips_of, leaning, mirror_of_landmarks, mirrored
from nonverbal.fitting.face_renders import FIRST_SEED, Plan, render_people
from nonverbal.fitting.face_train import TrainConfig, train
from nonverbal.motion.learned_face import (
    Network,
    calm_face,
    expression_inputs,
    eye_inputs,
    shape_inputs,
)
from nonverbal.motion.rotations import F, angle_between_rad, matrix_from_axis_angle
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32

HELD_OUT = 0.15
"""Share of the people, the last ones, that are never fitted on."""

CONFIGS = {
    "coefficients": TrainConfig(hidden=(192, 96), epochs=7, shake=0.05, low=0.0, high=1.0),
    "head": TrainConfig(hidden=(48, 24), epochs=3, shake=0.1, decay=0.3),
    "gaze": TrainConfig(hidden=(96, 48), epochs=5, shake=0.03, drop=0.1),
}

_MOVES = 0.01  # a coefficient with a smaller standard deviation in a person's frames has no correlation
_OPEN = 0.5  # eyes whose true blink is below are open enough to have a gaze


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How well networks do on people never fitted: means over people.

    Attributes:
        r: [52] correlation of each coefficient with the truth.
        mae: [52] mean absolute error.
        head_deg: angle between found and true head; `fit_deg` that of the rigid fit alone.
        gaze_deg: angle between found and true gaze of open eyes, mean of both; `geometry_deg` that of geometry.
    """

    r: F
    mae: F
    head_deg: float
    fit_deg: float
    gaze_deg: float
    geometry_deg: float


def inputs_of(part: str, person: Examples, population_m: F32) -> F32:
    """What the network called `part` sees of a person."""
    points = person.points_m[:, IDS]
    if part == "head":
        return shape_inputs(points, person.view)
    calm = calm_face(points[person.calm_rows], population_m)
    if part == "coefficients":
        return expression_inputs(points, calm, person.view)
    return eye_inputs(points[:, EYES], calm[EYES], person.view, person.gaze_by_geometry)


def targets_of(part: str, person: Examples) -> F32:
    """What it should give."""
    return {"coefficients": person.face, "head": person.missed, "gaze": person.gaze}[part]


def fit(people: Sequence[Examples], population_m: F32, seed: int) -> dict[str, Network]:
    """The three networks; `people` are clips, mirrored ones among them."""
    rng = np.random.default_rng(seed)
    both = [*people, *(leaning(person, rng) for person in people)]
    networks = {}
    for part, config in CONFIGS.items():
        clips = people if part == "head" else both  # a head is seen without its calm face
        inputs = np.concatenate([inputs_of(part, p, population_m) for p in clips])
        targets = np.concatenate([targets_of(part, p) for p in clips])
        networks[part] = train(inputs, targets, config, seed)
    return networks


def score(networks: dict[str, Network], people: Sequence[Examples], population_m: F32) -> Scores:
    """Means over `people`."""
    rows = []
    for person in people:
        found = {part: network(inputs_of(part, person, population_m)) for part, network in networks.items()}
        face = np.clip(found["coefficients"], 0.0, 1.0)
        r = np.where(person.face.std(axis=0) > _MOVES, pearson(person.face, face), np.nan)
        missed, turn = matrix_from_axis_angle(person.missed), matrix_from_axis_angle(found["head"])
        still = np.broadcast_to(np.eye(3), missed.shape)
        head = [np.degrees(angle_between_rad(missed, guess)).mean() for guess in (turn, still)]
        eyes = (
            person.face[:, [ARKIT52_NAMES.index("eyeBlink" + side) for side in ("Left", "Right")]].max(axis=1) < _OPEN
        )
        gaze = [
            angle_deg(directions(person.gaze[eyes]), directions(guess[eyes])).mean()
            for guess in (found["gaze"], person.gaze_by_geometry)
        ]
        rows.append((r, np.abs(person.face - face).mean(axis=0), *head, *gaze))
    r, mae, *angles = (np.array(column) for column in zip(*rows, strict=True))
    return Scores(np.nan_to_num(np.nanmean(r, axis=0)), mae.mean(axis=0), *(float(a.mean()) for a in angles))


def talk_r(r: F) -> float:
    """Mean over the ten coefficients that carry talk."""
    return float(np.mean([np.mean([r[ARKIT52_NAMES.index(name)] for name in names]) for names in TALK10]))


def save(path: Path, networks: dict[str, Network], population_m: F32, scores: Scores, command: str, seed: int) -> None:
    """Writes weights as float16 with where they come from and how well they do."""
    arrays = {
        f"{part}.{name}": np.ascontiguousarray(getattr(network, name).astype(np.float16))
        for part, network in networks.items()
        for name in Network.__dataclass_fields__
    }
    arrays |= {"ids": np.array(IDS, np.int32), "eyes": EYES.astype(np.int32), "calm_m": population_m}
    r = {name: round(float(value), 3) for name, value in zip(ARKIT52_NAMES, scores.r, strict=True)}
    mae = {name: round(float(value), 3) for name, value in zip(ARKIT52_NAMES, scores.mae, strict=True)}
    angles = {name: round(getattr(scores, name), 2) for name in ("head_deg", "fit_deg", "gaze_deg", "geometry_deg")}
    metadata = {"command": command, "seed": str(seed), "r": json.dumps(r), "mae": json.dumps(mae)}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(arrays, path, metadata | {name: str(value) for name, value in angles.items()})


def show(scores: Scores, console: Console) -> None:
    """Prints the scores."""
    table = Table("coefficient", "r", "mean error")
    for name, r, mae in zip(ARKIT52_NAMES, scores.r, scores.mae, strict=True):
        table.add_row(name, f"{r:.2f}", f"{mae:.3f}")
    console.print(table)
    console.print(f"mean r {scores.r.mean():.3f} over 52, {talk_r(scores.r):.3f} over those of talk")
    console.print(f"head {scores.head_deg:.1f} deg (rigid fit {scores.fit_deg:.1f})")
    console.print(f"gaze {scores.gaze_deg:.1f} deg (geometry {scores.geometry_deg:.1f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--work", type=Path, required=True, help="folder for rendered people; kept, so a run can go on")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--people", type=int, default=Plan().people)
    parser.add_argument("--workers", type=int, default=1, help="processes that render")
    asked = parser.parse_args()
    plan = Plan(seed=asked.seed, people=asked.people)
    people = [clips_of(person) for person in render_people(plan, asked.work, asked.workers)]
    held_out = max(1, round(HELD_OUT * len(people)))
    seen = [clip for clips in people[:-held_out] for clip in clips]
    unseen = [clip for clips in people[-held_out:] for clip in clips]
    partner = mirror_of_landmarks(seen)
    seen += [mirrored(clip, partner) for clip in seen]
    population_m = np.mean([clip.points_m[:, IDS].mean(axis=0) for clip in seen], axis=0).astype(np.float32)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    networks = fit(seen, population_m, asked.seed)
    scores = score(networks, unseen, population_m)
    show(scores, Console())
    command = f"python -m nonverbal.fitting.face --seed {asked.seed} --people {asked.people}"
    save(asked.out, networks, population_m, scores, command, asked.seed)


if __name__ == "__main__":
    main()
