"""Who may talk to the server."""

from __future__ import annotations

import time

import pytest
from fastapi import APIRouter, WebSocket
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from nonverbal.serve.app import address_line, create_app
from nonverbal.serve.parts import Part
from nonverbal.serve.settings import ServerConfig
from nonverbal.verdicts import UserError

TOKEN = "correct-horse-battery-staple"
LOCAL = "http://127.0.0.1:8000"


def _echo() -> Part:
    router = APIRouter()

    @router.post("/api/do")
    async def do() -> dict[str, bool]:
        return {"done": True}

    @router.get("/healthz")
    async def healthz() -> dict[str, bool]:
        return {"ok": True}

    @router.websocket("/api/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    return Part("echo", router)


def _client(base_url: str = LOCAL, **settings: object) -> TestClient:
    return TestClient(create_app(ServerConfig(**settings), [_echo()]), base_url=base_url)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "LOCALHOST:9", "localhost", "[::1]:8000", "127.9.9.9"])
def test_own_names_are_answered(host: str) -> None:
    assert _client().get("/api/parts", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "localhost.", "192.168.1.7", "0.0.0.0", "",
     "[::2]", "[::ffff:127.0.0.1]", "localhost:port", "localhost:8000:1", "localhost@evil.example",
     "evil.example#localhost", "127.0.0.1 evil", "localhost/", "[::1"],
)  # fmt: skip
def test_a_name_that_is_not_ours_is_refused(host: str) -> None:
    """A page can point its own name at 127.0.0.1; the browser then sends that name as Host."""
    answer = _client().get("/api/parts", headers={"host": host})
    assert answer.status_code == 421
    assert answer.json()["error"]["code"] == "unknown_host"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_two_hosts_are_refused() -> None:
    answer = _client().get("/api/parts", headers=[("host", "localhost"), ("host", "localhost")])
    assert answer.status_code == 400


def test_a_name_can_be_allowed() -> None:
    client = _client(allow_hosts=("viewer.example",))
    assert client.get("/api/parts", headers={"host": "viewer.example"}).status_code == 200
    assert client.get("/api/parts", headers={"host": "other.example"}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://127.0.0.1:8000.evil.example"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
    ],
)
def test_no_other_page_can_do_anything(headers: dict[str, str]) -> None:
    assert _client().post("/api/do", headers=headers).status_code == 403
    with pytest.raises(WebSocketDisconnect), _client().websocket_connect("/api/talk", headers=headers):
        pass


@pytest.mark.parametrize("headers", [{}, {"origin": LOCAL}, {"origin": LOCAL, "sec-fetch-site": "same-origin"}])
def test_the_own_page_and_programs_can(headers: dict[str, str]) -> None:
    assert _client().post("/api/do", headers=headers).json() == {"done": True}
    with _client("ws://127.0.0.1:8000").websocket_connect("ws://127.0.0.1:8000/api/talk", headers=headers) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"


def test_other_sites_may_link_to_pages_but_not_load_from_them() -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert _client().get("/api/parts", headers=link).status_code == 200
    for changed in ({"sec-fetch-mode": "no-cors"}, {"sec-fetch-dest": "iframe"}, {"sec-fetch-dest": "image"}):
        assert _client().get("/api/parts", headers={**link, **changed}).status_code == 403


def test_other_machines_need_a_token() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org", "127.1"):
        with pytest.raises(UserError, match="give a token"):
            ServerConfig(host=host)
        assert ServerConfig(host=host, token=TOKEN).secret == TOKEN
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        assert ServerConfig(host=host).is_local


def test_the_token_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NONVERBAL_TOKEN", TOKEN)
    assert ServerConfig(host="0.0.0.0").secret == TOKEN
    assert _client().get("/api/parts").status_code == 401


@pytest.mark.parametrize("token", ["short", "with spaces in between it", "x" * 201, "änderungen-überall-hier"])
def test_a_weak_token_is_refused(token: str) -> None:
    with pytest.raises(UserError, match="16 to 200"):
        ServerConfig(token=token)


def test_a_token_opens_the_door() -> None:
    client = _client(host="0.0.0.0", token=TOKEN)
    assert client.get("/api/parts").status_code == 401
    assert client.get("/api/parts").headers["www-authenticate"] == "Bearer"
    for wrong in ("", TOKEN[:-1], TOKEN + "x", TOKEN.upper()):
        assert client.get("/api/parts", headers={"authorization": f"Bearer {wrong}"}).status_code == 401
        assert client.get("/", params={"token": wrong}).status_code == 401
    assert client.get("/api/parts", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client.get("/api/parts", headers={"host": "192.168.1.7"}).status_code == 401  # an address cannot be rebound
    assert client.get("/api/parts", headers={"host": "evil.example"}).status_code == 421
    assert client.get("/healthz").json() == {"ok": True}


def test_a_browser_trades_the_token_for_a_cookie() -> None:
    client = _client(token=TOKEN)
    answer = client.get("/viewer", params={"token": TOKEN, "dialogue": "ab c", "t": "1.5"}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/viewer?dialogue=ab+c&t=1.5"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie
    assert client.get("/api/parts").status_code == 200
    with client.websocket_connect("ws://127.0.0.1:8000/api/talk", headers={"origin": LOCAL}) as socket:
        socket.send_text("in")
        assert socket.receive_text() == "in"
    client.cookies.clear()
    assert client.get("/api/parts").status_code == 401
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/api/talk"):
        pass


@pytest.mark.parametrize("cookie", ['a="' + "\\" * 15_000 + '"', "; =" * 5000, "a=b;" * 5000 + "="])
def test_odd_cookies_take_no_time(cookie: str) -> None:
    client, began = _client(token=TOKEN), time.process_time()
    assert client.get("/api/parts", headers={"cookie": cookie}).status_code == 401
    assert time.process_time() - began < 0.3


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "///evil.example"])
def test_the_way_in_leads_nowhere_else(path: str) -> None:
    client = _client(token=TOKEN)
    answer = client.get(LOCAL + path + f"?token={TOKEN}", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].lstrip("/").startswith("evil.example")
    assert not answer.headers["location"].startswith(("//", "/\\"))


def test_every_answer_is_dressed() -> None:
    client = _client()
    for path in ("/", "/nowhere", "/api/parts", "/avatar/x.glb"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=(self), microphone=()" in headers["permissions-policy"]
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "connect-src 'self' blob: ws://127.0.0.1:8000 wss://127.0.0.1:8000;" in policy
        assert "server" not in headers


def test_the_address_to_open() -> None:
    assert address_line(ServerConfig(), 8001, "/viewer") == "http://127.0.0.1:8001/viewer"
    assert address_line(ServerConfig(host="::1"), 80, "/") == "http://[::1]:80/"
    assert address_line(ServerConfig(token=TOKEN), 8000, "/chat") == f"http://127.0.0.1:8000/chat?token={TOKEN}"
