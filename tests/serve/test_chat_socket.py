"""A chat over a WebSocket, as a page has it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from small_chat import CHAT, SHORT, client_of, small_mars, told, until_end
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from nonverbal.serve.chat_hall import ChatLimits
from nonverbal.serve.chat_talk import LISTENED_STEPS
from nonverbal.serve.wire import unpack

HELLO = {"type": "say", "text": "Hello, are you there?", "sampling": SHORT}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with client_of(ChatLimits(chats=3)) as found:
        yield found


def say(socket: Any, **more: Any) -> list[dict[str, Any] | bytes]:
    socket.send_json(HELLO | more)
    return until_end(socket)


def settled(client: TestClient) -> bool:
    """Whether nothing runs, after a while at most."""
    engine = client.chats.hall.engine  # type: ignore[attr-defined]
    until = time.monotonic() + 10
    while engine.active and time.monotonic() < until:
        time.sleep(0.01)
    return not engine.active


def test_an_answer_comes_in_the_order_it_is_told(client: TestClient) -> None:
    with client.websocket_connect(CHAT) as socket:
        ready = socket.receive_json()
        assert ready["type"] == "ready"
        assert ready["version"] == 1
        assert len(ready["chat"]) >= 24
        came = say(socket)
    kinds = ["motion" if isinstance(m, bytes) else m["type"] for m in came]
    heard = kinds.index("heard")
    assert kinds[0] == "listening"
    assert set(kinds[1:heard]) == {"motion"}
    assert set(kinds[heard + 1 : -1]) == {"step", "motion"}
    steps, end = told(came, "step"), came[-1]
    assert isinstance(end, dict)
    assert (end["type"], end["turn"]) == ("end", 1)
    assert end["reason"] == ("length" if len(steps) == 3 else "stop")
    assert [step["index"] for step in steps] == list(range(len(steps)))
    assert end["seconds"] == pytest.approx(len(steps) * 0.32)
    assert set(end["pace"]) == {"heard_s", "first_s", "wall_s", "real_time"}
    assert [name for name, _ in steps[0]["tokens"]] == ["FACE", "FACE1", "BODY", "BODY1"]
    for step in steps:
        for word, start_s, end_s in step["words"]:
            assert word
            assert step["start_s"] <= start_s < end_s <= step["start_s"] + 0.321
    chunks = [unpack(m) for m in came[heard:] if isinstance(m, bytes)]
    firsts = np.cumsum([0, *(chunk.n_frames for chunk in chunks)])
    assert [chunk.first_frame for chunk in chunks] == firsts[:-1].tolist()
    assert firsts[-1] == len(steps) * 8
    assert all(chunk.face.shape[1] == 52 and chunk.body.shape[1] == 117 for chunk in chunks)
    assert all(chunk.gaze is not None for chunk in chunks)


def test_the_same_seed_says_the_same_beside_others(client: TestClient) -> None:
    with client.websocket_connect(CHAT) as socket:
        socket.receive_json()
        alone = [m for m in say(socket) if not (isinstance(m, dict) and m["type"] == "end")]
    with (
        client.websocket_connect(CHAT) as one,
        client.websocket_connect(CHAT) as two,
        client.websocket_connect(CHAT) as three,
    ):
        for socket in (one, two, three):
            socket.receive_json()
        one.send_json(HELLO)
        two.send_json(HELLO | {"text": "Something else that is said meanwhile", "sampling": SHORT | {"seed": 5}})
        three.send_json(HELLO)
        found = [until_end(socket) for socket in (one, two, three)]
    same = [[m for m in came if not (isinstance(m, dict) and m["type"] == "end")] for came in found]
    assert same[0] == same[2] == alone
    assert same[1] != alone


def test_a_new_line_or_stop_ends_the_answer_that_is_coming(client: TestClient) -> None:
    long = {"max_s": 60.0, "seed": 2}
    with client.websocket_connect(CHAT) as socket:
        socket.receive_json()
        socket.send_json(HELLO | {"sampling": long})
        while socket.receive().get("text", "").find('"step"') < 0:
            pass
        socket.send_json({"type": "stop"})
        end = until_end(socket)[-1]
        assert isinstance(end, dict)
        assert (end["turn"], end["reason"]) == (1, "stopped")
        assert settled(client)
        socket.send_json(HELLO | {"sampling": long})
        assert socket.receive_json()["type"] == "listening"
        came = say(socket)
        assert isinstance(came[-1], dict)
        assert (came[-1]["turn"], came[-1]["reason"]) == (2, "stopped")
        last = until_end(socket)[-1]
        assert isinstance(last, dict)
        assert (last["turn"], last["reason"]) == (3, "length")


def test_reset_begins_anew(client: TestClient) -> None:
    def tokens(came: list[dict[str, Any] | bytes]) -> list[Any]:
        return [step["tokens"] for step in told(came, "step")]

    with client.websocket_connect(CHAT) as socket:
        socket.receive_json()
        first = tokens(say(socket))
        second = tokens(say(socket))
        socket.send_json({"type": "reset"})
        third = say(socket)
        assert told(third, "heard")[0]["turn"] == 3
        assert tokens(third) == first != second


def test_who_leaves_in_the_middle_leaves_nothing_running(client: TestClient) -> None:
    with client.websocket_connect(CHAT) as socket:
        socket.receive_json()
        socket.send_json(HELLO | {"sampling": {"max_s": 60.0}})
        socket.receive()
    assert settled(client)
    assert client.chats.hall.open == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("{", "got no JSON"),
        ("[1]", "JSON that is no object"),
        ("[" * 10_000, "got no JSON"),
        ('{"type": "dance"}', "expected say, stop or reset"),
        ('{"type": "say"}', "expected a string"),
        ('{"type": "say", "text": "  "}', "expected what you say"),
        (json.dumps({"type": "say", "text": "a" * 700}), "expected at most 600"),
        ('{"type": "say", "text": "(gloomily) hi"}', "there is no manner"),
        ('{"type": "say", "text": "hi", "sampling": 3}', "expected an object"),
        ('{"type": "say", "text": "hi", "sampling": {"temperature": 9}}', "from 0 to 2"),
        ('{"type": "say", "text": "hi", "sampling": {"seed": 1.5}}', "whole number"),
        ('{"type": "say", "text": "hi", "sampling": {"seed": 1' + 400 * "0" + "}}", "expected a number"),
        ('{"type": "say", "text": "hi", "sampling": {"max_s": NaN}}', "expected a number"),
        ('{"type": "say", "text": "hi", "sampling": {"top_p": NaN}}', "from 0.01 to 1"),
        ('{"type": "say", "text": "hi", "sampling": {"greedy": 1}}', "true or false"),
    ],
)
def test_a_mistake_is_told_and_the_chat_goes_on(client: TestClient, message: str, sentence: str) -> None:
    with client.websocket_connect(CHAT) as socket:
        socket.receive_json()
        socket.send_text(message)
        answer = socket.receive_json()
        assert answer["type"] == "error"
        assert sentence in answer["message"]
        socket.send_json({"type": "stop"})
        socket.send_json({"type": "nothing"})
        assert socket.receive_json()["type"] == "error"


def test_a_line_too_odd_for_the_vocabulary_is_said_all_the_same(client: TestClient) -> None:
    with client.websocket_connect(CHAT) as socket:
        socket.receive_json()
        for text in ("/reset", "<|im_end|> <FACE_1> 你好 \ud83d\ude00 \x1b[31m", "[nods to himself] hm"):
            assert told(say(socket, text=text), "end")


def test_a_chat_too_many_is_told_so() -> None:
    with client_of(ChatLimits(chats=1)) as client, client.websocket_connect(CHAT) as socket:
        socket.receive_json()
        with client.websocket_connect(CHAT) as second:
            refusal = second.receive_json()
            assert (refusal["type"], refusal["code"]) == ("error", "too_many_chats")
            with pytest.raises(WebSocketDisconnect) as closed:
                second.receive_json()
        assert closed.value.code == 1013
        assert "taken" in closed.value.reason
        response = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "Hi"}]})
        assert response.status_code == 429
        assert response.json()["error"]["code"] == "too_many_chats"


def test_a_chat_in_which_nothing_is_said_is_closed() -> None:
    with client_of(ChatLimits(idle_s=0.2)) as client, client.websocket_connect(CHAT) as socket:
        socket.receive_json()
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == 1001


def test_what_the_model_is(client: TestClient) -> None:
    told = client.get("/api/model").json()
    assert told["name"] == "small"
    assert told["parts"] == ["face", "body"]
    assert told["levels"] == {"face": 2, "body": 2}
    assert told["context"] == 512
    assert told["sampling"]["temperature"] == 0.8
    assert told["listens"] is small_mars().vocabulary.config.listener
    assert told["starters"]


def test_long_lines_are_listened_to_at_their_end_only(client: TestClient) -> None:
    with client.websocket_connect(CHAT) as socket:
        chat = socket.receive_json()["chat"]
        came = say(socket, text="Do you know what time it is? " * 8)
        heard = [isinstance(m, dict) and m["type"] == "heard" for m in came].index(True)
        assert sum(unpack(m).n_frames for m in came[:heard] if isinstance(m, bytes)) == (LISTENED_STEPS - 1) * 8
        saved = client.get(f"/api/chat/{chat}/1.json").json()
    listened = saved["heard"]["listener"]
    assert [bool(row) for row in listened] == [False] * (len(listened) - LISTENED_STEPS) + [True] * LISTENED_STEPS
