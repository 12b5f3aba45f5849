"""Answers as files, and the pictures of a camera."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_chat import CHAT, SHORT, client_of, told, until_end
from starlette.testclient import TestClient

from nonverbal.formats.bvh import read_bvh
from nonverbal.formats.live_link import counted_frames, live_link_take
from nonverbal.formats.motion_file import write_motion
from nonverbal.serve.chat_files import take_of
from nonverbal.serve.chat_hall import ChatLimits
from nonverbal.serve.chat_maker import make
from nonverbal.serve.chat_pictures import jpeg_size, read_picture
from nonverbal.verdicts import UserError


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with client_of(ChatLimits(kept=2)) as found:
        yield found


def chat_of(client: TestClient) -> str:
    """The id of a chat with one answer, which is over."""
    with client.websocket_connect(CHAT) as socket:
        chat = socket.receive_json()["chat"]
        socket.send_json({"type": "say", "text": "Hello, are you there?", "sampling": SHORT})
        assert told(until_end(socket), "end")
    return str(chat)


def test_an_answer_as_json(client: TestClient) -> None:
    response = client.get(f"/api/chat/{chat_of(client)}/1.json")
    saved = response.json()
    assert response.headers["content-disposition"] == 'attachment; filename="answer-1.json"'
    assert saved["heard"]["text"] == "Hello, are you there?"
    assert saved["sampling"]["seed"] == 1
    steps = saved["answer"]["steps"]
    assert 0 < len(steps) <= 3
    assert [name for name, _ in steps[0]["tokens"]] == ["FACE", "FACE1", "BODY", "BODY1"]
    assert saved["answer"]["text"] == " ".join(word for step in steps for word, *_ in step["words"])


def test_answers_are_found_by_their_id_only_and_for_a_while(client: TestClient) -> None:
    chats = [chat_of(client) for _ in range(3)]
    codes = [client.get(f"/api/chat/{chat}/1.json").status_code for chat in chats]
    assert codes == [404, 200, 200]
    for path in ("2.json", "1.exe", "0.json", "x.json", "1.json/..", "%2e%2e/1.json"):
        assert client.get(f"/api/chat/{chats[-1]}/{path}").status_code in (404, 422)
    assert client.get("/api/chat/guess/1.json").json()["error"]["code"] == "no_such_answer"


def test_an_answer_as_motion_files(client: TestClient, tmp_path: Path) -> None:
    hall = client.chats.hall  # type: ignore[attr-defined]
    take = take_of(hall.turn(chat_of(client), 1), hall, "answer")
    source = tmp_path / "answer.motion.safetensors"
    write_motion(take, source)
    for suffix in ("csv", "bvh"):
        make(source, tmp_path / f"answer.{suffix}")
    face = live_link_take(tmp_path / "answer.csv", take.fps, counted_frames(take.fps))[0].face
    assert take.face is not None
    assert face is not None
    np.testing.assert_allclose(face, take.face, atol=1e-3)
    assert read_bvh(tmp_path / "answer.bvh").n_frames == take.n_frames


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "begins"), [("glb", b"glTF"), ("mp4", b"ftyp"), ("bvh", b"HIERARCHY")])
def test_files_are_made_by_another_process(client: TestClient, suffix: str, begins: bytes) -> None:
    response = client.get(f"/api/chat/{chat_of(client)}/1.{suffix}")
    assert response.status_code == 200
    assert begins in response.content[:12]


def test_pictures_are_measured_before_they_are_decoded() -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV is missing")
    made = cv2.imencode(".jpg", np.full((40, 60, 3), (10, 20, 200), np.uint8))[1].tobytes()
    assert jpeg_size(made) == (60, 40)
    picture = read_picture(made)
    assert picture.shape == (40, 60, 3)
    assert picture[20, 30, 0] > 150 > picture[20, 30, 2]
    place = made.index(b"\xff\xc0") + 5
    bomb = made[:place] + struct.pack(">HH", 65535, 65535) + made[place + 4 :]
    for wrong, sentence in (
        (bomb, "65535 x 65535"),
        (b"", "no JPEG"),
        (b"GIF89a" * 10, "no JPEG"),
        (made[:20], "no JPEG"),
        (made[: place + 8], "no JPEG|damaged"),
        (b"\xff\xd8" + b"\xff" * 500, "no JPEG"),
    ):
        with pytest.raises(UserError, match=sentence):
            read_picture(wrong)
