"""SFace, a face recognition network of OpenCV's model zoo, run by OpenCV itself."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nonverbal import weights
from nonverbal.backends.face_alignment import FacePlaces, aligned_face
from nonverbal.backends.looks import SFACE, Likenesses, cosine, unit
from nonverbal.verdicts import UserError

F32 = NDArray[np.float32]

PLACES = FacePlaces(
    groups=((33, 133), (362, 263), (1,), (61,), (291,)),  # eyes, tip of the nose, corners of the mouth
    points=((0.3419, 0.4616), (0.6565, 0.4598), (0.5002, 0.6405), (0.3710, 0.8247), (0.6315, 0.8233)),
    side_px=112,
)


class SFace:
    """Knows a face again: 128 numbers, whatever clothes and hair are.

    Source: Zhong et al., "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition" (2021); the model
    zoo joins at a cosine of 0.363. What its likenesses mean is set around that number, not measured.
    """

    name = "sface"
    likenesses = Likenesses(same=0.45, maybe=0.3, other=0.363, margin=0.1)

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()  # a network of OpenCV keeps its input inside

    def describe(self, rgb: NDArray[np.uint8], landmarks_px: F32) -> F32:
        """See `LookModel`; [128]."""
        face = aligned_face(rgb, landmarks_px, PLACES)
        if face is None:
            return np.zeros(128, np.float32)
        with self._one_at_a_time:
            return unit(embed(self._network, face))

    def likeness(self, a: F32, b: F32) -> float:
        """See `LookModel`."""
        return cosine(a, b)

    @cached_property
    def _network(self) -> cv2.dnn.Net:
        return read_network(weights.verified(SFACE))


def read_network(path: Path) -> cv2.dnn.Net:
    """The network of an ONNX file.

    Raises:
        UserError: OpenCV cannot read it.
    """
    try:
        return cv2.dnn.readNetFromONNX(str(path))
    except cv2.error as error:
        raise UserError(f"{path} is no ONNX network that OpenCV reads ({error.err}); get the file again") from error


def embed(network: cv2.dnn.Net, face: NDArray[np.uint8]) -> F32:
    """[128] of an aligned face, uint8 [112, 112, 3] RGB, which the network takes as numbers from 0 to 255."""
    network.setInput(cv2.dnn.blobFromImage(face))
    return np.asarray(network.forward(), np.float32).reshape(-1)
