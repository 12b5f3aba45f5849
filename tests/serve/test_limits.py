"""Bodies, time, requests at once and messages are bounded, and who keeps to the bounds is still served."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest
from fastapi import APIRouter, Request, WebSocket
from live import ask, dial, hear, running
from starlette.responses import Response, StreamingResponse
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from nonverbal.serve.app import create_app
from nonverbal.serve.parts import Lane, Part
from nonverbal.serve.serve_command import with_room_for
from nonverbal.serve.settings import Limits, ServerConfig
from nonverbal.verdicts import UserError

LIMITS = Limits(
    parallel=12, sockets=2, connections=60, body_bytes=1000, body_s=0.6, request_s=1.5, send_s=0.4, idle_s=0.8,
    pause_s=0.4, message_bytes=2000, messages_per_s=5.0,
)  # fmt: skip
GREETING = ("Host: localhost",)


def _part() -> Part:
    router = APIRouter()

    @router.get("/quick")
    async def quick() -> dict[str, bool]:
        return {"quick": True}

    @router.post("/read")
    async def read(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @router.get("/slow/{seconds}")
    async def slow(seconds: float) -> dict[str, bool]:
        await asyncio.sleep(seconds)
        return {"slow": True}

    @router.get("/long")
    async def long() -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(80):
                yield bytes(200_000)

        return StreamingResponse(pieces())

    @router.get("/fail")
    async def fail() -> None:
        raise RuntimeError("the secret path is /root/secret")

    @router.get("/fail/late")
    async def fail_late() -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"so far"
            raise RuntimeError("the secret path is /root/secret")

        return StreamingResponse(pieces())

    @router.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_text(str(len(await socket.receive_text())))

    @router.websocket("/flood")
    async def flood(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_bytes(bytes(100_000))

    lanes = (Lane("slow requests", ("/slow/",), 3), Lane("long streams", ("/long",), 4, request_s=60.0))
    return Part("test", router, lanes)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running(ServerConfig(port=0, limits=LIMITS), [_part()]) as port:
        yield port


def _status(heard: bytes) -> int:
    return int(heard.split(b" ", 2)[1])


def _get(port: int, path: str) -> bytes:
    return hear(dial(port, f"GET {path} HTTP/1.1", *GREETING, "Connection: close", ""))


def test_a_body_may_not_be_larger_than_allowed(port: int) -> None:
    told = hear(dial(port, "POST /read HTTP/1.1", *GREETING, "Content-Length: 1001", ""))
    assert _status(told) == 413  # before a byte of it has come
    assert b"1,000 bytes" in told
    chunked = ("POST /read HTTP/1.1", *GREETING, "Transfer-Encoding: chunked", "", "400", "x" * 0x400)
    assert _status(hear(dial(port, *chunked))) == 413
    broken = hear(dial(port, "POST /read HTTP/1.1", *GREETING, "Transfer-Encoding: chunked", "", "1", "x", "no length"))
    assert _status(broken) == 400
    whole = ("POST /read HTTP/1.1", *GREETING, "Connection: close", "Content-Length: 1000", "", "x" * 1000)
    assert b'{"bytes":1000}' in hear(dial(port, *whole))


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999", "10, 11"])
def test_odd_lengths_are_refused(port: int, length: str) -> None:
    heard = hear(dial(port, "POST /read HTTP/1.1", *GREETING, f"Content-Length: {length}", "", ""))
    assert _status(heard) in (400, 413)


def test_a_body_must_come_in_time(port: int) -> None:
    began = time.monotonic()
    line = dial(port, "POST /read HTTP/1.1", *GREETING, "Content-Length: 100", "", "x")
    heard = hear(line)
    assert _status(heard) == 408
    assert json.loads(heard.split(b"\r\n\r\n", 1)[1])["error"]["code"] == "body_too_slow"
    assert time.monotonic() - began < 5


def test_dripping_bodies_leave_places_for_others(port: int) -> None:
    """Twelve places are there, but bodies that do not come may take a quarter of them only."""
    lines = [dial(port, "POST /read HTTP/1.1", *GREETING, "Content-Length: 100", "", "x") for _ in range(20)]
    time.sleep(0.2)
    assert _status(_get(port, "/quick")) == 200
    found = sorted(_status(hear(line)) for line in lines)
    assert found == [408] * 3 + [429] * 17


def test_half_a_request_does_not_keep_a_connection(port: int) -> None:
    for lines in ((), ("GET /quick HTTP/1.1", "Host: localhost")):
        began = time.monotonic()
        assert hear(dial(port, *lines)) == b""
        assert 0.3 < time.monotonic() - began < 8


def test_quick_requests_keep_a_connection(port: int) -> None:
    """They are over before anyone looks whether the connection is idle."""
    line = dial(port)
    for _ in range(20):  # twice as long as a connection may be idle
        assert _status(ask(line, "/quick")) == 200
        time.sleep(LIMITS.idle_s / 10)
    line.close()


def test_small_answers_are_sent_at_once(port: int) -> None:
    """Forty milliseconds an answer mean that its head waits for the client's word before the body follows."""
    line, took = dial(port), []
    for _ in range(10):
        began = time.monotonic()
        assert _status(ask(line, "/quick")) == 200
        took.append(time.monotonic() - began)
    line.close()
    assert min(took) < 0.035


