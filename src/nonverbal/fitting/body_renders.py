"""Rendered sitters with what the pipeline sees of them beside the truth, to fit the body's estimator on.

A take is a few seconds of one identity in front of one camera. Pictures are drawn only for the frames in which body and
hands are measured; the frames between are given the picture before, as in a video of half the rate.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np
from rich.progress import track

from nonverbal.avatar.dress import Dressed, dress, render
from nonverbal.avatar.look import random_look
from nonverbal.avatar.mesh import load_model, make_avatar, random_identity
from nonverbal.avatar.pose import Posed, pose
from nonverbal.avatar.raster import Canvas
from nonverbal.backends.mediapipe_faces import detect_faces
from nonverbal.fitting.body_poses import random_poses
from nonverbal.fitting.body_views import SeatView, random_view
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.studio.casting import random_lighting
from nonverbal.studio.grade import backdrop
from nonverbal.types import F32, U8, Bool
from nonverbal.venus.person import Eyes, Person, Rows

TAKE_FRAMES = 9
TAKES_A_SITTER = 3
"""Seeds that follow each other show the same person, each time in another pose before another camera."""
_STRIDE = 2
_BATCH_FRAMES = 6
_GAP_FRAMES = 5
_TEXTURE_SIZE = 512
_SEEN_SHARE = 0.7
"""Share of a hand's joints that must lie in the picture for it to count as in view."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One sitter over T frames: what was seen (fields as in `types.Track`, axes of the upright picture) and the truth.

    Attributes:
        view_px: width, height, focal length of the true camera.
        body: [T, 117] ``smplx117``; `chest` [T, 3, 3] in body axes of the true camera.
        hand_in_view: [T, 2] most of the hand lies in the person's part of the picture.
        joints_px: [T, 2, 3, 2] shoulder, elbow, wrist in the picture.
    """

    view_px: F32
    body: F32
    chest: F32
    hand_in_view: Bool
    joints_px: F32
    face_box_px: F32
    face_score: F32
    face_valid: Bool
    landmarks_px: F32
    pose_px: F32
    pose_world_m: F32
    pose_visibility: F32
    pose_valid: Bool
    hands_px: F32
    hand_score: F32
    hand_valid: Bool


_SEEN = tuple(f.name for f in fields(Take))[5:]


def make_take(seed: int, eyes: Eyes, frames: int = TAKE_FRAMES, stride: int = _STRIDE) -> Take | None:
    """The take of a seed; None where no face was found in its first picture.

    Args:
        frames: length at 25 fps.
        stride: every so many frames a picture is drawn; 1 draws all.
    """
    rng = np.random.default_rng(seed)
    dressed = _sitter(seed // TAKES_A_SITTER)
    poses, view = random_poses(frames, rng), random_view(rng)
    still = np.zeros((frames, 4), np.float32)
    posed = pose(dressed.avatar, _face(frames, rng), still, poses.body, poses.chest, poses.origin_m)
    pictures = draw_sitter(dressed, posed, view, rng, stride)
    left, _, right, _ = view.territory
    faces = [face for face in detect_faces(pictures[0]) if left <= 0.5 * (face[0] + face[2]) < right]
    if not faces:
        return None
    person = Person(0, 0, faces[0][:4], faces[0][4], eyes, Rows(frames))
    for first in range(0, frames, _BATCH_FRAMES):
        person.territory = view.territory
        person.follow(pictures[first : first + _BATCH_FRAMES], first, _STRIDE)
    track = person.track(0, frames, _STRIDE, _GAP_FRAMES)
    return Take(
        view_px=np.array([view.width_px, view.height_px, view.camera.focal_px], np.float32),
        body=poses.body,
        chest=view.chest_in_view(poses.chest).astype(np.float32),
        hand_in_view=_hands_in_view(posed, view),
        joints_px=_joints_px(posed, view),
        **{name: getattr(track, name) for name in _SEEN},
    )


@lru_cache(maxsize=1)
def _sitter(number: int) -> Dressed:
    """Somebody; the same for the same number."""
    rng = np.random.default_rng([number, 0x73697474])
    identity = random_identity(rng)
    return dress(make_avatar(identity), random_look(rng, identity.phenotypes["gender"]), _TEXTURE_SIZE)


def draw_sitter(dressed: Dressed, posed: Posed, view: SeatView, rng: np.random.Generator, stride: int) -> list[U8]:
    """One picture a frame; frames that are not drawn show the one before."""
    wall, lighting = backdrop(rng, view.width_px, view.height_px), random_lighting(rng)
    canvas = Canvas(view.width_px, view.height_px)
    noise = rng.normal(0.0, rng.uniform(0.5, 5.0), (2 * view.height_px, view.width_px, 1)).astype(np.int16)
    pictures: list[U8] = []
    for frame in range(0, len(posed.vertices), stride):
        picture = wall.copy()
        at = view.to_camera(posed.vertices[frame].astype(np.float64)).astype(np.float32)
        render(dressed, at, view.camera, picture, canvas, lighting, view.territory)
        top = int(rng.integers(view.height_px))
        picture = np.clip(picture + noise[top : top + view.height_px], 0, 255).astype(np.uint8)
        pictures += [picture] * min(stride, len(posed.vertices) - frame)
    return pictures


def _face(frames: int, rng: np.random.Generator) -> F32:
    """[T, 52] a mouth that moves, lids that blink, brows: enough for a face that is not a mask."""
    face = np.zeros((frames, len(ARKIT52_NAMES)), np.float32)
    waves = np.sin(np.arange(frames)[:, None] * rng.uniform(0.1, 0.9, 4) + rng.uniform(0.0, 6.3, 4))
    shares = {"jawOpen": 0.25, "mouthSmileLeft": 0.3, "browInnerUp": 0.3, "mouthFunnel": 0.2}
    for column, (name, most) in enumerate(shares.items()):
        face[:, ARKIT52_NAMES.index(name)] = most * rng.random() * (0.5 + 0.5 * waves[:, column])
    face[:, ARKIT52_NAMES.index("mouthSmileRight")] = face[:, ARKIT52_NAMES.index("mouthSmileLeft")]
    if rng.random() < 0.3:
        at = int(rng.integers(frames))
        for side in ("Left", "Right"):
            face[at : at + 4, ARKIT52_NAMES.index("eyeBlink" + side)] = 1.0
    return face


_HAND_BONES = ("wrist", *(f"finger{i}-{j}" for i in range(1, 6) for j in (1, 2, 3)))


def _hands_in_view(posed: Posed, view: SeatView) -> Bool:
    """[T, 2] whether most joints of the left and of the right hand lie in the person's part of the picture."""
    left, top, right, bottom = view.territory
    shares = []
    for letter in "LR":
        ids = [load_model().bone(f"{name}.{letter}") for name in _HAND_BONES]
        at = view.camera.project(view.to_camera(posed.bone_heads[:, ids]))
        inside = (at[..., 0] >= left) & (at[..., 0] < right) & (at[..., 1] >= top) & (at[..., 1] < bottom)
        shares.append(inside.mean(axis=1))
    return np.stack(shares, axis=1) >= _SEEN_SHARE


def _joints_px(posed: Posed, view: SeatView) -> F32:
    """[T, 2, 3, 2] shoulder, elbow and wrist of left and right in the picture."""
    ids = [[load_model().bone(f"{b}.{letter}") for b in ("upperarm01", "lowerarm01", "wrist")] for letter in "LR"]
    return view.camera.project(view.to_camera(posed.bone_heads[:, np.array(ids)])).astype(np.float32)


def gather_takes(folder: Path, seeds: range, frames: int = TAKE_FRAMES, stride: int = _STRIDE) -> list[Take]:
    """The takes of all seeds, from `folder` as far as they lie there already; seeds that show no face are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    eyes = Eyes()
    takes = []
    for seed in track(seeds, "drawing sitters"):
        path = folder / f"{seed}_{frames}_{stride}.npz"
        if not path.exists():
            take = make_take(seed, eyes, frames, stride)
            arrays = {} if take is None else {f.name: getattr(take, f.name) for f in fields(Take)}
            part = path.with_suffix(".part.npz")
            np.savez(part, **arrays)
            part.replace(path)
        with np.load(path, allow_pickle=False) as saved:
            if saved.files:
                takes.append(Take(**{name: saved[name] for name in saved.files}))
    eyes.close()
    return takes
