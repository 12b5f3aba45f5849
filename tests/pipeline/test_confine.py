"""Workers reach no network, write no endless file, map no endless memory, and cannot start what has more rights."""

from __future__ import annotations

import ast
import resource
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_stages import FakeRecord, fake_source

from nonverbal import weights
from nonverbal.pipeline import confine
from nonverbal.pipeline.run import RunResult
from nonverbal.verdicts import Reason

SOURCE = Path(weights.__file__).parent
Go = Callable[..., RunResult]


def test_a_worker_is_confined(go: Go, tmp_path: Path) -> None:
    if not confine.network_closed():
        pytest.skip("namespaces are not allowed on this machine")
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = fake_source(tmp_path, "a", 1, f"fake_first 0 confined {server.getsockname()[1]}")
        result = go(source, max_memory_gb=1.5)
    record = result.read("fake_first", result.clips[0].clip_id)
    assert record == FakeRecord(f"ENETUNREACH 0 {confine.MAX_FILE_BYTES} {6 << 30}", 0.0)


def test_one_huge_request_for_memory_fails_at_once(go: Go, tmp_path: Path) -> None:
    result = go(fake_source(tmp_path, "a", 2, "fake_second 1 bomb"), max_memory_gb=1.0, tries=1)
    assert result.ledger.clips.quarantined == {str(Reason.E_OOM): 1}
    assert result.ledger.clips.done == 1


def test_a_limit_that_is_lower_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    laid: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (100, 100))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: laid.append((kind, limits)))
    confine._lower(resource.RLIMIT_FSIZE, 4000)
    confine._lower(resource.RLIMIT_FSIZE, 40)
    assert [limits for _, limits in laid] == [(100, 100), (40, 40)]


def test_without_leave_the_network_stays_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict:
        @staticmethod
        def unshare(flags: int) -> int:
            return -1

    monkeypatch.setattr(confine.ctypes, "CDLL", lambda name: Strict)
    assert confine.close_network() is False


def test_weights_are_fetched_before_the_network_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(weights, "find", lambda file: None)
    monkeypatch.setattr(weights, "verified", lambda file: asked.append(file.path))
    weights.fetch_missing()
    assert asked == [], "nothing is downloaded without being asked"
    monkeypatch.setenv("NONVERBAL_DOWNLOAD", "1")
    weights.fetch_missing()
    assert asked == [file.path for model in weights.MODELS for file in model.files if file.url] != []


def test_every_media_file_is_opened_as_a_file_and_in_a_named_format() -> None:
    """libav takes "http:x.mp4" for an address and guesses formats by content, playlists included, unless told."""
    seen = 0
    for path in sorted(SOURCE.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "av.open":
                seen += 1
                assert ast.unparse(call.args[0]).startswith("'file:' + "), f"{path}:{call.lineno}"
                said = {word.arg: ast.unparse(word.value) for word in call.keywords}
                assert "format" in said, f"{path}:{call.lineno}"
                writes = len(call.args) > 1 and ast.unparse(call.args[1]) == "'w'"
                assert writes or "options" in said, f"{path}:{call.lineno}: reads without a list of protocols"
    assert seen >= 5
