"""What the face models say about recorded people: coefficients against plain measures, heads, and what never moves.

    NONVERBAL_WEIGHTS=FOLDER python benchmarks/face_models.py MEDIA/faces MEDIA/dialogue MEDIA/dialogue/grid

Each person is seen by all three. A model's coefficients fit its own landmarks best, so they are also held
against what is measured on those of the other landmark model.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nonverbal.accuracy.face import pearson
from nonverbal.accuracy.real import (
    LEFT_EYE,
    RIGHT_EYE,
    estimate,
    eye_aspect_ratio,
    lip_gap,
    mark_distance,
    mouth_width,
)
from nonverbal.media.probe import probe
from nonverbal.motion.rotations import F, angle_between_rad, axis_angle_from_matrix, matrix_from_axis_angle
from nonverbal.pipeline.stage import Job
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import Clip, Motion, Source, Track
from nonverbal.venus.collect import collect
from nonverbal.venus.tracking import distance
from nonverbal.venus.watch import Sighting, Watch
from nonverbal.verdicts import RejectedError

MODELS = ("mesh", "landmarker", "blend")
MIN_FRAMES = 50
LEAST_MOVES = {"jawOpen": 0.005, "eyeBlinkLeft": 0.03, "eyeBlinkRight": 0.03, "mouthSmile": 0.02, "mouthPucker": 0.02,
               "browUp": 0.01, "mouthPress": 0.005, "noseSneer": 0.005}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Seen:
    """One person by `mesh`, `landmarker` and `blend`: motions [T], plain landmarks by model, learned coefficients."""

    name: str
    motions: dict[str, Motion]
    marks: dict[str, F]
    rows: F
    learned: F


def plain(marks: F) -> dict[str, F]:
    """[N] each, from landmarks [N, 478, 2]."""
    height, eyes = mark_distance(marks, 10, 152), mark_distance(marks, 133, 362)
    return {
        "jawOpen": lip_gap(marks),
        "eyeBlinkLeft": -eye_aspect_ratio(marks, LEFT_EYE),
        "eyeBlinkRight": -eye_aspect_ratio(marks, RIGHT_EYE),
        "mouthSmile": mouth_width(marks),
        "mouthPucker": -mouth_width(marks),
        "browUp": (mark_distance(marks, 105, 133) + mark_distance(marks, 334, 362)) / eyes,
        "mouthPress": -(mark_distance(marks, 0, 13) + mark_distance(marks, 14, 17)) / height,
        "noseSneer": -(mark_distance(marks, 48, 133) + mark_distance(marks, 278, 362)) / height,
    }


def coefficients(face: F) -> dict[str, F]:
    """[N] each, the sums of [N, 52] that the plain measures belong to."""
    one = dict(zip(ARKIT52_NAMES, face.T.astype(float), strict=True))
    both = {stem: one[f"{stem}Left"] + one[f"{stem}Right"] for stem in ("mouthSmile", "mouthPress", "noseSneer")}
    brows = one["browInnerUp"] + 0.5 * (one["browOuterUpLeft"] + one["browOuterUpRight"])
    press = both["mouthPress"] + one["mouthRollUpper"] + one["mouthRollLower"]
    return one | both | {"browUp": brows, "mouthPress": press}


def people(paths: list[Path], seconds: float) -> Iterator[Seen]:
    for source in collect([str(path) for path in paths]).sources:
        try:
            sightings = {model: watch(source, seconds, model) for model in MODELS}
        except RejectedError as error:
            print(f"{Path(source.path).name}: {error}")
            continue
        for track in sightings["mesh"].tracks:
            if track.face_valid.sum() >= MIN_FRAMES:
                same = {model: same_person(track, sighting) for model, sighting in sightings.items()}
                tracks = {model: found for model, found in same.items() if found}
                if len(tracks) == len(MODELS):
                    yield compare(Path(source.path).name, sightings, tracks)


def watch(source: Source, seconds: float, model: str) -> Sighting:
    end_s = min(probe(Path(source.path)).duration_s, seconds)
    clip = Clip(source.source_id[:32], source.source_id, 0.0, end_s)
    return Watch(face_model=model, body_hz=1.0).run(Job(source, clip), {})


def same_person(track: Track, sighting: Sighting) -> Track | None:
    """Who stands nearest in the frames in which both are seen."""
    near = []
    for other in sighting.tracks:
        first, end = max(track.start_frame, other.start_frame), min(track.end_frame, other.end_frame)
        if end - first >= MIN_FRAMES:
            a, b = (
                np.median(t.face_box_px[first - t.start_frame : end - t.start_frame], axis=0) for t in (track, other)
            )
            near.append((distance(tuple(a), tuple(b)), other))
    return min(near, key=lambda pair: pair[0])[1] if near else None


def compare(name: str, sightings: dict[str, Sighting], tracks: dict[str, Track]) -> Seen:
    motions = {model: estimate(track, sightings[model]) for model, track in tracks.items()}
    rows = np.flatnonzero(np.all([motion.validity[:, 0] == 1 for motion in motions.values()], axis=0))
    marks = {
        model: tracks[model].landmarks_px[rows - tracks[model].start_frame][..., :2].astype(float)
        for model in ("mesh", "landmarker")
    }
    learned = tracks["landmarker"]
    return Seen(name, motions, marks, rows, learned.blendshapes[rows - learned.start_frame])


def correlations(everybody: list[Seen]) -> None:
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for person in everybody:
        for reference, marks in person.marks.items():
            for name, measure in plain(marks).items():
                if measure.std() <= LEAST_MOVES[name]:
                    continue
                for model, motion in person.motions.items():
                    r = pearson(coefficients(motion.face[person.rows])[name][:, None], measure[:, None])
                    own = (model == "landmarker") == (reference == "landmarker")
                    found[name, model, "own" if own else "other"].append(float(r[0]))
    print("r with plain measures, own landmarks / the other's: " + ", ".join(MODELS))
    for name in LEAST_MOVES:
        cells = [
            " / ".join(f"{np.mean(found[name, model, whose]):.2f}" for whose in ("own", "other")) for model in MODELS
        ]
        print(f"  {name:14} " + "   ".join(cells) + f"   {len(found[name, 'mesh', 'own'])} people")


def heads(everybody: list[Seen]) -> None:
    print("heads of mesh and landmarker: degrees apart, constant pitch, yaw, roll; second differences of both")
    for person in everybody:
        turns = [
            matrix_from_axis_angle(person.motions[m].head_pose[person.rows, :3].astype(float))
            for m in ("mesh", "landmarker")
        ]
        steady = np.degrees(axis_angle_from_matrix(np.swapaxes(turns[0], 1, 2) @ turns[1])).mean(axis=0)
        shake = [np.degrees(np.abs(np.diff(axis_angle_from_matrix(turn), n=2, axis=0))).mean() for turn in turns]
        apart = np.degrees(angle_between_rad(*turns)).mean()
        print(f"  {person.name:28} {len(person.rows):4} {apart:4.1f}  {steady.round(1)}  {shake[0]:.2f} {shake[1]:.2f}")


def movement(everybody: list[Seen]) -> None:
    print("blendshapes: mean, standard deviation, largest of all; standard deviation in mesh")
    for i, name in enumerate(ARKIT52_NAMES):
        learned = [person.learned[:, i] for person in everybody]
        ours = [person.motions["mesh"].face[person.rows, i].std() for person in everybody]
        mean, spread = np.mean([x.mean() for x in learned]), np.mean([x.std() for x in learned])
        print(f"  {name:20} {mean:.3f} {spread:.3f} {max(x.max() for x in learned):.3f}   {np.mean(ours):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("media", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=12.0)
    asked = parser.parse_args()
    everybody = list(people(asked.media, asked.seconds))
    correlations(everybody)
    heads(everybody)
    movement(everybody)


if __name__ == "__main__":
    main()
