"""Measures the models of looks on real people: who is the same and who another, from likeness alone, and what it costs.

    python benchmarks/identity.py MEDIA [--models appearance dlib_face] [--studio VIDEO_FOLDER ...]

MEDIA holds `dialogue` and `faces` with the recordings named below: 14 people, some of them in several recordings. A
shot is the mean of three looks within a second. Each is also seen under other light, colours, sizes and framing, and
any two shots of one person are compared, as are those of any two people. With --studio the tracks of a whole video
made by `nonverbal studio` are linked, and compared with the truth beside it.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.looks import CHOICES, LookModel, look_model, unit
from nonverbal.backends.mediapipe_faces import detect_faces
from nonverbal.backends.mediapipe_mesh import MeshTracker
from nonverbal.dataset.read import open_dataset
from nonverbal.media.probe import probe
from nonverbal.media.video import read_frames
from nonverbal.pipeline.stage import Job
from nonverbal.types import Clip, Motion, Source, Track
from nonverbal.venus.linking import gather, link
from nonverbal.venus.watch import Watch
from nonverbal.verdicts import UserError

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

RECORDINGS = {
    **{f"dialogue/grid/{name}.mpg": (name,) for name in
       ("bbaf2n", "brbk7n", "lbax4n", "lbbc2a", "lrwp9a", "sbia1a", "sbwe5n", "swiz3n")},
    "dialogue/grid/id2_vcd_swwp2s.mpg": ("id2",),
    "dialogue/grid/pwij3p.mpg": ("id2",),
    "dialogue/grid/lwbsza.mpg": ("lwbsza",),
    "dialogue/grid_dialogue_9s.mp4": ("id2", "lwbsza"),
    "dialogue/latentsync_pair_8s.mp4": ("demo1", "demo3"),
    "faces/demo1_video.mp4": ("demo1",),
    "faces/demo3_video.mp4": ("demo3",),
    "faces/face_noface.mov": ("single",),
    "faces/single_face.mp4": ("single",),
    "faces/WolfgangLanger_Pexels.mp4": ("wolfgang",),
}  # fmt: skip
"""Who is seen in each, from left to right."""

_LOOKS, _APART_S = 3, 0.3


@dataclass(frozen=True)
class View:
    """One picture of a person, the face mesh in it, who it is, and which shot it belongs to."""

    person: str
    shot: str
    condition: str
    rgb: U8
    marks: F32


def _coloured(rgb: U8, gains: tuple[float, float, float], gamma: float = 1.0) -> U8:
    levels = 255 * (np.arange(256) / 255) ** gamma
    table = np.clip(levels[:, None] * np.asarray(gains), 0, 255).astype(np.uint8)
    return cv2.LUT(rgb, table[None])


def _scaled(rgb: U8, marks: F32, face_px: float) -> tuple[U8, F32]:
    scale = min(1.0, face_px / float(np.ptp(marks[:468, :2], axis=0).mean()))
    size = tuple(max(2, round(n * scale)) for n in rgb.shape[1::-1])
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), marks * np.float32(scale)


def _closer(rgb: U8, marks: F32) -> tuple[U8, F32]:
    """Only the head: no clothes to compare."""
    low, high = marks[:468, :2].min(axis=0), marks[:468, :2].max(axis=0)
    (x0, y0), (x1, y1) = low - 0.45 * (high - low), high + 0.2 * (high - low)
    x0, y0 = max(0, int(x0)), max(0, int(y0))
    cut = rgb[y0 : int(y1), x0 : int(x1)]
    return np.ascontiguousarray(cut), marks - np.asarray([x0, y0, 0], np.float32)


CONDITIONS: dict[str, Callable[[U8, F32], tuple[U8, F32]]] = {
    "as filmed": lambda rgb, marks: (rgb, marks),
    "darker": lambda rgb, marks: (_coloured(rgb, (0.9, 0.9, 0.9), 1.6), marks),
    "warmer": lambda rgb, marks: (_coloured(rgb, (1.15, 1.0, 0.8)), marks),
    "cooler": lambda rgb, marks: (_coloured(rgb, (0.85, 1.0, 1.2), 0.8), marks),
    "40 pixels": lambda rgb, marks: _scaled(rgb, marks, 40.0),
    "closer": _closer,
    "another camera": lambda rgb, marks: _scaled(*_closer(_coloured(rgb, (0.9, 1.0, 1.15), 0.75), marks), 64.0),
}


def views(media: Path) -> list[View]:
    """Every picture to look at, in every condition."""
    found = [view for name, people in RECORDINGS.items() for view in _recording(media / name, people)]
    return [
        View(v.person, f"{v.shot} {name}", name, *change(v.rgb, v.marks))
        for v in found
        for name, change in CONDITIONS.items()
    ]


def _recording(path: Path, people: tuple[str, ...]) -> Iterator[View]:
    length_s = probe(path).duration_s
    for part, start_s in enumerate((0.15 * length_s, 0.6 * length_s)):
        for i in range(_LOOKS):
            at_s = min(start_s + i * _APART_S, length_s - 0.2)
            rgb = np.ascontiguousarray(next(iter(read_frames(path, at_s, at_s + 0.1))))
            faces = sorted(detect_faces(rgb))
            if len(faces) != len(people):
                continue  # turned away, or gone: nothing to measure here
            for person, face in zip(people, faces, strict=True):
                if (marks := _mesh(rgb, face)) is not None:
                    yield View(person, f"{path.name} {part}", "", rgb, marks)


def _mesh(rgb: U8, face: tuple[float, float, float, float, float]) -> F32 | None:
    x0, y0, x1, y1, _ = face
    x, y, half = (x0 + x1) / 2, (y0 + y1) / 2, 0.65 * (x1 - x0 + y1 - y0)
    left, top = max(0, int(x - half)), max(0, int(y - half))
    with closing(MeshTracker()) as mesh:
        marks = mesh.see(np.ascontiguousarray(rgb[top : int(y + half), left : int(x + half)]))
    return None if marks is None else marks + np.asarray([left, top, 0], np.float32)


@dataclass(frozen=True)
class Shot:
    """The mean look of one person in one shot."""

    person: str
    condition: str
    look: F32


def shots(model: LookModel, seen: list[View]) -> tuple[list[Shot], float]:
    """The shots, and milliseconds per look."""
    model.describe(seen[0].rgb, seen[0].marks)
    began = time.perf_counter()
    looks = [model.describe(v.rgb, v.marks) for v in seen]
    cost_ms = 1e3 * (time.perf_counter() - began) / len(seen)
    sums: dict[tuple[str, str, str], F32] = {}
    for view, look in zip(seen, looks, strict=True):
        key = (view.person, view.condition, view.shot)
        sums[key] = sums.get(key, np.zeros_like(look)) + look
    return [Shot(person, condition, unit(total)) for (person, condition, _), total in sums.items()], cost_ms


@dataclass(frozen=True)
class Rates:
    """Likenesses of shots of one person and of two, and how often a speaker is clearly led by the wrong one."""

    same: F32
    other: F32

    def missed(self, at: float) -> float:
        """Share of pairs of one person that are less alike than `at`."""
        return float(np.mean(self.same < at))

    def mistaken(self, at: float) -> float:
        """Share of pairs of two people that are at least as alike as `at`."""
        return float(np.mean(self.other >= at))

    def equal_error(self) -> tuple[float, float]:
        """The likeness at which as many are missed as mistaken, and that share."""
        steps = np.unique(np.concatenate([self.same, self.other]))
        at = min(steps.tolist(), key=lambda step: abs(self.missed(step) - self.mistaken(step)))
        return at, (self.missed(at) + self.mistaken(at)) / 2


def compare(model: LookModel, found: list[Shot]) -> Rates:
    """Every shot with every other one."""
    same: list[float] = []
    other: list[float] = []
    for a, b in itertools.combinations(found, 2):
        (same if a.person == b.person else other).append(model.likeness(a.look, b.look))
    return Rates(np.asarray(same, np.float32), np.asarray(other, np.float32))


def leads(model: LookModel, found: list[Shot]) -> F32:
    """How much more each shot is like its own person as filmed than like another one, for every such pair."""
    filmed: dict[str, list[Shot]] = {}
    for shot in found:
        if shot.condition == "as filmed":
            filmed.setdefault(shot.person, []).append(shot)
    anchors = {person: group[0].look for person, group in filmed.items()}
    lead = [
        model.likeness(shot.look, anchors[shot.person]) - model.likeness(shot.look, look)
        for shot in found
        for person, look in anchors.items()
        if person != shot.person and shot.look is not anchors[shot.person]
    ]
    return np.asarray(lead, np.float32)


@dataclass(frozen=True)
class Seen:
    """What linking needs of a track: one shot after the other, 25 frames each."""

    appearance: F32
    start_frame: int
    end_frame: int
    face_valid: NDArray[np.bool_]


def dialogues(model: LookModel, found: list[Shot]) -> tuple[float, float]:
    """Every two people as the speakers of a clip that shows each of their shots once, linked as `visible` links them.

    Returns:
        The share of shots that end with their own person, and the share of clips in which somebody is two people.
    """
    right = count = mixed = 0
    pairs = list(itertools.combinations(sorted({shot.person for shot in found}), 2))
    for pair in pairs:
        clip = [shot for shot in found if shot.person in pair]
        tracks = [Seen(s.look, 25 * i, 25 * i + 25, np.ones(25, bool)) for i, s in enumerate(clip)]
        groups = gather(tracks, link(tracks, model), 2, model)  # type: ignore[arg-type]
        names = [[clip[i].person for i in group] for group in groups]
        mixed += any(len(set(group)) > 1 for group in names)
        right += sum(max((group.count(person) for group in names), default=0) for person in pair)
        count += len(clip)
    return right / count, mixed / len(pairs)


def studio(folder: Path, name: str) -> str:
    """How well the tracks of a studio video are linked: tracks, persons, and the share of tracks with their own."""
    video, model = folder / "podcast.mp4", look_model(name)
    length_s = probe(video).duration_s
    job = Job(Source("studio", str(video), 0), Clip("studio", "studio", 0.0, length_s))
    sighting = Watch(body_hz=1.0, identity_model=name).run(job, {})
    dataset = open_dataset(folder / "truth")
    people = dataset.dialogue(dataset.ids()[0]).participants
    owners = [_owner(track, people) for track in sighting.tracks]
    groups = gather(sighting.tracks, link(sighting.tracks, model), 2, model)
    largest = sorted(groups, key=lambda g: -sum(len(sighting.tracks[i].face_valid) for i in g))[:2]
    right = 0
    for order in itertools.permutations(sorted({m.participant for m in people})):
        right = max(right, sum(owners[i] == who for who, g in zip(order, largest, strict=False) for i in g))
    wrong = sum(len({owners[i] for i in g}) > 1 for g in groups)
    return f"{folder.name}: {len(owners)} tracks, {len(groups)} persons, {right} tracks right, {wrong} persons mixed"


def _owner(track: Track, participants: Sequence[Motion]) -> str:
    """The participant whose true face boxes the track covers best."""
    rows = np.flatnonzero(track.face_valid)
    box = track.face_box_px[rows]
    overlap: dict[str, float] = {}
    for motion in participants:
        at = np.minimum(rows + track.start_frame, len(motion.bbox) - 1)
        low, high = np.maximum(box[:, :2], motion.bbox[at, :2]), np.minimum(box[:, 2:], motion.bbox[at, 2:])
        overlap[motion.participant] = float(np.prod(np.maximum(high - low, 0), axis=1).sum())
    return max(overlap, key=lambda name: overlap[name])


def report(name: str, seen: list[View]) -> None:
    """One row of the table, and below it what its thresholds do."""
    model = look_model(name)
    found, cost_ms = shots(model, seen)
    rates, lead, limits = compare(model, found), leads(model, found), model.likenesses
    at, rate = rates.equal_error()
    linked, mixed = dialogues(model, found)
    low, high = np.percentile(rates.same, 1), np.percentile(rates.other, [50, 99, 99.9])
    print(f"| {name} | {rate:.2%} | {at:.3f} | {low:.3f} | {high[0]:.3f} | {high[1]:.3f} | {high[2]:.3f} "
          f"| {rates.mistaken(limits.same):.2%} | {rates.missed(limits.same):.1%} "
          f"| {np.percentile(lead, 1):.3f} | {np.mean(lead <= -limits.margin):.2%} "
          f"| {np.mean(lead < limits.margin):.1%} | {linked:.1%} | {mixed:.1%} | {cost_ms:.1f} |")  # fmt: skip
    for condition in CONDITIONS:
        some = compare(model, [s for s in found if s.condition in ("as filmed", condition)])
        low = np.percentile(some.same, [0, 5]).tolist()
        print(f"    {condition:15} one person {low[0]:.3f} at least, {low[1]:.3f} in 95 %;"
              f" two {some.other.max():.3f} at most; {some.equal_error()[1]:.2%}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("media", type=Path)
    parser.add_argument("--models", nargs="+", default=[choice.name for choice in CHOICES])
    parser.add_argument("--studio", nargs="*", type=Path, default=[])
    arguments = parser.parse_args()
    told = {choice.name: choice.problem() for choice in CHOICES if choice.name in arguments.models}
    seen = views(arguments.media)
    print(f"{len(seen)} looks at {len({v.person for v in seen})} people in {len({v.shot for v in seen})} shots\n")
    print("| model | equal error | at | same 1 % | other 50 % | 99 % | 99.9 % | mistaken at `same` | missed at `same` "
          "| lead 1 % | led wrong | no lead | shots linked | clips mixed | ms |\n" + "|---" * 15 + "|")  # fmt: skip
    for name, problem in told.items():
        if problem:
            print(f"| {name} | {problem} |")
            continue
        report(name, seen)
        for folder in arguments.studio:
            print(f"    {studio(folder, name)}")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        raise SystemExit(str(error)) from error
