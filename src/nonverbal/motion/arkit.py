"""ARKit's 52 face coefficients from face landmarks, by geometry alone.

Every coefficient is a measure of `face_measures` minus the person's own calm value, put on a ramp from "noise" to "as
far as faces go". Neither head pose nor distance moves it, and what it means can be read off this file.

Gains were chosen so that typical speech gives values like those of MediaPipe's learned blendshapes where those move
at all. `motion.face` mixes these with what networks find.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nonverbal.motion.face_measures import SIDES, measure_face, neutral_of
from nonverbal.motion.looks import look_coefficients
from nonverbal.motion.ramp import ramp
from nonverbal.motion.rotations import F
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32, Bool

BLINK = 0.6
"""eyeBlink from which on the lid hides the iris."""


def arkit52(points_m: F, gaze: F) -> F32:
    """[N, 52] coefficients in [0, 1] of one person's frames, columns as in `ARKIT52_NAMES`.

    Args:
        points_m: [N, len(USED_IDS), 3] the landmarks `face_measures.USED_IDS` in metres in the head frame; all frames
            of the person in order of time, since the calm face is found in them.
        gaze: [N, 4] as `gaze.gaze_angles` gives it; during blinks the eyes are taken to move on evenly.
    """
    measures = measure_face(points_m)
    neutral = neutral_of(measures)
    change = {name: values - neutral[name] for name, values in measures.items()}
    closed = 1.0 - ramp(change["gap"], 1.0, 5.0)
    coefficients = _jaw(change, closed) | _middle(change, closed)
    for side in SIDES:
        opening = measures["open" + side] / max(neutral["open" + side], 1.0)
        coefficients |= _eye(change, opening, side) | _brow_and_cheek(change, side)
        coefficients |= _mouth_side(change, closed, side)
    eyes_open = np.maximum(coefficients["eyeBlinkLeft"], coefficients["eyeBlinkRight"]) < BLINK
    coefficients |= look_coefficients(held(gaze, eyes_open))
    coefficients["tongueOut"] = np.zeros(len(points_m))
    return np.stack([coefficients[name] for name in ARKIT52_NAMES], axis=1).astype(np.float32)


def eyes_are_open(coefficients: F) -> Bool:
    """[N] whether both eyes of arkit52 rows are open enough to see where they look."""
    blinks = [ARKIT52_NAMES.index("eyeBlink" + side) for side in SIDES]
    return np.asarray(coefficients[:, blinks].max(axis=1) < BLINK)


def held(gaze: F, eyes_open: Bool) -> F:
    """[N, 4] `gaze` with what a lid covers replaced by a straight line between before and after."""
    if not eyes_open.any():
        return np.zeros_like(gaze)
    rows = np.arange(len(gaze))
    return np.stack([np.interp(rows, rows[eyes_open], column[eyes_open]) for column in np.asarray(gaze).T], axis=1)


def _jaw(change: Mapping[str, F], closed: F) -> dict[str, F]:
    return {
        "jawOpen": ramp(change["drop"], 1.0, 36.0),
        "jawForward": ramp(change["chinZ"], 5.0, 20.0),
        "jawLeft": ramp(change["chinX"], 4.0, 18.0),
        "jawRight": ramp(-change["chinX"], 4.0, 18.0),
        "mouthClose": closed * ramp(-change["chinY"], 4.0, 30.0),
    }


def _middle(change: Mapping[str, F], closed: F) -> dict[str, F]:
    narrow = -change["width"]
    return {
        "browInnerUp": ramp(0.5 * (change["browInnerLeft"] + change["browInnerRight"]), 0.5, 7.0),
        "cheekPuff": closed * ramp(0.5 * (change["puffLeft"] + change["puffRight"]), 2.0, 10.0),
        "mouthPucker": ramp(narrow, 3.0, 16.0) * (1.0 - ramp(change["gap"], 4.0, 14.0)),
        "mouthFunnel": ramp(narrow, 1.0, 14.0) * ramp(change["gap"], 4.0, 14.0),
        "mouthLeft": ramp(change["mouthX"], 2.0, 12.0),
        "mouthRight": ramp(-change["mouthX"], 2.0, 12.0),
        "mouthRollLower": closed * ramp(-change["lowerThickness"], 0.3, 5.0),
        "mouthRollUpper": closed * ramp(-change["upperThickness"], 0.3, 4.5),
        "mouthShrugLower": closed * ramp(change["lowerToDent"], 0.5, 8.0),
        "mouthShrugUpper": closed * ramp(change["lipsZ"], 0.5, 12.0),
    }


def _eye(change: Mapping[str, F], opening: F, side: str) -> dict[str, F]:
    blink = ramp(1.0 - opening, 0.12, 0.88)
    squint = ramp(change["lidLower" + side] - 0.15 * change["open" + side], 0.3, 4.5)
    return {
        "eyeBlink" + side: blink,
        "eyeWide" + side: ramp(change["lidUpper" + side], 1.5, 5.0),
        # The lower lid rises in a blink too; ARKit's own captures have hardly any squint there (0.05 to 0.15).
        "eyeSquint" + side: squint * (1.0 - 0.75 * ramp(blink, 0.4, 0.9)),
    }


def _brow_and_cheek(change: Mapping[str, F], side: str) -> dict[str, F]:
    outer = 0.5 * (change["browMiddle" + side] + change["browOuter" + side])
    return {
        "browOuterUp" + side: ramp(outer, 0.5, 7.0),
        "browDown" + side: ramp(-change["browMiddle" + side], 1.0, 8.0),
        "cheekSquint" + side: ramp(change["cheek" + side], 2.0, 10.0),
        "noseSneer" + side: ramp(change["wing" + side], 3.0, 10.0),
    }


def _mouth_side(change: Mapping[str, F], closed: F, side: str) -> dict[str, F]:
    smile = ramp(change["smile" + side], 0.5, 12.5)
    lowered = -np.maximum(change["cornerY" + side], change["cornerRelative" + side])
    return {
        "mouthSmile" + side: smile,
        "mouthFrown" + side: ramp(lowered, 1.5, 9.0),
        "mouthDimple" + side: closed * ramp(-change["cornerZ" + side], 3.0, 12.0),
        "mouthStretch" + side: (1.0 - smile) * ramp(change["cornerX" + side], 2.0, 15.0),
        "mouthPress" + side: closed * ramp(-change["lipThickness" + side], 0.0, 4.0),
        "mouthUpperUp" + side: ramp(change["upperLift" + side] + change["gap" + side], 3.0, 22.0),
        "mouthLowerDown" + side: ramp(change["gap" + side], 4.0, 36.0),
    }