def test_a_dripping_head_does_not_keep_a_connection(port: int) -> None:
    line, began = dial(port, "GET /quick HTTP/1.1"), time.monotonic()
    with suppress(ConnectionError):
        while time.monotonic() - began < 15:
            line.sendall(b"x")
            time.sleep(0.1)
    assert time.monotonic() - began < 8


def test_a_connection_with_an_unread_body_is_closed(port: int) -> None:
    """The answer is there at once; what the client promised to send besides may not hold the connection."""
    began = time.monotonic()
    heard = hear(dial(port, "POST /nowhere HTTP/1.1", *GREETING, "Content-Length: 900", "", "x"))
    assert _status(heard) in (404, 405)
    assert time.monotonic() - began < 8


_UPGRADE = ("Connection: Upgrade", "Upgrade: websocket")
_HANDSHAKE = (*_UPGRADE, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (400, ("GET /quick HTTP/1.1", *GREETING, *GREETING)),
        (400, ("G\0T /quick HTTP/1.1", *GREETING)),
        (400, ("GET /quick HTTP/1.1", *GREETING, "X: a\0b")),
        (400, ("POST /read HTTP/1.1", *GREETING, "Transfer-Encoding: gzip")),
        (400, ("GET /talk HTTP/1.1", *GREETING, *_UPGRADE)),
        (400, ("GET /talk HTTP/1.1", *GREETING, *_HANDSHAKE[:2], "Sec-WebSocket-Version: 99", _HANDSHAKE[3])),
        (404, ("GET /nowhere HTTP/1.1", *GREETING, *_HANDSHAKE)),
        (403, ("GET /talk HTTP/1.1", *GREETING, "Origin: null", *_HANDSHAKE)),
        (421, ("GET /talk HTTP/1.1", "Host: evil.example", *_HANDSHAKE)),
        (421, ("GET /quick HTTP/1.0",)),
    ],
)
def test_what_is_refused_is_dressed_too(port: int, status: int, lines: tuple[str, ...]) -> None:
    """Also where no application has seen the request."""
    heard = hear(dial(port, *lines, ""))
    assert _status(heard) == status
    head = heard.lower()
    assert b"content-security-policy: default-src 'none'" in head
    assert b"x-content-type-options: nosniff" in head


