"""One person followed through the pictures of a shot: face every frame, body and hands at a lower rate."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property

import cv2
import numpy as np

from nonverbal.backends import appearance
from nonverbal.backends.face_models import DEFAULT, FaceModel, face_model
from nonverbal.backends.mediapipe_hands import N_HAND, HandTracker
from nonverbal.backends.mediapipe_mesh import MOUTH_LEFT, MOUTH_RIGHT, N_LANDMARKS
from nonverbal.backends.mediapipe_pose import N_POSE, PoseTracker
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32, U8, Bool, Track
from nonverbal.venus.faces import FACE_SIDE, talking_face
from nonverbal.venus.hands import HandFollower
from nonverbal.venus.tracking import Box, Region, centre, clip, distance, size

_FACE_SIDE = 2.6  # face crop, in face sizes: room for the head to move between two detections
_BODY_REACH = (4.5, 2.0, 9.0)  # body crop beside, above and below the face's centre, in face sizes
_KEEP_SHIFT = 0.15  # of the crop's side: a face that moved less keeps its crop, since trackers need a steady picture
_KEEP_RATIO = 1.3  # and one that grew or shrank less
_MAX_REST = 6  # body measurements skipped at most after nothing was found: the pose detector costs as much as a hit
_LIPS = (32, 64)  # rows, columns
_LIP_CORNERS = ((16.0, 14.0), (48.0, 14.0))  # where the mouth corners come to lie: more room below, for the open jaw


@dataclass
class Eyes:
    """The models that look at one person; handed on to the next person after a `reset`. Each starts when first used.

    Attributes:
        face_model: which of `face_models.CHOICES` sees the face.
        describe: what the person looks like, [E] of unit length, from a picture and the face mesh [478, 3] in it; other
            people's eyes may use it at the same time.
    """

    face_model: str = DEFAULT
    describe: Callable[[U8, F32], F32] = appearance.describe

    @cached_property
    def face(self) -> FaceModel:
        return face_model(self.face_model)

    @cached_property
    def pose(self) -> PoseTracker:
        return PoseTracker()

    @cached_property
    def hands(self) -> HandTracker:
        return HandTracker()

    def _started(self, *names: str) -> list[FaceModel | PoseTracker | HandTracker]:
        return [self.__dict__[name] for name in names if name in self.__dict__]

    def reset(self) -> None:
        """Forgets the person followed so far."""
        for model in self._started("face", "pose", "hands"):
            model.reset()

    def reset_body(self) -> None:
        """Forgets body and hands, not the face."""
        for model in self._started("pose", "hands"):
            model.reset()

    def close(self) -> None:
        for model in self._started("face", "pose", "hands"):
            model.close()


class Rows:
    """Per-frame arrays of one track, zero where nothing was seen.

    Allocated for the rest of the clip at once: the system gives memory only to pages that are written.

    Args:
        keep_faces: there are pictures of the face.
        learned: there are blendshapes and head turns.
    """

    def __init__(self, capacity: int, keep_faces: bool = False, learned: bool = False) -> None:
        self.face_box_px = np.zeros((capacity, 4), np.float32)
        self.face_score = np.zeros(capacity, np.float32)
        self.face_valid = np.zeros(capacity, bool)
        self.landmarks_px = np.zeros((capacity, N_LANDMARKS, 3), np.float32)
        self.lips = np.zeros((capacity, *_LIPS), np.uint8)
        self.pose_px = np.zeros((capacity, N_POSE, 3), np.float32)
        self.pose_world_m = np.zeros((capacity, N_POSE, 3), np.float32)
        self.pose_visibility = np.zeros((capacity, N_POSE), np.float32)
        self.pose_valid = np.zeros(capacity, bool)
        self.hands_px = np.zeros((capacity, 2, N_HAND, 3), np.float32)
        self.hand_score = np.zeros((capacity, 2), np.float32)
        self.hand_valid = np.zeros((capacity, 2), bool)
        self.faces = np.zeros((capacity if keep_faces else 0, FACE_SIDE, FACE_SIDE), np.uint8)
        self.blendshapes = np.zeros((capacity if learned else 0, len(ARKIT52_NAMES)), np.float32)
        self.head_turns = np.zeros((capacity if learned else 0, 3, 3), np.float32)


_ROW_NAMES = tuple(f.name for f in fields(Track) if f.name in vars(Rows(0)))
_FACE_ROWS = (
    "face_box_px",
    "face_score",
    "face_valid",
    "landmarks_px",
    "lips",
    "faces",
    "blendshapes",
    "head_turns",
)


class Person:
    """Follows one person; `follow` takes the pictures in order, `track` gives what was seen.

    Attributes:
        box: where the face was last seen, upright full frame.
        last_face: the last frame with face landmarks.
        confirmed: the last frame in which the face detector agreed.
        body_from: the first frame in which body and hands may be measured.
        territory: the part of the picture that is this person's alone; to be set before each `follow`.
    """

    def __init__(self, start_frame: int, shot: int, box: Box, score: float, eyes: Eyes, rows: Rows) -> None:
        self.start_frame, self.shot, self.box, self.score, self.eyes = start_frame, shot, box, score, eyes
        self.last_face = self.confirmed = start_frame
        self.body_from = start_frame
        self.territory: Region | None = None
        self._rows = rows
        self._face_crop: Region | None = None
        self._half = 1.0
        self._body_crop: Region | None = None
        self._last: U8 | None = None
        self._last_body: U8 | None = None
        self._rest = self._misses = 0
        self._hands = HandFollower(lambda: eyes.hands)
        self._looks: F32 = np.zeros(0, np.float32)
        eyes.reset()

    def follow(self, pictures: list[U8], first: int, body_stride: int) -> None:
        """Measures frames ``[first, first + len(pictures))``.

        Args:
            pictures: upright full frames.
            first: grid frame of the first.
            body_stride: body and hands are measured in every so many frames of the track.
        """
        self._place_crops()
        for frame, rgb in enumerate(pictures, start=first):
            row = frame - self.start_frame
            if rgb is self._last:
                self._repeat_face(row)
            else:
                self._see_face(rgb, row)
            if row % body_stride == 0 and frame >= self.body_from:
                if rgb is self._last_body:
                    self._repeat_body(row, body_stride)
                else:
                    self._see_body(rgb, row)
                self._last_body = rgb
            self._last = rgb
            if self._rows.face_valid[row]:
                self.last_face = frame
        row = first - self.start_frame
        if self._rows.face_valid[row]:
            look = self.eyes.describe(pictures[0], self._rows.landmarks_px[row])
            self._looks = look if not len(self._looks) else self._looks + look

    def _place_crops(self) -> None:
        assert self.territory is not None, "a person is given a territory before following"
        (x, y), side = centre(self.box), size(self.box)
        half = 0.5 * _FACE_SIDE * side
        face = clip((x - half, y - half, x + half, y + half), self.territory)
        if self._face_crop is None or not self._keeps(face, half):
            if self._face_crop is not None:
                self.eyes.face.reset()
            self._face_crop, self._half = face, half
        beside, above, below = (reach * side for reach in _BODY_REACH)
        body = clip((x - beside, y - above, x + beside, y + below), self.territory)
        if self._body_crop is None or not _steady(self._body_crop, body):
            if self._body_crop is not None:
                self.eyes.reset_body()
                self._hands.reset()
            self._body_crop = body

    def _keeps(self, crop: Region, half: float) -> bool:
        """Whether the face model may go on with the crop it has; one that gets each picture placed anew minds size."""
        assert self._face_crop is not None
        if self.eyes.face.centred:
            return 1.0 / _KEEP_RATIO <= half / self._half <= _KEEP_RATIO
        return _steady(self._face_crop, crop)

    def _see_face(self, rgb: U8, row: int) -> None:
        assert self._face_crop is not None
        x0, y0, x1, y1 = self._face_crop
        crop = rgb[y0:y1, x0:x1]
        if self.eyes.face.centred:
            assert self.territory is not None
            crop, x0, y0 = square(rgb, centre(self.box), self._half, self.territory)
        face = self.eyes.face.see_face(crop)
        if face is None:
            return
        points = face.landmarks_px + np.asarray([x0, y0, 0], np.float32)
        low, high = points[:468, :2].min(axis=0), points[:468, :2].max(axis=0)
        box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        if size(box) < 4.0 or distance(box, self.box) > 1.0:  # not this face, or none at all
            return
        self.box = box
        rows = self._rows
        rows.face_box_px[row] = box
        rows.face_score[row] = self.score
        rows.face_valid[row] = True
        rows.landmarks_px[row] = points
        rows.lips[row] = mouth_region(rgb, points)
        if len(rows.faces):
            rows.faces[row] = talking_face(rgb, box)
        if face.blendshapes is not None and face.head_turn is not None and len(rows.blendshapes):
            rows.blendshapes[row], rows.head_turns[row] = face.blendshapes, face.head_turn

    def _repeat_face(self, row: int) -> None:
        for name in _FACE_ROWS:
            if len(array := getattr(self._rows, name)):
                array[row] = array[row - 1]

    def _see_body(self, rgb: U8, row: int) -> None:
        if self._rest > 0:
            self._rest -= 1
            return
        assert self._body_crop is not None
        x0, y0, x1, y1 = self._body_crop
        crop = np.ascontiguousarray(rgb[y0:y1, x0:x1])
        body = self.eyes.pose.see(crop)
        offset = np.asarray([x0, y0, 0], np.float32)
        if body is None or not self._is_mine(body.landmarks_px + offset):
            if body is not None:
                self.eyes.pose.reset()
            self._misses += 1
            self._rest = min(self._misses - 1, _MAX_REST)
            return
        self._misses = 0
        rows = self._rows
        rows.pose_px[row] = body.landmarks_px + offset
        rows.pose_world_m[row], rows.pose_visibility[row], rows.pose_valid[row] = body.world_m, body.visibility, True
        for side, hand in self._hands.see(crop, body, size(self.box)).items():
            rows.hands_px[row, side] = hand.landmarks_px + offset
            rows.hand_score[row, side], rows.hand_valid[row, side] = hand.score, True

    def _repeat_body(self, row: int, stride: int) -> None:
        for name in _BODY_ROWS:
            array = getattr(self._rows, name)
            array[row] = array[row - stride]

    def _is_mine(self, pose_px: F32) -> bool:
        """Whether the pose's nose lies on this person's face."""
        (x, y), nose = centre(self.box), pose_px[0]
        return bool(np.hypot(nose[0] - x, nose[1] - y) <= 0.75 * size(self.box))

    def track(self, track_id: int, end_frame: int, body_stride: int, gap_frames: int) -> Track:
        """What was seen up to `end_frame`, body and hands filled in between measurements at most `gap_frames` apart.

        After the last measurement body and hands stay for as many frames at most, where no further one was due.
        To be called once, at the end: the track takes over the person's own arrays, which can be large.
        """
        length = end_frame - self.start_frame
        arrays = {name: getattr(self._rows, name)[:length] for name in _ROW_NAMES}
        due = (length - 1) // body_stride * body_stride
        for name in _BODY_ROWS:
            arrays[name][due + 1 : due + 1 + gap_frames] = arrays[name][due]
        bridge(arrays["pose_valid"], (arrays["pose_px"], arrays["pose_world_m"], arrays["pose_visibility"]), gap_frames)
        for side in (0, 1):
            valid = arrays["hand_valid"][:, side]
            bridge(valid, (arrays["hands_px"][:, side], arrays["hand_score"][:, side]), gap_frames)
        looks = appearance.unit(self._looks) if len(self._looks) else self._looks
        return Track(track_id, self.shot, self.start_frame, **arrays, appearance=looks)

    def faces(self, end_frame: int) -> int:
        """Frames with face landmarks before `end_frame`."""
        return int(self._rows.face_valid[: end_frame - self.start_frame].sum())


_BODY_ROWS = (
    "pose_px",
    "pose_world_m",
    "pose_visibility",
    "pose_valid",
    "hands_px",
    "hand_score",
    "hand_valid",
)


def _steady(old: Region, new: Region) -> bool:
    side, wanted = max(size(old), 1.0), max(size(new), 1.0)
    (ax, ay), (bx, by) = centre(old), centre(new)
    moved = max(abs(ax - bx), abs(ay - by)) / side
    return moved <= _KEEP_SHIFT and 1.0 / _KEEP_RATIO <= wanted / side <= _KEEP_RATIO


def square(rgb: U8, middle: tuple[float, float], half: float, territory: Region) -> tuple[U8, int, int]:
    """A square of about ``2 half`` pixels around a place, black outside the territory; its left and upper edges."""
    side = max(2 * round(half), 2)
    left, top = round(middle[0]) - side // 2, round(middle[1]) - side // 2
    x0, y0 = max(left, territory[0]), max(top, territory[1])
    x1, y1 = max(min(left + side, territory[2]), x0), max(min(top + side, territory[3]), y0)
    canvas = np.zeros((side, side, 3), np.uint8)
    if x0 < left + side and y0 < top + side:
        canvas[y0 - top : y1 - top, x0 - left : x1 - left] = rgb[y0:y1, x0:x1]
    return canvas, left, top


def mouth_region(rgb: U8, landmarks_px: F32) -> U8:
    """[32, 64] grey, turned and scaled so that the mouth corners lie on fixed points."""
    (ax, ay), (bx, by) = landmarks_px[MOUTH_RIGHT, :2], landmarks_px[MOUTH_LEFT, :2]
    (px, py), (qx, _) = _LIP_CORNERS
    span = complex(bx - ax, by - ay)
    if abs(span) < 1.0:
        return np.zeros(_LIPS, np.uint8)
    turn = (qx - px) / span
    at = complex(px, py) - turn * complex(ax, ay)
    warp = np.asarray([[turn.real, -turn.imag, at.real], [turn.imag, turn.real, at.imag]], np.float32)
    return cv2.cvtColor(cv2.warpAffine(rgb, warp, _LIPS[::-1]), cv2.COLOR_RGB2GRAY)


def bridge(valid: Bool, values: tuple[F32, ...], gap_frames: int) -> None:
    """Fills rows between two valid ones at most `gap_frames` apart by straight lines, in place.

    Example, gap 2: valid 1 0 1 0 0 1 becomes 1 1 1 0 0 1.
    """
    known = np.flatnonzero(valid)
    for a, b in itertools.pairwise(known):
        if not 1 < b - a <= gap_frames:
            continue
        for row in range(a + 1, b):
            share = np.float32((row - a) / (b - a))
            for array in values:
                array[row] = (1 - share) * array[a] + share * array[b]
            valid[row] = True
