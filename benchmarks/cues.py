"""Measures the cues: agreement with a learned estimator, plausibility against plain geometry, and speed.

    python benchmarks/cues.py agreement MODEL.task VIDEO...   # head angle, gaze, r and error per coefficient
    python benchmarks/cues.py geometry VIDEO...               # jawOpen and lips, blink and lids, smile and mouth width
    python benchmarks/cues.py speed VIDEO                     # seconds for two people over ten minutes on one core

MODEL.task is MediaPipe's face_landmarker.task: it is a yardstick here and needed nowhere else. Only the longest track
of each video is looked at, so give videos of one person. Set OMP_NUM_THREADS=1 to time one core.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from nonverbal.media.probe import probe
from nonverbal.media.video import read_frames
from nonverbal.motion.arkit import RELIABILITY, arkit52, eyes_are_open
from nonverbal.motion.camera import Camera
from nonverbal.motion.face_measures import USED_IDS, measure_face
from nonverbal.motion.gaze import gaze_angles
from nonverbal.motion.head import fit_heads
from nonverbal.motion.rotations import angle_between_rad, axis_angle_from_matrix
from nonverbal.pipeline.stage import Job
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import Clip, Source, SpeakerSegment, Track
from nonverbal.venus.cues import Cues
from nonverbal.venus.watch import Sighting, Watch

FLIP_Y_Z = np.array([1.0, -1.0, -1.0])
"""MediaPipe's head matrix stands in axes x right, y up, z towards the camera."""

MOVES = 0.03  # a coefficient whose yardstick has a smaller standard deviation does not move: no correlation is given
SPEED_MINUTES = 10


def sight(video: Path) -> tuple[Job, Sighting]:
    """The video as one clip, watched."""
    source_id = hashlib.sha256(video.read_bytes()).hexdigest()
    clip = Clip(f"{source_id[:16]}", source_id, 0.0, probe(video).duration_s)
    job = Job(Source(source_id, str(video), video.stat().st_size), clip)
    return job, Watch().run(job, {})


def longest(sighting: Sighting) -> Track:
    return max(sighting.tracks, key=lambda track: track.n_frames)


