"""`nonverbal benchmark real`: videos without truth, coefficients against what is measured plainly in the picture.

The plain measures are distances between landmarks in pixels over a length of the face: no head pose, no depth, no calm
face, none of the estimator's own measures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import tyro
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nonverbal.accuracy.face import pearson
from nonverbal.accuracy.yardstick import Agreement, agree
from nonverbal.backends.face_landmarker import find_weights, see_faces
from nonverbal.backends.face_models import DEFAULT
from nonverbal.backends.registry import check
from nonverbal.media.names import printable
from nonverbal.media.probe import probe
from nonverbal.media.video import read_frames
from nonverbal.motion.camera import Camera
from nonverbal.motion.estimate import estimate_motion
from nonverbal.motion.face import reliability
from nonverbal.motion.rotations import F
from nonverbal.pipeline.stage import Job
from nonverbal.records import to_plain
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32, PARTS, Clip, Motion, Source, Track
from nonverbal.venus.collect import collect
from nonverbal.venus.cues import Cues, gather
from nonverbal.venus.watch import Sighting, Watch
from nonverbal.verdicts import RejectedError, UserError

_FACE = PARTS.index("face")
_MIN_FRAMES = 50  # two seconds: a correlation over less says nothing


@dataclass(frozen=True, slots=True)
class PersonReport:
    """One person of one video: `plain` is the correlation of each coefficient with its plain measure."""

    video: str
    person: int
    frames: int
    plain: Mapping[str, float]
    yardstick: Agreement | None


@dataclass(frozen=True)
class Real:
    """Face coefficients on videos without truth: against lip gap, eye opening, mouth width, and a learned model."""

    media: tyro.conf.Positional[tuple[Path, ...]]
    """Videos, or folders of them."""
    models: Path | None = None
    """Folder with face_landmarker.task, MediaPipe's learned model; without it, the folder in NONVERBAL_WEIGHTS."""
    face_model: str = DEFAULT
    """What sees the faces that are measured, as in `watch`: "mesh" or another of its choices."""
    seconds: float = 60.0
    """At most so much of each video is looked at, from its beginning."""
    json: bool = False
    """Print JSON instead of tables."""

    def run(self, console: Console) -> int:
        watch = Watch(face_model=self.face_model)
        check((watch,))
        weights = find_weights(self.models)
        reports, refused = [], []
        progress = Console(stderr=True) if self.json else console
        for source in collect([str(path) for path in self.media]).sources:
            name = printable(Path(source.path).name)
            with progress.status(f"watching {escape(name)}"):
                try:
                    reports += list(people_of(source, self.seconds, weights, watch))
                except RejectedError as error:
                    refused.append((name, str(error)))
        if not reports:
            raise UserError(
                f"nobody's face is seen for {_MIN_FRAMES / 25:g} s in what was given; expected videos of people "
                "talking; give others"
            )
        if self.json:
            print(json.dumps([to_plain(report) for report in reports], indent=2, sort_keys=True))
            return 0
        for table in (plain_table(reports), *yardstick_tables(reports)):
            console.print(table)
        for name, why in refused:
            console.print(f"{name}: {why}", markup=False, highlight=False)
        if weights is None:
            console.print("face_landmarker.task was not found: no comparison with the learned model (--models FOLDER)")
        return 0


def people_of(source: Source, seconds: float, weights: Path | None, watch: Watch) -> Iterator[PersonReport]:
    """Reports on everybody whose face is seen for two seconds.

    Raises:
        RejectedError: the video cannot be read.
    """
    path = Path(source.path)
    clip = Clip(source.source_id[:32], source.source_id, 0.0, min(probe(path).duration_s, seconds))
    sighting = watch.run(Job(source, clip), {})
    seen = [track for track in sighting.tracks if track.face_valid.sum() >= _MIN_FRAMES]
    for person, track in enumerate(seen):
        motion = estimate(track, sighting)
        yardstick = _yardstick(weights, path, clip, track, motion) if weights else None
        yield PersonReport(printable(path.name), person, int(track.face_valid.sum()), plain_r(track, motion), yardstick)


def estimate(track: Track, sighting: Sighting) -> Motion:
    """The pipeline's motion of one track, on the clip's frames."""
    cues = Cues()
    camera = Camera.from_field_of_view(sighting.width_px, sighting.height_px, cues.field_of_view_deg)
    silent = np.zeros(sighting.n_frames, bool)
    view = gather([track], sighting.n_frames, sighting.face_model)
    return estimate_motion(view, camera, "A", silent, cues.shoulder_min_visibility)


def plain_r(track: Track, motion: Motion) -> dict[str, float]:
    """Pearson r of each coefficient with its plain measure over the frames where both are there.

    jawOpen with the gap of the inner lips over the face's height; eyeBlink, each side, with the negative eye aspect
    ratio; mouthSmile (sum of both sides) with the mouth's width over the distance of the outer eye corners. A measure
    whose standard deviation stays below `MOVES` (nobody blinked) has no correlation.
    """
    rows = np.flatnonzero(track.face_valid)
    rows = rows[motion.validity[rows + track.start_frame, _FACE] == 1]
    face = dict(zip(ARKIT52_NAMES, motion.face[rows + track.start_frame].T.astype(np.float64), strict=True))
    marks = track.landmarks_px[rows, :, :2]
    smile = face["mouthSmileLeft"] + face["mouthSmileRight"]
    pairs = {
        "jawOpen": (face["jawOpen"], lip_gap(marks)),
        "eyeBlinkLeft": (face["eyeBlinkLeft"], -eye_aspect_ratio(marks, LEFT_EYE)),
        "eyeBlinkRight": (face["eyeBlinkRight"], -eye_aspect_ratio(marks, RIGHT_EYE)),
        "mouthSmile": (smile, mouth_width(marks)),
    }
    moving = {name: pair for name, pair in pairs.items() if len(rows) and pair[1].std() > MOVES[name]}
    return {name: float(pearson(a[:, None], b[:, None])[0]) for name, (a, b) in moving.items()}


