"""A user's face from pictures of a camera to tokens."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_chat import small_mars

from nonverbal.mars.stream import Message, Side, Step
from nonverbal.serve.chat_turn import Faces, with_faces
from nonverbal.serve.chat_watch import CameraEyes, Watch, _on_grid


def watch() -> Watch:
    mars = small_mars()
    found = Watch(mars.tokenizers, mars.vocabulary.config)
    if found.missing:
        pytest.skip(found.missing)
    return found


def pictures(path: Path, count: int, every: int) -> list[bytes]:
    """JPEGs of a video, as a page sends them."""
    cv2 = pytest.importorskip("cv2", reason="OpenCV is missing")
    av = pytest.importorskip("av", reason="PyAV is missing")
    found: list[bytes] = []
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                small = cv2.resize(frame.to_ndarray(format="bgr24"), (270, 480))
                found.append(cv2.imencode(".jpg", small)[1].tobytes())
            if len(found) == count:
                break
    return found


@pytest.mark.slow
def test_a_face_becomes_codes_of_the_partner(shared_media: Path) -> None:
    eyes = watch().eyes()
    assert isinstance(eyes, CameraEyes)
    now_s, shown = time.monotonic() + 60.0, pictures(shared_media / "faces" / "demo1_video.mp4", 20, 3)
    # as of a minute from now, as looking takes its time and faces of long ago are forgotten
    told = [eyes._see(picture, now_s - 0.1 * (len(shown) - i)) for i, picture in enumerate(shown)]
    assert all(one["found"] for one in told[1:])
    assert len(told[-1]["face"]) == 52
    assert all(0 <= value <= 1 for value in told[-1]["face"].values())
    assert max(told[-1]["face"].values()) > 0.1
    faces = eyes.faces(100)
    assert faces is not None
    assert len(faces.codes) == int(1.9 / 0.32)
    assert all(len(codes) == 2 for codes in faces.codes)
    assert eyes.faces(3) is not None
    eyes.close()
    assert eyes.faces(3) is None


@pytest.mark.slow
def test_the_newest_picture_wins_and_nobody_is_no_face(shared_media: Path) -> None:
    shown = pictures(shared_media / "faces" / "no_face.mp4", 6, 1)

    async def scene() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []

        async def tell(message: dict[str, Any]) -> None:
            told.append(message)

        eyes = watch().eyes()
        for picture in shown:
            eyes.look(picture, tell)
        eyes.look(b"no picture", tell)
        while len(told) < 1:
            await asyncio.sleep(0.05)
        eyes.look(shown[0], tell)
        while len(told) < 2:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        assert eyes.faces(3) is None
        eyes.close()
        return told

    told = asyncio.run(scene())
    assert [one["type"] for one in told] == ["error", "seen"]
    assert told[1] == {"type": "seen", "found": False, "face": {}}


def test_landmarks_between_pictures_are_known_where_both_are_near() -> None:
    zeros = np.zeros((478, 3), np.float32)
    seen = [(0.0, zeros, (4, 4)), (0.1, zeros + 1, (4, 4)), (2.0, zeros + 2, (4, 4))]
    points, known = _on_grid(seen, np.array([0.0, 0.05, 0.1, 1.0]))
    np.testing.assert_allclose(points[:, 0, 0], [0, 0.5, 1, 1 + 0.9 / 1.9], atol=1e-6)
    assert known.tolist() == [True, True, True, False]


def test_faces_are_those_of_the_last_steps() -> None:
    unseen: tuple[tuple[int, ...], ...] = ((), ())
    message = Message("user", tuple(Step(Side((word,), unseen)) for word in ("a", "b", "c")))
    few = with_faces(message, Faces(0, [(1, 2)])).steps
    assert [step.holder.codes for step in few] == [unseen, unseen, ((1, 2), ())]
    many = with_faces(message, Faces(1, [(9, 9), (1, 1), (), (3, 3)])).steps
    assert [step.holder.codes for step in many] == [((), (1, 1)), unseen, ((), (3, 3))]
    assert [step.holder.words for step in many] == [("a",), ("b",), ("c",)]
    assert with_faces(message, None) is message