def around(rgb: np.ndarray, box_px: np.ndarray) -> np.ndarray:
    """A square centred on the face and four times its size, black beyond the picture's edges."""
    half = int(2 * max(box_px[2] - box_px[0], box_px[3] - box_px[1]))
    x, y = (int(box_px[i] + box_px[i + 2]) // 2 + half for i in (0, 1))
    padded = np.pad(rgb, ((half, half), (half, half), (0, 0)))
    return np.ascontiguousarray(padded[y - half : y + half, x - half : x + half])


def yardstick(model: Path, job: Job, box_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blendshapes [T, 52] in our order and head rotations [T, 3, 3] in our axes; NaN where no face was found.

    It looks at a square around the middle of the track's boxes, since its head matrix is sheared off the centre.
    """
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    shapes, heads = [], []
    assert job.clip is not None
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for i, rgb in enumerate(read_frames(Path(job.source.path), 0.0, job.clip.end_s)):
            picture = Image(image_format=ImageFormat.SRGB, data=around(rgb, box_px))
            found = landmarker.detect_for_video(picture, i * 40)
            if found.face_blendshapes:
                score = {c.category_name: c.score for c in found.face_blendshapes[0]}
                shapes.append([score.get(name, 0.0) for name in ARKIT52_NAMES])
                matrix = np.asarray(found.facial_transformation_matrixes[0])[:3, :3]
                heads.append(matrix * FLIP_Y_Z[:, None] * FLIP_Y_Z)
            else:
                shapes.append([np.nan] * 52)
                heads.append(np.full((3, 3), np.nan))
    return np.array(shapes), np.array(heads)


def estimates(track: Track, sighting: Sighting, field_of_view_deg: float) -> dict[str, np.ndarray]:
    """Ours on the frames that show the face, in track rows."""
    camera = Camera.from_field_of_view(sighting.width_px, sighting.height_px, field_of_view_deg)
    rows = np.flatnonzero(track.face_valid)
    landmarks = track.landmarks_px[rows]
    fit = fit_heads(landmarks, camera)
    points = fit.to_head(landmarks[:, USED_IDS])
    gaze = gaze_angles(landmarks, fit)
    return {
        "rows": rows + track.start_frame,
        "head": fit.rotation,
        "gaze": gaze,
        "face": arkit52(points, gaze),
        "residual_mm": 1e3 * fit.residual_m,
    } | {"mm " + name: value for name, value in measure_face(points).items()}


def agreement(model: Path, videos: list[Path]) -> None:
    """Prints how near our estimates are to the learned ones, frame by frame."""
    rows: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in ARKIT52_NAMES}
    for video in videos:
        job, sighting = sight(video)
        ours = estimates(longest(sighting), sighting, Cues().field_of_view_deg)
        wide = estimates(longest(sighting), sighting, 90.0)
        track = longest(sighting)
        shapes, heads = yardstick(model, job, np.median(track.face_box_px[track.face_valid], axis=0))
        frames = ours["rows"][ours["rows"] < len(shapes)]
        seen = np.isfinite(shapes[frames, 0])
        frames, kept = frames[seen], np.flatnonzero(seen)
        apart = np.degrees(angle_between_rad(ours["head"][kept], heads[frames]))
        fov = np.degrees(angle_between_rad(ours["head"], wide["head"])).mean()
        print(f"{video.name}: {len(frames)} frames")
        print(f"  head {apart.mean():.1f} deg apart on average, {np.quantile(apart, 0.95):.1f} in the worst 5 %")
        steady = np.degrees(axis_angle_from_matrix(np.swapaxes(ours["head"][kept], 1, 2) @ heads[frames])).mean(axis=0)
        print(f"  of that a steady {steady[0]:+.1f} deg of pitch, {steady[1]:+.1f} of yaw, {steady[2]:+.1f} of roll")
        print(f"  60 against 90 deg of view: {fov:.1f} deg; rigid misfit {ours['residual_mm'].mean():.1f} mm")
        print_gaze(ours, kept, shapes[frames])
        for column, name in enumerate(ARKIT52_NAMES):
            mine, theirs = ours["face"][kept, column], shapes[frames, column]
            moves = theirs.std() > MOVES and mine.std() > 1e-4
            r = float(np.corrcoef(mine, theirs)[0, 1]) if moves else np.nan
            rows[name].append((r, float(np.abs(mine - theirs).mean()), float(mine.mean()), float(theirs.mean())))
    print(f"\n{'coefficient':22s} {'r':>5s} {'MAE':>5s} {'ours':>5s} {'theirs':>6s} {'trust':>5s} {'moving in':>9s}")
    for name, values in rows.items():
        table = np.array(values)
        moving = np.isfinite(table[:, 0])
        r = f"{table[moving, 0].mean():5.2f}" if moving.any() else "    -"
        mae, mine, theirs = table[:, 1:].mean(axis=0)
        print(
            f"{name:22s} {r} {mae:5.2f} {mine:5.2f} {theirs:6.2f} {RELIABILITY[name]:5.1f}"
            f" {moving.sum():6d}/{len(table)}"
        )


def print_gaze(ours: dict[str, np.ndarray], kept: np.ndarray, shapes: np.ndarray) -> None:
    """Correlation of each gaze angle with the learned look coefficients while the eyes are open."""
    look = {name: shapes[:, i] for i, name in enumerate(ARKIT52_NAMES) if name.startswith("eyeLook")}
    axes = {
        "left yaw": look["eyeLookOutLeft"] - look["eyeLookInLeft"],
        "left pitch": look["eyeLookUpLeft"] - look["eyeLookDownLeft"],
        "right yaw": look["eyeLookInRight"] - look["eyeLookOutRight"],
        "right pitch": look["eyeLookUpRight"] - look["eyeLookDownRight"],
    }
    is_open = eyes_are_open(ours["face"][kept])
    if is_open.sum() < 2:
        return
    r = [
        f"{n} {np.corrcoef(ours['gaze'][kept][is_open, i], a[is_open])[0, 1]:.2f}"
        for i, (n, a) in enumerate(axes.items())
    ]
    print("  gaze r: " + ", ".join(r))


def geometry(videos: list[Path]) -> None:
    """Prints how coefficients follow what they are named for."""
    for video in videos:
        _, sighting = sight(video)
        ours = estimates(longest(sighting), sighting, Cues().field_of_view_deg)
        face = {name: ours["face"][:, i] for i, name in enumerate(ARKIT52_NAMES)}
        pairs = {
            "jawOpen and lip gap": (face["jawOpen"], ours["mm gap"]),
            "eyeBlinkLeft and lid distance": (face["eyeBlinkLeft"], -ours["mm openLeft"]),
            "eyeBlinkRight and lid distance": (face["eyeBlinkRight"], -ours["mm openRight"]),
            "mouthSmile and mouth width": (face["mouthSmileLeft"] + face["mouthSmileRight"], ours["mm width"]),
        }
        print(video.name + ": " + ", ".join(f"{n} r {np.corrcoef(a, b)[0, 1]:.2f}" for n, (a, b) in pairs.items()))


def stretched(track: Track, count: int, track_id: int) -> Track:
    """The track played over and over until it has `count` frames."""
    rows = np.arange(count) % track.n_frames
    arrays: dict[str, Any] = {
        name: getattr(track, name)[rows]
        for name in Track.__dataclass_fields__
        if isinstance(getattr(track, name), np.ndarray) and name != "appearance"
    }
    return replace(track, track_id=track_id, start_frame=0, **arrays)


def speed(video: Path) -> None:
    """Prints the seconds that `Cues` takes for two people over ten minutes."""
    job, sighting = sight(video)
    count = SPEED_MINUTES * 60 * 25
    tracks = tuple(stretched(longest(sighting), count, i) for i in (0, 1))
    segments = tuple(SpeakerSegment(f"S{i % 2}", i * 5.0, i * 5.0 + 5.0) for i in range(SPEED_MINUTES * 12))
    inputs = {
        "watch": replace(sighting, n_frames=count, tracks=tracks),
        "speak": SimpleNamespace(scores=tuple(np.zeros(count, np.float32) for _ in tracks)),
        "diarize": SimpleNamespace(segments=segments, speakers=("S0", "S1")),
        "identity": SimpleNamespace(
            assignments=tuple(SimpleNamespace(speaker=f"S{i}", track_ids=(i,)) for i in (0, 1)),
        ),
    }
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    Cues().run(job, inputs)
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    print(f"{SPEED_MINUTES} minutes, two people: {wall_s:.1f} s wall, {cpu_s:.1f} s of processor time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    task = what.add_parser("agreement")
    task.add_argument("model", type=Path)
    task.add_argument("videos", type=Path, nargs="+")
    what.add_parser("geometry").add_argument("videos", type=Path, nargs="+")
    what.add_parser("speed").add_argument("video", type=Path)
    asked = parser.parse_args()
    if asked.what == "agreement":
        agreement(asked.model, asked.videos)
    elif asked.what == "geometry":
        geometry(asked.videos)
    else:
        speed(asked.video)


if __name__ == "__main__":
    main()