MOVES: Mapping[str, float] = MappingProxyType(
    {"jawOpen": 0.005, "eyeBlinkLeft": 0.03, "eyeBlinkRight": 0.03, "mouthSmile": 0.02}
)
"""Standard deviation from which a plain measure moves: twice what landmarks tremble on a face at rest, or more."""

LEFT_EYE = (362, 385, 387, 263, 373, 380)
RIGHT_EYE = (33, 160, 158, 133, 153, 144)
"""Corner, two of the upper lid, other corner, two of the lower lid, going round."""


def lip_gap(marks: F32) -> F:
    """[N] distance of the inner lips' middles over forehead to chin, from landmarks [N, 478, 2] in pixels."""
    return mark_distance(marks, 13, 14) / np.maximum(mark_distance(marks, 10, 152), 1e-6)


def eye_aspect_ratio(marks: F32, eye: tuple[int, ...]) -> F:
    """[N] how open an eye is: mean distance of the lids over that of the corners.

    Source: Soukupova and Cech 2016, "Real-Time Eye Blink Detection using Facial Landmarks", equation 1.
    """
    a, b, c, d, e, f = eye
    return (mark_distance(marks, b, f) + mark_distance(marks, c, e)) / np.maximum(2 * mark_distance(marks, a, d), 1e-6)


def mouth_width(marks: F32) -> F:
    """[N] distance of the mouth's corners over that of the outer eye corners."""
    return mark_distance(marks, 61, 291) / np.maximum(mark_distance(marks, 33, 263), 1e-6)


def mark_distance(marks: F32, a: int, b: int) -> F:
    return np.linalg.norm(marks[:, a].astype(np.float64) - marks[:, b], axis=1)


def _yardstick(weights: Path, path: Path, clip: Clip, track: Track, motion: Motion) -> Agreement | None:
    box_px = np.median(track.face_box_px[track.face_valid], axis=0)
    shapes, heads, seen = see_faces(weights, read_frames(path, clip.start_s, clip.end_s), box_px)
    count = min(len(seen), motion.n_frames)
    padded = np.zeros(motion.n_frames, bool)
    padded[:count] = seen[:count]
    spare = motion.n_frames - count
    shapes = np.concatenate([shapes[:count], np.zeros((spare, 52))])
    heads = np.concatenate([heads[:count], np.broadcast_to(np.eye(3), (spare, 3, 3))])
    return agree(motion, shapes, heads, padded)


def plain_table(reports: list[PersonReport]) -> Table:
    """One row a person, and the mean."""
    table = Table(title="Pearson r with plain measures in the picture", title_justify="left", box=SIMPLE_HEAD)
    headers = ("jawOpen and lip gap", "eyeBlinkLeft and eye", "eyeBlinkRight and eye", "mouthSmile and width")
    for column in ("video", "person", "frames", *headers):
        table.add_column(column, justify="left" if column == "video" else "right")
    for report in reports:
        cells = [_mean([report.plain[name]] if name in report.plain else []) for name in MOVES]
        table.add_row(escape(report.video), f"{report.person}", f"{report.frames}", *cells)
    table.add_section()
    means = [_mean([report.plain[name] for report in reports if name in report.plain]) for name in MOVES]
    table.add_row("mean", "", f"{sum(report.frames for report in reports)}", *means)
    return table


def _mean(values: list[float]) -> str:
    return f"{np.mean(values):.2f}" if values else "-"


def yardstick_tables(reports: list[PersonReport]) -> list[Table]:
    """Agreement with the learned model: a row a person, and a row a coefficient; none where nothing was compared."""
    compared = [(report, report.yardstick) for report in reports if report.yardstick]
    if not compared:
        return []
    people = Table(title="Agreement with MediaPipe's Face Landmarker", title_justify="left", box=SIMPLE_HEAD)
    for column in ("video", "frames", "mean r", "head", "worst 5 %", "steady pitch, yaw, roll", "gaze r"):
        people.add_column(column, justify="left" if column == "video" else "right")
    for report, found in compared:
        r, gaze = list(found.r.values()), list(found.gaze_r.values())
        steady = ", ".join(f"{angle:+.1f}" for angle in found.head_steady_deg)
        people.add_row(
            escape(f"{report.video} {report.person}"), f"{found.frames}", f"{_mean(r)} of {len(r)}",
            f"{found.head_deg:.1f} deg", f"{found.head_p95_deg:.1f}", steady, _mean(gaze),
        )  # fmt: skip
    return [people, _coefficient_table([found for _, found in compared])]


def _coefficient_table(found: list[Agreement]) -> Table:
    table = Table(title="Coefficient by coefficient", title_justify="left", box=SIMPLE_HEAD)
    for column in ("coefficient", "r", "difference", "trust", "moves in"):
        table.add_column(column, justify="left" if column == "coefficient" else "right")
    trust = reliability()
    for name in ARKIT52_NAMES:
        r = [one.r[name] for one in found if name in one.r]
        mae = float(np.mean([one.mae[name] for one in found]))
        table.add_row(name, _mean(r), f"{mae:.2f}", f"{trust[name]:.1f}", f"{len(r)} of {len(found)}")
    return table