def test_there_are_only_so_many_connections() -> None:
    with running(ServerConfig(port=0, limits=Limits(connections=20)), [_part()]) as port:
        lines = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(30)]
        for line in lines:
            line.settimeout(2.0)
        closed = [line for line in lines[20:] if hear(line) == b""]
        assert len(closed) == 10
        lines[0].sendall(b"GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert lines[0].recv(100).startswith(b"HTTP/1.1 200")
        for line in lines[:20]:
            line.close()
        time.sleep(0.3)
        assert _status(_get(port, "/quick")) == 200


def test_a_huge_head_is_refused(port: int) -> None:
    assert _status(_get(port, "/quick?" + "x" * 20_000)) == 431
    assert _status(_get(port, "/quick?" + "x" * 2_000_000)) in (400, 431)


def test_requests_at_once_are_counted_lane_by_lane(port: int) -> None:
    lines = [dial(port, "GET /slow/0.8 HTTP/1.1", *GREETING, "Connection: close", "") for _ in range(10)]
    assert _status(_get(port, "/quick")) == 200
    heard = [hear(line) for line in lines]
    assert sorted(map(_status, heard)) == [200] * 3 + [429] * 7
    refused = next(told for told in heard if _status(told) == 429)
    assert b"retry-after: 1" in refused.lower()
    assert b"3 slow requests are under way" in refused
    assert _status(_get(port, "/slow/0")) == 200  # their places are free again


def test_who_is_one_too_many_is_heard_again_after_a_while(port: int) -> None:
    """On the same connection, and also where the next request has been sent already; others do not wait."""
    busy = [dial(port, "GET /slow/1 HTTP/1.1", *GREETING, "Connection: close", "") for _ in range(3)]
    time.sleep(0.2)
    refused, ahead = dial(port), dial(port, *2 * ("GET /slow/0 HTTP/1.1", *GREETING, ""))
    assert _status(ask(refused, "/slow/0")) == 429
    assert _status(_get(port, "/quick")) == 200
    began = time.monotonic()
    assert _status(ask(refused, "/quick")) == 200
    assert 0.2 < time.monotonic() - began < 5
    assert ahead.recv(65536).startswith(b"HTTP/1.1 429")
    for line in (refused, ahead):
        line.close()
    assert [_status(hear(line)) for line in busy] == [200] * 3


def test_a_request_may_not_take_longer_than_allowed(port: int) -> None:
    heard = _get(port, "/slow/30")
    assert _status(heard) == 503
    assert b"too_slow" in heard


def test_slow_readers_are_dropped_and_stall_nobody(port: int) -> None:
    lines = [dial(port, "GET /long HTTP/1.1", *GREETING, "") for _ in range(4)]
    assert _status(_get(port, "/quick")) == 200
    assert _status(_get(port, "/long")) == 429
    time.sleep(1.2)
    assert _status(_get(port, "/long")) == 200  # their places are free again, though they never hung up
    assert all(len(hear(line)) < 16_000_000 for line in lines)


def test_nothing_of_an_exception_leaves(port: int) -> None:
    heard = _get(port, "/fail")
    assert _status(heard) == 500
    assert json.loads(heard.split(b"\r\n\r\n", 1)[1])["error"]["code"] == "internal_error"
    assert b"secret" not in heard
    late = _get(port, "/fail/late")
    assert b"secret" not in late
    assert not late.endswith(b"0\r\n\r\n")  # the reader sees that it was cut off


def test_socket_messages_are_bounded(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/talk") as talk:
        talk.send("x" * 2000)
        assert talk.recv() == "2000"
        talk.send("x" * 2001)
        with pytest.raises(ConnectionClosed) as closed:
            talk.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_socket_messages_are_counted(port: int) -> None:
    answers = []
    with connect(f"ws://127.0.0.1:{port}/talk") as talk, suppress(ConnectionClosed):
        while len(answers) < 30:  # five a second, ten at a time
            talk.send("x")
            answers.append(talk.recv())
    assert 10 <= len(answers) < 30
    assert (talk.close_code, talk.close_reason) == (1008, "too many messages")


def test_sockets_at_once_are_counted(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/talk"), connect(f"ws://127.0.0.1:{port}/talk"):
        with pytest.raises(Exception, match="429"):
            connect(f"ws://127.0.0.1:{port}/talk")
        assert _status(_get(port, "/quick")) == 200


def test_a_socket_whose_reader_sleeps_is_dropped(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/flood", max_queue=1) as talk:
        time.sleep(1.5)
        assert _status(_get(port, "/quick")) == 200
        taken = []
        with suppress(ConnectionClosed):
            while len(taken) < 1000:
                taken.append(talk.recv())
    assert len(taken) < 1000


def test_many_at_once_all_get_an_answer(port: int) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(_status(_get(port, "/slow/0.2")))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {200, 429}
    assert found.count(200) >= 3


def test_an_application_sees_a_closed_socket() -> None:
    """The same limits without uvicorn's own."""
    client = TestClient(create_app(ServerConfig(limits=LIMITS), [_part()]), base_url="http://localhost")
    with client.websocket_connect("ws://localhost/talk") as talk:
        talk.send_text("x" * 2001)
        with pytest.raises(WebSocketDisconnect) as closed:
            talk.receive_text()
    assert closed.value.code == 1009


def test_limits_are_positive() -> None:
    with pytest.raises(UserError, match="parallel=0: expected more than 0"):
        Limits(parallel=0)


def test_limits_grow_with_the_chats() -> None:
    assert with_room_for(ServerConfig(), 4).limits == Limits(sockets=16)
    many = with_room_for(ServerConfig(port=0), 600)
    assert (many.port, many.limits.body_bytes) == (0, Limits().body_bytes)
    assert many.limits.sockets > 600
    assert many.limits.parallel > 600
    assert many.limits.connections > many.limits.sockets + many.limits.parallel
